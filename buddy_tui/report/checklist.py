"""report: the verification plan of a release as a Markdown task list, each line with its evidence and its time."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from buddy_tui.report.people import People
from buddy_tui.report.prose import code, words
from buddy_tui.verify.values import Answered, Checklist, Line

_MARK = {Answered.YES: "x", Answered.BY_HAND: "x"}
_KEPT = "; kept from then, nothing was asked anew"
_WORD = {
    Answered.NO: "**no**: ",
    Answered.UNKNOWN: "**not known**: ",
    Answered.PENDING: "**not looked at**: ",
}


class _Unnamed(People):
    """Calls everybody the same: who is numbered in what is kept would be taken for who gets that number later."""

    def called(self, account: str) -> str:
        return "somebody" if account else ""


def keepable(text: str) -> str:
    """Return a text as it may be kept on the disk: without secrets, and nobody's address."""
    return _Unnamed().safe(text)


def passes(checklist: Checklist) -> bool:
    """Tell whether every line is seen or vouched for: too little evidence is no pass."""
    return checklist.done and all(line.answered in _MARK for line in checklist.lines)


def verdict(checklist: Checklist) -> str:
    """Return whether it passes, and how many lines stand how; of a kept one, as it was then."""
    counts = Counter(line.answered for line in checklist.lines)
    held = sum(counts[one] for one in _MARK)
    open_ = [
        f"{counts[one]} {word}"
        for one, word in ((Answered.NO, "no"), (Answered.UNKNOWN, "not known"))
        if counts[one]
    ]
    told = ", ".join([f"{held} of {len(checklist.lines)} hold", *open_])
    return f"{'pass' if passes(checklist) else 'no pass'}; {told}"


def as_markdown(checklist: Checklist) -> str:
    """Return the task list. Times are in UTC."""
    name = checklist.name
    lines = [
        f"# Release checklist: {code(checklist.revision)}",
        "",
        f"- Service: {code(name.service)} in {code(f'{name.project}/{name.region}')}",
        f"- As of: {_second(checklist.as_of)}{_KEPT if checklist.kept else ''}",
        f"- Verdict: {verdict(checklist)}",
    ]
    for section, members in groupby(checklist.lines, key=lambda line: line.section):
        lines += ["", f"## {words(section)}", ""]
        for line in members:
            lines += _shown(line)
    if checklist.trouble:
        hint = f" {code(checklist.trouble.hint)}" if checklist.trouble.hint else ""
        lines += ["", "## What could not be looked at", "", f"- {words(checklist.trouble.sentence)}{hint}"]
    return "\n".join(lines) + "\n"


def _shown(line: Line) -> Iterator[str]:
    yield f"- [{_MARK.get(line.answered, ' ')}] {words(line.text)}"
    evidence = words(line.evidence) or "There is no evidence."
    by_hand = line.answered is Answered.BY_HAND
    yield f"  - {_WORD.get(line.answered, '')}{evidence}{_where(line.source, None if by_hand else line.at)}"
    if line.before:
        seen = f"{words(line.before.evidence)}{_where(line.before.source, line.before.at)}"
        yield f"  - Last seen **{line.before.answered}**: {seen}"
    if line.by:
        when = f", {_second(line.at)}" if by_hand and line.at else ""
        yield f"  - Vouched for by {words(line.by)}{when}: {words(line.note)}"


def _where(source: str, at: datetime | None) -> str:
    told = ", ".join(filter(None, [source, _second(at)]))
    return f" ({told})" if told else ""


def _second(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else ""
