"""Splits a wish into steps."""

import re

_JOINT = re.compile(r"\s*(?:,|;|\band then\b|\bthen\b|\bfinally\b|\band\b)\s*")


def steps(text: str) -> list[str]:
    """Return the parts of `text` in order, without the joints between them."""
    return [part for part in _JOINT.split(text.strip(" .")) if part]


def numbered(parts: list[str]) -> str:
    return " ".join(f"{number}. {part}." for number, part in enumerate(parts, 1))
