"""From logs and source archives to findings: what the service screen, the boot log screen and the commands ask."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from buddy_tui import boot
from buddy_tui.boot.values import BootLog, Reading
from buddy_tui.errors import BuddyError
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.gateway import SourceReads
from buddy_tui.incident import incident
from buddy_tui.logs import LogDesk
from buddy_tui.model import (
    LogBatch,
    LogEntry,
    LogScope,
    Revision,
    RevisionState,
    ServiceName,
    Snapshot,
    Sources,
    SourceTree,
)
from buddy_tui.rules import explain
from buddy_tui.rules.trees import TEXTS

Clock = Callable[[], datetime]

# The log of a revision begins a little before Cloud Run dates it, and its verdict comes a little after.
_BEFORE, _AFTER = timedelta(seconds=5), timedelta(seconds=15)
# The longest that Cloud Run waits for a start.
_LONGEST_BOOT = timedelta(minutes=15)
_MOST_ENTRIES = 5_000
# More failed revisions than these tell nothing new, and each costs a list call.
_MOST_EXAMINED = 20
_WEAK = {Cause.NO_OUTPUT, Cause.INCOMPLETE, Cause.UNKNOWN}
_MODULES = {Cause.LOCAL_MODULE_MISSING, Cause.THIRD_PARTY_MISSING}
_LOOK_AGAIN = timedelta(seconds=60)
_SETTLED = timedelta(minutes=2)
_WORTH_READING = {"system", "event"}


def boot_window(revision: Revision) -> tuple[int, int]:
    """Return when a revision's boot began and was decided, in nanoseconds; an end of 0 is still open."""
    if revision.created is None:
        return 0, 0
    since = revision.created - _BEFORE
    if revision.state is RevisionState.PENDING:
        return _nanoseconds(since), 0
    decided = [
        one.since
        for one in revision.conditions
        if one.since and one.since >= revision.created and one.type in {"Ready", "ContainerHealthy"}
    ]
    # A revision that was ready long ago may have lost that only now: its boot was at its beginning.
    until = min(max(decided, default=revision.created + _LONGEST_BOOT), revision.created + _LONGEST_BOOT)
    return _nanoseconds(since), _nanoseconds(until + _AFTER)


@dataclass(slots=True)
class _Examined:
    finding: Finding
    until: datetime | None


