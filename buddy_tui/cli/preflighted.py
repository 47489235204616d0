"""cli: a preflight in print: `buddy.preflight/1` for scripts, a page for people."""

import json
import shutil
import textwrap
from collections.abc import Iterator
from typing import Any

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Check, Evidence, Preflight, Verdict
from buddy_tui.preflight.wording import MARKS, bytes_of, counted, tally
from buddy_tui.redact import redact

_NO_TERMINAL = (100, 24)
_ENDINGS = {
    Verdict.PASS: "Ready to deploy.",
    Verdict.WARN: "Ready to deploy, with something to look at.",
    Verdict.FAIL: "Not to be deployed as it is.",
}
# Marks and names stand in columns of their own; what is said comes behind them.
_MARK, _NAME = 9, 15


def as_json(found: Preflight) -> str:
    """Return the document `buddy.preflight/1`. What is not known is null; `line` counts from 1, null is the file."""
    document = {
        "schema": "buddy.preflight/1",
        "verdict": found.verdict.value,
        "root": clean_line(str(found.root)),
        "suggested_root": clean_line(str(found.suggested_root)) if found.suggested_root else None,
        "checks": [_check(one) for one in found.checks],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(found: Preflight) -> str:
    """Return the page for people, as wide as the terminal."""
    columns = max(60, shutil.get_terminal_size(_NO_TERMINAL).columns)
    lines = [f"Preflight of {clean_line(str(found.root))}", *_about(found, columns), ""]
    for check in found.checks:
        lines += _told(check, columns)
    lines += ["", *_wrapped("", f"{tally([one.verdict for one in found.checks])}. {_ending(found)}", columns)]
    if found.suggested_root:
        lines.append(f"Deploy from {clean_line(str(found.suggested_root))}")
    return "\n".join(lines) + "\n"


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "verdict": check.verdict.value,
        "message": check.message,
        "fix": check.fix or None,
        "evidence": [_seen(one) for one in check.evidence],
    }


def _seen(evidence: Evidence) -> dict[str, Any]:
    return {"said": evidence.said, "path": evidence.at.path or None, "line": evidence.at.line or None}


def _about(found: Preflight, columns: int) -> Iterator[str]:
    if facts := found.facts:
        started = redact(clean_line(" ".join(facts.image.command))) or "nothing that is known"
        size = f"{counted(len(facts.upload.files), 'file')}, {bytes_of(facts.upload.size)}"
        yield from _wrapped("", f"{size}; {facts.image.maker.value} starts: {started}", columns)


def _told(check: Check, columns: int) -> Iterator[str]:
    head = f"{MARKS[check.verdict]:<{_MARK}}{check.name:<{_NAME}}"
    margin = " " * (_MARK + _NAME)
    yield from _wrapped(head, check.message, columns)
    if check.verdict in {Verdict.PASS, Verdict.SKIPPED}:
        return
    for evidence in check.evidence:
        yield from _wrapped(f"{margin}{_place(evidence)}", evidence.said, columns)
    if check.fix:
        # What is copied must not have line breaks of ours.
        yield f"{margin}fix: {check.fix}"


def _place(evidence: Evidence) -> str:
    at = evidence.at
    where = f"{at.path}:{at.line}" if at.line else at.path
    return f"{where}  " if where else "- "


def _ending(found: Preflight) -> str:
    """Return what it comes to; where nobody knows what is started, nothing is promised."""
    unknown = any(one.name == "root" and one.verdict is Verdict.SKIPPED for one in found.checks)
    if unknown and found.verdict is not Verdict.FAIL:
        return "Nothing speaks against it, and what it starts was not understood."
    return _ENDINGS[found.verdict]


def _wrapped(first: str, text: str, columns: int) -> list[str]:
    indent = first if len(first) < columns - 24 else f"{first.rstrip()} "
    rest = " " * min(len(indent), columns - 24)
    return textwrap.wrap(
        text,
        columns,
        initial_indent=indent,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
