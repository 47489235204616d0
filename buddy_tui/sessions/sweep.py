"""sessions: what probes that were killed left behind, removed at the next start."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from buddy_tui.gateway import DocumentReads, Writes
from buddy_tui.model import ServiceName
from buddy_tui.probes.values import Door
from buddy_tui.question import SessionPlan
from buddy_tui.sessions.marks import Held, Marker, deserted, folder, with_secrets
from buddy_tui.sessions.removal import Removed, remove
from buddy_tui.sessions.seen import place_in_words

# At one start; each may take its time, and somebody waits.
_MOST_MARKERS = 20
_SECONDS = 10.0
# Each instance may have a memory of its own.
_TRIES = 8
# What could not be seen or asked for so long is taken for gone.
_LONGEST_KEPT = timedelta(days=7)


async def sweep(
    cloud: DocumentReads,
    writes: Writes,
    door: Door,
    *,
    clock: Callable[[], datetime],
    name: ServiceName | None = None,
    plan: SessionPlan | None = None,
    marks: Path | None = None,
) -> str:
    """Remove what earlier session probes left behind, and say so in words; empty when there was nothing.

    `plan` is that of service `name`: it has the header values that markers do not keep, and no other service gets
    them. `marks` is the folder of the markers (none: our own). Only documents that are proved to be ours are deleted.
    Whatever cannot be removed now stays noted for later.
    """
    place = marks or folder()
    told: Counter[str] = Counter()
    with closing(deserted(place)) as markers:
        for file, held in islice(markers, _MOST_MARKERS):
            marker = held.read()
            if marker is None:
                text = f"{place / file} is no note of ours that can be understood, and is kept: look into it."
            elif marker.waits and clock() < marker.deadline:
                text = ""
            else:
                known = plan is not None and marker.service == name
                delete = with_secrets(marker.delete, plan.delete) if plan and known else marker.delete
                asked = replace(marker, delete=delete)
                removed = await remove(asked, cloud, writes, door, tries=_TRIES, seconds=_SECONDS)
                text = _settled(held, marker, removed, clock())
            told[text] += 1
    return " ".join(f"{text} ({times} times)" if times > 1 else text for text, times in told.items() if text)


def _settled(held: Held, marker: Marker, removed: Removed, now: datetime) -> str:
    """Take the marker away where nothing is left, and say what was found; empty where that was nothing."""
    about = f"An earlier session probe of {marker.target.revision}"
    kept = _why_kept(marker, removed, now, place_in_words(marker.place))
    if kept and now - marker.begun < _LONGEST_KEPT:
        return f"{about} {kept}; a later start looks again."
    held.remove()
    if kept:
        return f"{about} {kept}; it was tried for days, and is not any more."
    if removed.paths:
        return f"{about} had left {', '.join(removed.paths)} in {place_in_words(marker.place)}: removed."
    if removed.deleted and not marker.waits:
        return f"{about} was broken off, and its service says that its session is deleted."
    return ""


def _why_kept(marker: Marker, removed: Removed, now: datetime, where: str) -> str:
    """Say why a marker is still needed, as it follows after the probe's name; empty when it is not."""
    if removed.trouble:
        return f"may have left a document in {where}, which cannot be seen now: {removed.trouble.rstrip('.')}"
    if removed.paths:
        return ""
    if now < marker.deadline:
        seen = (
            "its service says that its session is deleted" if removed.deleted else "nothing of it can be seen"
        )
        return f"may not be over: {seen}, but what it sent may still land"
    if marker.waits or removed.settled or not marker.id:
        return ""
    return f"left nothing in {where}, but its service did not delete its session"
