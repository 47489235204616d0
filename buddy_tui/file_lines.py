"""The lines of a file of any size, also of one that grows: read where they are looked at, and never kept."""

import difflib
import re
from bisect import bisect_left
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from buddy_tui.boot.scan import Kind, Scan, find_problems
from buddy_tui.clean import clean, clean_line
from buddy_tui.errors import NotFound, UsageProblem
from buddy_tui.file_index import PIECE, FileIndex
from buddy_tui.log_filter import LogFilter, severity_of
from buddy_tui.shown import Piece, Place, Shown, Watcher

# Longer lines are cut: nobody reads on, and a file may be one line of a gigabyte.
_LONGEST = 16 * 1024
_CUT = " … cut here: the line goes on"
# So many pieces are kept ready: those in view, and beside it.
_READY = 8
# So many pieces before the last are the newest ones at most, however few lines they have.
_MOST_NEW = 15
# So many lines above a piece tell whether it begins within a traceback.
_LEAD = 100
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
# Further on in a line, a time is part of what is said.
_TIME_WITHIN = 64
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class _Ready:
    """The lines that begin in one piece, as text, and what kinds they are, once somebody asked."""

    __slots__ = ("kinds", "may_grow", "texts")

    def __init__(self, texts: list[str], *, may_grow: bool) -> None:
        self.texts = texts
        self.may_grow = may_grow
        self.kinds: bytes | None = None


