"""All services of a project, region beside region."""

from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches

from textual import on
from textual.app import ComposeResult
from textual.reactive import reactive

from buddy_tui import console_pages
from buddy_tui.config import Settings
from buddy_tui.model import Directory, RegionView, Service, ServiceName, Trouble
from buddy_tui.traffic import TrafficTruth, truth
from screens import links
from screens.base import Feed
from screens.facts import service_facts, trouble_facts
from screens.listing import ListingScreen
from screens.messages import OpenService
from screens.standing import is_undecided, marked, stuck
from screens.states import service_state
from screens.widgets.columns import Column
from screens.widgets.facts import Fact
from screens.widgets.header import IdentityHeader
from screens.widgets.notice import Notice
from screens.widgets.table import KeyedTable, Row
from screens.words import Cell, Clock, age

COLUMNS = (
    Column("SERVICE", keep_end=True),
    Column("REGION"),
    Column("SERVING", priority=1),
    Column("NEXT DEPLOY", priority=2),
    Column("READY", flexible=True, least=12),
    Column("CHANGED", priority=3, right=True),
)


class ServicesScreen(ListingScreen):
    """The services of a project. With `wanted`, the one service of that name opens as soon as it is found."""

    FILTER_HINT = "text   !text   region:europe   state:failed"
    HELP = """\
All services of the project, one row for each service and region. `enter` opens one, `R` lists where it
can be rolled back to, `U` undoes its last change, `L` gives traffic back to its latest revision. `H` is its history.

- **SERVING** names the revisions that get traffic now, without the service's name in front.
- **NEXT DEPLOY** tells what a new deployment gets by itself; **PINNED** means nothing.
- **ROLLED BACK** stands there until somebody decides; **NOT DONE** where traffic is not where it was asked to be.
- A region that could not be read has a row of its own, with the reason.
"""
    directory: reactive[Directory | None] = reactive(None, init=False, always_update=True)

    def __init__(self, settings: Settings, feed: Feed[Directory], clock: Clock, wanted: str = "") -> None:
        regions = ", ".join(region.value for region in settings.regions) or "all regions"
        super().__init__(settings, feed, clock, settings.project.value, regions)
        self._wanted = wanted

    def body(self) -> ComposeResult:
        """Show the table alone."""
        yield from self.listing(COLUMNS)

    def receive(self, value: Directory) -> None:
        """Take a directory."""
        self.directory = value

    def watch_directory(self, directory: Directory) -> None:
        """Show the directory, and open the service that was wanted."""
        self.query_one(IdentityHeader).tell(*_freshness(directory))
        self.query_one(Notice).as_of = None
        self.tell(directory.trouble)
        self.show_rows()
        self._find_wanted(directory)

    def _find_wanted(self, directory: Directory) -> None:
        if not self._wanted or not all(view.as_of or view.trouble for view in directory.regions):
            return
        found = [one.name for one in _services(directory) if one.name.service == self._wanted]
        wanted, self._wanted = self._wanted, ""
        if len(found) == 1:
            self.post_message(OpenService(found[0]))
        elif found:
            self.call_later(self.filter_bar.open, wanted)
        elif directory.regions:
            near = get_close_matches(wanted, {one.name.service for one in _services(directory)})
            hint = f"Near it: {', '.join(near)}." if near else ""
            self.tell(Trouble(f"There is no service {wanted} in {directory.project}.", hint, 2, self.clock()))

    def fetching(self) -> str:
        """Name the project until it was read."""
        read = self.directory and any(view.as_of or view.trouble for view in self.directory.regions)
        return "" if read else f"the services of {self.settings.project.value or 'the project'}"

    def nothing(self) -> str:
        """Name the regions that have nothing."""
        named = [view.region for view in self.directory.regions] if self.directory else []
        where = ", ".join(named) if 0 < len(named) <= 4 else f"{len(named)} regions"
        return f"No services in {where}\nDeploy one, or name other regions with --region"

    def all_rows(self) -> Iterator[tuple[Row, bool]]:
        """Yield the services, and the regions that could not be read."""
        now = self.clock()
        for view in self.directory.regions if self.directory else ():
            for service in view.services:
                row = service_row(service, now)
                yield row, self._passes(row, service)
            if view.trouble:
                yield _trouble_row(view, view.trouble), not self.filter

    def _passes(self, row: Row, service: Service) -> bool:
        fields = {"region": (service.name.region,), "state": (row.cells[4].text, service_state(service).text)}
        return self.filter.accepts(" ".join(cell.text for cell in row.cells), fields)

    def _service(self, key: str) -> Service | None:
        services = _services(self.directory) if self.directory else ()
        return next((one for one in services if one.name.path == key), None)

    def about(self) -> ServiceName | None:
        """Return the service under the cursor."""
        service = self._service(self.table.key)
        return service.name if service else None

    @on(KeyedTable.Pointed)
    def _offer(self) -> None:
        self.refresh_bindings()

    def name_of(self, key: str) -> str:
        """Return the service's name."""
        service = self._service(key)
        return service.name.service if service else ""

    def command_of(self, key: str) -> str:
        """Describe the service."""
        service = self._service(key)
        return links.describe_service(service.name, self.settings.impersonate.value) if service else ""

    def link_of(self, key: str) -> str:
        """Return the service's page."""
        service = self._service(key)
        return console_pages.service_page(service.name) if service else ""

    def facts_of(self, key: str) -> tuple[str, tuple[Fact, ...]]:
        """Return the service's facts."""
        if service := self._service(key):
            now, who = self.clock(), self.settings.account.value
            told = marked(truth(service, ()), service, now, who)
            return service.name.service, service_facts(service, told, now)
        views = self.directory.regions if self.directory else ()
        silent = next((view for view in views if _silent_key(view) == key), None)
        return (silent.region, trouble_facts(silent.trouble)) if silent and silent.trouble else ("", ())

    @on(KeyedTable.Chosen)
    def _open(self, event: KeyedTable.Chosen) -> None:
        """Open a service; of a region that was not read, tell all that is known."""
        if service := self._service(event.key):
            self.post_message(OpenService(service.name))
        else:
            self.action_describe()


