"""actions: a former traffic list again, exactly as it was: at somebody's wish, or by ourselves when a gate failed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from buddy_tui.actions.arithmetic import LATEST, percents_of, tags_of
from buddy_tui.actions.drafting import Look, Terms, Why, drafted, guarded, unfit
from buddy_tui.actions.values import Plan, Targets, Verb
from buddy_tui.model import Revision, Service

_INSTEAD = "Roll back to a revision that is there, or split."
_ARE = ("is", "are")


def undo(
    service: Service, revisions: Sequence[Revision], former: Targets, terms: Terms, *, by: str = ""
) -> Plan:
    """Plan to bring back the list that stood before the last change, which `by` made; empty means ourselves.

    `former` comes from the journal, the audit log or an earlier look. Whatever it names must still be there.
    """
    seen = Look(service, tuple(revisions), terms)
    others = bool(by) and by != terms.who
    title = f"Undo the last change of {service.name.service}{f', made by {by}' if others else ''}"
    plan = drafted(seen, Verb.UNDO, title, former, own=_other_latest(service, former))
    plan = replace(plan, needs_reason=terms.production or others)
    return guarded(plan, _irretrievable(seen, former))


def put_back(service: Service, before: Targets, terms: Terms) -> Plan:
    """Plan to bring back the list that stood before a change of ours whose gate failed. Nothing stands in its way."""
    title = f"Put {service.name.service} back to where it was"
    return replace(drafted(Look(service, (), terms), Verb.PUT_BACK, title, before), needs_reason=False)


def _irretrievable(seen: Look, former: Targets) -> Why:
    percents = percents_of(former)
    if sum(percents.values()) != 100 or min(percents.values()) < 0:
        return "The former list does not add up to 100 %.", _INSTEAD
    there = {LATEST, *(one.name for one in seen.revisions)}
    gone = sorted({*percents, *tags_of(former).values()} - there)
    if gone:
        return f"The former list cannot come back: {', '.join(gone)} {_ARE[len(gone) > 1]} gone.", _INSTEAD
    return unfit(seen, percents)


def _other_latest(service: Service, former: Targets) -> Iterator[str]:
    if LATEST in percents_of(former):
        yield f"LATEST means {service.latest_ready} now: it may have meant another revision then."
