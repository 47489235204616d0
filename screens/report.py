"""The report of an incident as one reads it: what happened, why, what was done, and what is left to people."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from buddy_tui import console_pages
from buddy_tui.config import Settings
from buddy_tui.model import ServiceName
from buddy_tui.report.markdown import as_markdown
from buddy_tui.report.people import People, hidden
from buddy_tui.report.values import Report, Writing
from screens import links
from screens.base import BuddyScreen, Feed
from screens.messages import Copy, OpenLink, Save
from screens.theme import toned
from screens.widgets.document import Document
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.widgets.pager import Pager
from screens.words import Cell, Clock, age, span

_PATIENCE = timedelta(seconds=2)
_CONSOLE = "https://console.cloud.google.com/"
_OF_A_REPORT = frozenset(("save", "copy_report", "heading"))


class Window(NamedTuple):
    """What a report is about, in words, and as `--since` has it; without one it is the newest incident."""

    words: str
    since: timedelta | None = None
    option: str = ""


_WINDOWS = (
    Window("newest incident"),
    Window("last 24 hours", timedelta(hours=24), "24h"),
    Window("last 7 days", timedelta(days=7), "7d"),
)


class ReportScreen(BuddyScreen):
    """The report of one service. `open_feed` gives the feed of the newest incident, or of a time back from now."""

    CSS_PATH = "report.tcss"
    # The last one has room before the others on the bottom line.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "heading(1)", "Next heading", key_display="]", id="report.next"),
        Binding(
            "left_square_bracket",
            "heading(-1)",
            "Previous heading",
            key_display="[",
            show=False,
            id="report.previous",
        ),
        Binding("n", "names", "Names", id="report.names"),
        Binding("w", "window", "Since", id="report.window"),
        Binding("y", "copy_report", "Copy", id="report.copy"),
        Binding("ctrl+s", "save", "Save", key_display="^s", id="report.save"),
        Binding("Y", "copy_command", "Copy headless command", show=False, id="report.copy-command"),
        Binding("o", "open_console", "Console", show=False, id="report.console"),
    ]
    HELP = """\
What Cloud Run, its logs and the journal of this machine tell of the newest incident, as a document: summary, impact,
timeline in UTC, root cause with its evidence, what was done, what is still pinned or open, and what to do next.

- **TODO** is what only people can know. Nothing is made up in its place.
- Secrets are masked, and people are `operator-1` and so on until `n` names them: in what is copied and saved as well.
- `w` goes from the newest incident to the last 24 hours, to the last 7 days, and back.

