"""diagnose: a service's findings, and a boot log with its own: what the screens and the commands ask."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from buddy_tui.boot.values import BootLog, Reading
from buddy_tui.diagnose.builds import located
from buddy_tui.diagnose.reading import explained, read
from buddy_tui.diagnose.shelf import Shelf
from buddy_tui.diagnose.windows import LONGEST_BOOT, MOST_ENTRIES, SETTLED, Windows, boot_window
from buddy_tui.errors import BuddyError
from buddy_tui.finding import Cause, Finding
from buddy_tui.gateway import SourceReads
from buddy_tui.incident import incident
from buddy_tui.log_scope import nanoseconds
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

Clock = Callable[[], datetime]

# More failed revisions than these tell nothing new, and one that does not fit into the common page costs a list call.
_MOST_EXAMINED = 20
_WEAK = {Cause.NO_OUTPUT, Cause.INCOMPLETE, Cause.UNKNOWN}
_MODULES = {Cause.LOCAL_MODULE_MISSING, Cause.THIRD_PARTY_MISSING}
_LOOK_AGAIN = timedelta(seconds=60)
_WORTH_READING = {"system", "event"}


@dataclass(slots=True)
class _Examined:
    finding: Finding
    until: datetime | None


class Examiner:
    """Reads logs and archives of one project, and remembers what it found.

    `disk` lists the project where the operator stands, for when an archive is missing (see `Shelf`).
    """

    def __init__(
        self,
        desk: LogDesk,
        archives: SourceReads,
        *,
        clock: Clock,
        disk: Callable[[Sequence[str]], SourceTree | None] = lambda _: None,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._shelf = Shelf(archives, disk)
        self._windows = Windows(desk, clock)
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
        revision that is not among `revisions` is read from `scope.since` on. The log of a build has no finding; that
        there is none raises NotFound, and other trouble with finding it a BuddyError.
        """
        yield BootLog(LogBatch())
        if scope.is_of_build:
            async with aclosing(self._desk.follow(await located(self._desk, scope), wake=wake)) as batches:
                async for batch in batches:
                    yield BootLog(batch)
            return
        revision = next((one for one in revisions if one.name == scope.revision), None)
        since, until = boot_window(revision) if revision else (scope.since, scope.until)
        followed = self._follow(replace(scope, since=scope.since or since), scope.until or until, wake)
        kept = _Kept()
        async with aclosing(followed) as batches:
            async for batch in batches:
                if not kept.take(batch, open_boot=not until):
                    yield BootLog(batch)
                    continue
                reading = await read(tuple(kept.entries))
                finding = await explained(reading, revision, Sources())
                yield BootLog(batch, reading, finding)
                if finding.cause in _MODULES and revision is not None:
                    sources = await self._shelf.sources(revision, revisions)
                    proven = await explained(reading, revision, sources)
                    yield BootLog(LogBatch(state=batch.state), reading, proven)

    async def _follow(
        self, scope: LogScope, until: int, wake: asyncio.Event | None
    ) -> AsyncGenerator[LogBatch, None]:
        """Yield the boot's window first, however old it is, then what comes in from now on."""
        now = nanoseconds(self._clock())
        recent = now - int(LONGEST_BOOT.total_seconds()) * 1_000_000_000
        live = scope
        seen: set[tuple[str, int, str]] = set()
        if until and until < recent:
            entries = await self._windows.one(replace(scope, until=until))
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
        entries = await self._windows.one(LogScope(name, revision.name, since, until))
        reading = await read(entries)
        finding = await explained(reading, revision, Sources())
        if finding.cause in _MODULES:
            finding = await explained(reading, revision, await self._shelf.sources(revision, revisions))
        self._findings[name, revision.name] = _Examined(finding, self._look_again(revision, finding))
        return reading, finding

    async def told(self, snapshot: Snapshot, *, most: int = _MOST_EXAMINED) -> Snapshot:
        """Return a snapshot with the findings of its newest failed revisions, at most so many; waits for them."""
        async for _ in self._read_due(snapshot, most):
            pass
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

    def _told(self, snapshot: Snapshot) -> Snapshot:
        found = tuple(
            known.finding
            for one in snapshot.revisions
            if (known := self._findings.get((snapshot.name, one.name))) is not None
        )
        summed = incident(snapshot.revisions, found, self._shelf.trees(snapshot.revisions))
        return replace(snapshot, findings=found, incident=summed)

    async def _examine(self, board: "_Board") -> None:
        while True:
            await board.wanted.wait()
            board.wanted.clear()
            if snapshot := board.latest:
                async for _ in self._read_due(snapshot, _MOST_EXAMINED):
                    board.news.set()

    async def _read_due(self, snapshot: Snapshot, most: int) -> AsyncGenerator[None, None]:
        """Read the failed revisions whose turn it is, newest first; a step for each that is done."""
        due = [one for one in _failed(snapshot)[:most] if self._is_due(snapshot.name, one)]
        trouble: BuddyError | None = None
        try:
            await self._windows.together(snapshot.name, due)
        except BuddyError as error:
            trouble = error
        for revision in due:
            # What one log was refused for, the others would be as well: nobody has to ask again.
            trouble = trouble or await self._read_one(snapshot, revision)
            if trouble is not None:
                await self._note(trouble, snapshot.name, revision)
            yield

    def _is_due(self, name: ServiceName, revision: Revision) -> bool:
        known = self._findings.get((name, revision.name))
        return known is None or (known.until is not None and self._clock() >= known.until)

    async def _read_one(self, snapshot: Snapshot, revision: Revision) -> BuddyError | None:
        try:
            await self.finding(snapshot.name, revision, snapshot.revisions)
        except BuddyError as error:
            return error
        return None

    async def _note(self, trouble: BuddyError, name: ServiceName, revision: Revision) -> None:
        """Say what can be said of a revision without its log, and look again later."""
        finding = await explained(Reading(), revision, Sources())
        if finding.cause in _WEAK:
            finding = replace(
                finding,
                cause=Cause.UNKNOWN,
                short="its log cannot be read",
                summary=f"Its log cannot be read: {trouble}",
                fix=(trouble.hint,) if trouble.hint else (),
            )
        self._findings[name, revision.name] = _Examined(finding, self._clock() + _LOOK_AGAIN)

    def _look_again(self, revision: Revision, finding: Finding) -> datetime | None:
        """Say when to read again: the last lines of a boot may come in some seconds after its verdict."""
        now = self._clock()
        fresh = revision.created is not None and now - revision.created < LONGEST_BOOT + SETTLED
        return now + _LOOK_AGAIN if finding.cause in _WEAK and fresh else None


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
        del self.entries[:-MOST_ENTRIES]
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
