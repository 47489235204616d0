"""The doctor: whether each job can be done from this machine, check by check, with evidence and a way out."""

from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.doctor.values import Check, Examination
from buddy_tui.model import ServiceName
from screens.base import BuddyScreen, Feed
from screens.doctor_words import COLUMNS, check_facts, command, first_to_see, headline, rows, tally
from screens.messages import Copy
from screens.widgets.facts import FactSheet
from screens.widgets.header import IdentityHeader
from screens.widgets.pager import Pager
from screens.widgets.table import KeyedTable
from screens.words import Clock


class DoctorTable(KeyedTable):
    """The checks; what opens one tells everything about it, also where there is no room for it beside them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Describe", key_display="enter", id="table.open")
    ]


class DoctorScreen(BuddyScreen):
    """What stands in the way of whom. It asks on connections of its own, and needs none that works."""

    CSS_PATH = "doctor.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "refresh", "Refresh", id="screen.refresh"),
        Binding("d", "describe", "Describe", show=False, id="doctor.describe"),
        Binding("Y", "copy_command", "Copy headless command", show=False, id="doctor.copy-command"),
    ]
    HELP = """\
Whether each job can be done from this machine: its settings, its terminal, its way to Google, and what you may do there.
Everything is asked anew, within five seconds; nothing is changed, and no token is shown.

- **✗ FAIL** stands in the way. **! warn** wants a look. **skipped** was not looked at, and says why: it is no pass.
- The headline says which jobs can be done: to look, to read logs, to probe, to roll back, to promote, to deploy, and to
  audit sessions.

`c` copies the fix of the check under the cursor: the command, where there is one. `enter` or `d` tells everything about
a check, `ctrl+r` looks again.
"""

    def __init__(
        self, settings: Settings, feed: Feed[Examination], clock: Clock, name: ServiceName | None
    ) -> None:
        super().__init__(settings, feed, clock, *_place(settings, name))
        self._address = name
        self._told: Examination | None = None
        self._put = ""  # where we have put the cursor; once it is elsewhere, it is the operator's

    def body(self) -> ComposeResult:
        """Put what it comes to above the checks, and all about one of them beside or below."""
        yield Static(headline(None), id="headline", markup=False)
        yield Static(id="tally", markup=False)
        with Horizontal(id="body"):
            yield DoctorTable(COLUMNS, id="checks")
            with Pager(id="detail"):
                yield FactSheet()

    @property
    def table(self) -> DoctorTable:
        """The checks."""
        return self.query_one(DoctorTable)

    def about(self) -> ServiceName | None:
        """Return the service that the jobs would be done on."""
        return self._address

    def on_mount(self) -> None:
        """Begin with the keys in the checks."""
        self.table.focus()

    def receive(self, value: Examination) -> None:
        """Take what is known by now."""
        self._told = value
        self.query_one(IdentityHeader).tell(value.as_of, None, inf)
        self.query_one("#headline", Static).update(headline(value), layout=False)
        self.query_one("#tally", Static).update(tally(value), layout=False)
        untouched = self.table.key == self._put
        self.table.show(tuple(rows(value)))
        if untouched:
            self.table.point_at(first_to_see(value))
            self._put = self.table.key
        self.tell(None)
        self._show_detail()

    @on(KeyedTable.Pointed)
    def _show_detail(self) -> None:
        check = self._check()
        if check and self._told:
            self.query_one(FactSheet).facts = check_facts(check, self._told)
        self.refresh_bindings()

    def _check(self) -> Check | None:
        checks = self._told.checks if self._told else ()
        return next((one for one in checks if one.name == self.table.key), None)

    def _hint(self) -> str:
        """Return the way out of what troubles us, else the fix of the check under the cursor."""
        if (hint := super()._hint()) or not self.is_mounted:
            return hint
        check = self._check()
        return check.fix if check else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no way to where we are."""
        return action != "doctor" and super().check_action(action, parameters)

    @on(KeyedTable.Chosen)
    def action_describe(self) -> None:
        """Show everything about the check under the cursor."""
        from screens.sheet import FactPage

        if (check := self._check()) and self._told:
            self.app.push_screen(FactPage(clean_line(check.name), check_facts(check, self._told)))

    def action_copy_command(self) -> None:
        """Copy the command that prints the same."""
        self.post_message(Copy(command(self.settings, self._address), "headless command"))


def _place(settings: Settings, name: ServiceName | None) -> tuple[str, ...]:
    if name:
        return name.project, name.region, name.service
    regions = ", ".join(region.value for region in settings.regions) or "all regions"
    return tuple(filter(None, (settings.project.value, regions, settings.service.value)))
