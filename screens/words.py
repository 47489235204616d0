"""Times and freshness in the operator's words. Pure, and light: the first frame needs it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from buddy_tui.model import Trouble

Clock = Callable[[], datetime]

NONE = "–"  # noqa: RUF001 - the glyph for "there is none"


class Cell(NamedTuple):
    """A piece of plain text and its tone: `ok`, `warn`, `bad`, `info`, `dim`, `strong`, or empty."""

    text: str
    tone: str = ""


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def age(then: datetime | None, now: datetime) -> str:
    """Return how long ago `then` was in its largest unit, e.g. `3s`, `4m`, `2h`, `41d`; a clock behind is `0s`."""
    if then is None:
        return NONE
    return span(now - then)


def span(length: timedelta) -> str:
    """Return a length of time in its largest unit."""
    seconds = max(0, int(length.total_seconds()))
    size, unit = next((unit for unit in _UNITS if seconds >= unit[0]), _UNITS[-1])
    return f"{seconds // size}{unit}"


def moment(then: datetime | None, now: datetime) -> str:
    """Return a time in full beside its age, e.g. `2026-02-10 14:03:07 UTC, 4m ago`."""
    return NONE if then is None else f"{then:%Y-%m-%d %H:%M:%S} UTC, {age(then, now)} ago"


def freshness(as_of: datetime | None, trouble: "Trouble | None", next_in: float, now: datetime) -> Cell:
    """Return how far the data can be trusted: `● live 3s`, `! late 42s`, `! stale 42s: why`, `● connecting…`.

    Without a next look (`next_in` is infinite) it says from when the data is, and calls it neither live nor late.
    Data is `late` when the next look is overdue by ten seconds (the deadline of one call) and nobody has said why.
    """
    if trouble is not None:
        return Cell(f"! stale {age(as_of, now)}" if as_of else "! no data", "bad")
    if as_of is None:
        return Cell("● connecting…", "warn")
    if next_in == inf:
        return Cell(f"{NONE} from {age(as_of, now)} ago", "dim")
    overdue = (now - as_of).total_seconds() > next_in + 10
    return Cell(f"! late {age(as_of, now)}", "warn") if overdue else Cell(f"● live {age(as_of, now)}", "ok")
