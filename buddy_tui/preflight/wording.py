"""preflight: lists, sizes and places in words. What comes from the upload is cleaned before it is told."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import humanize

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Evidence, Facts, Verdict
from buddy_tui.redact import redact
from buddy_tui.source.values import NO_PLACE, At, Unknown

MARKS: Final = {Verdict.PASS: "pass", Verdict.WARN: "warn", Verdict.FAIL: "FAIL", Verdict.SKIPPED: "skipped"}
# What so many checks are counted as, the bad ones first.
COUNTED: Final = {
    Verdict.FAIL: "failed",
    Verdict.WARN: "to look at",
    Verdict.PASS: "passed",
    Verdict.SKIPPED: "skipped",
}
# As much evidence as a finding bears; what is more is counted.
_MOST = 12


def tally(verdicts: Collection[Verdict]) -> str:
    """Return `2 failed, 1 to look at, 25 passed`; what nobody says is left out."""
    counts = [(sum(one is verdict for one in verdicts), words) for verdict, words in COUNTED.items()]
    return ", ".join(f"{count} {words}" for count, words in counts if count)


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return `a, b, c and 4 more`, cleaned."""
    every = [clean_line(name) for name in names]
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def counted(number: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def bytes_of(size: int) -> str:
    """Return `2.1 MB`."""
    return humanize.naturalsize(size)


def seen(said: str, at: At = NO_PLACE) -> Evidence:
    """Return evidence with its words and its path cleaned; a line of a file may set what is secret."""
    return Evidence(redact(clean_line(said)), At(clean_line(at.path), at.line))


def bounded(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the first of the evidence, and how much more there is."""
    more = len(evidence) - _MOST
    if more <= 1:
        return tuple(evidence)
    return (*evidence[:_MOST], Evidence(f"and {more:,} more"))


def not_followed(unknown: Sequence[Unknown]) -> tuple[Evidence, ...]:
    """Return what nobody can know from the files alone, as evidence."""
    return bounded([seen(one.said, one.at) for one in unknown])


def line_at(facts: Facts, at: At) -> str:
    """Return a line of a text that was read, without the blanks around it; empty where it was not."""
    lines = facts.texts.get(at.path, "").splitlines()
    return lines[at.line - 1].strip() if 0 < at.line <= len(lines) else ""
