"""What somebody vouches for by hand: with a name and a note, kept whatever happens, and never above what was seen."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.errors import ConfigProblem, Unwritable, UsageProblem
from buddy_tui.verify.plan import IDS, PLAN
from buddy_tui.verify.ticks import Tick, Ticks, ticked, vouched
from buddy_tui.verify.values import Answered
from tests import make

TICK = vouched("monitor-fed", "alice", "Seen in the browser.", make.NOW)
REVISION = "api-00001-aaa"


@pytest.fixture
def ticks(tmp_path: Path) -> Ticks:
    return Ticks(make.NAME, tmp_path / "verify")


def test_a_tick_is_kept_for_its_revision_alone(ticks: Ticks) -> None:
    ticks.keep(REVISION, TICK)

    assert ticks.of(REVISION) == (TICK,)
    assert ticks.of("api-00002-bbb") == ()


def test_a_later_tick_of_the_same_line_takes_the_place_of_the_earlier(ticks: Ticks) -> None:
    other = replace(TICK, line="boots")
    later = replace(TICK, by="bob")
    for one in (TICK, other, later):
        ticks.keep(REVISION, one)

    assert ticks.of(REVISION) == (other, later)


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions there")
def test_only_its_owner_may_read_the_file(ticks: Ticks) -> None:
    ticks.keep(REVISION, TICK)

    assert ticks.path(REVISION).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("line", "by", "note", "words"),
    [
        ("boot", "alice", "x", 'no line "boot"'),
        ("\x1b[2J", "alice", "x", "no line"),
        ("boots", "", "x", "a name and a note"),
        ("boots", "alice", " \n", "a name and a note"),
    ],
)
def test_nothing_is_ticked_without_a_line_a_name_and_a_note(
    line: str, by: str, note: str, words: str
) -> None:
    with pytest.raises(UsageProblem, match=words) as caught:
        vouched(line, by, note, make.NOW)

    assert "\x1b" not in str(caught.value)


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(UsageProblem) as caught:
        vouched("boot", "alice", "x", make.NOW)

    assert caught.value.hint == "Did you mean boots?"


def test_hostile_words_are_cleaned_and_bounded() -> None:
    tick = vouched("boots", "a\x1b]52;c;x\x07b", "n" * 9999, make.NOW)

    assert (tick.by, len(tick.note)) == ("ab", 500)


@pytest.mark.parametrize(
    "content",
    [
        b"", b'{"schema": "buddy.ticks/1", "revi', b"\xff\xfe", b"[]", b"null", b"[" * 100_000,
        b'{"schema": "buddy.ticks/2", "revision": "api-00001-aaa", "ticks": []}',
        b'{"schema": "buddy.ticks/1", "revision": "another", "ticks": []}',
        b'{"schema": "buddy.ticks/1", "revision": "api-00001-aaa", "ticks": [{"line": 5}]}',
        b'{"schema": "buddy.ticks/1", "revision": "api-00001-aaa", "ticks": [7]}',
        b'{"schema": "buddy.ticks/1", "revision": "api-00001-aaa", "ticks": [{"at": "x", "line": "boots"}]}',
    ],
)  # fmt: skip
def test_a_torn_or_foreign_file_is_told_and_set_aside_and_loses_nothing(ticks: Ticks, content: bytes) -> None:
    path = ticks.path(REVISION)
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(ConfigProblem, match="cannot be read"):
        ticks.of(REVISION)
    aside = ticks.keep(REVISION, TICK)

    assert aside is not None
    assert aside.read_bytes() == content
    assert ticks.of(REVISION) == (TICK,)


def test_several_broken_files_are_each_set_aside(ticks: Ticks) -> None:
    path = ticks.path(REVISION)
    path.parent.mkdir()
    kept = []
    for content in ("one", "two"):
        path.write_text(content)
        kept.append(ticks.keep(REVISION, TICK))

    assert [one.read_text() for one in kept if one] == ["one", "two"]


def test_ticks_of_many_at_once_are_all_kept(tmp_path: Path) -> None:
    def keep(line: str) -> None:
        Ticks(make.NAME, tmp_path).keep(REVISION, replace(TICK, line=line))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, IDS))

    assert {one.line for one in Ticks(make.NAME, tmp_path).of(REVISION)} == set(IDS)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".new"] == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Unwritable, match="cannot be kept"):
        Ticks(make.NAME, tmp_path / "file" / "verify").keep(REVISION, TICK)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everything")
def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(Unwritable, match="Permission denied"):
        Ticks(make.NAME, tmp_path).keep(REVISION, TICK)


def test_names_of_any_project_make_one_file_name(tmp_path: Path) -> None:
    name = make.name(project="example.com:acme")

    path = Ticks(name, tmp_path).path("../../etc/passwd")

    assert path.parent == tmp_path
    assert not set(path.name) & set(':/\\*?"<>|')


def test_the_file_is_plain_json(ticks: Ticks) -> None:
    ticks.keep(REVISION, TICK)

    document = json.loads(ticks.path(REVISION).read_text(encoding="utf-8"))
    assert document == {
        "schema": "buddy.ticks/1",
        "service": "projects/acme-prod/locations/europe-west1/services/api",
        "revision": REVISION,
        "ticks": [
            {"line": "monitor-fed", "by": "alice", "note": "Seen in the browser.", "at": "2026-11-23T12:00:00+00:00"}
        ],
    }  # fmt: skip


@pytest.mark.parametrize("answered", list(Answered))
def test_a_tick_answers_only_what_could_not_be_seen_and_never_hides_what_was(answered: Answered) -> None:
    seen = replace(PLAN[9], answered=answered, evidence="what was seen")

    line = ticked(seen, (Tick("boots", "bob", "not this one", make.NOW), TICK))

    assert seen.id == TICK.line
    assert (line.by, line.note, line.evidence) == ("alice", "Seen in the browser.", "what was seen")
    assert line.answered is (Answered.BY_HAND if answered is Answered.UNKNOWN else answered)
    assert ticked(line, (replace(TICK, by="bob"),)).by == "bob"
