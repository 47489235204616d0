"""boot: all of it together: entries -> boots on a timeline, and the one boot that a diagnosis is about."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from buddy_tui.boot import tracebacks
from buddy_tui.boot.attempts import Attempt, attempts
from buddy_tui.boot.case import Case
from buddy_tui.boot.outcome import judge
from buddy_tui.boot.platform import never_ran
from buddy_tui.boot.servers import named_target, said_by_server
from buddy_tui.boot.sources import Sorted, Source, by_source
from buddy_tui.boot.values import Boot, Event, Mark, Outcome, Reading, Traceback
from buddy_tui.model import LogEntry

_UNDECIDED = frozenset({Outcome.OPEN, Outcome.CUT})
_FAILED = frozenset(Outcome) - _UNDECIDED - {Outcome.UP}
_BEGUN = (Mark.START, Mark.PROCESS)
# Cloud Run numbers the revisions of a service: buddy-app-00029-xyz.
_NUMBERED = re.compile(r"-(\d{5})-[a-z0-9]{3,4}$")
_STARTERS = (
    ("functions_framework", "functions-framework"),
    ("gunicorn", "gunicorn"),
    ("hypercorn", "hypercorn"),
    ("uvicorn", "uvicorn"),
    ("daphne", "daphne"),
    ("flask/cli.py", "flask"),
    ("manage.py", "django"),
)
_ORDER = ("functions-framework", "gunicorn", "uvicorn")


def timeline(entries: Sequence[LogEntry]) -> Reading:
    """Read a log: see `buddy_tui.boot.read`."""
    log = by_source(entries)
    boots = [boot for source in log.lines for boot in _boots(log, source)]
    boots += _never_begun(log, {boot.revision for boot in boots})
    boots.sort(key=lambda boot: boot.lines[0].entry)
    return Reading(
        log.entries, _counted(boots), tuple(log.notices), tuple(verdict for _, verdict in log.verdicts)
    )


def decisive(reading: Reading, revision: str = "") -> Boot | None:
    """Return the boot that a diagnosis is about, `None` when there is none.

    It is of the revision named, else of the newest one. Of its attempts the latest counts that something was
    decided about: one that is merely cut short or not over yet does not hide it. So a revision of which a later
    instance is up boots. Where containers of one instance differ, the one that failed counts.
    """
    names = {boot.revision for boot in reading.boots}
    wanted = revision or _newest(reading.boots)
    if wanted not in names and "" in names:
        wanted = ""
    boots = [boot for boot in reading.boots if boot.revision == wanted]
    if any(boot.marks(*_BEGUN) for boot in boots):
        boots = [
            boot for boot in boots if boot.marks(*_BEGUN) or boot.outcome not in {Outcome.UP, Outcome.OPEN}
        ]
    boots = [boot for boot in boots if boot.outcome not in _UNDECIDED] or boots
    boots = [boot for boot in boots if not _is_errand(boot)] or boots
    if not boots:
        return None
    together = [boot for boot in boots if boot.instance == boots[-1].instance or not boot.revision]
    last = {(boot.instance, boot.container): boot for boot in together}
    return next((boot for boot in reversed(last.values()) if boot.outcome in _FAILED), boots[-1])


def _is_errand(boot: Boot) -> bool:
    """Whether it is a service of Docker Compose that was meant to end, e.g. a migration."""
    done = any(event.number == 0 for event in boot.marks(Mark.EXIT))
    return done and not boot.revision and bool(boot.instance) and not boot.marks(Mark.PROCESS, Mark.LISTENING)


def _newest(boots: Sequence[Boot]) -> str:
    """Return the newest revision. An old one may still write while the new one fails, so the last line is no proof."""
    first = {boot.revision: place for place, boot in reversed(list(enumerate(boots)))}
    begun = {boot.revision for boot in boots if boot.marks(*_BEGUN) or boot.outcome in _FAILED}
    numbers = {name: int(found[1]) for name in first if (found := _NUMBERED.search(name))}

    def age(name: str) -> tuple[bool, int, int]:
        return name in begun, numbers[name] if len(numbers) == len(first) else 0, first[name]

    return max(first, key=age, default="")


def _boots(log: Sorted, source: Source) -> Iterator[Boot]:
    lines = log.lines[source]
    parts = attempts(lines, log.entries, tracebacks.find(lines))
    begins = [part.lines[0].entry for part in parts[1:]]
    for part, end in zip(parts, [*begins, len(log.entries)], strict=True):
        verdict = _verdict(log, source.revision, part.lines[0].entry, end)
        yield _boot(source, part, verdict, log.entries)


def _verdict(log: Sorted, revision: str, begin: int, end: int) -> Event | None:
    """Return the last word of Cloud Run about the revision while the attempt was the newest."""
    for name, event in reversed(log.verdicts):
        if revision in {name, ""} and begin <= log.notices[event.at].entry < end:
            return event
    return None


def _boot(source: Source, part: Attempt, verdict: Event | None, entries: Sequence[LogEntry]) -> Boot:
    outcome, fatal = judge(Case(part, verdict))
    starter, target = _starter(part), _target(part)
    return Boot(
        *source,
        part.lines,
        tuple(sorted(_told(part, fatal, entries), key=lambda event: event.at)),
        part.tracebacks,
        fatal,
        outcome,
        starter or target[0],
        target[1],
    )


def _told(part: Attempt, fatal: Traceback | None, entries: Sequence[LogEntry]) -> Iterator[Event]:
    """Return the events, with the program's first words and the traceback that ended it."""
    coded = any(event.mark is Mark.WORKER_DIED and event.detail != "exiting" for event in part.events)
    for event in part.events:
        if event.detail != "exiting" or not coded:
            yield event
    frames = (frame for one in part.tracebacks for raised in one.chain for frame in raised.frames)
    own = next((frame.at for frame in frames if frame.project and frame.at >= 0), None)
    firsts = [at for at in (own, *part.plain[:1]) if at is not None]
    if firsts:
        yield _at(Mark.IMPORT, min(firsts), part, entries)
    if fatal:
        at = fatal.root.at if fatal.root.at >= 0 else fatal.lines[-1]
        yield _at(Mark.RAISED, at, part, entries, fatal.root.type)


