"""verify: what the session probe answers, from its ladder. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from buddy_tui.probes.values import Verdict
from buddy_tui.sessions.values import Ladder, Step, Survival
from buddy_tui.verify.plan import answer
from buddy_tui.verify.values import Answered, Line

PERSISTED = ("creates-session", "closes-browser", "reopens", "in-firestore")
_STEPS = {"creates-session": "create", "reopens": "reopen"}
_ANSWERED = {Verdict.PASS: Answered.YES, Verdict.FAIL: Answered.NO}
# Not in Firestore, or not as the application tells it, or not found there by every instance and revision.
_LOST = {
    Survival.MEMORY_OF_ONE_INSTANCE,
    Survival.LOST_BETWEEN_REVISIONS,
    Survival.WRONG_PROJECT_OR_DATABASE,
    Survival.NOT_STORED,
    Survival.NOT_READ_BACK_IN_TIME,
    Survival.FIELDS_DISAGREE,
}


def from_ladder(ladder: Ladder) -> Iterator[Line]:
    """Yield the lines of PERSISTED, as far as the ladder was climbed; what it never comes to says why."""
    over = ladder.survival is not None or ladder.trouble is not None
    steps = {step.name: step for step in ladder.steps}
    for identity, name in _STEPS.items():
        yield _of_step(identity, steps.get(name), ladder, over=over)
    yield _closed(steps.get("reopen"), ladder, over=over)
    yield _stored(steps.get("firestore"), ladder, over=over)


def _of_step(identity: str, step: Step | None, ladder: Ladder, *, over: bool) -> Line:
    if step is None or (step.began is None and over):
        return _unreached(identity, ladder, over=over)
    if step.verdict is None:
        return answer(identity, Answered.PENDING, "", "probe")
    answered = _ANSWERED.get(step.verdict, Answered.UNKNOWN)
    named = step.reason.startswith(ladder.revision)  # a name is never written in another way
    reason = step.reason if named else step.reason[:1].upper() + step.reason[1:]
    return answer(identity, answered, reason, "probe", _end(step))


def _closed(step: Step | None, ladder: Ladder, *, over: bool) -> Line:
    """Tell whether a browser was closed: a new visitor, who shares nothing with the first, asked for the session."""
    if step is None or step.verdict not in {Verdict.PASS, Verdict.FAIL}:
        return _unreached("closes-browser", ladder, over=over)
    evidence = "It was read with a new client, with connections and cookies of its own."
    return answer("closes-browser", Answered.YES, evidence, "probe", _end(step))


def _stored(step: Step | None, ladder: Ladder, *, over: bool) -> Line:
    """Tell by Firestore itself, and by whether everybody else found the session as well."""
    answered = _ANSWERED.get(step.verdict) if step and step.verdict else None
    if ladder.survival in _LOST:
        answered = Answered.NO
    if not over or answered is None:
        return _unreached("in-firestore", ladder, over=over)
    return answer("in-firestore", answered, ladder.reason, "firestore", ladder.as_of)


def _unreached(identity: str, ladder: Ladder, *, over: bool) -> Line:
    if not over:
        return answer(identity, Answered.PENDING, "", "probe")
    why = ladder.trouble.sentence if ladder.trouble else ladder.reason
    return answer(identity, Answered.UNKNOWN, why, "probe", ladder.as_of)


def _end(step: Step) -> datetime | None:
    return step.began + timedelta(seconds=step.took) if step.began else None
