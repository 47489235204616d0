"""A boot on one line: `start → uvicorn +2.3s → ✗ ModuleNotFoundError → exit(1) +3.1s → probe failed`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.boot.values import Boot, Event, Mark, Reading
from buddy_tui.clean import clean_line
from buddy_tui.finding import Finding
from screens.theme import toned
from screens.widgets.facts import Fact
from screens.words import Cell

_SECOND = 1_000_000_000
_GOOD = {Mark.LISTENING, Mark.READY, Mark.SERVED, Mark.PROBE_PASSED, Mark.ACCEPTED}
_NEUTRAL = {Mark.START, Mark.PROCESS, Mark.WORKER, Mark.IMPORT, Mark.SHUTDOWN}
# Told only where there is room: these happen in every boot, and these follow from what was told already.
_ORDINARY = {Mark.WORKER, Mark.IMPORT, Mark.READY, Mark.SERVED, Mark.SHUTDOWN}
_FOLLOWING = {Mark.ACCEPTED, Mark.REJECTED}
# Less time than this since the last step whose time was told is not worth telling.
_WHILE = _SECOND // 2


class Step(NamedTuple):
    """One step of a boot: glyph and words with their tone, when it happened, and how long after the start.

    Those with the highest `spare` are left out first when the room gets short.
    """

    told: Cell
    when: int = 0
    after: str = ""
    spare: int = 0


class Timeline(Widget):
    """What happened in a boot, in order, with the seconds since its start."""

    DEFAULT_CSS = """
    Timeline { height: auto; }
    """

    story: reactive[tuple[Step, ...]] = reactive((), layout=True)

    def render(self) -> Content:
        """Write the steps that the width has room for."""
        return one_line(self.story, max(self.size.width, 10))

    def get_content_height(self, _container: object, _viewport: object, _width: int) -> int:
        """Return one line, or none when there is no story."""
        return 1 if self.story else 0


def boot_of(reading: Reading, finding: Finding | None) -> Boot | None:
    """Return the boot that a finding is about: the one whose line proves it, else the newest."""
    proofs = {quote.entry for quote in finding.evidence} if finding else set()
    newest_first = reversed(reading.boots)
    proven = (boot for boot in newest_first if any(line.entry in proofs for line in boot.lines))
    return next(proven, reading.boots[-1] if reading.boots else None)


def steps(reading: Reading, boot: Boot | None) -> tuple[Step, ...]:
    """Return a boot, and what Cloud Run said of its revision in the end, as steps.

    The same thing many times in a row is told once, with a count. The first step that went wrong has the cross: what
    comes behind it follows from it. The seconds since the start are told where half of one has passed.
    """
    events = (*(boot.events if boot else ()), *reading.verdicts)
    return tuple(_steps(events, boot))


def one_line(story: Sequence[Step], width: int) -> Content:
    """Write the steps in `width` cells: what can be spared goes first, then what is in the middle."""
    line = Content("")
    for told in _shorter(story):
        line = _joined(told)
        if line.cell_length <= width:
            return line
    return line.truncate(width, ellipsis=True)


def timeline_facts(story: Sequence[Step]) -> tuple[Fact, ...]:
    """Return the steps below each other, each with its time of day in UTC."""
    if not story:
        return ()
    return (Fact("Timeline (UTC)"), *(Fact(_clock(step.when), (_whole(step),)) for step in story))


def _steps(events: Iterable[Event], boot: Boot | None) -> Iterator[Step]:
    begin = last = 0
    broken = False
    for (mark, words), alike in groupby(events, key=lambda event: (event.mark, _words(event, boot))):
        first, *more = alike
        begin = begin or first.when
        last = last or begin
        after = ""
        if first.when - last >= _WHILE:
            after, last = f"+{(first.when - begin) / _SECOND:.1f}s", first.when
        count = f" ×{1 + len(more)}" if more else ""  # noqa: RUF001 - a count
        told = _toned(mark, f"{clean_line(words)}{count}", cross=not broken)
        broken = broken or told.tone == "bad"
        yield Step(told, first.when, after, 2 if mark in _ORDINARY else 1 if mark in _FOLLOWING else 0)


def _words(event: Event, boot: Boot | None) -> str:
    """Return what happened in a word or two; where the event tells a name or a number, with that."""
    match event.mark:
        case Mark.RAISED:
            words = (boot.fatal.root.name if boot and boot.fatal else "") or event.words
        case Mark.PROCESS:
            words = event.detail or "process"
        case Mark.LISTENING if event.number:
            words = f"listening on {event.number}"
        case Mark.SERVED if event.number:
            words = f"served {event.number}"
        case Mark.EXIT:
            words = f"exit({event.number})"
        case Mark.SIGNAL:
            words = f"signal {event.number}"
        case Mark.MEMORY:
            words = "out of memory"
        case _:
            words = event.mark.value
    return words


def _toned(mark: Mark, words: str, *, cross: bool) -> Cell:
    if mark in _GOOD:
        return Cell(f"✓ {words}", "ok")
    return Cell(words) if mark in _NEUTRAL else Cell(f"✗ {words}" if cross else words, "bad")


def _shorter(story: Sequence[Step]) -> Iterator[Sequence[Step]]:
    yield story
    yield [step for step in story if step.spare < 2]
    telling = [step for step in story if step.spare < 1] or story
    yield telling
    for kept in range(len(telling) - 1, 1, -1):
        head = kept // 2
        yield (*telling[:head], Step(Cell("…", "dim")), *telling[head - kept :])


def _joined(story: Sequence[Step]) -> Content:
    arrow = Cell(" → ", "dim")
    cells = [cell for step in story for cell in (arrow, *_pieces(step))]
    return Content.assemble(*toned(*cells[1:]))


def _pieces(step: Step) -> tuple[Cell, ...]:
    return (step.told, Cell(f" {step.after}", "dim")) if step.after else (step.told,)


def _whole(step: Step) -> Cell:
    return step.told._replace(text=f"{step.told.text}  {step.after}".rstrip())


def _clock(when: int) -> str:
    return f"{datetime.fromtimestamp(when / _SECOND, UTC):%H:%M:%S}" if when else ""
