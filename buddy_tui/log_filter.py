"""What `/` understands in a log: words that must (or with `!` must not) be in a line, and `field:value` terms. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from buddy_tui.boot.scan import Kind

# Google's names, from the least severe on.
SEVERITIES = (
    "DEFAULT",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "ALERT",
    "EMERGENCY",
)
# Further on in a line, the word is part of what is said.
_WITHIN = 64
_LEVELS = (
    ("INFO", "INFO"),
    ("ERROR", "ERROR"),
    ("WARN", "WARNING"),
    ("DEBUG", "DEBUG"),
    ("CRIT", "CRITICAL"),
    ("FATAL", "CRITICAL"),
    ("NOTICE", "NOTICE"),
)
_FIELDS = {"sev", "inst", "rev", "log"}


class _Term(NamedTuple):
    """One term; `exact` when it was typed with a capital, so that case counts."""

    word: str
    field: str = ""
    without: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A filter as it was typed, e.g. `timeout !healthz sev:error inst:9f2c`. All terms must hold.

    Small letters find capitals too; a word with a capital is taken as it is. `sev:` means that severity or a worse
    one, and may be shortened (`sev:warn`); `inst:`, `rev:` and `log:` look for a part of that name.
    """

    query: str = ""
    _terms: tuple[_Term, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_terms", tuple(map(_term, self.query.split())))

    def __bool__(self) -> bool:
        return bool(self._terms)

    def words(self) -> tuple[tuple[str, bool], ...]:
        """Return the words that are looked for in the text, each with whether case counts: to light them up."""
        return tuple((term.word, term.exact) for term in self._terms if not term.field and not term.without)

    def rows(self, text: str, known: Callable[[str, int], str]) -> list[int]:
        """Return which lines of `text` pass, in order. `known(field, row)` tells a field of a line.

        The line that holds the longest word is found before anything is split, at about a gigabyte a second.
        """
        wanted = [term for term in self._terms if not term.field and not term.without]
        if not wanted:
            return self._checked(text, range(text.count("\n") + 1), self._terms, known)
        first = max(wanted, key=lambda term: len(term.word))
        rest = tuple(term for term in self._terms if term is not first)
        found = _rows_with(text, first)
        return self._checked(text, found, rest, known) if rest else list(found)

    def _checked(
        self,
        text: str,
        rows: Iterable[int],
        terms: tuple[_Term, ...],
        known: Callable[[str, int], str],
    ) -> list[int]:
        asked = list(rows)
        lines = text.split("\n") if asked else []
        return [row for row in asked if all(_holds(term, lines[row], row, known) for term in terms)]


def _term(typed: str) -> _Term:
    without = typed.startswith("!") and len(typed) > 1
    word = typed[1:] if without else typed
    name, colon, value = word.partition(":")
    if colon and value and name.lower() in _FIELDS:
        return _Term(value.lower(), name.lower(), without)
    exact = word != word.lower()
    return _Term(word, "", without, exact)


def _holds(term: _Term, line: str, row: int, known: Callable[[str, int], str]) -> bool:
    if term.field == "sev":
        held = _rank(known("sev", row)) >= _rank(term.word)
    elif term.field:
        held = term.word in known(term.field, row).lower()
    else:
        held = term.word in (line if term.exact else line.lower())
    return held is not term.without


def _rank(severity: str) -> int:
    """Return how bad a severity is; the beginning of its name is enough. One that nobody knows is the worst."""
    wanted = severity.upper()
    return next((rank for rank, name in enumerate(SEVERITIES) if name.startswith(wanted)), len(SEVERITIES))


def _rows_with(text: str, term: _Term) -> Iterator[int]:
    """Yield the lines with a word. Letters are made small all at once; that never adds or takes a line break."""
    hay = text if term.exact else text.lower()
    row, seen, at = 0, 0, hay.find(term.word)
    while at >= 0:
        row += hay.count("\n", seen, at)
        yield row
        seen = hay.find("\n", at)
        if seen < 0:
            return
        at = hay.find(term.word, seen)


def severity_of(text: str, kind: int, told: str = "") -> str:
    """Return a line's severity as it was told; else what its kind, or the level at its beginning, says.

    Cloud Run gives most lines of a program none: those of uvicorn and gunicorn have it in their text.
    """
    if told not in {"", "DEFAULT"}:
        return told
    if kind >= Kind.HEADER:
        return "ERROR"
    begin = text[:_WITHIN].upper()
    found = [(at, name) for word, name in _LEVELS if (at := begin.find(word)) >= 0]
    return min(found)[1] if found else "DEFAULT"
