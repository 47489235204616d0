"""The session probe as a ladder: what became of the session on top, below it each step with its time and reason."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean, clean_line
from buddy_tui.probes.values import Verdict
from buddy_tui.sessions.values import Ladder, Step
from screens.probe_words import short, survival, verdict
from screens.theme import TONES, toned
from screens.words import Cell as Word

_SECONDS = 7
# Where titles begin; from that width on, reasons stand beside them.
_INDENT, _BESIDE = 12, 100
_WAITING = Word("·", "dim")


class LadderPanel(Widget):
    """A ladder, as tall as it needs to be."""

    DEFAULT_CSS = """
    LadderPanel { height: auto; }
    """

    ladder: reactive[Ladder | None] = reactive(None, layout=True)
    now: reactive[datetime | None] = reactive(None)
    ending: reactive[str] = reactive("", layout=True)
    """What stands for the verdict of a probe that is being stopped, or was."""

    def render(self) -> Content:
        """Lay the ladder out in the width at hand."""
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of lines in `width` cells."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        return list(_laid(self.ladder, self.now, self.ending, max(width, 20))) if self.ladder else []


@lru_cache(4)
def _laid(ladder: Ladder, now: datetime | None, ending: str, width: int) -> tuple[Content, ...]:
    return (
        *_head(ladder, ending, width),
        Content(""),
        *_steps(ladder, now, ending, width),
        *_foot(ladder, width),
    )


def _head(ladder: Ladder, ending: str, width: int) -> Iterator[Content]:
    how = Word(ending, "warn") if ending and ladder.survival is None else survival(ladder.survival)
    yield Content.assemble(
        (how.text, f"bold {TONES[how.tone]}"), (f"   {_through(ladder)}", "$text-muted")
    ).truncate(width, ellipsis=True)
    yield from _told(ladder.reason, "", width)
    yield from _told(f"fix  {ladder.fix}" if ladder.fix else "", "info", width)
    yield from _told(f"! left behind: {ladder.left}" if ladder.left else "", "bad", width)


def _through(ladder: Ladder) -> str:
    named = (("on", ladder.revision), ("serving", ladder.serving), ("other", ladder.other))
    return " · ".join(f"{word} {short(name, ladder.name)}" for word, name in named if name)


def _steps(ladder: Ladder, now: datetime | None, ending: str, width: int) -> Iterator[Content]:
    beside = max((cell_len(one.title) for one in ladder.steps), default=0) if width >= _BESIDE else 0
    for step in ladder.steps:
        running = step.verdict is None and step.began is not None and not ending
        mark = verdict(step.verdict) if step.verdict or running else _WAITING
        took = step.took if step.verdict and step.began else None
        if running and now and step.began:
            took = (now - step.began).total_seconds()
        yield from _step(step, mark, _seconds(took), beside, width)


def _step(step: Step, mark: Word, took: str, beside: int, width: int) -> Iterator[Content]:
    """Yield a step. The reason of a bad one is told in full; that of a good one has what is left of the line."""
    title = clean_line(step.title)
    line = Content.assemble(
        *toned(
            Word(f" {mark.text.partition(' ')[0]} ", mark.tone),
            Word(f"{took:>{_SECONDS}}  ", "dim"),
            Word(title + " " * (beside - cell_len(title)), "dim" if mark is _WAITING else ""),
        )
    )
    good = step.verdict in (Verdict.PASS, None)
    if good and step.reason:
        line += Content.assemble(*toned(Word(f"  {clean_line(step.reason)}", "dim")))
    if good or not beside:
        yield line.truncate(width, ellipsis=True)
        yield from () if good else _told(step.reason, mark.tone, width, _INDENT)
        return
    left = line.cell_length + 2
    first, *more = _told(step.reason or " ", mark.tone, width, left)
    yield Content.assemble(line, first[line.cell_length :])
    yield from more


def _told(text: str, tone: str, width: int, indent: int = 0) -> Iterator[Content]:
    if text:
        for line in Content.assemble(*toned(Word(clean(text), tone))).wrap(max(8, width - indent)):
            yield Content.assemble(" " * indent, line)


def _seconds(took: float | None) -> str:
    return "" if took is None else f"{took:.2f} s" if took < 10 else f"{took:.0f} s"


def _foot(ladder: Ladder, width: int) -> Iterator[Content]:
    if ladder.swept:
        yield Content("")
        yield from _told(f"swept at the start: {ladder.swept}", "dim", width)
