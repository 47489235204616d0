"""probes: what so many attempts prove. Pure."""

from collections.abc import Sequence
from math import ceil, sqrt

# The standard normal deviate of 95 % confidence, two-sided.
_Z = 1.96


def failing(passed: int, tried: int) -> tuple[float, float]:
    """Return between which shares (0..1) of requests fail, with 95 % confidence: the Wilson score interval."""
    share, z2 = (tried - passed) / tried, _Z * _Z
    middle = share + z2 / (2 * tried)
    reach = _Z * sqrt(share * (1 - share) / tried + z2 / (4 * tried * tried))
    whole = 1 + z2 / tried
    # At the ends the formula gives exactly 0 and 1, which the arithmetic misses by a hair.
    low = 0.0 if passed == tried else (middle - reach) / whole
    return low, 1.0 if passed == 0 else (middle + reach) / whole


def bound(passed: int, tried: int) -> str:
    """Say what `passed` of `tried` prove, e.g. `8 of 8: fewer than 32 % of requests fail, 95 % confidence`."""
    if not tried:
        return ""
    low, high = failing(passed, tried)
    if passed == tried:
        proven = f"fewer than {_percent(high)} of requests fail"
    elif passed == 0:
        proven = f"more than {_percent(low)} of requests fail"
    else:
        proven = f"{_percent(1 - passed / tried)} failed, between {_percent(low)} and {_percent(high)}"
    return f"{passed} of {tried}: {proven}, 95 % confidence"


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return the value that `percent` of the values do not exceed (nearest rank), `None` without any."""
    if not values:
        return None
    return sorted(values)[max(ceil(len(values) * percent / 100), 1) - 1]


def _percent(share: float) -> str:
    # Below one and above 99, rounding to whole ones would claim certainty.
    if 0.01 <= share <= 0.99:
        return f"{share:.0%}".replace("%", " %")
    return f"{min(max(share * 100, 0.1), 99.9):.1f} %"
