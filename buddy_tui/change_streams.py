"""What the screens of changes are fed with: ways back, plans, the change that is under way, and the journal."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from buddy_tui.errors import BuddyError, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from datetime import datetime

    from buddy_tui.actions.drafting import Terms
    from buddy_tui.actions.values import Plan, Progress
    from buddy_tui.actions.wishes import Draft, Past, Ways, Wish
    from buddy_tui.config import Settings
    from buddy_tui.diagnose import Examiner
    from buddy_tui.gateway import Cloud, Writes
    from buddy_tui.journal.keep import Journal
    from buddy_tui.model import Revision, Service, ServiceName, Trouble
    from buddy_tui.probes.values import Door

# Seconds between two looks whether a plan still holds, while somebody decides.
_PAUSE = 5.0
# Google keeps the audit log of changes for so long.
_KEPT = timedelta(days=400)


class _Run:
    """The change that is under way, or the last one."""

    def __init__(self, latest: Progress) -> None:
        self.latest = latest
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def tell(self, progress: Progress) -> None:
        """Hand a value to everybody who waits for one."""
        self.latest = progress
        told, self.changed = self.changed, asyncio.Event()
        told.set()


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
        self._run: _Run | None = None

    @property
    def running(self) -> Plan | None:
        """The plan that is being done."""
        run = self._run
        return run.latest.plan if run and run.task and not run.task.done() else None

    async def ways(self, name: ServiceName) -> AsyncGenerator[Ways, None]:
        """Rank where the service can be rolled back to, again whenever more is known; ends when all is."""
        from buddy_tui.actions.candidates import default_of, ranked, without_default
        from buddy_tui.actions.gather import gather
        from buddy_tui.actions.wishes import Ways
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
            yield Ways(name, done=True, trouble=self._trouble(error))

    async def drafts(self, wish: Wish, wake: asyncio.Event) -> AsyncGenerator[Draft, None]:
        """Plan what is wished for, and look every few seconds whether the plan still holds.

        It is planned anew when that is asked, and by itself only where that changes nothing of what is shown.
        """
        from buddy_tui.actions.wishes import Draft

        draft = Draft(wish)
        while True:
            anew = draft.plan is None or wake.is_set()
            wake.clear()
            try:
                draft = await self._drafted(wish) if anew else await self._checked(draft)
            except BuddyError as error:
                draft = replace(draft, trouble=self._trouble(error))
            yield draft
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _PAUSE)

    async def progresses(self) -> AsyncGenerator[Progress, None]:
        """Follow the change that is under way, or tell how the last one ended."""
        run = self._run
        while run:
            changed = run.changed
            yield run.latest
            if run.latest.ending:
                return
            await changed.wait()

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
        over: Callable[[Progress], None],
    ) -> None:
        """Begin a change, which then goes on whoever looks; `over` is told its end. Raises Refused by a guard.

        `typed` is what was typed as the name of the service: in production it must be that.
        """
        from buddy_tui.actions.values import Progress

        writes = self._writes
        if writes is None:
            raise Refused(f"{self._settings.read_only.origin or 'This session'} is read-only.")
        if running := self.running:
            raise Refused(f"Another change is under way: {running.title}.", "Wait until it is over.")
        if self._settings.production and typed != plan.name.service:
            raise Refused("This is production: the name of the service must be typed.")
        if plan.needs_reason and not reason:
            raise Refused("This change wants a reason.")
        self._run = run = _Run(Progress(plan))
        run.task = asyncio.create_task(self._apply(run, writes, reason, evidence, over))

    async def _apply(
        self,
        run: _Run,
        writes: Callable[[Cloud], Writes],
        reason: str,
        evidence: tuple[str, ...],
        over: Callable[[Progress], None],
    ) -> None:
        from buddy_tui.actions.apply import apply
        from buddy_tui.actions.values import Ending

        try:
            cloud, _ = await self._connected()
            stream = apply(
                run.latest.plan,
                reads=cloud,
                writes=writes(cloud),
                journal=self.journal,
                clock=self._clock,
                who=self._settings.account.value,
                acting=self._settings.impersonate.value,
                reason=reason,
                evidence=evidence,
            )
            async with aclosing(stream) as values:
                async for progress in values:
                    run.tell(progress)
        except BuddyError as error:
            run.tell(replace(run.latest, ending=Ending.FAILED, sentence=str(error), hint=error.hint))
        over(run.latest)

    async def unfinished(self) -> tuple[str, ...]:
        """Find out what became of changes whose end nobody saw, and tell it in sentences."""
        from buddy_tui.actions.reconcile import reconcile, unfinished

        reading = await asyncio.to_thread(self.journal.read)
        if not unfinished(reading.records):
            return ()
        try:
            cloud, _ = await self._connected()
        except BuddyError:
            return ()
        return tuple(one.sentence for one in await reconcile(self.journal, cloud, self._clock))

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
        from buddy_tui.actions.wishes import Draft

        cloud, service, revisions = await self._looked(wish.name)
        plan = await self._planned(wish, cloud, service, revisions)
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

    async def _planned(
        self, wish: Wish, cloud: Cloud, service: Service, revisions: tuple[Revision, ...]
    ) -> Plan:
        from buddy_tui.actions.restore_latest import restore_latest
        from buddy_tui.actions.roll_back import roll_back
        from buddy_tui.actions.tags import tag
        from buddy_tui.actions.values import Verb

        terms = self._terms()
        match wish.verb:
            case Verb.ROLL_BACK:
                return _heeded(roll_back(service, revisions, wish.revision, terms), service, revisions)
            case Verb.TAG:
                return tag(service, revisions, wish.tag, wish.revision, terms)
            case Verb.RESTORE_LATEST:
                return restore_latest(service, revisions, terms)
            case _:
                return await self._undone(cloud, service, revisions, terms)

    async def _undone(
        self, cloud: Cloud, service: Service, revisions: tuple[Revision, ...], terms: Terms
    ) -> Plan:
        from buddy_tui.actions.drafting import Look, unmade
        from buddy_tui.actions.former import former_of
        from buddy_tui.actions.undo import undo
        from buddy_tui.actions.values import Verb

        records = (await asyncio.to_thread(self.journal.read)).records
        silent = ""
        try:
            changes = await cloud.traffic_changes(service.name, self._clock() - _KEPT)
        except BuddyError as error:
            changes, silent = (), f" The audit log cannot be read: {error}"
        if former := former_of(service, records, changes):
            return undo(service, revisions, former.targets, terms, by=former.by)
        why = (
            f"Neither the journal nor the audit log tells what stood before.{silent}",
            "Say what you want instead: roll back to a revision, or restore latest.",
        )
        title = f"Undo the last change of {service.name.service}"
        return unmade(Look(service, revisions, terms), Verb.UNDO, title, why)

    def _terms(self) -> Terms:
        from buddy_tui.actions.drafting import Terms

        settings = self._settings
        return Terms(self._clock(), settings.production, settings.account.value, settings.impersonate.value)

    def _trouble(self, error: BuddyError) -> Trouble:
        from buddy_tui.model import Trouble

        return Trouble(str(error), error.hint, int(error.exit_code), self._clock())


def _heeded(plan: Plan, service: Service, revisions: tuple[Revision, ...]) -> Plan:
    """Add what makes going back to that very revision dangerous."""
    from buddy_tui.actions.evidence import serving
    from buddy_tui.actions.hazards import hazards

    target = next((one for one in revisions if one.name == plan.revision), None)
    if plan.refusal or target is None:
        return plan
    told = hazards(target, serving(service, revisions), revisions=revisions)
    return replace(plan, warnings=(*told, *plan.warnings))
