"""actions: the lock on production: a service's name must be typed, but for some minutes after that was put off."""

import asyncio
import secrets
from datetime import datetime, timedelta

from buddy_tui.config import Settings
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import ServiceName
from buddy_tui.watch import Clock

# So long may production stay unlocked for one service after its name was typed.
UNLOCKED_FOR = timedelta(minutes=5)


class NameLock:
    """Whether the name of a service must be typed before it is changed; at most one service is unlocked."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._unlocked: tuple[ServiceName, datetime] | None = None

    def unlocked(self) -> tuple[ServiceName, timedelta] | None:
        """Return the service whose name is not asked for now, and for how long that goes on; else `None`."""
        if self._unlocked is None:
            return None
        name, until = self._unlocked
        left = until - self._clock()
        # A clock that was set back must not make it longer.
        return (name, left) if timedelta() < left <= UNLOCKED_FOR else None

    def needs_name(self, name: ServiceName) -> bool:
        """Tell whether the service's name must be typed before it is changed."""
        unlocked = self.unlocked()
        return self._settings.production and (unlocked is None or unlocked[0] != name)

    async def unlock(self, name: ServiceName, reason: str, journal: Journal) -> None:
        """Ask for no name for some minutes, and put that on record before. Raises Unwritable."""
        now, settings = self._clock(), self._settings
        until = now + UNLOCKED_FOR
        note = Record(
            now,
            Kind.NOTE,
            secrets.token_hex(8),
            name,
            verb="unlock",
            who=settings.account.value,
            acting=settings.impersonate.value,
            reason=reason,
            sentence=f"Its name is not asked for until {until:%H:%M:%S} UTC.",
        )
        await asyncio.to_thread(journal.write, note)
        self._unlocked = name, until

    def lock(self) -> None:
        """Ask for names again from now on."""
        self._unlocked = None
