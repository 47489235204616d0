"""sessions: the audit: who wrote the sessions that are there, when, and whether fewer are written since a rollout.

Read-only, and bounded: the collection is counted on the server, and of its newest documents only the few fields are
fetched that it takes to count them.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError
from buddy_tui.gateway import Document, DocumentReads, Place
from buddy_tui.model import Revision, RevisionState, Service, Trouble
from buddy_tui.question import SessionPlan
from buddy_tui.sessions.falls import Falls, falls, too_little
from buddy_tui.sessions.fill import at_field
from buddy_tui.sessions.moments import hour_of, moment
from buddy_tui.sessions.values import Audit, Hour, Kept
from buddy_tui.traffic import truth

NOBODY = "(unknown)"
OTHERS = "(other names)"
# What our own probes call their sessions, and mark them with.
_OURS = "buddy-probe-"
_MOST_NAMES = 50
# As long as Cloud Run lets a revision's name be.
_LONGEST_NAME = 63
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Session:
    """A session that counts. `made` is `None` where nothing tells; `guessed` means that `revision` follows from it."""

    made: datetime | None
    revision: str
    guessed: bool


async def audit(
    cloud: DocumentReads,
    service: Service,
    revisions: Sequence[Revision],
    plan: SessionPlan,
    *,
    clock: Callable[[], datetime],
    most: int = 2000,
) -> Audit:
    """Count the sessions in the plan's collection by revision and hour, from the `most` newest documents.

    Each document that is read costs one read, and the count one for each started thousand that are there. Sessions of
    our own probes are read and not counted. Trouble is data: it stands in the answer.
    """
    place = Place(plan.project or service.name.project, plan.database)
    where = clean_line(f"{place.project}/{place.database}/{plan.collection}")
    fields = tuple(dict.fromkeys(filter(None, (plan.revision, plan.created, plan.mark))))
    try:
        total = await cloud.count_documents(place, plan.collection)
        documents = await cloud.documents(
            place, plan.collection, newest_by=plan.created, most=most, fields=fields
        )
    except BuddyError as error:
        return Audit(service.name, where, trouble=Trouble.of(error, clock()), as_of=clock())
    read = len(documents)
    found = Audit(
        service.name,
        where,
        total=max(total, read),  # somebody may have written between the two questions
        read=read,
        # As Google's documentation of prices has it; a query that finds nothing costs one as well.
        cost=max(1, ceil(total / 1000)) + max(1, read),
        cut=read >= most and total > read,
        as_of=clock(),
    )
    serving = {one.revision for one in truth(service, tuple(revisions)).effective if one.percent}
    return _counted(found, documents, revisions, serving, plan)


def _counted(
    found: Audit,
    documents: Sequence[Document],
    revisions: Sequence[Revision],
    serving: Collection[str],
    plan: SessionPlan,
) -> Audit:
    """Return what was found, counted."""
    served = sorted((one.created, one.name) for one in revisions if one.created and _could_serve(one))
    theirs = [one for one in documents if not _is_ours(one, plan)]
    sessions = _few_names([_session(one, served, plan) for one in theirs])
    moments = sorted(one.made for one in sessions if one.made)
    counted = replace(
        found,
        kept=_kept(sessions),
        hours=_hours(sessions),
        since=moments[0] if moments else None,
        attributed=_attributed(sessions),
    )
    if not moments or found.as_of is None:
        return replace(counted, notes=tuple(_notes(counted, documents, sessions, plan)))
    began = tuple(one for one in served if moments[0] <= one[0] <= found.as_of)
    served_then = {*serving, *(one.revision for one in sessions if not one.guessed)}
    unseen = 0 if found.cut else found.total - found.read
    told = falls(moments, began, moments[0], found.as_of, unseen=unseen)
    if _out_of_order(found, documents, plan):
        told = Falls()
    rollouts = tuple(one for one in began if one[1] in served_then or one[1] in told.after)
    unsure = [revision for revision in told.unsure if revision in served_then]
    notes = (*_notes(counted, documents, sessions, plan), *too_little(unsure))
    return replace(counted, rollouts=rollouts, fell=told.fell, notes=notes)


def kept_in_words(kept: Kept) -> str:
    """Return a sentence, e.g. `Sessions of api-00041-kub: 128 are there, oldest 2026-02-05 09:12, newest … (UTC).`."""
    there = f"Sessions of {kept.revision}: {kept.count:,} {'is' if kept.count == 1 else 'are'} there"
    if kept.oldest is None or kept.newest is None:
        return f"{there}, of unknown age."
    return f"{there}, oldest {kept.oldest:%Y-%m-%d %H:%M}, newest {kept.newest:%Y-%m-%d %H:%M} (UTC)."


def _could_serve(revision: Revision) -> bool:
    return revision.state in {RevisionState.READY, RevisionState.RETIRED}


def _is_ours(document: Document, plan: SessionPlan) -> bool:
    mark = at_field(document.fields, plan.mark)
    return _OURS in document.path.rpartition("/")[2] or (isinstance(mark, str) and mark.startswith(_OURS))


def _session(document: Document, served: Sequence[tuple[datetime, str]], plan: SessionPlan) -> _Session:
    made = moment(at_field(document.fields, plan.created)) or document.created
    told = at_field(document.fields, plan.revision)
    if isinstance(told, str) and (name := clean_line(told[:1000])[:_LONGEST_NAME]):
        return _Session(made, name, guessed=False)
    at = bisect_right(served, made, key=lambda one: one[0]) if made else 0
    return _Session(made, served[at - 1][1] if at else NOBODY, guessed=True)


def _few_names(sessions: list[_Session]) -> list[_Session]:
    """Put the rarest under one name where there are too many: what stands in a document may be anything."""
    names = {name for name, _ in Counter(one.revision for one in sessions).most_common(_MOST_NAMES)}
    return [one if one.revision in names else replace(one, revision=OTHERS) for one in sessions]


def _kept(sessions: Sequence[_Session]) -> tuple[Kept, ...]:
    """Sum up by revision, the one with the newest session first."""
    of: dict[str, list[_Session]] = {}
    for one in sessions:
        of.setdefault(one.revision, []).append(one)
    found = []
    for revision, theirs in of.items():
        made = [one.made for one in theirs if one.made]
        found.append(Kept(revision, len(theirs), min(made, default=None), max(made, default=None)))
    return tuple(sorted(found, key=lambda one: one.newest or _NEVER, reverse=True))


def _hours(sessions: Sequence[_Session]) -> tuple[Hour, ...]:
    counts = Counter((hour_of(one.made), one.revision) for one in sessions if one.made)
    return tuple(Hour(start, revision, count) for (start, revision), count in sorted(counts.items()))


def _attributed(sessions: Sequence[_Session]) -> str:
    if not sessions:
        return ""
    return "time" if all(one.guessed for one in sessions) else "field"


def _notes(
    audited: Audit, documents: Sequence[Document], sessions: Sequence[_Session], plan: SessionPlan
) -> Iterator[str]:
    yield from _unseen(audited, documents, plan)
    if ours := len(documents) - len(sessions):
        yield f"{_many(ours)} of our own probes: not counted."
    if guessed := sum(one.guessed for one in sessions):
        yield (
            f"{_many(guessed)} without the name of a revision: given to the one that was created last before and was "
            "ready. A guess: who had traffic then is not told by the service."
        )
    if others := sum(one.revision == OTHERS for one in sessions):
        yield f"{_many(others)} with rarer names than the {_MOST_NAMES} that are told."
    if ahead := sum(one.made > audited.as_of for one in sessions if one.made and audited.as_of):
        yield f"{_many(ahead)} dated later than now: a clock is wrong."
    if undated := sum(one.made is None for one in sessions):
        yield f"{_many(undated)} without a time of creation: in no hour."
    if sessions:
        yield "A session that was deleted leaves no trace: that these are there does not prove that all are."


def _unseen(audited: Audit, documents: Sequence[Document], plan: SessionPlan) -> Iterator[str]:
    """Tell what the query could not find, or not in order."""
    if not plan.created:
        yield "No field of creation is set: Firestore's own times count."
    elif not audited.cut and audited.total > audited.read:
        yield (
            f"{audited.total - audited.read:,} of {audited.total:,} documents have no field {plan.created}: a query "
            "in its order does not find them."
        )
    if plan.created and (
        unread := sum(moment(at_field(one.fields, plan.created)) is None for one in documents)
    ):
        yield f"{_many(unread)} with a field {plan.created} that is no time: Firestore's own counts."
    if _out_of_order(audited, documents, plan):
        yield (
            "Those that were read need not be the newest, so whether fewer are written since a rollout is not told: "
            + (
                f"{plan.created} is of several types."
                if plan.created
                else "without such a field there is no order."
            )
        )


def _out_of_order(audited: Audit, documents: Sequence[Document], plan: SessionPlan) -> bool:
    """Tell whether newer ones may be unread. Firestore puts values of one type after those of another."""
    kinds = {_kind(at_field(one.fields, plan.created)) for one in documents}
    return audited.cut and (not plan.created or len(kinds) > 1)


def _kind(value: object) -> str:
    return "number" if isinstance(value, int | float) else type(value).__name__


def _many(count: int) -> str:
    return f"{count:,} session{'' if count == 1 else 's'}"
