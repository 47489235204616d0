"""The help: the keys of a screen, generated from the bindings that work right now, and what it shows, in words."""

from collections.abc import Callable, Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Markdown, Static

from screens.sheet import Sheet

_KEYS = 20


class HelpPage(Sheet):
    """Keys and words of the screen it was called from."""

    def __init__(self, words: str, keys: Content) -> None:
        super().__init__("Help")
        self._words = words
        self._keys = keys

    def page(self) -> ComposeResult:
        """Put the words first, the keys below."""
        yield Markdown(self._words, open_links=False)
        yield Static(self._keys)


def help_page(screen: Screen[object], display: Callable[[Binding], str]) -> HelpPage:
    """Make the help page of a screen; `display` is how the app writes a binding's key."""
    active = [one.binding for one in screen.active_bindings.values() if one.enabled and one.binding.id]
    # What moves the cursor is known anyway.
    active.sort(key=lambda binding: (binding.id or "").startswith(("table.", "log.")))
    return HelpPage(screen.HELP or "", key_table(active, display))


def key_table(bindings: Iterable[Binding], display: Callable[[Binding], str]) -> Content:
    """Return one line for each description, with all its keys in front."""
    keys: dict[str, list[str]] = {}
    for binding in bindings:
        keys.setdefault(binding.description, []).append(display(binding))
    return Content("\n").join(
        Content.assemble((f"{'  '.join(dict.fromkeys(shown)):<{_KEYS}}", "$text-primary"), description)
        for description, shown in keys.items()
    )
