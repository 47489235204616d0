"""A promotion goes up only when all is proved, comes back by itself, and never writes over anybody."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from buddy_tui.actions.apply import apply
from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.control import Control
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.former import former_of
from buddy_tui.actions.marks import (
    Lock,
    RolledBack,
    lock_of,
    lock_values,
    rolled_back_of,
    rolled_back_values,
)
from buddy_tui.actions.promotion import first_step, promotion, unattended
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.served import served
from buddy_tui.actions.values import Ending, Gate, Phase, Progress, Promotion, Standing, Targets, Verb
from buddy_tui.errors import Denied, ServerTrouble, Unreachable, UsageProblem
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind
from buddy_tui.payload import request_line
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask, Question
from tests import make
from tests.core.actions.applying import NEW, OLD, WHO, Stage
from tests.fakes import FakeDoor, ManyTime

QUESTIONS = (Question("health", Ask("GET", "/health")),)
Seen = Callable[[Promotion], None]


class Release(Stage):
    """`OLD`, at its tag, is promoted; `NEW` has all traffic. Both have five requests in each `tick`.

    `status` is what the candidate answers to requests, `probes` to probes. While it is `quiet` it has no request, and
    while all is `silent` nobody has one.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.many = ManyTime()
        self.control = Control()
        self.status = self.probes = 200
        self.took = 0.02
        self.quiet = self.silent = False
        self.seen: list[Promotion] = []
        self.generation = 0
        self.tick = 0.5
        self.door = FakeDoor(self._answer)

    def _answer(self, visitor: int, target: Target, ask: Ask) -> Answer:
        return Answer(self.many(), 0.01, self.probes if target.revision == OLD else 200)

    def pour(self) -> None:
        """Let requests be answered, by whoever has traffic."""
        for one in self.service.effective:
            if one.percent and not self.silent and not (self.quiet and one.revision == OLD):
                self._log(one.revision)

    def _log(self, revision: str) -> None:
        status, took = (self.status, self.took) if revision == OLD else (200, 0.02)
        second = (self.many() - make.NOW) / timedelta(seconds=1)
        for _ in range(5):
            self.generation += 1
            text = request_line("POST", status, took, "https://x.example/chat")
            entry = make.entry(second, text, log="requests", revision=revision)
            self.cloud.lists_only(entry._replace(insert_id=f"{self.generation}"))

    async def promote(self, *steps: int, on: Seen = lambda _: None, bake: float = 10.0) -> Promotion:
        """Promote, while time passes; return how it ended. `on` is called with all that is told."""
        terms = Terms(self.many(), who=WHO)
        stream = promotion(
            self.service,
            self.revisions,
            OLD,
            steps=steps or (10, 50, 100),
            bake=bake,
            interval=5.0,
            lag=2.0,
            reads=self.cloud,
            writes=self.cloud,
            journal=self.journal,
            door=self.door,
            questions=QUESTIONS,
            clock=self.many,
            sleep=self.many.sleep,
            control=self.control,
            who=WHO,
            reason="the release",
            terms=terms,
        )

        async def look() -> None:
            async for told in stream:
                self.seen.append(told)
                on(told)

        try:
            await self.pass_time(looking := asyncio.create_task(look()))
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await stream.aclose()
        return self.seen[-1]

    async def pass_time(self, until: "asyncio.Task[None]") -> None:
        for _ in range(2000):
            if until.done():
                return await until
            self.pour()
            await self.many.passes(self.tick)
            await asyncio.sleep(0.001)  # the journal writes in a thread
        raise AssertionError(self.seen[-1:])

    @property
    def lists(self) -> list[int]:
        """What the candidate was to get, by the journal."""
        steps = {one.id for one in self.records() if one.kind is Kind.INTENT}
        found = [one for one in self.records() if one.id in steps and one.outcome == "done"]
        return [
            next((to.percent for to in one.after if to.revision == OLD and to.percent), 0) for one in found
        ]

    def gate(self, name: str) -> Gate:
        return next(one for one in self.seen[-1].gates if one.name == name)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return Release(tmp_path)


def at(phase: Phase, step: int, do: Callable[[], object]) -> Seen:
    """Do something once, when a promotion is there."""
    left = [do]

    def on(told: Promotion) -> None:
        if (told.phase, told.step) == (phase, step) and left:
            left.pop()()

    return on


