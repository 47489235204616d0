"""How often logs may be listed: one budget of calls a minute, and a fair line of those who want one."""

from collections import deque
from datetime import datetime, timedelta
from itertools import count

from buddy_tui.watch import Clock, Sleep

_WINDOW = timedelta(minutes=1)
_NOTHING = timedelta()
_FIRST_REST = timedelta(seconds=20)


class Meter:
    """Counts the calls of the last minute, and lets whoever wants one wait for a turn.

    Google allows a project 60 list calls a minute, all its users together; `most` is what we take of them. The
    patient leave a third of these to the others.
    """

    def __init__(self, clock: Clock, sleep: Sleep, most: int) -> None:
        self.most = most
        self._clock = clock
        self._sleep = sleep
        self._spent: deque[datetime] = deque()
        self._line: list[tuple[bool, int]] = []
        self._serial = count()
        self._refusals = 0
        self._shut_at: datetime | None = None

    @property
    def calls(self) -> int:
        """How many calls were made in the last minute."""
        self._forget()
        return len(self._spent)

    @property
    def free(self) -> bool:
        """Whether a call could be made now, without a wait."""
        return self._wait(len(self._line), self.most) <= _NOTHING

    async def turn(self, *, patient: bool = False) -> None:
        """Return when a call may be made, and count it. First come, first served; the patient come last."""
        ticket = (patient, next(self._serial))
        most = self.most - self.most // 3 if patient else self.most
        self._line.append(ticket)
        try:
            while (wait := self._wait(sum(other < ticket for other in self._line), most)) > _NOTHING:
                await self._sleep(wait.total_seconds())
        finally:
            self._line.remove(ticket)
        self._spent.append(self._clock())

    def refused(self) -> None:
        """Google's own quota is used up: make no call for a while, longer each time, a minute at most."""
        self._refusals += 1
        self._shut_at = self._clock()

    def answered(self) -> None:
        """Google gave an answer: its quota is not used up."""
        self._refusals = 0

    def _wait(self, ahead: int, most: int) -> timedelta:
        """Tell how long to wait, with so many before us in the line, until it is worth another look."""
        self._forget()
        shut = self._shut()
        if shut > _NOTHING:
            return shut
        if len(self._spent) + ahead < most:
            return _NOTHING
        # Those before us take the places that are free now; after that, one more is free with each that ages.
        first = self._spent[0] + _WINDOW - self._clock() if self._spent else _NOTHING
        return max(first, timedelta(seconds=0.05))

    def _shut(self) -> timedelta:
        if self._shut_at is None or not self._refusals:
            return _NOTHING
        rest = min(_FIRST_REST * 2 ** (self._refusals - 1), _WINDOW)
        # With both bounds, a clock that was set back shuts for no longer than a minute either.
        left = self._shut_at + rest - self._clock()
        return left if left <= _WINDOW else _NOTHING

    def _forget(self) -> None:
        now = self._clock()
        while self._spent and not -_WINDOW < now - self._spent[0] < _WINDOW:
            self._spent.popleft()
