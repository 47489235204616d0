"""Hostile text in every field that probes, a session probe, an audit and a checklist have."""

from dataclasses import replace
from datetime import timedelta

from buddy_tui.model import LogBatch, LogEntry, LogState, Trouble
from buddy_tui.probes.values import Attempt, Cell, Matrix, Refusal, Target, Verdict
from buddy_tui.question import Ask, Expect, Question
from buddy_tui.sessions.values import Audit, Hour, Kept, Ladder, Step, Survival
from buddy_tui.verify.values import Answered, Before, Checklist, Line
from tests.make import NOW
from tests.screens.incident import NAME
from tests.screens.probe_stage import Ending, on_probes, on_verify
from tests.screens.stage import NARROW, WIDE, Script, settle
from tests.screens.test_hostile import PAYLOADS, assert_tame, every_payload


def matrix(text: str) -> Matrix:
    question = Question(
        text, Ask(text, text, text, ((text, text),)), Expect(fields=((text, text),), pattern=text)
    )
    attempts = tuple(
        Attempt(at, NOW, 0.1, verdict, text, 500, text, ((text, text),), text)
        for at, verdict in enumerate(Verdict)
    )
    cells = tuple(
        Cell(text, text, verdict, 1, 2, text, 1.0, 2.0, text, text, compared=compared, attempts=attempts)
        for verdict in (None, *Verdict)
        for compared in ("", "same", "worse")
    )
    rows = (cells, tuple(replace(one, refusal=Refusal.INGRESS) for one in cells))
    targets = (Target(text, text, text, (text,), 60, reason=text, fix=text), Target("other" + text, fix=text))
    return Matrix(
        NAME,
        targets,
        (question,) * len(cells),
        rows,
        baseline=text,
        attempts=8,
        as_of=NOW,
        trouble=Trouble(text, text, 3, NOW),
    )


def ladder(text: str) -> Ladder:
    steps = tuple(
        Step(text, text, verdict, NOW, 1.0, text, (text,))
        for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.REFUSED, None)
    )
    return Ladder(
        NAME,
        text,
        text,
        text,
        steps,
        Survival.LEAKED,
        text,
        text,
        text,
        text,
        began=NOW,
        as_of=NOW,
        trouble=Trouble(text, text, 4, NOW),
    )


def audit(text: str) -> Audit:
    return Audit(
        NAME,
        text,
        (Kept(text, 3, NOW - timedelta(days=1), NOW), Kept("other" + text, 1)),
        (Hour(NOW, text, 2), Hour(NOW - timedelta(hours=400), "other" + text, 1)),
        ((NOW, text),),
        (text,),
        (text,),
        attributed=text,
        as_of=NOW,
        trouble=Trouble(text, text, 3, NOW),
    )


def checklist(text: str) -> Checklist:
    before = Before(Answered.YES, text, text, NOW)
    lines = tuple(
        Line(f"{text}{one}", text, text, one, text, text, NOW, text, text, before) for one in Answered
    )
    unvouched = Line(f"{text}-", text, text, Answered.UNKNOWN, text, text, NOW, before=before)
    trouble = Trouble(text, text, 3, NOW)
    return Checklist(NAME, text, (*lines, unvouched), as_of=NOW, trouble=trouble, keeping=text)


def logged(text: str) -> LogBatch:
    entry = LogEntry(int(NOW.timestamp() * 1e9), text, text, text, text)
    return LogBatch((entry,), state=LogState(trouble=Trouble(text, text, 3, NOW)))


async def assert_tame_everywhere(size: tuple[int, int], text: str) -> None:
    async with on_probes(
        matrix(text),
        size=size,
        session=Ending(ladder(text)),
        audit=Ending(audit(text)),
        lines=Script(logged(text)),
    ) as (app, pilot):
        for keys in (("right", "down"), ("enter", "G"), ("escape", "s"), ("escape", "a"), ("escape", "w")):
            await pilot.press(*keys)
            await settle(pilot)
            assert_tame(app)


@every_payload
async def test_hostile_answers_stay_text_in_every_pane(text: str) -> None:
    await assert_tame_everywhere(NARROW, text)


async def test_hostile_answers_stay_text_on_a_wide_screen_too() -> None:
    await assert_tame_everywhere(WIDE, " ".join(PAYLOADS.values()))


@every_payload
async def test_a_hostile_checklist_stays_text(text: str) -> None:
    made = checklist(text)
    kept = replace(made, revision=f"{text}-2", kept=True, done=True)
    unread = replace(kept, revision=f"{text}-3", lines=(), done=False)
    async with on_verify(made, kept=(kept, unread)) as (app, pilot):
        assert_tame(app)
        older = "left_square_bracket"
        for keys in (("G", "d"), ("escape", "t"), ("escape", older), ("d",), ("escape", older)):
            await pilot.press(*keys)
            await settle(pilot)
            assert_tame(app)
