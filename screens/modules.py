"""The modules of a source folder: which the start needs, what each costs, and what would make it lighter."""

from collections.abc import Iterator
from math import inf
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.deploy.looks import Modules
from buddy_tui.model import ServiceName
from buddy_tui.source.module_map import Advice, ModuleMap, Outside, Part
from screens.base import BuddyScreen, Feed
from screens.messages import Copy
from screens.theme import toned
from screens.widgets.columns import Column
from screens.widgets.facts import Fact, FactSheet
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.widgets.pager import Pager
from screens.widgets.table import KeyedTable, Row
from screens.words import NONE, Cell, Clock

COLUMNS = (
    Column("NEEDED"),
    Column("MODULE", flexible=True, least=16, keep_end=True),
    Column("MS", right=True),
    Column("USED BY", priority=1, right=True),
    Column("DEPTH", priority=2, right=True),
)
_NEXT = 30.0
_KINDS = ("essential", "secondary", "optional")
_TONES = {"essential": "", "secondary": "warn", "optional": "dim"}
# From so many milliseconds on a module stands out.
_HEAVY = 50.0


class ModuleTable(KeyedTable):
    """The modules; there is nothing behind a row."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Open", show=False, id="table.open")]


class ModulesScreen(BuddyScreen):
    """The map of what a start imports. Looking changes nothing."""

    CSS_PATH = "modules.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_module", "Copy name", id="modules.copy-name"),
    ]
    HELP = """\
What the entry module imports, module by module, the slowest of each kind first.

- **essential** is imported at start. **secondary** is imported at start as well, and it goes on without it.
  **optional** comes later: in a function, or for type checkers alone. **elsewhere** is no file of the upload.
- **MS** is a module's own import time in the smoke boot, without what it imports itself; a dash where it was not timed.
- **USED BY** is how many modules of the upload import it, **DEPTH** how far it is from the entry.

The pane tells the deepest chain, what is most depended upon, and what would be lighter or safer, with numbers.
`ctrl+r` looks again, `tab` goes to the pane.
"""

    def __init__(self, settings: Settings, feed: Feed[Modules], clock: Clock, name: ServiceName) -> None:
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self._put = ""  # where we have put the cursor; once it is elsewhere, it is the operator's

    def body(self) -> ComposeResult:
        """Put the sums above, the modules beside what is to be said about all of them."""
        yield Static("● Reading the source …", id="sums", markup=False)
        yield Static(id="boot", markup=False)
        with Horizontal(id="body"):
            yield ModuleTable(COLUMNS, id="modules")
            with Pager(id="detail"):
                yield FactSheet()

    @property
    def table(self) -> ModuleTable:
        """The modules."""
        return self.query_one(ModuleTable)

    def on_mount(self) -> None:
        """Begin with the keys in the modules."""
        self.table.focus()
        self.table.words = "Reading …"

    def receive(self, value: Modules) -> None:
        """Take what is known by now."""
        self.query_one(IdentityHeader).tell(value.as_of, value.trouble, inf if value.done else _NEXT)
        self.query_one(Notice).as_of = value.as_of if value.found else None
        self.tell(value.trouble)
        mark = "" if value.done else "● "
        self.query_one("#boot", Static).update(f"{mark}{clean_line(value.said)}", layout=False)
        found = value.found
        self.query_one("#sums", Static).update(sums(found) if found else Content(""))
        self._show_rows(tuple(rows(found)) if found else ())
        self.table.words = "" if found else "Nothing could be read"
        self.query_one(FactSheet).facts = tuple(facts(found)) if found else ()

    def _show_rows(self, shown: tuple[Row, ...]) -> None:
        """Show the modules; the cursor stays where somebody has put it, else it is on the first one."""
        untouched = self.table.key == self._put
        self.table.show(shown)
        if untouched and shown:
            self.table.point_at(shown[0].key)
            self._put = self.table.key

    def action_copy_module(self) -> None:
        """Copy the name of the module under the cursor."""
        if self.table.key:
            self.post_message(Copy(self.table.key, "module name"))


def sums(found: ModuleMap) -> Content:
    """Return the entry, how many modules are of each kind, and what all of it costs."""
    counts = zip(_KINDS, (found.essential, found.secondary, found.optional), strict=True)
    told = ", ".join(f"{len(parts):,} {kind}" for kind, parts in counts)
    cost = f"  {found.milliseconds:,.0f} ms to import" if found.milliseconds else ""
    return Content.assemble(
        *toned(Cell(clean_line(found.entry), "strong"), Cell(f"  {told}"), Cell(cost, "info"))
    )


def rows(found: ModuleMap) -> Iterator[Row]:
    """Yield the modules of the upload by how much they are needed, then what is imported from elsewhere."""
    for kind, parts in zip(_KINDS, (found.essential, found.secondary, found.optional), strict=True):
        for part in sorted(parts, key=_cost):
            yield _part(kind, part)
    for one in found.outside:
        yield _outside(one)


def _cost(part: Part) -> tuple[float, str]:
    return (-(part.milliseconds or 0.0), part.name)


def _part(kind: str, part: Part) -> Row:
    return Row(
        part.name,
        (
            Cell(kind, _TONES[kind]),
            Cell(clean_line(part.name)),
            _millis(part.milliseconds),
            Cell(f"{part.fan_in}", "dim"),
            Cell(f"{part.depth}", "dim"),
        ),
    )


def _outside(one: Outside) -> Row:
    return Row(
        one.name,
        (
            Cell("elsewhere", "info"),
            Cell(clean_line(one.name)),
            _millis(one.milliseconds),
            Cell(f"{len(one.importers)}", "dim"),
            Cell(NONE, "dim"),
        ),
    )


def _millis(value: float | None) -> Cell:
    if value is None:
        return Cell(NONE, "dim")
    return Cell(f"{value:,.1f}", "warn" if value >= _HEAVY else "")


def facts(found: ModuleMap) -> Iterator[Fact]:
    """Yield what would be lighter, the deepest chain, and what is most depended upon."""
    if found.advice:
        yield Fact("What would be lighter or safer")
        for one in found.advice:
            yield Fact(_saved(one), (Cell(clean_line(one.said)), *_place(one)))
    if found.chain:
        yield Fact(f"Deepest chain, {len(found.chain)} modules")
        yield Fact(
            "", tuple(Cell(f"{'  ' * min(at, 6)}{clean_line(one)}") for at, one in enumerate(found.chain))
        )
    if found.most_used:
        yield Fact("Most depended upon")
        for name, count in found.most_used:
            yield Fact(f"by {count}", (Cell(clean_line(name)),))


def _saved(one: Advice) -> str:
    return f"{one.milliseconds:,.0f} ms" if one.milliseconds else "·"


def _place(one: Advice) -> Iterator[Cell]:
    if one.at.path:
        yield Cell(clean_line(f"{one.at.path}:{one.at.line}" if one.at.line else one.at.path), "dim")
