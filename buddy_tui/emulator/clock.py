"""The emulator's clock: real time, or real time seen from another moment, so that a story has plausible dates."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Tells aware UTC times. It never stands still: `travel` shifts it, seconds go on passing."""

    def __init__(self, source: Callable[[], datetime] = _utc_now) -> None:
        self._source = source
        self._shift = timedelta()

    def now(self) -> datetime:
        """Return the moment as the emulator sees it."""
        return self._source() + self._shift

    def travel(self, to: datetime) -> None:
        """Let `now()` be `to` at this instant."""
        self._shift = to - self._source()

    def come_back(self) -> None:
        """Let `now()` be real time again."""
        self._shift = timedelta()
