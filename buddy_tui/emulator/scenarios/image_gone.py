"""A way back that is none any more: the registry has lost the image."""

from datetime import timedelta
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.story import Deployment, Story

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

_LOST = "00002-rpl"


async def play(stage: "Stage") -> None:
    """Deploy three good revisions, a week apart; then the second one's image is cleaned up."""
    project = tree.read(workload.BUDDY)
    now = stage.clock.now()
    greetings = ("Hello, I am Buddy. What shall we do?", "Hello! What shall we do?", "Hello!")
    for revision, weeks, greeting in zip(
        ("00001-gdk", _LOST, "00003-w8c"), (3, 2, 1), greetings, strict=True
    ):
        source = project.edited("Back_End/reply_writer.py", greetings[0], greeting)
        await stage.deploy(Deployment(revision, now - timedelta(weeks=weeks), source, "another greeting"))
    await stage.lose_image(now - timedelta(days=1), _LOST)


STORY = Story("image-gone", "Three good revisions; the image of the one before the last is gone.", play)
