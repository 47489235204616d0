"""doctor: the checks as a stream, each as soon as it can be judged; and what they come to."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime
from time import monotonic

from buddy_tui.doctor.checks import CHECKS
from buddy_tui.doctor.conclude import conclude
from buddy_tui.doctor.gather import Outside, gather
from buddy_tui.doctor.values import Check, Examination
from buddy_tui.preflight.values import Verdict

# With start, end and print, all of it is done within five seconds, also on a busy machine.
SECONDS = 3.4
_PLACES = {item.name: place for place, item in enumerate(CHECKS)}


async def examine(outside: Outside, seconds: float = SECONDS) -> AsyncGenerator[Check, None]:
    """Yield every check once, the quickest first, the last one after `seconds`. See `in_order`.

    Whoever is in a hurry closes the generator. What was not answered in time is skipped, or a failure where nothing
    can be done without it.
    """
    waiting = list(CHECKS)
    async with aclosing(gather(outside, seconds)) as rounds:
        async for parts in rounds:
            judged = [(item, check) for item in waiting if (check := item.check(parts)) is not None]
            waiting = [item for item in waiting if item not in [one for one, _ in judged]]
            for _, check in judged:
                yield check


async def examinations(
    outside: Callable[[], Outside],
    clock: Callable[[], datetime],
    wake: asyncio.Event,
    seconds: float = SECONDS,
) -> AsyncGenerator[Examination, None]:
    """Look, and tell after each check how far that has come; look again, with an `outside` anew, whenever that is asked.

    The first value comes before anything is looked at. Whoever closes the generator closes what was opened.
    """
    while True:
        wake.clear()
        begun, told = monotonic(), dict[str, Check]()
        yield _so_far(told, 0.0, clock())
        async with aclosing(examine(outside(), seconds)) as checks:
            async for check in checks:
                told[check.name] = check
                yield _so_far(told, monotonic() - begun, clock())
        await wake.wait()


def _so_far(told: Mapping[str, Check], took: float, now: datetime) -> Examination:
    checks = tuple(told.get(item.name) or Check(Verdict.SKIPPED, "", name=item.name) for item in CHECKS)
    pending = frozenset(item.name for item in CHECKS) - told.keys()
    told_so_far = conclude(in_order(told.values()), done=not pending)
    return Examination(checks, pending, told_so_far, took, now)


def in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Sort checks as they are to be read."""
    return tuple(sorted(checks, key=lambda check: _PLACES[check.name]))


def worst(checks: Iterable[Check]) -> Verdict:
    """Return `fail` before `warn` before `pass`. What was skipped alone is no failure."""
    verdicts = {check.verdict for check in checks}
    return next((one for one in (Verdict.FAIL, Verdict.WARN) if one in verdicts), Verdict.PASS)
