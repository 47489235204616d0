"""sessions: the rungs of the ladder on which a session goes again, and what is done when nobody climbs any further."""

import asyncio

from buddy_tui.errors import BuddyError
from buddy_tui.probes.values import Answer, Verdict
from buddy_tui.sessions.reading import in_words
from buddy_tui.sessions.removal import delete_documents, delete_through, ours_in, remove, said_yes
from buddy_tui.sessions.rungs import Told
from buddy_tui.sessions.seen import Created, Reading, Sight, Stored, count
from buddy_tui.sessions.session import Session, pauses

# Each instance may have a memory of its own.
_TRIES = 8
_READS = 4
# Whoever leaves the program waits for it.
_SECONDS = 12.0
_NOT_OFFERED = {405, 501}


async def delete(session: Session) -> Told:
    """Let the service delete it. Before that, a document that was not in Firestore in time is looked for once more."""
    await _look_again(session)
    stored = session.seen.look.stored
    if stored is Stored.FOREIGN:
        return Told(Verdict.INCONCLUSIVE, "not tried: the document is not ours")
    # What is in Firestore any instance can delete, a memory only the one whose it is.
    tries = 1 if stored is Stored.YES else _TRIES
    answers = await delete_through(session.outside.door, session.marker, tries)
    last = answers[-1]
    session.suspect(last)
    session.deleted = said_yes(last)
    words = in_words(last)
    session.note(undeleted="" if session.deleted else words)
    which = f" at try {len(answers)}" if session.deleted and len(answers) > 1 else ""
    traces = tuple(one.trace for one in answers if one.trace)
    return Told(_deleted(session, last), words + which, traces)


async def gone(session: Session) -> Told:
    """See that it is gone from Firestore and for the service's readers, and remove what is not."""
    await session.find_denial()
    seen = session.seen
    if seen.look.stored is Stored.FOREIGN:
        session.left = f"Session {session.marker.id}, if {seen.revision} really made one of that id."
        return Told(Verdict.INCONCLUSIVE, "not looked for: the document is not ours")
    paths, trouble = await _remaining(session)
    reads = await _afterwards(session)
    leaked = _leaked(session, paths, reads) if session.deleted else ""
    session.note(leaked=leaked)
    if count(reads, Sight.FOUND):
        await delete_through(session.outside.door, session.marker, _TRIES)
        reads = await _afterwards(session)
    session.left = _left(session, trouble, reads)
    if not session.left:
        _forget(session)
    return _ended(session, paths, leaked)


async def clear(session: Session) -> None:
    """Remove what a climb that ended early may have left; what cannot be removed stays noted for the next sweep."""
    if session.over or session.left:
        return
    if not session.begun:
        session.finish()
        return
    outside = session.outside
    removed = await remove(
        session.marker, outside.cloud, outside.writes, outside.door, tries=_TRIES, seconds=_SECONDS
    )
    seen = session.seen
    if removed.trouble:
        session.left = f"What may be left in {seen.where} cannot be seen: {removed.trouble}"
    elif removed.paths:
        session.finish()
    elif session.may_land:
        session.left = (
            f"Its creation was not answered and may still land in {seen.where}: the next start looks again."
        )
    elif session.nameless:
        session.left = f"{seen.revision} made a session whose id is not known; it is not in {seen.where}."
    elif seen.created is Created.YES and not removed.settled:
        session.left = f"{seen.revision} did not delete session {session.marker.id}, if it still has it."
    else:
        _forget(session)


def _forget(session: Session) -> None:
    """Be done with a session; where it was never seen in Firestore, it may still come there."""
    if session.seen.created is Created.YES and session.seen.look.stored is not Stored.YES:
        session.wait()
    else:
        session.finish()


async def _look_again(session: Session) -> None:
    if session.seen.look.stored is not Stored.NO:
        return
    look = await session.look()
    if look.stored is Stored.YES:
        session.note(look=look, late=True)
        session.compare()


async def _remaining(session: Session) -> tuple[tuple[str, ...], str]:
    """Wait until our documents are gone, delete those that are not, and return their paths; and what went wrong."""
    cloud, marker = session.outside.cloud, session.marker
    try:
        documents = await ours_in(cloud, marker)
        for pause in pauses(session.plan.patience if session.deleted else 0.0):
            if not documents:
                break
            await session.outside.sleep(pause)
            documents = await ours_in(cloud, marker)
        paths = await delete_documents(cloud, session.outside.writes, marker) if documents else ()
    except BuddyError as error:
        return (), str(error)
    return paths, ""


async def _afterwards(session: Session) -> tuple[Reading, ...]:
    """Read it some times more, if it was ever found."""
    if not count(session.seen.own, Sight.FOUND):
        return ()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(session.read(session.routes.own)) for _ in range(_READS)]
    return tuple(task.result() for task in tasks)


def _deleted(session: Session, answer: Answer) -> Verdict:
    if session.deleted:
        return Verdict.PASS
    if answer.refusal is not None:
        return Verdict.REFUSED
    if answer.status in _NOT_OFFERED:
        return Verdict.NOT_OFFERED
    there = session.seen.look.stored is Stored.YES or count(session.seen.own, Sight.FOUND)
    return Verdict.FAIL if there and not answer.ours else Verdict.INCONCLUSIVE


def _leaked(session: Session, paths: tuple[str, ...], reads: tuple[Reading, ...]) -> str:
    if paths:
        return f"{', '.join(paths)} in {session.seen.where}; we removed it"
    found = count(reads, Sight.FOUND)
    return f"{found} of {len(reads)} reads through {session.seen.revision} found it" if found else ""


def _left(session: Session, trouble: str, reads: tuple[Reading, ...]) -> str:
    """Say what could not be removed, or not be seen to be gone; empty when nothing is left."""
    seen, known = session.seen, session.marker.id
    if trouble:
        return f"Whether {seen.path} is gone from {seen.where} cannot be seen: {trouble}"
    if count(reads, Sight.FOUND):
        return f"{seen.revision} still finds session {known}, wherever it keeps it."
    unseen = bool(reads) and not count(reads, Sight.MISSING)
    if unseen and not session.deleted and seen.look.stored is not Stored.YES:
        return f"{seen.revision} did not delete session {known}, wherever it keeps it."
    return ""


def _ended(session: Session, paths: tuple[str, ...], leaked: str) -> Told:
    if leaked:
        return Told(Verdict.FAIL, f"still there after it was deleted: {leaked}")
    if session.left:
        return Told(Verdict.INCONCLUSIVE, "not seen to be gone")
    if paths:
        return Told(Verdict.INCONCLUSIVE, f"{', '.join(paths)} was still there, and we removed it")
    return Told(Verdict.PASS, f"no document of it is in {session.seen.where}")
