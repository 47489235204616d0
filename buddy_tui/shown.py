"""What a log view shows, wherever the lines come from: `LogStore` keeps a stream's, `FileLines` reads a file's."""

from typing import NamedTuple, Protocol

from buddy_tui.boot.scan import Kind
from buddy_tui.log_filter import LogFilter

# Names a line for good: (entry key, line within the entry's text from 0), or the number of a line of a file.
Place = tuple[tuple[str, int, str], int] | int


class Shown(NamedTuple):
    """One line, clean and ready to be shown.

    `when` is in nanoseconds since the epoch, 0 where nobody told. `severity` is Google's name, and `log`, `revision`
    and `instance` are as in a LogEntry; all are empty for a file's lines. `late` came after what stands below it.
    """

    text: str
    kind: Kind = Kind.NORMAL
    when: int = 0
    severity: str = ""
    log: str = ""
    revision: str = ""
    instance: str = ""
    late: bool = False
    place: Place = 0


class Piece(NamedTuple):
    """What one piece of a search brought: hits, nearest first, and where to go on (None: everything was seen)."""

    hits: list[int]
    on: int | None


class Watcher(Protocol):
    """Who holds on to numbers of lines, and has to know when they change."""

    def shifted(self, at: int, count: int) -> None:
        """Take note: `count` lines were put in before line `at`; it and all later ones have other numbers now."""

    def restarted(self) -> None:
        """Take note: these are other lines altogether."""


class Lines(Protocol):
    """Lines in order, addressed by numbers from `first` up to, not including, `end`.

    The numbers stay as they are when lines come at either end, or when the oldest are dropped: `first` may be
    negative, and may go down (a file is read from its end) or up (a bounded store forgets). Only lines that are put
    in between push later ones on; then the watchers are told.
    """

    @property
    def first(self) -> int:
        """The number of the oldest line that can be shown now."""

    @property
    def end(self) -> int:
        """One past the number of the newest line."""

    @property
    def complete(self) -> bool:
        """Whether `first` is where the log begins, or as far back as is kept."""

    @property
    def dropped(self) -> int:
        """How many of the oldest lines were forgotten, for there is a limit."""

    @property
    def instances(self) -> int:
        """How many instances the lines are of, as far as they tell."""

    def line(self, at: int) -> Shown:
        """Return one line. Raises IndexError outside `first` … `end`."""

    def kind(self, at: int) -> int:
        """Return the `Kind` of one line, as a number."""

    def search(self, wanted: LogFilter | None, start: int, step: int) -> Piece:
        """Search one piece from `start` on, forwards (`step` 1) or backwards (-1), quickly enough for a key press.

        `None` searches for problems: exceptions, exits, failed probes.
        """

    def find(self, place: Place) -> int | None:
        """Return the number of a line by its place, or None when it is not there."""

    def recent(self, span: int) -> int:
        """Return the first line that is at most `span` nanoseconds older than the newest; `first` without times."""

    def watch(self, watcher: Watcher) -> None:
        """Tell this watcher when numbers change, for as long as it lives."""

    def unwatch(self, watcher: Watcher) -> None:
        """Tell this watcher nothing any more."""
