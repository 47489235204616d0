"""Which lines of a log head what is drawn, one below the other: all or those that pass a filter, frames folded."""

from typing import TYPE_CHECKING

from buddy_tui.log_filter import LogFilter
from buddy_tui.shown import Lines
from screens.widgets.log_fold import Folds

if TYPE_CHECKING:
    from buddy_tui.matches import Matches


class Heads:
    """The way from line to line in a view. `floor` is the oldest line that is shown; matches are never folded."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.folds = Folds(lines)
        self.matches: Matches | None = None
        self.floor: int | None = None

    @property
    def first(self) -> int:
        """The number of the oldest line that may be shown."""
        return self.lines.first if self.floor is None else max(self.floor, self.lines.first)

    def near(self, at: int) -> int | None:
        """Return the head of a line that is shown, else a near one; None when there is no line."""
        if self.matches is not None:
            index = min(max(self.matches.index(at), self._least()), len(self.matches) - 1)
            return self.matches[index] if index >= self._least() else None
        if self.lines.end <= self.first:
            return None
        run = self.folds.run(min(max(at, self.first), self.lines.end - 1))
        return max(run.start, self.first)

    def shows(self, at: int) -> bool:
        """Tell whether a line is shown, or would be if it were not folded away."""
        return at >= self.first and (self.matches is None or self.near(at) == at)

    def last(self) -> int | None:
        """Return the last head."""
        return self.near(self.lines.end)

    def after(self, head: int) -> int | None:
        """Return the next head, or None."""
        if self.matches is not None:
            index = self.matches.index(head + 1)
            return self.matches[index] if index < len(self.matches) else None
        below = self.folds.run(head).stop
        return below if below < self.lines.end else None

    def before(self, head: int) -> int | None:
        """Return the head above, or None."""
        if self.matches is not None:
            index = self.matches.index(head) - 1
            return self.matches[index] if index >= self._least() else None
        return max(self.folds.run(head - 1).start, self.first) if head > self.first else None

    def frames(self, head: int) -> int:
        """Return how many library frames a head stands for; 0 when it is a line of its own."""
        return 0 if self.matches is not None else self.folds.frames(head)

    def shifted(self, at: int, count: int) -> None:
        """Take note that lines were put in before line `at`."""
        self.folds.shifted(at, count)
        if self.matches is not None:
            self.matches.forget_from(at)
        if self.floor is not None and at <= self.floor:
            self.floor += count

    def _least(self) -> int:
        return 0 if self.floor is None or self.matches is None else self.matches.index(self.floor)


class Seek:
    """The way to the next line that passes a filter, or to the next problem, piece by piece."""

    def __init__(self, heads: Heads, wanted: LogFilter | None, pointed: int, step: int) -> None:
        self._heads = heads
        self._wanted = wanted
        self._step = step
        run = heads.folds.run(pointed)
        self._on: int | None = run.stop if step > 0 else run.start - 1
        self.found: int | None = None

    @property
    def is_done(self) -> bool:
        """Whether everything on the way was looked at."""
        return self._on is None

    @property
    def words(self) -> str:
        """What is looked for, and where."""
        return f"{'match' if self._wanted else 'problem'} {'below' if self._step > 0 else 'above'}"

    def look(self) -> bool:
        """Look at one more piece; tell whether there is reason to look at another."""
        if self._on is not None:
            hits, self._on = self._heads.lines.search(self._wanted, self._on, self._step)
            self.found = next(filter(self._heads.shows, hits), None)
        return self.found is None and self._on is not None
