"""doctor: the checks as a stream, each as soon as it can be judged; and what they come to."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from buddy_tui.doctor.checks import CHECKS
from buddy_tui.doctor.gather import Outside, gather
from buddy_tui.doctor.values import Check
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


def in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Sort checks as they are to be read."""
    return tuple(sorted(checks, key=lambda check: _PLACES[check.name]))


def worst(checks: Iterable[Check]) -> Verdict:
    """Return `fail` before `warn` before `pass`. What was skipped alone is no failure."""
    verdicts = {check.verdict for check in checks}
    return next((one for one in (Verdict.FAIL, Verdict.WARN) if one in verdicts), Verdict.PASS)
