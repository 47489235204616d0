"""report: the report, made from all that was said. Pure."""

from collections.abc import Iterator
from datetime import datetime

from buddy_tui.actions.marks import lock_of, rolled_back_of
from buddy_tui.model import Revision
from buddy_tui.report.attempts import Attempt
from buddy_tui.report.cause import advice, last_good, listed, one_cause, root, stale_of, wrong_folder
from buddy_tui.report.episode import Episode, episode
from buddy_tui.report.impact import impact
from buddy_tui.report.links import links, pages
from buddy_tui.report.material import Material
from buddy_tui.report.phrases import counted, in_words
from buddy_tui.report.standing import standing
from buddy_tui.report.summary import summary
from buddy_tui.report.timeline import moves, timeline
from buddy_tui.report.values import Moment, Report, Status
from buddy_tui.traffic import truth

_MOST_MOMENTS = 500


def report(material: Material, since: datetime | None = None) -> Report:
    """Make the report of the newest incident, or of everything since then; one with status `none` where all is well."""
    found = episode(material, since)
    if found is None:
        return _nothing(material, since)
    moments = timeline(material, since or _context(material, found))
    good = last_good(material, found)
    status, now = standing(material)
    return Report(
        name=material.service.name,
        as_of=material.now,
        since=found.since,
        status=status,
        standing=now,
        summary=tuple(summary(material, found)),
        failed=tuple(one.name for one in found.failed),
        last_good=good.name if good else "",
        impact=impact(material, found),
        timeline=moments[-_MOST_MOMENTS:],
        left_out=max(0, len(moments) - _MOST_MOMENTS),
        root=root(material, found),
        trigger=tuple(_trigger(material, found)),
        detection=tuple(_detection(material, found)),
        done=tuple(_done(material, found)),
        still=tuple(_still(material, found)),
        advice=tuple(advice(material, found)),
        asked=tuple(_asked(material, found)),
        unread=material.unread,
        links=links(material, found),
    )


def _nothing(material: Material, since: datetime | None) -> Report:
    told = truth(material.service, material.revisions)
    asked_for = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    as_far = "as far as could be read, " if material.unread else ""
    nothing = "no revision failed to start, no traffic was taken back, and no promotion from here ended badly"
    return Report(
        name=material.service.name,
        as_of=material.now,
        since=since or material.now,
        status=Status.NONE,
        standing=standing(material)[1],
        summary=(
            f"There is no incident to report{asked_for}: {as_far}{nothing}.",
            *_looked_at(material, since),
            "What users met with, and no log tells, is not known here.",
        ),
        still=(f"{told.headline}.", *told.notes),
        unread=material.unread,
        links=pages(material),
    )


def _looked_at(material: Material, since: datetime | None) -> Iterator[str]:
    count = len(material.revisions)
    yield f"{counted(count, 'revision').capitalize()} {'was' if count == 1 else 'were'} looked at."
    if since and (earlier := episode(material)):
        yield f"An earlier incident, which began at {earlier.since:%Y-%m-%d %H:%M} UTC, is not told here."


def _context(material: Material, found: Episode) -> datetime:
    """Return from when on the story is told: from the deployment of what is compared, or of what went wrong."""
    good = last_good(material, found)
    bad = map(material.revision, found.suspects)
    return min([found.since, *(one.created for one in (good, *bad) if one and one.created)])


def _trigger(material: Material, found: Episode) -> Iterator[str]:
    if found.failed:
        first, good, incident = found.failed[0], last_good(material, found), material.incident
        yield _deployed(first)
        if good and incident and incident.first_bad == first.name and incident.changed:
            yield f"What was different from {good.name}: {'; '.join(incident.changed)}."
    for name in found.suspects:
        if revision := material.revision(name):
            yield _deployed(revision)
    for back in found.back:
        if back.since:
            reason = next((one.why for one in moves(material, back.since) if one.at == back.since), "")
            yield f"{back.revision} took traffic at {back.since:%Y-%m-%d %H:%M} UTC.{_why(reason)}"
    for one in found.ended[:1]:
        if one.began:
            who = f" by {one.began.who}" if one.began.who else ""
            yield f"Its promotion began at {one.since:%Y-%m-%d %H:%M} UTC{who}.{_why(one.began.reason)}"


def _deployed(revision: Revision) -> str:
    who = f" by {revision.creator}" if revision.creator else ""
    return f"{revision.name} was deployed at {revision.created:%Y-%m-%d %H:%M} UTC{who}."


def _detection(material: Material, found: Episode) -> Iterator[str]:
    yield f"The first trouble is on record at {found.since:%Y-%m-%d %H:%M} UTC."
    if reaction := next(_by_people(material, found), None):
        after = in_words(reaction.at - found.since)
        yield f"Traffic was first changed {after} later, at {reaction.at:%Y-%m-%d %H:%M} UTC."
    for one in found.ended:
        if one.gates:
            told = f"The gates of the promotion at {one.since:%Y-%m-%d %H:%M} UTC saw it"
            yield f"{told}, {in_words(one.at - one.since)} after it began."


def _by_people(material: Material, found: Episode) -> Iterator[Moment]:
    """Yield what was done to the traffic after it began, besides the steps of promotions that ended badly."""
    for one in moves(material, found.since):
        if one.at > found.since and not any(attempt.covers(one.at) for attempt in found.ended):
            yield one


def _done(material: Material, found: Episode) -> Iterator[str]:
    repairs = len(found.failed) - 1
    alike = " as the first did" if one_cause(material, found) else " as well"
    if repairs > 0:
        yield f"{counted(repairs, 'more deployment').capitalize()} failed{alike}."
    told = [(one.at, _moved(one)) for one in _by_people(material, found)]
    told += [(one.at, _attempted(one)) for one in found.ended]
    for at, words in sorted(told):
        yield f"{at:%Y-%m-%d %H:%M} UTC, {words}"


def _moved(one: Moment) -> str:
    return f"{one.by}: {one.words}{_why(one.why)}"


def _why(reason: str) -> str:
    return f" Why: {reason}" if reason else ""


def _attempted(one: Attempt) -> str:
    who = f"{one.end.who}: " if one.end.who else ""
    back = " The former traffic came back by itself." if one.put_back else ""
    why = f" Why it was promoted: {one.end.reason}" if one.end.reason else ""
    return f"{who}The promotion of {one.revision} was {one.outcome}.{back}{why}"


def _still(material: Material, found: Episode) -> Iterator[str]:
    service = material.service
    yield f"{truth(service, material.revisions).headline}."
    yield from truth(service, material.revisions).notes
    mark, lock = rolled_back_of(service), lock_of(service, material.now)
    if mark:
        decided = (
            "it was decided that it stays so" if mark.decided else "nobody has decided yet if it stays so"
        )
        yield f"The roll-back from {mark.origin} to {mark.to} still stands; {decided}."
    if lock:
        yield f"A change is under way: {lock.verb}, until {lock.until:%H:%M} UTC at the latest."
    if stale := stale_of(material, found):
        yield f"Look-alikes of {wrong_folder(material, found)}/ were in the last good upload: {listed(stale)}."


def _asked(material: Material, found: Episode) -> Iterator[str]:
    for one in _by_people(material, found):
        if not one.why:
            yield f"Why {one.by} changed the traffic at {one.at:%Y-%m-%d %H:%M} UTC; no reason is recorded."
