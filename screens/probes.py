"""Probes of one service: a matrix of revisions and questions, the session probe as a ladder, the audit as a chart."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from buddy_tui.config import Settings
from buddy_tui.model import LogBatch, ServiceName
from buddy_tui.probes.values import Matrix, Refusal
from buddy_tui.sessions.values import Audit, Ladder
from screens import links
from screens.base import BuddyScreen, Feed
from screens.matrix_pane import MatrixPane
from screens.messages import Back, Copy
from screens.probe_panes import AuditPane, SessionPane
from screens.probe_words import WRITES
from screens.tagging import ask_for_tag
from screens.theme import toned
from screens.widgets.header import IdentityHeader
from screens.widgets.matrix import MatrixTable
from screens.widgets.notice import Notice
from screens.widgets.table import KeyedTable
from screens.words import NONE, Cell, Clock

# The longest timeout of a default question is 20 s; nothing new for longer than this is late.
_NEXT = 30.0


@dataclass(frozen=True, slots=True)
class ProbeFeeds:
    """Where the values of the screen come from; each call gives a new feed.

    `matrix` is told whether to go on for ever, `session` the revision to try, `lines` a revision and the trace id of
    the request whose log lines are wanted.
    """

    matrix: Callable[[bool], Feed[Matrix]]
    session: Callable[[str], Feed[Ladder]]
    audit: Callable[[], Feed[Audit]]
    lines: Callable[[str, str], Feed[LogBatch]]


class ProbesScreen(BuddyScreen):
    """What the revisions of a service answer. The cursor begins on `revision`, where one is told."""

    CSS_PATH = "probes.tcss"
    CHANGES = BuddyScreen.CHANGES | {"tag"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop", id="probes.stop"),
        Binding("w", "watch", "Watch", id="probes.watch"),
        Binding("a", "audit", "Audit", id="probes.audit"),
        Binding("s", "session", "Session", id="probes.session"),
        Binding("T", "tag", "Tag", id="probes.tag"),
        Binding("Y", "copy_command", "Copy headless command", show=False, id="probes.copy-command"),
    ]
    HELP = f"""\
Every revision is asked the same questions, at its own address. One request wakes it up and is not counted.

- **✓ pass** `8/8 12ms`: all were good, and how long the middle one took.
- **✗ worse** fails where the serving revision does not; **= as serving** fails on both: that is not this release.
- **! refused**, by its short reason, never came to the application and says nothing about it.
- **? inconclusive** is too little to tell; **{NONE} not offered** is a path that nobody has. (A question) is not critical.

`enter` tells everything about a cell, with the log lines of its request. `w` goes on asking and draws latencies;
`x` stops what runs; `ctrl+r` asks again.

