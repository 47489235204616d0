"""exports: what people copy out of Google's console, brought to one line an entry.

The Logs Explorer copies `LEVEL TIME text`, with the entry's JSON below where somebody had opened it; from the page
itself comes a time on a line of its own, then what the row shows in as many lines as it has fields.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from buddy_tui.exports.json_forms import google_entry
from buddy_tui.model import LogEntry
from buddy_tui.payload import request_line

_OPENED = re.compile(r"[A-Z]{4,9} \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_STAMP = re.compile(
    r"(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})(?: (?:[A-Z]{2,5}|(?:UTC|GMT)[+-]\d{1,2}(?::\d\d)?))?$"
    r"|\d\d:\d\d:\d\d\.\d{3}$"
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATUS = re.compile(r"[1-5]\d\d$")
# What stands before the text: fields that the page shows as summary.
_SHOWN = re.compile(r"\[severity: \w+\] ?")
_AUDIT = re.compile(r"(?:\[protoPayload\.\w[\w.]*: [^\]]*\]+ ?)+")
_REQUEST = re.compile(
    r"\[httpRequest\.requestMethod: (?P<method>[A-Z]+)\] \[httpRequest\.status: (?P<status>\d{3})\]"
    r"(?:.*?\[httpRequest\.latency: (?P<latency>[\d.]+) (?P<unit>m?s)\])?(?:.*\] <?(?P<url>https?://[^\s>]+))?"
)
_LONGEST = 2_000  # lines of one entry's JSON
_SELDOM = 5  # one line in so many has a time of its own


@dataclass(frozen=True, slots=True)
class Copied:
    """Lines as they were copied, each still in its place: `spent` are those that say nothing any more.

    `entries` are those whose JSON was there, by the index of their line.
    """

    lines: Sequence[str]
    spent: frozenset[int] = frozenset()
    entries: Mapping[int, LogEntry] | None = None


def copied(lines: Sequence[str]) -> Copied:
    """Read what the console's own pages leave behind; any other lines come back as they are."""
    if any(line.lstrip().startswith('"insertId": ') for line in lines):
        return _closed(lines)
    stamps = [at for at, line in enumerate(lines) if line[:1].isdigit() and _STAMP.match(line.strip())]
    written = sum(1 for line in lines if line.strip())
    return _joined(lines, stamps) if len(stamps) > 1 and len(stamps) * _SELDOM >= written else Copied(lines)


def summary(text: str) -> tuple[str, str]:
    """Return a line without the fields that the Logs Explorer put before it, and the log that these tell of, or ``."""
    if not text.startswith("["):
        return text, ""
    if shown := _SHOWN.match(text):
        text = text[shown.end() :]
    if audit := _AUDIT.match(text):
        return text[audit.end() :], "event"
    if request := _REQUEST.match(text):
        seconds = float(request["latency"] or 0) / (1000 if request["unit"] == "ms" else 1)
        return request_line(
            request["method"], int(request["status"]), seconds, request["url"] or ""
        ), "requests"
    return text, ""


def _closed(lines: Sequence[str]) -> Copied:
    """Take each entry's JSON for its line above. Where some have none, all are told as mere lines."""
    entries: dict[int, LogEntry] = {}
    spent: set[int] = set()
    for head, end, value in _blocks(lines):
        entries[head] = google_entry(value, head)
        spent.update(range(head + 1, end + 1))
    heads = sum(1 for at, line in enumerate(lines) if at not in spent and _OPENED.match(line))
    if heads > len(entries):
        entries = {at: _without_source(entry) for at, entry in entries.items()}
    return Copied(lines, frozenset(spent), entries)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, int, Mapping[str, object]]]:
    """Yield where each entry's line is, where its JSON ends, and that JSON."""
    for head, line in enumerate(lines[:-1]):
        below = lines[head + 1]
        if below.strip() != "{" or below[:1] != " " or not _OPENED.match(line):
            continue
        edge = below.replace("{", "}")
        end = next(
            (at for at in range(head + 2, min(head + _LONGEST, len(lines))) if lines[at].rstrip() == edge), -1
        )
        try:
            value = json.loads("\n".join(lines[head + 1 : end + 1])) if end > 0 else None
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield head, end, value


def _without_source(entry: LogEntry) -> LogEntry:
    log = entry.log if entry.log in {"requests", "event", "activity"} else "stdout"
    return entry._replace(log=log, insert_id="", revision="", instance="", container="")


def _joined(lines: Sequence[str], stamps: Sequence[int]) -> Copied:
    """Put each time before the text that follows it."""
    result = list(lines)
    spent = set(stamps)
    for at, end in pairwise([*stamps, len(lines)]):
        found = _STAMP.match(lines[at].strip())
        shown = [place for place in range(at + 1, end) if lines[place].strip()]
        if found is None or not shown:
            continue
        spent.update(place for place in range(at + 1, end) if place not in shown)
        first, text = _told([lines[place].strip() for place in shown])
        if text:
            spent.update(shown[:first])
            result[shown[first]] = text
        when = found["when"]
        result[shown[first]] = f"{when} {result[shown[first]]}" if when else result[shown[first]]
        if text.startswith("[httpRequest."):
            spent.update(shown[first + 1 :])
    return Copied(result, frozenset(spent))


def _told(fields: Sequence[str]) -> tuple[int, str]:
    """Return which field of a row is its text, and how it is written here where that is not as it stands."""
    if fields[0] in _METHODS and len(fields) > 1 and _STATUS.match(fields[1]):
        return 0, f"[httpRequest.requestMethod: {fields[0]}] [httpRequest.status: {fields[1]}] {fields[-1]}"
    if fields[0] == "Cloud Run" and len(fields) > 1:
        return len(fields) - 1, f"[protoPayload.serviceName: Cloud Run] {fields[-1]}"
    return 0, ""
