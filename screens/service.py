"""One service: its traffic truth, its revisions, and everything about the one under the cursor."""

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.reactive import reactive
from textual.widgets import Static

from buddy_tui import console_pages
from buddy_tui.actions.values import Verb
from buddy_tui.config import Settings
from buddy_tui.finding import Finding, Incident
from buddy_tui.model import Revision, Service, ServiceName, Snapshot
from buddy_tui.traffic import Share, TrafficTruth, truth
from screens import links
from screens.base import Feed
from screens.facts import revision_facts, service_facts
from screens.findings import first_fix, incident_facts
from screens.listing import ListingScreen
from screens.messages import OpenBootLog, OpenDoctor, OpenPreflight, OpenProbes, OpenVerify
from screens.revisions import COLUMNS, incident_in_short, preview, revision_row
from screens.splitting import ask_for_split
from screens.standing import is_undecided, marked
from screens.tagging import ask_for_tag
from screens.widgets.facts import Fact, FactSheet
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.widgets.pager import Pager
from screens.widgets.table import KeyedTable, Row
from screens.widgets.traffic import TrafficBar
from screens.widgets.truth import TruthPanel
from screens.words import Clock

# Lines of the screen that are neither truth nor revisions: identity, traffic bars, column names, preview, keys.
_FURNITURE = 9
_INCIDENT = 2
_NOTICE = 4
# More notes than fit into so many lines are for `d`.
_ALL_NOTES = 10


class RevisionTable(KeyedTable):
    """The revisions; what opens one opens its boot log."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Boot log", key_display="enter", id="table.open")
    ]


class ServiceScreen(ListingScreen):
    """The cockpit of one service."""

    CSS_PATH = "service.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "boot_log", "Boot log", show=False, id="service.boot-log"),
        Binding("p", "probes", "Probes", id="service.probes"),
        Binding("v", "verify", "Release checklist", show=False, id="service.verify"),
        Binding("P", "promote", "Promote", id="service.promote"),
        Binding("K", "stay_pinned", "Stay pinned", id="service.stay-pinned"),
        Binding("U", "undo", "Undo", id="service.undo"),
        Binding("L", "restore_latest", "Latest", id="service.restore-latest"),
        Binding("S", "split", "Split", id="service.split"),
        Binding("T", "tag", "Tag", id="service.tag"),
        Binding("D", "deploy", "Deploy", id="service.deploy"),
        Binding("f", "preflight", "Preflight", show=False, id="service.preflight"),
        Binding("H", "history", "History", id="service.history"),
    ]
    CHANGES = ListingScreen.CHANGES | {"promote", "stay_pinned", "split", "tag", "deploy"}
    TABLE = RevisionTable
    FILTER_HINT = "text   !text   state:failed   tag:canary"
    HELP = """\
Revisions of one service, newest first. The panel on top tells who gets traffic and what the next deployment will get.

- **PINNED** means that traffic goes to revisions by name: a new deployment serves nobody until somebody moves traffic.
- **desired** is what was asked for, **effective** is what Cloud Run does. When they differ, the last change failed or
  is still under way.
- **ready** serves or could; **failed** never came up, with the cause as soon as its log was read; **retired** booted
  once and sleeps until traffic comes.

`enter` or `l` opens the boot log of a revision, `d` tells everything about it, `c` copies the fix. `p` asks the
revisions how they are, each at its own address; `v` goes through the release checklist of the candidate, the newest
ready revision (else of who serves), and tries a session on it unless read-only.

Capitals change something, and ask before: `P` promotes the revision under the cursor step by step, behind gates, `R`
lists where traffic can be rolled back to, `U` undoes the last change, `L` gives traffic back to the latest revision,
`S` shares it out by percent, `T` gives the revision under the cursor a tag or takes one away. `D` checks a source
folder and deploys it without traffic, or goes on with what was left; `f` only checks. `H` is the history of changes.

- **ROLLED BACK** stays for everybody who looks until somebody decides: `L` restores latest, `K` keeps it pinned.
- **NOT DONE** means that traffic is not where it was asked to be, and that it should be by now.