def _freshness(directory: Directory) -> tuple[datetime | None, Trouble | None, float]:
    """Return the age of the oldest region, and trouble only when no region could be read."""
    times = [view.as_of for view in directory.regions if view.as_of]
    troubles = [view.trouble for view in directory.regions if view.trouble]
    whole = troubles[0] if troubles and len(troubles) == len(directory.regions) else None
    return min(times, default=None), directory.trouble or whole, directory.next_in


def service_row(service: Service, now: datetime) -> Row:
    """Return a service as a row of `COLUMNS`; its key is the resource name."""
    told = truth(service, ())
    serving = [share for share in told.effective if share.percent]
    prefix = f"{service.name.service}-"
    return Row(
        service.name.path,
        (
            Cell(service.name.service, "strong"),
            Cell(service.name.region, "dim"),
            Cell(
                " ".join(f"{share.revision.removeprefix(prefix)} {share.percent}%" for share in serving)
                or "nothing"
            ),
            _next_deployment(service, told),
            stuck(service, now) or service_state(service),
            Cell(age(service.updated, now), "dim"),
        ),
    )


def _next_deployment(service: Service, told: TrafficTruth) -> Cell:
    if is_undecided(service):
        return Cell("ROLLED BACK", "warn")
    return Cell("PINNED", "warn") if told.pinned else Cell(f"{told.next_deploy_percent}%")


def _trouble_row(view: RegionView, trouble: Trouble) -> Row:
    since = f" Last read {view.as_of:%H:%M:%S} UTC." if view.as_of else ""
    return Row(_silent_key(view), (Cell(f"! {view.region} was not read: {trouble.sentence}{since}", "warn"),))


def _silent_key(view: RegionView) -> str:
    return f"region:{view.region}"


def _services(directory: Directory) -> Iterator[Service]:
    for view in directory.regions:
        yield from view.services
