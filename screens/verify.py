"""The release checklist of one service: each line answered by what was seen, or by somebody's word; now, and kept."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.model import ServiceName
from buddy_tui.verify.kept import made
from buddy_tui.verify.values import Checklist, Line
from screens import links
from screens.base import BuddyScreen, Feed
from screens.messages import Copy, Save
from screens.probe_words import WRITES, short
from screens.theme import toned
from screens.verify_words import facts, headline, held_on, in_the_way, preview, status
from screens.widgets.checklist import COLUMNS, ChecklistTable, answer, rows
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.widgets.table import KeyedTable
from screens.words import Clock, span

_LEAST = (40, 8)
_PATIENCE = timedelta(seconds=2)
_NEXT = 30.0


class VerifyScreen(BuddyScreen):
    """A live checklist, and those that are kept: `[` and `]` go through them, and no answer of one is shown in another.

    `releases` feeds what is kept, the newest revision first. `tick` is given the revision, a line's id, a name and a
    note, and tells whether that is kept.
    """

    CSS_PATH = "verify.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", key_display="^s", id="verify.save"),
        Binding("t", "tick", "Tick", id="verify.tick"),
        Binding("d", "describe", "Describe", show=False, id="verify.describe"),
        Binding("left_square_bracket", "older", "Older", key_display="[", show=False, id="verify.older"),
        Binding("right_square_bracket", "newer", "Newer", key_display="]", show=False, id="verify.newer"),
        Binding("y", "copy_line", "Copy line", show=False, id="verify.copy-line"),
        Binding("Y", "copy_command", "Copy headless command", show=False, id="verify.copy-command"),
    ]
    HELP = f"""\
The plan that says when a release is good, answered line by line: by a probe, a log query, a snapshot or Firestore.

- **✓ yes** and **✗ no** were seen, with the evidence and when. **? unknown** says why it could not be seen.
- **? was yes** is unknown too: nothing could be seen now, and what an earlier look saw is told beside it, with its
  time. Nothing passes by what was true before.
- Looking asks every question, and tries a session: it {WRITES}. Read-only, no session is tried.
- **@ by hand** is somebody's word. `t` asks for a name and a note; without both, nothing is ticked. What was measured
  stays beside it: a **✗ no** does not go away because somebody says yes.

Every look is kept on this machine. `[` and `]` go to the release before and the one after, as they were **KEPT**: read
from the disk, nobody is asked. `ctrl+s` saves what is shown as Markdown, without names.

