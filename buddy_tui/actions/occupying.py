"""actions: what others see of a promotion on the service: its lock as long as it runs, and nothing of it after.

Each of its steps is a change, which takes its own lock away when it is over; this one holds in between.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from buddy_tui.actions.marks import ROLLED_BACK, Lock, holder_of, lock_of, lock_values, no_lock
from buddy_tui.actions.values import Ending, Plan
from buddy_tui.actions.writing import Outside, Over
from buddy_tui.errors import BuddyError, ChangedUnderneath, Unreachable
from buddy_tui.model import Service

# A lock is renewed when no more than that is left of it; it ends by itself when we are killed.
_SPARE = timedelta(minutes=2)
# One that ends later than in a day is taken for nobody's.
_LONGEST = timedelta(hours=12)
# So often a mark is tried: each time somebody else, or the network, may be in the way.
_TRIES = 3

Values = dict[str, str | None]


class Occupying:
    """The lock of one promotion, and the mark of a roll-back from which it began."""

    def __init__(self, plan: Plan, outside: Outside, who: str) -> None:
        self._plan = plan
        self._the = outside
        # As a change calls itself: its own lock does not hold it up.
        self._holder = holder_of(who)
        self._until: datetime | None = None
        self._mark: str | None = None

    async def begin(self, lasting: timedelta) -> None:
        """Take the lock for so long. Raises Over where somebody else is at work, and BuddyError where it may not be."""
        service = await self._the.reads.service(self._plan.name)
        lock = lock_of(service, self._the.clock())
        if lock and lock.holder != self._holder:
            said = f"{lock.holder} is at work on it ({lock.verb}), until {lock.until:%H:%M:%S} UTC at the latest."
            raise Over(Ending.REFUSED, said, "Ask them, or wait until then.")
        self._mark = dict(service.annotations).get(ROLLED_BACK)
        await self._hold(lasting)

    async def hold(self, lasting: timedelta) -> None:
        """Take the lock again for so long from now on. That it cannot be taken stops nobody."""
        with suppress(BuddyError):
            await self._hold(lasting)

    async def renew(self, lasting: timedelta) -> None:
        """Hold the lock for so long from now on, if it would end soon."""
        if self._until and self._until < self._the.clock() + _SPARE:
            await self.hold(lasting)

    async def end(self, *, put_back: bool) -> None:
        """Take the lock away. Who is `put_back` is marked as rolled back if he was so when it began."""
        if self._until:
            with suppress(BuddyError):
                await self._annotate(lambda service: self._last_values(service, put_back=put_back))

    async def _hold(self, lasting: timedelta) -> None:
        self._until = self._the.clock() + min(lasting, _LONGEST) + 2 * _SPARE
        lock = Lock(self._plan.verb, self._holder, self._until, self._plan.hash)
        await self._annotate(lambda service: {} if self._lock_of_others(service) else lock_values(lock))

    async def _annotate(self, values_of: Callable[[Service], Values]) -> None:
        """Write what is wanted of the service as it is now, bound to that; nothing where nothing is."""
        for left in reversed(range(_TRIES)):
            try:
                service = await self._the.reads.service(self._plan.name)
                if values := values_of(service):
                    await self._the.writes.annotate(self._plan.name, values, service.etag)
            except (ChangedUnderneath, Unreachable):
                if not left:
                    raise
            else:
                return

    def _last_values(self, service: Service, *, put_back: bool) -> Values:
        lock = lock_of(service, self._the.clock())
        ours = lock and (lock.holder, lock.plan) == (self._holder, self._plan.hash)
        values = no_lock() if ours else {}
        if put_back and self._mark and ROLLED_BACK not in dict(service.annotations):
            return values | {ROLLED_BACK: self._mark}
        return values

    def _lock_of_others(self, service: Service) -> bool:
        lock = lock_of(service, self._the.clock())
        return bool(lock and lock.holder != self._holder)
