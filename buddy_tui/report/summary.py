"""report: the summary: what happened, why, and what is left to do, in a few sentences. Pure."""

from collections.abc import Iterator
from datetime import datetime

from buddy_tui.report.cause import (
    bad_latest,
    candidate_of,
    last_good,
    listed,
    one_cause,
    read,
    root,
    stale_of,
    wrong_folder,
)
from buddy_tui.report.episode import Back, Episode
from buddy_tui.report.material import Material
from buddy_tui.report.phrases import counted, in_words
from buddy_tui.report.timeline import moves
from buddy_tui.traffic import truth


def summary(material: Material, found: Episode) -> Iterator[str]:
    """Yield the sentences."""
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
    if found.before:
        count, last = counted(len(found.before), "deployment").capitalize(), found.before[-1].created
        until = f", until {last:%Y-%m-%d %H:%M} UTC" if last else ""
        yield f"{count} failed to start before that{until}; a newer one started, so that is an incident of its own."
    if left := tuple(_left(material, found)):
        yield f"Left to do: {', '.join(left)}."


def _left(material: Material, found: Episode) -> Iterator[str]:
    """Yield what is left to do, in a few words each."""
    pinned, stale = truth(material.service, material.revisions).pinned, stale_of(material, found)
    if wrong_folder(material, found) and not candidate_of(material, found):
        yield "deploy from the root"
    if stale:
        yield f"delete the look-alikes ({listed(stale)})"
    if found.suspects:
        yield f"find out what is wrong with {' and '.join(found.suspects)}"
    if pinned and not bad_latest(material, found):
        yield "restore latest"


def _promotions(found: Episode) -> Iterator[str]:
    """Yield how the promotions of each revision ended, and which gates failed."""
    for name in dict.fromkeys(one.revision for one in found.ended):
        own = [one for one in found.ended if one.revision == name]
        ends = [f"{one.outcome} ({one.at:%Y-%m-%d %H:%M} UTC)" for one in own]
        if len(own) == 1:
            yield f"The promotion of {name} was {ends[0]}."
        else:
            yield f"{counted(len(own), 'promotion').capitalize()} of {name} failed: {', then '.join(ends)}."
        if gates := tuple(dict.fromkeys(gate for one in own for gate in one.gates)):
            yield f"Gates that failed: {', '.join(gates)}."


def _after(back: Back) -> str:
    return f", after {in_words(back.at - back.since)}" if back.since else ""


def _failures(material: Material, found: Episode) -> Iterator[str]:
    name, count = material.service.name.service, len(found.failed)
    row = " in a row" if count > 1 else ""
    when = _between(found.failed[0].created, found.failed[-1].created)
    known = len(read(material, found))
    same = (
        ", all for one cause" if known == count else f", for one cause as far as {known} of their logs tell"
    )
    cause = same if count > 1 and one_cause(material, found) else ""
    yield f"{counted(count, 'deployment').capitalize()} of {name}{row} failed to start {when}{cause}."
    yield from root(material, found).words[:1]
    good, process = last_good(material, found), wrong_folder(material, found)
    if good is None:
        fault = "The deployment process is at fault. " if process else ""
        yield f"{fault}No revision before {'them' if count > 1 else 'it'} was ever good."
    elif process:
        yield f"The deployment process is at fault, not the code; {good.name} is the last good revision."
    else:
        yield f"{good.name} is the last good revision."


def _between(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None or first == last:
        return f"on {first:%Y-%m-%d at %H:%M} UTC" if first else ""
    return f"between {first:%Y-%m-%d %H:%M} and {last:%Y-%m-%d %H:%M} UTC"
