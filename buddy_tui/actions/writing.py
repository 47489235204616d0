"""actions: the part of a change that touches Cloud Run: each write bound to the version that the one before returned."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from buddy_tui.actions.arithmetic import percents_of, same
from buddy_tui.actions.marks import (
    ROLLED_BACK,
    Lock,
    RolledBack,
    lock_of,
    lock_values,
    no_lock,
    not_rolled_back,
    rolled_back_values,
)
from buddy_tui.actions.settled import SETTLES_WITHIN, in_between, is_effective, is_taken_over
from buddy_tui.actions.state import state_of
from buddy_tui.actions.values import Ending, Plan, Targets, Verb
from buddy_tui.errors import BuddyError, ChangedUnderneath, NotAllowed, NotFound, Unreachable
from buddy_tui.gateway import Cloud, Writes
from buddy_tui.model import Service
from buddy_tui.traffic import in_words, shares
from buddy_tui.watch import Clock, Sleep

# A way back waits for nobody, and is not held up by a write that could be spared.
UNLOCKED = frozenset({Verb.ROLL_BACK, Verb.PUT_BACK})

# When Cloud Run says that it has finished, it is given so long to prove it.
_PROVES_WITHIN = timedelta(seconds=20)
_ANSWERS_WITHIN = timedelta(seconds=30)
_LOCKED_FOR = timedelta(minutes=4)
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0

_LOOK_AGAIN = "Look at the service before you do anything; the journal is compared with it at the next start."


@dataclass(frozen=True, slots=True)
class Outside:
    """What is outside: the two doors to Cloud Run, and time."""

    reads: Cloud
    writes: Writes
    clock: Clock
    sleep: Sleep = asyncio.sleep


class Over(Exception):
    """The change has come to its end: how, and in which words. `since` is the list that somebody else moved."""

    def __init__(
        self, ending: Ending, sentence: str, hint: str = "", *, since: Targets | None = None
    ) -> None:
        super().__init__(sentence)
        self.ending = ending
        self.hint = hint
        self.since = since


class Writing:
    """The writes of one change. `service` is what was seen last, `as_of` when it was read; `seen` is called with what to say.

    `asked` says that the traffic was asked for, and may be written whatever happens to us; `accepted` that it was.
    Methods return what was seen, and raise Over, or a BuddyError where nothing of the traffic was written.
    """

    def __init__(self, plan: Plan, outside: Outside, holder: str, seen: Callable[[str], None]) -> None:
        self.asked = self.accepted = False
        self.service: Service | None = None
        self.as_of: datetime | None = None
        self._plan = plan
        self._the = outside
        self._holder = holder
        self._seen = seen
        self._etag = plan.etag
        self._locked = False

    async def look(self) -> Service:
        """Read the service."""
        self.service = await self._the.reads.service(self._plan.name)
        self.as_of = self._the.clock()
        return self.service

    def lock_of_others(self) -> Lock | None:
        """Return a lock that somebody else holds on what was seen last."""
        lock = lock_of(self.service, self._the.clock()) if self.service else None
        return lock if lock and lock.holder != self._holder else None

    async def lock(self) -> str:
        """Show others that somebody is at work."""
        try:
            service = await self._annotate(self._lock_values(), self._etag)
        except Unreachable as error:
            service = await self._look_after(error)
            if service.etag != self._etag and not self._is_ours(service):
                raise ChangedUnderneath("Somebody else changed the service.") from error
        if not same(service.desired, self._plan.before):
            raise ChangedUnderneath("Somebody else changed the traffic of the service.")
        self._etag = service.etag
        return f"until {self._the.clock() + _LOCKED_FOR:%H:%M:%S} UTC, for {self._holder}"

    async def write(self) -> str:
        """Ask for the traffic. Where no answer comes, find out whether it was written."""
        self.asked = True
        try:
            self.service = await self._the.writes.set_traffic(self._plan.name, self._plan.after, self._etag)
        except Unreachable as error:
            await self._find_out(error)
        self.accepted = True
        return "accepted"

    async def settle(self) -> str:
        """Read the service back until what was asked for is effective."""
        began, finished, pause = self._the.clock(), None, _FIRST_PAUSE
        while True:
            trouble = await self._read_back()
            now, service = self._the.clock(), self.service
            if service and not trouble:
                if is_effective(service, self._plan.after):
                    return f"effective: {in_words(shares(service.effective))}"
                finished = (finished or now) if is_taken_over(service) else None
                self._seen(in_between(service))
            # `abs`: a clock that was set back must not keep us waiting.
            if abs(now - began) >= SETTLES_WITHIN or (finished and abs(now - finished) >= _PROVES_WITHIN):
                raise self._not_effective(trouble)
            await self._the.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    @property
    def wants_marks(self) -> bool:
        """Whether what was seen last is to be annotated."""
        return bool(self.service and self._marks(self.service))

    async def mark(self) -> str:
        """Take our lock away, and note that the service was rolled back, or that it is no more. Best effort."""
        service = self.service or await self.look()
        try:
            await self._annotate(self._marks(service), service.etag)
        except ChangedUnderneath:
            service = await self.look()
            if values := self._marks(service):
                await self._annotate(values, service.etag)
        return "done"

    async def _annotate(self, values: dict[str, str | None], etag: str) -> Service:
        self._locked = True
        self.service = await self._the.writes.annotate(self._plan.name, values, etag)
        return self.service

    def _lock_values(self) -> dict[str, str | None]:
        until = self._the.clock() + _LOCKED_FOR
        return lock_values(Lock(self._plan.verb, self._holder, until, self._plan.hash))

    def _is_ours(self, service: Service) -> bool:
        """Tell whether nothing but our lock was written since the plan was made."""
        return self._has_our_lock(service) and state_of(service) == self._plan.state

    def _has_our_lock(self, service: Service) -> bool:
        lock = lock_of(service, self._the.clock())
        return bool(lock and (lock.holder, lock.plan) == (self._holder, self._plan.hash))

    def _marks(self, service: Service) -> dict[str, str | None]:
        values = no_lock() if self._locked and self._has_our_lock(service) else {}
        plan, now = self._plan, self._the.clock()
        if not (self.accepted and same(service.desired, plan.after)):
            return values
        if plan.verb is Verb.ROLL_BACK and plan.rolled_back_from:
            mark = RolledBack(plan.rolled_back_from, plan.revision, now, self._holder)
            return values | rolled_back_values(mark)
        if _ends_a_roll_back(plan) and ROLLED_BACK in dict(service.annotations):
            return values | not_rolled_back()
        return values

    async def _look_after(self, error: Unreachable) -> Service:
        """Read the service after a call without an answer, trying for a while. Raises Over when that fails too."""
        began, pause = self._the.clock(), _FIRST_PAUSE
        while True:
            try:
                return await self.look()
            except Unreachable:
                if abs(self._the.clock() - began) >= _ANSWERS_WITHIN:
                    raise self._unknown(error) from None
            except BuddyError as other:
                raise self._unknown(other) from None
            await self._the.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _unknown(self, error: BuddyError) -> Over:
        if self.asked:
            return Over(
                Ending.UNKNOWN, f"{error} Whether the traffic was changed cannot be told.", _LOOK_AGAIN
            )
        return Over(Ending.FAILED, f"{error} The traffic was not touched.", error.hint)

    async def _find_out(self, error: Unreachable) -> None:
        """Return when the traffic was written in spite of the error; raises Over when not, or when nobody knows."""
        service = await self._look_after(error)
        if service.etag == self._etag:
            service = await self._fence(service, error)
        if not same(service.desired, self._plan.after):
            if same(service.desired, self._plan.before):
                said = f"{error} The traffic is as it was: nothing was written."
                raise Over(Ending.FAILED, said, "Plan it anew.")
            said = f"{error} Somebody else has changed the traffic meanwhile; what they wrote stands."
            raise Over(Ending.CONFLICT, said, "Look at what moved, and plan anew.", since=self._plan.before)

    async def _fence(self, service: Service, error: Unreachable) -> Service:
        """Move the service on to another version: a write that is still on its way to this one can land no more."""
        values = no_lock() if self._has_our_lock(service) else self._lock_values()
        try:
            return await self._annotate(values, service.etag)
        except ChangedUnderneath:
            return await self._look_after(error)
        except BuddyError as other:
            raise self._unknown(other) from None

    async def _read_back(self) -> BuddyError | None:
        """Read the service, and end the change where somebody else has changed it; return why it could not be read."""
        try:
            service = await self.look()
        except NotFound as error:
            raise Over(
                Ending.CONFLICT, f"The traffic was written, and then the service went: {error}"
            ) from None
        except NotAllowed as error:
            raise self._not_read(error) from None
        except BuddyError as error:
            return error
        if not same(service.desired, self._plan.after):
            said = "It was written, and then changed by somebody else: what they wrote stands."
            raise Over(Ending.CONFLICT, said, "Look at what moved, and plan anew.", since=self._plan.after)
        return None

    def _not_effective(self, trouble: BuddyError | None) -> Over:
        if trouble or not self.service:
            return self._not_read(trouble)
        said = f"NOT DONE: Cloud Run accepted it, and it is not effective. {in_between(self.service)}"
        return Over(Ending.NOT_DONE, said, "Undo it, or wait and look again: it may still move.")

    @staticmethod
    def _not_read(error: BuddyError | None) -> Over:
        said = f"Cloud Run accepted it; whether it is effective cannot be read. {error or ''}".rstrip()
        return Over(Ending.UNKNOWN, said, (error.hint if error else "") or _LOOK_AGAIN)


def _ends_a_roll_back(plan: Plan) -> bool:
    """Tell whether a change is somebody's decision to leave a roll-back behind: a step on the way is none yet."""
    whole = percents_of(plan.after) == {plan.revision: 100}
    return plan.verb is Verb.RESTORE_LATEST or (plan.verb is Verb.PROMOTE and whole)
