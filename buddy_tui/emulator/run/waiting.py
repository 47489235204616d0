"""Admin: finding operations, wherever they live, and waiting for them."""

from collections.abc import Callable
from dataclasses import dataclass

from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.bell import Bell
from buddy_tui.emulator.run.world import World

# How long WaitOperation waits when it is not told, and at most, in seconds. Unverified.
LONGEST_WAIT = 60.0


def _nowhere(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class LongRunning:
    """All operations: those of the world, and those that `elsewhere` finds by name (builds).

    `bell` must hear the world's events, and ring for operations elsewhere too.
    """

    world: World
    bell: Bell
    elsewhere: Callable[[str], Message | None] = _nowhere

    def get(self, name: str) -> Message:
        """Return the operation as it is now; NOT_FOUND if nobody knows it."""
        return self.elsewhere(name) or self.world.get_operation(name)

    async def wait(self, name: str, seconds: float) -> Message:
        """Return the operation when it is done, or after so many seconds (0: as long as may be) as it is then."""
        operation = self.get(name)
        if operation.done:
            return operation
        await self.bell.wait(name, min(seconds or LONGEST_WAIT, LONGEST_WAIT))
        return self.get(name)
