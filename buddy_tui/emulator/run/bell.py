"""Admin: tells those who wait for an operation that it is done."""

import asyncio
from contextlib import suppress

from buddy_tui.emulator.run.events import Event, OperationDone


class Bell:
    """Rings once for every operation that is done. It lives in one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Event] = {}

    def hear(self, event: Event) -> None:
        """Ring if the event says that an operation is done."""
        if isinstance(event, OperationDone):
            self.ring(event.name)

    def ring(self, operation: str) -> None:
        """Wake all who wait for `operation`."""
        if waiting := self._waiting.pop(operation, None):
            waiting.set()

    async def wait(self, operation: str, seconds: float) -> None:
        """Return when the bell rings for `operation`, or after so many seconds."""
        rung = self._waiting.setdefault(operation, asyncio.Event())
        with suppress(TimeoutError):
            await asyncio.wait_for(rung.wait(), seconds)
