"""Log entries as endless streams of batches: one tail and one budget of list calls for all views of a project.

A view lists what there was (the back-fill), gets what comes in from the tail, and lists again now and then, for a tail
may lose entries. Only lists prove that nothing is missing: each begins a little before where the last one came to, so
whatever happens to the tail in between, all of it is found; and what came twice is known by its key.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from dataclasses import replace

from buddy_tui.errors import BuddyError, OverQuota, Unreachable
from buddy_tui.gateway import LogPage, LogReads, Tailed
from buddy_tui.log_scope import at, filter_of
from buddy_tui.logs.merge import Inbox
from buddy_tui.logs.quota import Meter
from buddy_tui.logs.tail import Tail
from buddy_tui.logs.view import View
from buddy_tui.model import Link, LogBatch, LogEntry, LogScope, LogState
from buddy_tui.watch import Clock, Sleep

# Google's own most for one page.
_PAGE = 1000
_TRIES = 3


class LogDesk:
    """All log views of one project: one tail, one budget of list calls.

    `most_calls` is how many list calls a minute all of them may make together. Bound to the running event loop.
    """

    def __init__(
        self,
        reads: LogReads,
        project: str,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        most_calls: int = 12,
    ) -> None:
        self._reads = reads
        self._project = project
        self._clock = clock
        self._sleep = sleep
        self._meter = Meter(clock, sleep, most_calls)
        self._tail = Tail(reads, project, self._tailed, self._stirred, clock, sleep)
        self._views: dict[View, asyncio.Task[None]] = {}

    @property
    def spent(self) -> tuple[int, int]:
        """How many list calls were made in the last minute, and how many we take."""
        return self._meter.calls, self._meter.most

    async def follow(
        self, scope: LogScope, *, wake: asyncio.Event | None = None
    ) -> AsyncGenerator[LogBatch, None]:
        """Yield what there was from `scope.since` on, then what comes in, until the iterator is closed.

        The first batch is empty and comes at once; later ones come with entries, or when the state has changed. A
        slow reader gets fewer and larger ones. Trouble is data: it stands in the state, and what was told stays.
        Setting `wake` lists at once. A scope with an end needs no tail: it is listed until nothing more can come. An
        exception that is no BuddyError is raised.
        """
        view = View(scope, wake)
        suppressed = self._tail.suppressed
        self._tail.cover(one.scope for one in (*self._views, view) if not one.scope.until)
        self._views[view] = reader = asyncio.create_task(self._read(view))
        reader.add_done_callback(lambda _: view.news.set())
        view.news.set()
        try:
            while view in self._views:
                await view.news.wait()
                self._check(reader)
                entries, late = view.take()
                state = self._state(view)
                yield LogBatch(entries, late, replace(state, suppressed=state.suppressed - suppressed))
        finally:
            await self._leave(view)

    async def window(self, scope: LogScope, *, most: int = 5000) -> tuple[LogEntry, ...]:
        """Read once what the scope is about: at most `most` entries from `scope.since` on, else the newest ones.

        They come in order of time, each once. Raises a BuddyError, after some more tries where those may help.
        """
        inbox, text, token, left = Inbox(most, most * 2), filter_of(scope), "", most
        while left > 0:
            page = await self._tried(text, token, min(left, _PAGE), newest_first=not scope.since)
            left -= inbox.add(page.entries)
            token = page.token
            if not token:
                break
        return inbox.take()[0]

    async def close(self) -> None:
        """Close the tail and end all views. Safe to call twice."""
        for view in tuple(self._views):
            view.news.set()
            await self._leave(view)

    async def _leave(self, view: View) -> None:
        reader = self._views.pop(view, None)
        if reader is None:
            return
        reader.cancel()
        live = any(not one.scope.until for one in self._views)
        await asyncio.gather(reader, *([] if live else [self._tail.close()]), return_exceptions=True)

    def _check(self, reader: asyncio.Task[None]) -> None:
        """Raise a bug of ours, wherever it happened."""
        if self._tail.bug:
            raise self._tail.bug
        if reader.done() and not reader.cancelled():
            reader.result()

    async def _read(self, view: View) -> None:
        """List again and again."""
        rested = 0.0
        while True:
            view.wake.clear()
            try:
                await self._look(view, rested)
            except BuddyError as error:
                view.failed(error, self._clock())
            rested = await self._rest(view)

    async def _look(self, view: View, rested: float) -> None:
        """List from where the last list came to until the end."""
        heals = view.complete
        text = filter_of(view.begin(rested))
        token, found, more = "", 0, True
        while more:
            await view.room.wait()
            if not self._meter.free:
                view.release()
            page = await self._page(text, token, patient=heals)
            found += view.listed(page.entries)
            token = page.token
            more = bool(token) and not view.outrun
        if heals and found:
            self._tail.missed()
        view.looked(found=found, now=self._clock())

    async def _rest(self, view: View) -> float:
        """Rest until the next look is due; return how many seconds that took, at least."""
        began = self._clock()
        while True:
            # A clock that was set back must not prolong the rest.
            began = min(began, self._clock())
            passed = (self._clock() - began).total_seconds()
            rest = view.rest(live=self._live(view))
            if passed >= rest or view.wake.is_set():
                return min(passed, rest)
            view.hurry.clear()
            await _first(self._sleep(rest - passed), view.wake.wait(), view.hurry.wait())

    async def _page(
        self, text: str, token: str, size: int = _PAGE, *, patient: bool = False, newest_first: bool = False
    ) -> LogPage:
        await self._meter.turn(patient=patient)
        try:
            page = await self._reads.log_page(
                self._project, text, token=token, size=size, newest_first=newest_first
            )
        except OverQuota:
            self._meter.refused()
            raise
        self._meter.answered()
        return page

    async def _tried(self, text: str, token: str, size: int, *, newest_first: bool) -> LogPage:
        for failures in range(_TRIES - 1):
            try:
                return await self._page(text, token, size, newest_first=newest_first)
            except OverQuota:
                raise
            except Unreachable:
                await self._sleep(0.5 * 2**failures)
        return await self._page(text, token, size, newest_first=newest_first)

    def _tailed(self, tailed: Tailed) -> None:
        # Mostly all of it is of one service, and nobody has to ask.
        places = [self._reads.place(entry) for entry in tailed.entries] if self._tail.mixed else []
        for view in self._views:
            if not view.scope.until:
                view.tailed(_at(view.scope, tailed.entries, places) if places else tailed.entries)

    def _stirred(self, *, missed: bool) -> None:
        for view in self._views:
            view.owed = view.owed or missed
            view.hurry.set()
            view.news.set()

    def _live(self, view: View) -> bool:
        return not view.scope.until and self._tail.state()[0] is Link.LIVE

    def _state(self, view: View) -> LogState:
        link, reason = self._tail.state()
        if view.scope.until:
            link = Link.POLLING
            reason = "All of this window was read." if view.closed else "Looking every 10 s."
        elif view.lost:
            reason = f"{reason} More came in than can be checked: some entries may be missing.".lstrip()
        return LogState(
            link,
            reason,
            calls=self._meter.calls,
            most_calls=self._meter.most,
            suppressed=self._tail.suppressed,
            reconnects=self._tail.reconnects,
            complete=view.complete,
            trouble=view.trouble,
        )


def _at(
    scope: LogScope, entries: Sequence[LogEntry], places: Sequence[tuple[str, str]]
) -> tuple[LogEntry, ...]:
    return tuple(one for one, place in zip(entries, places, strict=True) if at(scope, one, *place))


async def _first(*several: Awaitable[object]) -> None:
    """Wait for the first of these, and give the others up."""
    waits = {asyncio.ensure_future(one) for one in several}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
