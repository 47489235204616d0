"""sessions: the rungs of the ladder on which a session is made and read. Each notes what it saw, and tells it."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from buddy_tui.probes.values import Answer, Target, Verdict
from buddy_tui.question import SessionPlan
from buddy_tui.sessions.fill import is_id, parsed, pointed, wants_id
from buddy_tui.sessions.reading import in_words, instance_of, reading, shown
from buddy_tui.sessions.seen import Created, Look, Reading, Sight, Stored, count, instances
from buddy_tui.sessions.session import Session, pauses

# A revision that sleeps may take so long to wake; that read is not counted.
_WAKING = 60.0
_NO_SUCH_PATH = {404, 405, 501}
# No answer, and those that a front end gives in the place of an application that may be still at work.
_UNANSWERED = {0, 502, 503, 504}
_CREATED = {
    Created.REFUSED: Verdict.REFUSED,
    Created.UNASKED: Verdict.INCONCLUSIVE,
    Created.NOT_OFFERED: Verdict.NOT_OFFERED,
    Created.FAILED: Verdict.FAIL,
    Created.MEANINGLESS: Verdict.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What one rung came to. `over` means that there is nothing further up."""

    verdict: Verdict
    reason: str
    traces: tuple[str, ...] = ()
    over: bool = False


async def create(session: Session) -> Told:
    """Make the session. A read of it comes first: it wakes the revision, and must not find what nobody made.

    Raises Unwritable when it cannot be written down before.
    """
    session.write_down()
    own, plan = session.routes.own, session.plan
    woken = await session.ask(own, plan.read, least=_WAKING)
    first = reading(woken, plan)
    if first.sight is Sight.UNASKED:
        return _not_made(session, woken, Created.REFUSED if first.refused else Created.UNASKED)
    if first.sight is Sight.FOUND:
        words = f"{own.revision} finds a session that nobody made, so its reads prove nothing: {first.words}."
        return _not_made(session, woken, Created.MEANINGLESS, words)
    session.sent = session.outside.clock()
    session.begun = session.may_land = True
    answer = await session.ask(own, plan.create)
    session.made = session.outside.clock()
    session.date = dict(answer.headers).get("date", "")
    told = _taken(session, answer)
    if session.seen.created is Created.FAILED:
        session.suspect(answer)
        await session.find_denial()
    return told


async def reopen(session: Session) -> Told:
    """Read it as somebody who closed the browser and opens it again, until it is found or patience ends."""
    reads = [await session.read(session.routes.own)]
    for pause in pauses(session.time_left()):
        if reads[-1].sight is not Sight.MISSING:
            break
        await session.outside.sleep(pause)
        reads.append(await session.read(session.routes.own))
    session.note(early=tuple(reads))
    last = reads[-1]
    traces = tuple(one.trace for one in reads if one.trace)
    if last.sight is Sight.FOUND and len(reads) > 1:
        reason = f"found only at read {len(reads)}, after {last.after:.1f} s; before, {reads[0].words}"
        return Told(Verdict.FAIL, reason, traces)
    return Told(_verdict(last), _by_instance(last), traces)


async def firestore(session: Session) -> Told:
    """Read its document straight from Firestore, until it is there or patience ends, and compare."""
    look = await session.look()
    for pause in pauses(session.time_left()):
        if look.stored is not Stored.NO:
            break
        await session.outside.sleep(pause)
        look = await session.look()
    session.note(look=look)
    session.compare()
    return _looked(session, look)


