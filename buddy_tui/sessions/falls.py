"""sessions: whether fewer were written after a rollout, by more than chance. Pure.

The rule. The day after a rollout (less, where another one followed or it is younger) is compared with as long a time
just before it, and with the same hours of the day before, for nights are quiet. Only when fewer than half as many an
hour were written as in either, and chance would do that less than once in a thousand times (the number of events in
two windows of a Poisson process of one rate is binomial), it is said that they fell. Where fewer than ten were to be
expected nothing is said: too little to tell.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import exp, lgamma, log

_DAY = timedelta(days=1)
_CHANCE = 0.001
_LEAST_EXPECTED = 10
_HOUR = timedelta(hours=1)
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Falls:
    """Sentences about rollouts `after` which fewer sessions were written, and those too young or quiet to tell."""

    fell: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of time, and how many sessions were made in it."""

    length: timedelta
    count: int

    @property
    def hourly(self) -> float:
        return self.count / (self.length / _HOUR)


def falls(
    moments: Sequence[datetime],
    rollouts: Sequence[tuple[datetime, str]],
    since: datetime,
    now: datetime,
    *,
    unseen: int = 0,
) -> Falls:
    """Compare before and after each of `rollouts` (in order of time), by `moments`, at which sessions were made.

    `since` is the beginning of what is known: from there until `now` all of `moments` are there, but for `unseen`
    sessions, whose time nobody knows. For whether fewer were written these count as written after the rollout.
    """
    made = sorted(moments)
    starts = [since, *(when for when, _ in rollouts), now]
    fell, fallen, unsure = [], [], []
    for at, (when, revision) in enumerate(rollouts):
        earlier, later = when - max(starts[at], when - _DAY), min(starts[at + 2], when + _DAY) - when
        after = _window(made, when, later)
        most = replace(after, count=after.count + unseen)
        known = [_window(made, when - min(earlier, later), min(earlier, later))]
        if since <= when - _DAY and later < _DAY:
            known.append(_window(made, when - _DAY, later))
        before = min(known, key=lambda one: one.hourly if one.length else 0.0)
        if _expected(before, after) < _LEAST_EXPECTED:
            unsure.append(revision)
        elif most.hourly < before.hourly / 2 and _by_chance(before, most) < _CHANCE:
            fell.append(_sentence(when, revision, before, after))
            fallen.append(revision)
    return Falls(tuple(fell), tuple(fallen), tuple(unsure))


def too_little(revisions: Sequence[str]) -> Iterator[str]:
    """Yield a sentence about the rollouts, oldest first, after which there is too little to tell; none about none."""
    if not revisions:
        return
    newest = revisions[::-1]
    more = f" and {len(newest) - _MOST_NAMED} more" if len(newest) > _MOST_NAMED else ""
    yield f"Too few sessions to tell whether fewer are written since {', '.join(newest[:_MOST_NAMED])}{more} began."


def _window(made: Sequence[datetime], start: datetime, length: timedelta) -> _Window:
    return _Window(length, bisect_left(made, start + length) - bisect_left(made, start))


def _expected(before: _Window, after: _Window) -> float:
    """Return how many would have been made after, were the rate as before."""
    return before.count * (after.length / before.length) if before.length else 0.0


def _by_chance(before: _Window, after: _Window) -> float:
    """Return how likely so few, or fewer, of all of them lie in the window after, were the rate one and the same."""
    total = before.count + after.count
    share = after.length / (before.length + after.length)
    return sum(
        exp(
            lgamma(total + 1)
            - lgamma(count + 1)
            - lgamma(total - count + 1)
            + count * log(share)
            + (total - count) * log(1 - share)
        )
        for count in range(after.count + 1)
    )


def _sentence(when: datetime, revision: str, before: _Window, after: _Window) -> str:
    now = _in_words(after.hourly)
    noun = "session" if now == "1" else "sessions"
    return f"After {revision} began ({when:%Y-%m-%d %H:%M}) {now} {noun} an hour, before {_in_words(before.hourly)}."


def _in_words(hourly: float) -> str:
    """Return a rate with one decimal where that says anything, e.g. `41`, `2.5`."""
    return f"{hourly:,.0f}" if hourly >= 10 or hourly == round(hourly) else f"{hourly:.1f}"
