"""A trial that goes on by itself: half of the traffic is on whatever is the latest."""

from datetime import timedelta
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.story import Deployment, Story, Target

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

_STABLE = "00001-gdk"


async def play(stage: "Stage") -> None:
    """Deploy two good revisions; then give half of the traffic to the first by name, and half to LATEST."""
    project = tree.read(workload.BUDDY)
    shorter = project.edited("Back_End/reply_writer.py", "Hello, I am Buddy. What shall we do?", "Hello!")
    now = stage.clock.now()
    await stage.deploy(Deployment(_STABLE, now - timedelta(days=9), project, "the first deployment"))
    await stage.deploy(Deployment("00002-rpl", now - timedelta(days=2), shorter, "a shorter greeting"))
    await stage.route(now - timedelta(days=1), [Target(_STABLE, 50, "stable"), Target("", 50, "newest")])


STORY = Story("latest-split", "Half of the traffic by name, half on LATEST.", play)
