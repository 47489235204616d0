"""The command palette: what the screen can do now, what Textual offers, and every row by name.

Rows are foreign text: they go in as `Content`, because a palette row given as `str` is read as markup.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.types import IgnoreReturnCallbackType
from textual.worker import Worker

from buddy_tui.clean import clean_line
from screens.listing import ListingScreen
from screens.messages import OpenServices

_Command = tuple[str, IgnoreReturnCallbackType]


class Palette(CommandPalette):
    """Textual's palette, where a key that comes before the list is there, or laid out, is no crash but nothing."""

    def run_worker(self, *work: Any, **how: Any) -> Worker[Any]:  # noqa: ANN401 - as Textual's
        """Look for commands; a search that comes to a palette which has just gone is nothing either."""
        return super().run_worker(*work, **{**how, "exit_on_error": False})

    def _action_command_list(self, action: str) -> None:
        with suppress(LookupError, NoMatches):
            super()._action_command_list(action)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Go, once, as a `Sheet` does."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    def _action_cursor_down(self) -> None:
        with suppress(NoMatches):
            super()._action_cursor_down()


class ScreenCommands(Provider):
    """The keys of the screen as commands, and a way to each row."""

    async def discover(self) -> Hits:
        """Offer what can be done; rows wait for a word to search by."""
        for text, command in self._actions():
            yield DiscoveryHit(Content(text), command, text=text)

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for text, command in (*self._actions(), *self._rows()):
            if (score := matcher.match(text)) > 0:
                yield Hit(score, Content(text), command, text=text)

    def _actions(self) -> Iterator[_Command]:
        told = {"Commands", "Back"}
        for node, binding, enabled, _tooltip in self.screen.active_bindings.values():
            if enabled and binding.id and isinstance(node, App | Screen) and binding.description not in told:
                told.add(binding.description)
                yield binding.description, partial(self.app.run_action, binding.action, node)
        yield "All services of the project", partial(self.screen.post_message, OpenServices())
        for command in self.app.get_system_commands(self.screen):
            yield command.title, command.callback

    def _rows(self) -> Iterator[_Command]:
        if isinstance(self.screen, ListingScreen):
            for row in self.screen.table.rows:
                yield f"Go to {clean_line(row.cells[0].text)}", partial(self.screen.table.point_at, row.key)