class Examiner:
    """Reads logs and archives of one project, and remembers what it found.

    `disk` is the project where the operator stands, asked for once, when no archive proves anything.
    """

    def __init__(
        self,
        desk: LogDesk,
        archives: SourceReads,
        *,
        clock: Clock,
        disk: Callable[[], SourceTree | None] = lambda: None,
    ) -> None:
        self._desk = desk
        self._archives = archives
        self._clock = clock
        self._look_at_disk = disk
        self._disk: SourceTree | None = None
        self._looked_at_disk = False
        self._trees: dict[str, SourceTree | None] = {}
        self._findings: dict[tuple[ServiceName, str], _Examined] = {}

    async def boot_log(
        self,
        scope: LogScope,
        revisions: Sequence[Revision],
        *,
        wake: asyncio.Event | None = None,
    ) -> AsyncGenerator[BootLog, None]:
        """Yield the boot of `scope.revision`, then what comes in, until closed.

        Its finding comes with the entries that it was made from, and again when archives have proved more. A
        revision that is not among `revisions` is read from `scope.since` on.
        """
        revision = next((one for one in revisions if one.name == scope.revision), None)
        since, until = boot_window(revision) if revision and not scope.build else (scope.since, scope.until)
        yield BootLog(LogBatch())
        followed = self._follow(replace(scope, since=scope.since or since), scope.until or until, wake)
        kept = _Kept()
        async with aclosing(followed) as batches:
            async for batch in batches:
                if not kept.take(batch, open_boot=not until):
                    yield BootLog(batch)
                    continue
                reading = await asyncio.to_thread(boot.read, tuple(kept.entries))
                finding = await self._explained(reading, revision, Sources())
                yield BootLog(batch, reading, finding)
                if finding.cause in _MODULES and revision is not None:
                    sources = await self.sources(revision, revisions)
                    proven = await self._explained(reading, revision, sources)
                    yield BootLog(LogBatch(state=batch.state), reading, proven)

    async def _follow(
        self, scope: LogScope, until: int, wake: asyncio.Event | None
    ) -> AsyncGenerator[LogBatch, None]:
        """Yield the boot's window first, however old it is, then what comes in from now on."""
        now = _nanoseconds(self._clock())
        recent = now - _nanoseconds_of(_LONGEST_BOOT)
        live = scope
        seen: set[tuple[str, int, str]] = set()
        if until and until < recent:
            entries = await self._desk.window(replace(scope, until=until), most=_MOST_ENTRIES)
            seen = {entry.key for entry in entries}
            yield LogBatch(entries)
            live = replace(scope, since=recent, until=0)
        async with aclosing(self._desk.follow(live, wake=wake)) as batches:
            async for batch in batches:
                yield batch if not seen else _without(batch, seen)

    async def finding(
        self, name: ServiceName, revision: Revision, revisions: Sequence[Revision]
    ) -> tuple[Reading, Finding]:
        """Read the boot of one revision and name its cause. Raises BuddyError when its log cannot be read."""
        since, until = boot_window(revision)
        scope = LogScope(name, revision.name, since, until)
        entries = await self._desk.window(scope, most=_MOST_ENTRIES)
        reading = await asyncio.to_thread(boot.read, entries)
        finding = await self._explained(reading, revision, Sources())
        if finding.cause in _MODULES:
            finding = await self._explained(reading, revision, await self.sources(revision, revisions))
        self._findings[name, revision.name] = _Examined(finding, self._look_again(revision, finding))
        return reading, finding

    async def told(self, snapshot: Snapshot, *, most: int = _MOST_EXAMINED) -> Snapshot:
        """Return a snapshot with the findings of its newest failed revisions, at most so many; waits for them."""
        for revision in _failed(snapshot)[:most]:
            if self._is_due(snapshot.name, revision):
                await self._read_anew(snapshot, revision)
        return self._told(snapshot)

    async def with_findings(
        self, snapshots: AsyncGenerator[Snapshot, None]
    ) -> AsyncGenerator[Snapshot, None]:
        """Pass snapshots on with what is known of their failed revisions, and again as soon as more is known."""
        board = _Board()
        tasks = [
            asyncio.create_task(_pump(snapshots, board)),
            asyncio.create_task(self._examine(board)),
        ]
        for task in tasks:
            task.add_done_callback(lambda _: board.news.set())
        try:
            while True:
                await board.news.wait()
                board.news.clear()
                if board.latest is not None:
                    yield self._told(board.latest)
                for task in tasks:
                    if task.done():
                        task.result()
                if tasks[0].done():
                    return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await snapshots.aclose()

    async def sources(self, revision: Revision, revisions: Sequence[Revision]) -> Sources:
        """Gather the source trees around a failed revision; what cannot be read is left out."""
        good = _last_good(revision, revisions)
        uploaded = await self.tree(revision.source)
        other = await self.tree(good.source) if good else None
        if (uploaded is None or other is None) and not self._looked_at_disk:
            self._looked_at_disk = True
            self._disk = await asyncio.to_thread(self._look_at_disk)
        return Sources(uploaded, other, good.name if good else "", self._disk)

    async def tree(self, where: str) -> SourceTree | None:
        """Return a source archive's listing, `None` when there is none that can be read."""
        if not where.startswith("gs://"):
            return None
        if where not in self._trees:
            try:
                self._trees[where] = await self._archives.source_tree(where, TEXTS)
            except BuddyError:
                self._trees[where] = None
        return self._trees[where]

    def trees(self, revisions: Sequence[Revision]) -> dict[str, SourceTree]:
        """Return the listings that were read so far, by revision."""
        known = {one.name: self._trees.get(one.source) for one in revisions}
        return {name: tree for name, tree in known.items() if tree is not None}

    def _told(self, snapshot: Snapshot) -> Snapshot:
        found = tuple(
            known.finding
            for one in snapshot.revisions
            if (known := self._findings.get((snapshot.name, one.name))) is not None
        )
        summed = incident(snapshot.revisions, found, self.trees(snapshot.revisions))
        return replace(snapshot, findings=found, incident=summed)

    async def _examine(self, board: "_Board") -> None:
        while True:
            await board.wanted.wait()
            board.wanted.clear()
            snapshot = board.latest
            for revision in _failed(snapshot)[:_MOST_EXAMINED] if snapshot else ():
                if snapshot and self._is_due(snapshot.name, revision):
                    await self._read_anew(snapshot, revision)
                    board.news.set()

    def _is_due(self, name: ServiceName, revision: Revision) -> bool:
        known = self._findings.get((name, revision.name))
        return known is None or (known.until is not None and self._clock() >= known.until)

    async def _read_anew(self, snapshot: Snapshot, revision: Revision) -> None:
        try:
            await self.finding(snapshot.name, revision, snapshot.revisions)
        except BuddyError as error:
            finding = await self._explained(Reading(), revision, Sources())
            if finding.cause in _WEAK:
                finding = replace(
                    finding,
                    cause=Cause.UNKNOWN,
                    short="its log cannot be read",
                    summary=f"Its log cannot be read: {error}",
                    fix=(error.hint,) if error.hint else (),
                )
            self._findings[snapshot.name, revision.name] = _Examined(finding, self._clock() + _LOOK_AGAIN)

    def _look_again(self, revision: Revision, finding: Finding) -> datetime | None:
        """Say when to read again: the last lines of a boot may come in some seconds after its verdict."""
        now = self._clock()
        fresh = revision.created is not None and now - revision.created < _LONGEST_BOOT + _SETTLED
        return now + _LOOK_AGAIN if finding.cause in _WEAK and fresh else None

    async def _explained(self, reading: Reading, revision: Revision | None, sources: Sources) -> Finding:
        finding = await asyncio.to_thread(explain, reading, revision, sources)
        if revision is None or revision.state is not RevisionState.FAILED or finding.boots is False:
            return finding
        return _overruled(finding, revision)


