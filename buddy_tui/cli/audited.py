"""cli: the session audit in print: `buddy.sessions/1` for scripts, a page with a small chart for people."""

import json
import shutil
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import wcwidth

from buddy_tui.model import Trouble
from buddy_tui.sessions.values import Audit

_NO_TERMINAL = (100, 24)
_HOUR = timedelta(hours=1)
# One character an hour: nothing, then eighths of the largest hour.
_BLOCKS, _ASCII = "·▁▂▃▄▅▆▇█", ".12345678"
# Whoever wants more has --json.
_MOST_ROWS = 12
_LEAST_HOURS = 12


def as_json(audit: Audit) -> str:
    """Return the document `buddy.sessions/1`. What is not known is null; times are UTC, RFC 3339.

    `hours[]` has an entry for each revision and hour in which it wrote sessions; `start` is the hour's beginning.
    """
    name = audit.name
    document = {
        "schema": "buddy.sessions/1",
        "service": {"name": name.service, "project": name.project, "region": name.region},
        "place": audit.place,
        "total": audit.total if audit.total >= 0 else None,
        "read": audit.read,
        "cost": audit.cost,
        "cut": audit.cut,
        "since": _time(audit.since),
        "attributed": audit.attributed or None,
        "revisions": [
            {
                "revision": one.revision,
                "count": one.count,
                "oldest": _time(one.oldest),
                "newest": _time(one.newest),
            }
            for one in audit.kept
        ],
        "hours": [
            {"start": _time(one.start), "revision": one.revision, "count": one.count} for one in audit.hours
        ],
        "rollouts": [{"at": _time(at), "revision": revision} for at, revision in audit.rollouts],
        "fell": list(audit.fell),
        "notes": list(audit.notes),
        "trouble": _trouble(audit.trouble),
        "as_of": _time(audit.as_of),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(audit: Audit, *, plain: bool) -> str:
    """Return the page for people, as wide as the terminal; a `plain` one draws with ASCII alone."""
    columns = max(60, shutil.get_terminal_size(_NO_TERMINAL).columns)
    lines = [f"sessions of {audit.name.service}  {audit.place}", _read(audit)]
    if audit.kept:
        lines += ["", *_table(audit)]
    chart = list(_chart(audit, columns, plain=plain))
    lines += ["", *chart] if chart else []
    told = [("fell", one) for one in audit.fell] + [("note", one) for one in audit.notes]
    lines += (
        ["", *(line for label, words in told for line in _wrapped(label, words, columns))] if told else []
    )
    return "".join(f"{line}\n" for line in lines)


def _read(audit: Audit) -> str:
    """Say in words what was read, and what it costs."""
    if audit.trouble:
        return f"{audit.trouble.sentence}\n  {audit.trouble.hint}".rstrip()
    if not audit.total:
        return "There are none."
    back = f", back to {audit.since:%Y-%m-%d %H:%M} (UTC)" if audit.cut and audit.since else ""
    return f"{audit.read:,} of {audit.total:,} documents read{back}; Google counts {audit.cost:,} reads"


def _table(audit: Audit) -> Iterator[str]:
    rows = [("REVISION", "SESSIONS", "OLDEST (UTC)", "NEWEST (UTC)")]
    rows += [
        (one.revision, f"{one.count:>8,}", _minute(one.oldest), _minute(one.newest))
        for one in audit.kept[:_MOST_ROWS]
    ]
    widths = [max(wcwidth.width(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(wcwidth.ljust(cell, wide) for cell, wide in zip(row, widths, strict=True)).rstrip()
    if len(audit.kept) > _MOST_ROWS:
        yield f"and {len(audit.kept) - _MOST_ROWS} more: --json"


def _chart(audit: Audit, columns: int, *, plain: bool) -> Iterator[str]:
    """Draw a row for each revision and a character for each hour: the newest ones, as many as there is room for."""
    counts = {
        (one.start, one.revision): one.count
        for one in audit.hours
        if audit.as_of is None or one.start <= audit.as_of  # a wrong clock would leave no room for the others
    }
    if not counts:
        return
    names = [one.revision for one in audit.kept[:_MOST_ROWS] if one.newest]
    wide = max(wcwidth.width(name) for name in (*names, "begins"))
    first, last = min(counts)[0], max(counts)[0]
    room = min((last - first) // _HOUR + 1, max(columns - wide - 2, _LEAST_HOURS))
    hours = [last - _HOUR * ago for ago in reversed(range(room))]
    most = max(counts.get((hour, name), 0) for hour in hours for name in names)
    yield f"an hour each, {hours[0]:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} (UTC); the most in one is {most:,}"
    for name in names:
        row = "".join(_block(counts.get((hour, name), 0), most, plain=plain) for hour in hours)
        yield f"{wcwidth.ljust(name, wide)}  {row}"
    starts = {at.replace(minute=0, second=0, microsecond=0) for at, _ in audit.rollouts}
    marks = "".join("^" if hour in starts else " " for hour in hours)
    if marks.strip():
        yield f"{wcwidth.ljust('begins', wide)}  {marks}".rstrip()


def _block(count: int, most: int, *, plain: bool) -> str:
    # Rounded up: one session is never drawn as none.
    return (_ASCII if plain else _BLOCKS)[-(-count * 8 // most) if most else 0]


def _wrapped(label: str, words: str, columns: int) -> list[str]:
    return textwrap.wrap(
        words, columns, initial_indent=f"{label:<6}", subsequent_indent=" " * 6, break_on_hyphens=False
    )


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "?"


def _trouble(trouble: Trouble | None) -> dict[str, Any] | None:
    return {"sentence": trouble.sentence, "hint": trouble.hint or None} if trouble else None


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
