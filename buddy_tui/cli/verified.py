"""cli: the verification plan in print: `buddy.verify/1` for scripts, a page for people."""

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from buddy_tui.verify.values import Answered, Checklist, Line

_NO_TERMINAL = (100, 24)
_INDENT = " " * 11
_WORDS = {
    Answered.YES: "yes",
    Answered.NO: "NO",
    Answered.UNKNOWN: "unknown",
    Answered.BY_HAND: "by hand",
    Answered.PENDING: "...",
}


def as_json(checklist: Checklist) -> str:
    """Return the document `buddy.verify/1`. What is not known is null; times are UTC, RFC 3339.

    `lines[].answered` is `yes`, `no`, `unknown` or `by_hand`; a line that was seen keeps its answer, with `by` and
    `note` of whoever ticked it as well. `answers` counts them.
    """
    name, trouble = checklist.name, checklist.trouble
    document = {
        "schema": "buddy.verify/1",
        "service": {"name": name.service, "project": name.project, "region": name.region},
        "revision": checklist.revision,
        "answers": _counts(checklist),
        "lines": [_line(line) for line in checklist.lines],
        "trouble": {"sentence": trouble.sentence, "hint": trouble.hint or None} if trouble else None,
        "as_of": _time(checklist.as_of),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(checklist: Checklist) -> str:
    """Return the page for people, as wide as the terminal."""
    columns = max(60, shutil.get_terminal_size(_NO_TERMINAL).columns)
    name = checklist.name
    lines = [f"{checklist.revision}  {name.project}/{name.region}"]
    for section, members in groupby(checklist.lines, key=lambda line: line.section):
        lines += ["", section]
        for line in members:
            lines += _shown(line, columns)
    lines += [
        "",
        ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in _counts(checklist).items()),
    ]
    if any(line.answered is Answered.UNKNOWN for line in checklist.lines):
        # A command is kept whole: what is copied must not have line breaks of ours.
        lines += [
            "Vouch for what is unknown and was seen otherwise:",
            f"buddy-tui verify {checklist.revision} --tick LINE --by NAME --note TEXT",
        ]
    if checklist.trouble:
        lines += _wrapped("", checklist.trouble.sentence, columns)
        lines += [checklist.trouble.hint] if checklist.trouble.hint else []
    return "\n".join(lines) + "\n"


def _shown(line: Line, columns: int) -> Iterator[str]:
    yield from _wrapped(f"  {_WORDS[line.answered]:<7}  ", f"{line.text} [{line.id}]", columns)
    by_hand = line.answered is Answered.BY_HAND
    seen = f"{line.source}, {line.at:%H:%M:%S}" if line.source and line.at and not by_hand else line.source
    if line.evidence:
        yield from _wrapped(_INDENT, f"{line.evidence} ({seen})" if seen else line.evidence, columns)
    if line.by:
        when = f", {line.at:%Y-%m-%d %H:%M} (UTC)" if by_hand and line.at else ""
        yield from _wrapped(_INDENT, f"Ticked by {line.by}{when}: {line.note}", columns)


def _counts(checklist: Checklist) -> dict[str, int]:
    counted = Counter(line.answered for line in checklist.lines)
    return {one.value: counted[one] for one in Answered if one is not Answered.PENDING}


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "section": line.section,
        "text": line.text,
        "answered": line.answered.value,
        "evidence": line.evidence or None,
        "source": line.source or None,
        "at": _time(line.at),
        "by": line.by or None,
        "note": line.note or None,
    }


def _wrapped(first: str, words: str, columns: int) -> list[str]:
    return textwrap.wrap(
        words, columns, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
    )


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
