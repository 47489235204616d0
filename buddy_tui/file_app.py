"""app: shows one file. It is the dashboard without Cloud Run."""

from typing import TYPE_CHECKING

from buddy_tui.app import BuddyApp
from buddy_tui.config import Settings
from buddy_tui.errors import UsageProblem
from buddy_tui.file_lines import FileLines
from screens.file import FileScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    from buddy_tui.gateway import Cloud


class FileApp(BuddyApp):
    """The dashboard with one file as its only screen."""

    def __init__(self, settings: Settings, lines: FileLines) -> None:
        super().__init__(settings, _nowhere)
        self._lines = lines

    def get_default_screen(self) -> "Screen[None]":
        """Begin with the file: its end is there at once."""
        return FileScreen(self.settings, self._lines, self.clock)

    async def _open_first(self) -> None:
        """Stay there."""


async def _nowhere() -> "Cloud":
    raise UsageProblem("A file needs no connection.")
