"""sessions: removing what a probe made, and nothing else: through the application first, then from Firestore."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from buddy_tui.errors import BuddyError, ChangedUnderneath, NotFound
from buddy_tui.gateway import Document, DocumentReads, Writes
from buddy_tui.probes.values import Answer, Door, Target
from buddy_tui.question import Ask
from buddy_tui.sessions.fill import at_field, filled
from buddy_tui.sessions.marks import Marker

# One `create` makes one document; a service that tries again by itself may make some more.
_MOST_DOCUMENTS = 20
_ROUNDS = 3
_GONE = {404, 410}
# No two clocks that still get tokens accepted are so far apart.
_LONG_BEFORE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Removed:
    """What came of a removal. `paths` are documents that we deleted ourselves; `trouble` is empty when none is left.

    `deleted` says that the application said so, `settled` that it did or does not find it.
    """

    paths: tuple[str, ...] = ()
    deleted: bool = False
    settled: bool = False
    trouble: str = ""


async def one_visit(door: Door, target: Target, ask: Ask, seconds: float) -> Answer:
    """Send one request as a visitor of its own, with new connections and no cookies.

    What cannot be sent, e.g. for a variable that is not set, is trouble of ours.
    """
    visit = door.visit()
    try:
        return await visit.send(target, ask, timeout=seconds)
    except BuddyError as error:
        return Answer(datetime.now(UTC), trouble=str(error), ours=True)
    finally:
        await visit.close()


async def delete_through(door: Door, marker: Marker, tries: int) -> tuple[Answer, ...]:
    """Ask the application to delete the session until it says yes, at most so often.

    Each instance may have a memory of its own, and each visit may come to another one.
    """
    answers: list[Answer] = []
    ask = filled(marker.delete, id=marker.id, mark=marker.mark)
    for _ in range(tries):
        answers.append(await one_visit(door, marker.target, ask, marker.timeout))
        if said_yes(answers[-1]) or answers[-1].refusal is not None or not answers[-1].status:
            break
    return tuple(answers)


def said_yes(answer: Answer) -> bool:
    """Tell whether the application says that it did what it was asked for."""
    return answer.refusal is None and 200 <= answer.status <= 299


def is_ours(document: Document, marker: Marker) -> bool:
    """Tell whether we made this document: nobody else could know our word, and it is its id or is kept in it."""
    if document.path == marker.document.replace("{id}", marker.mark):
        return True
    return bool(marker.mark_field) and at_field(document.fields, marker.mark_field) == marker.mark


def is_foreign(document: Document, marker: Marker) -> bool:
    """Tell whether a document at the path that the service named was there before us, or has another's word in it."""
    if is_ours(document, marker):
        return False
    before = document.created is not None and document.created < marker.begun - _LONG_BEFORE
    return before or bool(marker.mark_field)


async def ours_in(cloud: DocumentReads, marker: Marker) -> tuple[Document, ...]:
    """Read the documents that are ours and still there. Raises BuddyError; no such database has no documents."""
    found: dict[str, Document] = {}
    try:
        if marker.path and (document := await cloud.document(marker.place, marker.path)):
            found[document.path] = document
        if marker.mark_field:
            for document in await cloud.documents(
                marker.place,
                marker.collection,
                equals=(marker.mark_field, marker.mark),
                most=_MOST_DOCUMENTS,
            ):
                found[document.path] = document
    except NotFound:
        return ()
    return tuple(document for document in found.values() if is_ours(document, marker))


async def delete_documents(cloud: DocumentReads, writes: Writes, marker: Marker) -> tuple[str, ...]:
    """Delete the documents that are ours, look again, and return their paths. Raises BuddyError.

    One that changed meanwhile is read again first.
    """
    gone: list[str] = []
    for _ in range(_ROUNDS):
        documents = await ours_in(cloud, marker)
        if not documents:
            return tuple(dict.fromkeys(gone))
        for document in documents:
            try:
                await writes.delete_document(document)
            except ChangedUnderneath:
                continue
            gone.append(document.path)
    if await ours_in(cloud, marker):
        raise ChangedUnderneath(f"Somebody keeps writing the document {marker.path or marker.mark}.")
    return tuple(dict.fromkeys(gone))


async def remove(
    marker: Marker, cloud: DocumentReads, writes: Writes, door: Door, *, tries: int, seconds: float
) -> Removed:
    """Remove whatever is left of a session within so many seconds. Never raises for what others do.

    An application that does not answer in half of the time is not waited for: Firestore needs the other half.
    """
    answers: tuple[Answer, ...] = ()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds / 2):
            if marker.id and not await _leads_elsewhere(cloud, marker):
                answers = await delete_through(door, marker, tries)
    paths: tuple[str, ...] = ()
    trouble = ""
    try:
        async with asyncio.timeout(seconds / 2):
            paths = await delete_documents(cloud, writes, marker)
    except TimeoutError:
        trouble = f"Firestore took more than {seconds / 2:g} s."
    except BuddyError as error:
        trouble = str(error)
    deleted = bool(answers) and said_yes(answers[-1])
    return Removed(paths, deleted, deleted or (bool(answers) and _is_gone(answers[-1])), trouble)


def _is_gone(answer: Answer) -> bool:
    return answer.refusal is None and answer.status in _GONE


async def _leads_elsewhere(cloud: DocumentReads, marker: Marker) -> bool:
    """Tell whether the id that the service named is seen to be another's session."""
    if marker.id == marker.mark:
        return False
    try:
        document = await cloud.document(marker.place, marker.path)
    except BuddyError:
        return False
    return document is not None and is_foreign(document, marker)
