"""What stands on a service for everybody who looks: that traffic is stuck, that it was rolled back, who is at work on it."""

import platform
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from buddy_tui.actions.marks import RolledBack, lock_of, rolled_back_of
from buddy_tui.actions.settled import in_between, overdue
from buddy_tui.model import Service
from buddy_tui.traffic import TrafficTruth
from screens.words import Cell, age, span

# What the truth says of traffic that is apart before it is overdue.
_SAID_BETTER = ("DIVERGED", "Cloud Run is still at work")


def marked(told: TrafficTruth, service: Service, now: datetime, who: str) -> TrafficTruth:
    """Return the truth with all of that in it, in front of its notes. `who` is the account whose lock is our own."""
    back, late = rolled_back_of(service), overdue(service, now)
    headline, serves = told.headline, any(one.percent for one in told.effective)
    if late and serves:  # that nobody serves is graver
        headline = f"NOT DONE for {span(late)}: traffic is not where it was asked to be"
    elif back and is_undecided(service):
        headline = f"ROLLED BACK to {back.to} from {back.origin}"
    mine = (*_notes(service, now, who), *([_standing(back, now)] if back else []))
    others = (one for one in told.notes if not (late and one.startswith(_SAID_BETTER)))
    return replace(told, headline=headline, notes=(*mine, *others))


def stuck(service: Service, now: datetime) -> Cell | None:
    """Return for how long traffic has not been where it should be, in short; `None` where it is."""
    late = overdue(service, now)
    return Cell(f"✗ NOT DONE {span(late)}", "bad") if late else None


def is_undecided(service: Service) -> bool:
    """Tell whether it was rolled back, and nobody has decided yet what becomes of that."""
    back = rolled_back_of(service)
    return back is not None and not back.decided


def _standing(back: RolledBack, now: datetime) -> str:
    by = f" by {back.by}" if back.by else ""
    if back.decided:
        return f"Rolled back from {back.origin} {age(back.at, now)} ago{by}; it was decided that it stays so."
    return f"Rolled back {age(back.at, now)} ago{by}. Open until somebody decides: L restores latest, K stays pinned."


def _notes(service: Service, now: datetime, who: str) -> Iterator[str]:
    if overdue(service, now):
        told = in_between(service).removeprefix("DIVERGED: ")
        yield f"{told[:1].upper()}{told[1:]} U undoes what was asked for."
    lock = lock_of(service, now)
    if lock and lock.holder != (who or platform.node()):  # as whom we sign where no account is known
        yield f"AT WORK: {lock.holder} ({lock.verb}), until {lock.until:%H:%M:%S} UTC at the latest."
