"""A change of a traffic list as a table: who gets how much before and after, and whose tags move."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from buddy_tui.actions.arithmetic import percents_of, tags_of
from buddy_tui.actions.values import Targets
from buddy_tui.clean import clean_line
from screens.theme import toned
from screens.words import NONE, Cell

_TITLES = ("REVISION", "BEFORE", "AFTER", "TAGS")
_TONES = {"+": "ok", "-": "bad", "~": "warn", " ": "dim"}
_LEGEND = "+ gets more  - gets less  ~ tags move"


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One revision, or LATEST: its percent before and after, `None` where it gets none by the list.

    Of its `tags`, those that come have a plus in front, those that go a minus. `sign` is `+`, `-`, `~` (only tags move)
    or a blank.
    """

    revision: str
    before: int | None
    after: int | None
    tags: tuple[str, ...] = ()
    sign: str = " "


def diff_rows(before: Targets, after: Targets) -> tuple[DiffRow, ...]:
    """Return one row for each that is in either list, those who get more first."""
    return tuple(sorted(_rows(before, after), key=lambda row: "+-~ ".index(row.sign)))


def _rows(before: Targets, after: Targets) -> Iterator[DiffRow]:
    was, will = percents_of(before), percents_of(after)
    had, has = tags_of(before), tags_of(after)
    for key in dict.fromkeys((*will, *was, *has.values(), *had.values())):
        kept = [tag for tag, at in has.items() if at == key == had.get(tag)]
        come = [f"+{tag}" for tag, at in has.items() if at == key != had.get(tag)]
        gone = [f"-{tag}" for tag, at in had.items() if at == key != has.get(tag)]
        old, new = was.get(key), will.get(key)
        more = (new or 0) - (old or 0)
        sign = "+" if more > 0 else "-" if more < 0 else "~" if come or gone else " "
        yield DiffRow(key, old, new, (*kept, *come, *gone), sign)


def diff(before: Targets, after: Targets) -> Content:
    """Draw the table. Changed rows are told by their sign, by words in the legend, and by colour."""
    rows = diff_rows(before, after)
    name = max([len(_TITLES[0]), *(cell_len(clean_line(row.revision)) for row in rows)])
    head = Cell(f"  {_TITLES[0]:<{name}}  {_TITLES[1]:>6}  {_TITLES[2]:>6}  {_TITLES[3]}\n", "dim")
    lines = [Cell(f"{_line(row, name)}\n", _TONES[row.sign]) for row in rows]
    return Content.assemble(*toned(head, *lines, Cell(f"  {_LEGEND}", "dim")))


def _line(row: DiffRow, name: int) -> str:
    told = clean_line(row.revision)
    tags = ", ".join(map(clean_line, row.tags)) or NONE
    return (
        f"{row.sign} {told}{' ' * (name - cell_len(told))}  "
        f"{_percent(row.before):>6}  {_percent(row.after):>6}  {tags}"
    )


def _percent(percent: int | None) -> str:
    return NONE if percent is None else f"{percent} %"
