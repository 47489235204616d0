"""Pages that lie over a screen, below its identity line: everything about one thing, and the help."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.base import BuddyScreen
from screens.widgets.facts import Fact, FactSheet
from screens.widgets.pager import Pager


class Sheet(ModalScreen[None]):
    """A page with a title; esc or q closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="sheet.close"),
        Binding("R", "roll_back", "Roll back", show=False, id="sheet.roll-back"),
    ]
    DEFAULT_CSS = """
    Sheet {
        background: transparent;
        #sheet { margin-top: 1; background: $background; }
        #title { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
        Pager { padding: 1 2; scrollbar-size-vertical: 1; }
    }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """Put the title above what `page` yields."""
        with Vertical(id="sheet"):
            yield Static(
                Content.assemble((self._title, "bold"), ("   esc closes · j k scroll", "$text-muted")),
                id="title",
            )
            with Pager():
                yield from self.page()

    def page(self) -> ComposeResult:
        """Yield what the page shows."""
        yield from ()

    def action_roll_back(self) -> None:
        """Close, and go on to the ways back where the screen below has any: nothing may stand before them."""
        below = self.app.screen_stack[-2]
        if isinstance(below, BuddyScreen) and below.check_action("roll_back", ()):
            self.dismiss()
            below.action_roll_back()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Go, once: Textual would take the next page off for a second key that comes before we are gone."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class FactPage(Sheet):
    """Everything that is known about one thing, as it was when the page was opened."""

    def __init__(self, title: str, facts: tuple[Fact, ...]) -> None:
        super().__init__(title)
        self._facts = facts

    def page(self) -> ComposeResult:
        """Show the facts."""
        sheet = FactSheet()
        sheet.facts = self._facts
        yield sheet
