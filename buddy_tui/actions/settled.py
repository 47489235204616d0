"""actions: whether the world is as it was asked to be, and what is in between while it is not. Pure, and in words."""

from datetime import datetime, timedelta

from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.values import Targets
from buddy_tui.model import ConditionState, Service
from buddy_tui.traffic import in_words, truth

# What was asked for is effective within that, or something is in its way.
SETTLES_WITHIN = timedelta(seconds=120)


def is_taken_over(service: Service) -> bool:
    """Tell whether Cloud Run says that it has finished with the last change."""
    return not service.reconciling and not 0 < service.observed_generation < service.generation


def is_effective(service: Service, wanted: Targets) -> bool:
    """Tell whether `wanted` is both asked for and effective: percents by revision with LATEST resolved, and tags."""
    return same(service.desired, wanted) and is_taken_over(service) and not truth(service, ()).diverged


def overdue(service: Service, now: datetime) -> timedelta:
    """Return for how long traffic has not been where it was asked to be; zero while it may still be settling.

    It is counted from when Cloud Run says that routes are not ready, else from the last change of the service.
    """
    if not truth(service, ()).diverged:
        return timedelta()
    routes = next((one for one in service.conditions if one.type == "RoutesReady"), service.ready)
    unready = routes.since if routes.state is not ConditionState.SUCCEEDED else None
    since = unready or service.updated
    late = now - since if since else SETTLES_WITHIN
    return late if late >= SETTLES_WITHIN else timedelta()


def in_between(service: Service) -> str:
    """Say what stands between what was asked for and what is, with the words of Cloud Run where it has any."""
    notes = truth(service, ()).notes
    apart = next((note for note in notes if note.startswith("DIVERGED")), "")
    now = apart or f"Effective is {in_words(truth(service, ()).effective)}, and Cloud Run is still at work."
    return " ".join(filter(None, (now, _words(service))))


def _words(service: Service) -> str:
    """Quote the condition that speaks of traffic, else that of the service, unless all is well."""
    routes = [one for one in service.conditions if one.type == "RoutesReady"]
    for condition in (*routes, service.ready):
        if condition.message and condition.state is not ConditionState.SUCCEEDED:
            return f"Cloud Run says: {condition.message}"
    return ""
