"""rules: which setting a message, a line of code or a validation error speaks of. Pure text."""

import re
from collections.abc import Iterable
from typing import NamedTuple

# A name that only a setting has: capitals with an underscore. Some such words are statuses of APIs.
_NAME = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_STATUS = re.compile(
    r"(?:^(?:NOT_FOUND|INVALID_ARGUMENT|UNAUTHENTICATED)$|_(?:FAILED|ERROR|EXCEEDED|DENIED|FOUND|INVALID)$|^ERR_)"
)
_ENV_WORD = r"env(?:ironment)?[ _-]?var(?:iable)?s?"
_NAMED = (
    re.compile(rf"\b({_NAME})\b"),
    re.compile(rf"(?i:{_ENV_WORD})\s*[:=]?\s*[`'\"\[({{]*([A-Za-z]\w*[A-Z_]\w*)"),
    re.compile(rf"[`'\"]?\b([A-Za-z_]\w+)[`'\"]?\s+(?i:{_ENV_WORD})"),
    re.compile(r"[`'\"]([A-Z][A-Z0-9]{2,})[`'\"]"),
    re.compile(
        r"\b([a-z]+(?:_[a-z]+)*_(?:url|uri|dsn|key|token|secret)) (?:is|are) (?:required|missing|not set)"
    ),
    re.compile(r"\b([A-Z][A-Z0-9]{3,})\b(?= (?:setting|secret|is not set|not set|must be set|is required))"),
)
_FILLERS = frozenset(
    {"all", "an", "and", "any", "as", "in", "missing", "of", "or", "required", "some", "the", "these", "this", "via", "your"}
)  # fmt: skip
_LACKING = re.compile(
    r"""(?ix)
    \b(?:not|n't|never|no)\s+(?:been\s+|be\s+|properly\s+)?(?:set|defined|provided|configured|specified|found|present|supplied|given|available|declared)\b
    | \bmissing\b | \brequired?s?\b | \bundefined\b | \bunset\b | \bnot\s+exist
    | \bmust\s+(?:be\s+)?(?:set|pass|defined|provided|configured|specified|supplied|present|given|provide|specify|define)\b
    | \b(?:is|are|was|be)\s+empty\b | \bempty\s+value\b
    | \b(?:please|need\s+to|have\s+to|must|by|to)\s+(?:set(?:ting)?|provide|define|specify|add|export)\b
    | ^\W*set\s+the\b
    """,
)
_WRONG = re.compile(
    r"""(?ix)
    \binvalid\b | \bnot\s+(?:a\s+)?valid\b | \bmalformed\b | \bunsupported\b | \bunknown\s+value\b | \btoo\s+short\b
    | \bmust\s+(?:be|start|have|contain|match)\b | \bshould\s+(?:be|start)\b | \b(?:can|could)\s*not\s+(?:be\s+)?parsed?\b
    | \bexpected\s+(?:one\s+of|a|an)\b | \bbad\s+value\b | \bnot\s+a\s+number\b
    """,
)
_READ = re.compile(
    r"""(?x)
    (?:environ(?:\.get|\.pop|\.setdefault)?|getenv|get_env\w*|getenv_\w+|(?:require|required|read)_env\w*|\benv(?:\.\w+)?|\bconfig|\bdecouple)
    \s*[\[(]\s*f?["']([A-Za-z_]\w*)["']
    """,
)
_MISSING_FIELD = re.compile(
    r"(\S{1,200})\s+(?:Field required \[type=missing\b|field required \(type=value_error\.missing\))"
)
_WRONG_FIELD = re.compile(
    r"(?:validation errors? for \S+|/v/\w+|\]|\))\s+(\S{1,200})\s+([A-Za-z][^\[(]{0,200}?)\s*(?:\[type=(?!missing\b)(\w+)|\(type=(?!value_error\.missing)([\w.]+))",
)
_MODEL = re.compile(r"validation errors? for (\S+)")
_LEVEL = re.compile(
    r"\b(DEBUG|INFO|NOTICE|WARN(?:ING)?)\b|\"(?:level|severity)\": ?\"(?:debug|info|warn)", re.IGNORECASE
)
_GOES_ON = re.compile(
    r"\b(?:default|fall(?:ing|s)? ?back|disabled|skip(?:ping|ped)?|optional|ignor\w+|continu\w+|going on|instead)\b",
    re.IGNORECASE,
)


class Fields(NamedTuple):
    """What pydantic says of a model: its name, the fields that are missing, and those with a wrong value."""

    model: str
    missing: tuple[str, ...]
    wrong: tuple[str, ...]


def lacking(text: str) -> str:
    """Return the setting that a message says is not there, else an empty text."""
    return _setting(text, _LACKING)


def wrong(text: str) -> str:
    """Return the setting that a message says has a wrong value, else an empty text."""
    return _setting(text, _WRONG)


def says_lacking(text: str) -> bool:
    """Tell whether a message says that something is not there, whatever it is."""
    return bool(_LACKING.search(text))


def read_in(source: str) -> str:
    """Return the variable that a line of code asks the environment for, else an empty text."""
    found = _READ.search(source)
    return found[1] if found else ""


def constant_in(source: str) -> str:
    """Return the first name in capitals in a line of code, else an empty text."""
    found = re.search(rf"\b({_NAME})\b", source)
    return found[1] if found else ""


def fields_of(message: str) -> Fields:
    """Read the text of pydantic's ValidationError, of version 1 or 2, also where its line breaks were lost."""
    model = _MODEL.search(message)
    return Fields(
        model[1] if model else "",
        tuple(dict.fromkeys(_MISSING_FIELD.findall(message))),
        tuple(dict.fromkeys(found[1] for found in _WRONG_FIELD.finditer(message))),
    )


def in_passing(line: str) -> bool:
    """Tell whether a logger marked a line as no error, or the line says that the program goes on."""
    return bool(_LEVEL.search(line[:120]) or _GOES_ON.search(line))


def _setting(text: str, complaint: re.Pattern[str]) -> str:
    """Return the name that stands nearest to the words of the complaint."""
    text = " ".join(text.split())[:1000]
    words = [found.span() for found in complaint.finditer(text)]
    for pattern in _NAMED if words else ():
        names = [found for found in pattern.finditer(text) if _is_name(found[1])]
        if names:
            return str(min(names, key=lambda name: _distance(name.span(1), words))[1])
    return ""


def _is_name(text: str) -> bool:
    return text.lower() not in _FILLERS and not _STATUS.search(text)


def _distance(name: tuple[int, int], words: Iterable[tuple[int, int]]) -> int:
    return min(max(begin - name[1], name[0] - end, 0) for begin, end in words)
