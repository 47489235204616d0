"""One line over a log: how it reaches us, how far it can be trusted, and what of it is shown."""

from collections.abc import Iterator

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean_line
from buddy_tui.model import Link, LogState
from screens.theme import toned
from screens.words import Cell

_LINKS = {
    Link.CONNECTING: Cell("● connecting", "warn"),
    Link.LIVE: Cell("● live", "ok"),
    Link.POLLING: Cell("! polling", "warn"),
    Link.BROKEN: Cell("! not live", "bad"),
}
_GAP = "  "


class LogStatus(Widget):
    """State on the left, what is shown on the right; when the room gets short, the least telling goes first."""

    DEFAULT_CSS = """
    LogStatus { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; }
    """

    state: reactive[LogState] = reactive(LogState())
    late: reactive[int] = reactive(0)
    """Entries so far that came after what stands below them."""
    about: reactive[str] = reactive("")
    """What is shown besides, or instead of, the boot."""
    shown: reactive[str] = reactive("")
    """What the log view says of itself."""

    def render(self) -> Content:
        """Write the line in the width at hand."""
        cells = list(_cells(self.state, self.late, self.about))
        return line(cells, self.shown, max(self.size.width, 10))


def line(cells: list[Cell], shown: str, width: int) -> Content:
    """Lay the line out in `width` cells: the first of `cells` always stays, dim ones go first."""
    right = Content.assemble((clean_line(shown), "$text-muted"))
    room = max(width - right.cell_length - len(_GAP), width // 2)
    while len(cells) > 1 and _length(cells) > room:
        del cells[max(range(1, len(cells)), key=lambda at: (cells[at].tone == "dim", at))]
    pieces = [piece for cell in cells for piece in (Cell(_GAP), cell)]
    left = Content.assemble(*toned(*pieces[1:])).truncate(room, ellipsis=True)
    return (left + " " * max(len(_GAP), width - left.cell_length - right.cell_length) + right).truncate(
        width, ellipsis=True
    )


def _length(cells: list[Cell]) -> int:
    return Content(_GAP.join(cell.text for cell in cells)).cell_length


def _cells(state: LogState, late: int, about: str) -> Iterator[Cell]:
    link = _LINKS[state.link]
    why = f": {clean_line(state.reason)}" if state.reason else ""
    yield link._replace(text=f"{link.text}{why}")
    if about:
        yield Cell(about, "info")
    if state.suppressed:
        yield Cell(f"! {state.suppressed:,} or more held back by Google", "warn")
    full = state.calls >= state.most_calls
    if not state.complete and state.link in {Link.LIVE, Link.POLLING}:
        yield Cell("older entries wait for a free call" if full else "reading older entries …", "warn")
    yield Cell(f"{state.calls}/{state.most_calls} calls", "warn" if full else "dim")
    if late:
        yield Cell(f"{late:,} came late", "dim")
    if state.reconnects:
        yield Cell(f"reconnected {state.reconnects}×", "dim")  # noqa: RUF001 - a count
