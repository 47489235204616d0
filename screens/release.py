"""A deployment under way: a ladder of steps, live evidence beside it, and who serves all the while."""

from math import inf
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Static

from buddy_tui.actions.values import Ending, Verb
from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.model import ServiceName, Snapshot
from buddy_tui.traffic import TrafficTruth, truth
from screens import release_words as words
from screens.base import BuddyScreen, Feed
from screens.messages import CancelDeployment, Copy, OpenPreflight, OpenProbes
from screens.reason import ReasonPage
from screens.widgets.finding import FindingPanel
from screens.widgets.header import IdentityHeader
from screens.widgets.pager import Pager
from screens.widgets.traffic import TrafficBar
from screens.words import Clock

if TYPE_CHECKING:
    from buddy_tui.deploy.values import Deployment, Release

_NEXT = 10.0
# So many lines of a finding, in a low and in a high screen.
_FINDING = (4, 10)
_ROOMY = 30
_GO_ON = frozenset((Ending.UNKNOWN, Ending.FAILED, Ending.PUT_BACK, Ending.CONFLICT, Ending.DENIED))


class ReleaseScreen(BuddyScreen):
    """One deployment, followed to its end. Leaving it stops nothing. `served` feeds who serves meanwhile."""

    CSS_PATH = "release.tcss"
    # The last one has room before the others on the bottom line.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("Y", "copy_command", "Copy gcloud command", show=False, id="release.copy-command"),
        Binding("d", "describe", "Describe", id="release.describe"),
        Binding("c", "copy_hint", "Copy way out", id="release.copy-hint"),
        Binding("p", "probes", "Probes", id="service.probes"),
        Binding("D", "deploy", "Deploy", id="service.deploy"),
        Binding("P", "promote", "Promote", id="service.promote"),
        Binding("x", "cancel", "Give it up", id="release.cancel"),
    ]
    CHANGES: ClassVar[frozenset[str]] = BuddyScreen.CHANGES | {"promote", "deploy"}
    HELP = """\
A deployment, step by step, with what is seen of each: how much is uploaded, the log of the build, the log of the boot,
what the probes answered. The bars above are who serves, as it is read all the while.

- **DEPLOYED** is said only when the revision itself is ready at 0 %, tagged, and its probes passed.
- **FAILED, TAKEN BACK** means that it did not boot or did not answer: its tag is gone, and the former traffic list is
  exactly as before. The finding says why, `d` all of it; `c` copies the way out.
- **LEFT** means that nobody answered, or that something takes too long: `D` on the service goes on with it.

`x` gives it up and wants a reason: a build is ended, a candidate taken back. `escape` leaves, and it goes on. Closing
buddy-tui leaves it where it is; the next start tells so, and `D` on the service goes on from what is proved.
`P` promotes what is deployed, `p` asks its probes. `Y` copies the gcloud command that does the same.
"""

    def __init__(
        self,
        settings: Settings,
        feed: "Feed[Deployment]",
        served: Feed[Snapshot],
        clock: Clock,
        release: "Release",
    ) -> None:
        name = release.plan.name
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self._served = served
        self._release = release
        self._deployment: Deployment | None = None
        self._before: TrafficTruth | None = None
        self._truth: TrafficTruth | None = None

    def body(self) -> ComposeResult:
        """Put how it stands and who serves above, the ladder beside its evidence below."""
        yield Static(clean_line(self._release.plan.title), id="title", markup=False)
        yield Static(id="phase", markup=False)
        with Vertical(id="traffic"):
            yield TrafficBar()
            yield Static(id="unchanged", markup=False)
        with Horizontal(id="body"):
            yield Static(id="ladder", markup=False)
            with Vertical(id="seen"):
                yield FindingPanel()
                yield Static(id="evidence", markup=False)
                yield Static(id="log-title", markup=False)
                with Pager(id="log"):
                    yield Static(id="lines", markup=False)
        yield Static(id="afterwards", markup=False)

    def about(self) -> ServiceName:
        """Return the service: it can be rolled back while this goes on."""
        return self._release.plan.name

    def on_mount(self) -> None:
        """Begin with the keys in the log, which stays at its end until somebody scrolls."""
        self.query_one("#log", Pager).focus()
        self.query_one(FindingPanel).display = False
        self.query_one(TrafficBar).service = self.about().service
        self._show()

    def tick(self) -> None:
        """Let the time of the step that is under way go on."""
        super().tick()
        self._show_ladder()

    def _begin(self) -> None:
        super()._begin()
        self.follow(self._served.stream(), self._take_served, group="served")

    def on_screen_suspend(self) -> None:
        """Ask nothing while another screen has taken over."""
        super().on_screen_suspend()
        if isinstance(self.app.screen, BuddyScreen):
            self.workers.cancel_group(self, "served")

    def _take_served(self, snapshot: Snapshot) -> None:
        if snapshot.service:
            self._truth = truth(snapshot.service, snapshot.revisions)
            self._before = self._before or self._truth
            self.query_one(TrafficBar).truth = self._truth
        self._show_served()

    def receive(self, value: "Deployment") -> None:
        """Take the next look at it."""
        self._deployment = value
        self._show()

    @on(Resize)
    def _show(self) -> None:
        self._show_served()
        deployment = self._deployment
        if deployment is None:
            return
        over = deployment.ending is not None
        self.query_one(IdentityHeader).tell(deployment.as_of, None, inf if over else _NEXT)
        self.query_one("#phase", Static).update(words.phase(deployment))
        self._show_ladder()
        self._show_seen(deployment)
        self.query_one("#afterwards", Static).update(
            words.afterwards(deployment, first=deployment.release.first)
        )
        self.refresh_bindings()

    def _show_served(self) -> None:
        self.query_one("#unchanged", Static).update(words.traffic_said(self._before, self._truth))

    def _show_ladder(self) -> None:
        if self._deployment:
            box = self.query_one("#ladder", Static)
            width = max(20, box.content_size.width or self.size.width)
            box.update(words.ladder(self._deployment, self.clock(), width))

    def _show_seen(self, deployment: "Deployment") -> None:
        panel = self.query_one(FindingPanel)
        panel.most = _FINDING[self.size.height >= _ROOMY]
        panel.finding, panel.display = deployment.finding, deployment.finding is not None
        told = words.evidence(deployment)
        self.query_one("#evidence", Static).update(told)
        self.query_one("#evidence").display = bool(told.plain)
        self.query_one("#log-title", Static).update(words.log_title(deployment))
        log = self.query_one("#log", Pager)
        follows = log.is_vertical_scroll_end
        self.query_one("#lines", Static).update(words.log_lines(deployment))
        if follows:
            log.scroll_end(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to give up what goes on, to promote what is deployed, and to deploy again after what was not."""
        ending = self._deployment.ending if self._deployment else None
        if action == "cancel":
            return ending is None
        if action == "describe":
            return self._deployment is not None and self._deployment.finding is not None
        if action in {"promote", "probes"}:
            return ending is Ending.DONE and not self._release.first
        if action == "deploy":
            return ending in _GO_ON
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """Give it up, for a reason."""
        what = "A build is ended; a candidate that is there already is taken back, its tag with it. Traffic stays as it is."

        def cancel(reason: str | None) -> None:
            if reason:
                self.post_message(CancelDeployment(reason))

        self.app.push_screen(ReasonPage("Give the deployment up", what, "Give it up"), cancel)

    def action_describe(self) -> None:
        """Show everything about why it does not boot."""
        from screens.findings import finding_facts
        from screens.sheet import FactPage

        if self._deployment and (finding := self._deployment.finding):
            self.app.push_screen(FactPage(clean_line(self._release.revision), finding_facts(finding)))

    def action_promote(self) -> None:
        """Ask whether to promote what is deployed."""
        self.request(Verb.PROMOTE, revision=self._release.revision)

    def action_probes(self) -> None:
        """Ask the new revision how it is."""
        self.post_message(OpenProbes(self.about(), self._release.revision))

    def action_deploy(self) -> None:
        """Go on with what was left, else look at the source again."""
        if self.may_change():
            self.post_message(OpenPreflight(self.about()))

    def _hint(self) -> str:
        """Return the first fix of the finding, else the way out."""
        deployment = self._deployment
        if (hint := super()._hint()) or deployment is None:
            return hint
        return next(iter(deployment.finding.fix), "") if deployment.finding else deployment.hint

    def action_copy_command(self) -> None:
        """Copy the gcloud command that does the same."""
        if command := self._release.plan.command:
            self.post_message(Copy(command, "gcloud command"))
