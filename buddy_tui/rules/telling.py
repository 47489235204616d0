"""rules: what tells a rule that a boot failed, how a finding is rounded off, and the commands that mend."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from buddy_tui.boot.values import Event, Line, Mark, Outcome, Raised
from buddy_tui.finding import Finding, Quote
from buddy_tui.redact import redacted
from buddy_tui.rules.evidence import Evidence, deepest_project_frame

_FAILED = frozenset(
    {Outcome.DIED, Outcome.UNREACHABLE, Outcome.LOOPING, Outcome.NOT_STARTED, Outcome.SILENT},
)
# How many lines are the last words of a program, and how much of one is looked at.
_LAST = 5
_WIDTH = 4000
_LONGEST_PATH = 300
# Names that Cloud Run gives by itself: the service, a number, three letters.
_NAMED = re.compile(r"[Rr]evision '?([a-z][\w-]*-\d{5}-[a-z0-9]{3})\b")
_NUMBERED = re.compile(r"(.+)-\d{5}-[a-z0-9]{3}")


class Hit(NamedTuple):
    """A line of a boot that says what a rule looks for. `at` is its index in `Boot.lines`."""

    at: int
    match: re.Match[str]


class Saying(NamedTuple):
    """What the platform says of the revision, in the log or in a condition."""

    text: str
    quote: Quote


def failed(evidence: Evidence) -> bool:
    """Tell whether the log says that the boot failed."""
    return evidence.boot.outcome in _FAILED


def ended(evidence: Evidence) -> bool:
    """Tell whether a process ended by itself, so that its last words may say why."""
    killed = evidence.boot.marks(Mark.MEMORY, Mark.SIGNAL)
    return evidence.boot.outcome in {Outcome.DIED, Outcome.LOOPING} and not killed


def root_of(evidence: Evidence) -> Raised | None:
    """Return the root exception of the fatal traceback, with as much of its message as anybody reads."""
    return _readable(evidence.root) if evidence.root else None


def chain_of(evidence: Evidence) -> tuple[Raised, ...]:
    """Return the exceptions of the fatal traceback, the root first, with as much of each message as anybody reads."""
    return tuple(map(_readable, evidence.boot.fatal.chain)) if evidence.boot.fatal else ()


def _readable(raised: Raised) -> Raised:
    return raised if len(raised.message) <= _WIDTH else replace(raised, message=raised.message[:_WIDTH])


def lines_outside(evidence: Evidence) -> Iterator[tuple[int, str]]:
    """Yield index and text of every line that belongs to no traceback, in order, as much of it as anybody reads."""
    inside = {at for traceback in evidence.boot.tracebacks for at in traceback.lines}
    for at, line in enumerate(evidence.boot.lines):
        if at not in inside:
            yield at, line.text[:_WIDTH]


def last_hit(evidence: Evidence, pattern: re.Pattern[str]) -> Hit | None:
    """Return the last line outside of tracebacks that has the pattern."""
    found = None
    for at, text in lines_outside(evidence):
        if match := pattern.search(text):
            found = Hit(at, match)
    return found


def last_event(evidence: Evidence, *marks: Mark) -> Event | None:
    """Return the last event of these kinds."""
    events = evidence.boot.marks(*marks)
    return events[-1] if events else None


def at_of(*events: Event | None) -> tuple[int, ...]:
    """Return where these events stand in the boot; one that is missing counts as nowhere."""
    return tuple(event.at if event else -1 for event in events)


def sayings(evidence: Evidence) -> Iterator[Saying]:
    """Yield what is said of the revision: by its conditions, by notices, then by the lines of the boot."""
    if revision := evidence.revision:
        for told in dict.fromkeys((revision.message, *(one.message for one in revision.conditions))):
            if told:
                yield Saying(told, Quote(" ".join(told.split())))
    for line in evidence.reading.notices:
        if is_about(evidence, line):
            yield Saying(line.text[:_WIDTH], evidence.reading.quote(line))
    for at, text in lines_outside(evidence):
        yield Saying(text, evidence.quote(at)[0])


def is_about(evidence: Evidence, notice: Line) -> bool:
    """Tell whether a notice is about the revision of the boot, and not about another one in the same log."""
    found = _NAMED.search(notice.text)
    named = found[1] if found else evidence.reading.entries[notice.entry].revision
    return "" in {named, evidence.boot.revision} or named == evidence.boot.revision


def last_words(evidence: Evidence) -> Iterator[Saying]:
    """Yield what is said of a boot that failed. Where nothing has decided yet, its last lines may tell an end."""
    if failed(evidence):
        yield from sayings(evidence)
    elif evidence.boot.outcome is Outcome.OPEN:
        written = [(at, text) for at, text in lines_outside(evidence) if text.strip()]
        yield from (Saying(text, evidence.quote(at)[0]) for at, text in written[-_LAST:])


def about(evidence: Evidence, finding: Finding) -> Finding:
    """Return the finding with the revision's name and without any value of the environment."""
    return redacted(replace(finding, revision=finding.revision or evidence.boot.revision))


def raised(evidence: Evidence, finding: Finding) -> Finding:
    """As `about`, for a finding that the fatal traceback tells: with its exception, frame and lines as evidence."""
    root, frame = evidence.root, deepest_project_frame(evidence)
    quotes = evidence.quote(frame.at if frame else -1, root.at if root else -1)
    return about(
        evidence,
        replace(
            finding,
            exception=finding.exception or (root.type if root else ""),
            frame=finding.frame or (f"{frame.file}:{frame.line}" if frame else ""),
            evidence=(*quotes, *(quote for quote in finding.evidence if quote not in quotes)),
        ),
    )


def path_in(text: str) -> str:
    """Return the path that a message names, empty where it is none: keys are often given where a path is wanted."""
    path = text.strip()
    return "" if len(path) > _LONGEST_PATH or path.startswith("{") or "PRIVATE KEY" in path else path


def service_of(evidence: Evidence) -> str:
    """Return the service's name, as the revision says or as its name tells, else a placeholder."""
    if evidence.revision and evidence.revision.service:
        return evidence.revision.service
    name = evidence.revision.name if evidence.revision else evidence.boot.revision
    numbered = _NUMBERED.fullmatch(name)
    return numbered[1] if numbered else "SERVICE"


def service_account_of(evidence: Evidence) -> str:
    """Return the e-mail address that the revision runs as, else a placeholder."""
    return (evidence.revision and evidence.revision.service_account) or "SERVICE_ACCOUNT"


def update(evidence: Evidence, *flags: str) -> str:
    """Return the gcloud command that changes the service by these flags. Words in capitals are to be filled in."""
    return gcloud("run", "services", "update", service_of(evidence), "--region=REGION", *flags)


def gcloud(*words: str) -> str:
    """Return a gcloud command, quoted for a shell: some of its words come out of a log."""
    return shlex.join(("gcloud", *words))


def in_few(text: str, width: int = 40) -> str:
    """Return text cut to what a table has room for."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
