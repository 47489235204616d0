"""cli: `buddy-tui split`: traffic shared between revisions, by percent."""

from typing import TYPE_CHECKING

from buddy_tui.cli.changing import Guard, Scene, change
from buddy_tui.cli.options import Context
from buddy_tui.cli.target import pick_revision, service_in
from buddy_tui.errors import UsageProblem

if TYPE_CHECKING:
    from buddy_tui.actions.values import Plan

_NO_OPTIONS = Context()
_NO_GUARD = Guard()


def split(*shares: str, guard: Guard = _NO_GUARD, context: Context = _NO_OPTIONS) -> int:
    """Share the traffic, e.g. `api-00042-xez=10`; who is not named keeps the rest, in the same proportions.

    Parameters
    ----------
    shares
        REVISION=PERCENT, as many as you like; LATEST is whichever is newest and ready.

    """
    wanted = dict(map(_share, shares))
    if not wanted or len(wanted) < len(shares):
        raise UsageProblem("split wants REVISION=PERCENT, each revision once.", "split api-00042-xez=10")

    async def plan(scene: Scene) -> "Plan":
        from buddy_tui.actions.split import split as planned

        percents = {
            name if name == "LATEST" else pick_revision(scene.revisions, name).name: percent
            for name, percent in wanted.items()
        }
        return planned(scene.service, scene.revisions, percents, scene.terms)

    return change(plan, context, guard, next(filter(None, map(service_in, wanted)), ""))


def _share(text: str) -> tuple[str, int]:
    name, equals, percent = text.rpartition("=")
    if not (equals and name and percent.isdecimal() and percent.isascii() and int(percent) <= 100):
        raise UsageProblem(f"{text!a} is not REVISION=PERCENT.", "split api-00042-xez=10")
    return name, int(percent)
