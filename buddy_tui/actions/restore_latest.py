"""actions: the way out of pinned traffic: everything follows the latest ready revision again."""

from collections.abc import Iterator, Sequence

from buddy_tui import traffic
from buddy_tui.actions.arithmetic import LATEST, to_latest
from buddy_tui.actions.drafting import Look, Terms, drafted, guarded, unfit
from buddy_tui.actions.values import Plan, Verb
from buddy_tui.model import Revision, Service


def restore_latest(service: Service, revisions: Sequence[Revision], terms: Terms) -> Plan:
    """Plan to give 100 % to LATEST, and leave every tag where it is."""
    seen = Look(service, tuple(revisions), terms)
    title = f"Let {service.name.service} follow the latest revision again"
    after, ready = to_latest(service.desired), service.latest_ready
    plan = drafted(seen, Verb.RESTORE_LATEST, title, after, revision=ready, own=_elsewhere(service))
    return guarded(plan, unfit(seen, [LATEST]))


def _elsewhere(service: Service) -> Iterator[str]:
    serving = tuple(one for one in traffic.shares(service.effective) if one.percent)
    if [one.revision for one in serving] != [service.latest_ready]:
        yield f"LATEST means {service.latest_ready}, and what serves now is {traffic.in_words(serving)}."
    if service.latest_created != service.latest_ready:
        yield f"LATEST means {service.latest_ready}, not the newest revision, {service.latest_created}."
