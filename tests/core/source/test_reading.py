"""Reading files of an upload: bounded, decoded as their readers would, and never from outside of the root."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.errors import UsageProblem
from buddy_tui.source import reading
from buddy_tui.source.reading import read_bytes, read_source, read_text
from buddy_tui.source.upload import upload_set
from tests.core.source.trees import grow


@pytest.fixture(params=[True, False], ids=["stepwise", "as on Windows"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in both ways: folder by folder, and by the whole path where a system knows no other."""
    monkeypatch.setattr(reading, "_STEPWISE", request.param and reading._STEPWISE)


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    upload = upload_set(grow(tmp_path, {"a/b/c.bin": b"\0\xff\r\n", "empty": ""}))

    assert read_bytes(upload, "a/b/c.bin") == b"\0\xff\r\n"
    assert read_bytes(upload, "empty") == b""


def test_a_link_is_read_as_the_file_that_it_leads_to(tmp_path: Path) -> None:
    grow(tmp_path, {"src/main.py": "x = 1\n"})
    (tmp_path / "lib").symlink_to("src", target_is_directory=True)
    (tmp_path / "alias.py").symlink_to("lib/main.py")
    upload = upload_set(tmp_path)

    assert read_text(upload, "alias.py") == read_text(upload, "lib/main.py") == "x = 1\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"caf\xc3\xa9\r\nb\rc\n", "café\nb\nc\n"),
        (b"\xef\xbb\xbfflask\n", "flask\n"),
        ("flask==3\r\n".encode("utf-16"), "flask==3\n"),
        (b"\xfe\xff\0a", "a"),
        (b"caf\xe9", "caf\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_text_is_decoded_with_patience(data: bytes, text: str, tmp_path: Path) -> None:
    assert read_text(upload_set(grow(tmp_path, {"t": data})), "t") == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (b"\xef\xbb\xbfx = '\xc3\xa9'\r\n", "x = 'é'\n"),
        (b"x = 1", "x = 1"),
    ],
)
def test_source_is_decoded_as_it_declares(data: bytes, text: str, tmp_path: Path) -> None:
    assert read_source(upload_set(grow(tmp_path, {"m.py": data})), "m.py") == text


@pytest.mark.parametrize(
    "data", [b"# coding: klingon\n", b"# coding: rot13\n", b"x = '\xe9'\n", b"#\n#\n#\nx = '\xe9'\n"]
)
def test_source_that_python_would_refuse_is_refused(data: bytes, tmp_path: Path) -> None:
    upload = upload_set(grow(tmp_path, {"m.py": data}))

    with pytest.raises(UsageProblem, match=r"m\.py cannot be decoded: "):
        read_source(upload, "m.py")


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "", "a/../main.py", "left.log", "a"])
def test_only_what_is_in_the_upload_is_read(path: str, tmp_path: Path) -> None:
    grow(tmp_path, {"secret": "s"})
    upload = upload_set(
        grow(tmp_path / "root", {"main.py": "", "a/b": "", "left.log": "", ".gcloudignore": "*.log"})
    )

    with pytest.raises(UsageProblem, match="is not in the upload"):
        read_bytes(upload, path)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    grow(tmp_path, {"small": b"12345", "sparse": b""})
    os.truncate(tmp_path / "sparse", 10 << 30)
    upload = upload_set(tmp_path)

    with pytest.raises(UsageProblem, match=r"sparse is too large to read: 10\.7 GB, and 16\.8 MB at most\."):
        read_bytes(upload, "sparse")
    with pytest.raises(UsageProblem, match="small is too large to read"):
        read_bytes(upload, "small", most=4)
    assert read_bytes(upload, "small", most=5) == b"12345"


def test_one_reader_finds_its_way_between_folders_and_below_more_than_it_holds_open(tmp_path: Path) -> None:
    deep = "/".join("d" * 40)
    paths = ("x.py", "a/x.py", "a/b/x.py", "c/x.py", f"{deep}/e/x.py", f"{deep}/f/x.py", "d/x.py", "y.py")
    upload = upload_set(grow(tmp_path, {path: path for path in paths}))

    with reading.Reader(upload.root) as reader:
        told = [reader.read(reading.listed(upload, path)).decode() for path in (*paths, *reversed(paths))]

    assert told == [*paths, *reversed(paths)]


def _folder_becomes_a_link(root: Path) -> None:
    (root / "pkg").rename(root / "old")
    (root / "pkg").symlink_to("../outside", target_is_directory=True)


def _file_becomes_a_link(root: Path) -> None:
    (root / "pkg/secret.py").unlink()
    (root / "pkg/secret.py").symlink_to("../../outside/secret.py")


def _file_becomes_a_folder(root: Path) -> None:
    (root / "pkg/secret.py").unlink()
    (root / "pkg/secret.py").mkdir()


def _file_becomes_a_pipe(root: Path) -> None:
    (root / "pkg/secret.py").unlink()
    os.mkfifo(root / "pkg/secret.py")


def _folder_goes(root: Path) -> None:
    (root / "pkg").rename(root.parent / "gone")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_folder_becomes_a_link, "cannot be read: "),
        (_file_becomes_a_link, "cannot be read: it is no regular file"),
        (_file_becomes_a_folder, "cannot be read: it is no regular file"),
        pytest.param(
            _file_becomes_a_pipe,
            "cannot be read: it is no regular file",
            marks=pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names"),
        ),
        (_folder_goes, "is not there any more"),
    ],
)
def test_a_tree_that_changes_leads_nowhere_else(
    change: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    grow(tmp_path, {"outside/secret.py": "key = 'outside'"})
    upload = upload_set(grow(tmp_path / "root", {"pkg/secret.py": "key = 'inside'"}))

    change(upload.root)

    with pytest.raises(UsageProblem, match=rf"^pkg/secret\.py {says}"):
        read_text(upload, "pkg/secret.py")


def test_a_path_is_cleaned_where_it_is_told(tmp_path: Path) -> None:
    upload = replace(upload_set(tmp_path), root=tmp_path)

    with pytest.raises(UsageProblem, match=r"^a b is not in the upload\.$"):
        read_bytes(upload, "a\x1b[2J\nb")
