"""The verification plan as a table: sections as headings, a line with its mark, evidence, source and time."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from buddy_tui.verify.values import Answered, Checklist, Line
from screens.widgets.columns import Column
from screens.widgets.table import KeyedTable, Row
from screens.words import NONE, Cell, age

COLUMNS = (
    Column("ANSWER"),
    Column("LINE", flexible=True, least=30),
    Column("EVIDENCE", spare=True),
    Column("FROM", priority=2),
    Column("AGE", priority=1, right=True),
)
_SECTION = "section:"
# What stands beside a line's text and answer: the mark of the cursor, source, age, and what lies between columns.
_BESIDE = 26
_LEAST_EVIDENCE = 20
_ANSWERS: Final = {
    Answered.YES: Cell("✓ yes", "ok"),
    Answered.NO: Cell("✗ no", "bad"),
    Answered.UNKNOWN: Cell("? unknown", "warn"),
    Answered.BY_HAND: Cell("@ by hand", "info"),
    Answered.PENDING: Cell("● looking", "info"),
}


def measured(line: Line) -> Cell:
    """Return what was found without anybody's word."""
    return _ANSWERS[Answered.UNKNOWN if line.answered is Answered.BY_HAND else line.answered]


def answer(line: Line) -> Cell:
    """Return how a line stands; what was measured stays in view beside a word given by hand.

    What was seen earlier is told as past, and in the colour of what is not known.
    """
    if line.before and line.answered is Answered.UNKNOWN:
        return measured(line)._replace(text=f"? was {line.before.answered}")
    if line.by and line.answered is not Answered.BY_HAND:
        return measured(line)._replace(text=f"{measured(line).text} + hand")
    return _ANSWERS[line.answered]


def rows(checklist: Checklist, now: datetime, width: int) -> Iterator[Row]:
    """Yield a heading for each section, and its lines below it; evidence is cut to the room in `width` cells."""
    taken = _longest(line.text for line in checklist.lines)
    taken += _longest(answer(line).text for line in checklist.lines) + _BESIDE
    most = max(_LEAST_EVIDENCE, width - taken)
    section = ""
    for at, line in enumerate(checklist.lines):
        if line.section != section or not at:
            section = line.section
            yield Row(f"{_SECTION}{at}", (Cell(section, "info"),))
        yield Row(line.id, _cells(line, now, most))


def _longest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)


def _cells(line: Line, now: datetime, most: int) -> tuple[Cell, ...]:
    told = line.evidence or (f"{line.by}: {line.note}" if line.by else "")
    told = told if len(told) <= most else f"{told[: most - 1]}…"
    return (
        answer(line),
        Cell(line.text),
        Cell(told, "dim"),
        Cell(line.source or ("hand" if line.by else ""), "dim"),
        Cell(age(line.at, now) if line.at else NONE, "dim"),
    )


class ChecklistTable(KeyedTable):
    """Lines under their sections; the cursor passes over the headings."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Details", key_display="enter", id="table.open")
    ]

    def show(self, rows: tuple[Row, ...]) -> None:
        """Show the rows, the cursor never on a heading."""
        super().show(rows)
        if self.key.startswith(_SECTION):
            self._move_to(self._cursor + 1)

    def _move_to(self, at: int) -> None:
        lines = [number for number, row in enumerate(self.rows) if not row.key.startswith(_SECTION)]
        up = at < self._cursor
        beyond = [one for one in lines if (one <= at if up else one >= at)]
        if not lines:
            return
        super()._move_to(beyond[-1 if up else 0] if beyond else lines[0 if up else -1])
        if up and self._cursor == lines[0]:  # above the first line stands its heading: show it too
            self.scroll_to(y=0, animate=False)
