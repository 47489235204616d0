"""The session audit: what is kept of each revision, and how many sessions it wrote in each hour, as bars."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean
from buddy_tui.sessions.values import Audit
from screens.probe_words import short
from screens.theme import toned
from screens.widgets.spark import bars
from screens.words import NONE, age, moment
from screens.words import Cell as Word

_HOUR = timedelta(hours=1)
_TALL, _FEW = 2, 6
_COUNT = 7
# So wide is a time, with its age and without.
_AGED, _PLAIN = 36, 23
# One colour for each revision; its name stands beside its bars, so that the colour says nothing alone.
_FILLS = ("ok", "info", "warn", "")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class AuditPanel(Widget):
    """An audit, as tall as it needs to be."""

    DEFAULT_CSS = """
    AuditPanel { height: auto; }
    """

    audit: reactive[Audit | None] = reactive(None, layout=True)
    now: reactive[datetime | None] = reactive(None)

    def render(self) -> Content:
        """Lay the audit out in the width at hand."""
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of lines in `width` cells."""
        return len(self._lines(width))

    def _lines(self, width: int) -> tuple[Content, ...]:
        return _laid(self.audit, self.now or self.audit.as_of, max(width, 30)) if self.audit else ()


@lru_cache(4)
def _laid(audit: Audit, now: datetime | None, width: int) -> tuple[Content, ...]:
    return (
        *_told(f"sessions in {audit.place}" if audit.place else "", "strong", width),
        *_told(_cost(audit, now), "dim", width),
        *(line for one in audit.fell for line in _told(f"! {one}", "bad", width)),
        *_kept(audit, now, width),
        *_chart(audit, width),
        *(line for one in audit.notes for line in _told(f"· {one}", "dim", width)),
    )


def _told(text: str, tone: str, width: int) -> list[Content]:
    return Content.assemble(*toned(Word(clean(text), tone))).wrap(width) if text else []


def _cost(audit: Audit, now: datetime | None) -> str:
    """Return how much was looked at, and what that costs, e.g. `read 500 of 1240, newest first; at most 502 reads`."""
    of = f" of {audit.total}" if audit.total >= 0 else ""
    since = f", back to {audit.since:%Y-%m-%d %H:%M} UTC" if audit.cut and audit.since else ""
    told = f", told apart by {audit.attributed}" if audit.attributed else ""
    aged = f", {age(audit.as_of, now)} ago" if audit.as_of and now else ""
    return f"read {audit.read}{of} documents{since}{aged}; Google bills at most {audit.cost} reads; nothing was written{told}"


def _kept(audit: Audit, now: datetime | None, width: int) -> Iterator[Content]:
    yield Content("")
    if not audit.kept:
        yield Content("No session is kept there.")
        return
    name = _name_width(audit, width)
    aged = now if width >= name + _COUNT + 2 * _AGED else None
    wide = _AGED if aged else _PLAIN
    yield Content.assemble(
        *toned(Word(f"{'REVISION':<{name}}{'KEPT':>{_COUNT}}  {'NEWEST':<{wide}}OLDEST", "dim"))
    )
    for one in audit.kept:
        newest, oldest = _time(one.newest, aged), _time(one.oldest, aged)
        yield Content.assemble(
            *toned(
                Word(_fitted(_shown(one.revision, audit), name)),
                Word(f"{one.count:>{_COUNT}}  ", "strong"),
                Word(f"{newest:<{wide}}{oldest}", "dim"),
            )
        )


def _chart(audit: Audit, width: int) -> Iterator[Content]:
    if not audit.hours:
        return
    name = _name_width(audit, width)
    room = max(1, width - name - 2 * _COUNT)
    first, last = min(one.start for one in audit.hours), max(one.start for one in audit.hours)
    count = min(room, (last - first) // _HOUR + 1)
    begin = last - (count - 1) * _HOUR
    written = {one.revision for one in audit.hours}
    revisions = dict.fromkeys(
        [*(one.revision for one in audit.kept if one.revision in written), *sorted(written)]
    )
    rows = {one: _per_hour(audit, one, begin, count) for one in revisions}
    top = max((max(row) for row in rows.values()), default=0) or 1
    wide = max(1, min(3, room // count))
    yield Content("")
    yield Content.assemble(
        *toned(
            Word("sessions written per hour", "strong"),
            Word(f" (UTC), at most {top}; in front their sum", "dim"),
        )
    )
    for at, (revision, row) in enumerate(rows.items()):
        yield from _revision(
            _fitted(_shown(revision, audit), name), row, wide, top, _FILLS[at % len(_FILLS)], len(rows)
        )
    yield from _axis(audit, name, begin, count, wide)


def _revision(name: str, row: list[int], wide: int, top: int, tone: str, rows: int) -> Iterator[Content]:
    tall = _TALL if rows <= _FEW else 1
    lines = bars([value for value in row for _ in range(wide)], tall, top)
    for at, line in enumerate(lines):
        last = at == len(lines) - 1
        count = f"{sum(row):>{_COUNT}}  " if last else " " * (_COUNT + 2)
        yield Content.assemble(
            *toned(Word(name if last else " " * len(name)), Word(count, "strong"), Word(line, tone))
        )


def _axis(audit: Audit, name: int, begin: datetime, count: int, wide: int) -> Iterator[Content]:
    """Yield where rollouts were, by letter, and the hours at both ends."""
    indent = " " * (name + _COUNT + 2)
    shown: list[str] = []
    marks = [" "] * (count * wide)
    for when, revision in sorted(audit.rollouts):
        at = (when - begin) // _HOUR * wide
        if 0 <= at < len(marks) and len(shown) < len(_LETTERS):
            letter = _LETTERS[len(shown)]
            marks[at] = letter
            shown.append(f"{letter} {_shown(revision, audit)} began {when:%m-%d %H:%M}")
    if shown:
        yield Content.assemble(indent, *toned(Word("".join(marks), "info")))
    end = begin + (count - 1) * _HOUR
    left, right = f"{begin:%m-%d %H}h", f"{end:%m-%d %H}h"
    gap = max(1, count * wide - len(left) - len(right))
    yield Content.assemble(indent, *toned(Word(left + (" " * gap + right if count > 1 else ""), "dim")))
    yield from (
        Content.assemble(*toned(Word(f"{letter[0]} ", "info"), Word(letter[2:], "dim"))) for letter in shown
    )
    yield Content("")


def _per_hour(audit: Audit, revision: str, begin: datetime, count: int) -> list[int]:
    row = [0] * count
    for one in audit.hours:
        at = (one.start - begin) // _HOUR
        if one.revision == revision and 0 <= at < count:
            row[at] += one.count
    return row


def _shown(revision: str, audit: Audit) -> str:
    return short(revision, audit.name) or "unknown"


def _name_width(audit: Audit, width: int) -> int:
    revisions = (*(one.revision for one in audit.kept), *(one.revision for one in audit.hours))
    names = [_shown(one, audit) for one in revisions]
    return min(max([8, *map(cell_len, names)]) + 1, max(9, width // 3))


def _fitted(name: str, width: int) -> str:
    return set_cell_size(name, width) if cell_len(name) < width else f"{set_cell_size(name, width - 2)}… "


def _time(when: datetime | None, now: datetime | None) -> str:
    return moment(when, now) if now else f"{when:%Y-%m-%d %H:%M} UTC" if when else NONE
