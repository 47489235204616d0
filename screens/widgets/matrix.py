"""The matrix of probes: revisions down, questions across, and a cursor on one cell."""

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.style import Style

from buddy_tui.clean import clean_line
from buddy_tui.probes.values import Cell, Matrix, Target
from screens.probe_words import brief, latencies, millis, short, state
from screens.widgets.columns import Column, fitted
from screens.widgets.spark import spark
from screens.widgets.table import KeyedTable, Row, painted
from screens.words import Cell as Word

_MARK, _SHARE, _GAP = "▸", 5, 2
# A cell is so wide at least, and gains nothing by being wider than that; with names in full, so wide.
_LEAST, _MOST, _GOOD = 8, 24, 12
_LEAST_SPARK = 4
_ROW = "on $surface"
_POINTED = "$block-cursor-foreground on $block-cursor-background"
_TITLE = "bold underline"
_COLUMN, _NUMBER, _NAME = Column(""), Column("", right=True), Column("", keep_end=True)


class MatrixTable(KeyedTable):
    """A `KeyedTable` of answers with a cursor that moves across too. Where there is no room, columns scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "across(1)", "Next question", show=False, id="table.right"),
        Binding("left,h", "across(-1)", "Previous question", show=False, id="table.left"),
        Binding("enter", "choose", "Details", key_display="enter", id="table.open"),
    ]

    class Moved(Message):
        """The cursor is on another question."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__((Column("REVISION"),), id=id)
        self._matrix: Matrix | None = None
        self._order: tuple[int, ...] = ()
        self._watching = self._stopped = False
        self._question = self._first = 0
        self._sizes = (0, 0, 0)

    @property
    def question(self) -> int:
        """The position of the question under the cursor."""
        return self._question

    @property
    def pointed(self) -> tuple[Cell, Target] | None:
        """The cell under the cursor and its revision's address, if there is one."""
        if self._matrix is None or not self.rows:
            return None
        at = self._order[self._cursor]
        row = self._matrix.cells[at] if at < len(self._matrix.cells) else ()
        return (row[self._question], self._matrix.targets[at]) if self._question < len(row) else None

    def tell(self, matrix: Matrix, *, watching: bool, stopped: bool) -> None:
        """Show what is known by now, who serves first. Only rows that changed are drawn anew."""
        self._matrix, self._watching, self._stopped = matrix, watching, stopped
        self._order = tuple(sorted(range(len(matrix.targets)), key=lambda at: -matrix.targets[at].percent))
        self._question = min(self._question, max(0, len(matrix.questions) - 1))
        self._lay_out()

    def on_resize(self) -> None:
        """Lay the columns out for the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        if self._matrix is None:
            return
        sizes = self._fit(self._matrix)
        if sizes != self._sizes:
            self._sizes = sizes
            self.refresh()
        self._scroll_across()
        self.show(tuple(self._row(self._matrix, at) for at in self._order))

    def _fit(self, matrix: Matrix) -> tuple[int, int, int]:
        """Return the cells of the name, of an answer, and how many answers there is room for."""
        count = len(matrix.questions)
        full = max((len(one.revision) for one in matrix.targets), default=8)
        room = max(self.size.width - 1 - _GAP - _SHARE, 1)
        name = max(full, 8)
        if (room - name) < count * (_GOOD + _GAP):
            name = max((len(short(one.revision, matrix.name)) for one in matrix.targets), default=8)
            name = min(max(name, 8), max(8, room // 3))
        shown = max(1, min(count, (room - name) // (_LEAST + _GAP)))
        return name, max(1, min((room - name) // shown - _GAP, _MOST)), shown

    def _row(self, matrix: Matrix, at: int) -> Row:
        target, (_, width, _) = matrix.targets[at], self._sizes
        answers = matrix.cells[at] if at < len(matrix.cells) else ()
        name = Word(target.revision, "strong" if target.percent else "")
        share = Word(f"{target.percent}%", "strong" if target.percent else "dim")
        return Row(target.revision, (name, share, *(self._word(cell, matrix, width) for cell in answers)))

    def _word(self, cell: Cell, matrix: Matrix, width: int) -> Word:
        word = brief(cell, matrix.attempts, width, stopped=self._stopped)
        if not self._watching or len(latencies(cell.attempts)) < _LEAST_SPARK:
            return word
        how = state(cell)
        mark = how.text.partition(" ")[0]
        head, tail = f"{mark} {cell.passed}/{cell.tried} ", f" {millis(cell.p50_ms)}"
        for end in (tail, ""):
            room = width - len(head) - len(end)
            if room >= _LEAST_SPARK:
                return Word(f"{head}{spark(latencies(cell.attempts), room)}{end}", how.tone)
        return word

    def _measure(self, _column: int) -> int:
        """Widths follow from the room alone, so that no answer moves another."""
        return 1

    def action_across(self, by: int) -> None:
        """Move the cursor to another question."""
        count = len(self._matrix.questions) if self._matrix else 0
        self.point_across(max(0, min(self._question + by, count - 1)))

    def point_across(self, question: int) -> None:
        """Move the cursor to the question at that position."""
        if question != self._question:
            self._question = question
            self._scroll_across()
            self.refresh()
            self.post_message(self.Moved())

    def _scroll_across(self) -> None:
        shown = max(1, self._sizes[2])
        self._first = min(max(self._first, self._question - shown + 1), self._question)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell that was clicked; a click on the cursor opens it."""
        event.prevent_default()
        name, width, shown = self._sizes
        across = event.x - (_GAP + name + _SHARE)
        at, row = self._first + across // (width + _GAP), self._row_at(event.y)
        here = row == self._cursor and at == self._question
        if row is not None and across >= 0 and at < self._first + shown:
            self.point_across(at)
        if here:
            self.action_choose()
        elif row is not None:
            self._move_to(row)

    def render_line(self, y: int) -> Strip:
        """Draw the questions on line 0, and below them the revisions in view."""
        width = self.scrollable_content_region.width
        if self.words or self._matrix is None:
            return self._words_line(y, width)
        if y == 0:
            return self._heads(self._matrix, width)
        at = self._row_at(y)
        if at is None:
            return Strip.blank(width, painted(self._ground, ""))
        return self._answers(self._rows[at], width, pointed=at == self._cursor)

    def _heads(self, matrix: Matrix, width: int) -> Strip:
        name, size, shown = self._sizes
        count, plain = len(matrix.questions), painted(self._ground, "")
        corner = "REVISION" if shown >= count else f"{self._first + 1}-{self._first + shown}/{count}"
        parts = [
            Segment(" " * _GAP + fitted(corner, name, _COLUMN) + " " * _SHARE, painted(self._ground, "dim"))
        ]
        for at in range(self._first, min(count, self._first + shown)):
            question = matrix.questions[at]
            title = clean_line(question.name) if question.critical else f"({clean_line(question.name)})"
            ground = self._ground + Style.parse(_TITLE) if at == self._question else self._ground
            text = fitted(title, size, _COLUMN)
            bare = text.rstrip()
            parts += [
                Segment(" " * _GAP, plain),
                Segment(bare, painted(ground, "" if at == self._question else "dim")),
            ]
            parts.append(Segment(" " * (len(text) - len(bare)), plain))
        return Strip(parts).adjust_cell_length(width, plain)

    def _answers(self, row: Row, width: int, *, pointed: bool) -> Strip:
        name, size, shown = self._sizes
        ground = self._ground + Style.parse(_ROW) if pointed else self._ground
        plain = painted(ground, "")
        who, share = row.cells[0], row.cells[1]
        parts = [
            Segment(f"{_MARK} " if pointed else " " * _GAP, plain),
            Segment(fitted(self._called(who.text, name), name, _NAME), painted(ground, who.tone)),
            Segment(fitted(share.text, _SHARE, _NUMBER), painted(ground, share.tone)),
        ]
        for at, cell in enumerate(row.cells[2 + self._first : 2 + self._first + shown], self._first):
            here = pointed and at == self._question
            under = self._ground + Style.parse(_POINTED) if here else ground
            parts += [
                Segment(" ", plain),
                Segment(_MARK if here else " ", painted(under, "info" if here else "")),
                Segment(fitted(clean_line(cell.text), size, _COLUMN), painted(under, cell.tone)),
            ]
        return Strip(parts).adjust_cell_length(width, plain)

    def _called(self, revision: str, width: int) -> str:
        name = clean_line(revision)
        return short(revision, self._matrix.name) if self._matrix and len(name) > width else name
