"""cli: `buddy-tui restore-latest`: the way out of pinned traffic."""

from typing import TYPE_CHECKING

from buddy_tui.cli.changing import Guard, Scene, change
from buddy_tui.cli.options import Context

if TYPE_CHECKING:
    from buddy_tui.actions.values import Plan

_NO_OPTIONS = Context()
_NO_GUARD = Guard()


def restore_latest(*, guard: Guard = _NO_GUARD, context: Context = _NO_OPTIONS) -> int:
    """Give all traffic to the latest revision that is ready, and to each that will come."""

    async def plan(scene: Scene) -> "Plan":
        from buddy_tui.actions.restore_latest import restore_latest as planned

        return planned(scene.service, scene.revisions, scene.terms)

    return change(plan, context, guard)
