"""The plan as a stream: every part side by side, trouble as data, and nothing left behind."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from buddy_tui.diagnose import Examiner
from buddy_tui.diagnose.shelf import Shelf
from buddy_tui.errors import BuddyError, Denied, ExitCode, Unreachable
from buddy_tui.gateway import Document, Place
from buddy_tui.logs import LogDesk
from buddy_tui.model import ServiceName, SourceTree
from buddy_tui.probes.values import Cell, Matrix, Refusal, Target, Verdict
from buddy_tui.question import DEFAULT_QUESTIONS, SessionPlan
from buddy_tui.sessions.climb import RUNGS
from buddy_tui.sessions.values import Ladder, Step, Survival
from buddy_tui.verify.checklist import Subject, verify
from buddy_tui.verify.outcome import outcome
from buddy_tui.verify.plan import IDS
from buddy_tui.verify.ticks import Ticks, vouched
from buddy_tui.verify.values import Answered, Checklist, Line
from tests import make
from tests.fakes import FakeReads, FakeTime

OLD = make.revision("api-00001-aaa", created=make.NOW - timedelta(days=9), source="gs://b/1.zip#1")
NEW = make.revision(
    "api-00002-bbb", created=make.NOW - timedelta(hours=2), source="gs://b/2.zip#1", conditions=()
)
FILES = ("Back_End/__init__.py", "Back_End/main.py", "Dockerfile")
QUESTIONS = DEFAULT_QUESTIONS[:3]
SERVICE = make.service(effective=(make.target(NEW.name, 100),), desired=(make.target(NEW.name, 100),))


def cells(verdict: Verdict = Verdict.PASS, refusal: Refusal | None = None) -> tuple[Cell, ...]:
    return tuple(
        Cell(NEW.name, one.name, verdict, 8, 8, "8 of 8", reason="Refused.", refusal=refusal)
        for one in QUESTIONS
    )


async def matrices(*rows: tuple[Cell, ...]) -> AsyncGenerator[Matrix, None]:
    for at, row in enumerate(rows, 1):
        yield Matrix(
            make.NAME, (Target(NEW.name),), QUESTIONS, (row,), attempts=8, as_of=make.NOW, done=at == len(rows)
        )  # fmt: skip


async def ladders(survival: Survival = Survival.PERSISTED) -> AsyncGenerator[Ladder, None]:
    steps = tuple(Step(name, name, Verdict.PASS, make.NOW, 0.1, "Found.") for name, _ in RUNGS)
    yield Ladder(make.NAME, NEW.name, steps=steps[:2])
    yield Ladder(make.NAME, NEW.name, steps=steps, survival=survival, reason="It is there.", as_of=make.NOW)


def healthy() -> FakeReads:
    cloud = FakeReads()
    cloud.put(SERVICE, NEW, OLD)
    cloud.trees = {one.source: SourceTree(one.source, FILES) for one in (NEW, OLD)}
    cloud.lists_only(
        *(make.entry(-7195 + at, text, revision=NEW.name) for at, text in enumerate((
            "INFO:     Started server process [1]",
            "INFO:     Application startup complete.",
            "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
        ))),
        *(make.entry(-at, f"{text} /{at}", log="requests", revision=NEW.name) for at, text in enumerate(["GET 200 1ms"] * 100, 1)),
        make.entry(-200, "GET 200 1ms /system/health", log="requests", revision=NEW.name),
        make.entry(-201, "POST 201 9ms /sessions", log="requests", revision=NEW.name),
        make.entry(-202, "GET 200 1ms /sessions/8f2c", log="requests", revision=NEW.name),
    )  # fmt: skip
    cloud.keep(Document(Place("acme-prod"), "sessions/1", {"created": make.NOW, "revision": OLD.name}))
    return cloud


def begun(
    cloud: FakeReads,
    asked: AsyncGenerator[Matrix, None] | None = None,
    climbed: AsyncGenerator[Ladder, None] | None = None,
    ticks: Ticks | None = None,
) -> AsyncGenerator[Checklist, None]:
    time = FakeTime()
    desk = LogDesk(cloud, "acme-prod", clock=time, sleep=time.sleep)
    return verify(
        Subject(SERVICE, (NEW, OLD), NEW, SessionPlan()),
        cloud=cloud,
        examiner=Examiner(desk, cloud, clock=time),
        shelf=Shelf(cloud, lambda _: None, time),
        clock=time,
        matrices=asked or matrices(cells()),
        ladders=climbed or ladders(),
        ticks=ticks,
    )


async def ended(stream: AsyncGenerator[Checklist, None]) -> Checklist:
    return [checklist async for checklist in stream][-1]


def lines(checklist: Checklist) -> dict[str, Line]:
    return {line.id: line for line in checklist.lines}


async def test_a_release_that_is_good_in_everything_is_yes_in_every_line() -> None:
    told = await ended(begun(healthy()))

    assert {line.id: line.answered for line in told.lines} == dict.fromkeys(IDS, Answered.YES)
    assert all(line.evidence and line.source and line.at for line in told.lines)
    assert (told.revision, told.done, told.trouble, outcome(told)) == (NEW.name, True, None, ExitCode.OK)


async def test_lines_are_answered_one_after_the_other_and_the_last_value_alone_is_done() -> None:
    told = [checklist async for checklist in begun(healthy())]

    assert [one.done for one in told] == [False] * (len(told) - 1) + [True]
    assert lines(told[0])["all-traffic"].answered is Answered.YES
    left = [sum(line.answered is Answered.PENDING for line in one.lines) for one in told]
    assert (left[0], left[-1]) == (13, 0)
    assert left == sorted(left, reverse=True)


@pytest.mark.parametrize(
    ("method", "gone"),
    [
        ("source_tree", {"deploys-from-root"}),
        ("documents", {"no-data-loss"}),
        ("count_documents", {"no-data-loss"}),
        ("log_page", {"boots", "error-rate", "session-logs", "monitor-fed"}),
    ],
)
@pytest.mark.parametrize(
    ("error", "code"),
    [(Denied("You may not.", "Ask."), ExitCode.NOT_ALLOWED), (Unreachable("No answer."), 3)],
)
async def test_what_cannot_be_looked_at_is_unknown_with_the_reason(
    method: str, gone: set[str], error: BuddyError, code: int
) -> None:
    cloud = healthy()
    cloud.fail(method, *[error] * 9)

    told = await ended(begun(cloud))

    assert {line.id for line in told.lines if line.answered is not Answered.YES} == gone
    for line in told.lines:
        if line.id in gone:
            assert (line.answered, str(error) in line.evidence) == (Answered.UNKNOWN, True)
    assert told.trouble is not None
    assert outcome(told) == code


async def test_a_missing_permission_outweighs_an_earlier_trouble() -> None:
    cloud = healthy()
    cloud.fail("source_tree", *[Unreachable("No answer.")] * 2)

    told = await ended(begun(cloud, matrices(cells(Verdict.REFUSED, Refusal.NOT_INVOKER))))

    assert told.trouble is not None
    assert (told.trouble.sentence, outcome(told)) == ("Refused.", ExitCode.NOT_ALLOWED)


async def test_a_line_that_does_not_hold_outweighs_what_is_not_known() -> None:
    cloud = healthy()
    cloud.fail("documents", Denied("You may not."))

    assert outcome(await ended(begun(cloud, climbed=ladders(Survival.NOT_STORED)))) is ExitCode.PROBLEM_FOUND


async def test_a_stream_that_ends_early_leaves_no_line_open() -> None:
    async def nothing() -> AsyncGenerator[Matrix, None]:
        return
        yield

    told = await ended(begun(healthy(), nothing()))

    assert lines(told)["endpoints"].answered is Answered.UNKNOWN
    assert lines(told)["endpoints"].evidence == "It ended without an answer."


async def test_a_bug_of_ours_is_raised_and_the_other_parts_end() -> None:
    cloud = healthy()
    cloud.fail("count_documents", ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        await ended(begun(cloud))


class Endless:
    """A stream that never ends, and tells whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def matrices(self) -> AsyncGenerator[Matrix, None]:
        try:
            async for matrix in matrices(cells(), cells()):
                yield replace(matrix, done=False)
            await FakeReads().hold("").wait()
        finally:
            self.closed = True


