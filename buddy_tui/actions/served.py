"""actions: who served how much, and for how long: told from the audit log, the journal and the present. Pure.

Nothing is guessed: before the first known change nobody is known to have served, and an end that nobody told stays
open. LATEST is the newest revision that was ready at that time, as Cloud Run documents it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from buddy_tui.actions.arithmetic import LATEST, percents_of
from buddy_tui.actions.values import Ending, Targets
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import Revision, RevisionState, Service, ServiceName
from buddy_tui.traffic import shares

# How far the clock of whoever kept the journal may be off from Google's.
_SKEW = timedelta(days=1)
_TICK = timedelta(seconds=1)
# Cloud Run gives up on a revision earlier: a condition that moved later than this is about something else.
_LONGEST_START = timedelta(hours=1)

# Percent of each revision; those without traffic are left out.
Routes = dict[str, int]


class Witness(StrEnum):
    """Who tells it."""

    AUDIT = "audit log"
    JOURNAL = "journal"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Span:
    """A revision had `percent` (1..100) of the traffic from `since` to `until`.

    `since` is `None` where it began before anything is known, `until` where nobody told when it ended. What serves now
    did so until now.
    """

    revision: str
    percent: int
    since: datetime | None
    until: datetime | None
    witness: Witness

    @property
    def last(self) -> datetime:
        """The latest moment at which it is known to have served."""
        moment = self.until or self.since
        if moment is None:
            raise ValueError("A span that nobody saw begin or end.")
        return moment

    @property
    def length(self) -> timedelta | None:
        """How long it lasted, `None` where one end is not known."""
        return self.until - self.since if self.since and self.until else None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Traffic was taken from a revision and given to an older one. `by` is empty where nobody told."""

    to: str
    at: datetime
    by: str = ""


def served(
    service: Service,
    revisions: Sequence[Revision],
    changes: Iterable[TrafficChange],
    records: Iterable[Record],
    now: datetime,
) -> tuple[Span, ...]:
    """Return who is known to have served, the latest first.

    `changes` are those of the audit log in any order, `records` the journal's, of any service. A change that Google
    did not take, or that gives traffic to a revision that never started, moved nothing. What the journal tells of later
    than `now` is of a clock that was wrong, and left out.
    """
    past = _Past(revisions)
    told = _events(service.name, changes, records)
    # Google's clock is right: where it is ahead, ours is slow.
    now = max([now, *(one.when + _TICK for one in told if one.witness is Witness.AUDIT)])
    events = [one for one in told if one.when <= now and past.can_serve(one.targets)]
    return _spans(past.stretches(events, now_served(service), now))


def now_served(service: Service) -> Routes:
    """Return what each revision has of the effective traffic, in percent."""
    return {one.revision: one.percent for one in shares(service.effective) if one.revision and one.percent}


def taken_back(spans: Sequence[Span], revisions: Sequence[Revision]) -> Mapping[str, TakenBack]:
    """Return the revisions that lost their traffic, or a part of it, to older ones alone, and got none of it back."""
    created = {one.name: one.created for one in revisions}
    own: dict[str, list[Span]] = {}
    begun: dict[datetime | None, list[str]] = {}
    for span in spans:
        own.setdefault(span.revision, []).append(span)
        begun.setdefault(span.since, []).append(span.revision)
    found = {}
    for name, mine in own.items():
        for lost in _losses(mine):
            heirs = [heir for heir in begun.get(lost, ()) if heir != name]
            if heirs and all(_is_older(created.get(heir), created.get(name)) for heir in heirs):
                found[name] = TakenBack(heirs[0], lost)
    return found


def _losses(mine: Sequence[Span]) -> Iterator[datetime]:
    """Yield when the last share of a revision began, if it was a smaller one than before, and when it ended."""
    last, *former = mine
    if former and last.since and former[0].until == last.since and former[0].percent > last.percent:
        yield last.since
    if last.until:
        yield last.until


