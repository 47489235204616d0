"""sessions: the session probe of one revision, rung by rung."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from buddy_tui.errors import BuddyError, Unwritable
from buddy_tui.gateway import Writes
from buddy_tui.model import Revision, RevisionState, Service
from buddy_tui.probes.targets import targets_of
from buddy_tui.probes.values import Door, Target, Verdict
from buddy_tui.question import SessionPlan
from buddy_tui.sessions import ending, rungs
from buddy_tui.sessions.fill import fresh_mark
from buddy_tui.sessions.judge import judge
from buddy_tui.sessions.marks import folder, hold
from buddy_tui.sessions.rungs import Told
from buddy_tui.sessions.session import Clock, Outside, Routes, Session, SessionReads, Sleep
from buddy_tui.sessions.sweep import sweep
from buddy_tui.sessions.values import Ladder, Step, Survival
from buddy_tui.traffic import truth

RUNGS: tuple[tuple[str, Callable[[Session], Awaitable[Told]]], ...] = (
    ("create", rungs.create),
    ("reopen", rungs.reopen),
    ("firestore", rungs.firestore),
    ("together", rungs.together),
    ("across", rungs.across),
    ("other", rungs.further),
    ("delete", ending.delete),
    ("gone", ending.gone),
)
_NOT_TRIED = "not tried"

# The loop itself holds tasks weakly, and these outlive whoever has closed the generator.
_ending: set[asyncio.Task[None]] = set()


async def climb(  # noqa: PLR0913 - what is asked, and everything that is outside
    service: Service,
    revisions: Sequence[Revision],
    plan: SessionPlan,
    revision: str,
    *,
    door: Door,
    cloud: SessionReads,
    writes: Writes | None,
    clock: Clock,
    marks: Path | None = None,
    sleep: Sleep = asyncio.sleep,
) -> AsyncGenerator[Ladder, None]:
    """Make a session through `revision`, follow it, remove it, and yield the ladder as it fills; the last has a verdict.

    First what earlier probes left behind is swept. Whenever this one is closed or cancelled, what it made is removed
    before it ends; where that fails, and after a kill, the next one's sweep does it. `marks` is the folder of the
    notes that this takes (none: our own). Without `writes` nothing is sent at all.
    """
    ladder = Ladder(service.name, revision, began=clock(), as_of=clock())
    try:
        routes = _routes(service, tuple(revisions), revision)
    except BuddyError as error:
        yield _refused(ladder, str(error), error.hint)
        return
    ladder = replace(
        ladder,
        serving=routes.serving.revision if routes.serving else "",
        other=routes.further.revision if routes.further else "",
        steps=_steps(plan, routes),
    )
    if writes is None:
        yield _refused(ladder, "Read-only: a session probe makes a session and deletes it again.")
        return
    if routes.own.refusal is not None:
        refused = _refused(ladder, routes.own.reason or str(routes.own.refusal), routes.own.fix)
        yield replace(refused, refusal=routes.own.refusal)
        return
    yield ladder
    swept = await sweep(cloud, writes, door, clock=clock, name=service.name, plan=plan, marks=marks)
    ladder = replace(ladder, swept=swept, as_of=clock())
    mark = fresh_mark()
    try:
        held = hold(marks or folder(), mark)
    except Unwritable as error:
        yield _refused(ladder, str(error), error.hint)
        return
    session = Session(service.name, plan, routes, Outside(door, cloud, writes, clock, sleep), held, mark)
    try:
        for at, (_, rung) in enumerate(_rungs(routes)):
            ladder = _began(ladder, at, clock())
            yield ladder
            told = await rung(session)
            ladder = _told(ladder, at, told, clock())
            yield ladder
            if told.over:
                break
        await ending.clear(session)
        yield _judged(ladder, session, clock())
    except Unwritable as error:
        await ending.clear(session)
        yield replace(_refused(ladder, str(error), error.hint), left=session.left)
    finally:
        await _end(session)


async def _end(session: Session) -> None:
    """Clear up, whoever cancels meanwhile, and let go of the marker."""

    async def end() -> None:
        try:
            await ending.clear(session)
        finally:
            session.held.release()

    task = asyncio.get_running_loop().create_task(end())
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    await asyncio.shield(task)


def _routes(service: Service, revisions: tuple[Revision, ...], revision: str) -> Routes:
    """Choose whom to ask: as the serving one, whichever else has most traffic. Raises NotFound: no such revision."""
    shares = truth(service, revisions).effective
    serving = next((one.revision for one in shares if one.percent and one.revision not in {"", revision}), "")
    asked = (revision, serving) if serving else (revision,)
    targets = {one.revision: one for one in targets_of(service, revisions, asked)}
    known = {one.name: one for one in revisions}
    return Routes(
        targets[revision],
        account=known[revision].service_account if revision in known else "",
        serving=targets.get(serving),
        further=_further(service, revisions, asked),
    )


def _further(service: Service, revisions: Sequence[Revision], asked: tuple[str, ...]) -> Target | None:
    """Choose one more that is ready and can be asked: one that has traffic, else the one to go back to, else the newest.

    One goes back to the newest that is older than the probed revision, the first of `asked`; `revisions` are newest
    first.
    """
    targets = {one.revision: one for one in targets_of(service, revisions) if one.refusal is None}
    ready = [one.name for one in revisions if one.state is RevisionState.READY and one.name not in asked]
    others = [targets[name] for name in ready if name in targets]
    names = [one.name for one in revisions]
    older = names[names.index(asked[0]) :] if asked[0] in names else []
    matters = (lambda one: one.percent > 0, lambda one: one.revision in older, lambda _: True)
    return next((one for matter in matters for one in others if matter(one)), None)


def _rungs(routes: Routes) -> tuple[tuple[str, Callable[[Session], Awaitable[Told]]], ...]:
    """Return the rungs that there are: where the probed revision alone serves, nothing is to be read across."""
    return tuple(rung for rung in RUNGS if rung[0] != "across" or routes.serving)


def _steps(plan: SessionPlan, routes: Routes) -> tuple[Step, ...]:
    serving = routes.serving.revision if routes.serving else ""
    titles = {
        "create": "create a session",
        "reopen": "open it again: fresh connection, no cookies",
        "firestore": "read it straight from Firestore",
        "together": f"{plan.reads} reads at once over separate connections",
        "across": f"read it through {serving}, which serves",
        "other": f"read it through {routes.further.revision if routes.further else 'one more revision'}",
        "delete": "delete it",
        "gone": "gone from Firestore too",
    }
    return tuple(Step(name, titles[name]) for name, _ in _rungs(routes))


def _began(ladder: Ladder, at: int, now: datetime) -> Ladder:
    return _with(ladder, at, replace(ladder.steps[at], began=now), now)


def _told(ladder: Ladder, at: int, told: Told, now: datetime) -> Ladder:
    step = ladder.steps[at]
    took = (now - step.began).total_seconds() if step.began else 0.0
    filled = replace(step, verdict=told.verdict, took=took, reason=told.reason, traces=told.traces)
    return _with(ladder, at, filled, now)


def _with(ladder: Ladder, at: int, step: Step, now: datetime) -> Ladder:
    return replace(ladder, steps=(*ladder.steps[:at], step, *ladder.steps[at + 1 :]), as_of=now)


def _judged(ladder: Ladder, session: Session, now: datetime) -> Ladder:
    verdict = judge(session.seen)
    return replace(
        ladder,
        steps=_closed(ladder.steps),
        survival=verdict.survival,
        reason=verdict.reason,
        fix=verdict.fix,
        left=session.left,
        as_of=now,
    )


def _refused(ladder: Ladder, reason: str, fix: str = "") -> Ladder:
    return replace(ladder, steps=_closed(ladder.steps), survival=Survival.REFUSED, reason=reason, fix=fix)


def _closed(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Say of the steps that nobody came to that they were not tried."""
    return tuple(
        step if step.verdict else replace(step, verdict=Verdict.INCONCLUSIVE, reason=_NOT_TRIED)
        for step in steps
    )