class FileLines:
    """A file as `Lines`. Its end is there at once; how many lines lie before it is counted in a thread.

    Raises NotFound or UsageProblem where there is no text to be read.
    """

    dropped = 0
    instances = 0

    def __init__(self, path: Path) -> None:
        self.path = path
        self.replaced = 0  # how often the file was cut off, or another one took its name
        self._watchers: WeakSet[Watcher] = WeakSet()
        self._ready: OrderedDict[int, _Ready] = OrderedDict()
        self._told = (0, 0)
        self._index = _opened(path)

    @property
    def first(self) -> int:
        """The number of the first line that is known."""
        return self._index.first

    @property
    def end(self) -> int:
        """One past the number of the last line."""
        return self._index.end

    @property
    def size(self) -> int:
        """How many bytes are known."""
        return self._index.size

    @property
    def complete(self) -> bool:
        """Whether all lines are counted."""
        return self._index.complete

    def __len__(self) -> int:
        return self.end - self.first

    def watch(self, watcher: Watcher) -> None:
        """Tell this watcher when numbers change, for as long as it lives."""
        self._watchers.add(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell this watcher nothing any more."""
        self._watchers.discard(watcher)

    def poll(self) -> bool:
        """Look whether the file has grown or was replaced; tell whether there is anything new since the last look.

        The first look begins to count the lines before the end. A file that is gone stays as it was.
        """
        self._index.count_back()
        try:
            stat = self.path.stat()
        except OSError:
            return False
        if (stat.st_dev, stat.st_ino) != self._index.identity or stat.st_size < self._index.size:
            self._restart()
        elif stat.st_size > self._index.size:
            self._index.grow(stat.st_size)
            self._ready = OrderedDict(item for item in self._ready.items() if not item[1].may_grow)
        told, self._told = self._told, (self.first, self.end)
        return told != self._told

    def counted(self, seconds: float) -> bool:
        """Wait until all lines are counted; tell whether they are."""
        self._index.count_back()
        return self._index.wait(seconds)

    def close(self) -> None:
        """Let go of the file."""
        self._index.close()

    def line(self, at: int) -> Shown:
        """Return one line. Raises IndexError outside `first` … `end`."""
        piece = self._index.piece_of(at)
        row = at - self._index.lines(piece).start
        text = self._piece(piece).texts[row].rstrip("\r")
        text = clean(text) if len(text) < _LONGEST else clean(text[:_LONGEST]) + _CUT
        return Shown(text, Kind(self._kinds(piece)[row]), place=at)

    def kind(self, at: int) -> int:
        """Return the `Kind` of one line, as a number."""
        piece = self._index.piece_of(at)
        return self._kinds(piece)[at - self._index.lines(piece).start]

    def search(self, wanted: LogFilter | None, start: int, step: int) -> Piece:
        """Search one piece of the file."""
        if not self.first <= start < self.end:
            return Piece([], None)
        piece = self._index.piece_of(start)
        lines = self._index.lines(piece)
        if wanted is None:
            rows = find_problems(self._kinds(piece))
        else:
            rows = wanted.rows(self._text(piece)[0], lambda name, row: self._known(piece, name, row))
        hits = [lines.start + row for row in rows if (lines.start + row - start) * step >= 0]
        on = lines.stop if step > 0 else lines.start - 1
        return Piece(hits[::step], on if self.first <= on < self.end else None)

    def find(self, place: Place) -> int | None:
        """Return the number of a line: its place is that very number, for no line ever comes in between."""
        return place if isinstance(place, int) and self.first <= place < self.end else None

    def recent(self, span: int) -> int:
        """Return the first line that is at most `span` nanoseconds older than the newest; `first` without times."""
        pieces = self._index.pieces
        newest = next(filter(None, (self._time(piece, newest=True) for piece in reversed(pieces[-2:]))), 0)
        if not newest:
            return self.first
        limit = newest - span
        number = max(0, bisect_left(pieces, limit, key=self._time) - 1)
        lines = self._index.lines(pieces[number])
        texts = self._piece(pieces[number]).texts
        return next((at for at, text in zip(lines, texts, strict=True) if _time(text) >= limit), lines.stop)

    def newest(self, count: int) -> tuple[int, str]:
        """Return at most the last `count` lines as they are in the file, joined, and the number of the first.

        Fewer are returned when they are long, or when what lies before them is still to be counted.
        """
        if not len(self):
            return self.first, ""
        last = self._index.pieces[-1]
        begin = max(self._index.piece_of(max(self.first, self.end - count)), last - _MOST_NEW)
        texts = [self._text(piece)[0] for piece in range(begin, last + 1) if self._index.lines(piece)]
        lines = "\n".join(texts).split("\n")[-count:]
        return self.end - len(lines), "\n".join(lines)

    def _time(self, piece: int, *, newest: bool = False) -> int:
        """Return the first time that is told in a piece, or the last; 0 where none is."""
        texts = self._piece(piece).texts
        return next(filter(None, map(_time, reversed(texts) if newest else texts)), 0)

    def _restart(self) -> None:
        try:
            index = FileIndex(self.path)
        except OSError:
            return
        self._index.close()
        self._index = index
        self._ready.clear()
        self.replaced += 1
        for watcher in self._watchers:
            watcher.restarted()

    def _piece(self, piece: int) -> _Ready:
        ready = self._ready.get(piece)
        if ready is None:
            text, may_grow = self._text(piece)
            count = len(self._index.lines(piece))
            ready = self._ready[piece] = _Ready(text.split("\n") if count else [], may_grow=may_grow)
            if len(self._ready) > _READY:
                self._ready.popitem(last=False)
        else:
            self._ready.move_to_end(piece)
        return ready

    def _text(self, piece: int) -> tuple[str, bool]:
        """Return the lines that begin in a piece, joined, and whether more may come when the file grows."""
        start, stop = self._index.span(piece)
        data = self._index.read(start, stop + _LONGEST)
        begin = data.find(b"\n", 0, stop - start) + 1 if piece else 0
        if piece and not begin:
            return "", True
        end = data.find(b"\n", stop - start)
        text = data[begin : len(data) if end < 0 else end].decode("utf-8", "replace")
        return text, start + len(data) >= self._index.size

    def _kinds(self, piece: int) -> bytes:
        ready = self._piece(piece)
        if ready.kinds is None:
            scan = Scan()
            if piece in self._index.pieces and piece - 1 in self._index.pieces:
                scan.kinds(self._piece(piece - 1).texts[-_LEAD:])
            ready.kinds = bytes(scan.kinds(ready.texts))
        return ready.kinds

    def _known(self, piece: int, name: str, row: int) -> str:
        """Return a field of a line: a file tells no revision and no instance but in its text."""
        text = self._piece(piece).texts[row]
        return severity_of(text, self._kinds(piece)[row]) if name == "sev" else text


def _opened(path: Path) -> FileIndex:
    """Open a file and see that it is text. Raises NotFound or UsageProblem."""
    name = clean_line(str(path))
    try:
        if path.is_dir():
            raise UsageProblem(f"{name} is a folder.", "Name a file in it.")
        if path.exists() and not path.is_file():
            raise UsageProblem(f"{name} is no ordinary file.", "Save it to one first.")
        index = FileIndex(path)
    except FileNotFoundError:
        raise NotFound(f"There is no file {name}.", _near(path)) from None
    except OSError as error:
        raise UsageProblem(f"{name} cannot be read: {error.strerror}.") from None
    begin = index.read(0, PIECE)
    if begin.startswith(_UTF_16):
        index.close()
        raise UsageProblem(f"{name} is in UTF-16.", f"iconv -f UTF-16 -t UTF-8 {name}")
    if b"\0" in begin:
        index.close()
        raise UsageProblem(f"{name} is binary, not a log.", "If it is compressed, unpack it first.")
    return index


def _near(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, 3)
    return f"Near: {clean_line(', '.join(near))}" if near else ""


def _time(text: str) -> int:
    """Return the time at the beginning of a line, in nanoseconds, taken for UTC; 0 where none is."""
    found = _TIME.search(text, 0, _TIME_WITHIN)
    if found is None:
        return 0
    try:
        then = datetime.fromisoformat(found[0]).replace(tzinfo=UTC)
    except ValueError:
        return 0
    return int(then.timestamp()) * 1_000_000_000
