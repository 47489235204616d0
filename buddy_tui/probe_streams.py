"""What the screens of probes are fed with: matrices, ladders, audits, checklists, and the log of one request."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from buddy_tui.errors import BuddyError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from buddy_tui.config import Settings
    from buddy_tui.diagnose import Examiner
    from buddy_tui.gateway import Cloud, Writes
    from buddy_tui.model import LogBatch, Revision, Service, ServiceName
    from buddy_tui.probes.values import Door, Matrix
    from buddy_tui.sessions.values import Audit, Ladder
    from buddy_tui.verify.ticks import Ticks
    from buddy_tui.verify.values import Checklist

# The newest log lines of one request: what an application says about one is not a thousand lines.
_MOST_LINES = 200


class ProbeStreams:
    """Streams that look at a service once, and then ask its revisions; a BuddyError is told as their last value.

    `connected` gives the connection and who examines boots over it. `writes` is the way to change something; `None`
    where nothing may be changed.
    """

    def __init__(
        self,
        settings: Settings,
        connected: Callable[[], Awaitable[tuple[Cloud, Examiner]]],
        clock: Callable[[], datetime],
        writes: Callable[[Cloud], Writes] | None,
    ) -> None:
        self._settings = settings
        self._connected = connected
        self._clock = clock
        self._writes = writes
        self._climbing: set[asyncio.Future[None]] = set()

    async def over(self, most: float) -> bool:
        """Tell whether session probes that were closed have taken away what they made, within `most` seconds."""
        if not self._climbing:
            return True
        _, busy = await asyncio.wait(self._climbing, timeout=most)
        return not busy

    async def matrices(
        self, name: ServiceName, pointed: str, pause: float | None
    ) -> AsyncGenerator[Matrix, None]:
        """Ask all revisions that have an address whether they are healthy; with a `pause` (seconds), again and again.

        `pointed` is a revision that there must be an answer about, if only why it cannot be asked; may be empty.
        """
        from buddy_tui.model import Trouble
        from buddy_tui.probes.ask import ask
        from buddy_tui.probes.targets import targets_of
        from buddy_tui.probes.values import Matrix

        try:
            _, service, revisions, door = await self._met(name)
            names = [target.revision for target in targets_of(service, revisions)]
            stream = ask(
                service,
                revisions,
                self._settings.questions,
                door,
                clock=self._clock,
                wanted=(*names, pointed) if pointed and pointed not in names else (),
                pause=pause,
            )
            async with aclosing(stream) as matrices:
                async for matrix in matrices:
                    yield matrix
        except BuddyError as error:
            yield Matrix(name, done=True, trouble=Trouble.of(error, self._clock()))

    async def ladders(self, name: ServiceName, revision: str) -> AsyncGenerator[Ladder, None]:
        """Make a session on a revision and follow it; whenever this is closed, the session is taken away again."""
        from buddy_tui.model import Trouble
        from buddy_tui.sessions.climb import climb
        from buddy_tui.sessions.values import Ladder

        try:
            async with self._tidied():
                cloud, service, revisions, door = await self._met(name)
                stream = climb(
                    service,
                    revisions,
                    self._settings.session,
                    revision,
                    door=door,
                    cloud=cloud,
                    writes=self._changes(cloud),
                    clock=self._clock,
                )
                async with aclosing(stream) as ladders:
                    async for ladder in ladders:
                        yield ladder
        except BuddyError as error:
            yield Ladder(name, revision, trouble=Trouble.of(error, self._clock()))

    async def audits(self, name: ServiceName) -> AsyncGenerator[Audit, None]:
        """Count the sessions that are kept, once."""
        from buddy_tui.model import Trouble
        from buddy_tui.sessions.audit import audit
        from buddy_tui.sessions.values import Audit

        try:
            cloud, service, revisions, _ = await self._met(name)
            yield await audit(cloud, service, revisions, self._settings.session, clock=self._clock)
        except BuddyError as error:
            yield Audit(name, trouble=Trouble.of(error, self._clock()))

    async def checklists(
        self, name: ServiceName, revision: str, wake: asyncio.Event
    ) -> AsyncGenerator[Checklist, None]:
        """Answer the plan for a revision (empty: the candidate, else who serves), and again whenever that is asked.

        A line that was ticked by hand meanwhile is shown so at once, and nothing is asked anew for it. The answers of
        a whole look are kept on this machine, and tell a later one what was last seen.
        """
        from buddy_tui.model import Trouble
        from buddy_tui.verify.ticks import Ticks
        from buddy_tui.verify.values import Checklist

        ticks, checklist = Ticks(name), Checklist(name, revision)
        while True:
            wake.clear()
            try:
                async with self._tidied(), aclosing(self._verified(name, revision, ticks)) as values:
                    async for checklist in values:
                        yield checklist
                wake.clear()
                async with aclosing(self._ticked(checklist, ticks, wake)) as values:
                    async for checklist in values:
                        yield checklist
            except BuddyError as error:
                checklist = replace(checklist, done=True, trouble=Trouble.of(error, self._clock()))
                yield checklist
                await wake.wait()

    async def _ticked(
        self, checklist: Checklist, ticks: Ticks, wake: asyncio.Event
    ) -> AsyncGenerator[Checklist, None]:
        """Yield a checklist anew with each tick; end when somebody wakes us and has ticked nothing."""
        while True:
            told = ticks.on(checklist, self._clock())
            if told != checklist:
                checklist = told
                yield checklist
            await wake.wait()
            wake.clear()
            if ticks.on(checklist, self._clock()) == checklist:
                return

    async def releases(
        self, name: ServiceName, wake: asyncio.Event
    ) -> AsyncGenerator[tuple[Checklist, ...], None]:
        """Read the checklists that are kept of a service, the newest revision first, and again whenever that is asked."""
        from buddy_tui.verify.kept import Kept

        kept = Kept(name, self._clock)
        while True:
            wake.clear()
            yield await asyncio.to_thread(kept.all)
            await wake.wait()

    async def tick(self, name: ServiceName, revision: str, line: str, by: str, note: str) -> None:
        """Keep somebody's word for a line of the plan. Raises UsageProblem or Unwritable."""
        from buddy_tui.verify.ticks import Ticks, vouched

        word = vouched(line, by, note, self._clock())
        # Another program may hold the file for seconds.
        await asyncio.to_thread(Ticks(name).keep, revision, word)

    async def _verified(
        self, name: ServiceName, revision: str, ticks: Ticks
    ) -> AsyncGenerator[Checklist, None]:
        from buddy_tui.diagnose.shelf import Shelf
        from buddy_tui.disk import here
        from buddy_tui.errors import NotFound
        from buddy_tui.probes.ask import ask
        from buddy_tui.report.checklist import keepable
        from buddy_tui.sessions.climb import climb
        from buddy_tui.verify.checklist import Subject, verify
        from buddy_tui.verify.kept import Kept, remembered
        from buddy_tui.verify.plan import candidate

        cloud, service, revisions, door = await self._met(name)
        _, examiner = await self._connected()
        named = next((one for one in revisions if one.name == revision), None)
        chosen = named or candidate(service, revisions)
        if chosen is None:
            raise NotFound(f"{name.service} has no revisions in {name.region}.", "Deploy it first.")
        plan, questions = self._settings.session, self._settings.questions
        looks = verify(
            Subject(service, revisions, chosen, plan),
            cloud=cloud,
            examiner=examiner,
            shelf=Shelf(cloud, here, self._clock),
            clock=self._clock,
            matrices=ask(service, revisions, questions, door, clock=self._clock, wanted=(chosen.name,)),
            ladders=climb(
                service,
                revisions,
                plan,
                chosen.name,
                door=door,
                cloud=cloud,
                writes=self._changes(cloud),
                clock=self._clock,
            ),
            ticks=ticks,
        )
        stream = remembered(looks, Kept(name, self._clock), keepable)
        async with aclosing(stream) as values:
            async for value in values:
                yield value

    async def request_lines(
        self, name: ServiceName, revision: str, trace: str, wake: asyncio.Event
    ) -> AsyncGenerator[LogBatch, None]:
        """List what was logged about one request, and again whenever that is asked: logs come later than answers."""
        from buddy_tui.log_scope import filter_of
        from buddy_tui.model import Link, LogBatch, LogScope, LogState, Trouble

        scope = filter_of(LogScope(name, revision, trace=trace))
        while True:
            wake.clear()
            try:
                cloud, _ = await self._connected()
                page = await cloud.log_page(name.project, scope, size=_MOST_LINES)
            except BuddyError as error:
                yield LogBatch(state=LogState(Link.BROKEN, trouble=Trouble.of(error, self._clock())))
            else:
                yield LogBatch(page.entries, state=LogState(Link.POLLING, complete=not page.token))
            await wake.wait()

    async def _met(self, name: ServiceName) -> tuple[Cloud, Service, tuple[Revision, ...], Door]:
        """Read a service as it is now, and make the way to its revisions."""
        from buddy_tui.probes.door import HttpDoor

        cloud, _ = await self._connected()
        service, revisions = await asyncio.gather(cloud.service(name), cloud.revisions(name))
        return cloud, service, revisions, HttpDoor(cloud)

    @asynccontextmanager
    async def _tidied(self) -> AsyncIterator[None]:
        """Let `over` wait until what is done in here is over."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._climbing.add(over)
        try:
            yield
        finally:
            self._climbing.discard(over)
            over.set_result(None)

    def _changes(self, cloud: Cloud) -> Writes | None:
        return self._writes(cloud) if self._writes else None
