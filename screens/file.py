"""A log file of any size, followed as it grows: no account, no project, nothing but the file."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.file_lines import FileLines
from screens.log_screen import LogScreen
from screens.widgets.filter_bar import FilterBar
from screens.widgets.header import IdentityHeader
from screens.widgets.log import LogView
from screens.words import Clock

if TYPE_CHECKING:
    from buddy_tui.boot.values import Reading
    from buddy_tui.finding import Finding
    from buddy_tui.model import LogEntry
    from screens.widgets.facts import Fact
    from screens.widgets.story import BootStory

# So often the file is looked at, in seconds: as often as its lines can be painted.
_LOOK = 1 / 15
# So many of the newest lines are read for a boot, once neither the file nor the cursor moved for so many seconds.
_READ, _QUIET, _AT_FIRST = 2000, 1.0, 0.3
_OFTEN = 0.1


class Told(NamedTuple):
    """What the end of a file was read as. `Entry.number` is a line of that end, from 1."""

    reading: "Reading"
    finding: "Finding"


# Reads the end of a log, and is told whether that is only a part; None where it tells of no boot. Called in a thread.
Reader = Callable[[str, bool], Told | None]


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


class FileScreen(LogScreen):
    """The lines of a file, the newest first in sight; over them what `read` finds out about the newest boot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, id="screen.back"),
    ]
    FILTER_HINT = "text   !text   sev:error"
    DEFAULT_CSS = """
    FileScreen.-full FileStatus { display: none; }
    """
    HELP = """\
A file as it is, followed as it grows. Its end is there at once, however long it is.

- Where the end of the file tells of a boot, the **finding** says whether it came up, why not, and what to do: `c`
  copies the first fix, `d` tells all of it, `e` and `E` go to the lines that prove it. It is read anew when the file
  has grown and then kept still for a second.
- Frames of libraries in tracebacks are folded: `enter` unfolds them. `]` and `[` go to the next and the previous
  exception, exit or failed probe.
- Moving up pauses following; `0`, `G` or `s` goes on.

Filter with `/`: words must all be there, `!word` must not, `sev:warning` means that or worse. Small letters find
capitals too. `n` and `N` go on with what was looked for after the filter was taken away.
"""

    def __init__(self, settings: Settings, lines: FileLines, clock: Clock, read: Reader) -> None:
        super().__init__(settings, FileFeed(lines), clock, clean_line(str(lines.path)))
        self._lines = lines
        self._read = read
        self._story: BootStory | None = None
        self._is_empty = True
        self._stirred = 0.0  # when something moved last
        self._known = (0, 0)  # which file it is, and how large
        self._seen: tuple[int, int] | None = None  # which of these was read for a boot last
        self._start = 0  # the first line of that

    def body(self) -> ComposeResult:
        """Put one line about the file above the log."""
        yield FileStatus()
        yield FilterBar(hint=self.FILTER_HINT)
        yield LogView(self._lines, id="log")

    @property
    def lines(self) -> FileLines:
        """The file."""
        return self._lines

    @property
    def story(self) -> "BootStory | None":
        """The story of the newest boot: none as long as the end of the file tells of none."""
        return self._story

    def on_mount(self) -> None:
        """Put the keys in the log. Boots are read later, when nobody waits for anything."""
        self.main.words = (
            f"{clean_line(self._lines.path.name)} is empty\nLines are shown as soon as there are any"
        )
        self.main.focus()
        self.set_interval(_OFTEN, self._read_when_quiet)

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

    @on(LogView.Pointed)
    def _stir(self) -> None:
        self._stirred = monotonic()

    def _read_when_quiet(self) -> None:
        """Read the end of the file, if it is another one than last time and nobody waits for a key or a line."""
        now = self._lines.replaced, self._lines.size
        if now != self._known:
            self._known = now
            self._stir()
        if now != self._seen and monotonic() - self._stirred >= (_QUIET if self._seen else _AT_FIRST):
            self._seen = now
            self._read_end()

    @work(exclusive=True, group="boot", exit_on_error=False)
    async def _read_end(self) -> None:
        start, text = self._lines.newest(_READ)
        is_part = start > self._lines.first or not self._lines.complete
        try:
            told = await asyncio.to_thread(self._read_patiently, text, is_part)
        except Exception as error:  # noqa: BLE001 - whatever it is, the operator keeps the file
            self._tell_crash(error)
            return
        self._start = start
        if told is not None:
            await self._tell_story(told)
        elif self._story is not None:
            await self._story.remove()
            self._story = None
        self.main.missing = told.finding.missing if told else ""
        self.main.marks = self._story.places() if self._story else frozenset()
        self.refresh_bindings()

    def _read_patiently(self, text: str, is_part: bool) -> Told | None:  # noqa: FBT001 - as the reader has it
        """Read, in a thread, and let keys have their turn ten times as often as Python would."""
        interval = sys.getswitchinterval()
        sys.setswitchinterval(interval / 10)
        try:
            told = self._read(text, is_part)
            if told is not None:
                import screens.widgets.story  # noqa: F401 - here nobody waits for it
        finally:
            sys.setswitchinterval(interval)
        return told

    async def _tell_story(self, told: Told) -> None:
        if self._story is None:
            from screens.widgets.story import BootStory

            story = BootStory(self._place_of)
            await self.mount(story, before=self.query_one(FileStatus))
            self._story = story
            self.make_room()
        self._story.tell(*told)

    def _place_of(self, entry: "LogEntry", row: int) -> int:
        """Return the line of the file on which an entry begins; it has the whole of the entry."""
        del row
        return self._start + entry.number - 1

    def more_facts(self) -> "tuple[Fact, ...]":
        """Return what was read."""
        from screens.widgets.facts import Fact
        from screens.words import Cell

        return (Fact("File"), Fact("path", (Cell(clean_line(str(self._lines.path))),)))

    def _has_one_below(self) -> bool:
        return False
