"""World: the conditions of services and revisions, as Cloud Run words and orders them.

What v1 of the API calls Unknown is RECONCILING here; that pairing is unverified.
"""

import re
from datetime import datetime

from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import wording
from buddy_tui.emulator.run.messages import Condition

RECONCILING = Condition.CONDITION_RECONCILING
FAILED = Condition.CONDITION_FAILED
SUCCEEDED = Condition.CONDITION_SUCCEEDED

# The order in which a boot decides them.
_ORDER = (
    "RoutesReady",
    "ConfigurationsReady",
    "ContainerReady",
    "ResourcesAvailable",
    "Retry",
    "ContainerHealthy",
    "Ready",
    "Active",
)
_INFO = frozenset({"Retry", "Active"})


def state(revision: Message) -> int:
    """Return the state of a revision's Ready condition; RECONCILING as long as nothing was told."""
    ready = find(revision, "Ready")
    return int(ready.state) if ready is not None else RECONCILING


def find(resource: Message, kind: str) -> Message | None:
    """Return the condition of type `kind`, if `resource` has one."""
    return next((condition for condition in resource.conditions if condition.type_ == kind), None)


def put(resource: Message, fresh: Message) -> None:
    """Set one condition of a service or revision, in its place."""
    known = find(resource, fresh.type_)
    if known is not None:
        turn(known, fresh)
        return
    ordered = sorted([*resource.conditions, fresh], key=lambda one: _ORDER.index(one.type_))
    del resource.conditions[:]
    resource.conditions.extend(ordered)


def turn(known: Message, fresh: Message) -> None:
    """Let `known` say what `fresh` says; its time of transition moves only with its state."""
    since = fresh.last_transition_time if known.state != fresh.state else known.last_transition_time
    fresh.last_transition_time.CopyFrom(since)
    known.CopyFrom(fresh)


def condition(kind: str, state: int, now: datetime, *, message: str = "", reason: str = "") -> Message:
    """Make a condition. `reason` is in the console's words (`HealthCheckContainerError`) or an enum's name."""
    made = Condition(type_=kind, state=state, message=message)
    made.severity = Condition.INFO if kind in _INFO else Condition.SEVERITY_UNSPECIFIED
    made.last_transition_time.FromDatetime(now)
    name = reason if reason.isupper() else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", reason).upper()
    if name in Condition.RevisionReason.keys():  # noqa: SIM118 - an enum wrapper, no dict
        made.revision_reason = Condition.RevisionReason.Value(name)
    elif name:
        made.reason = Condition.CommonReason.Value(name)
    return made


def booting(revision: Message, now: datetime) -> None:
    """Say that the revision is new and undecided."""
    revision.reconciling = True
    put(revision, condition("Ready", RECONCILING, now, message=wording.DEPLOYING))


def imported(revision: Message, seconds: float, now: datetime) -> None:
    """Say that its image was imported."""
    put(revision, condition("ContainerReady", SUCCEEDED, now, message=wording.imported(seconds)))


def provisioned(revision: Message, seconds: float, now: datetime) -> None:
    """Say that its containers are laid out."""
    put(revision, condition("ResourcesAvailable", SUCCEEDED, now, message=wording.provisioned(seconds)))
    put(revision, condition("Retry", SUCCEEDED, now, message=wording.RETRY, reason="IMMEDIATE_RETRY"))


def booted(revision: Message, seconds: float, total: float, now: datetime) -> None:
    """Say that its health check succeeded after `seconds`, and the whole boot after `total`."""
    put(revision, condition("ContainerHealthy", SUCCEEDED, now, message=wording.healthy(seconds)))
    put(revision, condition("Ready", SUCCEEDED, now, message=wording.deployed(total)))
    revision.reconciling = False
    revision.observed_generation = revision.generation


def broke(revision: Message, reason: str, message: str, now: datetime) -> None:
    """Say that it did not boot. An image that cannot be had fails ContainerReady, all else ContainerHealthy."""
    kind = "ContainerReady" if reason.upper().replace("_", "").startswith("CONTAINER") else "ContainerHealthy"
    put(revision, condition(kind, FAILED, now, message=message, reason=reason))
    put(revision, condition("Ready", FAILED, now, message=message, reason=reason))
    revision.reconciling = False
    revision.observed_generation = revision.generation


def activate(revision: Message, now: datetime, *, active: bool) -> None:
    """Say whether a revision that is ready has traffic or a tag. A retired one stays Ready: it wakes on traffic.

    That v2 puts the reason RETIRED on Ready as v1 does is unverified.
    """
    known = find(revision, "Active")
    if known is not None and (known.state == SUCCEEDED) == active:
        return
    reason = "" if active else "RETIRED"
    put(revision, condition("Ready", SUCCEEDED, now, message=_message(revision, "Ready"), reason=reason))
    health = SUCCEEDED if active else RECONCILING
    message = _message(revision, "ContainerHealthy")
    put(revision, condition("ContainerHealthy", health, now, message=message, reason=reason))
    activity, message = (SUCCEEDED, "") if active else (FAILED, wording.RETIRED)
    put(revision, condition("Active", activity, now, message=message, reason=reason))


def _message(revision: Message, kind: str) -> str:
    known = find(revision, kind)
    return "" if known is None else str(known.message)