async def test_a_good_candidate_gets_more_and_more_and_ends_with_all(release: Release) -> None:
    before = release.service.desired

    told = await release.promote()

    assert (told.ending, told.phase) == (Ending.DONE, Phase.OVER)
    assert told.sentence == f"{OLD} was promoted: 10 % -> 50 % -> 100 %, all gates passed."
    assert release.lists == [10, 50, 100]
    assert {one.standing for one in told.gates} == {Standing.PASS}
    assert [one.name for one in told.gates] == ["probes", "requests", "errors", "latency", "crashes"]
    assert release.service.desired[0].revision == OLD
    assert {one.tag for one in release.service.desired} == {one.tag for one in before}
    assert unattended(release.journal, release.service) == ""


async def test_a_way_back_knows_until_when_the_former_one_served_all(release: Release) -> None:
    await release.promote()

    first = next(one.at for one in release.records() if one.kind is Kind.INTENT)
    spans = served(release.service, release.revisions, (), release.records(), release.many())
    assert [one.until for one in spans if (one.revision, one.percent) == (NEW, 100)] == [first]


async def test_what_was_put_back_is_not_undone_into_what_was_bad(release: Release) -> None:
    before = release.service.desired

    await release.promote(on=at(Phase.BAKING, 1, lambda: setattr(release, "status", 500)))
    former = former_of(release.service, release.records(), ())

    assert former is not None
    assert former.targets == before == release.service.desired


async def test_commands_are_on_record_with_the_steps_and_not_with_the_promotion_of_them(
    release: Release,
) -> None:
    await release.promote()

    steps = [one for one in release.records() if one.kind is Kind.INTENT]
    notes = [one for one in release.records() if one.kind is Kind.NOTE]
    assert all(one.etag and one.command and one.undo_command for one in steps)
    assert {(one.etag, one.command, one.undo_command) for one in notes} == {("", "", "")}
    assert {(one.who, one.reason, one.verb, one.revision) for one in notes} == {
        (WHO, "the release", "promote", OLD)
    }


async def test_each_step_is_baked_for_the_whole_time_before_the_next(release: Release) -> None:
    await release.promote()

    lists = [one for one in release.records() if one.kind is Kind.INTENT]
    apart = [later.at - one.at for one, later in pairwise(lists)]
    assert min(apart) >= timedelta(seconds=12)


async def test_nothing_moves_when_a_probe_fails_at_0_percent(release: Release) -> None:
    release.probes = 500

    told = await release.promote()

    assert told.ending is Ending.REFUSED
    assert "Not promoted, and no traffic was moved. Probes at its own address: health" in told.sentence
    assert release.cloud.count("set_traffic") == 0
    assert release.service.annotations == ()


async def test_a_candidate_that_turns_bad_is_put_back_to_the_exact_list_within_an_interval(
    release: Release,
) -> None:
    before = release.service.desired
    turned = []

    def turn() -> None:
        release.status = 500
        turned.append(release.many())

    told = await release.promote(on=at(Phase.BAKING, 1, turn))

    assert told.ending is Ending.PUT_BACK
    assert release.service.desired == before
    assert told.sentence.startswith(f"PUT BACK. 5xx answers: {OLD} ")
    assert "95 % confidence" in told.sentence
    back = next(one for one in release.records() if one.verb == "put-back" and one.kind is Kind.INTENT)
    assert back.at - turned[0] <= timedelta(seconds=6)
    assert back.reason.startswith("5xx answers")


@pytest.mark.parametrize(
    "breach",
    [
        lambda release: setattr(release, "probes", 500),
        lambda release: setattr(release, "took", 3.0),
        lambda release: release.cloud.lists_only(
            make.entry(
                (release.many() - make.NOW).total_seconds(),
                "Uncaught signal: 11, pid=1.",
                log="system",
                severity="ERROR",
                revision=OLD,
            )
        ),
    ],
    ids=["probes", "latency", "crashes"],
)
async def test_every_gate_brings_it_back(release: Release, breach: Callable[[Release], None]) -> None:
    before = release.service.desired

    told = await release.promote(on=at(Phase.BAKING, 0, lambda: breach(release)))

    assert (told.ending, release.service.desired) == (Ending.PUT_BACK, before)


