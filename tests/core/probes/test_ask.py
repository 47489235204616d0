"""Questions x revisions: a matrix that fills as answers come, and says no more than was seen."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from buddy_tui.errors import ExitCode, NotFound, UsageProblem
from buddy_tui.model import RevisionState, Service
from buddy_tui.probes import ask, outcome
from buddy_tui.probes.ask import AT_ONCE
from buddy_tui.probes.values import Answer, Cell, Matrix, Refusal, Target, Verdict, Visit
from buddy_tui.question import Ask, Question
from tests import make
from tests.fakes import FakeDoor, FakeTime, settle

STABLE, CANARY = "api-00041-kub", "api-00042-xez"
REVISIONS = (make.revision(CANARY), make.revision(STABLE))
HEALTH = Question("health", Ask("GET", "/health"))
SYSTEM = Question("system health", Ask("GET", "/system/health"))
CHAT = Question("chat", Ask("POST", "/chat", "{}"))

Reply = Callable[[Target, Ask, int], Answer]


def service(*revisions: str) -> Service:
    """Return a service in which the first of the revisions serves, and each has a tag."""
    return make.service(
        effective=tuple(
            make.target(one, 0 if at else 100, f"tag-{at}", f"https://tag-{at}---api.run.app")
            for at, one in enumerate(revisions or (STABLE, CANARY))
        )
    )


def said(status: int = 200, **over: Any) -> Answer:  # noqa: ANN401 - any field of Answer
    return replace(Answer(make.NOW, 0.02, status, trace="a" * 32), **over)


def door(reply: Reply) -> FakeDoor:
    """Return a door whose services are asked with how often the same was asked of that revision, from 0."""
    times = Counter[tuple[str, str]]()

    def answer(_visitor: int, target: Target, what: Ask) -> Answer:
        times[target.revision, what.path] += 1
        return reply(target, what, times[target.revision, what.path] - 1)

    return FakeDoor(answer)


def by_revision(**statuses: int) -> Reply:
    """Answer with a status: `canary` and `stable`, 200 by default."""
    return lambda target, *_: said(statuses.get("canary" if target.revision == CANARY else "stable", 200))


async def matrices(
    through: FakeDoor,
    questions: Sequence[Question] = (HEALTH,),
    **over: Any,  # noqa: ANN401 - any argument of ask
) -> list[Matrix]:
    at = over.pop("service", service())
    time = FakeTime()
    given = {"clock": time, "sleep": time.sleep, "attempts": 3, **over}
    async with aclosing(ask(at, REVISIONS, questions, through, **given)) as stream:
        return [one async for one in stream]


async def last(
    through: FakeDoor,
    questions: Sequence[Question] = (HEALTH,),
    **over: Any,  # noqa: ANN401 - any argument of ask
) -> Matrix:
    return (await matrices(through, questions, **over))[-1]


def cell(matrix: Matrix, revision: str, question: Question = HEALTH) -> Cell:
    return next(
        one
        for row in matrix.cells
        for one in row
        if (one.revision, one.question) == (revision, question.name)
    )


async def test_the_first_matrix_is_empty_and_the_last_one_says_that_it_is() -> None:
    first, *_, end = await matrices(door(by_revision()), (HEALTH, SYSTEM))

    assert [one.verdict for row in first.cells for one in row] == [None] * 4
    assert (first.done, first.attempts, first.baseline) == (False, 3, STABLE)
    assert [one.revision for one in first.targets] == [STABLE, CANARY]
    assert [one.verdict for row in end.cells for one in row] == [Verdict.PASS] * 4
    assert (end.done, end.round) == (True, 1)
    assert outcome(end) is ExitCode.OK


async def test_a_good_cell_says_what_was_proved_and_how_fast() -> None:
    def reply(_target: Target, _what: Ask, time: int) -> Answer:
        return said(took=(9.0, 0.01, 0.03, 0.02)[time])  # the first one wakes it up

    got = cell(await last(door(reply)), CANARY)

    assert (got.passed, got.tried) == (3, 3)
    assert got.bound == "3 of 3: fewer than 56 % of requests fail, 95 % confidence"
    assert (got.p50_ms, got.p95_ms) == (20.0, 30.0)
    assert [(one.number, one.took) for one in got.attempts] == [(0, 9.0), (1, 0.01), (2, 0.03), (3, 0.02)]


async def test_each_revision_is_woken_once_with_patience_and_not_by_what_changes_something() -> None:
    patience = dict[tuple[str, int], float]()
    through = door(by_revision())
    unpatient = through.visit

    def visit() -> Visit:
        inner = unpatient()

        class Timed:
            async def send(self, target: Target, what: Ask, *, timeout: float) -> Answer:  # noqa: ASYNC109 - a Visit
                patience[target.revision, len(through.asked)] = timeout
                return await inner.send(target, what, timeout=timeout)

            async def close(self) -> None:
                await inner.close()

        return Timed()

    through.visit = visit  # type: ignore[assignment,method-assign]
    await last(through, (CHAT, HEALTH))

    asked = Counter((revision, what.path) for _, revision, what in through.asked)
    assert asked == {
        (one, path): 3 + (path == "/health") for one in (STABLE, CANARY) for path in ("/chat", "/health")
    }
    assert sorted(patience.values())[-2:] == [70.0, 70.0]
    assert sorted(patience.values())[-3] == 10.0


async def test_a_revision_whose_port_is_bound_and_that_is_not_ready_yet_is_told_so_and_not_failed() -> None:
    def reply(_target: Target, _what: Ask, time: int) -> Answer:
        return said(200 if time else 503)

    got = cell(await last(door(reply)), CANARY)

    assert (got.verdict, got.passed, got.tried) == (Verdict.PASS, 3, 3)
    assert got.reason == (
        "the first request, which is not counted, failed: 503 Service Unavailable, expected 200 to 299"
    )


async def test_no_request_is_repeated_and_one_that_fails_fails_the_cell() -> None:
    through = door(lambda target, _what, time: said(500 if (target.revision, time) == (CANARY, 2) else 200))

    end = await last(through)

    got = cell(end, CANARY)
    assert (got.verdict, got.passed, got.tried, got.compared) == (Verdict.FAIL, 2, 3, "worse")
    assert got.reason == "500 Internal Server Error, expected 200 to 299 (1 of 3)"
    assert len(through.asked) == 2 * (1 + 3)
    assert outcome(end) is ExitCode.PROBLEM_FOUND


async def test_what_fails_on_the_serving_revision_too_is_not_this_release() -> None:
    end = await last(door(by_revision(canary=503, stable=503)), (SYSTEM,))

    assert cell(end, CANARY, SYSTEM).compared == "same"
    assert cell(end, CANARY, SYSTEM).reason == (
        "503 Service Unavailable, expected 200 to 299; /system/health fails on both: not this release"
    )
    assert cell(end, STABLE, SYSTEM).compared == ""


async def test_a_flaw_that_the_serving_revision_shows_seldom_excuses_no_broken_one() -> None:
    def reply(target: Target, _what: Ask, time: int) -> Answer:
        return said(503 if target.revision == CANARY or time == 1 else 200)

    got = cell(await last(door(reply), attempts=20), CANARY)

    assert got.compared == "worse"
    assert "fails less often" in got.reason


@pytest.mark.parametrize("status", [404, 405])
async def test_a_path_that_we_made_up_and_nobody_has_is_not_offered(status: int) -> None:
    assumed = replace(SYSTEM, assumed=True)

    def reply(_target: Target, what: Ask, _time: int) -> Answer:
        return said(status if what.path == "/system/health" else 200)

    seen = await matrices(door(reply), (HEALTH, assumed))

    got = cell(seen[-1], CANARY, assumed)
    assert (got.verdict, got.reason, got.bound) == (
        Verdict.NOT_OFFERED,
        "/system/health is not offered",
        "",
    )
    assert Verdict.FAIL not in {one.verdict for matrix in seen for row in matrix.cells for one in row}
    assert outcome(seen[-1]) is ExitCode.OK


async def test_a_path_that_somebody_configured_fails_when_it_is_not_there() -> None:
    assert cell(await last(door(by_revision(canary=404, stable=404))), CANARY).verdict is Verdict.FAIL


async def test_a_path_that_the_release_lost_fails() -> None:
    end = await last(door(by_revision(canary=404)), (replace(HEALTH, assumed=True),))

    assert (cell(end, CANARY).verdict, cell(end, CANARY).compared) == (Verdict.FAIL, "worse")
    assert outcome(end) is ExitCode.PROBLEM_FOUND


async def test_nothing_offered_at_all_is_no_health() -> None:
    end = await last(door(by_revision(canary=404, stable=404)), (replace(HEALTH, assumed=True),))

    assert outcome(end) is ExitCode.RETRYABLE


async def test_a_request_that_is_not_let_in_is_named_asked_no_more_and_no_failure() -> None:
    shut = said(403, refusal=Refusal.NOT_INVOKER, reason="bot may not send requests.", fix="gcloud …")
    through = door(lambda target, *_: shut if target.revision == CANARY else said())

    end = await last(through)

    got = cell(end, CANARY)
    assert (got.verdict, got.refusal, got.tried) == (Verdict.REFUSED, Refusal.NOT_INVOKER, 0)
    assert (got.reason, got.fix) == ("bot may not send requests.", "gcloud …")
    assert [revision for _, revision, _ in through.asked].count(CANARY) == 2
    assert outcome(end) is ExitCode.NOT_ALLOWED


async def test_a_target_that_is_refused_beforehand_is_sent_nothing() -> None:
    failed = make.revision(CANARY, state=RevisionState.FAILED, reason="HealthCheckContainerError")
    through = door(by_revision())
    time = FakeTime()
    stream = ask(service(), (failed, REVISIONS[1]), (HEALTH,), through, clock=time, sleep=time.sleep)

    first, *_, end = [one async for one in stream]

    assert cell(first, CANARY).verdict is Verdict.REFUSED
    assert (cell(end, CANARY).refusal, cell(end, CANARY).reason) == (
        Refusal.NOT_RUNNING,
        f"{CANARY} failed: did not start.",
    )
    assert {revision for _, revision, _ in through.asked} == {STABLE}
    assert outcome(end, [CANARY]) is ExitCode.RETRYABLE
    assert outcome(end, [STABLE]) is ExitCode.OK


async def test_our_own_trouble_is_no_evidence_and_too_little_is_no_pass() -> None:
    ours = said(0, trouble="the name api is not known", ours=True)
    through = door(lambda target, _what, time: ours if (target.revision, time) == (CANARY, 2) else said())

    end = await last(through)

    got = cell(end, CANARY)
    assert (got.verdict, got.passed, got.tried) == (Verdict.INCONCLUSIVE, 2, 2)
    assert got.reason == "only 2 of 3 attempts count: the name api is not known (1 of 3)"
    assert outcome(end) is ExitCode.RETRYABLE


async def test_a_failure_beats_what_is_not_known() -> None:
    ours = said(0, trouble="no route", ours=True)
    end = await last(door(lambda _target, _what, time: (said(), ours, said(500), said())[time]))

    assert cell(end, CANARY).verdict is Verdict.FAIL


async def test_answers_that_did_not_come_have_no_latency() -> None:
    late = said(0, took=10.0, trouble="no answer within 10 s")
    got = cell(await last(door(lambda _target, _what, time: late if time == 2 else said())), CANARY)

    assert (got.p50_ms, got.p95_ms) == (20.0, 20.0)
    assert cell(await last(door(lambda *_: late)), CANARY).p50_ms is None


async def test_of_one_answer_nobody_says_how_slow_the_slowest_are() -> None:
    got = cell(await last(door(by_revision()), attempts=1), CANARY)

    assert (got.p50_ms, got.p95_ms) == (20.0, None)


async def test_where_the_serving_revision_cannot_be_asked_nothing_is_compared() -> None:
    at = make.service(
        effective=(make.target(STABLE, 100), make.target(CANARY, 0, "c", "https://c---api.run.app"))
    )

    end = await last(door(by_revision(canary=500)), service=at)

    assert end.baseline == ""
    assert cell(end, STABLE).refusal is Refusal.NO_ADDRESS
    assert (cell(end, CANARY).verdict, cell(end, CANARY).compared) == (Verdict.FAIL, "")


async def test_a_service_with_nobody_to_ask_says_so() -> None:
    (only,) = await matrices(door(by_revision()), service=make.service(effective=()))

    assert (only.done, only.targets) == (True, ())
    assert only.trouble is not None
    assert "nobody to ask" in only.trouble.sentence
    assert outcome(only) is ExitCode.RETRYABLE


async def test_what_is_wrong_with_a_question_is_told_before_anything_is_sent() -> None:
    through = door(by_revision())
    bad = Question("x", Ask("GET", "/", headers=(("X-Key", "${BUDDY_NO_SUCH}"),)))

    with pytest.raises(UsageProblem, match="BUDDY_NO_SUCH"):
        await last(through, (HEALTH, bad))
    with pytest.raises(NotFound):
        await last(through, wanted=["api-00099-xxx"])
    assert through.asked == []


class HeldDoor(FakeDoor):
    """A door behind which nobody answers until `go` is set; `most` visitors were there at once."""

    def __init__(self) -> None:
        super().__init__(lambda *_: said())
        self.go = asyncio.Event()
        self.under_way = self.most = self.most_visits = 0

    async def send(self, visitor: int, target: Target, ask: Ask) -> Answer:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.most_visits = max(self.most_visits, self.open_visits)
        try:
            await self.go.wait()
            return await super().send(visitor, target, ask)
        finally:
            self.under_way -= 1


async def test_few_requests_are_under_way_at_once_and_those_of_a_cell_one_after_another() -> None:
    names = [f"api-{at:05d}-aaa" for at in range(20)]
    through, time = HeldDoor(), FakeTime()
    revisions = tuple(make.revision(one) for one in names)
    stream = ask(service(*names), revisions, (HEALTH, SYSTEM), through, clock=time, sleep=time.sleep)

    async with aclosing(stream) as seen:
        await anext(seen)
        coming = asyncio.ensure_future(anext(seen))
        await settle()
        assert through.most == AT_ONCE
        through.go.set()
        await coming
        end = [one async for one in seen][-1]

    assert (through.most, through.most_visits, through.open_visits) == (AT_ONCE, AT_ONCE, 0)
    assert {one.verdict for row in end.cells for one in row} == {Verdict.PASS}
    assert len(through.asked) == 20 * (1 + 2 * 8)


async def test_only_one_request_begins_in_each_turn_of_the_event_loop_so_that_keys_have_theirs() -> None:
    turn, begun = 0, Counter[int]()

    def answered(*_: object) -> Answer:
        begun[turn] += 1
        return said()

    names = [f"api-{at:05d}-aaa" for at in range(AT_ONCE)]
    time, revisions = FakeTime(), tuple(make.revision(one) for one in names)
    stream = ask(
        service(*names), revisions, (HEALTH,), FakeDoor(answered), clock=time, sleep=time.sleep, attempts=5
    )
    asking = asyncio.create_task(followed(stream))
    while not asking.done():
        await asyncio.sleep(0)
        turn += 1

    assert begun.total() == len(names) * (1 + 5)
    assert max(begun.values()) == 1


async def followed(stream: AsyncGenerator[Matrix, None]) -> None:
    async with aclosing(stream) as seen:
        async for _ in seen:
            pass


@pytest.mark.parametrize("after", [0, 1, 4])
async def test_closing_it_at_any_moment_leaves_no_task_and_no_visitor_behind(after: int) -> None:
    through, time = HeldDoor(), FakeTime()
    through.go.set()
    before = asyncio.all_tasks()
    stream = ask(service(), REVISIONS, (HEALTH, SYSTEM), through, clock=time, sleep=time.sleep, pause=1.0)

    await anext(stream)
    for _ in range(after):
        await anext(stream)
    through.go.clear()
    await settle()
    await stream.aclose()

    assert asyncio.all_tasks() == before
    assert (through.open_visits, through.under_way) == (0, 0)


async def test_cancelling_whoever_follows_it_ends_it_too() -> None:
    through = HeldDoor()

    async def follow() -> None:
        async with aclosing(ask(service(), REVISIONS, (HEALTH,), through, clock=FakeTime())) as stream:
            async for _ in stream:
                pass

    before = asyncio.all_tasks()
    following = asyncio.create_task(follow())
    await settle()
    assert through.under_way == 2
    following.cancel()
    await asyncio.wait({following})

    assert asyncio.all_tasks() == before
    assert through.open_visits == 0


async def test_a_bug_is_raised_and_nothing_goes_on() -> None:
    def broken(*_: object) -> Answer:
        raise ZeroDivisionError

    through = FakeDoor(broken)

    with pytest.raises(ZeroDivisionError):
        await last(through)
    assert through.open_visits == 0


async def test_rounds_go_on_with_one_attempt_each_and_a_cell_keeps_the_last_ones() -> None:
    through, time = door(lambda _target, _what, time: said(500 if time == 1 else 200)), FakeTime()
    stream = ask(
        service(STABLE), REVISIONS, (HEALTH,), through, clock=time, sleep=time.sleep, attempts=3, pause=7.0
    )

    async with aclosing(stream) as seen:
        async for matrix in seen:
            got = cell(matrix, STABLE)
            assert matrix.done is False
            assert got.verdict is (Verdict.FAIL if 0 < got.tried < 120 else got.verdict)
            if matrix.round == 150:
                break

    assert len([one for one in got.attempts if one.number]) == got.tried == 120
    assert (got.verdict, got.attempts[-1].number) == (Verdict.PASS, 152)
    assert time.slept.count(7.0) >= 149


async def test_who_is_let_in_later_is_asked_again_in_the_next_round() -> None:
    shut = said(403, refusal=Refusal.NOT_INVOKER, reason="not yet")
    through, time = door(lambda _target, _what, time: shut if time < 3 else said()), FakeTime()
    stream = ask(
        service(STABLE), REVISIONS, (HEALTH,), through, clock=time, sleep=time.sleep, attempts=2, pause=1.0
    )

    verdicts = list[Verdict | None]()
    async with aclosing(stream) as seen:
        async for matrix in seen:
            verdicts.append(cell(matrix, STABLE).verdict)
            if verdicts[-1] is Verdict.PASS:
                break

    assert list(dict.fromkeys(verdicts)) == [None, Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.PASS]


async def test_news_come_in_few_matrices() -> None:
    names = [f"api-{at:05d}-aaa" for at in range(10)]
    through, time = door(by_revision()), FakeTime()
    revisions = tuple(make.revision(one) for one in names)

    seen = [
        one
        async for one in ask(
            service(*names), revisions, (HEALTH, SYSTEM), through, clock=time, sleep=time.sleep
        )
    ]

    assert len(through.asked) == 10 * (1 + 2 * 8)
    assert 0.1 in time.slept
    assert len(seen) <= len(time.slept) + 2
