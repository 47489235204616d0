"""Frames of libraries in a log are folded into one line, unless somebody unfolds them."""

from buddy_tui.boot.scan import Kind
from buddy_tui.shown import Lines

# A run ends at such a number: without an end, a forged log of nothing but frames would be walked through as a whole.
_SEAM = 4096
_LIBRARY = {Kind.LIBRARY, Kind.LIBRARY_SOURCE}


class Folds:
    """Runs of lines of library frames, named by their first lines. Other lines are runs of one."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._unfolded: set[int] = set()

    def run(self, at: int) -> range:
        """Return the lines that are drawn as one, around line `at`."""
        if not self._is_library(at):
            return range(at, at + 1)
        whole = self._whole(at)
        return range(at, at + 1) if whole.start in self._unfolded else whole

    def frames(self, at: int) -> int:
        """Return how many frames line `at` stands for; 0 when it is a line of its own."""
        if not self._is_library(at) or self._whole(at).start in self._unfolded:
            return 0
        return max(1, sum(self._lines.kind(line) == Kind.LIBRARY for line in self._whole(at)))

    def toggle(self, at: int) -> bool:
        """Unfold the frames of the traceback around a line, or fold them again; False when there are none."""
        runs = {self._whole(line).start for line in self._traceback(at) if self._is_library(line)}
        if runs <= self._unfolded:
            self._unfolded -= runs
        else:
            self._unfolded |= runs
        return bool(runs)

    def unfold(self, at: int) -> None:
        """Show a line that is folded away."""
        if self._is_library(at):
            self._unfolded.add(self._whole(at).start)

    def shifted(self, at: int, count: int) -> None:
        """Take note that lines were put in before line `at`."""
        self._unfolded = {start + count if start >= at else start for start in self._unfolded}

    def _traceback(self, at: int) -> range:
        start = stop = at
        while start > at - _SEAM and self._in_traceback(start) and self._lines.kind(start) != Kind.HEADER:
            start -= 1
        while stop < at + _SEAM and self._in_traceback(stop) and (stop == at or self._follows(stop)):
            stop += 1
        return range(start, stop)

    def _follows(self, at: int) -> bool:
        """Tell whether a line goes on with the traceback above it."""
        above = self._lines.kind(at - 1)
        return self._lines.kind(at) != Kind.HEADER and above not in {Kind.EXCEPTION, Kind.IMPORT_ERROR}

    def _whole(self, at: int) -> range:
        start, stop = at, at + 1
        while start % _SEAM and self._is_library(start - 1):
            start -= 1
        while stop % _SEAM and self._is_library(stop):
            stop += 1
        return range(start, stop)

    def _is_library(self, at: int) -> bool:
        return self._lines.first <= at < self._lines.end and self._lines.kind(at) in _LIBRARY

    def _in_traceback(self, at: int) -> bool:
        if not self._lines.first <= at < self._lines.end:
            return False
        return Kind.HEADER <= self._lines.kind(at) <= Kind.IMPORT_ERROR