Filter with `/`: words must all be there, `!word` must not, `state:failed` and `tag:name` look at one column.
"""
    snapshot: reactive[Snapshot | None] = reactive(None, init=False, always_update=True)

    def __init__(self, settings: Settings, feed: Feed[Snapshot], clock: Clock, name: ServiceName) -> None:
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self._address = name
        self._truth: TrafficTruth | None = None
        self._revisions: dict[str, Revision] = {}

    def body(self) -> ComposeResult:
        """Put the truth above, the revisions and what the cursor points at below."""
        with Vertical(id="truth"):
            yield TruthPanel()
            yield TrafficBar()
            yield Static(id="incident", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="list"):
                yield from self.listing(COLUMNS)
                yield Static(id="preview", classes="-blank", markup=False)
            with Pager(id="detail"):
                yield FactSheet()

    def about(self) -> ServiceName | None:
        """Return the service, once it was read."""
        return self._address if self._truth else None

    def action_doctor(self) -> None:
        """Look at what can be done with this service, also where it was never read."""
        self.post_message(OpenDoctor(self._address))

    def receive(self, value: Snapshot) -> None:
        """Take a snapshot."""
        self.snapshot = value

    def watch_snapshot(self, snapshot: Snapshot) -> None:
        """Show the snapshot everywhere."""
        self.query_one(IdentityHeader).tell(snapshot.as_of, snapshot.trouble, snapshot.next_in)
        self.query_one(Notice).as_of = snapshot.as_of
        self.tell(snapshot.trouble)
        self._revisions = {revision.name: revision for revision in snapshot.revisions}
        if snapshot.service is not None:
            self._truth = self._told(snapshot.service, snapshot.revisions)
            self.add_class("-known")
            self.query_one(TruthPanel).truth = self._truth
            bar = self.query_one(TrafficBar)
            bar.service, bar.truth = self._address.service, self._truth
        self._show_incident(snapshot.incident)
        self._make_room()
        self.show_rows()
        self._show_detail()

    def _told(self, service: Service, revisions: tuple[Revision, ...]) -> TrafficTruth:
        return marked(truth(service, revisions), service, self.clock(), self.settings.account.value)

    def _show_incident(self, incident: Incident | None) -> None:
        self.set_class(incident is not None, "-incident")
        if incident:
            self.query_one("#incident", Static).update(incident_in_short(incident))

    def fetching(self) -> str:
        """Name the service until it was read."""
        return "" if self._truth else f"{self._address.service} in {self._address.region}"

    def nothing(self) -> str:
        """Say that there is no revision."""
        where = f"{self._address.service} has no revisions in {self._address.region}"
        return f"{where}\nThe first deployment makes one and takes 100 %"

    def all_rows(self) -> Iterator[tuple[Row, bool]]:
        """Yield the revisions as they come, newest first."""
        if self._truth is None:
            return
        now, desired, effective = self.clock(), _by_name(self._truth.desired), _by_name(self._truth.effective)
        for name, revision in self._revisions.items():
            none = Share(name)
            row = revision_row(
                revision, desired.get(name, none), effective.get(name, none), now, self._finding(name)
            )
            yield row, not self.filter or self._passes(row, revision)

    def _passes(self, row: Row, revision: Revision) -> bool:
        fields = {"state": (revision.state.value,), "tag": tuple(row.cells[2].text.split())}
        hidden = (revision.reason, revision.message, revision.source, revision.commit)
        return self.filter.accepts(" ".join((*(cell.text for cell in row.cells), *hidden)), fields)

    def _finding(self, name: str) -> Finding | None:
        return self.snapshot.finding(name) if self.snapshot else None

    def has_subject(self) -> bool:
        """Without a revision, the service itself is what keys are about."""
        return self._truth is not None

    def name_of(self, key: str) -> str:
        """Return the revision's name, or the service's."""
        return key or self._address.service

    def command_of(self, key: str) -> str:
        """Describe the revision, or the service when there is none."""
        acting = self.settings.impersonate.value
        if key:
            return links.describe_revision(key, self._address, acting)
        return links.describe_service(self._address, acting)

    def link_of(self, _key: str) -> str:
        """Return the console's list of revisions."""
        return console_pages.revisions_page(self._address)

    def facts_of(self, key: str) -> tuple[str, tuple[Fact, ...]]:
        """Return the revision's facts, and below them the service's."""
        if self.snapshot is None or self.snapshot.service is None or self._truth is None:
            return "", ()
        now = self.clock()
        service = service_facts(self.snapshot.service, self._truth, now)
        revision, incident = self._revisions.get(key), self.snapshot.incident
        return key or self._address.service, (
            *(revision_facts(revision, self._truth, now, self._finding(key)) if revision else ()),
            *(incident_facts(incident) if incident and key in incident.failed else ()),
            *service,
        )

    @on(KeyedTable.Pointed)
    def _show_detail(self) -> None:
        revision, finding = self._revisions.get(self.table.key), self._finding(self.table.key)
        self.query_one(FactSheet).facts = (
            revision_facts(revision, self._truth, self.clock(), finding) if revision and self._truth else ()
        )
        box = self.query_one("#preview", Static)
        box.update(preview(revision, finding) if revision else Content(""))
        box.set_class(revision is None, "-blank")
        box.set_class(finding is not None, "-found")
        self.refresh_bindings()

    @on(KeyedTable.Chosen)
    def action_boot_log(self) -> None:
        """Open the boot log of the revision under the cursor."""
        if revision := self._revisions.get(self.table.key):
            self.post_message(OpenBootLog(self._address, revision, tuple(self._revisions.values())))

    def action_probes(self) -> None:
        """Ask the revisions how they are."""
        self.post_message(OpenProbes(self._address, self.table.key))

    def action_verify(self) -> None:
        """Go through the release checklist."""
        self.post_message(OpenVerify(self._address))

    def action_promote(self) -> None:
        """Ask whether to promote the revision under the cursor; one that is under way is shown."""
        self.request(Verb.PROMOTE, revision=self.table.key)

    def action_stay_pinned(self) -> None:
        """Ask whether the roll-back stays."""
        self.request(Verb.STAY_PINNED)

    def action_deploy(self) -> None:
        """Look at a source folder that is to be deployed, or at the deployment that is under way or was left."""
        if self.may_change():
            self.action_preflight()

    def action_preflight(self) -> None:
        """Look at a source folder; that changes nothing."""
        self.post_message(OpenPreflight(self._address))

    def action_tag(self) -> None:
        """Ask for a tag to put on the revision under the cursor, or to take from it."""
        if self.may_change() and (told := self._truth):
            key = self.table.key
            tags = next((one.tags for one in told.desired if one.revision == key), ())
            ask_for_tag(self, key, tags)

    def action_split(self) -> None:
        """Ask for percents, then whether traffic shall be shared so."""
        if self.may_change() and self.snapshot and self.snapshot.service:
            ask_for_split(self, self.snapshot.service, self.table.key)

    def _hint(self) -> str:
        """Return the way out of what troubles us, else the fix of the revision under the cursor."""
        return super()._hint() or (first_fix(self._finding(self.table.key)) if self.is_mounted else "")

    @on(Resize)
    def _make_room(self) -> None:
        """Give the truth what the revisions leave free, and a few lines even when they leave nothing."""
        height = self.size.height
        least = 1 if height < 20 else 4 if height < 30 else 7
        notice = _NOTICE if self.snapshot and self.snapshot.trouble else 0
        incident = _INCIDENT if self.has_class("-incident") else 0
        free = min(height - _FURNITURE - notice - incident - len(self._revisions), _ALL_NOTES)
        self.query_one(TruthPanel).most = least if height < 20 else max(least, free)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is about a revision where there is one, and the way back from the details."""
        if action == "split":
            return self._truth is not None
        if action == "stay_pinned":
            return bool(self.snapshot and self.snapshot.service and is_undecided(self.snapshot.service))
        if action in {"boot_log", "probes", "verify", "promote", "tag"}:
            return self.is_mounted and bool(self.table.key)
        if action == "back" and self.is_mounted and self._in_details():
            return True
        return super().check_action(action, parameters)

    def _in_details(self) -> bool:
        return self.query_one("#detail").has_focus

    def action_back(self) -> None:
        """Leave the details first."""
        if self._in_details():
            self.table.focus()
        else:
            super().action_back()


def _by_name(shares: tuple[Share, ...]) -> dict[str, Share]:
    return {share.revision: share for share in shares}
