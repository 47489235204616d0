"""A screen around a log: filter, full screen, and the story of a boot with its proof, once one was read."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.events import Resize

from buddy_tui.clean import clean_line
from buddy_tui.log_filter import LogFilter
from buddy_tui.shown import Lines
from screens.filtered import FilteredScreen
from screens.widgets.log import LogView

if TYPE_CHECKING:
    from screens.widgets.facts import Fact
    from screens.widgets.finding import FindingPanel
    from screens.widgets.story import BootStory

# Lines that finding and import tree may take, by the height of the screen; more would leave the log none.
_ROOM = ((30, 12), (20, 6), (12, 2), (0, 1))
_BESIDE = 100


class LogScreen(FilteredScreen):
    """Subclasses yield a `LogView`, and over it a `BootStory`, at once or when there is something to tell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "evidence(1)", "Evidence", id="boot-log.evidence"),
        Binding("E", "evidence(-1)", "Previous evidence", show=False, id="boot-log.evidence-back"),
        Binding("d", "describe", "Describe", id="boot-log.describe"),
    ]
    DEFAULT_CSS = """
    LogScreen {
        &.-flat BootStory, &.-cramped BootStory, &.-full BootStory { display: none; }
    }
    """
    _query = ""

    @property
    @abstractmethod
    def lines(self) -> Lines:
        """What the log shows."""

    @property
    @abstractmethod
    def story(self) -> "BootStory | None":
        """The story over the log, if there is one."""

    @abstractmethod
    def more_facts(self) -> "tuple[Fact, ...]":
        """Return what is told below the finding about the log itself."""

    @property
    def main(self) -> LogView:
        """The log has the keys."""
        return self.query_one(LogView)

    @on(Resize)
    def make_room(self) -> None:
        """Give the story what leaves the log its greater part."""
        most = next(lines for least, lines in _ROOM if self.size.height >= least)
        if self.story is not None:
            self.story.fit(most, beside=self.size.width >= _BESIDE, brief=self.size.height < 20)

    @on(LogView.FullScreen)
    def _full_screen(self) -> None:
        self.toggle_class("-full")
        self.refresh_bindings()

    def is_filtered(self) -> bool:
        """Tell whether a filter is on."""
        return bool(self._query.split())

    def can_filter(self) -> bool:
        """Without a line there is nothing to filter."""
        return self.lines.end > self.lines.first

    def filter_by(self, query: str) -> None:
        """Show the lines that pass."""
        self._query = query
        self.main.set_filter(LogFilter(query))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that would do nothing."""
        story = self.story if self.is_mounted else None
        match action:
            case "evidence":
                return story is not None and bool(story.places())
            case "describe":
                return story is not None and story.finding is not None
            case "back" if self.has_class("-full"):
                return True
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Leave the full screen first."""
        if self.has_class("-full") and not self.filter_bar.typing:
            self._full_screen()
        else:
            super().action_back()

    def action_evidence(self, by: int) -> None:
        """Go to the next line that proves the finding."""
        if self.story is not None and (at := self.story.next_evidence(by)) is not None:
            self._go_to_evidence(self.story, at)

    def on_finding_panel_asked(self, event: "FindingPanel.Asked") -> None:
        """Go to the line behind the evidence that was clicked."""
        if self.story is not None:
            self._go_to_evidence(self.story, event.at)

    def _go_to_evidence(self, story: "BootStory", at: int) -> None:
        quote = story.evidence[at]
        place = story.place(quote)
        if place is not None and self.main.hides(place):
            self.filter_by("")
            self.filter_bar.clear_filter()
        if place is not None and self.main.go_to(place):
            story.point(at)
        else:
            self.notify(f"That line is not kept any more: {clean_line(quote.text)}", markup=False)

    def _hint(self) -> str:
        """Return the way out of what troubles us, else the first fix."""
        if (hint := super()._hint()) or not self.is_mounted or self.story is None:
            return hint
        from screens.findings import first_fix

        return first_fix(self.story.finding)

    def action_describe(self) -> None:
        """Show all of the finding and the timeline, and how the log was read."""
        from screens.sheet import FactPage

        if self.story is not None:
            title = self.identity.place[-1]
            self.app.push_screen(FactPage(title, (*self.story.facts(), *self.more_facts())))
