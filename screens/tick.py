"""The dialog that ticks a line by hand: it wants a name and a note, and begins on Cancel."""

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from buddy_tui.clean import clean_line
from buddy_tui.verify.values import Line
from screens.theme import toned
from screens.widgets.checklist import measured
from screens.words import Cell


class Vouched(NamedTuple):
    """Whose word it is that a line holds, and why."""

    by: str
    note: str


class TickPage(ModalScreen[Vouched | None]):
    """Ask for name and note. Nothing is ticked but by the button, which wants both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel", id="tick.cancel"),
    ]
    DEFAULT_CSS = """
    TickPage {
        align: center middle; background: $background 60%;
        #dialog { width: 72; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; background: $surface;
                  border: round $border; }
        Horizontal { height: 1; margin-top: 1; }
        Horizontal Static { width: 6; color: $text-muted; }
        Input { width: 1fr; border: none; height: 1; background: $panel; padding: 0 1; }
        Input:focus { background: $block-cursor-background; }
        Button { height: 1; min-width: 12; border: none; margin-right: 2; background: $panel; }
        Button:focus { background: $primary; color: $background; text-style: bold !important; }
    }
    """

    def __init__(self, line: Line, by: str) -> None:
        super().__init__()
        self._line = line
        self._by = by

    def compose(self) -> ComposeResult:
        """Put what is ticked, and what was measured, above the two fields; Cancel comes first."""
        with Vertical(id="dialog"):
            yield Static(_told(self._line), markup=False)
            with Horizontal():
                yield Static("name", markup=False)
                yield Input(self._by, placeholder="who says so", id="by", compact=True, select_on_focus=False)
            with Horizontal():
                yield Static("note", markup=False)
                yield Input(placeholder="how you know, for whoever reads it later", id="note", compact=True)
            with Horizontal():
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Tick by hand", id="tick", compact=True, disabled=not self._by)

    def on_mount(self) -> None:
        """Begin on Cancel: enter, pressed twice out of habit, ticks nothing."""
        self.query_one("#cancel").focus()
        self._weigh()

    def _word(self) -> Vouched:
        return Vouched(*(clean_line(self.query_one(f"#{one}", Input).value) for one in ("by", "note")))

    @on(Input.Changed)
    def _weigh(self) -> None:
        """Offer the button only when both are told."""
        self.query_one("#tick", Button).disabled = not all(self._word())

    @on(Input.Submitted)
    def _go_on(self) -> None:
        """Enter in a field goes to the next; it never ticks."""
        self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        word = self._word()
        self.dismiss(word if event.button.id == "tick" and all(word) else None)

    def dismiss(self, result: Vouched | None = None) -> AwaitComplete:
        """Go, once, as a `Sheet` does."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


def _told(line: Line) -> Content:
    how = measured(line)
    return Content.assemble(
        *toned(
            Cell("Tick by hand\n", "info"),
            Cell(f"{clean_line(line.text)}\n", "strong"),
            Cell(f"measured: {how.text}", how.tone),
            Cell(f"  {clean_line(line.evidence)}", "dim"),
            Cell("\nWhat was measured stays beside your word.", "dim"),
        )
    )
