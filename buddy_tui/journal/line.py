"""journal: a record as one line of canonical JSON, chained to the line before it by SHA-256, and back.

The chain is of the lines, not of what they mean: `number`, `previous` and `hash` are checked for a version that we do
not understand as well.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

import msgspec

from buddy_tui.clean import clean_line
from buddy_tui.journal.values import Record
from buddy_tui.redact import redact

SCHEMA = "buddy.journal/1"
_LONGEST = 4000  # characters of one text


class Unreadable(ValueError):
    """A line that was not written to its end, or that is no line of a journal at all."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as far as the chain goes. `digest` is what its hash should be; `told` is all that it says."""

    number: int
    previous: str
    hash: str
    digest: str
    told: dict[str, Any]

    @property
    def schema(self) -> str:
        """Name the version that wrote it."""
        return clean_line(str(self.told.get("schema")))[:40]


def written(record: Record, last: Line | None) -> tuple[Record, bytes]:
    """Return `record` as it stands behind `last` (none: as the first), and its line with the end of line."""
    number, previous = (last.number + 1, last.hash) if last else (1, "")
    numbered = replace(_redacted(record), number=number, previous=previous, hash="")
    told = {"schema": SCHEMA, **_clean(msgspec.to_builtins(numbered))}
    told["hash"] = _digest(told)
    return _record(told), (_canonical(told) + "\n").encode()


def parsed(raw: bytes) -> Line:
    """Read a line as far as the chain goes. Raises Unreadable."""
    try:
        told = json.loads(raw)
        line = Line(told["number"], told["previous"], told["hash"], _digest(told), told)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unreadable from None
    if not (isinstance(line.number, int) and isinstance(line.previous, str) and isinstance(line.hash, str)):
        raise Unreadable
    return line


def record_of(line: Line) -> Record:
    """Return what a line of our version says, cleaned. Raises Unreadable."""
    try:
        return _record(_clean(line.told))
    except (msgspec.ValidationError, RecursionError):
        raise Unreadable from None


def _redacted(record: Record) -> Record:
    """Return a record whose free texts repeat no secret: what people type, and what logs and probes said."""
    return replace(
        record,
        reason=redact(record.reason),
        sentence=redact(record.sentence),
        evidence=tuple(map(redact, record.evidence)),
    )


def _record(told: dict[str, Any]) -> Record:
    record = msgspec.convert(told, Record)
    if record.at.tzinfo is None:
        raise msgspec.ValidationError("A time without its zone says nothing.")
    return replace(record, at=record.at.astimezone(UTC))


def _digest(told: dict[str, Any]) -> str:
    signed = {key: value for key, value in told.items() if key != "hash"}
    return hashlib.sha256(_canonical(signed).encode()).hexdigest()


def _canonical(told: dict[str, Any]) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def _clean(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        return clean_line(value)[:_LONGEST]
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _clean(one) for key, one in value.items()}
    return value
