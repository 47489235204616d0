"""A service as it should be."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.story import Deployment, Story

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage


async def play(stage: "Stage") -> None:
    """Deploy once; the traffic goes to the latest revision."""
    at = datetime(2026, 2, 5, 16, 12, 37, tzinfo=UTC)
    await stage.deploy(Deployment("00001-gdk", at, tree.read(workload.BUDDY), "the first deployment"))


STORY = Story("healthy", "One service, one good revision, all traffic on the latest.", play)
