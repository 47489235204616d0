"""actions: a promotion: step by step more traffic, each held behind gates, and back by itself when one fails."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from buddy_tui.actions.arithmetic import percents_of, same
from buddy_tui.actions.control import Control
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.gates import Limits
from buddy_tui.actions.promote import promote
from buddy_tui.actions.promoting import Pace, Promoting
from buddy_tui.actions.recording import Author
from buddy_tui.actions.values import Plan, Promotion, Verb
from buddy_tui.actions.watching import Watching
from buddy_tui.actions.writing import Outside
from buddy_tui.gateway import Cloud, Writes
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import Revision, Service, ServiceName
from buddy_tui.probes.values import Door
from buddy_tui.question import Question
from buddy_tui.watch import Clock, Sleep

STEPS = (10, 50, 100)


def first_step(
    service: Service, revisions: Sequence[Revision], revision: str, terms: Terms, steps: Sequence[int] = STEPS
) -> Plan:
    """Plan the first step of a promotion, which stands for all of it: what is confirmed, and refused.

    Steps that the candidate has behind it already are left out.
    """
    percents = _ahead(service, revision, steps)
    plan = promote(service, revisions, revision, percents[0], terms)
    if plan.refusal or len(percents) == 1:
        return plan
    further = " -> ".join(f"{percent} %" for percent in percents[1:])
    return replace(
        plan, also=(f"Then {further}, each when its gates have passed, or back by itself.", *plan.also)
    )


async def promotion(  # noqa: PLR0913 - what apply wants, and the pace of it
    service: Service,
    revisions: Sequence[Revision],
    revision: str,
    *,
    steps: Sequence[int] = STEPS,
    bake: float = 60.0,
    least: int = 20,
    interval: float = 5.0,
    lag: float = 5.0,
    reads: Cloud,
    writes: Writes,
    journal: Journal,
    door: Door,
    questions: Sequence[Question],
    clock: Clock,
    sleep: Sleep = asyncio.sleep,
    control: Control | None = None,
    who: str = "",
    acting: str = "",
    reason: str = "",
    terms: Terms,
) -> AsyncGenerator[Promotion, None]:
    """Promote `revision` through `steps` (percent, rising); the last Promotion has the `ending`, nothing is raised.

    Nothing moves before the probes pass at 0 %. After each step the gates are looked at every `interval` seconds:
    when all pass at the end of the `bake` time, and the logs reach to its end (they come late: `lag` seconds more are
    waited at least), the next step follows; when something is not known it holds, and looks on. A gate that fails,
    also while it is paused or holds, puts back the exact list from before, and the mark of a roll-back if it began
    with one. Somebody else's change ends it, and is left as it is. Others see its lock as long as it runs.

    Closing it, or being cancelled, leaves the traffic where it is and says so in the journal; `unattended` tells of
    it later. Needs `least` requests of the candidate in each step.
    """
    plan = first_step(service, revisions, revision, terms, steps)
    percents = _ahead(service, revision, steps)
    watching = Watching(
        service,
        revisions,
        revision,
        reads,
        door=door,
        questions=questions,
        limits=Limits(least=least),
        interval=interval,
        clock=clock,
        sleep=sleep,
    )
    told: asyncio.Queue[Promotion | None] = asyncio.Queue()
    run = Promoting(
        plan,
        Pace(percents, bake, lag, interval),
        Outside(reads, writes, clock, sleep),
        journal,
        watching,
        control or Control(),
        author=Author(who, acting, reason),
        terms=terms,
        tell=told.put_nowait,
    )
    work = asyncio.create_task(run.run())
    work.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (value := await told.get()) is not None:
            yield value
        await work
    finally:
        work.cancel()
        await asyncio.wait({work})


def unattended(journal: Journal, service: Service) -> str:
    """Tell of the last promotion of a service that nobody saw the end of, and that still has its traffic; else empty.

    One that is under way in another program is not told of. Raises Unwritable.
    """
    records = [one for one in journal.read().records if one.name == service.name]
    noted = next((one for one in reversed(records) if one.kind is Kind.NOTE and one.verb == "promote"), None)
    if noted is None or any(one.outcome for one in records if one.id == noted.id):
        return ""
    began = next(place for place, one in enumerate(records) if one.id == noted.id)
    steps = [one.after for one in records[began:] if one.kind is Kind.INTENT and one.verb == "promote"]
    if not any(same(service.desired, one) for one in steps) or not (held := journal.hold(noted.id)):
        return ""
    percent = percents_of(service.desired).get(noted.revision, 0)
    held.release()
    return (
        f"The promotion of {noted.revision} that began before was left at {percent} %: nobody watches its gates. "
        "Promote it again, or undo."
    )


def left_behind(records: Sequence[Record]) -> tuple[ServiceName, ...]:
    """Name the services whose last promotion has no end in the journal: each is asked about with `unattended`."""
    last = {one.name: one for one in records if one.kind is Kind.NOTE and one.verb == Verb.PROMOTE}
    ended = {one.id for one in records if one.outcome}
    return tuple(name for name, one in last.items() if one.id not in ended)


def _ahead(service: Service, revision: str, steps: Sequence[int]) -> tuple[int, ...]:
    """Return the steps that are not behind a candidate already; the last one in any case."""
    has = percents_of(service.desired).get(revision, 0)
    return tuple(percent for percent in steps if percent > has) or tuple(steps[-1:])