def _overruled(finding: Finding, revision: Revision) -> Finding:
    """Return a finding of a revision that Cloud Run says has failed, whatever its log could tell."""
    if finding.boots is None:
        return replace(finding, boots=False)
    why = revision.message.partition("\n")[0] or revision.reason
    return replace(
        finding,
        cause=Cause.UNKNOWN,
        confidence=Confidence.UNSURE,
        boots=False,
        short="booted, and is not ready",
        summary=f"Its log shows that it booted, and Cloud Run says that it is not ready: {why}",
    )


class _Board:
    """Where the pump pins the newest snapshot, for the one who examines and the one who passes it on."""

    def __init__(self) -> None:
        self.latest: Snapshot | None = None
        self.news = asyncio.Event()
        self.wanted = asyncio.Event()


async def _pump(snapshots: AsyncGenerator[Snapshot, None], board: _Board) -> None:
    async for snapshot in snapshots:
        board.latest = snapshot
        board.news.set()
        board.wanted.set()


class _Kept:
    """The entries that a boot is read from, bounded."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self._first = True

    def take(self, batch: LogBatch, *, open_boot: bool) -> bool:
        """Keep a batch; tell whether the boot should be read anew.

        While a boot is open every line counts. Later only the platform's own do: they tell of starts and exits.
        """
        if not batch.entries:
            return self._first and batch.state.complete and self._begun()
        self.entries.extend(batch.entries)
        del self.entries[:-_MOST_ENTRIES]
        if self._first or open_boot:
            return self._begun()
        return any(entry.log in _WORTH_READING for entry in batch.entries)

    def _begun(self) -> bool:
        self._first = False
        return True


def _without(batch: LogBatch, seen: set[tuple[str, int, str]]) -> LogBatch:
    """Return the batch without what the window has brought already."""
    kept = [at for at, entry in enumerate(batch.entries) if entry.key not in seen]
    if len(kept) == len(batch.entries):
        return batch
    late = frozenset(place for place, at in enumerate(kept) if at in batch.late)
    return replace(batch, entries=tuple(batch.entries[at] for at in kept), late=late)


def _failed(snapshot: Snapshot) -> list[Revision]:
    return [one for one in snapshot.revisions if one.state is RevisionState.FAILED]


def _last_good(revision: Revision, revisions: Sequence[Revision]) -> Revision | None:
    """Return the newest revision before this one that worked; `revisions` are newest first."""
    names = [one.name for one in revisions]
    older = revisions[names.index(revision.name) + 1 :] if revision.name in names else revisions
    return next((one for one in older if one.state in {RevisionState.READY, RevisionState.RETIRED}), None)


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def _nanoseconds_of(length: timedelta) -> int:
    return int(length.total_seconds()) * 1_000_000_000
