"""The verification plan of one service: each line answered by what was seen, or by somebody's word."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from buddy_tui.clean import clean, clean_line
from buddy_tui.config import Settings
from buddy_tui.model import ServiceName
from buddy_tui.verify.values import Answered, Checklist, Line
from screens import links
from screens.base import BuddyScreen, Feed
from screens.messages import Copy
from screens.probe_words import WRITES, short
from screens.theme import toned
from screens.widgets.checklist import COLUMNS, ChecklistTable, answer, rows
from screens.widgets.facts import Fact
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.widgets.table import KeyedTable
from screens.words import Cell, Clock, age, moment, span

_LEAST = (40, 8)
_PATIENCE = timedelta(seconds=2)
_NEXT = 30.0
_COUNTED = (
    (Answered.NO, "✗", "no", "bad"),
    (Answered.UNKNOWN, "?", "unknown", "warn"),
    (Answered.YES, "✓", "yes", "ok"),
    (Answered.BY_HAND, "@", "by hand", "info"),
    (Answered.PENDING, "●", "to come", "info"),
)


class VerifyScreen(BuddyScreen):
    """A live checklist. `tick` is given the revision, a line's id, a name and a note; the feed then shows it."""

    CSS_PATH = "verify.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "tick", "Tick by hand", id="verify.tick"),
        Binding("d", "describe", "Describe", id="verify.describe"),
        Binding("y", "copy_line", "Copy line", show=False, id="verify.copy-line"),
        Binding("Y", "copy_command", "Copy headless command", show=False, id="verify.copy-command"),
    ]
    HELP = f"""\
The plan that says when a release is good, answered line by line: by a probe, a log query, a snapshot or Firestore.

- **✓ yes** and **✗ no** were seen, with the evidence and when. **? unknown** says why it could not be seen.
- Looking asks every question, and tries a session: it {WRITES}. Read-only, no session is tried.
- **@ by hand** is somebody's word. `t` asks for a name and a note; without both, nothing is ticked. What was measured
  stays beside it: a **✗ no** does not go away because somebody says yes.

`enter` or `d` tells everything about a line; `ctrl+r` looks again.
"""

    def __init__(
        self,
        settings: Settings,
        feed: Feed[Checklist],
        clock: Clock,
        name: ServiceName,
        tick: Callable[[str, str, str, str], None],
    ) -> None:
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self._address = name
        self._vouch = tick
        self._checklist: Checklist | None = None
        self._since: datetime = clock()

    def body(self) -> ComposeResult:
        """Put the counts above the lines, and the line under the cursor below."""
        yield Static(id="headline", markup=False)
        yield Static(id="status", markup=False)
        yield ChecklistTable(COLUMNS, id="lines")
        yield Static(id="preview", classes="-blank", markup=False)

    @property
    def table(self) -> ChecklistTable:
        """The lines."""
        return self.query_one(ChecklistTable)

    def about(self) -> ServiceName:
        """Return the service that is verified."""
        return self._address

    def on_mount(self) -> None:
        """Begin with the keys in the lines."""
        self.table.focus()
        self._stand_in()
        self._show_status()

    def tick(self) -> None:
        """Let ages go on."""
        super().tick()
        self._stand_in()
        self._show_lines()
        self._show_status()

    def receive(self, value: Checklist) -> None:
        """Take what is answered by now."""
        self._checklist = value
        # What was looked at is as fresh as it says, even where some of it could not be.
        trouble = None if value.lines else value.trouble
        self.query_one(IdentityHeader).tell(value.as_of, trouble, inf if value.done else _NEXT)
        self.query_one(Notice).as_of = value.as_of
        self.query_one("#headline", Static).update(headline(value), layout=False)
        self._show_lines()
        self._stand_in()
        self._show_status()
        self._show_preview()
        self.tell(value.trouble)

    def _begin(self) -> None:
        """Follow to the end: looking makes a session, and takes it away again."""
        self._following = self.run_worker(self._look, exclusive=True, group="stream", exit_on_error=False)

    async def _look(self) -> None:
        await self.follow_to_the_end(self._feed.stream(), self.receive, bool).ended()

    def _show_status(self) -> None:
        told = status(self._checklist, self.clock(), read_only=bool(self.settings.read_only))
        self.query_one("#status", Static).update(Content.assemble(*toned(told)), layout=False)

    def _show_lines(self) -> None:
        if self._checklist:
            self.table.show(tuple(rows(self._checklist, self.clock())))

    def _stand_in(self) -> None:
        small = self.size.width < _LEAST[0] or self.size.height < _LEAST[1]
        self.table.words = f"Too small: {_LEAST[0]}x{_LEAST[1]} needed" if small else self._why_empty()

    def _why_empty(self) -> str:
        if self.table.rows:
            return ""
        if self._checklist:
            return "Nothing could be looked at" if self._checklist.trouble else "The plan has no line"
        waited = self.clock() - self._since
        return f"Reading {self._address.service} …" + (f" {span(waited)}" if waited >= _PATIENCE else "")

    def _line(self) -> Line | None:
        lines = self._checklist.lines if self._checklist else ()
        return next((one for one in lines if one.id == self.table.key), None)

    @on(KeyedTable.Pointed)
    def _show_preview(self) -> None:
        line, box = self._line(), self.query_one("#preview", Static)
        box.set_class(line is None, "-blank")
        if line:
            box.update(preview(line, self.clock()), layout=False)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is about a line only where there is one."""
        if action in {"describe", "tick", "copy_line"}:
            return self.is_mounted and self._line() is not None
        return super().check_action(action, parameters)

    @on(KeyedTable.Chosen)
    def action_describe(self) -> None:
        """Show everything about the line under the cursor."""
        from screens.sheet import FactPage

        if line := self._line():
            self.app.push_screen(FactPage(clean_line(line.text), facts(line, self.clock())))

    def action_tick(self) -> None:
        """Ask for a name and a note, and pass them on."""
        from screens.tick import TickPage, Vouched

        line, checklist = self._line(), self._checklist
        if line is None or checklist is None:
            return

        def vouch(word: Vouched | None) -> None:
            if word:
                self._vouch(checklist.revision, line.id, word.by, word.note)

        self.app.push_screen(TickPage(line, self.settings.account.value), vouch)

    def action_copy_line(self) -> None:
        """Copy the line with its answer."""
        if line := self._line():
            self.post_message(Copy(f"{answer(line).text}: {line.text} ({line.evidence})", "line"))

    def action_copy_command(self) -> None:
        """Copy the command that prints the same."""
        command = links.headless("verify", self._address, impersonate=self.settings.impersonate.value)
        self.post_message(Copy(command, "headless command"))


def headline(checklist: Checklist) -> Content:
    """Return for which revision the plan is and how many lines stand how, the bad ones first."""
    if not checklist.revision:
        return Content("")
    counts = [
        Cell(f"{mark} {count} {words}", tone)
        for which, mark, words, tone in _COUNTED
        if (count := sum(one.answered is which for one in checklist.lines))
    ]
    parts = [
        Cell("plan for ", "dim"),
        Cell(short(checklist.revision, checklist.name), "strong"),
        Cell(" ·", "dim"),
        *(one for part in counts for one in (Cell("  "), part)),
    ]
    return Content.assemble(*toned(*parts))


def status(checklist: Checklist | None, now: datetime, *, read_only: bool) -> Cell:
    """Return on one line what looking does while it does it, and afterwards how long ago that was."""
    if checklist and checklist.done:
        return Cell(f"looked {age(checklist.as_of, now)} ago · ctrl+r looks again", "dim")
    session = (
        "read-only: tries no session" if read_only else "writes one session of its own, deletes it again"
    )
    return Cell(f"● asks every question · {session}", "info")


def preview(line: Line, now: datetime) -> Content:
    """Return a line in full: its text, how it stands, what was seen, whose word it is."""
    how, source = answer(line), f"  from {line.source}" if line.source else ""
    return Content.assemble(
        *toned(
            Cell(f"{clean_line(line.text)}\n", "strong"),
            Cell(how.text, how.tone),
            Cell(f"{source}  {moment(line.at, now)}" if line.at else source, "dim"),
            Cell(f"\n{clean(line.evidence)}" if line.evidence else ""),
            Cell(f"\nby hand: {clean_line(line.by)}: {clean_line(line.note)}" if line.by else "", "info"),
        )
    )


def facts(line: Line, now: datetime) -> tuple[Fact, ...]:
    """Return everything about a line."""
    told = [
        Fact("section", (Cell(line.section),)),
        Fact("line", (Cell(line.text, "strong"),)),
        Fact("answer", (answer(line),)),
        Fact("evidence", (Cell(line.evidence or "none"),)),
        Fact("from", (Cell(line.source or "nobody"),)),
        Fact("when", (Cell(moment(line.at, now)),)),
    ]
    if line.by:
        told += [Fact("by hand", (Cell(line.by, "info"),)), Fact("note", (Cell(line.note),))]
    return (*told, Fact("id", (Cell(line.id, "dim"),)))
