"""report: the report, made from all that was said. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import humanize

from buddy_tui.actions.marks import lock_of, rolled_back_of
from buddy_tui.model import Revision, RevisionState
from buddy_tui.report.cause import (
    advice,
    candidate_of,
    last_good,
    listed,
    one_cause,
    read,
    root,
    stale_of,
    wrong_folder,
)
from buddy_tui.report.episode import Back, Episode, episode
from buddy_tui.report.impact import impact
from buddy_tui.report.links import links, pages
from buddy_tui.report.material import Material
from buddy_tui.report.timeline import moves, timeline
from buddy_tui.report.values import Report, Status
from buddy_tui.traffic import truth

_MOST_MOMENTS = 80
_MANY = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip

_ENDED = {"put_back": "ended in a put-back", "not_done": "had no effect", "failed": "failed"}


def report(material: Material, since: datetime | None = None) -> Report:
    """Make the report of the newest incident, or of everything since then; one with status `none` where all is well."""
    found = episode(material, since)
    if found is None:
        return _nothing(material, since)
    moments = timeline(material, since or _context(material, found))
    good = last_good(material, found)
    status, standing = _status(material)
    return Report(
        name=material.service.name,
        as_of=material.now,
        since=found.since,
        status=status,
        standing=standing,
        summary=tuple(_summary(material, found)),
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


def _counted(number: int, noun: str) -> str:
    """Return a small number in letters with its noun, e.g. `nine deployments`."""
    word = _MANY[number] if number < len(_MANY) else f"{number:,}"
    return f"{word} {noun}{'' if number == 1 else 's'}"


def _nothing(material: Material, since: datetime | None) -> Report:
    told = truth(material.service, material.revisions)
    asked_for = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    count = len(material.revisions)
    ready = sum(one.state is RevisionState.READY for one in material.revisions)
    looked = f"{_counted(count, 'revision').capitalize()} {'was' if count == 1 else 'were'} looked at"
    nothing = "no revision failed to start, no traffic was taken back, and no promotion from here ended badly"
    return Report(
        name=material.service.name,
        as_of=material.now,
        since=since or material.now,
        status=Status.NONE,
        standing=_status(material)[1],
        summary=(
            f"There is no incident to report{asked_for}: {nothing}.",
            f"{looked}; {ready:,} {'is' if ready == 1 else 'are'} ready.",
            "What users met with, and no log tells, is not known here.",
        ),
        still=(f"{told.headline}.", *told.notes),
        unread=material.unread,
        links=pages(material),
    )


def _context(material: Material, found: Episode) -> datetime:
    """Return from when on the story is told: from the deployment of what is compared, or of what went wrong."""
    good = last_good(material, found)
    bad = map(material.revision, found.moved)
    return min([found.since, *(one.created for one in (good, *bad) if one and one.created)])


def _status(material: Material) -> tuple[Status, str]:
    told = truth(material.service, material.revisions)
    serving = [one.revision for one in told.effective if one.percent and one.revision]
    failed = {one.name for one in material.revisions if one.state is RevisionState.FAILED}
    who = " and ".join(serving)
    serves = f"{who} serve{'s' if len(serving) == 1 else ''}"
    if not serving or not failed.isdisjoint(serving):
        return Status.OPEN, "No revision that works serves."
    if told.diverged or material.service.reconciling:
        return Status.OPEN, f"{serves}, which is not what was asked for."
    if told.pinned and serving == [material.revisions[0].name]:
        return Status.RESOLVED, f"{serves}, the newest revision, and traffic is pinned to it."
    if told.pinned:
        return Status.MITIGATED, f"{serves}, and traffic is pinned there."
    if material.revisions[0].state is RevisionState.FAILED:
        return Status.MITIGATED, f"{serves}; the newest revision failed."
    return Status.RESOLVED, f"{serves}, and traffic follows the latest revision."


def _summary(material: Material, found: Episode) -> Iterator[str]:
    if found.failed:
        yield from _failures(material, found)
    yield from _promotions(found)
    for back in found.back:
        at = f"{back.at:%Y-%m-%d %H:%M} UTC{_after(back)}"
        yield f"Traffic was taken from {back.revision} and given to {back.to} at {at}."
    moved = moves(material, found.last)[:1]
    if moved and found.failed and moved[0].at not in {one.at for one in found.back}:
        words = f"{moved[0].words[:1].lower()}{moved[0].words[1:]}"
        yield f"After the last failure, at {moved[0].at:%Y-%m-%d %H:%M} UTC, {words}"
    if wrong_folder(material, found):
        stale = stale_of(material, found)
        rest = [
            *([] if candidate_of(material, found) else ["deploy from the root"]),
            *([f"delete the look-alikes ({listed(stale)})"] if stale else []),
        ]
        rest += ["restore latest"] if truth(material.service, material.revisions).pinned else []
        yield f"Left to do: {', '.join(rest)}."


def _promotions(found: Episode) -> Iterator[str]:
    for name in dict.fromkeys(one.revision for one in found.ended):
        own = [one for one in found.ended if one.revision == name]
        at = " and ".join(f"{one.at:%Y-%m-%d %H:%M}" for one in own)
        ended = " and ".join(dict.fromkeys(_ENDED.get(one.outcome, one.outcome) for one in own))
        yield f"{_counted(len(own), 'promotion').capitalize()} of {name} {ended} ({at} UTC): {own[-1].sentence}"


def _after(back: Back) -> str:
    return f", after {_in_words(back.at - back.since)}" if back.since else ""


def _in_words(length: timedelta) -> str:
    """Return a length of time, e.g. `2 hours and 5 minutes`."""
    days, minutes = length >= timedelta(days=1), length >= timedelta(minutes=1)
    unit = "hours" if days else "minutes" if minutes else "seconds"
    return humanize.precisedelta(length, minimum_unit=unit, format="%d")


def _failures(material: Material, found: Episode) -> Iterator[str]:
    name, count = material.service.name.service, len(found.failed)
    row = " in a row" if count > 1 else ""
    when = _between(found.failed[0].created, found.failed[-1].created)
    known = len(read(material, found))
    same = (
        ", all for one cause" if known == count else f", for one cause as far as {known} of their logs tell"
    )
    cause = same if count > 1 and one_cause(material, found) else ""
    yield f"{_counted(count, 'deployment').capitalize()} of {name}{row} failed to start {when}{cause}."
    yield from root(material, found).words[:3]
    good = last_good(material, found)
    if good is None:
        yield f"No revision before {'them' if count > 1 else 'it'} was ever good."
    elif not wrong_folder(material, found):
        yield f"{good.name} is the last good revision."


def _between(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None or first == last:
        return f"on {first:%Y-%m-%d at %H:%M} UTC" if first else ""
    return f"between {first:%Y-%m-%d %H:%M} and {last:%Y-%m-%d %H:%M} UTC"


def _trigger(material: Material, found: Episode) -> Iterator[str]:
    if found.failed:
        first, good, incident = found.failed[0], last_good(material, found), material.incident
        yield _deployed(first)
        if good and incident and incident.first_bad == first.name and incident.changed:
            yield f"What was different from {good.name}: {'; '.join(incident.changed)}."
    for name in found.moved:
        if revision := material.revision(name):
            yield _deployed(revision)


def _deployed(revision: Revision) -> str:
    who = f" by {revision.creator}" if revision.creator else ""
    return f"{revision.name} was deployed at {revision.created:%Y-%m-%d %H:%M} UTC{who}."


def _detection(material: Material, found: Episode) -> Iterator[str]:
    yield f"The first trouble is on record at {found.since:%Y-%m-%d %H:%M} UTC."
    reaction = next((one for one in moves(material, found.since) if one.at > found.since), None)
    if reaction:
        after = _in_words(reaction.at - found.since)
        yield f"Traffic was first changed {after} later, at {reaction.at:%Y-%m-%d %H:%M} UTC."


def _done(material: Material, found: Episode) -> Iterator[str]:
    repairs = len(found.failed) - 1
    alike = " as the first did" if one_cause(material, found) else " as well"
    if repairs > 0:
        yield f"{_counted(repairs, 'more deployment').capitalize()} failed{alike}."
    for one in moves(material, found.since):
        why = f" Why: {one.why}" if one.why else ""
        yield f"{one.at:%Y-%m-%d %H:%M} UTC, {one.by}: {one.words}{why}"


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
    for one in moves(material, found.since):
        if not one.why:
            yield f"Why {one.by} changed the traffic at {one.at:%Y-%m-%d %H:%M} UTC; no reason is recorded."
