"""actions: what a plan was made from, as one hash, and in words what has moved since."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from buddy_tui import traffic
from buddy_tui.actions.arithmetic import ALL_TO_LATEST, LATEST, percents_of, same, tags_of
from buddy_tui.actions.values import Plan, Targets
from buddy_tui.model import Service


def state_of(service: Service) -> str:
    """Return a SHA-256 (hex) of all that a plan for this service depends on.

    That is the traffic that was asked for, the traffic that is, and what LATEST means now and next: a new template
    shows as another newest revision. Left out is what our own marks move (etag, generation, annotations, the time
    and whether Cloud Run is at work), for else a lock would invalidate the plan that it is for; a write is bound to
    the etag besides. Order is left out too: Cloud Run may give a list back in another one.
    """
    told = [
        _routes(service.desired or ALL_TO_LATEST),
        _routes(service.effective),
        service.latest_ready,
        service.latest_created,
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def revised(plan: Plan, service: Service) -> tuple[str, ...]:
    """Tell what moved since the plan was made, in sentences, and who did it; nothing where it was nothing of matter."""
    if state_of(service) == plan.state:
        return ()
    return (
        *(_asked(plan.before, service.desired) or _beneath(service)),
        *_already(plan, service),
        *_by(service),
    )


def _routes(targets: Targets) -> list[list[object]]:
    return sorted([one.revision, one.percent, one.tag, one.latest] for one in targets)


def _asked(before: Targets, now: Targets) -> tuple[str, ...]:
    percents = _differences(percents_of(before), percents_of(now))
    tags = _differences(tags_of(before), tags_of(now))
    return (
        *(f"{key} was to get {was or 0} %, and is to get {is_ or 0} % now." for key, was, is_ in percents),
        *(
            f"Tag {tag} was on {was or 'nothing'}, and is on {is_ or 'nothing'} now."
            for tag, was, is_ in tags
        ),
    )


def _differences(
    before: Mapping[str, object], now: Mapping[str, object]
) -> Iterator[tuple[str, object, object]]:
    for key in dict.fromkeys((*before, *now)):
        if before.get(key) != now.get(key):
            yield key, before.get(key), now.get(key)


def _beneath(service: Service) -> tuple[str, ...]:
    serving = traffic.in_words(traffic.shares(service.effective))
    sentence = (
        "The traffic list is as it was, and what it stands on has moved: "
        f"effective is {serving}, {LATEST} means {service.latest_ready or 'nothing'}, "
        f"and the newest revision is {service.latest_created or 'none'}."
    )
    return (sentence,)


def _already(plan: Plan, service: Service) -> tuple[str, ...]:
    if same(plan.after, service.desired):
        return ("It asks for what this plan was to ask for.",)
    return ()


def _by(service: Service) -> tuple[str, ...]:
    if not service.last_modifier:
        return ()
    when = f" at {service.updated:%Y-%m-%d %H:%M:%S} UTC" if service.updated else ""
    return (f"The last change was made by {service.last_modifier}{when}.",)