`s` tries a session on the revision under the cursor. It {WRITES}, and it is closed properly whatever you do.
`a` counts the sessions that are kept, without writing anything. `T` gives a revision without an address a tag, and asks
before.
"""

    def __init__(
        self, settings: Settings, feeds: ProbeFeeds, clock: Clock, name: ServiceName, revision: str = ""
    ) -> None:
        once = feeds.matrix(False)  # noqa: FBT003 - the feeds take it by position
        super().__init__(settings, once, clock, name.project, name.region, name.service)
        self._feeds = feeds
        self._address = name
        self.asking = MatrixPane(clock, name, revision)
        self.session = SessionPane(feeds.session, clock, name)
        self.audit = AuditPane(feeds.audit, clock)
        self._pane: MatrixPane | SessionPane | AuditPane = self.asking
        self._leaving = False
        self._troubled: object = None
        self._offered: object = None

    def body(self) -> ComposeResult:
        """Put all three panes in place; one of them is shown."""
        yield Static(id="status", markup=False)
        yield self.asking
        yield self.session
        yield self.audit

    def about(self) -> ServiceName:
        """Return the service that is asked."""
        return self._address

    def on_mount(self) -> None:
        """Begin with the keys in the matrix."""
        self._show(self.asking)

    def on_unmount(self) -> None:
        """Let a session probe remove what it wrote; the connections stay until it has."""
        self.session.stop()

    def let_go(self) -> None:
        """End the session probe too."""
        super().let_go()
        self.session.stop()
        self._tell()

    def tick(self) -> None:
        """Let ages go on."""
        super().tick()
        self._tell()

    def _begin(self) -> None:
        self.asking.begin()
        self._troubled = ""  # whatever the notice says, it is not about the new stream
        super()._begin()

    def receive(self, value: Matrix) -> None:
        """Take what is known by now."""
        self.asking.take(value)
        self._tell()

    def on_worker_state_changed(self) -> None:
        """Say that a stream has ended, which no value of it does."""
        if self.is_running and self.is_mounted:
            self._tell()

    def _asking(self) -> bool:
        over = self._following is None or self._following.is_finished
        return not over and not (self.asking.value and self.asking.value.done)

    def _busy(self) -> bool:
        """Tell whether more is to come in the pane that is shown."""
        return self._asking() if isinstance(self._pane, MatrixPane) else self._pane.busy

    @on(KeyedTable.Pointed)
    @on(MatrixTable.Moved)
    def _tell(self) -> None:
        """Show everything that is not the matrix itself; what did not change is not drawn."""
        value, busy = self._pane.value, self._busy()
        as_of, trouble = (value.as_of, value.trouble) if value else (None, None)
        self.query_one(IdentityHeader).tell(as_of, trouble, _NEXT if busy else inf)
        self.query_one("#status", Static).update(Content.assemble(*toned(self._pane.status())), layout=False)
        self._pane.show(self._note())
        if trouble != self._troubled:
            self._troubled = trouble
            self.query_one(Notice).as_of = as_of
            self.tell(trouble)
        offered = (self._pane, busy, self.session.busy, self._hint(), self.asking.table.key)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _note(self) -> Cell:
        if self.settings.read_only:
            return Cell(f"s is off, read-only: a session probe {WRITES}", "dim")
        return self.session.note()

    def _hint(self) -> str:
        """Return the way out of what troubles us, else the fix of what is shown."""
        return super()._hint() or (self._pane.fix if self.is_mounted else "")

    def _show(self, pane: MatrixPane | SessionPane | AuditPane) -> None:
        self._pane = pane
        for one in (self.asking, self.session, self.audit):
            one.display = one is pane
        (self.asking.table if pane is self.asking else pane).focus()
        self._tell()

    @on(KeyedTable.Chosen)
    def _open_cell(self) -> None:
        """Tell everything about the cell under the cursor, with the log lines of its request as they come."""
        from screens.cell import CellPage

        pointed, matrix = self.asking.pointed, self.asking.value
        if pointed is None or matrix is None:
            return
        page = CellPage(*pointed, matrix.questions[self.asking.table.question])
        if page.shown and page.shown.trace:
            feed = self._feeds.lines(pointed[0].revision, page.shown.trace)
            self.follow(feed.stream(), lambda batch: page.add(batch.entries, batch.state), "lines")
        self.app.push_screen(page, self._close_lines)

    def _close_lines(self, _none: None) -> None:
        self.workers.cancel_group(self, "lines")

    def action_session(self) -> None:
        """Show the session probe that runs, or the last one of this revision; else start one."""
        if self.settings.read_only:
            self.notify(f"Read-only: a session probe {WRITES}.", title="Not done", markup=False)
            return
        again = self._pane is self.session
        revision = self.session.revision if again else self.asking.table.key
        if again or self.session.revision != revision:
            self.session.try_on(self, revision, self._tell)
        self._show(self.session)

    @on(SessionPane.Ended)
    def _session_ended(self) -> None:
        self._tell()
        if self._leaving:
            self.post_message(Back(self))

    def action_tag(self) -> None:
        """Ask for a tag for the revision under the cursor, which then has an address."""
        if self.may_change():
            ask_for_tag(self, self.asking.table.key)

    def _without_address(self) -> bool:
        pointed = self.asking.pointed
        return pointed is not None and pointed[1].refusal is Refusal.NO_ADDRESS

    def action_audit(self) -> None:
        """Show what is kept of the sessions, read for the first time or as it was."""
        if self.audit.value is None:
            self.audit.count(self, self._tell)
        self._show(self.audit)

    def action_watch(self) -> None:
        """Go on asking for ever, or only once more."""
        self._ask(watching=not self.asking.watching)
        self._begin()
        self._tell()

    def _ask(self, *, watching: bool) -> None:
        self.asking.watching = watching
        self._feed = self._feeds.matrix(watching)

    def action_stop(self) -> None:
        """Stop what runs, the view's own first."""
        if not isinstance(self._pane, MatrixPane) and self._pane.busy:
            self._pane.stop()
        elif self._following and self._asking():
            self._following.cancel()
            self._following = None
            self._ask(watching=False)
            self.asking.stop()
        else:
            self.session.stop()
        self._tell()

    def action_refresh(self) -> None:
        """Do again what is shown."""
        if self._pane is self.asking:
            self._begin()
        elif self._pane is self.session:
            self.session.try_on(self, self.session.revision, self._tell)
        else:
            self.audit.count(self, self._tell)
        self._tell()

    def action_copy_command(self) -> None:
        """Copy the command that does the same without a screen."""
        verb, *words = self._pane.command
        acting = self.settings.impersonate.value
        self.post_message(
            Copy(links.headless(verb, self._address, *words, impersonate=acting), "headless command")
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that would do nothing."""
        if self.is_mounted:
            offered = {
                "session": bool(self.asking.table.key)
                and (self._pane is not self.asking or self.asking.tells)
                and not (self._pane is self.session and self.session.busy),
                "tag": self._pane is self.asking and self._without_address(),
                "audit": self._pane is not self.audit,
                "watch": self._pane is self.asking,
                "stop": self._busy() or self._asking() or self.session.busy,
            }
            if action in offered:
                return offered[action]
            if action == "back" and self._pane is not self.asking:
                return True
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Go back to the matrix, or leave; a session probe that runs is closed before."""
        if self._pane is not self.asking:
            self._show(self.asking)
        elif self.session.busy:
            self._leaving = True
            self.session.stop()
            self.notify("Leaving as soon as the session probe has removed what it wrote.", markup=False)
            self._tell()
        else:
            super().action_back()