`enter` or `d` tells everything about a line; `ctrl+r` looks again.
"""

    def __init__(
        self,
        settings: Settings,
        feed: Feed[Checklist],
        clock: Clock,
        name: ServiceName,
        releases: Feed[tuple[Checklist, ...]],
        tick: Callable[[str, str, str, str], Awaitable[bool]],
    ) -> None:
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self._address = name
        self._kept_feed = releases
        self._vouch = tick
        self._live: Checklist | None = None
        self._kept: tuple[Checklist, ...] = ()
        self._pointed = ""
        self._keeping = ""
        self._since: datetime = clock()

    def body(self) -> ComposeResult:
        """Put the counts above the lines, and the line under the cursor below."""
        yield Static(headline(self._shown), id="headline", markup=False)
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
        self.call_after_refresh(self._remember)

    def tick(self) -> None:
        """Let ages go on."""
        super().tick()
        self._stand_in()
        self._show_lines()
        self._show_status()

    def receive(self, value: Checklist) -> None:
        """Take what is answered by now; a whole look is among those that are kept."""
        self._live = held_on(value, self._live)
        if value.done:
            self._kept_feed.refresh()
        if value.keeping not in {"", self._keeping}:
            self._keeping = value.keeping
            self.notify(value.keeping, title="The checklist on this disk", severity="warning", markup=False)
        self._show()

    def _remember(self) -> None:
        self.follow(self._kept_feed.stream(), self._take_kept, group="kept")

    def _take_kept(self, releases: tuple[Checklist, ...]) -> None:
        self._kept = releases
        self._show()

    @property
    def _timeline(self) -> tuple[Checklist | None, ...]:
        """What `[` and `]` go through, the newest revision first; `None` is where the live one stands."""
        live = self._live
        if live is None or not live.lines:
            return (None, *self._kept)
        others = [one for one in self._kept if one.revision != live.revision]
        newer = sum(made(one) > made(live) for one in others)
        return (*others[:newer], None, *others[newer:])

    @property
    def _place(self) -> int:
        """Where in the timeline we are; what is not there any more gives way to the live one."""
        names = [one.revision if one else "" for one in self._timeline]
        return names.index(self._pointed if self._pointed in names else "")

    @property
    def _shown(self) -> Checklist:
        return self._timeline[self._place] or self._live or Checklist(self._address)

    def _neighbour(self, step: int) -> str | None:
        """Return the revision that lies so many releases before this one; empty is the live one, `None` is none."""
        at = self._place + step
        if not 0 <= at < len(self._timeline):
            return None
        there = self._timeline[at]
        return there.revision if there else ""

    def action_older(self) -> None:
        """Go to the release before."""
        self._go(1)

    def action_newer(self) -> None:
        """Go to the release after."""
        self._go(-1)

    def action_refresh(self) -> None:
        """Look again, at the live one."""
        self._pointed = ""
        self._show()
        super().action_refresh()

    def _go(self, step: int) -> None:
        there = self._neighbour(step)
        if there is not None:
            self._pointed = there
            self._show()

    def _ways(self) -> str:
        """Name the keys that lead elsewhere, and where to."""
        there = ((key, self._neighbour(step)) for key, step in (("[", 1), ("]", -1)))
        return "  ".join(
            f"{key} {short(one, self._address) if one else 'live'}" for key, one in there if one is not None
        )

    def _show(self) -> None:
        shown = self._shown
        self.query_one(IdentityHeader).tell(shown.as_of, in_the_way(shown), inf if shown.done else _NEXT)
        self.query_one(Notice).as_of = shown.as_of
        self.query_one("#headline", Static).update(headline(shown), layout=False)
        self._show_lines()
        self._stand_in()
        self._show_status()
        self._show_preview()
        self.tell(shown.trouble if shown.lines or not shown.kept else None)

    def _begin(self) -> None:
        """Follow to the end: looking makes a session, and takes it away again."""
        self._following = self.run_worker(self._look, exclusive=True, group="stream", exit_on_error=False)

    async def _look(self) -> None:
        await self.follow_to_the_end(self._feed.stream(), self.receive, bool).ended()

    def _show_status(self) -> None:
        shown, box = self._shown, self.query_one("#status", Static)
        told = status(shown, self.clock(), self._ways(), read_only=bool(self.settings.read_only))
        box.set_class(shown.kept, "-kept")
        box.update(Content.assemble(*toned(told)), layout=False)

    def _show_lines(self) -> None:
        self.table.show(tuple(rows(self._shown, self.clock(), self.table.size.width)))

    def _stand_in(self) -> None:
        small = self.size.width < _LEAST[0] or self.size.height < _LEAST[1]
        self.table.words = f"Too small: {_LEAST[0]}x{_LEAST[1]} needed" if small else self._why_empty()

    def _why_empty(self) -> str:
        shown = self._shown
        if self.table.rows:
            return ""
        if shown.trouble:
            return clean_line(shown.trouble.sentence) if shown.kept else "Nothing could be looked at"
        if shown.done:
            return "The plan has no line"
        waited = self.clock() - self._since
        return f"Reading {self._address.service} …" + (f" {span(waited)}" if waited >= _PATIENCE else "")

    def _line(self) -> Line | None:
        return next((one for one in self._shown.lines if one.id == self.table.key), None)

    @on(KeyedTable.Pointed)
    def _show_preview(self) -> None:
        line, box = self._line(), self.query_one("#preview", Static)
        box.set_class(line is None, "-blank")
        if line:
            box.update(preview(line, self.clock()), layout=False)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is about a line, a checklist or another release only where there is one."""
        if action in {"describe", "tick", "copy_line"}:
            return self.is_mounted and self._line() is not None
        if action in {"older", "newer"}:
            return self._neighbour(1 if action == "older" else -1) is not None
        if action == "save":
            return bool(self._shown.lines)
        return super().check_action(action, parameters)

    @on(KeyedTable.Chosen)
    def action_describe(self) -> None:
        """Show everything about the line under the cursor."""
        from screens.sheet import FactPage

        if line := self._line():
            self.app.push_screen(FactPage(clean_line(line.text), facts(line, self.clock())))

    def action_tick(self) -> None:
        """Ask who says that the line holds, and why, and keep that as a word given by hand."""
        from screens.tick import TickPage, Vouched

        line, checklist = self._line(), self._shown
        if line is None:
            return

        async def keep(word: Vouched) -> None:
            if await self._vouch(checklist.revision, line.id, word.by, word.note):
                (self._kept_feed if checklist.kept else self._feed).refresh()

        def vouch(word: Vouched | None) -> None:
            if word:
                self.run_worker(keep(word), group="tick")

        self.app.push_screen(TickPage(line, self.settings.account.value), vouch)

    def action_save(self) -> None:
        """Save what is shown as Markdown, without anybody's name."""
        from buddy_tui.report.checklist import as_markdown
        from buddy_tui.report.people import People, hidden_checklist

        page = as_markdown(hidden_checklist(self._shown, People()))
        self.post_message(Save([page], f"checklist-{self._shown.revision}.md"))

    def action_copy_line(self) -> None:
        """Copy the line with its answer."""
        if line := self._line():
            self.post_message(Copy(f"{answer(line).text}: {line.text} ({line.evidence})", "line"))

    def action_copy_command(self) -> None:
        """Copy the command that prints the same."""
        shown = self._shown
        words = [*filter(None, [shown.revision]), *(["--kept"] if shown.kept else [])]
        who = self.settings.impersonate.value
        command = links.headless("checklist", self._address, *words, impersonate=who)
        self.post_message(Copy(command, "headless command"))