async def test_without_requests_it_holds_and_goes_on_when_they_come(release: Release) -> None:
    release.quiet = True

    def come() -> None:
        assert release.gate("requests").seen == "0 of at least 20 requests"
        release.quiet = False

    told = await release.promote(on=at(Phase.HOLDING, 0, come))

    assert told.ending is Ending.DONE


async def test_what_cannot_be_read_holds(release: Release) -> None:
    release.cloud.fail("log_page", *[ServerTrouble("Logging is out of order.")] * 12)

    def check() -> None:
        assert "Logging is out of order." in release.gate("errors").seen

    told = await release.promote(on=at(Phase.HOLDING, 0, check))

    assert told.ending is Ending.DONE


async def test_a_gate_that_holds_is_skipped_with_a_reason_that_stays_on_record(release: Release) -> None:
    release.quiet = True

    told = await release.promote(10, on=at(Phase.HOLDING, 0, lambda: release.control.skip("nobody is awake")))

    assert told.ending is Ending.DONE
    assert told.sentence == f"{OLD} was promoted: 10 %, but gates were skipped (nobody is awake)."
    assert "nobody is awake" in [one.reason for one in release.records() if one.kind is Kind.NOTE]


def test_a_skip_without_a_reason_is_refused() -> None:
    with pytest.raises(UsageProblem):
        Control().skip(" ")


async def test_a_breach_while_it_is_paused_goes_back_by_itself(release: Release) -> None:
    def pause() -> None:
        release.control.pause()
        release.status = 500

    told = await release.promote(on=at(Phase.BAKING, 0, pause))

    assert told.ending is Ending.PUT_BACK


async def test_a_pause_keeps_it_where_it_is_until_it_is_resumed(release: Release) -> None:
    waited: list[Promotion] = []

    def on(told: Promotion) -> None:
        if told.phase is Phase.BAKING and not waited:
            release.control.pause()
        if told.phase is Phase.WAITING:
            waited.append(told)
        if len(waited) == 8:
            release.control.resume()

    told = await release.promote(10, 100, on=on)

    assert told.ending is Ending.DONE
    assert {one.step for one in waited} == {0}
    assert waited[-1].left == 0


async def test_an_abort_puts_back(release: Release) -> None:
    before = release.service.desired

    told = await release.promote(on=at(Phase.BAKING, 1, release.control.abort))

    assert (told.ending, release.service.desired) == (Ending.PUT_BACK, before)
    assert told.sentence == "PUT BACK. It was given up. Tags and shares are as before."


async def test_an_abort_before_the_first_step_changes_nothing(release: Release) -> None:
    release.control.abort()

    told = await release.promote()

    assert (told.ending, release.cloud.count("set_traffic")) == (Ending.REFUSED, 0)


async def test_what_somebody_else_writes_meanwhile_stands(release: Release) -> None:
    theirs: Targets = (make.target(NEW, 70), make.target(OLD, 30, "stable"))

    told = await release.promote(
        on=at(Phase.BAKING, 1, lambda: release.change(desired=theirs, effective=theirs))
    )

    assert (told.ending, release.service.desired) == (Ending.CONFLICT, theirs)
    assert "changed by bob@example.com; what they wrote stands" in told.sentence


async def test_a_failing_gate_does_not_write_over_somebody_else_either(release: Release) -> None:
    theirs: Targets = (make.target(NEW, 70), make.target(OLD, 30, "stable"))

    def turn() -> None:
        release.probes = 500
        release.change(desired=theirs, effective=theirs)

    told = await release.promote(on=at(Phase.BAKING, 1, turn))

    assert (told.ending, release.service.desired) == (Ending.CONFLICT, theirs)


async def test_a_put_back_whose_answer_is_lost_is_tried_again(release: Release) -> None:
    before = release.service.desired

    def turn() -> None:
        release.status = 500
        release.cloud.fail("set_traffic", ServerTrouble("Out of order."))

    told = await release.promote(on=at(Phase.BAKING, 1, turn))

    assert (told.ending, release.service.desired) == (Ending.PUT_BACK, before)


async def test_a_moment_without_an_answer_is_no_reason_to_go_back(release: Release) -> None:
    def fail() -> None:
        release.cloud.fail("service", Unreachable("No answer."), Unreachable("No answer."))
        release.cloud.fail("set_traffic", Unreachable("No answer."))

    told = await release.promote(on=at(Phase.MOVING, 1, fail))

    assert told.ending is Ending.DONE
    assert release.lists == [10, 50, 100]


