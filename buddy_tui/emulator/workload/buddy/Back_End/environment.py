"""What the container was told at its start."""

import os


def text(name: str, default: str) -> str:
    """Return the variable `name`, or `default` when it is unset or blank."""
    return os.environ.get(name, "").strip() or default


def number(name: str, default: int) -> int:
    """Return the variable `name` as a number, or `default` when it is not one."""
    try:
        return int(text(name, str(default)))
    except ValueError:
        return default


def words(name: str) -> tuple[str, ...]:
    """Return the variable `name` as words, which commas separate."""
    return tuple(word.strip() for word in text(name, "").split(",") if word.strip())
