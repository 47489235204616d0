"""How wide the columns of a table are: pure, so that it can be tried at every width."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    When the room gets short, columns leave by `priority`, the highest first; those with 0 stay and shrink. A
    `flexible` one gets the room that is left, and at least `least` cells before others leave for it. A `spare` one
    comes only when nothing has to shrink for it. `keep_end` shortens at the front, for names that differ at the end.
    """

    title: str
    priority: int = 0
    flexible: bool = False
    least: int = 0
    spare: bool = False
    right: bool = False
    keep_end: bool = False


@lru_cache(16)
def fit(columns: tuple[Column, ...], natural: tuple[int, ...], room: int) -> tuple[int, ...]:
    """Return the width of each column in `room` cells, 0 for one that has to leave."""
    numbered = tuple(enumerate(columns))
    widths = [
        0 if column.spare else min(natural[at], column.least) if column.flexible else natural[at]
        for at, column in numbered
    ]
    for at, column in sorted(numbered, key=lambda one: -one[1].priority):
        if column.priority and _total(widths) > room:
            widths[at] = 0
    for at, column in numbered:
        left = room - _total(widths)
        if column.flexible:
            widths[at] += max(0, min(natural[at] - widths[at], left))
        elif column.keep_end and left < 0:
            widths[at] = max(8, widths[at] + left)
    for at, column in numbered:
        if column.spare and natural[at] and room - _total(widths) >= natural[at] + len(GAP):
            widths[at] = natural[at]
    grown = next((at for at, column in numbered if column.flexible), 0)
    widths[grown] += max(0, room - _total(widths))
    return tuple(widths)


def _total(widths: Sequence[int]) -> int:
    return sum(width + len(GAP) for width in widths if width)


def fitted(text: str, size: int, column: Column) -> str:
    """Return `text` in exactly `size` cells, shortened or padded as its column says."""
    length = cell_len(text)
    if length > size:
        return _shortened(text, size, keep_end=column.keep_end)
    return " " * (size - length) + text if column.right else text + " " * (size - length)


def _shortened(text: str, size: int, *, keep_end: bool) -> str:
    if not keep_end:
        return set_cell_size(text, size - 1) + "…"
    text = text[-size:]
    while cell_len(text) > size - 1:
        text = text[1:]
    return ("…" + text).ljust(size)
