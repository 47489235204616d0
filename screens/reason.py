"""The dialog that asks why: it begins on Cancel, and its button wants a reason."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from buddy_tui.clean import clean_line
from screens.theme import toned
from screens.words import Cell


class ReasonPage(ModalScreen[str]):
    """Ask for a reason; what comes back is the reason, or nothing where it was cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel", id="reason.cancel"),
    ]
    DEFAULT_CSS = """
    ReasonPage {
        align: center middle; background: $background 60%;
        #dialog { width: 72; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; background: $surface;
                  border: round $border; }
        Horizontal { height: 1; margin-top: 1; }
        Horizontal Static { width: 8; color: $text-muted; }
        Input { width: 1fr; border: none; height: 1; background: $panel; padding: 0 1; }
        Input:focus { background: $block-cursor-background; }
        Button { height: 1; min-width: 12; border: none; margin-right: 2; background: $panel; }
        Button:focus { background: $warning; color: $background; text-style: bold !important; }
    }
    """

    def __init__(self, title: str, what: str, label: str) -> None:
        super().__init__()
        self._title = title
        self._what = what
        self._label = label

    def compose(self) -> ComposeResult:
        """Put what will happen above the field; Cancel comes first."""
        with Vertical(id="dialog"):
            told = toned(Cell(f"{clean_line(self._title)}\n", "strong"), Cell(clean_line(self._what), "dim"))
            yield Static(Content.assemble(*told), markup=False)
            with Horizontal():
                yield Static("reason", markup=False)
                yield Input(placeholder="why, for whoever reads it later", id="why", compact=True)
            with Horizontal():
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(self._label, id="do", compact=True, disabled=True)

    def on_mount(self) -> None:
        """Begin on Cancel: enter, pressed twice out of habit, does nothing."""
        self.query_one("#cancel").focus()

    @property
    def _reason(self) -> str:
        return clean_line(self.query_one("#why", Input).value).strip()

    @on(Input.Changed)
    def _weigh(self) -> None:
        self.query_one("#do", Button).disabled = not self._reason

    @on(Input.Submitted)
    def _go_on(self) -> None:
        """Enter in a field goes to the next; it never does anything."""
        self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self._reason if event.button.id == "do" else "")

    def dismiss(self, result: str | None = "") -> AwaitComplete:
        """Go, once, as a `Sheet` does."""
        return super().dismiss(result or "") if self.is_active else AwaitComplete()
