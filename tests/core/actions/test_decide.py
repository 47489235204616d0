"""The decision that a roll-back stays: a mark for everybody, a note in the journal, and no traffic moved."""

from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.actions.decide import stay_pinned
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.marks import RolledBack, rolled_back_of, rolled_back_values
from buddy_tui.actions.reconcile import unfinished
from buddy_tui.actions.values import Ending, Plan, Progress, Verb
from buddy_tui.errors import BuddyError, ChangedUnderneath, Denied, Unreachable
from buddy_tui.journal.values import Kind
from tests import make
from tests.core.actions.applying import NEW, OLD, WHO, Stage

MARK = RolledBack(NEW, OLD, make.NOW, WHO)
PINNED = (make.target(OLD, 100),)
ANNOTATED = tuple((key, value or "") for key, value in rolled_back_values(MARK).items())


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, desired=PINNED, effective=PINNED, annotations=ANNOTATED)


def planned(stage: Stage) -> Plan:
    return stay_pinned(stage.service, Terms(make.NOW, who=WHO))


async def decided(stage: Stage, plan: Plan) -> Progress:
    """Apply a plan to its end."""
    return (await stage.apply(plan))[-1]


async def test_it_is_noted_on_the_service_and_in_the_journal_and_traffic_stays(stage: Stage) -> None:
    last = await decided(stage, planned(stage))

    assert last.ending is Ending.DONE
    assert rolled_back_of(stage.service) == replace(MARK, decided=True)
    assert stage.service.desired == PINNED
    assert stage.cloud.count("set_traffic") == 0
    before, after = stage.journal.read().records
    assert (before.kind, before.verb, before.reason, before.outcome) == (
        Kind.NOTE,
        Verb.STAY_PINNED,
        "it burns",
        "",
    )
    assert (after.id, after.outcome) == (before.id, Ending.DONE)
    assert unfinished(stage.journal.read().records) == ()


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (ChangedUnderneath("Conflict."), Ending.CONFLICT),
        (Denied("run.services.update is missing."), Ending.DENIED),
        (Unreachable("No answer."), Ending.FAILED),
    ],
    ids=["conflict", "denied", "unreachable"],
)
async def test_what_goes_wrong_is_told_and_nothing_is_marked(
    error: BuddyError, ending: Ending, stage: Stage
) -> None:
    stage.cloud.fail("annotate", error)

    last = await decided(stage, planned(stage))

    assert last.ending is ending
    assert rolled_back_of(stage.service) == MARK
    assert stage.journal.read().records[-1].outcome == ending


async def test_a_lost_reply_is_looked_after(stage: Stage) -> None:
    stage.cloud.fail("annotate reply", Unreachable("No answer."))

    last = await decided(stage, planned(stage))

    assert last.ending is Ending.DONE


async def test_when_nobody_answers_any_more_it_says_that_it_does_not_know(stage: Stage) -> None:
    plan = planned(stage)
    stage.cloud.fail("annotate", Unreachable("No answer."))
    stage.cloud.fail("service", None, Unreachable("No answer either."))

    last = await decided(stage, plan)

    assert last.ending is Ending.UNKNOWN


async def test_a_service_that_was_changed_meanwhile_is_left_alone(stage: Stage) -> None:
    plan = planned(stage)
    stage.change()

    last = await decided(stage, plan)

    assert last.ending is Ending.CONFLICT
    assert stage.cloud.count("annotate") == 0
    assert stage.journal.read().records[-1].outcome == Ending.CONFLICT


@pytest.mark.parametrize(
    ("annotations", "refusal"),
    [
        ((), "api is not rolled back: there is nothing to decide."),
        (
            tuple(
                (key, value or "") for key, value in rolled_back_values(replace(MARK, decided=True)).items()
            ),
            "Nothing to do: it was decided that api stays pinned.",
        ),
    ],
    ids=["not rolled back", "decided"],
)
def test_a_plan_says_why_there_is_nothing_to_decide(
    annotations: tuple[tuple[str, str], ...], refusal: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, desired=PINNED, effective=PINNED, annotations=annotations)

    assert planned(stage).refusal == refusal
