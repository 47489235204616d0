"""actions: the one mechanism that changes a service. A plan goes in, steps come out, and the end is read back.

check    the service is still what the plan was made from; a way back leaves that to Cloud Run, which refuses a write
         that is bound to a version that is no more
intent   what will be done is in the journal before anything is done
lock     others see that somebody is at work; a way back takes none
write    the traffic list is asked for, bound to the version that was seen
settle   it is read back until what was asked for is effective
mark     the lock goes; that the service was rolled back is noted on it, or that it is no more
record   what became of it is in the journal
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from buddy_tui.actions.changing import Change
from buddy_tui.actions.decide import Decision
from buddy_tui.actions.recording import Author
from buddy_tui.actions.values import Plan, Progress, Verb
from buddy_tui.actions.writing import Outside
from buddy_tui.gateway import Cloud, Writes
from buddy_tui.journal.keep import Journal
from buddy_tui.watch import Clock, Sleep

# What was asked for is followed for so long after the operator left, in seconds.
_FOLLOWED = 10.0


async def apply(  # noqa: PLR0913 - four are what a line of the journal says beside the plan
    plan: Plan,
    *,
    reads: Cloud,
    writes: Writes,
    journal: Journal,
    clock: Clock,
    sleep: Sleep = asyncio.sleep,
    who: str = "",
    acting: str = "",
    reason: str = "",
    evidence: Sequence[str] = (),
) -> AsyncGenerator[Progress, None]:
    """Do what `plan` says, and yield how far it is; the last Progress has the `ending`, and nothing is raised.

    The work goes on by itself: it waits for nobody who looks. It is safe to cancel or to close at every moment.
    Before the traffic was asked for, that ends the work and no traffic is changed (a lock that was set ends by
    itself); after, it is followed for some seconds more, and what became of it is in the journal. When even that is cut off (the program is killed), the
    journal has an intent without an outcome, and `reconcile` finds out. Once there is an intent, there is an outcome:
    only refusals before it leave no trace.

    A conflict is never overwritten and never tried again. `who`, `acting`, `reason` and `evidence` are for the
    journal; `who` also for the lock. How long is waited for what stands in `buddy_tui.actions.writing`.
    """
    outside = Outside(reads, writes, clock, sleep)
    told: asyncio.Queue[Progress | None] = asyncio.Queue()
    kind = Decision if plan.verb is Verb.STAY_PINNED else Change
    change = kind(plan, outside, journal, Author(who, acting, reason, tuple(evidence)), told.put_nowait)
    work = asyncio.create_task(change.run())
    work.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (progress := await told.get()) is not None:
            yield progress
        await work
    finally:
        if not work.done():
            await _left(change, work)


async def _left(change: Change | Decision, work: "asyncio.Task[None]") -> None:
    """Follow what was asked for until it is over, for some seconds; what was not asked for yet is given up."""
    if change.asked:
        await asyncio.wait({work}, timeout=_FOLLOWED)
    work.cancel()
    await asyncio.wait({work})
