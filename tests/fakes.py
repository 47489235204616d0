"""Stand-ins for what is outside: a Cloud Run that answers from memory and fails when it is told to."""

import asyncio
import re
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence, Sized
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import count, islice
from typing import TYPE_CHECKING

from buddy_tui.errors import BuddyError, ChangedUnderneath, NotFound
from buddy_tui.gateway import Build, Document, LogPage, Place, Stored, Tailed, TrafficChange
from buddy_tui.log_scope import at, within
from buddy_tui.model import (
    LogEntry,
    LogScope,
    Revision,
    Service,
    ServiceName,
    SourceTree,
    TrafficTarget,
)
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask
from tests import make

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeLogs:
    """A `LogReads` over what was written into it.

    What is written comes to the open tails and into lists; `lists_only` and `tails_only` are how either loses
    entries. The `raw` of an entry is its region and service. `page_most` is how many entries a page holds. A `mute` tail never says a word. `open_tails` counts the
    calls that are open, `tail_filters` tells what was asked of each one so far.
    """

    def __init__(self) -> None:
        self.page_most = 1000
        self.mute = False
        self.open_tails = 0
        self.tail_filters: list[str] = []
        self._entries: dict[tuple[str, int, str], LogEntry] = {}
        self._sorted: list[LogEntry] = []
        self._tails: list[tuple[str, asyncio.Queue[Tailed | BuddyError | None]]] = []

    def write(self, *entries: LogEntry) -> None:
        """Let these be logged: Cloud Logging keeps one of each key, and tails all that come."""
        self.lists_only(*entries)
        self.tails_only(*entries)

    def lists_only(self, *entries: LogEntry) -> None:
        """Let these be found by lists alone."""
        self._sorted = []
        self._entries.update((entry.key, entry) for entry in entries)

    def tails_only(self, *entries: LogEntry, suppressed: int = 0) -> None:
        """Let these come over the open tails alone, in this order."""
        for text, queue in self._tails:
            ours = tuple(entry for entry in entries if _matches(text, entry))
            if ours or suppressed:
                queue.put_nowait(Tailed(ours, suppressed))

    def break_tails(self, error: BuddyError | None = None) -> None:
        """Let every open tail break, or end where there is no error."""
        for _, queue in self._tails:
            queue.put_nowait(error)

    async def log_page(
        self, project: str, log_filter: str, *, token: str = "", size: int = 1000, newest_first: bool = False
    ) -> LogPage:
        await self._enter("log_page", log_filter, log_filter)
        if not self._sorted:
            self._sorted = sorted(self._entries.values(), key=_order)
        rows = self._sorted
        if token:
            when, insert_id, log = token.split("|")
            at = bisect_left(rows, (int(when), insert_id, log), key=_order)
            rows = rows[:at] if newest_first else rows[at + 1 :]
        matching = (one for one in (reversed(rows) if newest_first else rows) if _matches(log_filter, one))
        page = tuple(islice(matching, min(size, self.page_most)))
        more = next(matching, None) is not None
        return LogPage(page, "|".join(map(str, _order(page[-1]))) if more else "")

    async def tail(self, project: str, log_filter: str) -> AsyncGenerator[Tailed, None]:
        await self._enter("tail", log_filter)
        self.tail_filters.append(log_filter)
        mine: tuple[str, asyncio.Queue[Tailed | BuddyError | None]] = (log_filter, asyncio.Queue())
        self.open_tails += 1
        try:
            if self.mute:
                await asyncio.Event().wait()
            self._tails.append(mine)
            yield Tailed()
            while isinstance(told := await mine[1].get(), Tailed):
                yield told
            if told is not None:
                raise told
        finally:
            self.open_tails -= 1
            if mine in self._tails:
                self._tails.remove(mine)

    def place(self, entry: LogEntry) -> tuple[str, str]:
        return _place(entry)

    def raw_json(self, entry: LogEntry) -> dict[str, object]:
        return {"insertId": entry.insert_id, "textPayload": entry.text}

    async def _enter(self, method: str, about: str, region: str = "") -> None:
        raise NotImplementedError


def _order(entry: LogEntry) -> tuple[int, str, str]:
    return entry.when, entry.insert_id, entry.log


def _place(entry: LogEntry) -> tuple[str, str]:
    return entry.raw if isinstance(entry.raw, tuple) else ("", "")


def _matches(text: str, entry: LogEntry) -> bool:
    """Understand the filters that we write, and no others. One of a revision names no service."""
    return any(
        within(scope, entry) and (not scope.service.service or at(scope, entry, *_place(entry)))
        for scope in _scopes(text)
    )


