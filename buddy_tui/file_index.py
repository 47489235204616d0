"""Where the lines of a file begin: counted piece by piece, from the end backwards, and on as the file grows."""

import io
import os
from array import array
from bisect import bisect_left, bisect_right
from pathlib import Path
from threading import Event, Thread

# In bytes: a thousand lines or so, read and made ready to be shown within a millisecond.
PIECE = 128 * 1024


class FileIndex:
    """How many lines begin in each piece of a file. The lines themselves are not kept.

    Line 0 is the first that begins in piece `origin`, near the end; earlier ones have negative numbers, and are known
    once they were counted. That happens in a thread, which only ever adds to the end of one array.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: io.FileIO = path.open("rb", buffering=0)
        stat = os.fstat(self._file.fileno())
        self.identity = stat.st_dev, stat.st_ino
        self.size = 0
        self.origin = max(0, (stat.st_size - 1) // PIECE - 1)
        self._before = array("q")  # lines in the last piece before the origin, in the last two, …
        self._behind = array("q")  # lines in the origin, in it and the next, …
        self._thread: Thread | None = None
        self._closed = Event()
        self.grow(stat.st_size)

    @property
    def first(self) -> int:
        """The number of the first line that is known."""
        return -self._before[-1] if self._before else 0

    @property
    def end(self) -> int:
        """One past the number of the last line."""
        return self._behind[-1] if self._behind else 0

    @property
    def complete(self) -> bool:
        """Whether all lines are counted."""
        return len(self._before) == self.origin

    @property
    def pieces(self) -> range:
        """The pieces whose lines are known."""
        return range(self.origin - len(self._before), self.origin + len(self._behind))

    def lines(self, piece: int) -> range:
        """Return the numbers of the lines that begin in a piece."""
        if piece >= self.origin:
            at = piece - self.origin
            return range(self._behind[at - 1] if at else 0, self._behind[at])
        at = self.origin - 1 - piece
        return range(-self._before[at], -self._before[at - 1] if at else 0)

    def piece_of(self, at: int) -> int:
        """Return the piece in which a line begins. Raises IndexError where none is known."""
        if not self.first <= at < self.end:
            raise IndexError(at)
        if at >= 0:
            return self.origin + bisect_right(self._behind, at)
        return self.origin - 1 - bisect_left(self._before, -at)

    def read(self, start: int, stop: int) -> bytes:
        """Return these bytes, fewer where the file ends."""
        return _read(self._file, start, stop)

    def span(self, piece: int) -> tuple[int, int]:
        """Return the bytes behind whose line feeds the lines of a piece begin."""
        return max(0, piece * PIECE - 1), max(0, min((piece + 1) * PIECE, self.size) - 1)

    def grow(self, size: int) -> None:
        """Count what was added: the last piece anew, and those behind it."""
        self.size = size
        if self._behind:
            self._behind.pop()
        for piece in range(self.origin + len(self._behind), -(-size // PIECE)):
            self._behind.append(self.end + self._count(self._file, piece))

    def count_back(self) -> None:
        """Begin to count the lines before the origin, in a thread; once is enough."""
        if self._thread is None and not self.complete:
            self._thread = Thread(target=self._count_back, name="count lines", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until all lines are counted; tell whether they are."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self.complete

    def close(self) -> None:
        """Stop counting, and let go of the file."""
        self._closed.set()
        self.wait(1.0)
        self._file.close()

    def _count_back(self) -> None:
        with self._path.open("rb", buffering=0) as file:
            for piece in range(self.origin - 1, -1, -1):
                if self._closed.is_set():
                    return
                self._before.append(self._count(file, piece) - self.first)

    def _count(self, file: io.FileIO, piece: int) -> int:
        start, stop = self.span(piece)
        return _read(file, start, stop).count(b"\n") + (piece == 0 and self.size > 0)


def _read(file: io.FileIO, start: int, stop: int) -> bytes:
    file.seek(start)
    return file.read(max(0, stop - start)) or b""
