"""The dialogs: a box over what led to it, which asks for something before anything is done."""

from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """Asks for a result; esc leaves, and what comes back is `None`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel", id="dialog.cancel")]
    DEFAULT_CSS = """
    Dialog {
        align: center middle; background: $background 60%;
        #dialog { width: 72; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; background: $surface;
                  border: round $border; overflow-y: auto; scrollbar-size-vertical: 0; }
        Horizontal { height: 1; }
        .spaced { margin-top: 1; }
        .label { width: auto; padding-right: 2; color: $text-muted; }
        Input { width: 1fr; border: none; height: 1; background: $panel; padding: 0 1; }
        Input:focus { background: $block-cursor-background; }
        Button { height: 1; min-width: 12; border: none; margin-right: 2; background: $panel; }
        Button:focus { background: $primary; color: $background; text-style: bold !important; }
        #how { color: $text-muted; }
    }
    """

    def compose(self) -> ComposeResult:
        """Put what `body` yields into the box."""
        with Vertical(id="dialog"):
            yield from self.body()

    def body(self) -> ComposeResult:
        """Yield what the box shows."""
        yield from ()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.submit()

    def submit(self) -> None:
        """Go on from a field at enter: to the next one, which never does anything."""
        self.focus_next()

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Go, once, as a `Sheet` does."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


def labelled(label: str, field: Input) -> Horizontal:
    """Return a field behind what it is called."""
    return Horizontal(Static(label, classes="label", markup=False), field, classes="spaced")
