"""The journal: every line safe, chained and kept, whoever writes and whoever dies."""

import errno
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from filelock import FileLock

from buddy_tui.errors import Unwritable
from buddy_tui.journal import keep
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from tests import make

FULL = Record(
    make.NOW,
    Kind.INTENT,
    "c0ffee",
    make.NAME,
    verb="promote",
    revision="api-00002-bbb",
    who="alice@example.com",
    acting="deployer@acme-prod.iam.gserviceaccount.com",
    reason="it is Tuesday",
    plan="0123456789ab",
    before=(make.latest(100), make.target("api-00001-aaa", 0, "stable")),
    after=(make.target("api-00002-bbb", 10), make.latest(90)),
    etag='"etag-1"',
    command="gcloud run services update-traffic api",
    undo_command="gcloud run services update-traffic api --to-latest",
    evidence=("5 of 5 probes passed",),
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes and no fork")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "journal.jsonl")


def note(change: str = "c0ffee") -> Record:
    return Record(make.NOW, Kind.NOTE, change, make.NAME)


def lines(journal: Journal) -> list[bytes]:
    return journal.path.read_bytes().splitlines(keepends=True)


def test_what_was_written_is_read_back_numbered_and_chained(journal: Journal) -> None:
    first = journal.write(FULL)
    second = journal.write(replace(FULL, kind=Kind.OUTCOME, outcome="done", sentence="It serves."))

    reading = journal.read()

    assert reading.records == (first, second)
    assert reading.trouble == ()
    assert replace(first, number=0, hash="") == FULL
    assert [first.number, second.number] == [1, 2]
    assert (first.previous, second.previous) == ("", first.hash)


def test_a_journal_that_is_not_there_has_no_records(journal: Journal) -> None:
    assert journal.read() == keep.Reading()


@posix_only
def test_only_its_owner_may_read_it(journal: Journal) -> None:
    journal.write(FULL)

    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_times_are_kept_in_utc_and_texts_without_terminal_sequences(journal: Journal) -> None:
    elsewhere = datetime(2026, 11, 23, 14, 0, tzinfo=timezone(timedelta(hours=2)))

    kept = journal.write(
        replace(FULL, at=elsewhere, reason="\x1b]52;c;aGk=\x07so\nso", evidence=("\x1b[2Jgone",))
    )

    assert (kept.at, kept.at.tzinfo) == (make.NOW, UTC)
    assert (kept.reason, kept.evidence) == ("so so", ("gone",))
    assert journal.read().records == (kept,)


def test_a_secret_that_was_typed_as_a_reason_is_not_kept(journal: Journal) -> None:
    typed = "hunter2hunter2"
    evidence = (f"DATABASE_URL=postgres://api:{typed}@db/api",)
    journal.write(replace(FULL, reason=f"password={typed} was wrong", evidence=evidence))

    assert typed not in journal.path.read_text(encoding="utf-8")
    assert journal.read().records[0].reason == "password=*** was wrong"


def test_what_somebody_put_into_the_file_is_cleaned_when_it_is_read(journal: Journal) -> None:
    journal.write(FULL)
    journal.path.write_bytes(journal.path.read_bytes().replace(b"it is Tuesday", rb"\u001b[2Jgone"))

    assert journal.read().records[0].reason == "gone"


@pytest.mark.parametrize("kept", [1, 20, 200, -1])
def test_a_torn_last_line_is_passed_over_and_the_next_record_begins_on_a_line_of_its_own(
    journal: Journal, kept: int
) -> None:
    first = journal.write(FULL)
    journal.write(FULL)
    torn = lines(journal)[1].rstrip()[:kept]
    journal.path.write_bytes(lines(journal)[0] + torn)

    assert journal.read() == keep.Reading((first,))
    third = journal.write(note())

    assert third.previous == first.hash
    assert lines(journal)[1] == torn + b"\n"
    assert journal.read().records == (first, third)
    assert journal.read().trouble == (
        "Line 2 of the journal was not written to its end, and is passed over.",
    )


def test_a_last_line_that_lacks_nothing_but_its_end_counts(journal: Journal) -> None:
    first = journal.write(FULL)
    journal.path.write_bytes(journal.path.read_bytes().rstrip(b"\n"))

    second = journal.write(FULL)

    assert journal.read() == keep.Reading((first, second))


def damaged(journal: Journal, what: str) -> None:
    kept = lines(journal)
    changed = {
        "changed": [kept[0], kept[1].replace(b"Tuesday", b"Sunday!"), kept[2]],
        "taken out": [kept[0], kept[2]],
        "head": kept[1:],
        "swapped": [kept[0], kept[2], kept[1]],
        "doubled": [kept[0], kept[0], kept[1], kept[2]],
        "rubbish": [kept[0], b"\xff[not json\n", kept[1], kept[2]],
        "nested": [kept[0], b"[" * 100_000 + b"\n", kept[1], kept[2]],
        "other": [kept[0], b'{"number": "two", "previous": 1, "hash": []}\n', kept[1], kept[2]],
    }
    journal.path.write_bytes(b"".join(changed[what]))


DOES_NOT_FOLLOW = "does not follow from the line before it: something is missing, or was put in or changed."
PASSED_OVER = "Line 2 of the journal was not written to its end, and is passed over."


@pytest.mark.parametrize(
    ("what", "shown", "trouble"),
    [
        ("changed", 3, ("Line 2 of the journal was changed after it was written.",)),
        ("taken out", 2, (f"Line 2 of the journal {DOES_NOT_FOLLOW}",)),
        (
            "head",
            2,
            ("Line 1 of the journal is not the first that was written: what came before it is missing.",),
        ),
        ("swapped", 3, tuple(f"Line {number} of the journal {DOES_NOT_FOLLOW}" for number in (2, 3))),
        ("doubled", 4, (f"Line 2 of the journal {DOES_NOT_FOLLOW}",)),
        ("rubbish", 3, (PASSED_OVER,)),
        ("nested", 3, (PASSED_OVER,)),
        ("other", 3, (PASSED_OVER,)),
    ],
)
def test_a_broken_chain_is_told_with_its_line_and_all_that_can_be_read_is_shown(
    journal: Journal, what: str, shown: int, trouble: tuple[str, ...]
) -> None:
    for _ in range(3):
        journal.write(FULL)
    damaged(journal, what)

    reading = journal.read()

    assert (len(reading.records), reading.trouble) == (shown, trouble)
    journal.write(FULL)
    assert journal.read().trouble == trouble


def test_lines_of_another_version_are_kept_and_told_and_the_chain_goes_on_over_them(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = journal.write(FULL)
    with monkeypatch.context() as later:
        later.setattr("buddy_tui.journal.line.SCHEMA", "buddy.journal/2")
        foreign = journal.write(FULL)

    third = journal.write(FULL)

    assert third.previous == foreign.hash
    assert journal.read() == keep.Reading(
        (first, third),
        ("Line 2 of the journal was written by another version (buddy.journal/2), and is not shown.",),
    )


@pytest.mark.parametrize("change", [{"kind": "wish"}, {"at": "yesterday"}, {"at": "2026-11-23T12:00:00"}])
def test_a_line_of_ours_that_cannot_be_understood_is_told(journal: Journal, change: dict[str, str]) -> None:
    journal.write(FULL)
    told = json.loads(journal.path.read_bytes()) | change
    journal.path.write_text(json.dumps(told) + "\n")

    reading = journal.read()

    assert reading.records == ()
    assert reading.trouble[-1] == "Line 1 of the journal cannot be understood."


def test_many_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    with ThreadPool(4) as pool:
        pool.map(lambda number: Journal(path).write(note(f"change-{number}")), range(40))

    reading = Journal(path).read()
    assert reading.trouble == ()
    assert {one.id for one in reading.records} == {f"change-{number}" for number in range(40)}


def test_the_line_before_is_found_however_long_it_is(journal: Journal) -> None:
    tags = tuple(make.target("api-00001-aaa", 0, f"tag-{number}") for number in range(2000))
    long = journal.write(replace(FULL, before=tags, after=tags))

    assert journal.write(FULL).previous == long.hash
    assert len(lines(journal)[0]) > keep._TAIL


def test_of_a_long_journal_the_end_is_read(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [journal.write(FULL) for _ in range(6)]
    sizes = list(accumulate(len(line) for line in reversed(lines(journal))))
    monkeypatch.setattr(keep, "_MOST_BYTES", sizes[2] + 10)

    reading = journal.read()

    assert reading.records == tuple(kept[-3:])
    assert reading.trouble == (
        "The journal is long: only its last 8 MB were read, and lines are counted from there.",
    )


class FullDisk:
    """`os` on a disk without room."""

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def fsync(self, descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_without_room_the_record_is_unwritable(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "os", FullDisk())

    with pytest.raises(Unwritable, match=r"cannot be written to .*journal\.jsonl: No space left on device"):
        journal.write(FULL)


def test_a_place_that_cannot_be_written_to_makes_it_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = Journal(tmp_path / "file" / "journal.jsonl")

    with pytest.raises(Unwritable):
        journal.write(FULL)
    with pytest.raises(Unwritable):
        journal.hold("c0ffee")
    assert journal.read().records == ()


def test_a_journal_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    reading = Journal(tmp_path).read()

    assert reading.records == ()
    assert len(reading.trouble) == 1


def test_who_waits_too_long_for_another_program_gives_up(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "_PATIENCE", 0.05)
    journal.write(FULL)

    with (
        FileLock(journal.path.with_suffix(".lock")),
        pytest.raises(Unwritable, match="another program writes it"),
    ):
        journal.write(FULL)


def test_a_change_that_is_under_way_is_held_by_one(journal: Journal) -> None:
    held = journal.hold("c0ffee")

    assert held is not None
    assert Journal(journal.path).hold("c0ffee") is None
    held.release()
    held.release()
    again = Journal(journal.path).hold("c0ffee")
    assert again is not None
    again.release()
    assert not list(journal.path.with_suffix(".running").iterdir())


@posix_only
def test_a_writer_that_is_killed_at_any_call_leaves_a_journal_that_can_be_read_and_written(
    tmp_path: Path,
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.core.journal.killed", tmp_path / "journal.jsonl"],
        capture_output=True,
        text=True,
        check=True,
    )

    seen = json.loads(run.stdout)
    assert len(seen) > 10
    assert [one["killed"] for one in seen].count(True) > 2
    for at, one in enumerate(seen, 1):
        assert one["numbers"] == list(range(1, len(one["numbers"]) + 1))
        assert [f"after-{n}" for n in range(1, at + 1)] == [
            name for name in one["ids"] if name.startswith("after")
        ]
        assert all("was not written to its end" in sentence for sentence in one["after"])
    assert any(one["after"] for one in seen)
    assert seen[-1]["killed"]
