"""What the screens are fed with: streams over one connection, which is made when the first of them begins."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from buddy_tui.errors import BuddyError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from buddy_tui.boot.values import BootLog
    from buddy_tui.config import Settings
    from buddy_tui.diagnose import Examiner
    from buddy_tui.gateway import Cloud, Writes
    from buddy_tui.logs import LogDesk
    from buddy_tui.model import (
        Directory,
        LogBatch,
        LogScope,
        Revision,
        Service,
        ServiceName,
        Snapshot,
        Trouble,
    )
    from buddy_tui.probes.values import Door, Matrix
    from buddy_tui.sessions.values import Audit, Ladder

Seen = TypeVar("Seen")
# Seconds that a session probe which was broken off has to take its session away again.
_TIDIES_WITHIN = 15.0
# The newest log lines of one request: what an application says about one is not a thousand lines.
_MOST_LINES = 200


class LiveFeed(Generic[Seen]):
    """A stream that can be opened anew, and woken up to look at once."""

    def __init__(self, open_stream: Callable[[asyncio.Event], AsyncGenerator[Seen, None]]) -> None:
        self._open = open_stream
        self._wake = asyncio.Event()

    def stream(self) -> AsyncGenerator[Seen, None]:
        """Begin a stream."""
        return self._open(self._wake)

    def refresh(self) -> None:
        """Ask the running stream to look at once."""
        self._wake.set()


class Feeds:
    """The streams of one project, and all that they share: the connection, the tail, what was found out.

    `connect` is awaited when a stream begins, and again after it failed with a BuddyError; that is told as the
    stream's only value, as the trouble of somebody who has seen nothing. `writes` is the way to change something
    over that connection; `None` where nothing may be changed.
    """

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[], Awaitable[Cloud]],
        clock: Callable[[], datetime],
        writes: Callable[[Cloud], Writes] | None = None,
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._clock = clock
        self._writes = writes
        self._climbing: set[asyncio.Future[None]] = set()
        self._connecting = asyncio.Lock()
        self._cloud: Cloud | None = None
        self._desk: LogDesk | None = None
        self._examiner: Examiner | None = None

    async def snapshots(self, name: ServiceName, wake: asyncio.Event) -> AsyncGenerator[Snapshot, None]:
        """Watch one service, and find out why its failed revisions failed."""
        from buddy_tui.model import Snapshot
        from buddy_tui.watch import watch

        try:
            cloud, examiner = await self._connected()
        except BuddyError as error:
            yield Snapshot(name, trouble=self._trouble(error))
            return
        watched = watch(cloud, name, clock=self._clock, wake=wake)
        async with aclosing(examiner.with_findings(watched)) as snapshots:
            async for snapshot in snapshots:
                yield snapshot

    async def directories(self, wake: asyncio.Event) -> AsyncGenerator[Directory, None]:
        """Watch all services in the regions of the settings."""
        from buddy_tui.model import Directory
        from buddy_tui.watch import watch_directory

        project = self._settings.project.value
        regions = tuple(region.value for region in self._settings.regions)
        try:
            cloud, _ = await self._connected()
        except BuddyError as error:
            yield Directory(project, trouble=self._trouble(error))
            return
        stream = watch_directory(cloud, project, regions, clock=self._clock, wake=wake)
        async with aclosing(stream) as directories:
            async for directory in directories:
                yield directory

    async def boot_logs(
        self, scope: LogScope, revisions: tuple[Revision, ...], wake: asyncio.Event
    ) -> AsyncGenerator[BootLog, None]:
        """Follow the log of a revision, and read it."""
        from buddy_tui.boot.values import BootLog
        from buddy_tui.model import Link, LogBatch, LogState

        try:
            _, examiner = await self._connected()
            async with aclosing(examiner.boot_log(scope, revisions, wake=wake)) as values:
                async for value in values:
                    yield value
        except BuddyError as error:
            yield BootLog(LogBatch(state=LogState(Link.BROKEN, trouble=self._trouble(error))))

    async def matrices(
        self, name: ServiceName, wanted: tuple[str, ...], pause: float | None
    ) -> AsyncGenerator[Matrix, None]:
        """Ask revisions whether they are healthy, once, or with a `pause` (seconds) again and again."""
        from buddy_tui.probes.ask import ask
        from buddy_tui.probes.values import Matrix

        try:
            _, service, revisions, door = await self._met(name)
            stream = ask(
                service,
                revisions,
                self._settings.questions,
                door,
                clock=self._clock,
                wanted=wanted,
                pause=pause,
            )
            async with aclosing(stream) as matrices:
                async for matrix in matrices:
                    yield matrix
        except BuddyError as error:
            yield Matrix(name, done=True, trouble=self._trouble(error))

    async def ladders(self, name: ServiceName, revision: str) -> AsyncGenerator[Ladder, None]:
        """Make a session on a revision and follow it; whenever this is closed, the session is taken away again."""
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
                    writes=self._writes(cloud) if self._writes else None,
                    clock=self._clock,
                )
                async with aclosing(stream) as ladders:
                    async for ladder in ladders:
                        yield ladder
        except BuddyError as error:
            yield Ladder(name, revision, trouble=self._trouble(error))

    async def audits(self, name: ServiceName) -> AsyncGenerator[Audit, None]:
        """Count the sessions that are kept, once."""
        from buddy_tui.sessions.audit import audit
        from buddy_tui.sessions.values import Audit

        try:
            cloud, service, revisions, _ = await self._met(name)
            yield await audit(cloud, service, revisions, self._settings.session, clock=self._clock)
        except BuddyError as error:
            yield Audit(name, trouble=self._trouble(error))

    async def request_lines(
        self, name: ServiceName, revision: str, trace: str, wake: asyncio.Event
    ) -> AsyncGenerator[LogBatch, None]:
        """List what was logged about one request, and again whenever that is asked: logs come later than answers."""
        from buddy_tui.log_scope import filter_of
        from buddy_tui.model import Link, LogBatch, LogScope, LogState

        scope = filter_of(LogScope(name, revision, trace=trace))
        while True:
            wake.clear()
            try:
                cloud, _ = await self._connected()
                page = await cloud.log_page(name.project, scope, size=_MOST_LINES)
            except BuddyError as error:
                yield LogBatch(state=LogState(Link.BROKEN, trouble=self._trouble(error)))
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
        """Let `close` wait until what is done in here is over."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._climbing.add(over)
        try:
            yield
        finally:
            self._climbing.discard(over)
            over.set_result(None)

    async def _connected(self) -> tuple[Cloud, Examiner]:
        from buddy_tui.diagnose import Examiner
        from buddy_tui.disk import here
        from buddy_tui.logs import LogDesk

        async with self._connecting:
            if self._cloud is None:
                self._cloud = await self._connect()
            if self._desk is None or self._examiner is None:
                self._desk = LogDesk(self._cloud, self._settings.project.value, clock=self._clock)
                self._examiner = Examiner(self._desk, self._cloud, clock=self._clock, disk=here)
            return self._cloud, self._examiner

    def _trouble(self, error: BuddyError) -> Trouble:
        from buddy_tui.model import Trouble

        return Trouble(str(error), error.hint, int(error.exit_code), self._clock())

    async def close(self) -> None:
        """Close what was opened, after session probes have taken away what they made."""
        if self._climbing:
            await asyncio.wait(self._climbing, timeout=_TIDIES_WITHIN)
        if self._desk is not None:
            await self._desk.close()
        if self._cloud is not None:
            await self._cloud.close()
