"""A trial on half of the traffic."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.story import Deployment, Story, Target

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

_STABLE, _CANDIDATE = "00001-gdk", "00002-rpl"


async def play(stage: "Stage") -> None:
    """Deploy two good revisions, the second without traffic, then give each a tag and half of the traffic."""
    project = tree.read(workload.BUDDY)
    shorter = project.edited("Back_End/reply_writer.py", "Hello, I am Buddy. What shall we do?", "Hello!")
    first, second, trial = (datetime(2026, 2, 5, 16, minute, 37, tzinfo=UTC) for minute in (12, 40, 55))
    await stage.deploy(Deployment(_STABLE, first, project, "the first deployment"))
    await stage.deploy(
        Deployment(_CANDIDATE, second, shorter, "a shorter greeting", traffic=False, tag="candidate")
    )
    await stage.route(trial, [Target(_STABLE, 50, "stable"), Target(_CANDIDATE, 50, "candidate")])


STORY = Story("split", "Two good revisions share the traffic, 50 to 50, each with a tag.", play)