async def test_a_permission_that_is_lost_half_way_is_told_loudly(release: Release) -> None:
    def lose() -> None:
        release.cloud.fail("annotate", *[Denied("run.services.update is missing.")] * 9)
        release.cloud.fail("set_traffic", *[Denied("run.services.update is missing.")] * 9)

    told = await release.promote(on=at(Phase.BAKING, 0, lose))

    assert told.ending is Ending.NOT_DONE
    assert told.sentence.startswith("NOT PUT BACK. The step to 50 % did not come about:")
    assert percent_of(release) == 10


def percent_of(release: Release) -> int:
    return sum(one.percent for one in release.service.desired if one.revision == OLD)


async def test_who_leaves_leaves_the_traffic_where_it_is_and_a_later_start_tells(release: Release) -> None:
    class Left(Exception):
        pass

    def leave(told: Promotion) -> None:
        if (told.phase, told.step) == (Phase.BAKING, 1):
            raise Left

    with pytest.raises(Left):
        await release.promote(on=leave)

    assert percent_of(release) == 50
    assert "nobody watches its gates" in release.records()[-1].sentence
    assert "was left at 50 %" in unattended(release.journal, release.service)

    await release.apply(release.restore_latest())

    assert unattended(release.journal, release.service) == ""


async def test_a_refused_plan_is_the_end_of_it(release: Release) -> None:
    release.revisions = (make.revision(NEW), make.failed(OLD))

    told = await release.promote()

    assert (told.ending, told.phase) == (Ending.REFUSED, Phase.OVER)
    assert "failed" in told.sentence
    assert not release.records()


async def test_steps_that_lie_behind_are_left_out(release: Release) -> None:
    half: Targets = (make.target(NEW, 50), make.target(OLD, 50, "stable"))
    release.change(desired=half, effective=tuple(replace(one, uri="https://stable.example") for one in half))
    for _ in range(4):
        release.pour()

    told = await release.promote()

    assert (told.steps, told.ending) == ((100,), Ending.DONE)


def test_the_first_plan_tells_of_all_steps(release: Release) -> None:
    plan = first_step(release.service, release.revisions, OLD, Terms(release.many()), (10, 50, 100))

    assert plan.title == f"Promote {OLD} to 10 %"
    assert plan.also[0] == "Then 50 % -> 100 %, each when its gates have passed, or back by itself."


def lock(release: Release) -> Lock | None:
    return lock_of(release.service, release.many())


async def test_others_see_that_it_is_under_way_as_long_as_it_is(release: Release) -> None:
    locks: list[Lock | None] = []

    def on(told: Promotion) -> None:
        if told.phase in (Phase.BAKING, Phase.WAITING):
            locks.append(lock(release))
        if len(locks) == 2:
            release.control.pause()
        if len(locks) == 60:
            release.control.resume()

    release.tick = 2.5
    told = await release.promote(10, 50, on=on)

    assert told.ending is Ending.DONE
    assert release.many() - make.NOW > timedelta(minutes=5)
    assert {one and (one.verb, one.holder) for one in locks} == {(Verb.PROMOTE, WHO)}
    assert release.service.annotations == ()


async def test_somebody_else_at_work_holds_it_up_before_anything_is_done(release: Release) -> None:
    theirs = Lock(Verb.SPLIT, "bob@example.com", release.many() + timedelta(minutes=3), "0" * 12)
    annotations = tuple(lock_values(theirs).items())
    release.change(annotations=annotations)

    told = await release.promote()

    assert told.ending is Ending.REFUSED
    assert told.sentence.startswith("bob@example.com is at work on it (split), until 12:03:00 UTC")
    assert release.service.annotations == annotations
    assert release.cloud.count("annotate") == release.cloud.count("set_traffic") == 0


