"""Counts days."""

import re
from datetime import UTC, date, datetime

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def days_until(text: str, today: date | None = None) -> str:
    """Answer how far the first date (YYYY-MM-DD) in `text` is; without one, how far Christmas is."""
    today = today or datetime.now(UTC).date()
    found = _ISO_DATE.search(text)
    try:
        day = date.fromisoformat(found.group()) if found else _christmas(today)
    except ValueError:
        return f"{found.group()} is no date." if found else ""
    return f"{(day - today).days} days until {day.isoformat()}."


def _christmas(today: date) -> date:
    this_year = date(today.year, 12, 25)
    return this_year if today <= this_year else date(today.year + 1, 12, 25)
