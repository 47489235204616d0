"""Sparklines: numbers as heights, in text alone, so that they stand in a cell of a table and in ASCII too. Pure."""

from collections.abc import Sequence
from typing import Final

_HEIGHTS: Final = "▁▂▃▄▅▆▇█"
# One that has no height, because no answer came.
_NOTHING = "×"  # noqa: RUF001 - the glyph; an ASCII terminal gets a plain x for it


def spark(values: Sequence[float | None], width: int, top: float = 0.0) -> str:
    """Return the last `width` values as heights from 0 to `top`, or to their own highest; `None` is a cross."""
    shown = values[-width:] if width > 0 else ()
    top = top or max((value for value in shown if value is not None), default=0.0)
    return "".join(_NOTHING if value is None else _height(value, top) for value in shown)


def bars(values: Sequence[int], lines: int, top: int) -> list[str]:
    """Return counts as bars `lines` tall, the upper line first. Nothing at all is a dot, and one is never nothing."""
    steps = lines * len(_HEIGHTS)
    heights = [max(1, round(value * steps / top)) if value else 0 for value in values]
    return ["".join(_piece(height, line) for height in heights) for line in reversed(range(lines))]


def _height(value: float, top: float) -> str:
    share = value / top if top > 0 else 0.0
    return _HEIGHTS[min(len(_HEIGHTS) - 1, max(0, int(share * len(_HEIGHTS))))]


def _piece(height: int, line: int) -> str:
    left = height - line * len(_HEIGHTS)
    if left <= 0:
        return " " if height or line else "·"
    return _HEIGHTS[min(left, len(_HEIGHTS)) - 1]
