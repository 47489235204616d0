"""report: everybody is asked once, side by side, and whoever cannot answer leaves a line that says so."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
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
from buddy_tui.report.episode import Episode, episode
from buddy_tui.report.impact import window
from buddy_tui.report.material import Asked, Material, Requests
from buddy_tui.report.people import People, hidden
from buddy_tui.report.values import Report, Writing
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
    told = writing(name, sources, since=since, with_names=with_names)
    return [one.report async for one in told if one.report][-1]


async def writing(
    name: ServiceName, sources: Sources, *, since: datetime | None = None, with_names: bool = False
) -> AsyncGenerator[Writing, None]:
    """Yield what is being read, and at last the report, as `report_of` returns it. Raises as that does."""
    yield Writing(name, reading="the service and its revisions")
    material = await _begun(name, sources)
    yield Writing(name, reading="boot logs, source archives and the audit log")
    material = await _with_past(material, sources)
    if found := episode(material, since):
        yield Writing(name, reading="the request log")
        material = await _with_requests(material, sources, found)
    yield Writing(name, hidden(report(material, since), People(shown=with_names)))


async def _begun(name: ServiceName, sources: Sources) -> Material:
    """Read what must be there: the service, its revisions, and the journal, which was read already."""
    now, journal = sources.clock(), sources.journal
    service, revisions = await asyncio.gather(
        sources.cloud.service(name), sources.cloud.revisions(name), return_exceptions=True
    )
    if isinstance(service, BaseException):
        raise service  # it names what is near; the error of the revisions does not
    if isinstance(revisions, BaseException):
        raise revisions
    records = tuple(one for one in journal.records if one.name == name)
    return Material(service, revisions, now, records=records, unread=tuple(journal.trouble))


async def _with_past(material: Material, sources: Sources) -> Material:
    """Add why revisions failed, and who changed the traffic."""
    name, unread = material.service.name, list[str]()
    snapshot = Snapshot(name, material.service, material.revisions, as_of=material.now)
    told, changes = await asyncio.gather(
        sources.examiner.told(snapshot, most=_MOST_READ),
        _changes(sources.cloud, name, material.now, unread),
    )
    return replace(
        material,
        findings=told.findings,
        incident=told.incident,
        changes=changes,
        unread=(*material.unread, *unread),
    )


async def _with_requests(material: Material, sources: Sources, found: Episode) -> Material:
    """Add what was asked meanwhile, and what the last good revision was built from."""
    name, unread = material.service.name, list[str]()
    good, (begin, end) = last_good(material, found), window(material, found)
    tree, requests, probes = await asyncio.gather(
        sources.shelf.tree(good.source) if good else _nothing(),
        _requests(sources.cloud, name, (begin, end), unread, ours=False),
        _requests(sources.cloud, name, (begin, material.now), unread, ours=True),
    )
    told = dict.fromkeys((*material.unread, *unread))
    return replace(material, good=tree, requests=requests, probes=probes, unread=tuple(told))


async def _nothing() -> None:
    return None


async def _changes(
    cloud: Cloud, name: ServiceName, now: datetime, unread: list[str]
) -> tuple[TrafficChange, ...]:
    try:
        return await cloud.traffic_changes(name, now - _KEPT)
    except BuddyError as error:
        unread.append(
            "The audit log cannot be read, so the timeline lacks who changed the traffic, when and with what: "
            f"{_said(error)}"
        )
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
        what = "our own probes" if ours else "how many requests failed"
        unread.append(f"The request log cannot be read, so {what} cannot be told: {_said(error)}")
        return None
    return Requests(*between, tuple(found), cut=bool(token))


def _said(error: BuddyError) -> str:
    """Return an error in a sentence, and the way out, e.g. the role that is missing."""
    return f"{error} {error.hint}".strip()


def _probes_filter(scope: LogScope) -> str:
    return requests_filter(scope).replace(OTHERS, OTHERS.removeprefix("NOT "))


def _asked(entries: Iterable[LogEntry]) -> Iterator[Asked]:
    for entry in entries:
        if request := request_of(entry):
            yield Asked(entry.revision, request)
