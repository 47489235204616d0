"""The lines of a log that pass a filter, found piece by piece from the newest on: nobody waits for the oldest."""

from array import array
from bisect import bisect_left

from buddy_tui.log_filter import LogFilter
from buddy_tui.shown import Lines


class Matches:
    """Numbers of the lines that pass, in order, as far as was looked."""

    def __init__(self, lines: Lines, wanted: LogFilter) -> None:
        self.wanted = wanted
        self._lines = lines
        self._older = array("q")  # the newest first, as they were found
        self._newer = array("q")
        self._from = self._to = lines.end  # what lies between was looked at

    def __len__(self) -> int:
        return len(self._older) + len(self._newer)

    def __getitem__(self, index: int) -> int:
        older = len(self._older)
        return self._older[older - 1 - index] if index < older else self._newer[index - older]

    @property
    def is_done(self) -> bool:
        """Whether everything that is there now was looked at."""
        return self._to >= self._lines.end and self._from <= self._lines.first

    def index(self, at: int) -> int:
        """Return how many matches lie before line `at`."""
        return bisect_left(self, at)

    def look(self) -> None:
        """Look at one more piece: what came in first, then further back."""
        if self._to < self._lines.end:
            piece = self._lines.search(self.wanted, max(self._to, self._lines.first), 1)
            self._newer.extend(piece.hits)
            self._to = self._lines.end if piece.on is None else piece.on
        elif self._from > self._lines.first:
            piece = self._lines.search(self.wanted, self._from - 1, -1)
            self._older.extend(piece.hits)
            self._from = self._lines.first if piece.on is None else piece.on + 1

    def grew(self) -> None:
        """Take note that lines came, or went: the one that was last may have been unfinished."""
        self.forget_from(self._to - 1)
        first = self._lines.first
        while self._older and self._older[-1] < first:
            self._older.pop()
        if not self._older and self._newer and self._newer[0] < first:
            del self._newer[: bisect_left(self._newer, first)]

    def forget_from(self, at: int) -> None:
        """Look anew from line `at` on: there are other lines now."""
        while self._newer and self._newer[-1] >= at:
            self._newer.pop()
        del self._older[: bisect_left(self._older, 1 - at, key=lambda number: -number)]
        self._from, self._to = min(self._from, at), min(self._to, at)