@cache
def _scopes(text: str) -> tuple[LogScope, ...]:
    return tuple(map(_scope, text.split(") OR (resource.type")))


def _scope(text: str) -> LogScope:
    def found(pattern: str) -> str:
        match = re.search(pattern, text)
        return match[1] if match else ""

    named = found(r'resource\.labels\.service_name="([^"]*)"')
    revisions = re.findall(r'labels\.revision_name="([^"]*)"', text)
    return LogScope(
        ServiceName(
            found(r"projects/([^/]+)/logs"),
            found(r'labels\.location="([^"]*)"'),
            named,
        ),
        revision=revisions[0] if len(revisions) == 1 else "",
        among=tuple(revisions) if len(revisions) > 1 else (),
        since=_nanoseconds(found(r'timestamp>="([^"]*)"')),
        until=_nanoseconds(found(r'timestamp<="([^"]*)"')),
        activity="NOT logName" not in text,
        build=found(r'labels\.build_id="([^"]*)"'),
        source=found(r'textPayload:"Fetching storage object: ([^"]*)"'),
    )


def _nanoseconds(stamp: str) -> int:
    if not stamp:
        return 0
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 1_000_000_000 + int(fraction)


class FakeDocuments:
    """A `DocumentReads` and `Writes` over what was `keep`-ed. `deleted` are the paths that were deleted, in order."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self._documents: dict[tuple[Place, str], Document] = {}

    def keep(self, document: Document) -> None:
        """Let this document be there."""
        self._documents[document.place, document.path] = document

    def drop(self, place: Place, path: str) -> None:
        """Let this document be gone, if it was there."""
        self._documents.pop((place, path), None)

    async def document(self, place: Place, path: str) -> Document | None:
        await self._enter("document", path)
        return self._documents.get((place, path))

    async def documents(
        self,
        place: Place,
        collection: str,
        *,
        equals: tuple[str, object] | None = None,
        newest_by: str = "",
        most: int = 100,
        fields: Sequence[str] = (),
    ) -> tuple[Document, ...]:
        await self._enter("documents", collection)
        found = [
            one
            for one in self._of(place, collection)
            if equals is None or one.fields.get(equals[0], ...) == equals[1]
        ]
        if newest_by:
            dated = [one for one in found if newest_by in one.fields]
            found = sorted(dated, key=lambda one: one.fields[newest_by], reverse=True)  # type: ignore[arg-type,return-value]
        return tuple(found[:most])

    async def count_documents(self, place: Place, collection: str) -> int:
        await self._enter("count_documents", collection)
        return len(self._of(place, collection))

    async def delete_document(self, document: Document) -> None:
        await self._enter("delete_document", document.path)
        there = self._documents.get((document.place, document.path))
        if there is None:
            return
        if there.version != document.version:
            raise ChangedUnderneath(f"{document.path} was changed since it was read.")
        self.drop(document.place, document.path)
        self.deleted.append(document.path)

    def _of(self, place: Place, collection: str) -> list[Document]:
        return [
            one
            for (there, path), one in sorted(self._documents.items(), key=lambda item: item[0][1])
            if there == place and path.rpartition("/")[0] == collection
        ]

    async def _enter(self, method: str, about: str, region: str = "") -> None:
        raise NotImplementedError


class FakeReads(FakeLogs, FakeDocuments):
    """A whole `Cloud` over what was `put` into it, and of logs what was written; documents as they were `keep`-ed.

    `fail` queues an outcome for each coming call of a method; `down` fails every call until `up`; `hold` keeps the
    calls for a region (or of a log filter) waiting until the returned event is set. `calls` tells who asked what, in order, e.g.
    `("service", "europe-west1/api")`. `trees` are the source archives by their address, `changes` what the audit log
    has, newest first, `images` what the registry knows, `withheld` the permissions that we lack. While `stuck`, a
    traffic list is accepted and nothing moves. `archives` are uploads by the name of their object, `builds` those by
    their names, oldest first, and `apis_off` the APIs that are not enabled.
    """

    def __init__(self, *services: Service, regions: tuple[str, ...] = ()) -> None:
        FakeLogs.__init__(self)
        FakeDocuments.__init__(self)
        self.trees: dict[str, SourceTree] = {}
        self.changes: dict[ServiceName, tuple[TrafficChange, ...]] = {}
        self.images: dict[str, bool] = {}
        self.withheld: frozenset[str] = frozenset()
        self.archives: dict[str, Stored] = {}
        self.builds: dict[str, Build] = {}
        self.apis_off: frozenset[str] = frozenset()
        self.stuck = False
        self.calls: list[tuple[str, str]] = []
        self.closed = False
        self._services: dict[ServiceName, Service] = {}
        self._revisions: dict[ServiceName, tuple[Revision, ...]] = {}
        self._regions = regions
        self._outcomes: dict[str, deque[Exception | None]] = {}
        self._down: Exception | None = None
        self._held: dict[str, asyncio.Event] = {}
        for service in services:
            self.put(service)

    def put(self, service: Service, *revisions: Revision) -> None:
        """Let `service` be there, as it is given, with these revisions."""
        self._services[service.name] = service
        self._revisions[service.name] = revisions

    def remove(self, name: ServiceName) -> None:
        """Let the service be gone."""
        del self._services[name], self._revisions[name]

    def fail(self, method: str, *outcomes: Exception | None) -> None:
        """Let the coming calls of `method` raise these, one each; `None` lets one pass."""
        self._outcomes.setdefault(method, deque()).extend(outcomes)

    def down(self, error: BuddyError) -> None:
        """Let every call fail."""
        self._down = error

    def up(self) -> None:
        """End an outage."""
        self._down = None

    def hold(self, region: str) -> asyncio.Event:
        """Let calls for `region` wait until the returned event is set."""
        return self._held.setdefault(region, asyncio.Event())

    def count(self, method: str) -> int:
        """Tell how often `method` was called."""
        return sum(called == method for called, _ in self.calls)

    async def regions(self, project: str) -> tuple[str, ...]:
        await self._enter("regions", project)
        return self._regions or tuple(sorted({name.region for name in self._services}))

    async def services(self, project: str, region: str) -> tuple[Service, ...]:
        await self._enter("services", region, region)
        here = [
            one for name, one in self._services.items() if (name.project, name.region) == (project, region)
        ]
        return tuple(sorted(here, key=lambda one: one.name))

    async def service(self, name: ServiceName) -> Service:
        await self._enter("service", f"{name.region}/{name.service}", name.region)
        try:
            return self._services[name]
        except KeyError:
            raise NotFound(f"There is no service {name.service} in {name.project}/{name.region}.") from None

    async def revisions(self, name: ServiceName) -> tuple[Revision, ...]:
        await self._enter("revisions", f"{name.region}/{name.service}", name.region)
        return self._revisions.get(name, ())

    async def source_tree(self, where: str, texts: Sequence[str]) -> SourceTree:
        await self._enter("source_tree", where)
        try:
            return self.trees[where]
        except KeyError:
            raise NotFound(f"There is no archive {where}.") from None

    async def traffic_changes(self, name: ServiceName, since: datetime) -> tuple[TrafficChange, ...]:
        await self._enter("traffic_changes", name.service, name.region)
        return tuple(one for one in self.changes.get(name, ()) if one.when >= since)

    async def image_is_there(self, image: str) -> bool | None:
        await self._enter("image_is_there", image)
        return self.images.get(image)

    async def permissions(self, name: ServiceName, wanted: Sequence[str]) -> frozenset[str]:
        await self._enter("permissions", name.service, name.region)
        return frozenset(wanted) - self.withheld

    async def stored(self, name: ServiceName, object_name: str) -> Stored | None:
        await self._enter("stored", object_name, name.region)
        return self.archives.get(object_name)

    async def build(self, name: str) -> Build:
        await self._enter("build", name)
        try:
            return self.builds[name]
        except KeyError:
            raise NotFound(f"There is no build {name}.") from None

    async def builds_from(self, name: ServiceName, source: str) -> tuple[Build, ...]:
        await self._enter("builds_from", source, name.region)
        return tuple(one for one in reversed(self.builds.values()) if one.source == source)

    async def apis(self, project: str, wanted: Sequence[str]) -> Mapping[str, bool | None]:
        await self._enter("apis", project)
        return {one: one not in self.apis_off for one in wanted}

    async def project_permissions(self, project: str, wanted: Sequence[str]) -> frozenset[str] | None:
        await self._enter("project_permissions", project)
        return frozenset(wanted) - self.withheld

    async def may_act_as(self, account: str) -> bool | None:
        await self._enter("may_act_as", account)
        return "iam.serviceAccounts.actAs" not in self.withheld

    async def set_traffic(self, name: ServiceName, targets: tuple[TrafficTarget, ...], etag: str) -> Service:
        """Write the list; effective traffic follows at once unless `stuck`, by name or through LATEST."""
        await self._enter("set_traffic", name.service, name.region)
        changed = replace(self._at(name, etag), desired=targets, etag=f"{etag}'")
        self._services[name] = changed if self.stuck else replace(changed, effective=_routed(changed))
        await self._leave("set_traffic")
        return self._services[name]

    async def annotate(self, name: ServiceName, values: Mapping[str, str | None], etag: str) -> Service:
        await self._enter("annotate", name.service, name.region)
        service = self._at(name, etag)
        kept = {**dict(service.annotations), **values}
        told = tuple(sorted((key, value) for key, value in kept.items() if value is not None))
        self._services[name] = replace(service, annotations=told, etag=f"{etag}'")
        await self._leave("annotate")
        return self._services[name]

    def _at(self, name: ServiceName, etag: str) -> Service:
        service = self._services[name]
        if etag != service.etag:
            raise ChangedUnderneath(f"Conflict for resource '{name.service}': it is not at {etag} any more.")
        return service

    async def _leave(self, method: str) -> None:
        """Lose the reply where that is queued under `method` with ` reply` behind it: it was written all the same."""
        queue = self._outcomes.get(f"{method} reply")
        if queue and (outcome := queue.popleft()) is not None:
            raise outcome

    async def identity_token(self, audience: str) -> str:
        await self._enter("identity_token", audience)
        return f"token-for-{audience}"

    async def close(self) -> None:
        self.closed = True

    async def _enter(self, method: str, about: str, region: str = "") -> None:
        self.calls.append((method, about))
        if held := self._held.get(region):
            await held.wait()
        await asyncio.sleep(0)
        if self._down is not None:
            raise self._down
        queue = self._outcomes.get(method)
        if queue and (outcome := queue.popleft()) is not None:
            raise outcome


def _routed(service: Service) -> tuple[TrafficTarget, ...]:
    asked = service.desired or (TrafficTarget(percent=100, latest=True),)
    return tuple(
        replace(
            one,
            revision=one.revision or service.latest_ready,
            uri=f"https://{one.tag}---{service.name.service}.example" if one.tag else "",
        )
        for one in asked
    )


class FakeDoor:
    """A `Door` to services that answer from memory.

    `answer` is asked with the visitor's number (from 1), the target and what is asked. `asked` tells all of it, in
    order; `open_visits` counts the visitors who have not gone yet.
    """

    def __init__(self, answer: "Callable[[int, Target, Ask], Answer]") -> None:
        self.asked: list[tuple[int, str, Ask]] = []
        self.open_visits = 0
        self._answer = answer
        self._visits = 0

    def visit(self) -> "FakeVisit":
        self._visits += 1
        self.open_visits += 1
        return FakeVisit(self, self._visits)

    async def send(self, visitor: int, target: Target, ask: Ask) -> Answer:
        self.asked.append((visitor, target.revision, ask))
        await asyncio.sleep(0)
        return self._answer(visitor, target, ask)


class FakeVisit:
    """A visitor through a `FakeDoor`."""

    def __init__(self, door: FakeDoor, number: int) -> None:
        self._door = door
        self._number = number
        self._closed = False

    async def send(self, target: Target, ask: Ask, *, timeout: float) -> Answer:  # noqa: ASYNC109 - as a Visit has it
        return await self._door.send(self._number, target, ask)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._door.open_visits -= 1


class FakeTime:
    """A clock that moves only when somebody sleeps, so that hours of pacing pass in no time."""

    def __init__(self, start: datetime = make.NOW) -> None:
        self.now = start
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.on_sleep()
        await asyncio.sleep(0)


class ManyTime:
    """A clock for many sleepers: it stands still until `passes` moves it from the end of one sleep to the next.

    `wrong` is by how much the clock on the wall differs.
    """

    def __init__(self, start: datetime = make.NOW) -> None:
        self.now = start
        self.wrong = timedelta()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._serial = count()

    def __call__(self) -> datetime:
        return self.now + self.wrong

    async def sleep(self, seconds: float) -> None:
        ends = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self.now + timedelta(seconds=seconds), next(self._serial), ends))
        await ends

    async def passes(self, seconds: float) -> None:
        """Let so much time pass, and everything happen that happens in it."""
        until = self.now + timedelta(seconds=seconds)
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            moment, _, sleeper = heappop(self._sleepers)
            self.now = max(self.now, moment)
            if not sleeper.done():
                sleeper.set_result(None)
                await settle()
        self.now = until


async def settle() -> None:
    """Let every task go on until it waits for something that is not there yet."""
    ready: Sized = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    while ready:  # noqa: ASYNC110 - nobody tells when there is nothing more to do
        await asyncio.sleep(0)
