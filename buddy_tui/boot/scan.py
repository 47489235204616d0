"""boot: tells kinds of lines apart while they stream by, for showing them; what they mean is read elsewhere."""

import re
from collections.abc import Iterable
from enum import IntEnum

from buddy_tui.boot.frames import is_project


class Kind(IntEnum):
    """What a line is. From `EXCEPTION` on it is a problem that `]` and `[` stop at."""

    NORMAL = 0
    PLATFORM = 1
    REQUEST = 2
    READY = 3
    HEADER = 4
    PROJECT = 5
    PROJECT_SOURCE = 6
    LIBRARY = 7
    LIBRARY_SOURCE = 8
    EXCEPTION = 9
    IMPORT_ERROR = 10
    EXIT = 11
    PROBE_FAILED = 12

    @property
    def is_problem(self) -> bool:
        """Whether `]` and `[` stop here."""
        return self >= Kind.EXCEPTION

    @property
    def is_library(self) -> bool:
        """Whether the line is of a frame that is folded away."""
        return self in {Kind.LIBRARY, Kind.LIBRARY_SOURCE}


_PROBLEMS = re.compile(rb"[%c-%c]" % (Kind.EXCEPTION, Kind.PROBE_FAILED))

_HEADER = "Traceback (most recent call last)"
_FRAME = re.compile(r'File "([^"]+)", line \d+')
# An exception's line: a dotted name at its beginning, then a colon or nothing.
_RAISED = re.compile(r"([A-Za-z_][\w.]*)(?::(?: |$)|$)")
_LEVELS = frozenset({"DEBUG", "INFO", "NOTICE", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"})
_IMPORT_ERRORS = ("ModuleNotFoundError", "ImportError")
_MARGIN = " \t|│+-"
# So many lines that are none of a traceback may stand in it where two workers write at once.
_FOREIGN = 8


class Scan:
    """The state between two lines of ONE source: whether a traceback is open, and how far its lines are pushed in."""

    __slots__ = ("_after_frame", "_foreign", "_open", "_prefix")

    def __init__(self) -> None:
        self._open = False
        self._after_frame = Kind.NORMAL
        self._prefix = 0
        self._foreign = 0

    def kinds(self, texts: Iterable[str]) -> bytearray:
        """Return the `Kind` of each line, in order. About two million lines a second while nothing goes wrong."""
        found = bytearray()
        add = found.append
        for text in texts:
            if self._open:
                add(self._inside(text))
            elif "Error" in text:
                add(self._error(text))
            elif _HEADER in text:
                add(self._begin(text))
            elif "robe failed" in text and "container" in text:
                add(Kind.PROBE_FAILED)
            elif "alled exit(" in text and "Container called exit(" in text:
                add(Kind.EXIT)
            elif "unning on http" in text or "istening at: " in text or "startup complete." in text:
                add(Kind.READY)
            else:
                add(0)
        return found

    def kind(self, text: str) -> int:
        """Return the kind of the next line."""
        return self.kinds((text,))[0]

    def _begin(self, text: str) -> Kind:
        self._open, self._after_frame, self._foreign = True, Kind.NORMAL, 0
        self._prefix = text.index(_HEADER)
        return Kind.HEADER

    def _error(self, text: str) -> Kind:
        """Tell what a line with an error in it is, outside of a traceback: only a failed import speaks for itself."""
        if _HEADER in text:
            return self._begin(text)
        if any(f"{name}: " in text for name in _IMPORT_ERRORS) or "Error loading ASGI app" in text:
            return Kind.IMPORT_ERROR
        return Kind.NORMAL

    def _inside(self, text: str) -> Kind:
        if _HEADER in text:
            return self._begin(text)
        if frame := _FRAME.search(text):
            return self._frame(text, frame)
        content = self._content(text)
        for line in (text, content):
            raised = _RAISED.match(line)
            if raised and raised[1] not in _LEVELS:
                self._open = False
                return Kind.IMPORT_ERROR if raised[1].endswith(_IMPORT_ERRORS) else Kind.EXCEPTION
        return self._source(content) if content[:1] in _MARGIN else self._stranger()

    def _frame(self, text: str, frame: "re.Match[str]") -> Kind:
        self._prefix = max(0, frame.start() - 2)
        self._foreign = 0
        self._after_frame = Kind.PROJECT if is_project(frame[1]) else Kind.LIBRARY
        return self._after_frame

    def _source(self, content: str) -> Kind:
        """Tell whose line of source it is: that of the frame above, and of its carets."""
        if not content.strip(_MARGIN) or self._after_frame is Kind.NORMAL:
            return self._stranger()
        return Kind.PROJECT_SOURCE if self._after_frame is Kind.PROJECT else Kind.LIBRARY_SOURCE

    def _stranger(self) -> Kind:
        self._foreign += 1
        self._open = self._foreign < _FOREIGN
        return Kind.NORMAL

    def _content(self, text: str) -> str:
        """Return a line without its margin, or without what a logger put before the lines of this traceback."""
        before = text[: self._prefix]
        if len(text) <= self._prefix or (before[:1].isspace() and before.strip(_MARGIN)):
            return text
        return text[self._prefix :]


def find_problems(kinds: bytes | bytearray) -> list[int]:
    """Return where in a row of kinds the problems are."""
    return [found.start() for found in _PROBLEMS.finditer(kinds)]