def _at(mark: Mark, at: int, part: Attempt, entries: Sequence[LogEntry], detail: str = "") -> Event:
    line = part.lines[at]
    return Event(mark, entries[line.entry].when, at, line.text.strip(), detail)


def _starter(part: Attempt) -> str:
    heard = {said.who for event in part.events if (said := said_by_server(part.lines[event.at].text))}
    files = {frame.file for one in part.tracebacks for raised in one.chain for frame in raised.frames}
    heard.update(name for path, name in _STARTERS if any(path in file for file in files))
    heard.discard("")
    known = next((name for name in _ORDER if name in heard), None) or next(iter(sorted(heard)), "")
    return known or ("python" if any(one.chain[-1].frames for one in part.tracebacks) else "")


def _target(part: Attempt) -> tuple[str, str]:
    covered = {at for one in part.tracebacks for at in one.lines}
    for at, line in enumerate(part.lines):
        if at not in covered and (found := named_target(line.text))[1]:
            return found
    for event in part.events:
        if (said := said_by_server(part.lines[event.at].text)) and said.target:
            return said.who, said.target
    return "", ""


def _never_begun(log: Sorted, known: set[str]) -> Iterator[Boot]:
    """Return a boot for each revision that was refused before it had an instance: all there is are the notices."""
    told: dict[str, list[Event]] = {}
    for name, event in log.verdicts:
        if not known.intersection({name, ""}):
            told.setdefault(name, []).append(event)
    for name, verdicts in told.items():
        if verdicts[-1].mark is Mark.REJECTED:
            lines = tuple(log.notices[verdict.at] for verdict in verdicts)
            events = tuple(replace(verdict, at=at) for at, verdict in enumerate(verdicts))
            outcome = Outcome.NOT_STARTED if never_ran(verdicts[-1].detail) else Outcome.CUT
            yield Boot(name, lines=lines, events=events, outcome=outcome)


def _counted(boots: Sequence[Boot]) -> tuple[Boot, ...]:
    """Tell each boot how many others of its revision went the same way."""
    ways = Counter(map(_way, boots))
    return tuple(replace(boot, repeats=ways[_way(boot)] - 1) for boot in boots)


def _way(boot: Boot) -> tuple[str, Outcome, str, str]:
    root = boot.fatal.root if boot.fatal else None
    return boot.revision, boot.outcome, root.type if root else "", root.message if root else ""
