"""One revision for each cause of a failed boot that can be made here; each is named after its cause."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from buddy_tui.emulator.scenarios.failures_code import CODE
from buddy_tui.emulator.scenarios.failures_outside import OUTSIDE
from buddy_tui.emulator.scenarios.failures_shop import SHOP
from buddy_tui.emulator.story import Deployment, Story

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

_FIRST = datetime(2026, 2, 10, 8, 30, 12, tzinfo=UTC)
_APART = timedelta(minutes=14, seconds=37)


async def play(stage: "Stage") -> None:
    """Deploy the shop as it boots, then each broken one in turn; the good one keeps serving."""
    await stage.deploy(Deployment("00001-none", _FIRST, SHOP, "the shop as it boots"))
    for number, failure in enumerate((*CODE, *OUTSIDE), 2):
        await stage.deploy(
            Deployment(
                f"{number:05d}-{failure.cause.replace('_', '-')}",
                _FIRST + (number - 1) * _APART,
                failure.tree(),
                failure.idea,
                env=failure.env,
                probe=failure.probe,
                lost=failure.lost,
            )
        )


STORY = Story("failures", "One failed revision for each cause of a failed boot, each really booted.", play)
