"""report: the verification plan of a release as a Markdown task list, each line with its evidence and its time."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from buddy_tui.report.prose import code, words
from buddy_tui.verify.values import Answered, Checklist, Line

_MARK = {Answered.YES: "x", Answered.BY_HAND: "x"}
_WORD = {
    Answered.NO: "**no**: ",
    Answered.UNKNOWN: "**not known**: ",
    Answered.PENDING: "**not looked at**: ",
}


def passes(checklist: Checklist) -> bool:
    """Tell whether every line is seen or vouched for: too little evidence is no pass."""
    return checklist.done and all(line.answered in _MARK for line in checklist.lines)


def as_markdown(checklist: Checklist) -> str:
    """Return the task list. Times are in UTC."""
    name = checklist.name
    lines = [
        f"# Release checklist: {code(checklist.revision)}",
        "",
        f"- Service: {code(name.service)} in {code(f'{name.project}/{name.region}')}",
        f"- As of: {_second(checklist.as_of)}",
        f"- Verdict: {_verdict(checklist)}",
    ]
    for section, members in groupby(checklist.lines, key=lambda line: line.section):
        lines += ["", f"## {section}", ""]
        for line in members:
            lines += _shown(line)
    if checklist.trouble:
        hint = f" {code(checklist.trouble.hint)}" if checklist.trouble.hint else ""
        lines += ["", "## What could not be looked at", "", f"- {words(checklist.trouble.sentence)}{hint}"]
    return "\n".join(lines) + "\n"


def _shown(line: Line) -> Iterator[str]:
    yield f"- [{_MARK.get(line.answered, ' ')}] {line.text}"
    evidence = words(line.evidence) or "There is no evidence."
    by_hand = line.answered is Answered.BY_HAND
    seen = [line.source, "" if by_hand else _second(line.at)]
    where = f" ({', '.join(filter(None, seen))})" if any(seen) else ""
    yield f"  - {_WORD.get(line.answered, '')}{evidence}{where}"
    if line.by:
        when = f", {_second(line.at)}" if by_hand and line.at else ""
        yield f"  - Vouched for by {words(line.by)}{when}: {words(line.note)}"


def _verdict(checklist: Checklist) -> str:
    counts = Counter(line.answered for line in checklist.lines)
    held = sum(counts[one] for one in _MARK)
    open_ = [
        f"{counts[one]} {word}"
        for one, word in ((Answered.NO, "no"), (Answered.UNKNOWN, "not known"))
        if counts[one]
    ]
    told = ", ".join([f"{held} of {len(checklist.lines)} hold", *open_])
    return f"{'pass' if passes(checklist) else 'no pass'}; {told}"


def _second(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else ""