@pytest.mark.parametrize("steps", [0, 1, 5])
async def test_whenever_it_is_closed_its_streams_are_closed(steps: int) -> None:
    endless = Endless()
    stream = begun(healthy(), endless.matrices())

    async with aclosing(stream):
        for _ in range(steps):
            await anext(stream)

    if steps > 1:
        assert endless.closed


async def test_a_tick_answers_what_is_unknown_and_stands_beside_what_was_seen(tmp_path: Path) -> None:
    cloud = healthy()
    cloud.fail("count_documents", Unreachable("No answer."))
    ticks = Ticks(make.NAME, tmp_path)
    for line in ("no-data-loss", "in-firestore"):
        ticks.keep(NEW.name, vouched(line, "alice", "Looked it up.", make.NOW))

    told = lines(await ended(begun(cloud, climbed=ladders(Survival.NOT_STORED), ticks=ticks)))

    assert (told["no-data-loss"].answered, told["no-data-loss"].by) == (Answered.BY_HAND, "alice")
    assert (told["in-firestore"].answered, told["in-firestore"].note) == (Answered.NO, "Looked it up.")


async def test_ticks_that_cannot_be_read_are_told_and_hold_nothing_up(tmp_path: Path) -> None:
    ticks = Ticks(make.NAME, tmp_path)
    ticks.path(NEW.name).write_text("{")

    told = await ended(begun(healthy(), ticks=ticks))

    assert told.trouble is not None
    assert "cannot be read" in told.trouble.sentence
    assert outcome(told) is ExitCode.OK


def checklist(*answers: Answered) -> Checklist:
    name = ServiceName("p", "r", "s")
    return Checklist(
        name, "x", tuple(Line(str(at), "", "", one) for at, one in enumerate(answers)), done=True
    )


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((Answered.YES, Answered.BY_HAND), 0),
        ((Answered.YES, Answered.NO, Answered.UNKNOWN), 1),
        ((Answered.YES, Answered.UNKNOWN), 3),
        ((Answered.YES, Answered.PENDING), 3),
    ],
)
def test_the_exit_code_is_that_of_the_worst_line(answers: tuple[Answered, ...], code: int) -> None:
    assert outcome(checklist(*answers)) == code
