"""boot: what a single line of a traceback looks like, wherever it stands."""

import re
from functools import lru_cache
from typing import NamedTuple

HEADER = "Traceback (most recent call last)"
GROUP_HEADER = f"Exception Group {HEADER}"

# Other lists of frames, which end in no exception: logging's, asyncio's, tracemalloc's.
_STACK_HEADERS = ("Call stack:", "(most recent call last):", "(most recent call last)")

# Cython names the body of a module `init package.module`.
FRAME = re.compile(r'File "([^"\n]{0,4000})", line (\d{1,9})(?:, in ?((?:init (?=\w+\.))?\S{1,500})?)?$')
# Error Reporting's way to write one: `at run (/app/main.py:3)`, `.run ( /app/main.py:3 )`.
REPORTED = re.compile(r"\s*(?:at |\.)(\S{1,500}) \(\s*(/[^\s:()]{1,4000}):(\d{1,9})\s*\)$")
REPEATED = re.compile(r"\s*\[Previous line repeated (\d{1,9}) more times?\]$")
_NOTHING_BUT_MARKS = frozenset("~^ \t│└|->┌─")

_LAST_LINE = re.compile(r"((?:[^\W\d]\w*)(?:\.(?:[^\W\d]\w*|<locals>))*)(?::(?: +(.*))?)?$")
_STRONG = re.compile(
    r"\w(?:Error|Exception|Exit|Interrupt|Warning|Group|Timeout|Failure|Fault|Expired)$|^Exception$"
)
# An exception's last line where nothing of its traceback is left; a CommandError is a program's way to say a word.
LONE = re.compile(
    r"(?:\d{4}-\d\d-\d\d[T ][\d:.,]{8,}Z?\s+|[\w.-]+ +\| +)?"
    r"((?!(?:\w+\.)*CommandError|ImportError: Failed to find app)(?:[^\W\d]\w*\.)*[^\W\d]\w*(?<=\w)(?:Error|Exception): +\S"
    r"|(?:[a-z_]\w*\.)+(?:exceptions?|errors?|exc)\.(?!HaltServer)[A-Z]\w+: +\S)"
)
_LOWER_NAMES = frozenset({"error", "timeout", "gaierror", "herror", "ParseException"})
_HUMPS = re.compile(r"[a-z0-9][A-Z]")

# The beginning of what a logger or a platform writes, as opposed to a further line of a message.
_LOGGED = re.compile(
    r"""
      \W{0,3}\d{1,4}[-/:.]\d
    | \[ (?:\d|[A-Z]{4,8}\b|\w+\]) | \{ | <\d+>
    | (?:TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE|PANIC)\b
    | (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ {1,2}\d
    | level= | time= | ts= | ---
    """,
    re.VERBOSE,
)
# What Cloud Run, gunicorn, uvicorn, Sentry and others say when a program ends, where nothing is put before it.
_SAID_AT_THE_END = (
    *(
        "Container called exit",
        "Default STARTUP ",
        "STARTUP ",
        "Starting new instance",
        "Uncaught signal",
        "Memory limit",
    ),
    *(
        "Ready condition",
        "Application failed",
        "Application exec",
        "Application startup",
        "Application shutdown",
    ),
    *(
        "Starting ",
        "Listening ",
        "Shutting down",
        "Reason: ",
        "Worker ",
        "Booting worker",
        "Handling signal",
        "Exception in ",
    ),
    *(
        "Uvicorn running",
        "Started ",
        "Waiting for ",
        "Finished server",
        "Stopping ",
        "Stopped ",
        "Process ",
        "Exiting",
    ),
    *(
        "Sentry is attempting",
        "Waiting up to ",
        "Press C",
        "* ",
        "==> ",
        "Usage:",
        "Restarting ",
        "Deploy",
        "Build",
    ),
    *("During handling", "The above exception", "Traceback "),
)

