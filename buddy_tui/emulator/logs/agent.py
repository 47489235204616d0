"""The emulated logging agent: turns what a container prints into log entries, as Cloud Logging does."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.logs.entries import GROUP_TRACEBACK, TRACEBACK, line
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message

# Cloud Logging's limit for one entry. That a longer line is cut into several entries, and not shortened,
# is unverified.
LONGEST = 256 * 1024

_EXCEPTION = re.compile(r"[^\s:()\[\]{}]+(?:: |:?$)")
_PYDANTIC = re.compile(r"\d+ validation errors? for ")
_GROUP_MARGIN = re.compile(r" +[|+]")


class _Part(Enum):
    """Where in a traceback the last line was."""

    NONE = auto()
    FRAMES = auto()
    GROUP = auto()
    MESSAGE = auto()
    FIELDS = auto()


class Agent:
    """Reads one stream of one instance and hands each finished entry to `write`.

    A traceback whose header stands bare at column 0 becomes one entry, up to its exception and the indented
    lines that follow it. A header behind a prefix (`ERROR:    Traceback …`) is not recognised: each of its
    lines is an entry. Each link of a chain is an entry, and so is the sentence between two. Empty lines are
    dropped. All this is as seen in real entries; that an exception group stays together, and that the
    fields of a pydantic error belong to it, is unverified.
    """

    def __init__(
        self, where: Where, instance: str, stream: str, clock: Clock, write: Callable[[Message], None]
    ) -> None:
        self._where = where
        self._instance = instance
        self._stream = stream
        self._clock = clock
        self._write = write
        self._rest = b""
        self._held: list[str] = []
        self._held_at = datetime.min.replace(tzinfo=UTC)
        self._last = self._held_at
        self._part = _Part.NONE

    def feed(self, data: bytes) -> None:
        """Take what the container printed; the bytes may end anywhere, also within a character."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST:
            *whole, self._rest = _pieces(self._rest)
            lines += whole
        for raw in lines:
            for piece in _pieces(raw.removesuffix(b"\r")):
                self._take(piece.decode("utf-8", "replace"))

    def flush(self) -> None:
        """Write the traceback that is held, if there is one: nothing more of it came for a while."""
        if self._held:
            text, at = "\n".join(self._held), self._held_at
            self._held, self._part = [], _Part.NONE
            self._write(line(self._where, self._instance, self._stream, text, at))

    def close(self) -> None:
        """Write what is left, a last line without its newline included."""
        if self._rest:
            self.feed(b"\n")
        self.flush()

    def _take(self, text: str) -> None:
        at = self._tick()
        part = _next_part(self._part, text)
        if part is _Part.NONE or text in (TRACEBACK, GROUP_TRACEBACK):
            self.flush()
        if part is not _Part.NONE:
            self._held_at = self._held_at if self._held else at
            self._held.append(text)
            self._part = part
        elif text.strip():
            self._write(line(self._where, self._instance, self._stream, text, at))

    def _tick(self) -> datetime:
        """Return the time of one more line: never the same twice, so that lines keep their order."""
        self._last = max(self._clock.now(), self._last + timedelta(microseconds=1))
        return self._last


def _next_part(part: _Part, text: str) -> _Part:
    """Tell where in a traceback `text` is, after a line that was in `part`; NONE where it belongs to none."""
    if text == TRACEBACK:
        return _Part.FRAMES
    if text == GROUP_TRACEBACK or (part is _Part.GROUP and _GROUP_MARGIN.match(text)):
        return _Part.GROUP
    indented = text[:1] in {" ", "\t"} and not text.isspace()
    if part is _Part.FRAMES and not indented:
        return _exception(text)
    if part is _Part.FIELDS and text and (indented or " " not in text):
        return _Part.FIELDS
    return part if indented and part in {_Part.FRAMES, _Part.MESSAGE} else _Part.NONE


def _exception(text: str) -> _Part:
    if not _EXCEPTION.match(text):
        return _Part.NONE
    return _Part.FIELDS if _PYDANTIC.search(text) else _Part.MESSAGE


def _pieces(raw: bytes) -> Iterator[bytes]:
    """Cut a line where it is too long for one entry, but never within a UTF-8 character."""
    while len(raw) > LONGEST:
        cut = next((at for at in range(LONGEST, LONGEST - 4, -1) if raw[at] & 0xC0 != 0x80), LONGEST)
        yield raw[:cut]
        raw = raw[cut:]
    yield raw
