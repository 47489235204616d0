"""One view of a log: what it has got, how far a list has proven it, and how long it may rest."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from buddy_tui.errors import BuddyError, NotAllowed
from buddy_tui.log_scope import within
from buddy_tui.logs.merge import Inbox, told_by
from buddy_tui.model import LogEntry, LogScope, Trouble

_SECOND = 1_000_000_000
# How long after its time an entry may still turn up in a list. The lag that was seen in real entries is one second.
_OVERLAP = 30 * _SECOND
# A window that ended longer ago than this gets no more entries.
_SETTLED = 60 * _SECOND
_PACE, _SLOWEST, _AN_HOUR = 10.0, 30.0, 3600.0
# So many entries of the tail wait while the list is read for the first time: most would come late otherwise.
_MOST_HELD = 5_000


class View:
    """The state of one view. Lists come oldest first, so all up to where one came (less an overlap) is known.

    `news` is set when there is something to tell, `hurry` when the rest may be shorter than it was, `room` while more
    may come. `owed` says that the tail may have missed something since the last look began; `lost` that more came in
    than could be remembered before that was made up for.
    """

    def __init__(self, scope: LogScope, wake: asyncio.Event | None = None) -> None:
        self.scope = scope
        self.wake = wake or asyncio.Event()
        self.news, self.hurry, self.room = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.room.set()
        self.complete = self.closed = self.lost = False
        self.owed, self._repays = True, False
        self.trouble: Trouble | None = None
        self._inbox = Inbox()
        self._held: list[LogEntry] | None = []
        self._checked = self._reached = scope.since
        self._quiet = 0
        self._failures = 0
        self._pause = _PACE

    def begin(self, rested: float) -> LogScope:
        """Return what the next look is to list. The last one ended `rested` seconds ago, or more."""
        self._repays, self.owed = self.owed, False
        self._reached = self._checked + round(rested * _SECOND)
        return replace(self.scope, since=max(self.scope.since, self._checked - _OVERLAP, self._inbox.floor))

    def rest(self, *, live: bool) -> float:
        """Return how long to rest between two looks, in seconds."""
        if self.trouble:
            return self._pause
        if self.closed:
            return _AN_HOUR
        if self.owed or not live:
            return _PACE
        return min(_PACE * (1 + self._quiet), _SLOWEST)

    def tailed(self, entries: Sequence[LogEntry]) -> None:
        """Take what is ours of a tail's delivery. What there is no room for, a later look brings."""
        ours = [entry for entry in entries if within(self.scope, entry)]
        if ours and (self._inbox.full or (self._inbox.crowded and not self.complete)):
            self.owed = True
            first = min(entry.when for entry in ours)
            self._checked, self._reached = min(self._checked, first), min(self._reached, first)
        elif self._held is not None and len(self._held) < _MOST_HELD:
            self._held += ours
        elif ours:
            self.release()
            self._add(ours)

    @property
    def outrun(self) -> bool:
        """Whether so much has come in that what is being listed is older than what we remember."""
        return self.complete and self._checked < self._inbox.floor

    def listed(self, entries: Sequence[LogEntry]) -> int:
        """Take one page of a list; return how many of its entries are new."""
        if entries:
            self._checked = max(self._checked, told_by(entries[-1]))
        if self.complete:  # of what is older, nobody knows any more whether it was here
            entries = [entry for entry in entries if entry.when >= self._inbox.floor]
        return self._add(entries)

    def release(self) -> None:
        """Let out what of the tail waits for the list."""
        held, self._held = self._held, None
        if held:
            self._add(held)

    def take(self) -> tuple[tuple[LogEntry, ...], frozenset[int]]:
        """Give out what is new, in order of time, and which of it is late."""
        self.news.clear()
        self.room.set()
        return self._inbox.take()

    def looked(self, *, found: int, now: datetime) -> None:
        """Hear that a look has come to its end, and has found so many new entries."""
        # Nothing may have come in; then all is known up to where the log was when this look began.
        self._checked = max(self._checked, self._reached, self._inbox.floor)
        if self.scope.until:
            self._checked = min(self._checked, self.scope.until)
        self._quiet = self._quiet + 1 if self.complete and not found else 0
        self._failures = 0
        self._repays = False
        self.trouble = None
        self.complete = True
        self.closed = 0 < self.scope.until < now.timestamp() * _SECOND - _SETTLED
        self.release()
        self.news.set()

    def failed(self, error: BuddyError, now: datetime) -> None:
        """Hear that a look has failed. What is here stays."""
        first, most = (60.0, 300.0) if isinstance(error, NotAllowed) else (2.0, 60.0)
        self._pause = min(first * 2.0 ** min(self._failures, 10), most)
        self._failures += 1
        self.owed = True
        self.trouble = Trouble.of(error, since=self.trouble.since if self.trouble else now)
        self.release()
        self.news.set()

    def _add(self, entries: Sequence[LogEntry]) -> int:
        new = self._inbox.add(entries)
        if new:
            self.news.set()
        if self._inbox.full:
            self.room.clear()
        if self._inbox.crowded:
            self._inbox.forget(self._checked - _OVERLAP)
        if self._inbox.crowded and self.complete:
            self._inbox.shrink()
            self.lost = self.lost or self.owed or self._repays
        return new
