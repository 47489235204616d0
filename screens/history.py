"""What was changed of one service from this machine: by whom, why, and what became of it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from buddy_tui import console_pages
from buddy_tui.actions.arithmetic import ALL_TO_LATEST, LATEST
from buddy_tui.actions.values import Ending, Targets
from buddy_tui.actions.wishes import Past
from buddy_tui.config import Settings
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import ServiceName, Trouble
from buddy_tui.traffic import in_words, shares
from screens.base import Feed
from screens.listing import ListingScreen
from screens.widgets.columns import Column
from screens.widgets.facts import Fact
from screens.widgets.header import IdentityHeader
from screens.widgets.table import KeyedTable, Row
from screens.words import NONE, Cell, Clock, age, moment

COLUMNS = (
    Column("WHEN", right=True),
    Column("CHANGE"),
    Column("REVISION", keep_end=True),
    Column("OUTCOME"),
    Column("WHO", priority=1),
    Column("WHY", flexible=True, least=8),
)
_UNFINISHED = "unfinished"
_TONES = {
    Ending.DONE.value: "ok",
    Ending.NOTHING_TO_DO.value: "dim",
    Ending.PUT_BACK.value: "warn",
    Ending.CONFLICT.value: "warn",
    Ending.REFUSED.value: "warn",
    "": "dim",
}


class HistoryTable(KeyedTable):
    """The changes; what opens one tells everything about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Describe", key_display="enter", id="table.open")
    ]


class HistoryScreen(ListingScreen):
    """The journal of one service, newest first."""

    TABLE = HistoryTable
    FILTER_HINT = "text   !text   outcome:done   who:alice"
    HELP = """\
What was changed of this service from this machine, newest first: the journal. What others changed is in the audit log.

`enter` or `d` tells everything about a change: before, after, who, why, and what became of it. `Y` copies its gcloud
command. A change that nobody saw the end of is **unfinished**; the next start finds out what became of it.
"""

    def __init__(self, settings: Settings, feed: Feed[Past], clock: Clock, name: ServiceName) -> None:
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self._address = name
        self._past: Past | None = None
        self._changes: dict[str, Record] = {}

    def body(self) -> ComposeResult:
        """Show the table alone."""
        yield from self.listing(COLUMNS)

    def about(self) -> ServiceName:
        """Return the service whose journal it is."""
        return self._address

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no way to where we are."""
        return action != "history" and super().check_action(action, parameters)

    def receive(self, value: Past) -> None:
        """Take what the journal tells."""
        self._past = value
        self._changes = {str(one.number): one for one in changes_of(value.records)}
        self.query_one(IdentityHeader).tell(value.as_of, None, inf)
        self.tell(Trouble(" ".join(value.faults), "", 5, self.clock()) if value.faults else None)
        self.show_rows()

    def fetching(self) -> str:
        """Name the journal until it was read."""
        return "" if self._past else "the journal"

    def nothing(self) -> str:
        """Say that nothing was changed."""
        return f"Nothing of {self._address.service} was changed from this machine yet"

    def all_rows(self) -> Iterator[tuple[Row, bool]]:
        """Yield the changes."""
        for key, one in self._changes.items():
            row = _row(key, one, self._address.service, self.clock())
            fields = {"outcome": (outcome(one).text,), "who": (one.who,)}
            text = " ".join((*(cell.text for cell in row.cells), one.revision, one.sentence, one.reason))
            yield row, not self.filter or self.filter.accepts(text, fields)

    def name_of(self, key: str) -> str:
        """Return the change's id in the journal."""
        return self._changes[key].id if key in self._changes else ""

    def command_of(self, key: str) -> str:
        """Return the gcloud command that does the same."""
        return self._changes[key].command if key in self._changes else ""

    def link_of(self, _key: str) -> str:
        """Return the console's list of revisions."""
        return console_pages.revisions_page(self._address)

    def facts_of(self, key: str) -> tuple[str, tuple[Fact, ...]]:
        """Return everything that the journal has of a change."""
        one = self._changes.get(key)
        return (f"{one.verb} {one.revision}".strip(), tuple(_facts(one, self.clock()))) if one else ("", ())

    @on(KeyedTable.Chosen)
    def _open(self) -> None:
        self.action_describe()


def changes_of(records: Iterable[Record]) -> tuple[Record, ...]:
    """Return what is known last of each change, newest first; an intent without an outcome stands for itself."""
    last: dict[str, Record] = {}
    for one in records:
        last.pop(one.id, None)
        last[one.id] = one
    return tuple(reversed(last.values()))


def outcome(one: Record) -> Cell:
    """Return how a change ended."""
    if one.kind is Kind.INTENT:
        return Cell(_UNFINISHED, "bad")
    return Cell(one.outcome.replace("_", " ") or one.kind.value, _TONES.get(one.outcome, "bad"))


def _row(key: str, one: Record, service: str, now: datetime) -> Row:
    return Row(
        key,
        (
            Cell(age(one.at, now), "dim"),
            Cell(one.verb or NONE, "strong"),
            Cell(one.revision.removeprefix(f"{service}-") or NONE),
            outcome(one),
            Cell(one.who or "somebody", "dim"),
            Cell(one.reason or one.sentence),
        ),
    )


def _facts(one: Record, now: datetime) -> Iterator[Fact]:
    yield Fact("when", (Cell(moment(one.at, now)),))
    yield Fact("outcome", (outcome(one), *([Cell(one.sentence)] if one.sentence else [])))
    yield Fact("who", (Cell(" as ".join(filter(None, (one.who or "somebody", one.acting)))),))
    yield Fact("why", (Cell(one.reason or NONE),))
    yield Fact("before", (Cell(_told(one.before)),))
    yield Fact("after", (Cell(_told(one.after), "strong"),))
    if one.evidence:
        yield Fact("evidence", tuple(map(Cell, one.evidence)))
    yield Fact("command", (Cell(one.command or NONE, "info"),))
    yield Fact("undo", (Cell(one.undo_command or NONE, "info"),))
    yield Fact("plan", (Cell(one.plan or NONE, "dim"),))
    yield Fact("journal", (Cell(f"{one.id}, line {one.number}", "dim"),))


def _told(targets: Targets) -> str:
    """Return a whole list in words, with the tags that have no traffic."""
    tags = (f"{one.tag} on {one.revision or LATEST}" for one in targets if one.tag and not one.percent)
    return "; ".join((in_words(shares(targets or ALL_TO_LATEST)), *tags))
