"""boot: tells kinds of lines apart while they stream by, for showing them; what they mean is read elsewhere."""

import re
from collections.abc import Sequence
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
# Seldom said, so that a whole block of lines is asked for them at once.
_RARE = ("unning on http", "istening at: ", "startup complete.", "robe failed", "ontainer called exit(")
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

    def kinds(self, texts: Sequence[str]) -> bytearray:
        """Return the `Kind` of each line, in order: more than a million lines a second, every fifth of a traceback."""
        together = "\n".join(texts)
        rare = any(phrase in together for phrase in _RARE)
        return bytearray(map(self.kind if rare else self._usual, texts))

    def kind(self, text: str) -> int:
        """Return the `Kind` of the next line, as a number."""
        return self._usual(text) or _rare(text)

    def _usual(self, text: str) -> int:
        if self._open:
            return self._inside(text)
        if "Error" in text:
            return self._error(text)
        return self._begin(text) if _HEADER in text else 0

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
            return self._frame(frame)
        content = self._content(text)
        for line in (text, content):
            raised = _RAISED.match(line)
            if raised and raised[1] not in _LEVELS:
                self._open = False
                return Kind.IMPORT_ERROR if raised[1].endswith(_IMPORT_ERRORS) else Kind.EXCEPTION
        return self._source(content) if content[:1] in _MARGIN else self._stranger()

    def _frame(self, frame: "re.Match[str]") -> Kind:
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


def _rare(text: str) -> int:
    """Tell what a server says when it is up, or Cloud Run of an instance that ended or did not come up."""
    for phrase in _RARE:
        if phrase in text:
            break
    else:
        return 0
    if "Container called exit(" in text:
        return Kind.EXIT
    if "robe failed" in text:
        return Kind.PROBE_FAILED if "STARTUP" in text and "container" in text else Kind.NORMAL
    return Kind.READY


def find_problems(kinds: bytes | bytearray) -> list[int]:
    """Return where in a row of kinds the problems are."""
    return [found.start() for found in _PROBLEMS.finditer(kinds)]
