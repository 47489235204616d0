"""A screen that is a table: cursor, filter, copying, and the words for when there is nothing to show."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize

from buddy_tui.config import Settings
from screens.base import Feed
from screens.filter import Filter
from screens.filtered import FilteredScreen
from screens.messages import Copy, OpenLink
from screens.widgets.columns import Column
from screens.widgets.facts import Fact
from screens.widgets.filter_bar import FilterBar
from screens.widgets.notice import Notice
from screens.widgets.table import KeyedTable, Row
from screens.words import Clock, span

_LEAST = (40, 8)
_ABOUT_SOMETHING = {"describe", "copy_name", "copy_command", "open_console"}
_PATIENCE = timedelta(seconds=2)


class ListingScreen(FilteredScreen):
    """A table with a filter. Subclasses say what its rows are and what can be done with one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "describe", "Describe", id="list.describe"),
        Binding("y", "copy_name", "Copy name", show=False, id="list.copy-name"),
        Binding("Y", "copy_command", "Copy gcloud command", show=False, id="list.copy-command"),
        Binding("o", "open_console", "Console", show=False, id="list.console"),
    ]
    TABLE: ClassVar[type[KeyedTable]] = KeyedTable

    def __init__(self, settings: Settings, feed: Feed[Any], clock: Clock, *place: str) -> None:
        super().__init__(settings, feed, clock, *place)
        self.filter = Filter()
        self._since: datetime = clock()

    @property
    def table(self) -> KeyedTable:
        """The table."""
        return self.query_one(KeyedTable)

    @property
    def main(self) -> KeyedTable:
        """The table has the keys."""
        return self.table

    def listing(self, columns: Sequence[Column]) -> ComposeResult:
        """Yield filter line and table."""
        yield FilterBar(hint=self.FILTER_HINT)
        yield self.TABLE(columns, id="table")

    @abstractmethod
    def all_rows(self) -> Iterator[tuple[Row, bool]]:
        """Yield every row, and whether it passes the filter."""

    @abstractmethod
    def fetching(self) -> str:
        """Return what is being fetched for the first time, or an empty text once it is there."""

    @abstractmethod
    def nothing(self) -> str:
        """Return why there is nothing in what was fetched, with the way out."""

    def has_subject(self) -> bool:
        """Tell whether there is something to describe, to copy or to open in the console."""
        return bool(self.table.rows)

    @abstractmethod
    def name_of(self, key: str) -> str:
        """Return what `y` copies of a row, or an empty text."""

    @abstractmethod
    def command_of(self, key: str) -> str:
        """Return the gcloud command that shows the same as a row."""

    @abstractmethod
    def link_of(self, key: str) -> str:
        """Return the console's address of a row."""

    @abstractmethod
    def facts_of(self, key: str) -> tuple[str, tuple[Fact, ...]]:
        """Return title and facts of a row, without facts when there is nothing to describe."""

    def on_mount(self) -> None:
        """Begin with the words for loading, and the keys in the table."""
        self.table.focus()
        self.show_rows()

    def tick(self) -> None:
        """Let ages and the time of loading go on."""
        super().tick()
        self._stand_in()

    @on(Resize)
    def _stand_in(self) -> None:
        small = self.size.width < _LEAST[0] or self.size.height < _LEAST[1]
        self.table.words = f"Too small: {_LEAST[0]}x{_LEAST[1]} needed" if small else self._why_empty()

    def _why_empty(self) -> str:
        if self.table.rows:
            return ""
        if self.filter:
            return f"Nothing matches {self.filter.query}\nesc clears the filter"
        if not (what := self.fetching()):
            return self.nothing()
        if self.query_one(Notice).trouble:
            return "Nothing was read yet"
        waited = self.clock() - self._since
        return f"Reading {what} …" + (f" {span(waited)}" if waited >= _PATIENCE else "")

    def show_rows(self) -> None:
        """Show the rows that pass the filter, or the words that stand in for them."""
        rows = tuple(self.all_rows())
        passing = tuple(row for row, passes in rows if passes)
        self.table.show(passing)
        self.filter_bar.count(len(passing), len(rows))
        self._stand_in()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer keys about a subject only where there is one."""
        if action in _ABOUT_SOMETHING:
            return self.is_mounted and self.has_subject()
        return super().check_action(action, parameters)

    def is_filtered(self) -> bool:
        """Tell whether a filter is on."""
        return bool(self.filter)

    def can_filter(self) -> bool:
        """Without rows there is nothing to filter."""
        return bool(self.table.rows)

    def filter_by(self, query: str) -> None:
        """Show the rows that pass."""
        self.filter = Filter(query)
        self.show_rows()

    def action_describe(self) -> None:
        """Show everything that is known about the row under the cursor."""
        from screens.sheet import FactPage  # the first frame needs no page

        title, facts = self.facts_of(self.table.key)
        if facts:
            self.app.push_screen(FactPage(title, facts))

    def action_copy_name(self) -> None:
        """Copy the name under the cursor."""
        if name := self.name_of(self.table.key):
            self.post_message(Copy(name, "name"))

    def action_copy_command(self) -> None:
        """Copy the gcloud command that shows the same."""
        if command := self.command_of(self.table.key):
            self.post_message(Copy(command, "gcloud command"))

    def action_open_console(self) -> None:
        """Open the console's page."""
        if link := self.link_of(self.table.key):
            self.post_message(OpenLink(link))
