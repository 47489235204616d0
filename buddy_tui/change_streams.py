"""What the screens of changes are fed with: ways back, plans, the change that is under way, and the journal."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from buddy_tui.actions.name_lock import NameLock
from buddy_tui.errors import BuddyError, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from datetime import datetime

    from buddy_tui.actions.control import Control
    from buddy_tui.actions.values import Plan, Progress, Promotion
    from buddy_tui.actions.wishes import Draft, Past, Ways, Wish
    from buddy_tui.change_runs import Run
    from buddy_tui.config import Settings
    from buddy_tui.diagnose import Examiner
    from buddy_tui.gateway import Cloud, Writes
    from buddy_tui.journal.keep import Journal
    from buddy_tui.model import Revision, Service, ServiceName
    from buddy_tui.probes.values import Door

# Seconds between two looks whether a plan still holds, while somebody decides.
_PAUSE = 5.0


class ChangeStreams:
    """Streams of values for those who want to change a service, and the one door through which a change begins.

    `connected` gives the connection. `writes` is the way to change something; `None` where nothing may be changed.
    Without a `journal` it is this machine's, and without a `door` revisions are asked over HTTP.
    """

    def __init__(
        self,
        settings: Settings,
        connected: Callable[[], Awaitable[tuple[Cloud, Examiner]]],
        clock: Callable[[], datetime],
        writes: Callable[[Cloud], Writes] | None,
        journal: Journal | None = None,
        door: Callable[[Cloud], Door] | None = None,
    ) -> None:
        self._settings = settings
        self._connected = connected
        self._clock = clock
        self._writes = writes
        self._journal = journal
        self._door = door
        self._run: Run | None = None
        self.names = NameLock(settings, clock)

    @property
    def running(self) -> Plan | None:
        """The plan that is being done."""
        run = self._run
        return run.latest.plan if run and not run.is_over else None

    async def ways(self, name: ServiceName) -> AsyncGenerator[Ways, None]:
        """Rank where the service can be rolled back to, again whenever more is known; ends when all is."""
        from buddy_tui.actions.candidates import default_of, ranked, without_default
        from buddy_tui.actions.gather import gather
        from buddy_tui.actions.wishes import Ways
        from buddy_tui.model import Trouble
        from buddy_tui.probes.door import HttpDoor

        try:
            cloud, service, revisions = await self._looked(name)
            records = (await asyncio.to_thread(self.journal.read)).records
            door = (self._door or HttpDoor)(cloud)
            stream = gather(cloud, service, revisions, records, self._clock, door)
            async with aclosing(stream) as values:
                async for known in values:
                    found = ranked(service, revisions, known)
                    best = default_of(found)
                    yield Ways(
                        name,
                        found,
                        best.revision if best else "",
                        without_default(found, known),
                        known.silent,
                        known.done,
                        as_of=self._clock(),
                    )
        except BuddyError as error:
            yield Ways(name, done=True, trouble=Trouble.of(error, self._clock()))

    async def drafts(self, wish: Wish, wake: asyncio.Event) -> AsyncGenerator[Draft, None]:
        """Plan what is wished for, and look every few seconds whether the plan still holds.

        It is planned anew when that is asked, and by itself only where that changes nothing of what is shown.
        """
        from buddy_tui.actions.wishes import Draft
        from buddy_tui.model import Trouble

        draft = Draft(wish)
        while True:
            anew = draft.plan is None or wake.is_set()
            wake.clear()
            try:
                draft = await self._drafted(wish) if anew else await self._checked(draft)
            except BuddyError as error:
                draft = replace(draft, trouble=Trouble.of(error, self._clock()))
            yield replace(draft, needs_name=self.names.needs_name(wish.name))
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _PAUSE)

    async def progresses(self) -> AsyncGenerator[Progress, None]:
        """Follow the change that is under way, or tell how the last one ended."""
        if run := self._run:
            async with aclosing(run.progresses()) as values:
                async for value in values:
                    yield value

    async def promotions(self) -> AsyncGenerator[Promotion, None]:
        """Follow the promotion that is under way, or tell how the last one ended."""
        if run := self._run:
            async with aclosing(run.promotions()) as values:
                async for value in values:
                    yield value

    @property
    def control(self) -> Control | None:
        """What steers the promotion that is under way; `None` while there is none."""
        return self._run.control if self._run and not self._run.is_over else None

    async def pasts(self, name: ServiceName, wake: asyncio.Event) -> AsyncGenerator[Past, None]:
        """Read what the journal tells of a service, and again whenever that is asked."""
        from buddy_tui.actions.wishes import Past

        while True:
            wake.clear()
            reading = await asyncio.to_thread(self.journal.read)
            ours = tuple(one for one in reading.records if one.name == name)
            yield Past(name, ours, reading.trouble, self._clock())
            await wake.wait()

    def start(
        self,
        plan: Plan,
        *,
        typed: str,
        reason: str,
        evidence: tuple[str, ...],
        unlock: bool = False,
        over: Callable[[Progress], None],
    ) -> None:
        """Begin a change, which then goes on whoever looks; `over` is told its end. Raises Refused by a guard.

        `typed` is what was typed as the name of the service: in production it must be that, unless it was typed some
        minutes ago with `unlock`, which asks that the name be not asked for again for some minutes.
        """
        from buddy_tui.actions.values import Progress
        from buddy_tui.change_runs import Run

        writes = self._writes
        if writes is None:
            raise Refused(f"{self._settings.read_only.origin or 'This session'} is read-only.")
        if running := self.running:
            raise Refused(f"Another change is under way: {running.title}.", "Wait until it is over.")
        named = typed == plan.name.service
        if self.names.needs_name(plan.name) and not named:
            raise Refused("This is production: the name of the service must be typed.")
        if plan.needs_reason and not reason:
            raise Refused("This change wants a reason.")
        if plan.refusal:
            raise Refused(plan.refusal, plan.hint)
        self._run = run = Run(Progress(plan))
        is_unlock = unlock and named and self._settings.production
        run.task = asyncio.create_task(self._work(run, writes, reason, evidence, over, unlock=is_unlock))

    async def _work(
        self,
        run: Run,
        writes: Callable[[Cloud], Writes],
        reason: str,
        evidence: tuple[str, ...],
        over: Callable[[Progress], None],
        *,
        unlock: bool,
    ) -> None:
        from buddy_tui.actions.drafting import Terms
        from buddy_tui.actions.values import Ending
        from buddy_tui.change_runs import Means
        from buddy_tui.probes.door import HttpDoor

        try:
            if unlock:
                await self.names.unlock(run.latest.plan.name, reason, self.journal)
            cloud, _ = await self._connected()
        except BuddyError as error:
            run.end(Ending.FAILED, str(error), error.hint)
        else:
            door = (self._door or HttpDoor)(cloud)
            await run.work(
                Means(
                    cloud,
                    writes(cloud),
                    self.journal,
                    door,
                    self._settings,
                    Terms.of(self._settings, self._clock()),
                    self._clock,
                    reason,
                    evidence,
                )
            )
        over(run.latest)

    async def unfinished(self) -> tuple[str, ...]:
        """Find out what became of changes whose end nobody saw, and tell it in sentences."""
        from buddy_tui.actions.promotion import left_behind, unattended
        from buddy_tui.actions.reconcile import reconcile, unfinished

        records = (await asyncio.to_thread(self.journal.read)).records
        promoted = left_behind(records)
        if not unfinished(records) and not promoted:
            return ()
        try:
            cloud, _ = await self._connected()
            found = [one.sentence for one in await reconcile(self.journal, cloud, self._clock)]
            found += [unattended(self.journal, await cloud.service(name)) for name in promoted]
        except BuddyError as error:
            return (f"What became of a former change cannot be found out: {error}",)
        return tuple(filter(None, found))

    async def over(self, most: float) -> bool:
        """Tell whether nothing is under way, after waiting for that for at most so many seconds."""
        if not self._run or not self._run.task:
            return True
        await asyncio.wait({self._run.task}, timeout=most)
        return self._run.task.done()

    async def close(self) -> None:
        """End what is under way; what was asked for is followed for some seconds more."""
        if self._run and self._run.task:
            self._run.task.cancel()
            await asyncio.wait({self._run.task})

    @property
    def journal(self) -> Journal:
        """The journal of this machine."""
        from buddy_tui.journal.keep import Journal

        if self._journal is None:
            self._journal = Journal()
        return self._journal

    async def _looked(self, name: ServiceName) -> tuple[Cloud, Service, tuple[Revision, ...]]:
        cloud, _ = await self._connected()
        service, revisions = await asyncio.gather(cloud.service(name), cloud.revisions(name))
        return cloud, service, revisions

    async def _drafted(self, wish: Wish) -> Draft:
        from buddy_tui.actions.drafting import Terms
        from buddy_tui.actions.planned import planned
        from buddy_tui.actions.wishes import Draft

        cloud, service, revisions = await self._looked(wish.name)
        records = (await asyncio.to_thread(self.journal.read)).records
        steps = self._settings.release.steps
        terms = Terms.of(self._settings, self._clock())
        plan = await planned(wish, cloud, service, revisions, records, terms, steps)
        return Draft(wish, plan, as_of=self._clock())

    async def _checked(self, draft: Draft) -> Draft:
        """Look whether the plan still holds; what moved stays told until it is planned anew."""
        from buddy_tui.actions.state import revised

        plan = draft.plan
        if plan is None or draft.moved:
            return draft
        cloud, _ = await self._connected()
        service = await cloud.service(draft.wish.name)
        if service.etag == plan.etag:
            return replace(draft, trouble=None, as_of=self._clock())
        if moved := revised(plan, service):
            return replace(draft, moved=moved, trouble=None, as_of=self._clock())
        fresh = await self._drafted(draft.wish)
        if fresh.plan and fresh.plan.hash == plan.hash:
            return fresh
        return replace(draft, moved=("The service is not as it was when this was planned.",), trouble=None)