async def together(session: Session) -> Told:
    """Read it many times at once, over separate connections: another instance may answer."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(session.read(session.routes.own)) for _ in range(max(session.plan.reads, 1))
        ]
    reads = tuple(task.result() for task in tasks)
    session.note(many=reads)
    session.compare()
    found = count(reads, Sight.FOUND)
    otherwise = Counter(read.words for read in reads if read.sight is not Sight.FOUND)
    others = [f"{times} not: {words}" for words, times in otherwise.most_common()]
    reason = "; ".join([f"{found} of {len(reads)} find it", *others, _who(session.plan, reads)])
    bad = count(reads, Sight.MISSING) + count(reads, Sight.FAILED)
    verdict = Verdict.FAIL if bad else Verdict.PASS if found else Verdict.INCONCLUSIVE
    return Told(verdict, reason, tuple(read.trace for read in reads if read.trace))


async def across(session: Session) -> Told:
    """Read it through the revision that serves; there is no such rung where there is no other one."""
    serving = session.routes.serving
    assert serving is not None  # noqa: S101 - for the type checker
    read, told = await _through(session, serving)
    unread = read is None or read.sight is Sight.UNASKED
    unserved = f"{serving.revision}, which serves, could not be asked: {told.reason}." if unread else ""
    session.note(across=read, unserved=unserved, fix=serving.fix)
    return told


async def further(session: Session) -> Told:
    """Read it through one more revision."""
    target = session.routes.further
    if target is None:
        return Told(Verdict.INCONCLUSIVE, "no further revision that is ready has an address of its own")
    read, told = await _through(session, target)
    session.note(further=read)
    return told


async def _through(session: Session, target: Target) -> tuple[Reading | None, Told]:
    if target.refusal is not None:
        return None, Told(Verdict.REFUSED, (target.reason or str(target.refusal)).rstrip("."))
    read = await session.read(target, least=_WAKING)
    return read, Told(_verdict(read), _by_instance(read), (read.trace,) if read.trace else ())


def _taken(session: Session, answer: Answer) -> Told:
    """Take the answer to `create` for what it is."""
    if answer.refusal is not None or answer.ours:
        return _not_made(session, answer, Created.REFUSED if answer.refusal else Created.UNASKED)
    if answer.status in _NO_SUCH_PATH:
        create = session.plan.create
        path = create.path.partition("?")[0]
        words = f"{session.seen.revision} has no {create.method} {path}: {in_words(answer)}."
        return _not_made(session, answer, Created.NOT_OFFERED, words)
    if answer.trouble or not 200 <= answer.status <= 299:
        session.may_land = answer.status in _UNANSWERED
        return _failed(
            session, answer, f"{session.seen.revision} does not create a session: {in_words(answer)}."
        )
    session.may_land = False
    return _identified(session, answer)


def _identified(session: Session, answer: Answer) -> Told:
    """Take the session's id from the answer. It is a stranger's word, and goes into paths."""
    plan, mark = session.plan, session.marker.mark
    session.nameless = True
    body = parsed(answer.body)
    told = pointed(body, plan.id)
    named = str(told) if isinstance(told, str | int) and not isinstance(told, bool) else ""
    chosen = wants_id(plan.create)
    if not (named or chosen):
        return _failed(session, answer, f"The answer to create has no id at {plan.id}.")
    if named and not is_id(named):
        return _failed(session, answer, f"The answer to create names an id that is none: {shown(named)}.")
    if chosen and named not in {"", mark}:
        words = f"The session was made as {named}, not under the id that was sent."
        return _failed(session, answer, words, "Take {id} out of `create` under [session] in buddy.toml.")
    if not chosen:
        session.write_down(id=named)
    session.nameless = False
    session.note(created=Created.YES, maker=instance_of(body, plan))
    return Told(Verdict.PASS, in_words(answer), (answer.trace,) if answer.trace else ())


def _failed(session: Session, answer: Answer, words: str, fix: str = "") -> Told:
    fix = (
        fix or "Look at the log of that request, or correct `create` and `id` under [session] in buddy.toml."
    )
    session.note(created=Created.FAILED, words=words, fix=fix)
    return _over(answer, Created.FAILED, words)


def _not_made(session: Session, answer: Answer, created: Created, words: str = "") -> Told:
    """Note that there is no session: the request was not sent, or turned away."""
    session.may_land = False
    words = words or f"{session.seen.revision} was not reached: {in_words(answer)}."
    session.note(created=created, words=words, fix=answer.fix)
    session.begun = created is Created.MEANINGLESS  # it may have made one when it was read
    return _over(answer, created, words)


def _over(answer: Answer, created: Created, words: str) -> Told:
    return Told(_CREATED[created], words, (answer.trace,) if answer.trace else (), over=True)


def _verdict(read: Reading) -> Verdict:
    if read.sight is Sight.UNASKED:
        return Verdict.REFUSED if read.refused else Verdict.INCONCLUSIVE
    return Verdict.PASS if read.sight is Sight.FOUND else Verdict.FAIL


def _by_instance(read: Reading) -> str:
    found = "found" if read.sight is Sight.FOUND else read.words
    return f"{found} (instance {read.instance})" if read.instance else found


def _who(plan: SessionPlan, reads: tuple[Reading, ...]) -> str:
    finders, missers = instances(reads, Sight.FOUND), instances(reads, Sight.MISSING)
    if not finders and not missers:
        where = f"the answers have nothing at {plan.instance}" if plan.instance else "`instance` is not set"
        return f"instances cannot be told apart: {where}"
    number = len(finders | missers)
    who = f"{number} instances answered" if number > 1 else "1 instance answered"
    # Where nobody finds it, their names tell nothing.
    without = sorted(missers - finders) if finders else []
    return f"{who}, without it: {', '.join(without)}" if without else who


def _looked(session: Session, look: Look) -> Told:
    seen = session.seen
    if look.stored is Stored.YES and seen.disagree:
        return Told(Verdict.FAIL, f"{seen.path} is there, but {seen.disagree[0]}")
    if look.stored is Stored.YES:
        return Told(Verdict.PASS, f"{seen.path} is in {seen.where}, and its fields agree")
    if look.stored is Stored.NO:
        why = f": {look.words}" if look.words else f" within {session.plan.patience:g} s"
        return Told(Verdict.FAIL, f"{seen.path} is not in {seen.where}{why}")
    if look.stored is Stored.FOREIGN:
        return Told(Verdict.INCONCLUSIVE, f"{seen.path} is not ours")
    return Told(Verdict.REFUSED if look.stored is Stored.DENIED else Verdict.INCONCLUSIVE, look.words)
