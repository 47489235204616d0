"""A service, or a project's services, as an endless stream of frozen values: fresh, or honestly stale."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from buddy_tui.errors import BuddyError, OverQuota
from buddy_tui.gateway import Reads
from buddy_tui.model import (
    Directory,
    RegionView,
    Revision,
    RevisionState,
    ServiceName,
    Snapshot,
    Trouble,
)

Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[object]]

_FAST = 1.0
_SLOWEST = 30.0
_RELIST_AFTER = timedelta(seconds=30)
# Cloud Run gives a revision four minutes to start; one that is pending for longer is not worth a look a second.
_SETTLES_WITHIN = timedelta(minutes=15)
# Google counts its quotas by the minute.
_QUOTA_WINDOW = timedelta(minutes=1)


async def watch(
    reads: Reads,
    name: ServiceName,
    *,
    clock: Clock,
    wake: asyncio.Event | None = None,
    sleep: Sleep = asyncio.sleep,
    pace: float = 5.0,
) -> AsyncGenerator[Snapshot, None]:
    """Yield the service again and again, until the iterator is closed.

    A look that fails yields the last good data with its `trouble`. Between looks `pace` seconds pass: about one while
    something is being rolled out, up to 30 while looks fail. Setting `wake` ends the pause; the event is for this
    stream alone. Revisions are listed again only when the service has changed, while one is pending, or after 30 s.
    An exception that is no BuddyError is raised.
    """
    wake = wake or asyncio.Event()
    rhythm = _Rhythm(pace)
    snapshot = Snapshot(name)
    listed = clock() - _RELIST_AFTER
    while True:
        wake.clear()
        try:
            service = await reads.service(name)
            revisions = snapshot.revisions
            if (
                service != snapshot.service
                or _pending(revisions, clock())
                # `abs`: a clock that was set back must not put the next list off.
                or abs(clock() - listed) >= _RELIST_AFTER
            ):
                revisions = await reads.revisions(name)
                listed = clock()
        except BuddyError as error:
            pause = rhythm.after_trouble(error, clock())
            snapshot = replace(snapshot, trouble=_trouble(error, snapshot.trouble, clock()), next_in=pause)
        else:
            moving = service.reconciling or _pending(revisions, clock())
            pause = rhythm.after_success(clock(), moving=moving)
            snapshot = Snapshot(name, service, revisions, clock(), next_in=pause)
        yield snapshot
        await _rest(wake, snapshot.next_in, sleep)


async def watch_directory(
    reads: Reads,
    project: str,
    regions: Sequence[str] = (),
    *,
    clock: Clock,
    wake: asyncio.Event | None = None,
    sleep: Sleep = asyncio.sleep,
    pace: float = 10.0,
) -> AsyncGenerator[Directory, None]:
    """Yield a project's services whenever a region has told news; no `regions` means all that there are.

    The regions are asked side by side, each with its own pace and its own trouble: a slow or denied one holds nobody
    up. Until the regions are known, the directory has none, and a `trouble` if that failed. An exception that is no
    BuddyError is raised.
    """
    wake = wake or asyncio.Event()
    rhythm = _Rhythm(pace)
    directory = Directory(project, next_in=pace)
    while not regions:
        wake.clear()
        try:
            regions = await reads.regions(project)
        except BuddyError as error:
            trouble = _trouble(error, directory.trouble, clock())
            directory = Directory(project, (), trouble, rhythm.after_trouble(error, clock()))
        else:
            directory = Directory(project, next_in=pace)
        if not regions:
            yield directory
            await _rest(wake, directory.next_in, sleep)
    board = _Board(regions, wake)
    tasks = [
        asyncio.create_task(_watch_region(reads, project, region, board, clock, sleep, _Rhythm(pace)))
        for region in regions
    ]
    for task in tasks:
        task.add_done_callback(board.ended)
    try:
        while True:
            yield Directory(project, board.take(), next_in=pace)
            await board.news()
            for task in tasks:
                if task.done():
                    task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Board:
    """Where the regions' tasks pin their latest view, in the order in which the regions were named."""

    def __init__(self, regions: Sequence[str], wake: asyncio.Event) -> None:
        self._views = {region: RegionView(region) for region in regions}
        self._wake = wake
        self._news = asyncio.Event()
        self.wakes = {region: asyncio.Event() for region in regions}

    def pin(self, view: RegionView) -> None:
        self._views[view.region] = view
        self._news.set()

    def ended(self, _task: object) -> None:
        self._news.set()

    def take(self) -> tuple[RegionView, ...]:
        self._news.clear()
        return tuple(self._views.values())

    async def news(self) -> None:
        """Wait for a view or an end; meanwhile pass every wake on to all regions."""
        while not self._news.is_set():
            await _either(self._news.wait(), self._wake.wait())
            if self._wake.is_set():
                self._wake.clear()
                for wake in self.wakes.values():
                    wake.set()


async def _watch_region(
    reads: Reads,
    project: str,
    region: str,
    board: _Board,
    clock: Clock,
    sleep: Sleep,
    rhythm: "_Rhythm",
) -> None:
    view = RegionView(region)
    wake = board.wakes[region]
    while True:
        wake.clear()
        try:
            services = await reads.services(project, region)
        except BuddyError as error:
            view = replace(view, trouble=_trouble(error, view.trouble, clock()))
            pause = rhythm.after_trouble(error, clock())
        else:
            view = RegionView(region, services, clock())
            pause = rhythm.after_success(clock(), moving=any(one.reconciling for one in services))
        board.pin(view)
        await _rest(wake, pause, sleep)


class _Rhythm:
    """How long to rest between two looks, in seconds."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._failures = 0
        self._spared_until: datetime | None = None

    def after_success(self, now: datetime, *, moving: bool) -> float:
        self._failures = 0
        if not moving or self._is_sparing(now):
            return self._pace
        return min(_FAST, self._pace)

    def _is_sparing(self, now: datetime) -> bool:
        # With both bounds, a clock that was set back spares for no longer than a minute either.
        return self._spared_until is not None and timedelta() < self._spared_until - now <= _QUOTA_WINDOW

    def after_trouble(self, error: BuddyError, now: datetime) -> float:
        self._failures += 1
        if isinstance(error, OverQuota):
            self._spared_until = now + _QUOTA_WINDOW
        doubled: float = self._pace * 2 ** min(self._failures - 1, 10)
        return max(self._pace, min(doubled, _SLOWEST))


def _trouble(error: BuddyError, last: Trouble | None, now: datetime) -> Trouble:
    return Trouble.of(error, since=last.since if last else now)


def _pending(revisions: tuple[Revision, ...], now: datetime) -> bool:
    return any(
        one.state is RevisionState.PENDING and (one.created is None or now - one.created < _SETTLES_WITHIN)
        for one in revisions
    )


async def _rest(wake: asyncio.Event, seconds: float, sleep: Sleep) -> None:
    await _either(sleep(seconds), wake.wait())


async def _either(one: Awaitable[object], other: Awaitable[object]) -> None:
    waits = {asyncio.ensure_future(one), asyncio.ensure_future(other)}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