# Python writes these messages itself, and in one line: what follows is a note.
_ONE_LINE = frozenset(
    [
        *(
            "ModuleNotFoundError",
            "ImportError",
            "KeyError",
            "NameError",
            "UnboundLocalError",
            "AttributeError",
        ),
        *("SyntaxError", "IndentationError", "TabError", "IndexError", "ZeroDivisionError", "RecursionError"),
        *(
            "FileNotFoundError",
            "PermissionError",
            "FileExistsError",
            "NotADirectoryError",
            "IsADirectoryError",
        ),
        *("ConnectionRefusedError", "UnicodeDecodeError"),
    ]
)
PLACE_ERRORS = frozenset({"SyntaxError", "IndentationError", "TabError", "_IncompleteInputError"})

_TIME = re.compile(r"\d+(?:[-:.,T/]\d+)+(?:Z|(?: ?[+-]\d\d:?\d\d))?|\d{9,}")
_DIGITS = re.compile(r"\d+")
_BLANKS = re.compile(r"(?:\\ |\\\t)+")


class Margin(NamedTuple):
    """What a logger puts before every line of a traceback: how it looks, and whose it is (times left out)."""

    pattern: re.Pattern[str]
    key: str


@lru_cache(maxsize=512)
def margin(prefix: str) -> Margin | None:
    """Return the margin that a prefix shows, None when there is none. Digits may differ from line to line."""
    prefix = prefix.rstrip().removesuffix(">").rstrip()
    if not prefix or len(prefix) > 300:
        return None
    return Margin(re.compile(_BLANKS.sub(r"\\s+", _DIGITS.sub(r"\\d+", re.escape(prefix)))), key(prefix))


def key(prefix: str) -> str:
    """Return a prefix without its times: two writers whose keys differ are two."""
    return _TIME.sub("#", prefix).strip()


def indent(text: str) -> int:
    """Return how far a text is indented."""
    return len(text) - len(text.lstrip())


def is_marker(text: str) -> bool:
    """Tell whether a line says that the next traceback followed from the one before."""
    return "above exception" in text and (
        "During handling of the above exception" in text or "was the direct cause of the following" in text
    )


def is_stack_header(text: str) -> bool:
    """Tell whether frames follow that are no traceback's."""
    return text.endswith(_STACK_HEADERS) and HEADER not in text


def is_marks(text: str) -> bool:
    """Tell whether a line only points at the source above it: carets, tildes, loguru's values."""
    stripped = text.lstrip()
    return stripped[:1] in "│└┌" or not set(stripped) - _NOTHING_BUT_MARKS


def last_line(text: str) -> tuple[str, str, int]:
    """Read an exception's last line: its type, its message, and how sure that is one, from 0 (is none) to 3.

    3: the name ends as exceptions' names do. 2: dotted, or several words in one (`UndefinedTable`). 1: one
    capitalised word, which an ordinary line may begin with too.
    """
    found = _LAST_LINE.match(text)
    if found is None:
        return "", "", 0
    full = found[1]
    return full, (found[2] or "").strip(), _sureness(full)


def _sureness(full: str) -> int:
    module, _, name = full.rpartition(".")
    name = name.strip("_")
    if _STRONG.search(name):
        return 3
    if not name[:1].isupper():
        return 2 if module and name in _LOWER_NAMES else 0
    if module:
        return 2
    if name.isupper() or name.isdigit():
        return 0
    return 2 if _HUMPS.search(name) else 1


def is_logged(text: str) -> bool:
    """Tell whether a line at the left edge begins a message of its own."""
    return text.startswith(_SAID_AT_THE_END) or bool(_LOGGED.match(text))


def has_one_line(type_: str, message: str) -> bool:
    """Tell whether an exception's own message is one line, so that further ones are notes."""
    return message != "" and (type_.rpartition(".")[2] in _ONE_LINE or message.startswith("[Errno "))


def is_wrapped(message: str) -> bool:
    """Tell whether a message was broken where a line was full: a bracket or a quote is still open."""
    return message.count("(") > message.count(")") or message.endswith("No module named")
