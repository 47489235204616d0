"""The dialog that asks why: it begins on Cancel, and its button wants a reason."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from buddy_tui.clean import clean_line
from screens.dialog import Dialog, labelled
from screens.theme import toned
from screens.words import Cell


class ReasonPage(Dialog[str]):
    """Ask for a reason; what comes back is the reason, or `None` where it was cancelled."""

    AUTO_FOCUS = "#cancel"  # enter, pressed twice out of habit, does nothing
    DEFAULT_CSS = """
    ReasonPage Button:focus { background: $warning; }
    """

    def __init__(self, title: str, what: str, label: str) -> None:
        super().__init__()
        self._title = title
        self._what = what
        self._label = label

    def body(self) -> ComposeResult:
        """Put what will happen above the field; Cancel comes first."""
        told = toned(Cell(f"{clean_line(self._title)}\n", "strong"), Cell(clean_line(self._what), "dim"))
        yield Static(Content.assemble(*told), markup=False)
        yield labelled("reason", Input(placeholder="why, for whoever reads it later", id="why", compact=True))
        with Horizontal(classes="spaced"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button(self._label, id="do", compact=True, disabled=True)

    @property
    def _reason(self) -> str:
        return clean_line(self.query_one("#why", Input).value).strip()

    @on(Input.Changed)
    def _weigh(self) -> None:
        self.query_one("#do", Button).disabled = not self._reason

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self._reason if event.button.id == "do" else None)
