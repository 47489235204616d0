"""A failed candidate that stayed in the desired traffic."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.story import Deployment, Story

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage


async def play(stage: "Stage") -> None:
    """Deploy a good revision, then a candidate with a tag that dies at its start, and leave it like that."""
    project = tree.read(workload.BUDDY)
    first, second = (datetime(2026, 2, day, 16, 12, 37, tzinfo=UTC) for day in (5, 6))
    await stage.deploy(Deployment("00001-gdk", first, project, "the first deployment"))
    await stage.deploy(
        Deployment(
            "00002-rpl",
            second,
            project.inside("Back_End"),
            "a candidate, from the wrong folder",
            traffic=False,
            tag="candidate",
        )
    )


STORY = Story("diverged", "A candidate failed and poisons the traffic list: desired is not what is.", play)
