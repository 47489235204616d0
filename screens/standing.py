"""What stands on a service for everybody who looks: that it was rolled back, and that somebody is at work on it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from buddy_tui.actions.marks import RolledBack, lock_of, rolled_back_of
from buddy_tui.model import Service
from buddy_tui.traffic import TrafficTruth
from screens.words import age


def marked(told: TrafficTruth, service: Service, now: datetime, who: str) -> TrafficTruth:
    """Return the truth with both marks in it, in front of its notes. `who` is the account whose lock is our own."""
    back, notes = rolled_back_of(service), tuple(_notes(service, now, who))
    if back is None:
        return replace(told, notes=(*notes, *told.notes))
    if back.decided:
        decided = f"Rolled back from {back.origin} {_when(back, now)}; it was decided that it stays so."
        return replace(told, notes=(*notes, decided, *told.notes))
    headline = f"ROLLED BACK to {back.to} from {back.origin}"
    ways = f"Rolled back {_when(back, now)}. It stays pinned until somebody decides; L restores latest."
    return replace(told, headline=headline, notes=(*notes, ways, *told.notes))


def _when(back: RolledBack, now: datetime) -> str:
    by = f" by {back.by}" if back.by else ""
    return f"{age(back.at, now)} ago{by}"


def _notes(service: Service, now: datetime, who: str) -> Iterator[str]:
    lock = lock_of(service, now)
    if lock and lock.holder != who:
        yield f"AT WORK: {lock.holder} ({lock.verb}), until {lock.until:%H:%M:%S} UTC at the latest."
