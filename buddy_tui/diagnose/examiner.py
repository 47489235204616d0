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
from buddy_tui.diagnose.windows import LONGEST_BOOT, SETTLED, Kept, Windows, boot_window
from buddy_tui.errors import BuddyError, Unreachable
from buddy_tui.finding import Cause, Finding
from buddy_tui.gateway import SourceReads
from buddy_tui.incident import incident
from buddy_tui.log_scope import nanoseconds
from buddy_tui.logs import LogDesk
from buddy_tui.model import (
    LogBatch,
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
_SOON, _LOOK_AGAIN = timedelta(seconds=5), timedelta(seconds=60)


@dataclass(slots=True)
class _Examined:
    """What is known of a revision, until when that may do, and how often its log was read."""

    finding: Finding
    until: datetime | None
    looks: int = 0


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
        self._shelf = Shelf(archives, disk, clock)
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
        wanted = replace(scope, since=scope.since or since, until=scope.until or until)
        kept = Kept()
        async with aclosing(self._windows.follow(wanted, wake=wake)) as batches:
            async for batch in batches:
                if not kept.take(batch, open_boot=not until):
                    yield BootLog(batch)
                    continue
                reading = await read(tuple(kept.entries))
                finding = await explained(reading, revision, Sources())
                yield BootLog(batch, reading, finding)
                if finding.cause in _MODULES and revision is not None:
                    proven = await self._proven(reading, revision, revisions)
                    yield BootLog(LogBatch(state=batch.state), reading, proven)

    async def finding(
        self, name: ServiceName, revision: Revision, revisions: Sequence[Revision]
    ) -> tuple[Reading, Finding]:
        """Read the boot of one revision and name its cause. Raises BuddyError when its log cannot be read."""
        since, until = boot_window(revision)
        entries = await self._windows.one(LogScope(name, revision.name, since, until))
        reading = await read(entries)
        finding = await explained(reading, revision, Sources())
        if finding.cause in _MODULES:
            finding = await self._proven(reading, revision, revisions)
        known = self._findings.get((name, revision.name))
        looks = known.looks + 1 if known else 1
        again = self._look_again(revision, revisions, finding, looks)
        self._findings[name, revision.name] = _Examined(finding, again, looks)
        return reading, finding

    async def _proven(self, reading: Reading, revision: Revision, revisions: Sequence[Revision]) -> Finding:
        """Explain with source trees, and say so where one could not be had."""
        finding = await explained(reading, revision, await self._shelf.sources(revision, revisions))
        trouble = self._shelf.trouble(revision, revisions)
        if trouble is None or not finding.uncertain:  # what is proved needs no more
            return finding
        return replace(
            finding, uncertain=(*finding.uncertain, f"A source archive could not be read: {trouble}")
        )

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
                    if board.wanted.is_set():  # what failed just now comes first
                        break

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
        known = self._findings.get((name, revision.name))
        looks, later = known.looks if known else 0, self._clock() + _LOOK_AGAIN
        if known and known.finding.cause not in _WEAK:
            self._findings[name, revision.name] = replace(known, until=later)
            return
        finding = await explained(Reading(), revision, Sources())
        if finding.cause in _WEAK:
            finding = replace(
                finding,
                cause=Cause.UNKNOWN,
                short="its log cannot be read",
                summary=f"Its log cannot be read: {trouble}",
                fix=(trouble.hint,) if trouble.hint else (),
            )
        self._findings[name, revision.name] = _Examined(finding, later, looks)

    def _look_again(
        self, revision: Revision, revisions: Sequence[Revision], finding: Finding, looks: int
    ) -> datetime | None:
        """Say when to read again: the last lines of a boot may come in some seconds after its verdict.

        A log that told nothing is read again soon, and more slowly each time; one that told a cause once more, for
        what it told may have been its beginning.
        """
        now = self._clock()
        fresh = revision.created is not None and now - revision.created < LONGEST_BOOT + SETTLED
        if fresh and finding.cause in _WEAK:
            return now + min(_SOON * 2.0 ** min(looks - 1, 10), _LOOK_AGAIN)
        if looks == 1 and nanoseconds(now) < boot_window(revision)[1]:
            return now + _LOOK_AGAIN
        unreached = isinstance(self._shelf.trouble(revision, revisions), Unreachable)
        return now + _LOOK_AGAIN if unreached and finding.cause in _MODULES else None


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


def _failed(snapshot: Snapshot) -> list[Revision]:
    return [one for one in snapshot.revisions if one.state is RevisionState.FAILED]