`ctrl+s` saves the document in Markdown and says where, `y` copies all of it, `Y` the command that prints it.
`]` and `[` go to the next and the previous heading. `o` opens the service in Google's console; the links at the end
can be clicked.
"""

    def __init__(
        self,
        settings: Settings,
        open_feed: Callable[[timedelta | None], Feed[Writing]],
        clock: Clock,
        name: ServiceName,
    ) -> None:
        super().__init__(settings, open_feed(None), clock, name.project, name.region, name.service)
        self._open_feed = open_feed
        self._address = name
        self._window = _WINDOWS[0]
        self._names = False
        self._told: dict[Window, Writing] = {}
        self._since: datetime = clock()

    def body(self) -> ComposeResult:
        """Put one line about the report above it."""
        yield Static(id="status", markup=False)
        with Pager(id="page"):
            yield Document((_CONSOLE,))

    def about(self) -> ServiceName:
        """Return the service that is reported on."""
        return self._address

    def on_mount(self) -> None:
        """Begin with the keys in the document."""
        self.query_one(Pager).focus()
        self._show()

    def tick(self) -> None:
        """Let ages go on."""
        super().tick()
        self._show_status()

    def receive(self, value: Writing) -> None:
        """Take what is written by now. Another window has a report of its own.

        A stream that begins anew has none yet: the last one stays until there is a newer one.
        """
        known = self._told.get(self._window)
        if known and not value.report:
            value = replace(known, reading=value.reading, trouble=value.trouble)
        self._told[self._window] = value
        self._show()

    @property
    def _writing(self) -> Writing:
        return self._told.get(self._window, Writing(self._address, reading="Cloud Run"))

    @property
    def _report(self) -> Report | None:
        """The report as it may be shown."""
        report = self._writing.report
        return report and hidden(report, People(shown=self._names))

    def _show(self) -> None:
        told = self._writing
        self.query_one(IdentityHeader).tell(told.as_of, told.trouble, inf)
        self.query_one(Notice).as_of = told.as_of
        report = self._report
        self.query_one(Document).source = as_markdown(report) if report else ""
        self._show_status()
        self.tell(told.trouble)

    def _show_status(self) -> None:
        waited = self.clock() - self._since
        cells = status(self._writing, self._window, self.clock(), waited, names=self._names)
        self.query_one("#status", Static).update(Content.assemble(*toned(*cells)), layout=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is about a report once there is one, and no way to where we are."""
        if action in _OF_A_REPORT:
            return self._writing.report is not None
        return action != "report" and super().check_action(action, parameters)

    def _begin(self) -> None:
        self._since = self.clock()
        super()._begin()

    def action_window(self) -> None:
        """Report on the next window; what was read of it before is shown meanwhile."""
        at = _WINDOWS.index(self._window)
        self._window = _WINDOWS[(at + 1) % len(_WINDOWS)]
        self._feed = self._open_feed(self._window.since)
        self.query_one(Pager).scroll_home(animate=False)
        self._show()
        self._begin()

    def action_names(self) -> None:
        """Name people, or hide them again."""
        self._names = not self._names
        self._show()

    def action_heading(self, by: int) -> None:
        """Go to the next heading, or to the one before."""
        pager, headings = self.query_one(Pager), self.query_one(Document).headings
        top = round(pager.scroll_y)
        after, before = [one for one in headings if one > top], [one for one in headings if one < top]
        if found := after[:1] if by > 0 else before[-1:]:
            pager.scroll_to(y=found[0], animate=False)

    def action_save(self) -> None:
        """Save the document as it is shown."""
        if report := self._report:
            name = f"report-{report.name.service}-{report.since:%Y-%m-%d}.md"
            self.post_message(Save((as_markdown(report),), name))

    def action_copy_report(self) -> None:
        """Copy the document as it is shown."""
        if report := self._report:
            self.post_message(Copy(as_markdown(report), "the report", document=True))

    def action_copy_command(self) -> None:
        """Copy the command that prints the same."""
        words = [
            *(["--since", self._window.option] if self._window.option else []),
            *(["--with-names"] if self._names else []),
        ]
        acting = self.settings.impersonate.value
        command = links.headless("report", self._address, *words, impersonate=acting)
        self.post_message(Copy(command, "headless command"))

    def action_open_console(self) -> None:
        """Open the service in Google's console."""
        self.post_message(OpenLink(console_pages.service_page(self._address)))

    @on(Document.Followed)
    def _open_page(self, event: Document.Followed) -> None:
        self.post_message(OpenLink(event.address))


def status(told: Writing, window: Window, now: datetime, waited: timedelta, *, names: bool) -> Iterator[Cell]:
    """Yield what the report is about, whether it names people, and what is read for it, or how old it is."""
    yield Cell(window.words, "strong")
    if told.reading:  # beside it there is no room for more in 80 columns
        so_far = f" {span(waited)}" if waited >= _PATIENCE else ""
        yield Cell(f" · ● reads {told.reading} …{so_far}", "info")
        return
    yield Cell(f" · {'with names' if names else 'names hidden'} · ", "dim")
    if told.report:
        yield Cell(f"read {age(told.as_of, now)} ago · ctrl+r reads again", "dim")
    else:
        yield Cell("nothing could be read", "bad")
