"""The release checklist in words: what stands above the lines, and everything about one of them."""

from dataclasses import replace
from datetime import datetime

from textual.content import Content

from buddy_tui.clean import clean, clean_line
from buddy_tui.errors import ExitCode
from buddy_tui.model import Trouble
from buddy_tui.report.checklist import passes
from buddy_tui.verify.values import Answered, Before, Checklist, Line
from screens.probe_words import short
from screens.theme import toned
from screens.widgets.checklist import answer
from screens.widgets.facts import Fact
from screens.words import NONE, Cell, age, moment

_COUNTED = (
    (Answered.NO, "✗", "no", "bad"),
    (Answered.UNKNOWN, "?", "unknown", "warn"),
    (Answered.YES, "✓", "yes", "ok"),
    (Answered.BY_HAND, "@", "by hand", "info"),
    (Answered.PENDING, "●", "to come", "info"),
)


def held_on(value: Checklist, last: Checklist | None) -> Checklist:
    """Return what is to be seen: where a look could not even begin, the last answers, with what was in its way."""
    if value.trouble and not value.lines and last and last.lines and last.done:
        return replace(last, trouble=value.trouble)
    return value


def in_the_way(checklist: Checklist) -> Trouble | None:
    """Return what has kept us from looking since.

    What was looked at is as fresh as it says, even where some of it could not be; nor does a tick make it old.
    """
    trouble, seen = checklist.trouble, checklist.as_of
    if checklist.kept or trouble is None:
        return None
    since = seen is None or trouble.since > seen
    return trouble if not checklist.lines or (since and trouble.exit_code != ExitCode.USAGE) else None


def headline(checklist: Checklist) -> Content:
    """Return of which revision the checklist is and how many lines stand how, the bad ones first."""
    parts = [Cell("Release checklist", "strong")]
    if checklist.revision:
        parts += [Cell(" "), Cell(short(checklist.revision, checklist.name), "info"), Cell(" ·", "dim")]
        for which, mark, words, tone in _COUNTED:
            if count := sum(one.answered is which for one in checklist.lines):
                parts += [Cell("  "), Cell(f"{mark} {count} {words}", tone)]
    return Content.assemble(*toned(*parts))


def status(checklist: Checklist, now: datetime, ways: str, *, read_only: bool) -> Cell:
    """Return on one line what looking does while it does it, and afterwards how long ago that was.

    `ways` are the keys that lead to other releases; may be empty.
    """
    if checklist.kept:
        then = (
            f"{checklist.as_of:%Y-%m-%d %H:%M} UTC, {age(checklist.as_of, now)} ago"
            if checklist.as_of
            else NONE
        )
        return Cell(
            _joined(f"KEPT, as of {then}", "passed" if passes(checklist) else "no pass", ways), "warn"
        )
    if checklist.done and not checklist.lines:
        return Cell(_joined("nothing was seen", "ctrl+r looks again", ways), "dim")
    if checklist.done:
        looked = f"looked {age(checklist.as_of, now)} ago"
        good = "passed" if in_the_way(checklist) else "pass"
        said = good if passes(checklist) else "no pass"
        return Cell(_joined(said, looked, "ctrl+r looks again", ways), "dim")
    session = (
        "read-only: tries no session" if read_only else "writes one session of its own, deletes it again"
    )
    return Cell(f"● asks every question · {session}", "info")


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def preview(line: Line, now: datetime) -> Content:
    """Return a line in full: its text, how it stands, what was seen, whose word it is."""
    how, source = answer(line), f"  from {line.source}" if line.source else ""
    return Content.assemble(
        *toned(
            Cell(f"{clean_line(line.text)}\n", "strong"),
            Cell(how.text, how.tone),
            Cell(f"{source}  {moment(line.at, now)}" if line.at else source, "dim"),
            Cell(f"\n{last_seen(line.before, now)}" if line.before else "", "info"),
            Cell(f"\n{clean(line.evidence)}" if line.evidence else ""),
            Cell(f"\nby hand: {clean_line(line.by)}: {clean_line(line.note)}" if line.by else "", "info"),
        )
    )


def last_seen(before: Before, now: datetime) -> str:
    """Return what was last seen of a line, and when: that it was so is no answer for now."""
    return f"last seen {before.answered}, {moment(before.at, now)}"


def facts(line: Line, now: datetime) -> tuple[Fact, ...]:
    """Return everything about a line."""
    told = [
        Fact("section", (Cell(line.section),)),
        Fact("line", (Cell(line.text, "strong"),)),
        Fact("answer", (answer(line),)),
        Fact("evidence", (Cell(line.evidence or "none"),)),
        Fact("from", (Cell(line.source or "nobody"),)),
        Fact("when", (Cell(moment(line.at, now)),)),
    ]
    if line.before:
        told += [Fact("earlier", (Cell(last_seen(line.before, now), "info"), Cell(line.before.evidence)))]
    if line.by:
        told += [Fact("by hand", (Cell(line.by, "info"),)), Fact("note", (Cell(line.note),))]
    return (*told, Fact("id", (Cell(line.id, "dim"),)))
