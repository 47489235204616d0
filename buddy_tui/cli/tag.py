"""cli: `buddy-tui tag` and `untag`: an address of its own for a revision, without traffic."""

from typing import TYPE_CHECKING

from buddy_tui.cli.changing import Guard, Scene, change
from buddy_tui.cli.options import Context
from buddy_tui.cli.target import pick_revision, service_in

if TYPE_CHECKING:
    from buddy_tui.actions.values import Plan

_NO_OPTIONS = Context()
_NO_GUARD = Guard()


def tag(name: str, revision: str, /, *, guard: Guard = _NO_GUARD, context: Context = _NO_OPTIONS) -> int:
    """Give a revision an address of its own; a tag that another one has moves.

    Parameters
    ----------
    name
        The tag: lower-case letters, digits and hyphens.
    revision
        Its name or its end, or LATEST.

    """

    async def plan(scene: Scene) -> "Plan":
        from buddy_tui.actions.tags import tag as planned

        chosen = revision if revision == "LATEST" else pick_revision(scene.revisions, revision).name
        return planned(scene.service, scene.revisions, name, chosen, scene.terms)

    return change(plan, context, guard, service_in(revision))


def untag(name: str, /, *, guard: Guard = _NO_GUARD, context: Context = _NO_OPTIONS) -> int:
    """Take a tag away, and the address with it.

    Parameters
    ----------
    name
        The tag.

    """

    async def plan(scene: Scene) -> "Plan":
        from buddy_tui.actions.tags import untag as planned

        return planned(scene.service, scene.revisions, name, scene.terms)

    return change(plan, context, guard)
