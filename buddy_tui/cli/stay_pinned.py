"""cli: `buddy-tui stay-pinned`: a roll-back stays, and nobody is reminded of it any more."""

from typing import TYPE_CHECKING

from buddy_tui.cli.changing import Guard, Scene, change
from buddy_tui.cli.options import Context

if TYPE_CHECKING:
    from buddy_tui.actions.values import Plan

_NO_OPTIONS = Context()
_NO_GUARD = Guard()


def stay_pinned(*, guard: Guard = _NO_GUARD, context: Context = _NO_OPTIONS) -> int:
    """Say that the service stays where it was rolled back to. No traffic is touched."""

    async def plan(scene: Scene) -> "Plan":
        from buddy_tui.actions.decide import stay_pinned as planned

        return planned(scene.service, scene.terms)

    return change(plan, context, guard)
