"""How a line of a log is drawn: a mark, the time, the text with what matters lit up. Text is never read as markup."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from textwrap import wrap

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.strip import Strip
from textual.style import Style

from buddy_tui.boot.scan import Kind
from buddy_tui.shown import Place, Shown
from screens.theme import TONES

_TONES = {
    Kind.PLATFORM: "info",
    Kind.REQUEST: "dim",
    Kind.READY: "ok",
    Kind.HEADER: "dim",
    Kind.PROJECT: "strong",
    Kind.PROJECT_SOURCE: "strong",
    Kind.LIBRARY: "dim",
    Kind.LIBRARY_SOURCE: "dim",
    Kind.EXCEPTION: "bad",
    Kind.IMPORT_ERROR: "bad",
    Kind.EXIT: "bad",
    Kind.PROBE_FAILED: "bad",
}
_SEVERE = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad", "ALERT": "bad", "EMERGENCY": "bad"}
_LIT = "bold $background on $warning"
_FOUND = "$background on $text-primary"
_POINTED = "$block-cursor-foreground on $block-cursor-background"
_NOTE = "$text-primary on $panel"
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_TAB = 4


@dataclass(frozen=True, slots=True)
class Look:
    """How lines are to be drawn, `width` cells wide. A change of it makes all that was drawn worthless."""

    width: int = 80
    wrapped: bool = False
    times: bool = True
    instances: bool = False
    missing: str = ""
    words: tuple[tuple[str, bool], ...] = ()
    marks: frozenset[Place] = frozenset()
    ground: Style = field(default_factory=Style.null)

    def line(self, shown: Shown, *, pointed: bool) -> list[Strip]:
        """Draw a line: one strip, or several when it is wrapped."""
        ground = self._ground(pointed=pointed)
        before = list(self._before(shown, ground, pointed=pointed))
        indent = sum(len(segment.text) for segment in before)
        room = max(1, self.width - indent)
        text = shown.text.expandtabs(_TAB)
        strips, at = list[Strip](), 0
        for piece in _pieces(text, room) if self.wrapped else (_cut(text, room),):
            head = before if not strips else [Segment(" " * indent, painted(ground, ""))]
            body = self._lit(shown.kind, text, at, piece, ground)
            strips.append(Strip([*head, *body]).adjust_cell_length(self.width, painted(ground, "")))
            at += len(piece)
        return strips

    def folded(self, frames: int, *, pointed: bool) -> list[Strip]:
        """Draw the line that stands for frames of libraries."""
        ground = self._ground(pointed=pointed)
        text = f"{'▸' if pointed else ' '}     … {frames} library frame{'s' if frames > 1 else ''}"
        return [self._plain(text, ground, "dim")]

    def with_bar(self, strip: Strip, *, barred: bool) -> Strip:
        """Put the cell of the scroll bar behind a line."""
        bar = Segment("▐" if barred else " ", painted(self.ground, "dim"))
        return Strip([*strip, bar], self.width + 1)

    def blank(self) -> Strip:
        """Draw a row with nothing on it."""
        return Strip.blank(self.width + 1, painted(self.ground, ""))

    def note(self, text: str) -> Strip:
        """Draw a row that is no line of the log."""
        return self.with_bar(self._plain(f" {text}", self.ground + Style.parse(_NOTE), ""), barred=False)

    def middle(self, words: str, height: int) -> list[Strip]:
        """Draw words in the middle of `height` rows, the first line strong."""
        lines = [line for part in words.split("\n") for line in wrap(part, max(1, self.width - 8))][:height]
        told = [
            self._plain(
                " " * ((self.width - cell_len(line)) // 2) + line, self.ground, "dim" if at else "strong"
            )
            for at, line in enumerate(lines)
        ]
        above = [self.blank()] * ((height - len(lines)) // 2)
        return [*above, *(self.with_bar(strip, barred=False) for strip in told)]

    def _ground(self, *, pointed: bool) -> Style:
        return self.ground + Style.parse(_POINTED) if pointed else self.ground

    def _plain(self, text: str, ground: Style, tone: str) -> Strip:
        text = _cut(text, self.width)
        return Strip([Segment(text, painted(ground, tone))]).adjust_cell_length(
            self.width, painted(ground, "")
        )

    def _before(self, shown: Shown, ground: Style, *, pointed: bool) -> Iterator[Segment]:
        marked = shown.place in self.marks
        glyph, tone = _glyph(shown)
        yield Segment("▸" if pointed else "●" if marked else " ", painted(ground, "warn" if marked else ""))
        yield Segment(f"{glyph} ", painted(ground, tone))
        if self.times and shown.when:
            yield Segment(f"{clock_time(shown.when)} ", painted(ground, "dim"))
        if self.instances and (self.times or shown.instance):
            yield Segment(f"{shown.instance[-4:]:<4} ", painted(ground, "dim"))
        if shown.late:
            yield Segment("late ", painted(ground, "warn"))

    def _lit(self, kind: Kind, text: str, start: int, piece: str, ground: Style) -> Iterator[Segment]:
        """Yield a piece of the text, from `start` on, in its tone, with words lit up."""
        plain = painted(ground, _TONES.get(kind, ""))
        end, at = start + len(piece), start
        for (first, last), style in self._spans(kind, text):
            on, off = max(first, at), min(last, end)
            if on < off:
                yield Segment(piece[at - start : on - start], plain)
                yield Segment(piece[on - start : off - start], _joined(ground, Style.parse(style)))
                at = off
        yield Segment(piece[at - start :], plain)

    def _spans(self, kind: Kind, text: str) -> list[tuple[tuple[int, int], str]]:
        """Return what is lit up of a text, in order."""
        wanted = [(word, exact, _FOUND) for word, exact in self.words]
        if self.missing and kind in {Kind.EXCEPTION, Kind.IMPORT_ERROR}:
            wanted.append((self.missing, True, _LIT))
        return sorted(
            (found.span(), style)
            for word, exact, style in wanted
            for found in _word(word, exact=exact).finditer(text)
        )


def clock_time(when: int) -> str:
    """Return the time of day in UTC, to the millisecond."""
    seconds, nanos = divmod(when % _DAY, _SECOND)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}.{nanos // 1_000_000:03}"


@lru_cache(256)
def painted(ground: Style, tone: str) -> RichStyle:
    """Return the style of a tone on a ground."""
    return _joined(ground, Style.parse(TONES[tone]))


@lru_cache(256)
def _joined(ground: Style, style: Style) -> RichStyle:
    return (ground + style).rich_style


@lru_cache(32)
def _word(word: str, *, exact: bool) -> re.Pattern[str]:
    return re.compile(re.escape(word), 0 if exact else re.IGNORECASE)


def _glyph(shown: Shown) -> tuple[str, str]:
    """Return the sign of a line and its tone: a colour never stands alone."""
    if shown.kind.is_problem:
        return "✗", "bad"
    if shown.kind is Kind.READY:
        return "✓", "ok"
    tone = _SEVERE.get(shown.severity, "")
    return ("!", tone) if tone else (" ", "")


def _pieces(text: str, room: int) -> list[str]:
    if text.isascii():
        return [text[at : at + room] for at in range(0, len(text), room)] or [""]
    return chop_cells(text, room) or [""]


def _cut(text: str, room: int) -> str:
    """Return what has room on one line, with a mark where there is more."""
    if len(text) <= room and (text.isascii() or cell_len(text) <= room):
        return text
    return _pieces(text, room - 1)[0] + "…" if room > 1 else "…"
