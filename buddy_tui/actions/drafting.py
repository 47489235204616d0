"""actions: what every plan has in common: its terms, its commands, and the grounds on which it is refused."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Self

from buddy_tui import reasons
from buddy_tui.actions.arithmetic import LATEST, same
from buddy_tui.actions.commands import update_traffic
from buddy_tui.actions.consequences import also, change_to, irrevocable, warnings
from buddy_tui.actions.marks import lock_of
from buddy_tui.actions.state import state_of
from buddy_tui.actions.values import Plan, Targets, Verb
from buddy_tui.config import Settings
from buddy_tui.model import Revision, RevisionState, Service

# Why something cannot be done, and the way out.
Why = tuple[str, str]
FIT: Why = ("", "")

_NOTHING = "Nothing to do: "


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what terms a plan is made.

    - `now`: the clock's time, which decides whether a lock still holds
    - `production`: every change wants a reason
    - `who`: the account that we sign in as; a lock of its own does not warn, a change of its own is undone unasked
    - `acting`: the service account that is used instead, which the commands name
    """

    now: datetime
    production: bool = False
    who: str = ""
    acting: str = ""

    @classmethod
    def of(cls, settings: Settings, now: datetime) -> Self:
        """Return the terms that the settings set."""
        return cls(now, settings.production, settings.account.value, settings.impersonate.value)


@dataclass(frozen=True, slots=True)
class Look:
    """What a plan is made from: one look at a service and all its revisions, newest first."""

    service: Service
    revisions: tuple[Revision, ...]
    terms: Terms

    def revision(self, name: str) -> Revision | None:
        """Return the revision of that name, if there is one."""
        return next((one for one in self.revisions if one.name == name), None)


def nothing_to_do(plan: Plan) -> bool:
    """Tell whether a plan is refused only because everything is as it asks for already."""
    return plan.refusal.startswith(_NOTHING)


def drafted(
    seen: Look, verb: Verb, title: str, after: Targets, *, revision: str = "", own: Iterable[str] = ()
) -> Plan:
    """Return the plan that leads to `after`, with all that can be said about any such change.

    `own` are the warnings of this verb alone. The plan is refused when there is nothing to do; then it keeps the list
    exactly as it is on the wire.
    """
    service, terms = seen.service, seen.terms
    if same(service.desired, after):
        why = f"{_NOTHING}{service.name.service} is asked to be so already."
        hint = "Cloud Run is still at work on it." if service.reconciling else ""
        return unmade(seen, verb, title, (why, hint), revision=revision)
    change = change_to(after, service, seen.revisions)
    lock = lock_of(service, terms.now)
    return replace(
        _bare(seen, verb, title, revision),
        after=after,
        also=also(change),
        warnings=warnings(change, own, lock if lock and lock.holder != terms.who else None),
        irrevocable=irrevocable(change),
        command=update_traffic(service.name, service.desired, after, terms.acting),
        undo_command=update_traffic(service.name, after, service.desired, terms.acting),
    )


def unmade(seen: Look, verb: Verb, title: str, why: Why, *, revision: str = "") -> Plan:
    """Return a plan that changes nothing, and say why."""
    return guarded(_bare(seen, verb, title, revision), why)


def guarded(plan: Plan, why: Why) -> Plan:
    """Return the plan refused, if there is a reason to. It offers nothing to copy and tells no consequences then."""
    refusal, hint = why
    if not refusal:
        return plan
    return replace(
        plan, refusal=refusal, hint=hint, also=(), warnings=(), irrevocable=(), command="", undo_command=""
    )


def unfit(seen: Look, keys: Iterable[str]) -> Why:
    """Tell why one of these keys can get no traffic."""
    if not seen.service.latest_created and not seen.revisions:
        return (
            "Nothing was ever deployed: the first deployment takes 100 %, it cannot be without traffic.",
            "Deploy a first revision.",
        )
    return next(filter(any, (_unfit(seen, key) for key in keys)), FIT)


def _unfit(seen: Look, key: str) -> Why:
    if key == LATEST:
        if seen.service.latest_ready:
            return FIT
        return "No revision was ever ready, so LATEST means nothing.", "Deploy one that boots."
    revision = seen.revision(key)
    if revision is None:
        return f"{seen.service.name.service} has no revision {key}.", _near(seen, key)
    if revision.state is RevisionState.FAILED:
        said = reasons.in_words(revision.reason)
        return (
            f"{key} failed{f' ({said})' if said else ''} and cannot serve.",
            "Choose a revision that was ready.",
        )
    if revision.state is RevisionState.PENDING:
        return (
            f"{key} was never ready so far and cannot serve.",
            "Wait until it is ready, or choose another one.",
        )
    return FIT


def _near(seen: Look, key: str) -> str:
    near = get_close_matches(key, [one.name for one in seen.revisions], n=3, cutoff=0.5)
    return f"Near: {', '.join(near)}." if near else ""


def _bare(seen: Look, verb: Verb, title: str, revision: str) -> Plan:
    service = seen.service
    return Plan(
        verb=verb,
        name=service.name,
        title=title,
        before=service.desired,
        after=service.desired,
        etag=service.etag,
        state=state_of(service),
        revision=revision,
        needs_reason=seen.terms.production,
    )
