"""report: numbers and lengths of time in words."""

from datetime import timedelta

import humanize

_MANY = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip


def counted(number: int, noun: str) -> str:
    """Return a small number in letters with its noun, e.g. `nine deployments`."""
    return f"{number_of(number)} {noun}{'' if number == 1 else 's'}"


def number_of(number: int) -> str:
    """Return a number, a small one in letters."""
    return _MANY[number] if number < len(_MANY) else f"{number:,}"


def in_words(length: timedelta) -> str:
    """Return a length of time, e.g. `2 hours and 5 minutes`."""
    days, minutes = length >= timedelta(days=1), length >= timedelta(minutes=1)
    if length < timedelta(seconds=1):
        return "less than a second"
    unit = "hours" if days else "minutes" if minutes else "seconds"
    return humanize.precisedelta(length, minimum_unit=unit, format="%d")
