"""cli: the verification plan in print: `buddy.verify/1` for scripts, a page for people."""

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from buddy_tui.clean import clean_line
from buddy_tui.model import ServiceName
from buddy_tui.report.checklist import passes, verdict
from buddy_tui.verify.values import Answered, Before, Checklist, Line

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
    `note` of whoever ticked it as well; `before` is what was last seen where nothing is now. `answers` counts them.
    `kept` tells that nobody looked now: it is as it was at `as_of`.
    """
    name, trouble = checklist.name, checklist.trouble
    document = {
        "schema": "buddy.verify/1",
        "service": _service(name),
        "revision": checklist.revision,
        "created": _time(checklist.created),
        "kept": checklist.kept,
        "answers": _counts(checklist),
        "lines": [_line(line) for line in checklist.lines],
        "trouble": {"sentence": trouble.sentence, "hint": trouble.hint or None} if trouble else None,
        "as_of": _time(checklist.as_of),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def releases_as_json(name: ServiceName, releases: Sequence[Checklist]) -> str:
    """Return the document `buddy.checklists/1`, the newest revision first. `trouble` is why one cannot be read."""
    document = {
        "schema": "buddy.checklists/1",
        "service": _service(name),
        "releases": [
            {
                "revision": one.revision,
                "created": _time(one.created),
                "as_of": _time(one.as_of),
                "passes": passes(one),
                "answers": _counts(one),
                "trouble": one.trouble.sentence if one.trouble else None,
            }
            for one in releases
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def releases_as_text(releases: Sequence[Checklist]) -> str:
    """Return a line for each release, the newest revision first: its name, when it was looked at, and the verdict."""
    width = max((len(clean_line(one.revision)) for one in releases), default=0)
    return "".join(f"{clean_line(one.revision):<{width}}  {_stood(one)}\n" for one in releases)


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
    if line.before:
        when = f"{line.before.at:%Y-%m-%d %H:%M} (UTC)" if line.before.at else "earlier"
        last = f"Last seen: {line.before.answered}, {when}: {line.before.evidence}"
        yield from _wrapped(_INDENT, last, columns)
    if line.by:
        when = f", {line.at:%Y-%m-%d %H:%M} (UTC)" if by_hand and line.at else ""
        yield from _wrapped(_INDENT, f"Ticked by {line.by}{when}: {line.note}", columns)


def _stood(release: Checklist) -> str:
    if release.as_of is None:
        return release.trouble.sentence if release.trouble else "never looked at"
    return f"{release.as_of:%Y-%m-%d %H:%M} UTC  {verdict(release)}"


def _service(name: ServiceName) -> dict[str, str]:
    return {"name": name.service, "project": name.project, "region": name.region}


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
        "before": _before(line.before) if line.before else None,
    }


def _before(seen: Before) -> dict[str, Any]:
    return {
        "answered": seen.answered.value,
        "evidence": seen.evidence or None,
        "source": seen.source or None,
        "at": _time(seen.at),
    }


def _wrapped(first: str, words: str, columns: int) -> list[str]:
    return textwrap.wrap(
        words, columns, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
    )


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
