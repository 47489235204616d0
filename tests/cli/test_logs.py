"""`buddy-tui logs`: which window, in which form, and what goes to stderr."""

import json
import sys
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from buddy_tui.cli import logs as verb
from buddy_tui.cli.logs import _as_text, _length, _scope, _Teller
from buddy_tui.config import Known, Settings
from buddy_tui.diagnose import boot_window
from buddy_tui.errors import NotFound, UsageProblem
from buddy_tui.logs import LogDesk
from buddy_tui.model import Link, LogBatch, LogEntry, LogScope, LogState
from tests import make
from tests.fakes import FakeReads, FakeTime

WHEN = int(make.NOW.timestamp()) * 1_000_000_000 + 123_456_789
ENTRY = LogEntry(WHEN, "stderr", "id-1", "Traceback\n  File", revision="api-00002-bbb", instance="i1")


def settings() -> Settings:
    return Settings(
        project=Known("acme-prod", "--project"),
        regions=(Known("europe-west1", "--region"),),
        service=Known("api", "--service"),
    )


def cloud() -> FakeReads:
    reads = FakeReads()
    reads.put(make.service(), make.failed("api-00002-bbb"), make.revision("api-00001-aaa"))
    return reads


async def test_the_boot_window_of_the_newest_revision_is_shown_unless_something_else_is_said() -> None:
    scope = await _scope(cloud(), settings(), None, None, activity=False, build=False)

    assert scope.revision == "api-00002-bbb"
    assert (scope.since, scope.until) == boot_window(make.failed("api-00002-bbb"))


async def test_who_follows_an_old_revision_gets_its_boot_and_what_comes_in_and_not_all_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads, time = cloud(), FakeTime()
    monkeypatch.setattr(verb, "_now", time)
    old = make.revision("api-00001-aaa", created=make.NOW - timedelta(days=30))
    since, until = boot_window(old)
    recent = int(make.NOW.timestamp() - 30) * 1_000_000_000
    told = {since + 1: "boot", until + 1: "between", recent: "recent"}
    reads.lists_only(
        *(LogEntry(when, "stdout", text, text, revision=old.name) for when, text in told.items())
    )
    desk = LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)
    seen: list[str] = []

    scope = LogScope(make.NAME, old.name, since, until)
    async with aclosing(verb._batches(desk, scope, follow=True)) as batches:
        async for batch in batches:
            seen += [entry.text for entry in batch.entries]
            if batch.state.complete:
                break

    assert seen == ["boot", "recent"]


async def test_since_opens_the_window_up_to_now() -> None:
    scope = await _scope(cloud(), settings(), "aaa", timedelta(minutes=10), activity=True, build=False)

    begun = datetime.fromtimestamp(scope.since / 1e9, UTC)
    assert timedelta(minutes=9) < datetime.now(UTC) - begun < timedelta(minutes=11)
    assert (scope.revision, scope.until, scope.activity) == ("api-00001-aaa", 0, True)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"source": "gs://b/2.zip#1"}, {"source": "gs://b/2.zip#1"}),
        ({"source": "gs://b/2.zip#1", "labels": (("gcb-build-id", "b-2"),)}, {"build": "b-2"}),
    ],
)
async def test_the_build_of_a_revision_is_asked_for_by_its_label_or_its_source(
    told: dict[str, Any], wanted: dict[str, str]
) -> None:
    reads = FakeReads()
    reads.put(make.service(), make.failed("api-00002-bbb", **told))

    scope = await _scope(reads, settings(), None, None, activity=False, build=True)

    assert {"build": scope.build, "source": scope.source} == {"build": "", "source": ""} | wanted
    assert (scope.revision, scope.since, scope.activity) == ("api-00002-bbb", 0, False)


async def test_a_finished_image_has_no_build_that_could_be_named() -> None:
    with pytest.raises(NotFound, match="which build made the image of api-00002-bbb") as caught:
        await _scope(cloud(), settings(), None, None, activity=False, build=True)

    assert "deployed as a finished image" in caught.value.hint


def test_the_log_of_a_build_has_no_audit_log_beside_it() -> None:
    with pytest.raises(UsageProblem, match="Which one"):
        verb.logs(build=True, activity=True)


async def test_a_service_without_revisions_has_no_log() -> None:
    reads = FakeReads()
    reads.put(make.service())

    with pytest.raises(NotFound):
        await _scope(reads, settings(), None, None, activity=False, build=False)


def test_an_entry_is_one_line_with_its_continuations_below() -> None:
    first, second = _as_text(ENTRY, late=True).split("\n")

    assert first == "2026-11-23 12:00:00.123  stderr   Traceback (late)"
    assert second.strip() == "File"
    assert second.index("File") > first.index("Traceback")


def test_json_lines_are_googles_entry_with_our_fields_beside(capsys: pytest.CaptureFixture[str]) -> None:
    _Teller(cloud(), json=True).tell(LogBatch((ENTRY,), frozenset({0})))

    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["insertId"] == "id-1"
    assert told["buddy"] == {
        "log": "stderr", "revision": "api-00002-bbb", "instance": "i1", "text": "Traceback\n  File", "late": True,
    }  # fmt: skip


def test_json_lines_hold_nothing_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    reads = cloud()
    hostile = "\x9b2J \u202e \x7f Z\u00fcrich"
    reads.raw_json = lambda entry: {"textPayload": hostile}  # type: ignore[method-assign]

    _Teller(reads, json=True).tell(LogBatch((ENTRY,)))

    line = capsys.readouterr().out.removesuffix("\n")
    assert line.isprintable()
    assert json.loads(line)["textPayload"] == hostile


def test_a_closed_standard_output_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    _Teller(cloud(), json=False).tell(LogBatch((ENTRY,)))


def test_what_the_stream_says_of_itself_goes_to_stderr_once(capsys: pytest.CaptureFixture[str]) -> None:
    teller = _Teller(cloud(), json=False)
    broken = LogState(Link.BROKEN, "The tail was cut.", suppressed=3, trouble=make.trouble("No answer."))

    teller.tell(LogBatch(state=broken))
    teller.tell(LogBatch((ENTRY,), state=broken))

    told = capsys.readouterr()
    assert told.err.count("The tail was cut.") == told.err.count("No answer.") == 1
    assert "held back at least 3" in told.err
    assert "Traceback" in told.out


async def test_an_empty_window_is_said_and_prints_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    reads, time = cloud(), FakeTime()
    desk = LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)
    scope = await _scope(reads, settings(), None, None, activity=False, build=False)

    async for batch in verb._batches(desk, scope, follow=False):
        assert batch.entries == ()

    told = capsys.readouterr()
    assert (told.out, "no log of api-00002-bbb" in told.err) == ("", True)


@pytest.mark.parametrize(
    ("told", "length"),
    [("90s", timedelta(seconds=90)), ("10m", timedelta(minutes=10)), ("1.5h", timedelta(minutes=90)), ("2d", timedelta(days=2)), (None, None)],
)  # fmt: skip
def test_lengths_of_time_have_a_unit(told: str | None, length: timedelta | None) -> None:
    assert _length(told) == length


@pytest.mark.parametrize("told", ["99999999999d", f"{'9' * 400}s"])
def test_no_length_of_time_is_longer_than_a_log_is_kept(told: str) -> None:
    assert _length(told) == timedelta(days=3650)


@pytest.mark.parametrize("told", ["10", "m", "yesterday", "-5m", ""])
def test_what_is_no_length_of_time_is_told_with_examples(told: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        _length(told)

    assert "10m" in caught.value.hint
