"""What of a log is in view: which line stands on which row of the screen, with cursor and scroll bar."""

from itertools import zip_longest
from math import ceil

from textual.strip import Strip

from screens.widgets.log_heads import Heads
from screens.widgets.log_lines import Look

# So many rows that were drawn are kept: some screens around the one in view.
_KEPT = 1000


class Window:
    """Rows of strips. `cursor` and `top` are numbers of lines; `arrange` moves them onto heads, and into view."""

    def __init__(self, heads: Heads, look: Look) -> None:
        self.heads = heads
        self.cursor = self.top = heads.lines.end
        self.pointed: int | None = None  # the line under the cursor; None when there is no line
        self.rows: list[Strip] = []
        self._places: list[tuple[int, int]] = []  # the line of each row, and which of its rows that is
        self._skipped = 0  # rows of the topmost line that lie above the edge
        self._look = look
        self._drawn: dict[tuple[int, int, int, bool, bool], Strip] = {}
        self._heights: dict[int, int] = {}

    @property
    def look(self) -> Look:
        """How lines are drawn."""
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        if look != self._look:
            self._look = look
            self.forget()

    def forget(self) -> None:
        """Draw everything anew."""
        self._drawn.clear()
        self._heights.clear()

    def shifted(self, at: int, count: int) -> None:
        """Take note that lines were put in before line `at`."""
        self.heads.shifted(at, count)
        self.cursor += count * (at <= self.cursor)
        self.top += count * (at <= self.top)
        self.forget()

    def line_at(self, y: int) -> int | None:
        """Return the line on a row."""
        return self._places[y][0] if 0 <= y < len(self._places) else None

    def arrange(self, height: int, words: str, note: str) -> list[int]:
        """Lay out `height` rows; return those that differ from before.

        `words` stand in the middle where there is no line, `note` on the last row.
        """
        before, room = self.rows, max(1, height - bool(note))
        self.pointed = self.heads.near(self.cursor)
        if self.pointed is None:
            self._places, self.rows = [], self._look.middle(words, room)
        else:
            self.cursor = self.pointed
            self._place(self.pointed, room)
            bar = self._bar(room)
            self.rows = [self._strip(*place, barred=y in bar) for y, place in enumerate(self._places)]
        self.rows += [self._look.blank()] * (room - len(self.rows))
        if note:
            self.rows.append(self._look.note(note))
        return [y for y, (old, new) in enumerate(zip_longest(before, self.rows[:height])) if old != new]

    def centre(self, at: int, height: int) -> None:
        """Put the cursor on a line; one that is out of view comes to stand with most of the room above it."""
        head = self.heads.near(at)
        self.cursor = at if head is None else head
        if head is not None and all(head != owner for owner, _ in self._places):
            self.top, self._skipped = self._above(head, height * 2 // 3)

    def move(self, heads: int) -> None:
        """Move the cursor by so many heads."""
        step = self.heads.after if heads > 0 else self.heads.before
        for _ in range(abs(heads)):
            following = step(self.cursor)
            if following is None:
                return
            self.cursor = following

    def _place(self, cursor: int, height: int) -> None:
        """Bring the cursor into view, and leave no room below the last line that lines above could take."""
        top = self.heads.near(self.top)
        if top is None or top != self.top or cursor <= top:
            self._skipped = 0
        self.top = cursor if top is None else min(top, cursor)
        self._places = self._below(height)
        end = cursor, self._height(cursor) - 1
        if self._places[0] != (cursor, 0) and end not in self._places:
            self.top, self._skipped = self._above(cursor, height)
            self._places = self._below(height)
        if len(self._places) < height:
            self.top, self._skipped = self._above(self._places[-1][0], height)
            self._places = self._below(height)

    def _below(self, height: int) -> list[tuple[int, int]]:
        """Return what stands on `height` rows from the top on."""
        places = list[tuple[int, int]]()
        head: int | None = self.top
        while head is not None and len(places) - self._skipped < height:
            places += [(head, row) for row in range(self._height(head))]
            head = self.heads.after(head)
        return places[self._skipped : self._skipped + height]

    def _above(self, head: int, height: int) -> tuple[int, int]:
        """Return the top, and its rows above the edge, where a line is to end on row `height`."""
        rows = self._height(head)
        while rows < height and (above := self.heads.before(head)) is not None:
            head = above
            rows += self._height(head)
        return head, max(0, rows - height)

    def _height(self, head: int) -> int:
        if not self._look.wrapped:
            return 1
        if head not in self._heights:
            self._heights[head] = len(self._draw(head, self.heads.frames(head), pointed=False))
        return self._heights[head]

    def _bar(self, height: int) -> range:
        """Return the rows of the scroll bar's thumb: none where everything is in view."""
        first, lines = self.heads.first, self.heads.lines.end - self.heads.first
        if lines <= len(self._places) or len(self._places) < height:
            return range(0)
        top, bottom = (self._places[at][0] - first for at in (0, -1))
        start = min(top * height // lines, height - 1)
        return range(start, max(start + 1, ceil((bottom + 1) * height / lines)))

    def _strip(self, head: int, row: int, *, barred: bool) -> Strip:
        """Return a row, drawn once; the newest line is drawn every time, for a file may write on in it."""
        frames, pointed = self.heads.frames(head), head == self.cursor
        key = head, row, frames, pointed, barred
        if key not in self._drawn or head == self.heads.lines.end - 1:
            if len(self._drawn) > _KEPT:
                self._drawn.clear()
            strips = self._draw(head, frames, pointed=pointed)
            self._heights[head] = len(strips)
            for number, strip in enumerate(strips):
                self._drawn[head, number, frames, pointed, barred] = self._look.with_bar(strip, barred=barred)
        return self._drawn[key]

    def _draw(self, head: int, frames: int, *, pointed: bool) -> list[Strip]:
        if frames:
            return self._look.folded(frames, pointed=pointed)
        return self._look.line(self.heads.lines.line(head), pointed=pointed)
