"""cli: what a doctor found, in print: `buddy.doctor/1` for scripts, a page for people."""

import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence

from buddy_tui.clean import clean_line
from buddy_tui.doctor.conclude import conclude
from buddy_tui.doctor.values import Check
from buddy_tui.doctor.wording import sentence
from buddy_tui.preflight.values import Verdict
from buddy_tui.preflight.wording import MARKS, tally

_NO_TERMINAL = (100, 24)
_HEAD = 9 + 13


def as_json(checks: Sequence[Check], verdict: Verdict, took: float) -> str:
    """Return the document `buddy.doctor/1`; `seconds` is how long it took, `fix` is null where there is none.

    `jobs` says of each job whether it can be done here; null where nobody can tell.
    """
    told = conclude(checks)
    possible = [(told.can, True), (told.cannot, False), (told.unknown, None)]
    document = {
        "schema": "buddy.doctor/1",
        "verdict": verdict.value,
        "seconds": round(took, 2),
        "jobs": {name: answer for jobs, answer in possible for name, _ in jobs},
        "checks": [
            {
                "name": one.name,
                "verdict": one.verdict.value,
                "message": clean_line(one.message),
                "fix": clean_line(one.fix) or None,
                "evidence": [clean_line(line) for line in one.evidence],
            }
            for one in checks
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(checks: Sequence[Check], took: float) -> str:
    """Return the page for people, as wide as the terminal; what can be copied stands on one line."""
    columns = max(60, shutil.get_terminal_size(_NO_TERMINAL).columns)
    lines = [line for check in checks for line in _told(check, columns)]
    counts = tally([one.verdict for one in checks])
    told = sentence(conclude(checks))
    headline = _wrapped("", told, columns) if told else []
    return "\n".join([*lines, "", *headline, f"{counts}, in {took:.1f} s."]) + "\n"


def _told(check: Check, columns: int) -> Iterator[str]:
    margin = " " * _HEAD
    yield from _wrapped(f"{MARKS[check.verdict]:<9}{check.name:<13}", check.message, columns)
    for line in check.evidence:
        yield from _wrapped(f"{margin}- ", line, columns)
    if check.fix:
        yield f"{margin}fix: {clean_line(check.fix)}"


def _wrapped(first: str, text: str, columns: int) -> list[str]:
    return textwrap.wrap(
        clean_line(text),
        columns,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
        break_long_words=False,
    )
