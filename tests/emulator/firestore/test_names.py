"""Names of documents and fields: how they are read and what is refused."""

import pytest

from buddy_tui.emulator.firestore import names
from buddy_tui.emulator.names import Problem

HOME = "projects/acme/databases/(default)"
ROOT = f"{HOME}/documents"


@pytest.mark.parametrize(
    "path", ["c/d", "c/d/e/f", "c/ö 1", "c/__id7__", "c/____", "projects/databases", "c/" + "x" * 1501]
)
def test_a_document_is_read_by_its_path(path: str) -> None:
    assert names.document(f"{ROOT}/{path}", HOME) == path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("foo/bar", 'lacks "projects" at index 0.'),
        (f"{HOME}/c/d", 'lacks "/documents"'),
        (ROOT, "lacks"),
        (f"{ROOT}/c", 'lacks "/"'),
        (f"{ROOT}/c/", 'has invalid trailing "/".'),
        (f"{ROOT}/c/d/e", 'lacks "/"'),
        (f"{ROOT}/c/.", 'contains a resource id ".".'),
        (f"{ROOT}/c/..", 'contains a resource id "..".'),
        (f"{ROOT}//d", 'contains a resource id "".'),
        (f"{ROOT}/c/__x__", 'Resource id "__x__" is invalid because it is reserved.'),
        ("projects/other/databases/(default)/documents/c/d", "is not in the database"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        names.document(name, HOME)

    assert words in refused.value.message


@pytest.mark.parametrize("path", ["c/" + "x" * 1501, "c/" + "ö" * 751, "/".join(["c/d"] * 101)])
def test_a_name_may_be_too_long_to_be_written(path: str) -> None:
    with pytest.raises(Problem):
        names.check_new(path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("_a1.b", ("_a1", "b")),
        ("`a.b`.c", ("a.b", "c")),
        (r"`a\`b\\c`", ("a`b\\c",)),
        ("__name__", ("__name__",)),
        ("`ö 1`", ("ö 1",)),
    ],
)
def test_a_field_is_read_by_its_path(text: str, path: tuple[str, ...]) -> None:
    assert names.field_path(text) == path


@pytest.mark.parametrize(
    "text", ["", ".", "a.", "a..b", "a-b", "1a", "`a", "``", "ö", "__x__", "a.__x__", "a`b`"]
)
def test_a_path_of_a_field_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        names.field_path(text)


def test_names_sort_by_place_numbers_first_then_by_bytes() -> None:
    paths = [
        "c/__id-3__",
        "c/__id7__",
        "c/__id12__",
        "c/1",
        "c/B",
        "c/a",
        "c/a/s/x",
        "c/b",
        "c/｡",
        "c/🔥",
        "d/a",
    ]

    assert sorted(set(paths), key=names.order_key) == paths
