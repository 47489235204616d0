"""actions: the two marks that we leave on a service for everybody to see, and strict reading of what stands there.

Anybody who may change the service can write anything into an annotation, so what is not exactly a mark is none.
"""

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from buddy_tui.actions.arithmetic import percents_of
from buddy_tui.actions.values import Verb
from buddy_tui.model import ANNOTATIONS, Service

LOCK = f"{ANNOTATIONS}lock"
ROLLED_BACK = f"{ANNOTATIONS}rolled-back"

# No action of ours takes longer, so a lock that would was not written by us, or by a clock that is wrong.
_LONGEST_LOCK = timedelta(days=1)
_LONGEST_VALUE = 1_000
_NOT_OF_A_PERSON = re.compile(r"[^A-Za-z0-9._%+@:/-]")
_PERSON = re.compile(r"[A-Za-z0-9._%+@:/-]{1,254}")
_REVISION = re.compile(r"[a-z][a-z0-9-]{0,62}")
_PLAN = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Lock:
    """Somebody is at work. `holder` is an e-mail address or a host's name, `plan` the hash of the plan."""

    verb: Verb
    holder: str
    until: datetime
    plan: str


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Traffic was taken from revision `origin` and pinned to `to`. `decided` says that somebody wants it to stay so."""

    origin: str
    to: str
    at: datetime
    by: str = ""
    decided: bool = False


def lock_of(service: Service, now: datetime) -> Lock | None:
    """Return the lock that holds at `now`; `None` where there is none, or it ended, or is no lock of ours."""
    told = _told(service, LOCK)
    try:
        verb, holder = Verb(_text(told, "verb")), _match(_PERSON, told, "holder")
        lock = Lock(verb, holder, _moment(told, "until"), _match(_PLAN, told, "plan"))
    except ValueError:
        return None
    return lock if now < lock.until <= now + _LONGEST_LOCK else None


def rolled_back_of(service: Service) -> RolledBack | None:
    """Return the roll-back that the service still stands in: all traffic is asked to go where it led, by name."""
    told = _told(service, ROLLED_BACK)
    try:
        by = _match(_PERSON, told, "by") if told.get("by") else ""
        origin, to = _match(_REVISION, told, "from"), _match(_REVISION, told, "to")
        mark = RolledBack(origin, to, _moment(told, "at"), by, told.get("decided") is True)
    except ValueError:
        return None
    return mark if percents_of(service.desired) == {mark.to: 100} else None


def holder_of(who: str) -> str:
    """Return under which name somebody holds a lock: their account, else this machine's name."""
    return _person(who or platform.node()) or "somebody"


def lock_values(lock: Lock) -> dict[str, str | None]:
    """Return the annotation that sets a lock."""
    told = {
        "verb": lock.verb.value,
        "holder": _person(lock.holder) or "somebody",
        "until": _stamp(lock.until),
        "plan": lock.plan,
    }
    return {LOCK: json.dumps(told)}


def rolled_back_values(mark: RolledBack) -> dict[str, str | None]:
    """Return the annotation that marks a service as rolled back."""
    told = {"from": mark.origin, "to": mark.to, "at": _stamp(mark.at), "by": _person(mark.by)}
    return {ROLLED_BACK: json.dumps({**told, "decided": True} if mark.decided else told)}


def no_lock() -> dict[str, str | None]:
    """Return what takes the lock away."""
    return {LOCK: None}


def not_rolled_back() -> dict[str, str | None]:
    """Return what takes the mark of a roll-back away."""
    return {ROLLED_BACK: None}


def _told(service: Service, key: str) -> Mapping[str, object]:
    value = dict(service.annotations).get(key, "")
    if len(value) > _LONGEST_VALUE:
        return {}
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _text(told: Mapping[str, object], key: str) -> str:
    value = told.get(key)
    if not isinstance(value, str):
        raise ValueError(key)  # noqa: TRY004 - one kind of error for all that is wrong with a mark
    return value


def _match(pattern: re.Pattern[str], told: Mapping[str, object], key: str) -> str:
    if not pattern.fullmatch(value := _text(told, key)):
        raise ValueError(key)
    return value


def _moment(told: Mapping[str, object], key: str) -> datetime:
    moment = datetime.fromisoformat(_text(told, key))
    if moment.tzinfo is None:
        raise ValueError(key)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(key) from None


def _person(text: str) -> str:
    """Return a name as it can be read back: a host may be called anything."""
    return _NOT_OF_A_PERSON.sub("-", text)[:254]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
