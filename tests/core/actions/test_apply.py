"""A change is made as planned or not at all, proved by reading back, and on record whatever happens."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from buddy_tui.actions.apply import apply
from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.marks import LOCK, ROLLED_BACK, Lock, lock_of, lock_values, rolled_back_of
from buddy_tui.actions.reconcile import unfinished
from buddy_tui.actions.values import Ending, Plan, Progress, StepState, Verb
from buddy_tui.errors import (
    BuddyError,
    ChangedUnderneath,
    Denied,
    NotFound,
    Refused,
    ServerTrouble,
    Unreachable,
)
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind
from buddy_tui.model import Condition, ConditionState
from tests import make
from tests.core.actions.applying import NEW, OLD, TAGGED, WHO, Stage, until

LOST = Unreachable("Cloud Run did not answer in time.", "Try again.")
DENIED = Denied("run.services.update is missing.", "roles/run.developer")
ROLLED = (make.target(OLD, 100), make.target(OLD, 0, "stable"))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def states(progress: Progress) -> dict[str, StepState]:
    return {step.name: step.state for step in progress.steps}


def calls(stage: Stage) -> list[str]:
    return [method for method, _ in stage.cloud.calls]


async def test_a_rollback_writes_traffic_first_of_all_and_proves_that_it_is_effective(stage: Stage) -> None:
    told = await stage.apply(stage.roll_back())

    last = told[-1]
    assert (last.ending, last.sentence) == (Ending.DONE, f"Effective: {OLD} 100 %.")
    assert same(stage.service.effective, ROLLED)
    assert calls(stage) == ["set_traffic", "service", "annotate"]
    assert list(states(last)) == ["check", "intent", "write", "settle", "mark", "record"]
    assert set(states(last).values()) == {StepState.DONE}
    assert all(one.ending is None for one in told[:-1])


async def test_a_rollback_is_visible_to_everybody_afterwards(stage: Stage) -> None:
    await stage.apply(stage.roll_back())

    mark = rolled_back_of(stage.service)
    assert mark is not None
    assert (mark.origin, mark.to, mark.by, mark.decided) == (NEW, OLD, WHO, False)


async def test_restoring_latest_ends_the_roll_back(stage: Stage) -> None:
    await stage.apply(stage.roll_back())

    told = await stage.apply(stage.restore_latest())

    assert told[-1].ending is Ending.DONE
    assert stage.service.annotations == ()


async def test_others_see_that_somebody_is_at_work_as_long_as_it_takes(stage: Stage) -> None:
    seen: list[str] = []
    stage.when("set_traffic", lambda: seen.extend(dict(stage.service.annotations).values()))

    told = await stage.apply(stage.split())

    lock = json.loads(seen[0])
    assert (lock["verb"], lock["holder"], lock["plan"]) == ("split", WHO, told[-1].plan.hash)
    assert calls(stage) == ["service", "annotate", "set_traffic", "service", "annotate"]
    assert stage.service.annotations == ()


async def test_intent_and_outcome_are_on_record(stage: Stage) -> None:
    plan = stage.split()

    await stage.apply(plan)

    intent, outcome = stage.records()
    assert (intent.kind, outcome.kind, intent.id == outcome.id) == (Kind.INTENT, Kind.OUTCOME, True)
    assert (intent.who, intent.reason, intent.evidence) == (WHO, "it burns", ("5 of 5 probes passed",))
    assert (intent.before, intent.after, intent.plan) == (plan.before, plan.after, plan.hash)
    assert (intent.command, intent.undo_command) == (plan.command, plan.undo_command)
    assert intent.etag == plan.etag != ""
    assert (intent.outcome, outcome.outcome) == ("", "done")
    assert outcome.sentence.startswith("Effective: ")


async def test_the_intent_is_written_before_anything_is_changed(stage: Stage) -> None:
    kinds: list[Kind] = []
    stage.when("annotate", lambda: kinds.extend(one.kind for one in stage.records()))

    await stage.apply(stage.split())

    assert kinds == [Kind.INTENT]


@pytest.mark.parametrize("verb", ["roll_back", "split"])
async def test_a_journal_that_cannot_be_written_forbids_the_change(
    stage: Stage, tmp_path: Path, verb: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    stage.journal = Journal(tmp_path / "file" / "journal.jsonl")
    before = stage.service

    told = await stage.apply(getattr(stage, verb)())

    assert told[-1].ending is Ending.REFUSED
    assert stage.service == before
    assert not {"set_traffic", "annotate"} & set(calls(stage))


async def test_a_stale_etag_is_a_conflict_that_shows_what_moved_and_by_whom(stage: Stage) -> None:
    plan = stage.split()
    now = (make.target(NEW, 60), make.target(OLD, 40, "stable"))
    stage.change(desired=now, effective=now)
    stage.cloud.changes[make.NAME] = (
        TrafficChange(make.NOW, "bob@example.com", "gcloud/528", "ReplaceService", now),
    )

    told = await stage.apply(plan)

    last = told[-1]
    assert last.ending is Ending.CONFLICT
    assert f"{NEW} was to get 100 %, and is to get 60 % now." in last.moved
    assert any("bob@example.com" in one for one in last.moved)
    assert last.moved[-1].endswith("with gcloud/528.")
    assert same(stage.service.desired, now)
    assert calls(stage).count("set_traffic") == calls(stage).count("annotate") == 0
    assert stage.records() == ()


async def test_a_conflict_is_told_where_the_audit_log_may_not_be_read(stage: Stage) -> None:
    plan = stage.split()
    stage.change(effective=(make.target(OLD, 100),))
    stage.cloud.fail("traffic_changes", Denied("logging.privateLogEntries.list is missing."))

    told = await stage.apply(plan)

    assert told[-1].ending is Ending.CONFLICT
    assert "The traffic list is as it was, and what it stands on has moved" in told[-1].moved[0]


async def test_a_conflict_about_something_else_says_that_the_traffic_is_as_it_was(stage: Stage) -> None:
    plan = stage.split()
    stage.change()

    told = await stage.apply(plan)

    assert told[-1].ending is Ending.CONFLICT
    assert told[-1].moved[0] == (
        "Its traffic is as it was: something else of the service was changed by bob@example.com."
    )


@pytest.mark.parametrize("at", ["annotate", "set_traffic"])
async def test_who_is_first_by_a_moment_is_never_overwritten(stage: Stage, at: str) -> None:
    now = (make.target(NEW, 60), make.target(OLD, 40, "stable"))
    stage.when(at, lambda: stage.change(desired=now, effective=now))

    told = await stage.apply(stage.split())

    assert told[-1].ending is Ending.CONFLICT
    assert "is not at" in told[-1].sentence  # Google's own words
    assert any("bob@example.com" in one for one in told[-1].moved)
    assert stage.service.desired == now
    assert lock_of(stage.service, stage.time()) is None
    assert stage.cloud.count("set_traffic") == (at == "set_traffic")
    assert stage.records()[-1].outcome == "conflict"


async def test_a_change_in_between_is_told_and_stands(stage: Stage) -> None:
    stage.cloud.stuck = True
    now = (make.target(NEW, 60), make.target(OLD, 40, "stable"))

    def interfere() -> None:
        if stage.service.desired != now:
            stage.change(desired=now)

    stage.time.on_sleep = interfere

    told = await stage.apply(stage.split())

    assert told[-1].ending is Ending.CONFLICT
    assert "written, and then changed by somebody else" in told[-1].sentence
    assert f"{OLD} was to get 10 %, and is to get 40 % now." in told[-1].moved
    assert stage.service.desired == now


@pytest.mark.parametrize(
    ("method", "error", "ending"),
    [
        ("set_traffic", DENIED, Ending.DENIED),
        ("annotate", DENIED, Ending.DENIED),
        ("service", DENIED, Ending.DENIED),
        ("set_traffic", Refused("Revision 'x' does not exist or is deleted."), Ending.FAILED),
        ("set_traffic", NotFound("There is no service api."), Ending.FAILED),
        ("set_traffic", ChangedUnderneath("Conflict for resource 'api'."), Ending.CONFLICT),
        ("service", LOST, Ending.FAILED),
    ],
)
async def test_a_no_ends_it_with_googles_words_and_nothing_is_written(
    stage: Stage, method: str, error: BuddyError, ending: Ending
) -> None:
    plan = stage.split()
    stage.cloud.fail(method, error)

    told = await stage.apply(plan)

    assert (told[-1].ending, told[-1].sentence) == (ending, str(error))
    assert stage.service.desired == TAGGED
    assert stage.service.annotations == ()
    assert [one.outcome for one in stage.records()] == ([] if method == "service" else ["", ending.value])


@pytest.mark.parametrize("verb", ["roll_back", "split"])
@pytest.mark.parametrize("error", [LOST, ServerTrouble("Internal error.")])
async def test_a_lost_reply_to_what_was_written_is_found_out(
    stage: Stage, verb: str, error: BuddyError
) -> None:
    plan: Plan = getattr(stage, verb)()
    stage.cloud.fail("set_traffic reply", error)
    stage.when("set_traffic", lambda: stage.cloud.fail("service", error, error))

    told = await stage.apply(plan)

    assert told[-1].ending is Ending.DONE
    assert stage.cloud.count("set_traffic") == 1
    assert same(stage.service.effective, plan.after)


@pytest.mark.parametrize("verb", ["roll_back", "split"])
async def test_a_call_that_was_lost_on_its_way_can_land_no_more(stage: Stage, verb: str) -> None:
    plan: Plan = getattr(stage, verb)()
    sent: list[str] = []
    stage.when("set_traffic", lambda: sent.append(stage.service.etag))
    stage.cloud.fail("set_traffic", LOST)

    told = await stage.apply(plan)

    assert told[-1].ending is Ending.FAILED
    assert told[-1].sentence.endswith("nothing was written.")
    with pytest.raises(ChangedUnderneath):
        await stage.cloud.set_traffic(plan.name, plan.after, sent[0])
    assert (stage.service.desired, stage.service.annotations) == (TAGGED, ())


async def test_a_call_that_lands_while_it_is_looked_for_counts(stage: Stage) -> None:
    plan = stage.roll_back()
    stage.cloud.fail("set_traffic", LOST)
    stage.when("annotate", lambda: stage.change(desired=plan.after, effective=plan.after))

    told = await stage.apply(plan)

    assert told[-1].ending is Ending.DONE


async def test_without_any_answer_nobody_knows_and_the_journal_says_so(stage: Stage) -> None:
    plan = stage.split()
    stage.when("set_traffic", lambda: stage.cloud.down(LOST))

    told = await stage.apply(plan)

    assert told[-1].ending is Ending.UNKNOWN
    assert "cannot be told" in told[-1].sentence
    assert told[-1].hint
    assert [one.id for one in unfinished(stage.records())] == [stage.records()[0].id]
    assert sum(stage.time.slept) < 60


async def test_a_fence_without_an_answer_leaves_it_unknown(stage: Stage) -> None:
    stage.cloud.fail("set_traffic", LOST)
    stage.cloud.fail("annotate", LOST)

    told = await stage.apply(stage.roll_back())

    assert told[-1].ending is Ending.UNKNOWN


async def test_somebody_elses_traffic_found_after_a_lost_call_stands(stage: Stage) -> None:
    now = (make.target(NEW, 60), make.target(OLD, 40, "stable"))
    stage.cloud.fail("set_traffic", LOST)
    stage.when("set_traffic", lambda: stage.change(desired=now, effective=now))

    told = await stage.apply(stage.split())

    assert told[-1].ending is Ending.CONFLICT
    assert stage.service.desired == now


async def test_a_lock_whose_reply_is_lost_is_found_and_the_change_goes_on(stage: Stage) -> None:
    stage.cloud.fail("annotate reply", LOST)

    told = await stage.apply(stage.split())

    assert told[-1].ending is Ending.DONE
    assert stage.service.annotations == ()


async def test_a_lock_that_was_not_set_does_not_hold_up_a_change(stage: Stage) -> None:
    stage.cloud.fail("annotate", LOST)

    told = await stage.apply(stage.split())

    assert told[-1].ending is Ending.DONE


async def test_a_new_revision_behind_a_lost_lock_is_a_conflict(stage: Stage) -> None:
    stage.cloud.fail("annotate reply", LOST)
    stage.when(
        "annotate", lambda: stage.when("service", lambda: stage.change(latest_created="api-00003-ccc"))
    )

    told = await stage.apply(stage.split())

    assert told[-1].ending is Ending.CONFLICT
    assert stage.cloud.count("set_traffic") == 0


async def test_without_an_answer_about_the_lock_the_traffic_is_not_touched(stage: Stage) -> None:
    plan = stage.split()
    stage.when("annotate", lambda: stage.cloud.down(LOST))

    told = await stage.apply(plan)

    assert told[-1].ending is Ending.FAILED
    assert told[-1].sentence.endswith("The traffic was not touched.")
    assert stage.cloud.count("set_traffic") == 0


async def test_accepted_and_not_effective_is_not_done_and_says_what_is_in_between(stage: Stage) -> None:
    stage.cloud.stuck = True
    said = Condition("RoutesReady", ConditionState.RECONCILING, message="Waiting for the load balancer.")
    plan = stage.roll_back()
    stage.cloud.put(replace(stage.service, conditions=(said,)), *stage.revisions)

    told = await stage.apply(plan)

    last = told[-1]
    assert last.ending is Ending.NOT_DONE
    assert last.sentence.startswith("NOT DONE: ")
    assert f"asked for {OLD} 100 %; effective is {NEW} 100 %" in last.sentence
    assert last.sentence.endswith("Cloud Run says: Waiting for the load balancer.")
    assert states(last)["settle"] is StepState.FAILED
    assert stage.records()[-1].outcome == "not_done"
    assert rolled_back_of(stage.service)


async def test_as_long_as_cloud_run_is_at_work_it_is_waited_for_and_shown(stage: Stage) -> None:
    stage.cloud.stuck = True
    plan = stage.split()
    stage.when(
        "set_traffic", lambda: stage.cloud.put(replace(stage.service, reconciling=True), *stage.revisions)
    )

    def moves() -> None:
        if sum(stage.time.slept) > 60:
            stage.cloud.put(replace(stage.service, reconciling=False, effective=plan.after), *stage.revisions)

    stage.time.on_sleep = moves
    told = await stage.apply(plan)

    assert told[-1].ending is Ending.DONE
    assert any("still at work" in step.said for one in told for step in one.steps)
    assert max(stage.time.slept) == 2.0
    assert sum(stage.time.slept) < 65


@pytest.mark.parametrize("gone", [False, True])
async def test_what_never_comes_is_waited_for_within_a_bound(stage: Stage, gone: bool) -> None:  # noqa: FBT001
    stage.cloud.stuck = True
    plan = stage.split()
    stage.when(
        "set_traffic", lambda: stage.cloud.put(replace(stage.service, reconciling=True), *stage.revisions)
    )
    if gone:
        stage.time.on_sleep = lambda: stage.cloud.down(LOST)

    told = await stage.apply(plan)

    assert told[-1].ending is (Ending.UNKNOWN if gone else Ending.NOT_DONE)
    assert 115 < sum(stage.time.slept) < 125


async def test_an_outage_while_it_settles_is_waited_through(stage: Stage) -> None:
    plan = stage.split()
    stage.when("set_traffic", lambda: stage.cloud.fail("service", LOST, LOST, LOST))

    assert (await stage.apply(plan))[-1].ending is Ending.DONE


@pytest.mark.parametrize(
    ("error", "ending"), [(DENIED, Ending.UNKNOWN), (NotFound("There is no service api."), Ending.CONFLICT)]
)
async def test_a_permission_or_a_service_lost_half_way_is_told(
    stage: Stage, error: BuddyError, ending: Ending
) -> None:
    plan = stage.split()
    stage.when("set_traffic", lambda: stage.cloud.fail("service", error))

    told = await stage.apply(plan)

    assert told[-1].ending is ending
    assert str(error) in told[-1].sentence
    assert stage.records()[-1].outcome == ending.value


async def test_a_mark_that_cannot_be_left_is_a_warning_and_no_failure(stage: Stage) -> None:
    stage.cloud.fail("annotate", DENIED)

    told = await stage.apply(stage.roll_back())

    assert told[-1].ending is Ending.DONE
    assert told[-1].sentence.endswith(str(DENIED))
    assert states(told[-1])["mark"] is StepState.FAILED


async def test_a_mark_is_left_on_a_service_that_moved_on_meanwhile_if_the_traffic_is_ours(
    stage: Stage,
) -> None:
    stage.when("annotate", stage.change)

    told = await stage.apply(stage.roll_back())

    assert told[-1].ending is Ending.DONE
    assert rolled_back_of(stage.service)


@pytest.mark.parametrize("verb", ["roll_back", "split", "put_back"])
async def test_somebody_elses_lock_holds_up_all_but_a_way_back(stage: Stage, verb: str) -> None:
    now = (make.target(NEW, 90), make.target(OLD, 10), make.target(OLD, 0, "stable"))
    theirs = Lock(Verb.PROMOTE, "bob@example.com", make.NOW + timedelta(minutes=2), "0123456789ab")
    values = tuple((key, value or "") for key, value in lock_values(theirs).items())
    stage.change(desired=now, effective=now, annotations=values)
    plan = stage.split(50) if verb == "split" else getattr(stage, verb)()

    told = await stage.apply(plan)

    assert "bob@example.com is at work on it (promote), until 12:02:00 UTC" in told[-1].sentence
    assert told[-1].ending is (Ending.REFUSED if verb == "split" else Ending.DONE)
    assert dict(stage.service.annotations)[LOCK] == values[0][1]


async def test_a_lock_that_has_expired_holds_up_nobody(stage: Stage) -> None:
    theirs = Lock(Verb.PROMOTE, "bob@example.com", make.NOW - timedelta(seconds=1), "0123456789ab")
    stage.change(annotations=tuple(lock_values(theirs).items()))

    assert (await stage.apply(stage.split()))[-1].ending is Ending.DONE


async def test_a_plan_that_is_refused_is_not_even_looked_at(stage: Stage) -> None:
    plan = replace(stage.split(), refusal="It failed.", hint="Take another.")

    told = await stage.apply(plan)

    assert (told[-1].ending, told[-1].sentence, told[-1].hint) == (
        Ending.REFUSED,
        "It failed.",
        "Take another.",
    )
    assert stage.cloud.calls == []
    assert stage.records() == ()


@pytest.mark.parametrize("effective", [True, False])
async def test_what_is_so_already_is_not_written_again(stage: Stage, effective: bool) -> None:  # noqa: FBT001
    stage.cloud.stuck = not effective
    await stage.cloud.set_traffic(make.NAME, ROLLED, stage.service.etag)

    told = await stage.apply(stage.roll_back())

    assert told[-1].ending is (Ending.NOTHING_TO_DO if effective else Ending.NOT_DONE)
    assert stage.cloud.count("set_traffic") == 1
    assert stage.records() == ()


async def test_who_leaves_before_traffic_was_asked_for_has_changed_nothing(stage: Stage) -> None:
    plan = stage.split()
    held = asyncio.Event()

    def hold() -> None:
        held.set()
        stage.cloud.hold(make.NAME.region)

    stage.when("annotate", hold)

    work = asyncio.create_task(stage.apply(plan))
    await held.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert stage.service.desired == TAGGED
    assert stage.cloud.count("set_traffic") == 0
    assert [one.outcome for one in stage.records()] == ["", "failed"]


@pytest.mark.parametrize("at", ["set_traffic", "service", "annotate"])
async def test_who_leaves_after_traffic_was_asked_for_is_followed_to_the_record(
    stage: Stage, at: str
) -> None:
    plan = stage.roll_back()
    began, goes_on = asyncio.Event(), stage.cloud.hold("nowhere")

    def hold() -> None:
        began.set()
        stage.cloud._held[make.NAME.region] = goes_on

    stage.when("set_traffic", hold if at == "set_traffic" else lambda: stage.when(at, hold))
    work = asyncio.create_task(stage.apply(plan))
    await began.wait()
    work.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert same(stage.service.effective, plan.after)
    assert [one.outcome for one in stage.records()] == ["", "done"]


async def test_who_cannot_be_waited_for_is_on_record_as_unknown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buddy_tui.actions.apply._FOLLOWED", 0.01)
    plan = stage.roll_back()
    began = asyncio.Event()

    def hold() -> None:
        began.set()
        stage.cloud.hold(make.NAME.region)

    stage.when("set_traffic", lambda: stage.when("service", hold))

    work = asyncio.create_task(stage.apply(plan))
    await began.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert [one.outcome for one in stage.records()] == ["", "unknown"]
    assert unfinished(stage.records())
    assert not list(stage.journal.path.with_suffix(".running").iterdir())


async def test_whoever_stops_listening_at_any_progress_leaves_a_journal_with_an_end(tmp_path: Path) -> None:
    whole = len(await Stage(tmp_path / "whole").apply(Stage(tmp_path / "whole").split()))
    for stop in range(1, whole):
        stage = Stage(tmp_path / str(stop))
        change = apply(
            stage.split(),
            reads=stage.cloud,
            writes=stage.cloud,
            journal=stage.journal,
            clock=stage.time,
            sleep=stage.time.sleep,
        )
        for _ in range(stop):
            await anext(change)
        await change.aclose()

        outcomes = [one.outcome for one in stage.records()]
        assert outcomes in ([], ["", "failed"], ["", "done"])
        assert (outcomes[-1:] == ["done"]) == (stage.service.desired != TAGGED)


async def test_a_bug_of_ours_is_raised_and_the_journal_has_an_end(stage: Stage) -> None:
    stage.cloud.fail("set_traffic", ZeroDivisionError("a bug"))

    with pytest.raises(ZeroDivisionError):
        await stage.apply(stage.roll_back())

    assert [one.outcome for one in stage.records()] == ["", "unknown"]


async def test_an_outcome_that_cannot_be_written_is_a_warning(stage: Stage) -> None:
    def block() -> None:
        stage.journal.path.unlink()
        stage.journal.path.mkdir()

    stage.when("annotate", block)

    told = await stage.apply(stage.roll_back())

    assert told[-1].ending is Ending.DONE
    assert "journal cannot be written" in told[-1].sentence
    assert states(told[-1])["record"] is StepState.FAILED


async def test_a_slow_listener_holds_up_nothing(stage: Stage) -> None:
    change = apply(
        stage.roll_back(),
        reads=stage.cloud,
        writes=stage.cloud,
        journal=stage.journal,
        clock=stage.time,
        sleep=stage.time.sleep,
    )
    await anext(change)

    await until(lambda: ROLLED_BACK in dict(stage.service.annotations))

    assert [one async for one in change][-1].ending is Ending.DONE
