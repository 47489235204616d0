"""The incident: nine deployments from the wrong folder, nine repairs of the wrong thing, and a rollback."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.scenarios.buddy_fixes import fixes
from buddy_tui.emulator.story import Deployment, Story, Target

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

_GOOD = "00028-bsx"
_DEPLOYED = datetime(2026, 2, 5, 16, 12, 37, tzinfo=UTC)
_ROLLED_BACK = datetime(2026, 2, 9, 21, 6, 44, tzinfo=UTC)


async def play(stage: "Stage") -> None:
    """Deploy once from the project's root, nine times from inside Back_End/, then pin the good revision."""
    project = tree.read(workload.BUDDY)
    await stage.deploy(Deployment(_GOOD, _DEPLOYED, project, "from the project's root"))
    for fix in fixes(project):
        await stage.deploy(fix)
    await stage.route(_ROLLED_BACK, [Target(_GOOD, 100)])


STORY = Story("buddy", "Nine deployments from the wrong folder, and a rollback.", play)
