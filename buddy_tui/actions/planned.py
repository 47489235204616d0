"""actions: the plan of a wish: one look at the service, and what the journal and the audit log tell where it takes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from buddy_tui.actions.decide import stay_pinned
from buddy_tui.actions.drafting import Look, Terms, unmade
from buddy_tui.actions.evidence import serving
from buddy_tui.actions.former import former_of
from buddy_tui.actions.hazards import hazards
from buddy_tui.actions.promotion import first_step
from buddy_tui.actions.restore_latest import restore_latest
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.split import split
from buddy_tui.actions.tags import tag, untag
from buddy_tui.actions.undo import undo
from buddy_tui.actions.values import Plan, Verb
from buddy_tui.actions.wishes import Wish
from buddy_tui.errors import BuddyError
from buddy_tui.gateway import Cloud
from buddy_tui.journal.values import Record
from buddy_tui.model import Revision, Service

# Google keeps the audit log of changes for so long.
_KEPT = timedelta(days=400)

_Planner = Callable[[Wish, Service, Sequence[Revision], Terms], Plan]
_PLANNERS: Mapping[Verb, _Planner] = {
    Verb.ROLL_BACK: lambda wish, service, revisions, terms: _heeded(
        roll_back(service, revisions, wish.revision, terms), service, revisions
    ),
    Verb.TAG: lambda wish, service, revisions, terms: tag(service, revisions, wish.tag, wish.revision, terms),
    Verb.UNTAG: lambda wish, service, revisions, terms: untag(service, revisions, wish.tag, terms),
    Verb.SPLIT: lambda wish, service, revisions, terms: split(service, revisions, dict(wish.percents), terms),
    Verb.RESTORE_LATEST: lambda _, service, revisions, terms: restore_latest(service, revisions, terms),
    Verb.STAY_PINNED: lambda _, service, _revisions, terms: stay_pinned(service, terms),
}


async def planned(
    wish: Wish,
    cloud: Cloud,
    service: Service,
    revisions: Sequence[Revision],
    records: Sequence[Record],
    terms: Terms,
    steps: Sequence[int],
) -> Plan:
    """Return the plan of a wish. `records` are the journal's; the audit log is asked of an undo alone.

    `steps` are those of a promotion, whose first one is planned.
    """
    if wish.verb is Verb.PROMOTE:
        return first_step(service, revisions, wish.revision, terms, steps)
    if wish.verb is Verb.UNDO:
        return await _undone(cloud, Look(service, tuple(revisions), terms), records)
    return _PLANNERS[wish.verb](wish, service, revisions, terms)


async def _undone(cloud: Cloud, seen: Look, records: Sequence[Record]) -> Plan:
    service, terms = seen.service, seen.terms
    silent = ""
    try:
        changes = await cloud.traffic_changes(service.name, terms.now - _KEPT)
    except BuddyError as error:
        changes, silent = (), f" The audit log cannot be read: {error}"
    if former := former_of(service, records, changes):
        return undo(service, seen.revisions, former.targets, terms, by=former.by)
    why = (
        f"Neither the journal nor the audit log tells what stood before.{silent}",
        "Say what you want instead: roll back to a revision, or restore latest.",
    )
    return unmade(seen, Verb.UNDO, f"Undo the last change of {service.name.service}", why)


def _heeded(plan: Plan, service: Service, revisions: Sequence[Revision]) -> Plan:
    """Add what makes going back to that very revision dangerous."""
    target = next((one for one in revisions if one.name == plan.revision), None)
    if plan.refusal or target is None:
        return plan
    told = hazards(target, serving(service, revisions), revisions=revisions)
    return replace(plan, warnings=(*told, *plan.warnings))
