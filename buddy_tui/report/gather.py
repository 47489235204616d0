"""report: everybody is asked once, side by side, and whoever cannot answer leaves a line that says so."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from buddy_tui.diagnose import Examiner
from buddy_tui.diagnose.shelf import Shelf
from buddy_tui.errors import BuddyError
from buddy_tui.gateway import Cloud, TrafficChange
from buddy_tui.journal.keep import Reading
from buddy_tui.log_scope import nanoseconds
from buddy_tui.model import LogEntry, LogScope, ServiceName, Snapshot
from buddy_tui.report.cause import last_good
from buddy_tui.report.conclusion import report
from buddy_tui.report.episode import episode
from buddy_tui.report.impact import window
from buddy_tui.report.material import Asked, Material, Requests
from buddy_tui.report.people import People, hidden
from buddy_tui.report.values import Report
from buddy_tui.verify.request_log import OTHERS, request_of, requests_filter

Clock = Callable[[], datetime]

# So long Google keeps the audit log of changes.
_KEPT = timedelta(days=400)
# Boot logs that are read: as many as the budget of list calls has room for beside our own few calls.
_MOST_READ = 10
_PAGE = 1000
_MOST_CALLS = 3


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom a report asks: Cloud Run and its logs, who reads boots, who reads archives, and this machine's journal."""

    cloud: Cloud
    examiner: Examiner
    shelf: Shelf
    journal: Reading
    clock: Clock


async def report_of(
    name: ServiceName, sources: Sources, *, since: datetime | None = None, with_names: bool = False
) -> Report:
    """Return the report of the newest incident of a service, or of all that happened `since` then.

    Secrets are masked, and people are `operator-1` unless `with_names`. Raises BuddyError when the service itself
    cannot be read; what else cannot be read is in `unread`.
    """
    material = await _gathered(name, sources, since)
    return hidden(report(material, since), People(shown=with_names))


async def _gathered(name: ServiceName, sources: Sources, since: datetime | None) -> Material:
    cloud, now = sources.cloud, sources.clock()
    service, revisions = await asyncio.gather(cloud.service(name), cloud.revisions(name))
    snapshot = Snapshot(name, service, revisions, as_of=now)
    unread = list(sources.journal.trouble)
    told, changes = await asyncio.gather(
        sources.examiner.told(snapshot, most=_MOST_READ), _changes(cloud, name, now, unread)
    )
    records = tuple(one for one in sources.journal.records if one.name == name)
    material = Material(service, revisions, now, told.findings, told.incident, None, changes, records)
    if (found := episode(material, since)) is None:
        return replace(material, unread=tuple(unread))
    good = last_good(material, found)
    begin, end = window(material, found)
    tree, requests, probes = await asyncio.gather(
        sources.shelf.tree(good.source) if good else _nothing(),
        _requests(cloud, name, (begin, end), unread, ours=False),
        _requests(cloud, name, (begin, now), unread, ours=True),
    )
    return replace(material, good=tree, requests=requests, probes=probes, unread=tuple(dict.fromkeys(unread)))


async def _nothing() -> None:
    return None


async def _changes(
    cloud: Cloud, name: ServiceName, now: datetime, unread: list[str]
) -> tuple[TrafficChange, ...]:
    try:
        return await cloud.traffic_changes(name, now - _KEPT)
    except BuddyError as error:
        unread.append(f"The audit log cannot be read: {error}")
        return ()


async def _requests(
    cloud: Cloud, name: ServiceName, between: tuple[datetime, datetime], unread: list[str], *, ours: bool
) -> Requests | None:
    """Read the newest requests, own probes alone (one call) or left out (three at most)."""
    scope = LogScope(name, since=nanoseconds(between[0]), until=nanoseconds(between[1]))
    asked = _probes_filter(scope) if ours else requests_filter(scope)
    found: list[Asked] = []
    token = ""
    try:
        for _ in range(1 if ours else _MOST_CALLS):
            page = await cloud.log_page(name.project, asked, token=token, size=_PAGE, newest_first=True)
            found += _asked(page.entries)
            if not (token := page.token):
                break
    except BuddyError as error:
        unread.append(f"The request log cannot be read: {error}")
        return None
    return Requests(*between, tuple(found), cut=bool(token))


def _probes_filter(scope: LogScope) -> str:
    return requests_filter(scope).replace(OTHERS, OTHERS.removeprefix("NOT "))


def _asked(entries: Iterable[LogEntry]) -> Iterator[Asked]:
    for entry in entries:
        if request := request_of(entry):
            yield Asked(entry.revision, request)
