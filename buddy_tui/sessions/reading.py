"""sessions: what an answer says of the session, whether it agrees with the document, and whose clock is wrong. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isclose

from buddy_tui.clean import clean_line
from buddy_tui.gateway import Document
from buddy_tui.probes.values import Answer
from buddy_tui.question import SessionPlan
from buddy_tui.sessions.fill import at_field, parsed, pointed
from buddy_tui.sessions.moments import moment
from buddy_tui.sessions.seen import Reading, Sight

# firebase-admin forgives a token or session cookie at most so much (`clock_skew_seconds`), and by default nothing.
MOST_SKEW = timedelta(seconds=60)
_MISSING = {404, 410}
_MOST_SHOWN = 80
# A Date header knows no less: what is nearer than that is the same.
_SECOND = timedelta(seconds=1)


def reading(answer: Answer, plan: SessionPlan, *, after: float = 0.0) -> Reading:
    """Return what a read says. An answer without any of the fields that must agree has no session in it."""
    body = parsed(answer.body)
    sight, words = _sight(answer, body, plan)
    return Reading(
        sight,
        words,
        instance_of(body, plan),
        after,
        answer.trace,
        refused=answer.refusal is not None,
        body=body,
    )


def instance_of(body: object, plan: SessionPlan) -> str:
    """Return the instance that an answer names, empty where it names none."""
    named = pointed(body, plan.instance) if plan.instance else None
    return shown(named) if isinstance(named, str | int) else ""


def shown(value: object) -> str:
    """Return a foreign value as short, clean text."""
    return clean_line(str(value)[:_MOST_SHOWN])


def in_words(answer: Answer) -> str:
    """Say what came back, without a full stop, e.g. `it answers 404`."""
    said = (answer.reason or f"it is not let in ({answer.refusal})") if answer.refusal else answer.trouble
    return said.rstrip(".") or (f"it answers {answer.status}" if answer.status else "it gives no answer")


def disagreements(found: Reading, document: Document, plan: SessionPlan) -> Iterator[str]:
    """Say which fields of an answer and of the document differ. Values are people's own, and are not told."""
    for pointer, path in plan.agree:
        told, kept = pointed(found.body, pointer), at_field(document.fields, path)
        if told is None and kept is None:
            continue
        if told is None:
            yield f"{path} is in the document, and the answer has nothing at {pointer}"
        elif kept is None:
            yield f"{pointer} is in the answer, and the document has no field {path}"
        elif not same(told, kept):
            yield f"{pointer} of the answer is not {path} of the document"


def same(told: object, kept: object) -> bool:
    """Tell whether a JSON value and a document's field are the same; times are compared as times.

    An answer may give a time with fewer digits than Firestore keeps.
    """
    if isinstance(kept, datetime):
        when = moment(told)
        return when is not None and abs(when - kept) < _precision(told)
    if isinstance(told, bool) or isinstance(kept, bool):
        return told is kept
    if isinstance(told, int | float) and isinstance(kept, int | float):
        return isclose(told, kept, rel_tol=1e-15)
    return told == kept


def skew_in_words(
    plan: SessionPlan, document: Document | None, date: str, began: datetime, ended: datetime
) -> str:
    """Say which clocks are more than `MOST_SKEW` apart, in one sentence; empty when none are.

    The session was made between `began` and `ended` by our clock. Whoever's time lies outside is off by the
    difference: the document's own field for the time of creation, Firestore's, and the service's `Date`.
    """
    moments = {
        "the time that the service wrote into the document": _written(plan, document),
        "Firestore's clock": document.created if document else None,
        "the service's Date header": _date(date),
    }
    offsets = {name: _outside(when, began, ended) for name, when in moments.items() if when is not None}
    times = {"this machine's clock": timedelta(), **offsets}
    early, late = min(times, key=times.__getitem__), max(times, key=times.__getitem__)
    apart = times[late] - times[early]
    if apart <= MOST_SKEW:
        return ""
    return f"Clocks differ: {late} is {_span(apart)} ahead of {early}."


def _sight(answer: Answer, body: object, plan: SessionPlan) -> tuple[Sight, str]:
    words = in_words(answer)
    if answer.refusal is not None or answer.ours:
        return Sight.UNASKED, words
    if answer.status in _MISSING:
        return Sight.MISSING, words
    if answer.trouble or not 200 <= answer.status <= 299:
        return Sight.FAILED, words
    if plan.agree and all(pointed(body, pointer) is None for pointer, _ in plan.agree):
        return Sight.MISSING, f"{words} without the session"
    return Sight.FOUND, words


def _precision(told: object) -> timedelta:
    """Return how far a time may be from what it was made of, by the digits that it is given with."""
    if isinstance(told, int | float):
        return timedelta(milliseconds=1) if told != int(told) or abs(told) >= 1e11 else timedelta(seconds=1)
    fraction = str(told).partition(".")[2]
    digits = len(fraction) - len(fraction.lstrip("0123456789"))
    return max(timedelta(microseconds=1), timedelta(seconds=10.0**-digits))


def _written(plan: SessionPlan, document: Document | None) -> datetime | None:
    return moment(at_field(document.fields, plan.created)) if document and plan.created else None


def _date(header: str) -> datetime | None:
    try:
        return moment(parsedate_to_datetime(header)) if header else None
    except ValueError:
        return None


def _outside(when: datetime, began: datetime, ended: datetime) -> timedelta:
    apart = min(when - began, timedelta()) + max(when - ended, timedelta())
    return apart if abs(apart) > _SECOND else timedelta()


def _span(apart: timedelta) -> str:
    seconds = round(apart.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
