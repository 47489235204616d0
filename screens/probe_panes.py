"""The two panes beside the matrix of probes: the session probe as a ladder, and the audit as a chart."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from buddy_tui.model import ServiceName
from buddy_tui.sessions.values import Audit, Ladder
from screens.base import BuddyScreen, Feed, Lasting
from screens.probe_words import WRITES, short, survival
from screens.widgets.audit import AuditPanel
from screens.widgets.ladder import LadderPanel
from screens.widgets.pager import Pager
from screens.words import NONE, Cell, Clock, age

if TYPE_CHECKING:
    from textual.worker import Worker

_STOPPED = f"{NONE} stopped: what it wrote was removed, or is swept when the next one starts"
_BROKEN = f"{NONE} broken off, for the reason above"


class SessionPane(Pager):
    """The session probe of one revision after another; the last one stays in view."""

    class Ended(Message):
        """The probe is over, and so is its cleaning up."""

    def __init__(self, open_feed: Callable[[str], Feed[Ladder]], clock: Clock, name: ServiceName) -> None:
        super().__init__(id="session")
        self._open_feed = open_feed
        self._clock = clock
        self._address = name
        self._run: Lasting | None = None
        self._told: Callable[[], object] = bool
        self.value: Ladder | None = None

    def compose(self) -> ComposeResult:
        """Show the ladder."""
        yield LadderPanel()

    @property
    def revision(self) -> str:
        """The revision that is tried, or was last; empty before the first."""
        return self.value.revision if self.value else ""

    @property
    def busy(self) -> bool:
        """Whether it is under way, if only to clean up."""
        return self._run is not None and self._run.running

    @property
    def fix(self) -> str:
        """The way out that it tells."""
        return self.value.fix if self.value else ""

    @property
    def command(self) -> tuple[str, ...]:
        """Our own verb and its words that do the same without a screen."""
        return ("probe", self.revision, "--session")

    def try_on(self, screen: BuddyScreen, revision: str, told: Callable[[], object]) -> None:
        """Try a session on a revision, unless one is tried already; `told` is called for whatever is new."""
        if self.busy:
            return
        self.value, self._told = Ladder(self._address, revision), told
        stream = self._open_feed(revision).stream()
        self._run = screen.follow_to_the_end(stream, self._take, lambda: self.post_message(self.Ended()))

    def _take(self, ladder: Ladder) -> None:
        self.value = ladder
        self._told()

    def stop(self) -> None:
        """Ask it to end; it removes what it wrote first."""
        if self._run:
            self._run.close()

    def show(self, _note: Cell) -> None:
        """Draw what is known by now."""
        panel = self.query_one(LadderPanel)
        panel.ladder, panel.ending, panel.now = self.value, self._ending(), self._clock()

    def _ending(self) -> str:
        if self._run is None or (self.value and self.value.survival):
            return ""
        if not self._run.running:
            return _BROKEN if self.value and self.value.trouble else _STOPPED
        return "● stopping: removing what it wrote" if self._run.closing else ""

    def status(self) -> Cell:
        """Return on one line what it does, or when it did."""
        who = short(self.revision, self._address)
        if self.busy:
            return Cell(f"● session probe of {who} · x stops it, and it removes what it wrote", "info")
        aged = f", {age(self.value.as_of, self._clock())} ago" if self.value and self.value.as_of else ""
        return Cell(f"session probe of {who}{aged} · ctrl+r tries again", "dim")

    def note(self) -> Cell:
        """Return, for the matrix, what `s` does before it is done, or how far it has come."""
        who = short(self.revision, self._address)
        if self.busy:
            return Cell(f"● session probe of {who} under way · s shows it", "info")
        if self.value and self.value.survival:
            how = survival(self.value.survival)
            return how._replace(text=f"{how.text}: session probe of {who} · s shows it")
        if self.value:
            return Cell(
                f"{NONE} session probe of {who} did not end · s shows it, ctrl+r there tries again", "warn"
            )
        return Cell(f"s tries a session: it {WRITES}", "dim")


class AuditPane(Pager):
    """The audit: read when it is first looked at, and again when asked to."""

    def __init__(self, open_feed: Callable[[], Feed[Audit]], clock: Clock) -> None:
        super().__init__(id="audit")
        self._open_feed = open_feed
        self._clock = clock
        self._run: Worker[None] | None = None
        self._told: Callable[[], object] = bool
        self.value: Audit | None = None
        self.fix = ""
        self.command = ("sessions",)

    def compose(self) -> ComposeResult:
        """Show the chart."""
        yield AuditPanel()

    @property
    def busy(self) -> bool:
        """Whether documents are being read."""
        return self._run is not None and not self._run.is_finished

    def count(self, screen: BuddyScreen, told: Callable[[], object]) -> None:
        """Count, unless that is done already; `told` is called for whatever is new."""
        if not self.busy:
            self._told = told
            self._run = screen.follow(self._open_feed().stream(), self._take, "audit")

    def _take(self, audit: Audit) -> None:
        self.value = audit
        self._told()

    def stop(self) -> None:
        """Read no more."""
        if self._run:
            self._run.cancel()

    def show(self, _note: Cell) -> None:
        """Draw what is known by now."""
        panel = self.query_one(AuditPanel)
        panel.audit, panel.now = self.value, self._clock()

    def status(self) -> Cell:
        """Return on one line what it does."""
        if self.busy:
            return Cell("● counting the sessions that are kept; nothing is written", "info")
        if self.value is None:
            return Cell(f"{NONE} session audit, stopped · ctrl+r counts again", "warn")
        return Cell("session audit, nothing was written · ctrl+r counts again", "dim")
