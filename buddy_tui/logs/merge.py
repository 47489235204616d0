"""What one view of a log has got: each entry once, in order of time, however it came."""

from bisect import bisect_left
from collections.abc import Iterable
from operator import itemgetter

from buddy_tui.model import LogEntry

# When, insert id, log: the order that Google gives its own answers, and the log where even that is the same.
_order = itemgetter(0, 2, 1)


def told_by(entry: LogEntry) -> int:
    """Return by when an entry says that the log had come so far: an application may date its lines into the future."""
    return min(entry.when, entry.received) if entry.received else entry.when


class Inbox:
    """Takes entries in any order, doubled or late, and gives them out in batches.

    It remembers what it has seen from `floor` on, in nanoseconds since the epoch: whoever lists entries again must
    not ask for older ones. `most` entries wait to be taken before it is `full`; `memory` is how many it remembers.
    """

    def __init__(self, most: int = 20_000, memory: int = 50_000) -> None:
        self.floor = 0
        self._most = most
        self._memory = memory
        self._seen: set[tuple[str, int, str]] = set()
        self._waiting: list[LogEntry] = []
        self._last: tuple[int, str, str] = (0, "", "")

    @property
    def full(self) -> bool:
        """Whether so much waits to be taken that no more should come."""
        return len(self._waiting) >= self._most

    @property
    def crowded(self) -> bool:
        """Whether it remembers more than it should."""
        return len(self._seen) > self._memory

    def add(self, entries: Iterable[LogEntry]) -> int:
        """Take entries; return how many of them are new."""
        seen, before = self._seen, len(self._waiting)
        for entry in entries:
            # Written out, for it is done for each entry of a flood.
            key = (entry[1], entry[0], entry[2])
            if key not in seen:
                seen.add(key)
                self._waiting.append(entry)
        return len(self._waiting) - before

    def take(self) -> tuple[tuple[LogEntry, ...], frozenset[int]]:
        """Give out what waits, in order, with the positions of those that belong before what was given out earlier."""
        entries = tuple(sorted(self._waiting, key=_order))
        self._waiting = []
        late = bisect_left(entries, self._last, key=_order)
        if entries:
            self._last = max(self._last, _order(entries[-1]))
        return entries, frozenset(range(late))

    def forget(self, before: int) -> None:
        """Forget what is older than `before`."""
        self.floor = max(self.floor, before)
        self._seen = {key for key in self._seen if key[1] >= self.floor}

    def shrink(self) -> None:
        """Forget the older half of what it may remember."""
        self.forget(sorted(when for _, when, _ in self._seen)[-(self._memory // 2)])
