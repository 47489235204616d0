"""cli: a finding in print: `buddy.diagnosis/1` for scripts, a page for people."""

import json
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from buddy_tui.boot.timeline import decisive
from buddy_tui.boot.values import Boot, Reading
from buddy_tui.finding import Finding, Incident, Quote
from buddy_tui.log_scope import rfc3339
from buddy_tui.redact import redact

_NO_TERMINAL = (100, 24)
_LABEL = 11


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """One diagnosis. `source` says what was read: a form and a file's name, or the service's address."""

    finding: Finding
    reading: Reading
    source: str
    incident: Incident | None = None


def as_json(diagnosed: Diagnosed) -> str:
    """Return the document `buddy.diagnosis/1`. What is not known is null; times are UTC, RFC 3339.

    `evidence[].line` is the line in the file, or, of a log that was fetched, the number of the entry from 1; it is
    null where the evidence is no log line.
    """
    finding = diagnosed.finding
    document = {
        "schema": "buddy.diagnosis/1",
        "source": diagnosed.source,
        "revision": finding.revision or None,
        "boots": finding.boots,
        "cause": finding.cause.value,
        "confidence": finding.confidence.value,
        "exception": finding.exception or None,
        "missing": finding.missing or None,
        "frame": finding.frame or None,
        "summary": finding.summary,
        "observed": finding.observed or None,
        "chain": list(finding.chain),
        "fix": list(finding.fix),
        "evidence": [_quote(quote) for quote in finding.evidence],
        "uncertain": list(finding.uncertain),
        "timeline": list(_timeline(_boot(diagnosed))),
        "incident": _incident(diagnosed.incident) if diagnosed.incident else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(diagnosed: Diagnosed) -> str:
    """Return the page for people, as wide as the terminal."""
    columns = max(40, shutil.get_terminal_size(_NO_TERMINAL).columns)
    finding = diagnosed.finding
    lines = [_verdict(finding), ""]
    for label, values in _facts(diagnosed):
        for place, value in enumerate(values):
            lines += _wrapped(label if place == 0 else "", value, columns)
    return "\n".join(lines) + "\n"


def _verdict(finding: Finding) -> str:
    who = finding.revision or "It"
    word = {True: "boots", False: "does not boot", None: "cannot be told to boot or not"}[finding.boots]
    return f"{who} {word}: {finding.cause.value}, {finding.confidence.value}"


def _facts(diagnosed: Diagnosed) -> Iterator[tuple[str, tuple[str, ...]]]:
    finding = diagnosed.finding
    yield "why", (finding.summary,)
    yield "seen", tuple(filter(None, (finding.observed,)))
    yield "where", tuple(filter(None, (finding.frame,)))
    yield "imports", (" → ".join(finding.chain),) if len(finding.chain) > 1 else ()
    yield "fix", finding.fix
    yield "evidence", tuple(map(_quoted, finding.evidence))
    yield "unsure of", finding.uncertain
    yield "timeline", tuple(_steps(_boot(diagnosed)))
    if diagnosed.incident:
        yield "incident", (diagnosed.incident.headline, *diagnosed.incident.story)
        yield "changed", diagnosed.incident.changed
    yield "read", (diagnosed.source,)


def _wrapped(label: str, value: str, columns: int) -> list[str]:
    """Keep commands whole: what is copied must not have line breaks of ours."""
    indent = " " * _LABEL
    first = f"{label:<{_LABEL}}"
    if label == "fix" or value.startswith(("gcloud ", "cd ")):
        return [f"{first}{value}"]
    lines = textwrap.wrap(
        value, columns, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    )
    return lines or [first.rstrip()]


def _boot(diagnosed: Diagnosed) -> Boot | None:
    return decisive(diagnosed.reading, diagnosed.finding.revision)


def _timeline(boot: Boot | None) -> Iterator[dict[str, Any]]:
    for event in boot.events if boot else ():
        yield {"at": _time(event.when), "what": event.mark.value, "words": redact(event.words)}


def _steps(boot: Boot | None) -> Iterator[str]:
    """Yield a boot's events: the first with its time, the others by how much later they came."""
    begun = next((event.when for event in boot.events if event.when), 0) if boot else 0
    if begun:
        yield f"begins {_time(begun)}"
    for event in boot.events if boot else ():
        later = f"+{(event.when - begun) / 1e9:7.3f}s  " if begun and event.when else ""
        yield f"{later}{redact(event.words)}"


def _time(nanoseconds: int) -> str | None:
    """Return a time to the millisecond."""
    return f"{rfc3339(nanoseconds)[:-7]}Z" if nanoseconds and rfc3339(nanoseconds) else None


def _quote(quote: Quote) -> dict[str, Any]:
    line = quote.number or (quote.entry + 1 if quote.entry >= 0 else None)
    told: dict[str, Any] = {"line": line, "text": quote.text}
    return told | ({"insert_id": quote.insert_id} if quote.insert_id else {})


def _quoted(quote: Quote) -> str:
    line = quote.number or (quote.entry + 1 if quote.entry >= 0 else 0)
    return f"{line}: {quote.text}" if line else quote.text


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "headline": incident.headline,
        "failed": list(incident.failed),
        "first_bad": incident.first_bad,
        "last_good": incident.last_good or None,
        "one_cause": incident.one_cause,
        "cause": incident.cause.value,
        "confidence": incident.confidence.value,
        "changed": list(incident.changed),
        "story": list(incident.story),
        "fix": list(incident.fix),
    }
