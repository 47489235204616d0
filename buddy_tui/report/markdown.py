"""report: an incident report as a Markdown document, with the headings of a blameless postmortem.

What only people can know is left as a line that begins with TODO. All that is foreign goes through `prose`.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from buddy_tui.report.prose import code, fenced, words
from buddy_tui.report.values import Advice, Moment, Report, Status

_STATUS = {
    Status.NONE: "no incident",
    Status.OPEN: "open",
    Status.MITIGATED: "mitigated, not resolved",
    Status.RESOLVED: "resolved",
}
_LESSONS = ("What went well", "What went wrong", "Where we got lucky")


def as_markdown(report: Report) -> str:
    """Return the document. Times are in UTC."""
    sections = _healthy(report) if report.status is Status.NONE else _sections(report)
    return "\n".join((*_head(report), *sections, *_unread(report), *_links(report))) + "\n"


def _head(report: Report) -> Iterator[str]:
    name = report.name
    title = "No incident" if report.status is Status.NONE else "Incident report"
    yield f"# {title}: {code(name.service)}, {report.since:%Y-%m-%d}"
    yield ""
    yield f"- Status: {_STATUS[report.status]}. {words(report.standing)}"
    yield f"- Service: {code(name.service)} in {code(f'{name.project}/{name.region}')}"
    if report.status is not Status.NONE:
        yield f"- Began: {_minute(report.since)} UTC"
        yield "- Authors: TODO"
    yield f"- Written: {_minute(report.as_of)} UTC, by buddy-tui, from what Cloud Run, its logs and this machine's journal tell"
    yield from _section("Summary", [" ".join(map(words, report.summary))])


def _sections(report: Report) -> Iterator[str]:
    yield from _section("Impact", _impact(report))
    yield from _section("Timeline (UTC)", _timeline(report))
    yield from _section("Root cause", _root(report))
    yield from _section(
        "Trigger", [*_list(report.trigger), *_nobody_knows(report.trigger, "what set it off.")]
    )
    yield from _section("Detection", [*_list(report.detection), "- TODO: who noticed it, and how."])
    yield from _section("What was done", _list(report.done) or ["- Nothing is recorded."])
    yield from _section("Still pinned or open", _list(report.still))
    yield from _section("Action items", _actions(report))
    yield from _section("Lessons learned")
    for lesson in _LESSONS:
        yield from ("", f"### {lesson}", "", "- TODO")


def _healthy(report: Report) -> Iterator[str]:
    yield from _section("Now", _list(report.still))


def _impact(report: Report) -> Iterator[str]:
    impact = report.impact
    if impact:
        yield f"- From {_second(impact.since)} to {_second(impact.until)} UTC:"
        yield from (f"  - {words(one)}" for one in impact.words)
    yield "- TODO: what users noticed, and how many of them."


def _timeline(report: Report) -> Iterator[str]:
    if report.left_out:
        yield f"- {report.left_out:,} earlier moments are left out."
    said = ""
    for moment in report.timeline:
        # A reason that goes for several changes in a row is told once.
        why = f" Why: {words(moment.why)}" if moment.why and moment.why != said else ""
        said = moment.why or said
        yield f"- {_second(moment.at)}{_actor(moment)} {words(moment.words)}{why}"


def _actor(moment: Moment) -> str:
    """Return who did it and with what, e.g. `, operator-1 with gcloud:`."""
    how = f"with {code(moment.agent)}" if moment.agent else ""
    told = " ".join(filter(None, (words(moment.by), how)))
    return f", {told}:" if told else ""


def _root(report: Report) -> Iterator[str]:
    root = report.root
    if root.words:
        sure = f" The diagnosis is {root.confidence}." if root.confidence else ""
        yield " ".join(map(words, root.words)) + sure
    else:
        yield "TODO: nothing that was read tells."
    evidence, quoted = _list(root.evidence), list(_quoted(root.quotes))
    yield from _titled("Evidence", [*evidence, *([""] if evidence and quoted else []), *quoted])
    yield from _titled("Each failure", _list(root.each))
    yield from _titled("What the attempts changed", _list(root.attempts))
    yield from _titled("What is not certain", _list(root.unsure))


def _quoted(quotes: Iterable[str]) -> Iterator[str]:
    lines = list(fenced(quotes))
    if lines:
        yield from ("As it was logged:", "", *lines)


def _actions(report: Report) -> Iterator[str]:
    for number, one in enumerate(report.advice, start=1):
        yield from _advised(number, one)
    yield f"{len(report.advice) + 1}. TODO: what keeps this from happening again, with an owner and a date."
    if report.asked:
        yield from ("", "To be answered by those who were there:", "")
        yield from (f"- TODO: {words(one)}" for one in report.asked)


def _advised(number: int, one: Advice) -> Iterator[str]:
    yield f"{number}. {words(one.words)}"
    if one.command:
        indent = " " * (len(str(number)) + 2)
        yield from ("", *(f"{indent}{line}" for line in fenced([one.command], "sh")), "")


def _unread(report: Report) -> Iterator[str]:
    if report.unread:
        yield from _section("What could not be read", _list(report.unread))


def _links(report: Report) -> Iterator[str]:
    # Addresses are made by us, and quoted: only the titles hold names.
    links = [f"- [{words(page.title)}](<{page.address}>)" for page in report.links]
    yield from _section("Links", links)


def _nobody_knows(known: Iterable[str], what: str) -> Iterator[str]:
    if not tuple(known):
        yield f"- TODO: {what}"


def _titled(title: str, lines: Iterable[str]) -> Iterator[str]:
    if shown := list(lines):
        yield from ("", f"### {title}", "", *shown)


def _section(title: str, lines: Iterable[str] = ()) -> Iterator[str]:
    shown = list(lines)
    yield from ("", f"## {title}", *(["", *shown] if shown else ()))


def _list(sentences: Iterable[str]) -> list[str]:
    return [f"- {words(one)}" for one in sentences if one]


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
