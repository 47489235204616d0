"""What nobody saw the end of is found out from the service and the audit log, told, and put on record once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from buddy_tui.actions.reconcile import Found, reconcile, unfinished
from buddy_tui.actions.values import Ending, Targets
from buddy_tui.errors import Denied, Unreachable
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from tests import make
from tests.core.actions.applying import NEW, OLD, TAGGED, Stage

AFTER = (make.target(OLD, 100), make.target(OLD, 0, "stable"))
OTHER = (make.target(NEW, 60), make.target(OLD, 40, "stable"))
INTENT = Record(
    make.NOW, Kind.INTENT, "c0ffee", make.NAME, verb="rollback", revision=OLD, before=TAGGED, after=AFTER
)
WRITTEN = TrafficChange(
    make.NOW + timedelta(seconds=1), "alice@example.com", "buddy-tui/1", "UpdateService", AFTER
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.journal.write(INTENT)
    return stage


async def found(stage: Stage, after: float = 15) -> Found:
    stage.time.now = make.NOW + timedelta(minutes=after)
    (one,) = await reconcile(stage.journal, stage.cloud, stage.time)
    return one


def now(desired: Targets, effective: Targets | None = None) -> Callable[[Stage], None]:
    return lambda stage: stage.change(desired=desired, effective=desired if effective is None else effective)


def written(stage: Stage) -> None:
    stage.cloud.changes[make.NAME] = (WRITTEN,)


def no_audit(stage: Stage) -> None:
    stage.cloud.fail("traffic_changes", Denied("logging.privateLogEntries.list is missing."))


def refused(stage: Stage) -> None:
    stage.cloud.changes[make.NAME] = (replace(WRITTEN, accepted=False),)


@pytest.mark.parametrize(
    ("happened", "ending", "words"),
    [
        ([now(AFTER)], Ending.DONE, "it was written, and it is effective."),
        ([now(AFTER, TAGGED)], Ending.NOT_DONE, "it was written, and is not effective. DIVERGED"),
        ([], Ending.FAILED, "it was not written: the traffic is as it was."),
        ([refused], Ending.FAILED, "it was not written: the traffic is as it was."),
        ([no_audit], Ending.FAILED, "it was not written: the traffic is as it was."),
        ([written], Ending.CONFLICT, "it was written at 12:00:01 UTC, and it has been put back since."),
        ([now(OTHER), written], Ending.CONFLICT, "and somebody has changed it since."),
        ([now(OTHER)], Ending.FAILED, "the audit log knows of no such change"),
        ([now(OTHER), no_audit], Ending.UNKNOWN, "the audit log cannot be read, so it cannot be told."),
    ],
)
async def test_what_became_of_it_is_told_and_put_on_record_once(
    stage: Stage, happened: list[Callable[[Stage], None]], ending: Ending, words: str
) -> None:
    for happens in happened:
        happens(stage)
    before = stage.service

    one = await found(stage)

    assert one.ending is ending
    assert one.sentence.startswith(f"rollback {OLD} on api, 2026-11-23 12:00:00 UTC: ")
    assert words in one.sentence
    outcome = stage.records()[-1]
    assert (outcome.kind, outcome.outcome, outcome.sentence) == (Kind.OUTCOME, ending.value, one.sentence)
    assert await reconcile(stage.journal, stage.cloud, stage.time) == ()
    assert stage.service == before
    assert not stage.cloud.count("set_traffic") + stage.cloud.count("annotate")


@pytest.mark.parametrize(
    ("happened", "after", "words"),
    [
        ([], 0.5, "may still come"),
        ([now(OTHER)], 0.5, "may still come"),
        ([now(OTHER)], 5, "the audit log does not tell yet"),
    ],
)
async def test_what_cannot_be_told_yet_is_asked_again(
    stage: Stage, happened: list[Callable[[Stage], None]], after: float, words: str
) -> None:
    for happens in happened:
        happens(stage)

    first = await found(stage, after)

    assert (first.ending, words in first.sentence) == (None, True)
    assert unfinished(stage.records()) == stage.records()
    assert (await found(stage)).ending is Ending.FAILED


async def test_what_cannot_be_read_stays_open(stage: Stage) -> None:
    stage.cloud.down(Unreachable("Cloud Run does not answer."))

    one = await found(stage)

    assert (one.ending, len(stage.records())) == (None, 1)
    assert one.sentence.endswith("Cloud Run does not answer.")


async def test_of_a_service_that_is_gone_nothing_can_be_told_any_more(stage: Stage) -> None:
    stage.cloud.remove(make.NAME)

    assert (await found(stage)).ending is Ending.UNKNOWN
    assert await reconcile(stage.journal, stage.cloud, stage.time) == ()


async def test_what_is_under_way_is_left_alone(stage: Stage) -> None:
    held = Journal(stage.journal.path).hold(INTENT.id)
    assert held is not None

    assert await reconcile(stage.journal, stage.cloud, stage.time) == ()

    held.release()
    assert await found(stage)


async def test_an_unknown_outcome_is_looked_into_and_any_other_is_not(stage: Stage) -> None:
    stage.journal.write(replace(INTENT, kind=Kind.OUTCOME, outcome="unknown"))
    for number, ending in enumerate(one for one in Ending if one is not Ending.UNKNOWN):
        stage.journal.write(replace(INTENT, id=f"other-{number}"))
        stage.journal.write(replace(INTENT, id=f"other-{number}", kind=Kind.OUTCOME, outcome=ending.value))

    assert (await found(stage)).intent.id == INTENT.id


async def test_a_journal_that_cannot_be_written_keeps_it_open_and_says_so(stage: Stage) -> None:
    lock = stage.journal.path.with_suffix(".lock")
    lock.unlink()
    lock.mkdir()

    one = await found(stage)

    assert (one.ending, len(stage.records())) == (None, 1)
    assert "cannot be written" in one.sentence
