"""cli: `buddy-tui undo`: the traffic list again that stood before the last change."""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from buddy_tui.cli.changing import Guard, Scene, change, now
from buddy_tui.cli.options import Context
from buddy_tui.errors import BuddyError, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.actions.values import Plan
    from buddy_tui.gateway import TrafficChange

_NO_OPTIONS = Context()
_NO_GUARD = Guard()
# Google keeps the audit log of changes for so long.
_KEPT = timedelta(days=400)


def undo(*, guard: Guard = _NO_GUARD, context: Context = _NO_OPTIONS) -> int:
    """Bring back the exact traffic list that stood before the last change, whoever made it."""

    async def plan(scene: Scene) -> "Plan":
        from buddy_tui.actions.former import former_of
        from buddy_tui.actions.undo import undo as planned

        former = former_of(scene.service, scene.journal.read().records, await _changes(scene))
        if former is None:
            raise UsageProblem(
                "Neither the journal nor the audit log tells what stood before.",
                "Say what you want instead: rollback REVISION, split, or restore-latest.",
            )
        print(f"buddy-tui: what stood before is told by {former.source}.", file=sys.stderr)
        return planned(scene.service, scene.revisions, former.targets, scene.terms, by=former.by)

    return change(plan, context, guard)


async def _changes(scene: Scene) -> "tuple[TrafficChange, ...]":
    """Read the audit log; the journal may do without it."""
    try:
        return await scene.cloud.traffic_changes(scene.service.name, now() - _KEPT)
    except BuddyError as error:
        print(f"buddy-tui: the audit log cannot be read: {error}", file=sys.stderr)
        return ()
