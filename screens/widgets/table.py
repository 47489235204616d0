"""A table whose rows have keys: the cursor stays on its key, whatever a refresh brings.

Textual's DataTable can neither insert at the top nor drop a column when there is no room, and takes a third of a
second to fill with a thousand rows. This one keeps no state per row and draws only the lines that are in view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from buddy_tui.clean import clean_line
from screens.theme import TONES
from screens.widgets.columns import GAP, Column, fit, fitted
from screens.words import Cell

_MARK = "▸ "
_SPAN = Column("")
_POINTED = "$block-cursor-foreground on $block-cursor-background"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `cells` is one for each column, or a single one that spans all of them."""

    key: str
    cells: tuple[Cell, ...]


class KeyedTable(ScrollView, can_focus=True):
    """Rows of plain text with a cursor. Text is never read as markup."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Next row", show=False, id="table.down"),
        Binding("up,k", "move(-1)", "Previous row", show=False, id="table.up"),
        Binding("ctrl+d,pagedown", "page(1)", "Half a page down", show=False, id="table.page-down"),
        Binding("ctrl+u,pageup", "page(-1)", "Half a page up", show=False, id="table.page-up"),
        Binding("g,home", "edge(0)", "First row", show=False, id="table.first"),
        Binding("G,end", "edge(-1)", "Last row", show=False, id="table.last"),
        Binding("enter", "choose", "Open", key_display="enter", id="table.open"),
    ]
    DEFAULT_CSS = """
    KeyedTable { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    class Pointed(Message):
        """The cursor is on another row; `key` is empty when there is none."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Chosen(Message):
        """A row was opened."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    words: reactive[str] = reactive("")
    """What stands in for the rows, in the middle; empty to show the rows."""

    def __init__(self, columns: Sequence[Column], *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._rows: tuple[Row, ...] = ()
        self._natural: tuple[int, ...] = (0,) * len(self._columns)
        self._cursor = 0
        self._ground = Style.null()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown, top first."""
        return self._rows

    @property
    def key(self) -> str:
        """The key under the cursor, or empty."""
        return self._rows[self._cursor].key if self._rows else ""

    def show(self, rows: tuple[Row, ...]) -> None:
        """Show `rows` in this order. The cursor stays on its key and, once scrolled, on its line of the screen."""
        if rows == self._rows:
            return
        old, natural, key, cursor = self._rows, self._natural, self.key, self._cursor
        found = next(
            (at for at, row in enumerate(rows) if row.key == key), min(cursor, max(0, len(rows) - 1))
        )
        self._rows, self._cursor = rows, found
        self._natural = tuple(map(self._measure, range(len(self._columns))))
        self.virtual_size = Size(0, len(rows) + 1)
        if self.scroll_offset.y and found != cursor:
            self.scroll_to(y=self.scroll_offset.y + found - cursor, animate=False)
        self._keep_in_view()
        if natural == self._natural and [row.key for row in old] == [row.key for row in rows]:
            self._repaint_changes(old)
        else:
            self.refresh()
        if self.key != key:
            self.post_message(self.Pointed(self.key))

    def point_at(self, key: str) -> None:
        """Move the cursor to a key; one that is not there changes nothing."""
        for at, row in enumerate(self._rows):
            if row.key == key:
                self._move_to(at)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to open a row only where there is one."""
        del parameters
        return bool(self._rows) if action == "choose" else True

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self._move_to(self._cursor + rows)

    def action_page(self, direction: int) -> None:
        """Move the cursor by half a page."""
        self._move_to(self._cursor + direction * max(1, (self.size.height - 1) // 2))

    def action_edge(self, edge: int) -> None:
        """Move the cursor to the first (0) or last (-1) row."""
        self._move_to(edge % max(1, len(self._rows)))

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self._rows:
            self.post_message(self.Chosen(self.key))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row that was clicked; a click on the cursor opens it."""
        at = self._row_at(event.y)
        if at is None:
            return
        if at == self._cursor:
            self.action_choose()
        else:
            self._move_to(at)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._keep_in_view()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Look the ground colour up once for all lines: that walks up the tree."""
        self._ground = self.visual_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw the titles on line 0, and below them the rows in view."""
        width = self.scrollable_content_region.width
        if self.words:
            return self._words_line(y, width)
        if y == 0:
            titles = tuple(Cell(column.title, "dim") for column in self._columns)
            return self._line(titles, "  ", self._ground, width)
        at = self._row_at(y)
        if at is None:
            return Strip.blank(width, painted(self._ground, ""))
        if at == self._cursor:
            return self._line(self._rows[at].cells, _MARK, self._ground + Style.parse(_POINTED), width)
        return self._line(self._rows[at].cells, "  ", self._ground, width)

    def _words_line(self, y: int, width: int) -> Strip:
        room = max(1, width - 8)
        lines = [line for part in self.words.split("\n") for line in wrap(clean_line(part), room)]
        at = y - max(0, (self.size.height - len(lines)) // 2)
        blank = painted(self._ground, "")
        if not 0 <= at < len(lines):
            return Strip.blank(width, blank)
        style = painted(self._ground, "dim" if at else "strong")
        indent = " " * max(0, (width - cell_len(lines[at])) // 2)
        return Strip([Segment(indent + lines[at], style)]).adjust_cell_length(width, blank)

    def _line(self, cells: tuple[Cell, ...], mark: str, ground: Style, width: int) -> Strip:
        plain = painted(ground, "")
        segments = [Segment(mark, plain)]
        for cell, size, column in self._placed(cells, width - len(mark)):
            text = fitted(clean_line(cell.text), size, column)
            segments += [Segment(text, painted(ground, cell.tone)), Segment(GAP, plain)]
        return Strip(segments).adjust_cell_length(width, plain)

    def _placed(self, cells: tuple[Cell, ...], width: int) -> list[tuple[Cell, int, Column]]:
        if len(cells) < len(self._columns):
            return [(cells[0], width, _SPAN)]
        widths = fit(self._columns, self._natural, width)
        return [placed for placed in zip(cells, widths, self._columns, strict=True) if placed[1]]

    def _row_at(self, y: int) -> int | None:
        at = y - 1 + self.scroll_offset.y
        return at if y > 0 and at < len(self._rows) else None

    def _move_to(self, at: int) -> None:
        at = max(0, min(at, len(self._rows) - 1))
        if at == self._cursor:
            return
        for row in (self._cursor, at):
            self.refresh_line(row + 1)
        self._cursor = at
        self._keep_in_view()
        self.post_message(self.Pointed(self.key))

    def _keep_in_view(self) -> None:
        top, lines = self.scroll_offset.y, max(1, self.size.height - 1)
        wanted = min(max(top, self._cursor - lines + 1), self._cursor)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False)

    def _repaint_changes(self, old: tuple[Row, ...]) -> None:
        for line in range(1, self.size.height):
            at = self._row_at(line)
            if at is not None and old[at] != self._rows[at]:
                self.refresh(Region(0, line, self.size.width, 1))

    def _measure(self, column: int) -> int:
        """Return the cells that a column needs; 0 when it has nothing to say and may go."""
        texts = [row.cells[column].text for row in self._rows if len(row.cells) == len(self._columns)]
        widest = max((len(text) if text.isascii() else cell_len(text) for text in texts), default=0)
        mine = self._columns[column]
        return max(widest, len(mine.title)) if widest or not (mine.priority or mine.spare) else 0


def painted(ground: Style, tone: str) -> RichStyle:
    """Return a tone on a ground, as segments want it."""
    return _joined(ground, Style.parse(TONES[tone]))


@lru_cache(128)
def _joined(ground: Style, tone: Style) -> RichStyle:
    return (ground + tone).rich_style
