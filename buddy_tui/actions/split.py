"""actions: traffic shared out by percents, as gcloud does it."""

from collections.abc import Mapping, Sequence

from buddy_tui.actions.arithmetic import changed
from buddy_tui.actions.drafting import Look, Terms, drafted, guarded, unfit, unmade
from buddy_tui.actions.values import Plan, Verb
from buddy_tui.errors import UsageProblem
from buddy_tui.model import Revision, Service


def split(service: Service, revisions: Sequence[Revision], percents: Mapping[str, int], terms: Terms) -> Plan:
    """Plan to give these keys (revisions, or LATEST) their percents; all others share the rest as before."""
    seen = Look(service, tuple(revisions), terms)
    title = f"Split {service.name.service}: {', '.join(f'{key} {percent} %' for key, percent in percents.items())}"
    if not percents:
        return unmade(seen, Verb.SPLIT, f"Split {service.name.service}", ("No percent was named.", ""))
    try:
        after = changed(service.desired, percents)
    except UsageProblem as error:
        return unmade(seen, Verb.SPLIT, title, (str(error), error.hint))
    plan = drafted(seen, Verb.SPLIT, title, after)
    return guarded(plan, unfit(seen, [key for key, percent in percents.items() if percent]))
