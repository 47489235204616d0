"""Where a service can be rolled back to: revisions ranked by what is known of them, with the reasons beside each."""

from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from buddy_tui.actions.values import Candidate, Verb
from buddy_tui.actions.wishes import Ways, Wish
from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.model import ServiceName
from screens.base import BuddyScreen, Feed
from screens.messages import RequestChange
from screens.theme import toned
from screens.widgets.columns import Column
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.widgets.table import KeyedTable, Row
from screens.words import Cell, Clock

COLUMNS = (
    Column("", priority=2),
    Column("REVISION", keep_end=True),
    Column("FOR", flexible=True, least=40),
    Column("AGAINST", priority=1),
)
_NEXT = 20.0
# The row that the cursor is on while nothing is chosen; nobody can go back to it.
NOBODY = "-"
_MOST_AGAINST = 40


class WaysTable(KeyedTable):
    """The candidates; what opens one plans the way back to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Plan", key_display="enter", id="table.open")
    ]


class RollbackScreen(BuddyScreen):
    """The ways back. The default is under the cursor; where there is none, the operator must choose."""

    CSS_PATH = "rollback.tcss"
    HELP = """\
Where traffic can go back to, the best first: by what is known of each revision, never by age alone. It fills while
the audit log, the request log, registries and the revisions themselves answer; nothing has to be waited for.

- The **default** is the last one that is known to have served well. Where nobody is, the cursor is on none.
- **+** speaks for a revision, **-** against it. A **refused** one cannot be rolled back to at all.

`enter` shows what would change, and asks; nothing is done before that.
"""

    def __init__(self, settings: Settings, feed: Feed[Ways], clock: Clock, name: ServiceName) -> None:
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self._address = name
        self._ways: Ways | None = None
        self._put = ""  # where we have put the cursor; once it is elsewhere, it is the operator's

    def body(self) -> ComposeResult:
        """Put the status above the candidates, and all reasons of the one under the cursor below."""
        yield Static("● Asking who served …", id="status", markup=False)
        yield WaysTable(COLUMNS, id="ways")
        yield Static(id="reasons", markup=False)

    @property
    def table(self) -> WaysTable:
        """The candidates."""
        return self.query_one(WaysTable)

    def on_mount(self) -> None:
        """Begin with the keys in the table."""
        self.table.focus()
        self.table.words = f"Reading {self._address.service} …"

    def receive(self, value: Ways) -> None:
        """Take what is known by now. The cursor stays where somebody has put it, else it is on the default."""
        self._ways = value
        self.query_one(IdentityHeader).tell(value.as_of, value.trouble, inf if value.done else _NEXT)
        self.query_one(Notice).as_of = value.as_of
        self.tell(value.trouble)
        untouched = self.table.key == self._put
        self.table.show(tuple(rows(value)))
        if untouched:
            self.table.point_at(value.default or NOBODY)
            self._put = self.table.key
        self.table.words = "" if value.candidates else self._nobody(value)
        self.query_one("#status", Static).update(status(value))
        self._show_reasons()

    def _nobody(self, value: Ways) -> str:
        if value.trouble:
            return "Nothing could be read"
        return value.without or f"{self._address.service} has no other revision"

    def _candidate(self, key: str) -> Candidate | None:
        found = self._ways.candidates if self._ways else ()
        return next((one for one in found if one.revision == key), None)

    @on(KeyedTable.Pointed)
    def _show_reasons(self) -> None:
        candidate = self._candidate(self.table.key)
        self.query_one("#reasons", Static).update(reasons(candidate) if candidate else Content(""))
        self.refresh_bindings()

    @on(KeyedTable.Chosen)
    def _plan(self, event: KeyedTable.Chosen) -> None:
        """Ask for a plan; a refused candidate says why it is refused."""
        candidate = self._candidate(event.key)
        if candidate is None:
            self.notify("Choose a revision first.", title="Nothing is chosen", markup=False)
        elif candidate.refusal:
            self.notify(candidate.refusal, title=f"Not {candidate.revision}", markup=False)
        else:
            wish = Wish(self._address, Verb.ROLL_BACK, candidate.revision, evidence=candidate.good)
            self.post_message(RequestChange(wish))


def rows(ways: Ways) -> list[Row]:
    """Return the candidates as rows; without a default, one that is nobody comes first."""
    found = [_row(one, ways) for one in ways.candidates]
    if found and not ways.default:
        return [
            Row(NOBODY, (Cell(""), Cell("none chosen", "dim"), Cell("choose one yourself", "dim"), Cell(""))),
            *found,
        ]
    return found


def _row(one: Candidate, ways: Ways) -> Row:
    name = clean_line(one.revision).removeprefix(f"{ways.name.service}-")
    if one.refusal:
        return Row(
            one.revision, (Cell("refused", "bad"), Cell(name, "dim"), Cell(one.refusal, "dim"), Cell(""))
        )
    place = Cell("default", "ok") if one.revision == ways.default else Cell(f"{one.rank}.", "dim")
    good = one.good[0] if one.good else "nothing is known for it"
    bad = f"- {one.bad[0]}" if one.bad else ""
    bad = bad if len(bad) <= _MOST_AGAINST else f"{bad[: _MOST_AGAINST - 1]}…"
    told = Cell(f"+ {good}", "ok") if one.good else Cell(good, "dim")
    return Row(one.revision, (place, Cell(name, "strong"), told, Cell(bad, "warn")))


def status(ways: Ways) -> Content:
    """Return how far the asking is, whether there is a default, and who did not answer."""
    parts = [] if ways.done else [Cell("● asking on  ", "info")]
    if ways.default:
        parts.append(Cell(f"default: {clean_line(ways.default)}", "ok"))
    elif ways.without:
        parts.append(Cell(f"No default. {clean_line(ways.without)}", "warn"))
    if ways.default and ways.silent:
        parts.append(Cell(f"  {clean_line(' '.join(ways.silent))}", "dim"))
    return Content.assemble(*toned(*parts))


def reasons(one: Candidate) -> Content:
    """Return everything that speaks for and against a revision, each on a line of its own."""
    cells = [Cell(f"{clean_line(one.revision)}\n", "strong")]
    if one.refusal:
        cells.append(Cell(f"✗ {clean_line(one.refusal)}\n", "bad"))
    cells += [Cell(f"- {clean_line(told)}\n", "warn") for told in one.bad]
    cells += [Cell(f"+ {clean_line(told)}\n", "ok") for told in one.good]
    return Content.assemble(*toned(*cells))
