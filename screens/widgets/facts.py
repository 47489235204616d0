"""Facts about one thing: labels on the left, values wrapped beside them. Values are plain text, never markup."""

from dataclasses import dataclass
from functools import lru_cache

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean
from screens.theme import toned
from screens.words import Cell

_LABEL = 12


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its values, one a line. A fact without values is a heading."""

    label: str
    values: tuple[Cell, ...] = ()


class FactSheet(Widget):
    """A list of facts, as tall as it needs to be."""

    DEFAULT_CSS = """
    FactSheet { height: auto; }
    """

    facts: reactive[tuple[Fact, ...]] = reactive((), layout=True)

    def render(self) -> Content:
        """Lay the facts out in the width at hand."""
        return Content("\n").join(lines(self.facts, self.size.width))

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of lines in `width` cells."""
        return len(lines(self.facts, width))


@lru_cache(8)
def lines(facts: tuple[Fact, ...], width: int) -> list[Content]:
    """Lay facts out in `width` cells: headings stand alone, values are wrapped beside their label."""
    laid: list[Content] = []
    for fact in facts:
        laid += _beside(fact, max(width - _LABEL, 10)) if fact.values else _heading(fact, first=not laid)
    return laid


def _heading(fact: Fact, *, first: bool) -> list[Content]:
    title = Content.assemble((clean(fact.label), "bold $text-primary"))
    return [title] if first else [Content(""), title]


def _beside(fact: Fact, room: int) -> list[Content]:
    wrapped = [
        line
        for value in fact.values
        for line in Content.assemble(*toned(value._replace(text=clean(value.text)))).wrap(room)
    ]
    labels = (clean(fact.label), *[""] * len(wrapped))
    return [
        Content.assemble((f"{label[: _LABEL - 1]:<{_LABEL}}", "$text-muted"), line)
        for label, line in zip(labels, wrapped, strict=False)
    ]
