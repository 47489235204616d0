"""cli: `buddy-tui rollback`: traffic back to a revision that is known to have served well."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from buddy_tui.cli.changing import Guard, Scene, change, now
from buddy_tui.cli.options import Context
from buddy_tui.cli.target import pick_revision, service_in
from buddy_tui.errors import UsageProblem

if TYPE_CHECKING:
    from buddy_tui.actions.values import Candidate, Plan

_NO_OPTIONS = Context()
_NO_GUARD = Guard()
_SHOWN = 5


def rollback(
    revision: str | None = None, /, *, guard: Guard = _NO_GUARD, context: Context = _NO_OPTIONS
) -> int:
    """Give all traffic to a revision that served before, and prove that it has it.

    Parameters
    ----------
    revision
        Its name or its end. Without one: the last that is known to be good.

    """

    async def plan(scene: Scene) -> "Plan":
        from buddy_tui.actions.roll_back import roll_back

        wanted = pick_revision(scene.revisions, revision).name if revision else await _default(scene)
        plan = roll_back(scene.service, scene.revisions, wanted, scene.terms)
        return plan if plan.refusal else await _with_hazards(scene, plan)

    return change(plan, context, guard, service_in(revision or ""))


async def _with_hazards(scene: Scene, plan: "Plan") -> "Plan":
    """Add what a way back may meet, the registry asked as well."""
    from buddy_tui.actions.hazards import hazards

    known = {one.name: one for one in scene.revisions}
    target = known[plan.revision]
    image = await scene.cloud.image_is_there(target.containers[0].image) if target.containers else None
    told = hazards(target, known.get(plan.rolled_back_from), revisions=scene.revisions, image=image)
    return replace(plan, warnings=(*told, *plan.warnings))


async def _default(scene: Scene) -> str:
    """Return the last revision that is known to be good, and tell why. Raises UsageProblem where none is known."""
    from buddy_tui.actions.candidates import default_of, ranked, without_default
    from buddy_tui.actions.gather import gather

    stream = gather(scene.cloud, scene.service, scene.revisions, scene.journal.read().records, now)
    *_, known = [so_far async for so_far in stream]
    candidates = ranked(scene.service, scene.revisions, known)
    chosen = default_of(candidates)
    if chosen is None:
        raise UsageProblem(without_default(candidates, known), _listed(candidates))
    for told in (*chosen.good, *chosen.bad):
        print(f"buddy-tui: {chosen.revision}: {told}", file=sys.stderr)
    return chosen.revision


def _listed(candidates: "tuple[Candidate, ...]") -> str:
    names = [one.revision for one in candidates if not one.refusal][:_SHOWN]
    return f"Name one: {', '.join(names)}." if names else "Deploy a good one."
