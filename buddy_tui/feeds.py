"""What the screens are fed with: streams over one connection, which is made when the first of them begins."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, TypeVar

from buddy_tui.errors import BuddyError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from datetime import datetime, timedelta

    from buddy_tui.boot.values import BootLog
    from buddy_tui.change_streams import ChangeStreams
    from buddy_tui.config import Settings
    from buddy_tui.deploy.values import Release
    from buddy_tui.deploy_streams import DeployStreams
    from buddy_tui.diagnose import Examiner
    from buddy_tui.gateway import Cloud, Deploys, Writes
    from buddy_tui.logs import LogDesk
    from buddy_tui.model import Directory, LogScope, Revision, ServiceName, Snapshot
    from buddy_tui.preflight_streams import PreflightStreams
    from buddy_tui.probe_streams import ProbeStreams
    from buddy_tui.report_streams import ReportStreams

Seen = TypeVar("Seen")


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
    stream's only value, as the trouble of somebody who has seen nothing. `writes` and `deploys` are the ways to change
    something over that connection; `None` where nothing may be changed.
    """

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[], Awaitable[Cloud]],
        clock: Callable[[], datetime],
        writes: Callable[[Cloud], Writes] | None = None,
        deploys: Callable[[Cloud], Deploys] | None = None,
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._clock = clock
        self._writes = writes
        self._may_deploy = deploys
        self._connecting = asyncio.Lock()
        self._cloud: Cloud | None = None
        self._desk: LogDesk | None = None
        self._examiner: Examiner | None = None
        self._probes: ProbeStreams | None = None
        self._changes: ChangeStreams | None = None
        self._deploys: DeployStreams | None = None

    async def snapshots(self, name: ServiceName, wake: asyncio.Event) -> AsyncGenerator[Snapshot, None]:
        """Watch one service, and find out why its failed revisions failed."""
        from buddy_tui.model import Snapshot, Trouble
        from buddy_tui.watch import watch

        try:
            cloud, examiner = await self._connected()
        except BuddyError as error:
            yield Snapshot(name, trouble=Trouble.of(error, self._clock()))
            return
        watched = watch(cloud, name, clock=self._clock, wake=wake)
        async with aclosing(examiner.with_findings(watched)) as snapshots:
            async for snapshot in snapshots:
                yield snapshot

    async def directories(self, wake: asyncio.Event) -> AsyncGenerator[Directory, None]:
        """Watch all services in the regions of the settings."""
        from buddy_tui.model import Directory, Trouble
        from buddy_tui.watch import watch_directory

        project = self._settings.project.value
        regions = tuple(region.value for region in self._settings.regions)
        try:
            cloud, _ = await self._connected()
        except BuddyError as error:
            yield Directory(project, trouble=Trouble.of(error, self._clock()))
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
        from buddy_tui.model import Link, LogBatch, LogState, Trouble

        try:
            _, examiner = await self._connected()
            async with aclosing(examiner.boot_log(scope, revisions, wake=wake)) as values:
                async for value in values:
                    yield value
        except BuddyError as error:
            yield BootLog(LogBatch(state=LogState(Link.BROKEN, trouble=Trouble.of(error, self._clock()))))

    @property
    def probes(self) -> ProbeStreams:
        """The streams of those who ask the revisions themselves."""
        from buddy_tui.probe_streams import ProbeStreams

        if self._probes is None:
            self._probes = ProbeStreams(self._settings, self._connected, self._clock, self._writes)
        return self._probes

    @property
    def changes(self) -> ChangeStreams:
        """The streams of those who change a service."""
        from buddy_tui.change_streams import ChangeStreams

        if self._changes is None:
            self._changes = ChangeStreams(self._settings, self._connected, self._clock, self._writes)
        return self._changes

    @property
    def preflights(self) -> PreflightStreams:
        """The streams of those who look at a source folder."""
        from buddy_tui.preflight_streams import PreflightStreams

        return PreflightStreams(self._connected, self._clock)

    @property
    def reports(self) -> ReportStreams:
        """The streams of those who tell of an incident."""
        from buddy_tui.report_streams import ReportStreams

        return ReportStreams(self._connected, self._clock, lambda: self.changes.journal)

    @property
    def deploys(self) -> DeployStreams:
        """The streams of those who deploy."""
        from buddy_tui.deploy_streams import DeployStreams

        if self._deploys is None:
            self._deploys = DeployStreams(
                self._settings,
                self._connected,
                self._clock,
                self._writes,
                self._may_deploy,
                needs_name=self.changes.names.needs_name,
                journal=lambda: self.changes.journal,
            )
        return self._deploys

    @property
    def deploying(self) -> Release | None:
        """The deployment that is under way."""
        return self._deploys.running if self._deploys else None

    @property
    def changing(self) -> bool:
        """Whether a change is under way."""
        return self._changes is not None and self._changes.running is not None

    @property
    def log_reads(self) -> tuple[int, int] | None:
        """How many log reads were made in the last minute, and how many we take; `None` before the first connection."""
        return self._desk.spent if self._desk else None

    def unlocked(self) -> tuple[ServiceName, timedelta] | None:
        """Return the service whose name is not asked for now, and for how long that goes on."""
        return self._changes.names.unlocked() if self._changes else None

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

    async def tidied(self, most: float) -> bool:
        """Tell whether changes are over, and session probes have taken away what they made, within `most` seconds."""
        waiting = [one.over(most) for one in (self._probes, self._changes) if one]
        return all(await asyncio.gather(*waiting))

    async def close(self, most: float) -> None:
        """Close what was opened, after waiting for session probes and changes for at most so many seconds."""
        await self.tidied(most)
        if self._deploys is not None:
            await self._deploys.close()
        if self._changes is not None:
            await self._changes.close()
        if self._desk is not None:
            await self._desk.close()
        if self._cloud is not None:
            await self._cloud.close()
