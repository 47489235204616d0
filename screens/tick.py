"""The dialog that ticks a line by hand: it wants a name and a note, and begins on Cancel."""

from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from buddy_tui.clean import clean_line
from buddy_tui.verify.values import Answered, Line
from screens.dialog import Dialog, labelled
from screens.theme import toned
from screens.widgets.checklist import measured
from screens.words import Cell


class Vouched(NamedTuple):
    """Whose word it is that a line holds, and why."""

    by: str
    note: str


class TickPage(Dialog[Vouched]):
    """Ask for name and note. Nothing is ticked but by the button, which wants both."""

    AUTO_FOCUS = "#cancel"  # enter, pressed twice out of habit, ticks nothing

    def __init__(self, line: Line, by: str) -> None:
        super().__init__()
        self._line = line
        self._by = by

    def body(self) -> ComposeResult:
        """Put what is ticked, and what was measured, above the two fields; Cancel comes first."""
        yield Static(_told(self._line), markup=False)
        by = Input(self._by, placeholder="who says so", id="by", compact=True, select_on_focus=False)
        yield labelled("name", by)
        note = Input(placeholder="how you know, for whoever reads it later", id="note", compact=True)
        yield labelled("note", note)
        with Horizontal(classes="spaced"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button("Tick by hand", id="tick", compact=True, disabled=True)

    def _word(self) -> Vouched:
        return Vouched(*(clean_line(self.query_one(f"#{one}", Input).value) for one in ("by", "note")))

    @on(Input.Changed)
    def _weigh(self) -> None:
        """Offer the button only when both are told."""
        self.query_one("#tick", Button).disabled = not all(self._word())

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        word = self._word()
        self.dismiss(word if event.button.id == "tick" and all(word) else None)


def _told(line: Line) -> Content:
    how = measured(line)
    if line.answered is Answered.PENDING:  # it may be answered while we are asked
        how = how._replace(text="nothing yet")
    return Content.assemble(
        *toned(
            Cell("Tick by hand\n", "info"),
            Cell(f"{clean_line(line.text)}\n", "strong"),
            Cell(f"measured: {how.text}", how.tone),
            Cell(f"  {clean_line(line.evidence)}", "dim"),
            Cell("\nWhat was measured stays beside your word.", "dim"),
        )
    )
