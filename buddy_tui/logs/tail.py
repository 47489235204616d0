"""The one tail of a project: kept open, opened anew when it breaks, and honest about how it stands."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Protocol

from buddy_tui.errors import BuddyError, NotAllowed, OverQuota, Unreachable
from buddy_tui.gateway import LogReads, Tailed
from buddy_tui.log_scope import union, whole
from buddy_tui.model import Link, LogScope
from buddy_tui.watch import Clock, Sleep

_SILENT_AFTER = timedelta(seconds=20)
_REOPENED_AFTER = timedelta(minutes=2)
_SILENCE = "The tail has delivered nothing for 20 s; looking every 10 s."


class Stirred(Protocol):
    """Hears that the link has changed."""

    def __call__(self, *, missed: bool) -> None:
        """`missed` says that entries may have been lost."""


class Tail:
    """Delivers what comes in for all services that it covers.

    `deliver` gets each delivery. `stirred` is called when the link has changed, with whether entries may have been
    missed. `reconnects` counts tails that broke, `suppressed` entries that Google held back. A tail that delivers
    nothing may be right: that it should have is known only from a look at the list, which `missed` tells. `bug` is
    what ended it for good; trouble is no end.
    """

    def __init__(
        self,
        reads: LogReads,
        project: str,
        deliver: Callable[[Tailed], None],
        stirred: Stirred,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self.reconnects = 0
        self.suppressed = 0
        self.bug: BaseException | None = None
        self._reads = reads
        self._project = project
        self._deliver = deliver
        self._stirred = stirred
        self._clock = clock
        self._sleep = sleep
        self._covered: frozenset[LogScope] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()
        self._link = Link.CONNECTING
        self._reason = ""
        self._silent = False
        self._failures = self._misses = 0
        self._opened = self._heard = clock()

    @property
    def mixed(self) -> bool:
        """Whether entries of more than one service come."""
        return len({scope.service for scope in self._covered}) > 1

    def state(self) -> tuple[Link, str]:
        """Return how the tail stands, and why it is not live."""
        waits = self._link is Link.CONNECTING and self._since(self._opened) >= _SILENT_AFTER
        return (Link.POLLING, _SILENCE) if self._silent or waits else (self._link, self._reason)

    def cover(self, scopes: Iterable[LogScope]) -> None:
        """Be about the services of these scopes: begin anew where one is not covered yet."""
        wanted = frozenset(map(whole, scopes))
        if not wanted <= self._covered:
            self._covered = wanted
            self._begin()

    def missed(self) -> None:
        """Hear that a list had new entries, which should have come here; once may be chance."""
        self._misses += 1
        if self._link is Link.LIVE and self._misses > 1 and self._since(self._heard) >= _SILENT_AFTER:
            self._silent = True
        if self._silent and self._since(self._opened) >= _REOPENED_AFTER:
            self._begin()

    async def close(self) -> None:
        """Close the call, and return when it is closed. It may be opened again."""
        self._covered = frozenset()
        self._reason, self._failures, self._silent, self.bug = "", 0, False, None
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks))

    def _begin(self) -> None:
        previous = set(self._tasks)
        for task in previous:
            task.cancel()
        task = asyncio.create_task(self._run(previous))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _run(self, previous: set[asyncio.Task[None]]) -> None:
        if previous:  # never two calls at once: Google counts them
            await asyncio.wait(previous)
        while True:
            self._opened = self._heard = self._clock()
            self._link = Link.CONNECTING
            self._stirred(missed=True)
            try:
                await self._listen()
            except BuddyError as error:
                pause = self._broken(error)
            else:
                pause = self._broken(Unreachable("Google has ended the log tail."))
            await self._sleep(pause)

    async def _listen(self) -> None:
        async with aclosing(self._reads.tail(self._project, union(self._covered))) as stream:
            async for tailed in stream:
                if tailed.entries:
                    self._heard = self._clock()
                    self._failures, self._misses, self._silent = 0, 0, False
                if self._link is not Link.LIVE or tailed.suppressed:
                    self._link, self._reason = Link.LIVE, ""
                    self.suppressed += tailed.suppressed
                    self._stirred(missed=tailed.suppressed > 0)
                self._deliver(tailed)

    def _broken(self, error: BuddyError) -> float:
        """Tell why, and return how long to wait before the next one, in seconds."""
        self.reconnects += 1
        self._failures += 1
        self._misses, self._silent = 0, False
        closed = isinstance(error, NotAllowed | OverQuota)
        first, most = (60.0, 300.0) if closed else (1.0, 30.0)
        pause = min(first * 2.0 ** min(self._failures - 1, 10), most)
        self._link = Link.POLLING if closed else Link.BROKEN
        self._reason = f"{error} Trying again in {pause:.0f} s."
        self._stirred(missed=True)
        return pause

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (bug := task.exception()):
            self.bug = bug
            self._stirred(missed=True)

    def _since(self, moment: datetime) -> timedelta:
        return self._clock() - moment
