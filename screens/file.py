"""A log file of any size, followed as it grows: no account, no project, nothing but the file."""

import asyncio
from collections.abc import AsyncGenerator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.file_lines import FileLines
from buddy_tui.log_filter import LogFilter
from screens.filtered import FilteredScreen
from screens.widgets.filter_bar import FilterBar
from screens.widgets.header import IdentityHeader
from screens.widgets.log import LogView
from screens.words import Clock

# So often the file is looked at, in seconds: as often as its lines can be painted.
_LOOK = 1 / 15


class FileFeed:
    """Looks at the file and yields whenever it has changed."""

    def __init__(self, lines: FileLines) -> None:
        self._lines = lines

    async def stream(self) -> AsyncGenerator[None, None]:
        """Yield at once, and after every change."""
        yield
        while True:
            if self._lines.poll():
                yield
            await asyncio.sleep(_LOOK)

    def refresh(self) -> None:
        """Nothing to wake: the file is looked at all the time."""


class FileStatus(Widget):
    """One line over the log: how much is shown of it."""

    DEFAULT_CSS = """
    FileStatus { height: 1; padding: 0 1; background: $panel; color: $text-muted; text-wrap: nowrap; }
    """
    words: reactive[str] = reactive("")

    def render(self) -> Content:
        """Write the line."""
        return Content(self.words)


class FileScreen(FilteredScreen):
    """The lines of a file, the newest first in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, id="screen.back"),
    ]
    FILTER_HINT = "text   !text   sev:error"
    DEFAULT_CSS = """
    FileScreen.-full FileStatus { display: none; }
    """
    HELP = """\
A file as it is, followed as it grows. Its end is there at once, however long it is.

- Frames of libraries in tracebacks are folded: `enter` unfolds them. `]` and `[` go to the next and the previous
  exception, exit or failed probe.
- Moving up pauses following; `0`, `G` or `s` goes on.

Filter with `/`: words must all be there, `!word` must not, `sev:warning` means that or worse. Small letters find
capitals too. `n` and `N` go on with what was looked for after the filter was taken away.
"""

    def __init__(self, settings: Settings, lines: FileLines, clock: Clock) -> None:
        super().__init__(settings, FileFeed(lines), clock, clean_line(str(lines.path)))
        self._lines = lines
        self._query = ""
        self._is_empty = True

    def body(self) -> ComposeResult:
        """Put one line about the file above the log."""
        yield FileStatus()
        yield FilterBar(hint=self.FILTER_HINT)
        yield LogView(self._lines, id="log")

    @property
    def main(self) -> LogView:
        """The log has the keys."""
        return self.query_one(LogView)

    def on_mount(self) -> None:
        """Put the keys in the log."""
        self.main.words = (
            f"{clean_line(self._lines.path.name)} is empty\nLines are shown as soon as there are any"
        )
        self.main.focus()

    def on_unmount(self) -> None:
        """Let go of the file."""
        self._lines.close()

    def receive(self, value: None) -> None:
        """Show what has come."""
        del value
        self.query_one(IdentityHeader).tell(self.clock(), None, _LOOK)
        self.main.grew()
        if self._is_empty == self.can_filter():  # the first line came: there is something to filter
            self._is_empty = not self._is_empty
            self.refresh_bindings()

    @on(LogView.Changed)
    def _tell(self) -> None:
        replaced = "the file was replaced, this is the new one · " if self._lines.replaced else ""
        self.query_one(FileStatus).words = replaced + self.main.status()

    @on(LogView.FullScreen)
    def _full_screen(self) -> None:
        self.toggle_class("-full")

    def is_filtered(self) -> bool:
        """Tell whether a filter is on."""
        return bool(self._query.split())

    def can_filter(self) -> bool:
        """Without a line there is nothing to filter."""
        return len(self._lines) > 0

    def filter_by(self, query: str) -> None:
        """Show the lines that pass."""
        self._query = query
        self.main.set_filter(LogFilter(query))
        self.refresh_bindings()

    def _has_one_below(self) -> bool:
        return False
