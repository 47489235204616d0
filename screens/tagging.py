"""The page that asks for the name of a tag; what it leads to asks again, and only that changes something."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from buddy_tui.actions.values import Verb
from buddy_tui.actions.wishes import Wish
from buddy_tui.clean import clean_line
from buddy_tui.model import ServiceName
from screens.base import BuddyScreen
from screens.messages import RequestChange


class TagNamePage(ModalScreen[str]):
    """Ask for a name; enter goes on to the plan, esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss('')", "Cancel", id="tag-name.cancel"),
    ]
    DEFAULT_CSS = """
    TagNamePage {
        align: center middle; background: $background 60%;
        #dialog { width: 72; max-width: 100%; height: auto; padding: 1 2; background: $surface;
                  border: round $border; }
        Input { width: 1fr; border: none; height: 1; background: $panel; padding: 0 1; margin: 1 0; }
    }
    """

    def __init__(self, revision: str) -> None:
        super().__init__()
        self._revision = revision

    def compose(self) -> ComposeResult:
        """Put what is tagged above the field."""
        with Vertical(id="dialog"):
            yield Static(Content.assemble(("Tag ", "bold"), clean_line(self._revision)), markup=False)
            yield Input(placeholder="lower-case letters, digits, hyphens", id="tag", compact=True)
            yield Static("enter shows what would change · esc cancels", markup=False)

    @on(Input.Submitted)
    def _named(self) -> None:
        self.dismiss(clean_line(self.query_one(Input).value).strip())

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Go, once, as a `Sheet` does."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


def ask_for_tag(screen: BuddyScreen, name: ServiceName, revision: str) -> None:
    """Ask for a name on top of `screen`, which then requests the change; without a name, nothing comes of it."""

    def named(tag: str | None) -> None:
        if tag:
            screen.post_message(RequestChange(Wish(name, Verb.TAG, revision, tag)))

    screen.app.push_screen(TagNamePage(revision), named)
