"""sessions: what a document says of when it was made, in whatever form its program writes times."""

import re
from datetime import UTC, datetime

# Beyond these a number of seconds is one of milliseconds, microseconds or nanoseconds: no session is of the year 5138.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,9})?")


def moment(value: object) -> datetime | None:
    """Return a time in UTC; `None` where the value is none.

    Understood are times (a naive one is taken for UTC), ISO 8601 text, and the seconds since 1970 as a number or as
    text, in seconds or in thousandths, millionths or billionths of them.
    """
    try:
        if isinstance(value, datetime):
            return _in_utc(value)
        if isinstance(value, str):
            text = value.strip()[:40]
            if _NUMBER.fullmatch(text):
                return _since_1970(float(text))
            return _in_utc(datetime.fromisoformat(text))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _since_1970(float(value))
    except (OverflowError, OSError, ValueError):  # not a number, or a time that no calendar has
        pass
    return None


def hour_of(when: datetime) -> datetime:
    """Return the hour that a time in UTC lies in."""
    return datetime(when.year, when.month, when.day, when.hour, tzinfo=UTC)


def _in_utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _since_1970(number: float) -> datetime:
    unit = next((unit for least, unit in _UNITS if abs(number) >= least), 1.0)
    return datetime.fromtimestamp(number / unit, UTC)
