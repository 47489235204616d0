"""diagnose: the logs of boots, each within the time from its creation to its verdict, with as few calls as possible."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

from buddy_tui.log_scope import nanoseconds
from buddy_tui.logs import LogDesk
from buddy_tui.model import LogBatch, LogEntry, LogScope, Revision, RevisionState, ServiceName

# The log of a revision begins a little before Cloud Run dates it, and its verdict comes a little after.
_BEFORE, _AFTER = timedelta(seconds=5), timedelta(seconds=15)
# The longest that Cloud Run waits for a start.
LONGEST_BOOT = timedelta(minutes=15)
# How long after a verdict its last lines may still come in.
SETTLED = timedelta(minutes=2)
_MOST_ENTRIES = 5_000
_PAGE = 1_000
_WORTH_READING = {"system", "event"}


def boot_window(revision: Revision) -> tuple[int, int]:
    """Return when a revision's boot began and was decided, in nanoseconds; an end of 0 is still open."""
    if revision.created is None:
        return 0, 0
    since = revision.created - _BEFORE
    if revision.state is RevisionState.PENDING:
        return nanoseconds(since), 0
    decided = [
        one.since
        for one in revision.conditions
        if one.since and one.since >= revision.created and one.type in {"Ready", "ContainerHealthy"}
    ]
    # A revision that was ready long ago may have lost that only now: its boot was at its beginning.
    until = min(max(decided, default=revision.created + LONGEST_BOOT), revision.created + LONGEST_BOOT)
    return nanoseconds(since), nanoseconds(until + _AFTER)


class Windows:
    """Reads boot windows, and remembers those that it read together."""

    def __init__(self, desk: LogDesk, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._clock = clock
        self._kept: dict[tuple[ServiceName, str], tuple[LogEntry, ...]] = {}
        self._asked: set[tuple[ServiceName, str]] = set()

    async def one(self, scope: LogScope) -> tuple[LogEntry, ...]:
        """Return the window of a revision, from memory if it was read with others."""
        kept = self._kept.get((scope.service, scope.revision))
        if kept is None or scope.activity:
            return await self._desk.window(scope, most=_MOST_ENTRIES)
        return kept

    async def follow(
        self, scope: LogScope, *, wake: asyncio.Event | None = None
    ) -> AsyncGenerator[LogBatch, None]:
        """Yield a window first, however old it is, then what comes in from now on: never all that lies between."""
        recent = nanoseconds(self._clock() - LONGEST_BOOT)
        live, seen = replace(scope, until=0), set[tuple[str, int, str]]()
        if 0 < scope.until < recent:
            entries = await self.one(scope)
            seen = {entry.key for entry in entries}
            yield LogBatch(entries)
            live = replace(live, since=recent)
        async with aclosing(self._desk.follow(live, wake=wake)) as batches:
            async for batch in batches:
                yield batch if not seen else _without(batch, seen)

    async def together(self, name: ServiceName, due: Sequence[Revision]) -> None:
        """List the boots of several revisions in one call, each once, and keep those that came whole."""
        past = nanoseconds(self._clock() - SETTLED)
        new = (one for one in due if (name, one.name) not in self._asked)
        windows = {one.name: boot_window(one) for one in new if 0 < boot_window(one)[1] < past}
        if len(windows) < 2:
            return
        since, until = min(one[0] for one in windows.values()), max(one[1] for one in windows.values())
        entries = await self._desk.window(
            LogScope(name, since=since, until=until, among=tuple(windows)), most=_PAGE
        )
        self._asked.update((name, revision) for revision in windows)
        end = entries[-1].when if len(entries) == _PAGE else until + 1
        for revision, (_, last) in windows.items():
            if last < end:
                mine = (one for one in entries if one.revision == revision and one.when <= last)
                self._kept[name, revision] = tuple(mine)


class Kept:
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
