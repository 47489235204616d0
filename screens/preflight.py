"""The preflight of a source folder: every check as it becomes known, with its evidence, its fix, and the right root."""

from collections.abc import Callable
from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.deploy.looks import Look
from buddy_tui.model import ServiceName
from buddy_tui.preflight.values import Check, Verdict
from screens.base import BuddyScreen, Feed
from screens.messages import OpenModules, RequestDeployment
from screens.preflight_words import (
    COLUMNS,
    GO_ON,
    banner,
    check_facts,
    first_failed,
    go_on_facts,
    rows,
    tally,
)
from screens.reason import ReasonPage
from screens.widgets.facts import FactSheet
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.widgets.pager import Pager
from screens.widgets.table import KeyedTable
from screens.words import Clock

_NEXT = 30.0


class CheckTable(KeyedTable):
    """The checks, and behind them what goes on from here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Plan", key_display="enter", id="table.open")
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to plan only on the row that says so."""
        return self.key == GO_ON if action == "choose" else super().check_action(action, parameters)


class PreflightScreen(BuddyScreen):
    """Whether a source folder would deploy. `open_feed` gives the feed of a folder, with a smoke boot or without."""

    CSS_PATH = "preflight.tcss"
    # The last one has room before the others on the bottom line.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "smoke", "Smoke boot", id="preflight.smoke"),
        Binding("m", "modules", "Modules", id="preflight.modules"),
        Binding("s", "source", "Source", id="preflight.source"),
        Binding("u", "use_root", "Use that root", id="preflight.use-root"),
        Binding("D", "deploy", "Deploy from here", id="preflight.deploy"),
    ]
    CHANGES: ClassVar[frozenset[str]] = BuddyScreen.CHANGES | {"deploy"}
    HELP = """\
A source folder as it would be uploaded and built, checked before anything is. What the files tell comes first; what
Google and the smoke boot tell comes as it is known.

- **✗ FAIL** would not deploy, or not boot. The banner names the right root where this one is wrong; `u` looks there.
- **! warn** would deploy, and wants a look. **skipped** was not looked at, and says why: it is no pass.
- The **smoke boot** imports the entry module in a copy of the upload: without credentials, and gone afterwards. It is
  the only thing that is run; `b` switches it off, and on again.

`s` goes to the folder, `enter` there looks at it. `c` copies the fix of the check under the cursor, `m` shows what the
start imports and what it costs. `D`, or `enter` on the last row, plans a deployment without traffic, and asks before
anything is done. From a folder that fails, it asks for a reason first.
"""

    def __init__(
        self,
        settings: Settings,
        open_feed: Callable[[str, bool], Feed[Look]],
        clock: Clock,
        name: ServiceName,
        source: str = ".",
    ) -> None:
        smoke = True
        super().__init__(settings, open_feed(source, smoke), clock, name.project, name.region, name.service)
        self._open_feed = open_feed
        self._address = name
        self._source = source
        self._smoke = smoke
        self._look = Look(source)
        self._put = ""  # where we have put the cursor; once it is elsewhere, it is the operator's

    def body(self) -> ComposeResult:
        """Put the folder and what it comes to above the checks, and all about one of them beside or below."""
        with Horizontal(id="source-line"):
            yield Static("source", classes="label", markup=False)
            yield Input(
                self._source, placeholder="the folder that would be uploaded", id="source", compact=True
            )
            yield Static(id="smoke", markup=False)
        yield Static(id="tally", markup=False)
        yield Static(id="banner", markup=False)
        with Horizontal(id="body"):
            yield CheckTable(COLUMNS, id="checks")
            with Pager(id="detail"):
                yield FactSheet()

    @property
    def table(self) -> CheckTable:
        """The checks."""
        return self.query_one(CheckTable)

    def about(self) -> ServiceName:
        """Return the service that would be deployed to."""
        return self._address

    def on_mount(self) -> None:
        """Begin with the keys in the checks, and say at once what will be run."""
        self.table.focus()
        self._show()

    def receive(self, value: Look) -> None:
        """Take what is known by now."""
        self._look = value
        as_of = value.as_of if value.preflight else None
        self.query_one(IdentityHeader).tell(as_of, value.trouble, inf if value.done else _NEXT)
        self.query_one(Notice).as_of = as_of
        self.query_one("#source", Input).suggester = SuggestFromList(
            [clean_line(one) for one in value.candidates], case_sensitive=True
        )
        self.tell(value.trouble)
        self._show()

    def _show(self) -> None:
        look = self._look
        self.query_one("#smoke", Static).update(f"smoke boot {'on' if self._smoke else 'off'}")
        self.query_one("#tally", Static).update(tally(look))
        wrong, box = banner(look), self.query_one("#banner", Static)
        box.display = wrong is not None
        box.update(wrong or Content(""))
        untouched = self.table.key == self._put
        self.table.show(tuple(rows(look)))
        if untouched:
            self.table.point_at(first_failed(look))
            self._put = self.table.key
        self.table.words = "" if look.preflight else "Nothing was read" if look.trouble else "Reading …"
        self._show_detail()

    @on(KeyedTable.Pointed)
    def _show_detail(self) -> None:
        found, check, sheet = self._look.preflight, self._check(), self.query_one(FactSheet)
        if check:
            sheet.facts = check_facts(check, pending=check.name in self._look.pending)
        else:
            sheet.facts = go_on_facts(found, self._address) if found else ()
        self.refresh_bindings()

    def _check(self) -> Check | None:
        found = self._look.preflight
        return next((one for one in found.checks if one.name == self.table.key), None) if found else None

    def _hint(self) -> str:
        """Return the way out of what troubles us, else the fix of the check under the cursor, else the first one."""
        if (hint := super()._hint()) or not self.is_mounted:
            return hint
        found, check = self._look.preflight, self._check()
        failed = [one for one in found.checks if one.verdict is Verdict.FAIL] if found else []
        return next((one.fix for one in (check, *failed) if one and one.fix), "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the other root only where there is one, and the plan once all is known."""
        found = self._look.preflight
        if action == "use_root":
            return bool(found and found.suggested_root)
        if action == "deploy":
            return self._look.done and found is not None
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Leave the field first, then the screen."""
        if self.query_one("#source").has_focus:
            self.table.focus()
        else:
            super().action_back()

    def action_source(self) -> None:
        """Go to the field of the folder."""
        self.query_one("#source").focus()

    @on(Input.Submitted, "#source")
    def _look_there(self, event: Input.Submitted) -> None:
        self.table.focus()
        self._look_at(event.value.strip() or ".")

    def action_use_root(self) -> None:
        """Look at the root that the preflight suggests."""
        found = self._look.preflight
        if found and found.suggested_root:
            self.query_one("#source", Input).value = clean_line(str(found.suggested_root))
            self._look_at(str(found.suggested_root))

    def action_smoke(self) -> None:
        """Switch the smoke boot off, or on again, and look anew."""
        self._smoke = not self._smoke
        self._look_at(self._source)

    def _look_at(self, source: str) -> None:
        self._source, self._look, self._put = source, Look(source), self.table.key
        self._feed = self._open_feed(source, self._smoke)
        self.tell(None)
        self._show()
        self._begin()

    def action_modules(self) -> None:
        """Show what the start imports."""
        self.post_message(OpenModules(self._address, self._source, smoke=self._smoke))

    @on(KeyedTable.Chosen)
    def _chosen(self, event: KeyedTable.Chosen) -> None:
        if event.key == GO_ON:
            self.action_deploy()

    def action_deploy(self) -> None:
        """Ask for a plan; where the preflight fails, ask for a reason before."""
        found = self._look.preflight
        if not self.may_change() or found is None:
            return
        if found.verdict is not Verdict.FAIL:
            self._request("")
            return
        failed = ", ".join(one.name for one in found.checks if one.verdict is Verdict.FAIL)
        what = f"It fails: {failed}. Your reason goes to the journal, and is asked to be confirmed with the plan."
        self.app.push_screen(
            ReasonPage("Deploy although the preflight fails", what, "Plan it"), self._request
        )

    def _request(self, reason: str | None) -> None:
        """Ask to plan a deployment; without any reason the dialog was cancelled."""
        if reason is not None:
            said = RequestDeployment(self._address, self._source, smoke=self._smoke, reason=reason)
            self.post_message(said)
