"""A screen whose main widget can be filtered: the filter line, and esc that closes, clears, then leaves."""

from abc import abstractmethod
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from screens.base import BuddyScreen
from screens.widgets.filter_bar import FilterBar


class FilteredScreen(BuddyScreen):
    """A filter line over one main widget. Subclasses yield a `FilterBar` and say what it filters."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the widgets' turn, so that what is typed right behind it, or pasted with it, goes into the line.
        Binding("slash", "filter", "Filter", key_display="/", priority=True, id="list.filter"),
    ]
    FILTER_HINT: ClassVar[str] = ""

    @property
    def filter_bar(self) -> FilterBar:
        """The filter line."""
        return self.query_one(FilterBar)

    @property
    @abstractmethod
    def main(self) -> Widget:
        """The widget that has the keys while nobody types a filter."""

    @abstractmethod
    def is_filtered(self) -> bool:
        """Tell whether a filter is on."""

    @abstractmethod
    def can_filter(self) -> bool:
        """Tell whether there is anything to filter."""

    @abstractmethod
    def filter_by(self, query: str) -> None:
        """Show only what passes `query`; an empty one shows all."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that would do nothing."""
        if action == "filter":
            return (
                self.is_mounted and not self.filter_bar.typing and (self.is_filtered() or self.can_filter())
            )
        if action == "back" and self.is_mounted and (self.is_filtered() or self.filter_bar.typing):
            return True
        return super().check_action(action, parameters)

    async def action_filter(self) -> None:
        """Type a filter."""
        await self.filter_bar.open()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.filter_by(event.value)

    @on(Input.Submitted, "#filter")
    def _filter_kept(self) -> None:
        self.filter_bar.close()
        self.main.focus()

    def action_back(self) -> None:
        """Close the filter line, else clear the filter, else leave."""
        if self.filter_bar.typing:
            self._filter_kept()
        elif self.is_filtered():
            self.filter_bar.clear_filter()
        else:
            super().action_back()
