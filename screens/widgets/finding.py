"""The finding on top of a log: whether it boots, why, what to do, and the lines that prove it."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean, clean_line
from buddy_tui.finding import Finding, Quote
from screens.findings import sureness, verdict
from screens.theme import toned
from screens.words import Cell

_LABEL = 9
# Up to this rank a part is cut rather than left out.
_NEEDED = 3


class Part(NamedTuple):
    """Something that a finding says. The lowest ranks are told when there is no room for all.

    `evidence` is the position of the evidence that it shows, else -1.
    """

    rank: int
    lines: tuple[Content, ...]
    evidence: int = -1


class FindingPanel(Widget):
    """At most `most` lines about a finding; what has no room is counted. A click on evidence asks for its line."""

    DEFAULT_CSS = """
    FindingPanel { height: auto; }
    """

    class Asked(Message):
        """The line behind a piece of evidence is wanted; `at` is its position in the finding."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    finding: reactive[Finding | None] = reactive(None, layout=True)
    words: reactive[str] = reactive("", layout=True)
    """What stands in for the finding as long as there is none."""
    most: reactive[int] = reactive(5, layout=True)
    pointed: reactive[int] = reactive(-1)
    """The evidence that was jumped to last."""

    def render(self) -> Content:
        """Lay the finding out in the room at hand."""
        return Content("\n").join(line for part in self._parts(self.size.width) for line in part.lines)

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of lines in `width` cells."""
        return sum(len(part.lines) for part in self._parts(width))

    def on_click(self, event: events.Click) -> None:
        """Ask for the line behind the evidence that was clicked."""
        below = event.y
        for part in self._parts(self.size.width):
            if below < len(part.lines):
                if part.evidence >= 0:
                    self.post_message(self.Asked(part.evidence))
                return
            below -= len(part.lines)

    def _parts(self, width: int) -> tuple[Part, ...]:
        if self.finding is None:
            return (Part(0, (Content.assemble((clean_line(self.words), "bold $text-warning")),)),)
        return parts(self.finding, max(width, 20), self.most, self.pointed)


@lru_cache(8)
def parts(finding: Finding, width: int, most: int, pointed: int) -> tuple[Part, ...]:
    """Return what of a finding is told in `width` cells and `most` lines, in the order of reading.

    Cause, fix and doubt are cut rather than left out.
    """
    everything = tuple(_everything(finding, width, pointed))
    room, kept, more = most, {}, 0
    for at, part in sorted(enumerate(everything), key=lambda one: one[1].rank):
        fits = len(part.lines) <= room
        more += not fits
        if fits or (room and part.rank <= _NEEDED):
            kept[at] = part if fits else _cut(part, room, width)
            room -= len(kept[at].lines)
    first, *others = (kept[at] for at in sorted(kept))
    return (_with_count(first, more, width), *others) if more else (first, *others)


def _cut(part: Part, room: int, width: int) -> Part:
    *whole, last = part.lines[:room]
    return part._replace(lines=(*whole, Content.assemble(last.truncate(width - 1), "…")))


def _everything(finding: Finding, width: int, pointed: int) -> Iterator[Part]:
    yield Part(0, (_headline(finding, width),))
    yield from _part(2, "" if finding.boots else "cause", Cell(finding.summary), width)
    for at, fix in enumerate(finding.fix):
        yield from _part(5 if at else 1, "" if at else "fix", Cell(fix, "info"), width)
    for at, doubt in enumerate(finding.uncertain):
        yield from _part(6 if at else 3, "" if at else "not sure", Cell(doubt, "warn"), width)
    yield from _evidence(finding.evidence, width, pointed)
    yield from _part(7, "seen", Cell(finding.observed, "dim"), width)


def _evidence(evidence: Sequence[Quote], width: int, pointed: int) -> Iterator[Part]:
    """Yield what proves it; what is a line of the log has a number, for it can be jumped to."""
    number = 0
    for at, quote in enumerate(evidence):
        number += quote.entry >= 0
        name = f"e{number}" if quote.entry >= 0 else "–"  # noqa: RUF001 - the glyph
        text = Content(clean_line(quote.text)).truncate(width - _LABEL, ellipsis=True)
        line = _labelled(f"{'▸' if at == pointed else ' '} {name}", text)
        yield Part(4 if at < 3 else 8, (line,), at if quote.entry >= 0 else -1)


def _headline(finding: Finding, width: int) -> Content:
    """Return the verdict and, on its right, how sure it is; the verdict is what shortens."""
    sure = Content.assemble("  ", *toned(sureness(finding)))
    cell = verdict(finding)
    told = Content.assemble(*toned(cell._replace(text=clean_line(cell.text)))).stylize("bold")
    return told.truncate(width - sure.cell_length, ellipsis=True) + sure


def _with_count(headline: Part, count: int, width: int) -> Part:
    more = Content.assemble((f"  +{count} more: d", "$text-primary"))
    line = headline.lines[0]
    return (
        headline._replace(lines=(line + more,)) if line.cell_length + more.cell_length <= width else headline
    )


def _part(rank: int, label: str, cell: Cell, width: int) -> Iterator[Part]:
    if cell.text:
        told = Content.assemble(*toned(cell._replace(text=clean(cell.text)))).wrap(width - _LABEL)
        yield Part(rank, tuple(_labelled("" if at else label, line) for at, line in enumerate(told)))


def _labelled(label: str, line: Content) -> Content:
    return Content.assemble((f"{label:<{_LABEL}}", "$text-muted"), line)
