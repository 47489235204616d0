"""boot: whose line is it? Sorts entries by time, and their lines by the container instance that they come from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from buddy_tui.boot.lines import lines_of
from buddy_tui.boot.platform import Verdict, said_by_platform, verdict_of
from buddy_tui.boot.values import Event, Line
from buddy_tui.model import LogEntry

_OUTPUT = frozenset({"stdout", "stderr"})
_NOTICES = frozenset({"event", "activity"})
_PROBED = re.compile(r'for container "([^"]+)"')
_COMPOSED = re.compile(r"(\S+) exited with code \d+")


class Source(NamedTuple):
    """What writes one stream of lines. All blank is a saved log that names nobody."""

    revision: str = ""
    instance: str = ""
    container: str = ""


@dataclass(slots=True)
class Sorted:
    """A log by its sources. `verdicts` have the revision that they are about, as far as it was told."""

    entries: tuple[LogEntry, ...]
    lines: dict[Source, list[Line]] = field(default_factory=dict)
    notices: list[Line] = field(default_factory=list)
    verdicts: list[tuple[str, Event]] = field(default_factory=list)


def is_bare(entry: LogEntry) -> bool:
    """Whether the entry is a line of a saved log that does not tell the platform's words from the program's."""
    return not entry.revision and entry.log not in {"system", *_NOTICES}


def is_output(entry: LogEntry) -> bool:
    """Whether a container wrote it, or may have."""
    return entry.log in _OUTPUT or is_bare(entry)


def by_source(entries: Sequence[LogEntry]) -> Sorted:
    """Sort entries by time and their lines by source. Build logs are left out: nothing boots in them."""
    ordered = in_order(entries)
    homes = _homes(ordered)
    result = Sorted(ordered)
    for line in lines_of(ordered):
        entry, home = ordered[line.entry], homes[line.entry]
        if home is None:
            if entry.log != "build":
                _notice(result, line, entry)
        elif is_bare(entry) and (verdict := verdict_of(line.text)):
            _notice(result, line, entry, verdict)
        else:
            for source in home:
                result.lines.setdefault(source, []).append(line)
    return result


def in_order(entries: Sequence[LogEntry]) -> tuple[LogEntry, ...]:
    """Sort by time. Equal times keep their order; an entry without a time stays behind the one before it.

    What Google takes for one and the same entry (same log, time and insert id) is there once.
    """
    known: dict[object, tuple[int, LogEntry]] = {}
    when = 0
    for place, entry in enumerate(entries):
        when = entry.when or when
        known.setdefault(entry.key if entry.insert_id else place, (when, entry))
    return tuple(entry for _, entry in sorted(known.values(), key=itemgetter(0)))


def _notice(result: Sorted, line: Line, entry: LogEntry, verdict: Verdict | None = None) -> None:
    if line.row == 0 and verdict is None:
        verdict = verdict_of(entry.text)
    if verdict:
        event = Event(verdict.mark, entry.when, len(result.notices), line.text.strip(), verdict.message)
        result.verdicts.append((verdict.revision or entry.revision, event))
    result.notices.append(line)


def _homes(entries: Sequence[LogEntry]) -> list[tuple[Source, ...] | None]:
    """Return the sources of each entry; `None` is a notice, or nothing at all.

    What the platform says about an instance with several containers, and not about one of them, belongs to each.
    """
    lives = _lives(entries)
    places = [_place(entry, lives) for entry in entries]
    containers: dict[tuple[str, str], dict[str, None]] = {}
    for entry, place in zip(entries, places, strict=True):
        if place and entry.container and is_output(entry):
            containers.setdefault(place, {})[entry.container] = None
    homes: list[tuple[Source, ...] | None] = []
    for entry, place in zip(entries, places, strict=True):
        if place is None:
            homes.append(None)
            continue
        names = list(containers.get(place, {})) or [""]
        own = _container(entry)
        if len(names) > 1 and own in names:
            names = [own]
        homes.append(tuple(Source(*place, name) for name in names))
    return homes


def _container(entry: LogEntry) -> str:
    if entry.container or is_output(entry):
        return entry.container
    probed = _PROBED.search(entry.text)
    return probed[1] if probed else ""


class _Life(NamedTuple):
    instance: str
    first: int
    last: int


def _lives(entries: Sequence[LogEntry]) -> dict[str, dict[str, _Life]]:
    """Return when the instances of each revision were heard of first and last."""
    lives: dict[str, dict[str, _Life]] = {}
    for entry in entries:
        if entry.instance:
            known = lives.setdefault(entry.revision, {})
            first = known[entry.instance].first if entry.instance in known else entry.when
            known[entry.instance] = _Life(entry.instance, first, entry.when)
    return lives


def _place(entry: LogEntry, lives: dict[str, dict[str, _Life]]) -> tuple[str, str] | None:
    if entry.log in _NOTICES or entry.log == "build":
        return None
    instances = lives.get(entry.revision, {})
    if not entry.revision and (composed := _COMPOSED.match(entry.text)) and composed[1] in instances:
        return "", composed[1]
    if entry.instance or not instances:
        return _unless_verdict(entry, (entry.revision, entry.instance))
    alive = [one for one in instances.values() if one.first <= entry.when <= one.last]
    if len(instances) == 1 or len(alive) == 1:
        return _unless_verdict(entry, (entry.revision, next(iter(alive or instances.values())).instance))
    return (entry.revision, "") if is_output(entry) else None


def _unless_verdict(entry: LogEntry, place: tuple[str, str]) -> tuple[str, str] | None:
    """Take what the platform says about a revision as a whole out of the instance's lines."""
    about_all = entry.log == "system" and not said_by_platform(entry.text) and verdict_of(entry.text)
    return None if about_all else place
