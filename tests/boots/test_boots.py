"""Boots that really ran, and what we say of them: two tables, each file with what is known to have happened.

`index.json` lists our own (see `record`); `samples/*/index.json` list boots of other people, under older names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from buddy_tui import boot
from buddy_tui.exports import read_export
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.explaining import explain

HERE = Path(__file__).parent
_CAUSES = {
    "asgi_attribute_missing": "app_target_missing",
    "db_startup": "database_at_startup",
    "entrypoint_not_found": "app_target_missing",
    "file_missing": "config_file_missing",
    "negative": "none",
    "recursion": "error_at_import",
    "shadowed_module": "module_shadowed",
}
# Its frame is listed for the last exception of the chain; ours is the root cause's.
_FRAME_OF_ANOTHER = "003-"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a boot. What is None is not known, and what nobody could tell from the file is not asked.

    More than one of `causes` where a careful reader could say either; the first is the better one. Where `sure` is
    false, nobody can be certain.
    """

    file: Path
    causes: tuple[str, ...]
    boots: bool | None = None
    exception: str | None = None
    missing: str | None = None
    frame: str | None = None
    sure: bool = True


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _ours() -> list[Known]:
    listed = json.loads((HERE / "index.json").read_text(encoding="utf-8"))["boots"]
    return [_known(HERE / "recorded" / one["file"], **one["expected"]) for one in listed]


def _known(file: Path, *, cause: str, also: tuple[str, ...] = (), **expected: Any) -> Known:  # noqa: ANN401 - JSON
    if cause == "none" and expected.get("boots"):
        expected |= {"exception": "", "missing": "", "frame": ""}
    return Known(file, (cause, *also), **expected)


def _samples() -> list[Known]:
    found = []
    for folder in ("real", "reproduced"):
        place = HERE / "samples" / folder
        for one in json.loads((place / "index.json").read_text(encoding="utf-8")):
            files = [one["file"], *filter(None, [one.get("entries_file")])]
            found += [_sample(place / file, one) for file in files]
    return found


def _sample(file: Path, one: Mapping[str, Any]) -> Known:
    expected = one["expected"]
    cause = _CAUSES.get(one["class"], one["class"])
    if expected["boots"]:
        return _known(file, cause=cause, boots=True)
    exception: str | None = one.get("root_exception") or expected["exception_type"]
    if exception and _last(exception) not in file.read_text(encoding="utf-8"):
        # A server names none, though it raised one.
        exception = None
    frame = None if file.name.startswith(_FRAME_OF_ANOTHER) else expected["deepest_project_frame"]
    return Known(file, (cause,), False, exception, expected["missing"], frame)  # noqa: FBT003 - the second table's own


OURS, SAMPLES = _ours(), _samples()


def _name(known: Known) -> str:
    return known.file.relative_to(HERE).as_posix()


@cache
def finding_of(file: Path) -> Finding:
    return explain(boot.read(read_export(file.read_bytes()).entries))


def _wrong(known: Known) -> dict[str, tuple[object, object]]:
    """Return what is said otherwise than it is: by name, what we say and what is known."""
    said = finding_of(known.file)
    told: dict[str, tuple[object, object]] = {}
    if said.cause not in known.causes:
        told["cause"] = (said.cause.value, known.causes)
    if known.boots is not None and said.boots != known.boots:
        told["boots"] = (said.boots, known.boots)
    if known.exception is not None and _last(said.exception) != _last(known.exception):
        told["exception"] = (said.exception, known.exception)
    if known.missing is not None and _plain(said.missing) != _plain(known.missing):
        told["missing"] = (said.missing, known.missing)
    if known.frame is not None and said.frame != known.frame:
        told["frame"] = (said.frame, known.frame)
    return told


def _plain(missing: str) -> str:
    """Return a name as packages and settings are compared: case, dashes and underscores do not count."""
    return missing.lower().replace("-", "_")


@pytest.mark.parametrize("known", OURS, ids=_name)
def test_a_boot_that_really_ran_is_explained(known: Known) -> None:
    assert not _wrong(known), finding_of(known.file)


@pytest.mark.parametrize("known", SAMPLES, ids=_name)
def test_a_boot_of_somebody_else_is_explained(known: Known) -> None:
    assert not _wrong(known), finding_of(known.file)


def test_nothing_is_wrong_and_certain() -> None:
    certain = [one for one in OURS + SAMPLES if finding_of(one.file).confidence is Confidence.CERTAIN]

    assert certain
    assert [_name(one) for one in certain if {"cause", "boots"} & _wrong(one).keys()] == []


def test_what_the_log_cannot_tell_is_not_certain() -> None:
    untold = [one for one in OURS if not one.sure]

    assert untold
    assert [_name(one) for one in untold if finding_of(one.file).confidence is Confidence.CERTAIN] == []


def test_each_failure_has_evidence_and_words() -> None:
    for known in OURS + SAMPLES:
        said = finding_of(known.file)
        if said.boots is False:
            assert said.summary, _name(known)
            assert said.evidence, _name(known)


def test_the_index_and_the_folder_list_the_same_boots() -> None:
    assert {known.file for known in OURS} == set((HERE / "recorded").iterdir())
    assert {one for known in OURS for one in known.causes} <= {cause.value for cause in Cause}
