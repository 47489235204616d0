"""The page that asks for a tag; what it leads to asks again, and only that changes something."""

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, Static

from buddy_tui.actions.values import Verb
from buddy_tui.clean import clean_line
from screens.base import BuddyScreen
from screens.dialog import Dialog

# More than so many buttons would push the field out of a small screen; the others go headless.
_MOST = 6


class TagPage(Dialog[tuple[Verb, str]]):
    """Ask for a name to put on a revision, or which of its tags to take away; esc leaves."""

    DEFAULT_CSS = """
    TagPage {
        Input { margin: 1 0; }
        Button { width: auto; min-width: 0; margin-right: 0; padding: 0 1; }
    }
    """

    def __init__(self, revision: str, tags: tuple[str, ...]) -> None:
        super().__init__()
        self._revision = revision
        self._tags = tags[:_MOST]

    def body(self) -> ComposeResult:
        """Put what is tagged above the field, and its tags below."""
        yield Static(Content.assemble(("Tag ", "bold"), clean_line(self._revision)), markup=False)
        yield Input(placeholder="lower-case letters, digits, hyphens", id="tag", compact=True)
        for place, tag in enumerate(self._tags):
            yield Button(Content(f"Take {clean_line(tag)} away"), id=f"untag-{place}", compact=True)
        more = "tab goes to its tags · " if self._tags else ""
        yield Static(f"enter shows what would change · {more}esc cancels", id="how", markup=False)

    def submit(self) -> None:
        """Ask for the tag that is filled in; whoever opened this shows what would change."""
        tag = clean_line(self.query_one(Input).value).strip()
        self.dismiss((Verb.TAG, tag) if tag else None)

    @on(Button.Pressed)
    def _chosen(self, event: Button.Pressed) -> None:
        place = int((event.button.id or "").removeprefix("untag-"))
        self.dismiss((Verb.UNTAG, self._tags[place]))


def ask_for_tag(screen: BuddyScreen, revision: str, tags: tuple[str, ...] = ()) -> None:
    """Ask on top of `screen`, which then requests the change; `tags` are those that the revision has."""

    def answered(answer: tuple[Verb, str] | None) -> None:
        if answer:
            verb, tag = answer
            screen.request(verb, revision=revision if verb is Verb.TAG else "", tag=tag)

    screen.app.push_screen(TagPage(revision, tags), answered)
