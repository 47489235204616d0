"""A service that has never been ready."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.story import Deployment, Story

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage


async def play(stage: "Stage") -> None:
    """Deploy once, from the wrong folder."""
    at = datetime(2026, 2, 6, 15, 4, 17, tzinfo=UTC)
    source = tree.read(workload.BUDDY).inside("Back_End")
    await stage.deploy(Deployment("00001-gdk", at, source, "the first deployment"))


STORY = Story("empty", "A service whose only revision never started.", play)
