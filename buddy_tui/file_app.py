"""app: shows one file. It is the dashboard without Cloud Run."""

from dataclasses import replace
from typing import TYPE_CHECKING

from buddy_tui.app import BuddyApp
from buddy_tui.config import Settings
from buddy_tui.errors import UsageProblem
from buddy_tui.file_lines import FileLines
from screens.file import FileScreen, Told

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
        return FileScreen(self.settings, self._lines, self.clock, newest_boot)

    async def _open_first(self) -> None:
        """Stay there."""


def newest_boot(text: str, is_part: bool) -> Told | None:  # noqa: FBT001 - as the screen calls it
    """Read the end of a log, and what the newest boot in it came to; None where it tells of no boot.

    The readers are imported only now: they take longer than the first frame may.
    """
    from buddy_tui import boot
    from buddy_tui.exports import read_export
    from buddy_tui.finding import Cause
    from buddy_tui.rules.explaining import explain

    try:
        reading = boot.read(read_export(text.encode()).entries)
    except UsageProblem:
        return None
    finding = explain(reading)
    if finding.cause in {Cause.INCOMPLETE, Cause.NO_OUTPUT, Cause.UNKNOWN}:
        return None
    if is_part:
        unread = f"Only the last {text.count(chr(10)) + 1:,} lines were read: buddy-tui diagnose --file reads more."
        finding = replace(finding, uncertain=(*finding.uncertain, unread))
    return Told(reading, finding)


async def _nowhere() -> "Cloud":
    raise UsageProblem("A file needs no connection.")
