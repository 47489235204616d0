"""The way that imports took to the line that failed: a tree where there is room, else one line."""

from functools import lru_cache

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean_line
from screens.theme import TONES

_ARROW = " → "
# What stands before the name on the tree's second line, and how far each further line moves in.
_BRANCH, _STEP = "└─ ", 2


class ImportChain(Widget):
    """`main.py:14 → Back_End.whiteboard_metrics → …`, outermost first; the last is where it failed."""

    DEFAULT_CSS = """
    ImportChain { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    chain: reactive[tuple[str, ...]] = reactive((), layout=True)
    most: reactive[int] = reactive(1, layout=True)
    """Lines that it may take; 1 draws it on one line."""

    def render(self) -> Content:
        """Draw it in the width at hand."""
        return Content("\n").join(lines(self.chain, max(self.size.width, 10), self.most))

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of lines."""
        return len(lines(self.chain, max(width, 10), self.most))


@lru_cache(8)
def lines(chain: tuple[str, ...], width: int, most: int) -> list[Content]:
    """Draw a chain in `width` cells and `most` lines; what has no room in the middle is counted."""
    steps = tuple(map(clean_line, chain))
    if not steps:
        return []
    if most == 1:
        return [_on_one_line(steps, width)]
    return [
        _step(
            " " * min(_STEP * (at - 1), width // 2) + _BRANCH if at else "", step, last=at == len(shown) - 1
        )
        for shown in (_shortened(steps, most),)
        for at, step in enumerate(shown)
    ]


def _on_one_line(steps: tuple[str, ...], width: int) -> Content:
    """Keep both ends: who imported, and what failed."""
    for kept in range(len(steps), 1, -1):
        line = _ARROW.join(_shortened(steps, kept))
        if len(line) + 2 <= width:
            break
    *before, last = _shortened(steps, kept) if len(steps) > 1 else steps
    return Content.assemble(
        "".join(f"{step}{_ARROW}" for step in before), (f"✗ {last}", TONES["bad"])
    ).truncate(width, ellipsis=True)


def _shortened(steps: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return at most `most` steps (two at least): the first ones, a count, and the last."""
    if len(steps) <= most:
        return steps
    head = max(1, (most - 1) // 2)
    tail = max(1, most - 1 - head)
    return (*steps[:head], f"… {len(steps) - head - tail} more", *steps[-tail:])


def _step(indent: str, step: str, *, last: bool) -> Content:
    return Content.assemble(
        (indent, TONES["dim"]), (f"✗ {step}" if last else step, TONES["bad" if last else ""])
    )