@dataclass(frozen=True, slots=True)
class _Event:
    """From `when` on, `targets` were asked for; `before` is what was asked for until then, where that was told."""

    when: datetime
    targets: Targets
    witness: Witness
    before: Targets | None = None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time in which nothing moved."""

    since: datetime | None
    until: datetime | None
    routes: Routes
    witness: Witness


class _Past:
    """What revisions there were, and when each was ready."""

    def __init__(self, revisions: Sequence[Revision]) -> None:
        started = ((one, _ready_at(one)) for one in revisions)
        self._ready = sorted(
            ((one.created, at, one.name) for one, at in started if at and one.created), reverse=True
        )
        ready = {name for _, _, name in self._ready}
        self._failed = {
            one.name
            for one in revisions
            if one.state is RevisionState.FAILED and one.created and one.name not in ready
        }

    def can_serve(self, targets: Targets) -> bool:
        """Whether traffic can move as this list asks: Cloud Run moves none while one of its revisions failed."""
        return not self._failed & percents_of(targets).keys()

    def routes(self, targets: Targets, at: datetime) -> Routes:
        """Return what a list meant at that time."""
        routes: Routes = {}
        for key, percent in percents_of(targets).items():
            if name := self._latest(at) if key == LATEST else key:
                routes[name] = routes.get(name, 0) + percent
        return routes

    def stretches(self, events: Sequence[_Event], present: Routes, now: datetime) -> Iterator[_Stretch]:
        """Yield what was, in order of time, and what is."""
        if events:
            yield from self._earlier(events[0], None)
        for event, following in pairwise(events):
            yield from self._between(event, following)
        last = events[-1] if events else None
        if last and self.routes(last.targets, now) == present:
            yield from self._known(last, now)
            return
        if last:
            yield self._open(last)
        yield _Stretch(None, now, present, Witness.NOW)

    def _between(self, event: _Event, following: _Event) -> Iterator[_Stretch]:
        if tuple(self._earlier(following, event)):
            yield self._open(event)
            yield from self._earlier(following, event)
        else:
            yield from self._known(event, following.when)

    def _earlier(self, event: _Event, former: _Event | None) -> Iterator[_Stretch]:
        """Yield what an event says of the time before it, where the former event does not say the same."""
        if event.before is None or not self.can_serve(event.before):
            return
        if former is None or percents_of(former.targets) != percents_of(event.before):
            yield _Stretch(None, event.when, self.routes(event.before, event.when), event.witness)

    def _open(self, event: _Event) -> _Stretch:
        return _Stretch(event.when, None, self.routes(event.targets, event.when), event.witness)

    def _known(self, event: _Event, until: datetime) -> Iterator[_Stretch]:
        """Yield a list's time piece by piece: LATEST means another revision from each readiness on."""
        turns = sorted(at for _, at, _ in self._ready if event.when < at < until)
        for since, end in pairwise([event.when, *turns, until]):
            if since < end:
                yield _Stretch(since, end, self.routes(event.targets, since), event.witness)

    def _latest(self, at: datetime) -> str:
        return next((name for _, ready, name in self._ready if ready <= at), "")


def _events(name: ServiceName, changes: Iterable[TrafficChange], records: Iterable[Record]) -> list[_Event]:
    """Join both witnesses, in order of time: what the audit log has too is told once, at Google's time."""
    audited = [
        _Event(one.when, one.targets, Witness.AUDIT)
        for one in changes
        if one.accepted and one.targets is not None
    ]
    single = list(audited)
    own = []
    for event in _proved(name, records):
        if twin := _twin(event, single):
            single.remove(twin)
        else:
            own.append(event)
    return sorted([*audited, *own], key=lambda one: one.when)


def _proved(name: ServiceName, records: Iterable[Record]) -> Iterator[_Event]:
    """Yield what the journal proves: a change that was done, or the former list that was put back."""
    intents: dict[str, Record] = {}
    for record in records:
        if record.name != name:
            continue
        if record.kind is Kind.INTENT:
            intents[record.id] = record
        elif record.kind is Kind.OUTCOME:
            intent = intents.get(record.id, record)
            told = record if record.before or record.after else intent
            if record.outcome == Ending.DONE:
                # The outcome may have been found out much later; the call is made right after the intent.
                yield _Event(intent.at, told.after, Witness.JOURNAL, told.before)
            elif record.outcome == Ending.PUT_BACK:
                yield _Event(record.at, told.before, Witness.JOURNAL)


def _twin(event: _Event, among: Sequence[_Event]) -> _Event | None:
    """Return the same change as the other witness tells it."""
    wanted = percents_of(event.targets)
    near = (one for one in among if abs(one.when - event.when) <= _SKEW)
    alike = (one for one in near if percents_of(one.targets) == wanted)
    return min(alike, key=lambda one: abs(one.when - event.when), default=None)


def _spans(stretches: Iterable[_Stretch]) -> tuple[Span, ...]:
    """Join the stretches in which a revision had the same share without a break."""
    running: dict[str, Span] = {}
    over: list[Span] = []
    for stretch in stretches:
        for name, percent in stretch.routes.items():
            before = running.get(name)
            if before and _goes_on(before, percent, stretch):
                running[name] = replace(before, until=stretch.until)
            else:
                over += [before] if before else []
                running[name] = Span(name, percent, stretch.since, stretch.until, stretch.witness)
    return tuple(sorted([*over, *running.values()], key=lambda one: (one.last, one.percent), reverse=True))


def _goes_on(span: Span, percent: int, stretch: _Stretch) -> bool:
    # Open at both ends, it would not tell when it was at all.
    bounded = span.since or stretch.until
    return bool(bounded and span.until and span.until == stretch.since and span.percent == percent)


def _ready_at(revision: Revision) -> datetime | None:
    """Return when a revision became ready, `None` for one that never did.

    The condition tells when it moved last. One that moved long after the start tells nothing of it: then it is taken
    for ready as soon as it was created, also where it has failed since.
    """
    ready = next((one for one in revision.conditions if one.type == "Ready"), None)
    created, moved = revision.created, ready.since if ready else None
    if created is None or revision.state is RevisionState.PENDING:
        return None
    at_start = moved is None or moved - created <= _LONGEST_START
    if revision.state is RevisionState.FAILED:
        return None if at_start else created
    return max(moved, created) if moved and at_start else created


def _is_older(one: datetime | None, other: datetime | None) -> bool:
    return bool(one and other and one < other)