async def test_a_roll_back_of_somebody_else_is_not_held_up_and_stands(release: Release) -> None:
    theirs = make.target(NEW, 100), make.target(OLD, 0, "stable")
    mark = rolled_back_values(RolledBack(OLD, NEW, make.NOW, "bob@example.com"))
    done: list[Progress] = []

    async def by_bob() -> None:
        terms = Terms(release.many(), who="bob@example.com")
        plan = roll_back(release.service, release.revisions, NEW, terms)
        stream = apply(
            plan,
            reads=release.cloud,
            writes=release.cloud,
            journal=Journal(release.journal.path.with_name("bob.jsonl")),
            clock=release.many,
            sleep=release.many.sleep,
            who="bob@example.com",
        )
        done.extend([one async for one in stream])

    tasks: list[asyncio.Task[None]] = []
    begin = at(Phase.BAKING, 1, lambda: tasks.append(asyncio.create_task(by_bob())))
    told = await release.promote(on=begin)
    await tasks[0]

    assert (told.ending, done[-1].ending) == (Ending.CONFLICT, Ending.DONE)
    assert same(release.service.desired, theirs)
    assert dict(release.service.annotations).keys() == mark.keys()


async def test_who_is_put_back_is_rolled_back_as_visibly_as_before(release: Release) -> None:
    mark = RolledBack("api-00003-ccc", NEW, make.NOW - timedelta(hours=2), "bob@example.com", decided=True)
    release.change(annotations=tuple(rolled_back_values(mark).items()))
    before, meanwhile = release.service, []

    def turn() -> None:
        meanwhile.append(rolled_back_of(release.service))
        release.status = 500

    told = await release.promote(10, 100, on=at(Phase.BAKING, 1, turn))

    assert told.ending is Ending.PUT_BACK
    assert meanwhile == [None]
    assert rolled_back_of(release.service) == mark
    assert (release.service.desired, release.service.annotations) == (before.desired, before.annotations)


async def test_a_promotion_to_the_end_leaves_no_mark_of_a_roll_back(release: Release) -> None:
    mark = RolledBack("api-00003-ccc", NEW, make.NOW - timedelta(hours=2), "bob@example.com")
    release.change(annotations=tuple(rolled_back_values(mark).items()))
    for _ in range(4):
        release.pour()

    told = await release.promote(100)

    assert told.ending is Ending.DONE
    assert release.service.annotations == ()


async def test_it_tells_how_far_the_logs_reach_and_waits_for_them(release: Release) -> None:
    told = await release.promote(10)
    first = next(one.at for one in release.records() if one.kind is Kind.OUTCOME)

    assert told.logs_until is not None
    assert told.logs_until >= first + timedelta(seconds=10)


async def test_logs_that_stop_hold_it(release: Release) -> None:
    """Twenty requests come at once when the step begins, and none that tells of the rest of the bake time."""
    held: list[Promotion] = []

    def stop() -> None:
        for _ in range(6):
            release.pour()
        release.silent = True

    def on(told: Promotion) -> None:
        begin(told)
        if told.phase is Phase.HOLDING:
            held.append(told)
        if len(held) == 3:
            release.silent = False

    begin = at(Phase.BAKING, 0, stop)
    told = await release.promote(10, on=on)

    assert told.ending is Ending.DONE
    assert "the logs reach to 12:00:" in next(one for one in held[0].gates if one.name == "errors").seen


async def test_what_a_probe_proved_before_a_step_proves_nothing_in_it(release: Release) -> None:
    begun: list[Gate] = []

    await release.promote(on=lambda told: begun.append(release.gate("probes")) if told.left == 12 else None)

    assert [one.standing for one in begun] == [Standing.INCONCLUSIVE] * 3


async def test_one_stall_of_the_machine_is_no_slow_candidate(release: Release) -> None:
    def stall() -> None:
        release.took = 3.0
        for _ in range(6):
            release.pour()
        release.took = 0.02

    again: list[Promotion] = []

    def on(told: Promotion) -> None:
        begin(told)
        again.extend([told] if any("looked at again" in one.seen for one in told.gates) else [])

    begin = at(Phase.BAKING, 2, stall)
    told = await release.promote(on=on)

    assert again
    assert told.ending is Ending.DONE


async def test_a_put_back_that_nobody_saw_the_end_of_is_told_of(release: Release) -> None:
    class Left(Exception):
        pass

    def on(told: Promotion) -> None:
        if (told.phase, told.step) == (Phase.BAKING, 1):
            release.status = 500
        if told.phase is Phase.PUTTING_BACK:
            release.cloud.down(Unreachable("No answer."))
            raise Left

    with pytest.raises(Left):
        await release.promote(on=on)
    release.cloud.up()

    assert percent_of(release) == 50
    assert "was left at 50 %" in unattended(release.journal, release.service)
