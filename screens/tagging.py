"""The page that asks for a tag; what it leads to asks again, and only that changes something."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from buddy_tui.actions.values import Verb
from buddy_tui.clean import clean_line
from screens.base import BuddyScreen

# More than so many buttons would push the field out of a small screen; the others go headless.
_MOST = 6


class TagPage(ModalScreen[tuple[Verb, str] | None]):
    """Ask for a name to put on a revision, or which of its tags to take away; esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="tag-name.cancel"),
    ]
    DEFAULT_CSS = """
    TagPage {
        align: center middle; background: $background 60%;
        #dialog { width: 72; max-width: 100%; height: auto; padding: 1 2; background: $surface;
                  border: round $border; }
        Input { width: 1fr; border: none; height: 1; background: $panel; padding: 0 1; margin: 1 0; }
        Button { width: auto; height: 1; border: none; background: $panel; padding: 0 1; }
        Button:focus { background: $primary; color: $background; text-style: bold !important; }
        #how { color: $text-muted; }
    }
    """

    def __init__(self, revision: str, tags: tuple[str, ...]) -> None:
        super().__init__()
        self._revision = revision
        self._tags = tags[:_MOST]

    def compose(self) -> ComposeResult:
        """Put what is tagged above the field, and its tags below."""
        with Vertical(id="dialog"):
            yield Static(Content.assemble(("Tag ", "bold"), clean_line(self._revision)), markup=False)
            yield Input(placeholder="lower-case letters, digits, hyphens", id="tag", compact=True)
            for place, tag in enumerate(self._tags):
                yield Button(Content(f"Take {clean_line(tag)} away"), id=f"untag-{place}", compact=True)
            more = "tab goes to its tags · " if self._tags else ""
            yield Static(f"enter shows what would change · {more}esc cancels", id="how", markup=False)

    @on(Input.Submitted)
    def _named(self) -> None:
        tag = clean_line(self.query_one(Input).value).strip()
        self.dismiss((Verb.TAG, tag) if tag else None)

    @on(Button.Pressed)
    def _chosen(self, event: Button.Pressed) -> None:
        place = int((event.button.id or "").removeprefix("untag-"))
        self.dismiss((Verb.UNTAG, self._tags[place]))

    def dismiss(self, result: tuple[Verb, str] | None = None) -> AwaitComplete:
        """Go, once, as a `Sheet` does."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


def ask_for_tag(screen: BuddyScreen, revision: str, tags: tuple[str, ...] = ()) -> None:
    """Ask on top of `screen`, which then requests the change; `tags` are those that the revision has."""

    def answered(answer: tuple[Verb, str] | None) -> None:
        if answer:
            verb, tag = answer
            screen.request(verb, revision=revision if verb is Verb.TAG else "", tag=tag)

    screen.app.push_screen(TagPage(revision, tags), answered)
