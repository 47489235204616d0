"""actions: back to a revision that served before: 100 % to it by name, and every tag where it is."""

from collections.abc import Sequence
from dataclasses import replace

from buddy_tui import traffic
from buddy_tui.actions.arithmetic import all_to
from buddy_tui.actions.drafting import Look, Terms, drafted, guarded, unfit
from buddy_tui.actions.values import Plan, Verb
from buddy_tui.model import Revision, Service


def roll_back(service: Service, revisions: Sequence[Revision], revision: str, terms: Terms) -> Plan:
    """Plan to give all traffic to `revision`, by name, so that no deployment takes it away again.

    It does not depend on what the list is now: neither a poisoned nor a broken one, nor a lock, stands in its way.
    """
    seen = Look(service, tuple(revisions), terms)
    title = f"Roll back {service.name.service} to {revision}"
    plan = drafted(seen, Verb.ROLL_BACK, title, all_to(service.desired, revision), revision=revision)
    plan = replace(plan, needs_reason=True, rolled_back_from=_taken_from(service, revision))
    return guarded(plan, unfit(seen, [revision]))


def _taken_from(service: Service, revision: str) -> str:
    serving = (one.revision for one in traffic.shares(service.effective) if one.percent)
    return next((name for name in serving if name != revision), "")
