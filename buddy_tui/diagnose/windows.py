"""diagnose: the logs of boots, each within the time from its creation to its verdict, with as few calls as possible."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from buddy_tui.log_scope import nanoseconds
from buddy_tui.logs import LogDesk
from buddy_tui.model import LogEntry, LogScope, Revision, RevisionState, ServiceName

# The log of a revision begins a little before Cloud Run dates it, and its verdict comes a little after.
_BEFORE, _AFTER = timedelta(seconds=5), timedelta(seconds=15)
# The longest that Cloud Run waits for a start.
LONGEST_BOOT = timedelta(minutes=15)
# How long after a verdict its last lines may still come in.
SETTLED = timedelta(minutes=2)
MOST_ENTRIES = 5_000
_PAGE = 1_000


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

    async def one(self, scope: LogScope) -> tuple[LogEntry, ...]:
        """Return the window of a revision, from memory if it was read with others."""
        kept = self._kept.get((scope.service, scope.revision))
        if kept is None or scope.activity:
            return await self._desk.window(scope, most=MOST_ENTRIES)
        return kept

    async def together(self, name: ServiceName, due: Sequence[Revision]) -> None:
        """List the boots of several revisions in one call, and keep those that came whole."""
        past = nanoseconds(self._clock() - SETTLED)
        windows = {one.name: boot_window(one) for one in due if 0 < boot_window(one)[1] < past}
        if len(windows) < 2:
            return
        since, until = min(one[0] for one in windows.values()), max(one[1] for one in windows.values())
        entries = await self._desk.window(
            LogScope(name, since=since, until=until, among=tuple(windows)), most=_PAGE
        )
        end = entries[-1].when if len(entries) == _PAGE else until + 1
        for revision, (_, last) in windows.items():
            if last < end:
                mine = (one for one in entries if one.revision == revision and one.when <= last)
                self._kept[name, revision] = tuple(mine)
