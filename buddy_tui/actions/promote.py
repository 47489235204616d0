"""actions: one step of a promotion: so many percent to the candidate, and the rest as it was shared before."""

from collections.abc import Sequence

from buddy_tui.actions.arithmetic import LATEST, changed, percents_of
from buddy_tui.actions.drafting import FIT, Look, Terms, Why, drafted, guarded, unfit, unmade
from buddy_tui.actions.values import Plan, Verb
from buddy_tui.errors import UsageProblem
from buddy_tui.model import Revision, Service


def promote(
    service: Service, revisions: Sequence[Revision], revision: str, percent: int, terms: Terms
) -> Plan:
    """Plan to give `revision` so many percent (1..100). It only goes up: less than it has now is refused."""
    seen = Look(service, tuple(revisions), terms)
    title = f"Promote {revision} to {percent} %"
    if any(why := _no_step_up(service, revision, percent)):
        return unmade(seen, Verb.PROMOTE, title, why, revision=revision)
    try:
        after = changed(service.desired, {revision: percent})
    except UsageProblem as error:
        return unmade(seen, Verb.PROMOTE, title, (str(error), error.hint), revision=revision)
    plan = drafted(seen, Verb.PROMOTE, title, after, revision=revision)
    return guarded(plan, unfit(seen, [revision]))


def _no_step_up(service: Service, revision: str, percent: int) -> Why:
    """Refuse a step that would give another percent than it says, for LATEST may mean the candidate itself."""
    asked = percents_of(service.desired)
    by_name = asked.get(revision, 0)
    by_latest = asked.get(LATEST, 0) if service.latest_ready == revision else 0
    if not 1 <= percent <= 100:
        return f"{percent} % is no step: a promotion gives 1 to 100 %.", "Take traffic away by a split."
    if by_latest and percent < 100:
        return (
            f"LATEST means {revision}, which gets {by_latest} % by that already.",
            "Roll back first, so that traffic is pinned by name, and promote then.",
        )
    if percent < by_name:
        return f"{revision} has {by_name} % already.", "Take traffic away by a split."
    return FIT
