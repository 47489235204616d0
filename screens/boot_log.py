"""The boot of one revision as one story: the finding on top, then what happened, then the log itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from buddy_tui import console_pages
from buddy_tui.boot.values import BootLog
from buddy_tui.config import Settings
from buddy_tui.log_scope import build_of, filter_of, rfc3339
from buddy_tui.log_store import LogStore
from buddy_tui.model import LogBatch, LogScope, LogState, Revision, ServiceName
from buddy_tui.save import as_text
from screens import links
from screens.base import Feed
from screens.log_screen import LogScreen
from screens.log_words import log_facts, nothing_there
from screens.messages import Copy, OpenLink, Save
from screens.widgets.facts import Fact
from screens.widgets.filter_bar import FilterBar
from screens.widgets.header import IdentityHeader
from screens.widgets.log import LogView
from screens.widgets.log_status import LogStatus
from screens.widgets.notice import Notice
from screens.widgets.story import BootStory
from screens.words import Clock

# A tail may be silent for as long as the service is: only its own word that it broke makes it late.
_PATIENT = timedelta(days=1).total_seconds()


class BootLogScreen(LogScreen):
    """Why a revision did not boot, or that it did, with the proof. `open_feed` gives the feed of a scope."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("Y", "copy_command", "Copy gcloud command", show=False, id="boot-log.copy-command"),
        Binding("o", "open_console", "Console", show=False, id="boot-log.console"),
        Binding("ctrl+s", "save", "Save", show=False, id="boot-log.save"),
        Binding("a", "activity", "API calls on/off", show=False, id="boot-log.activity"),
        Binding("b", "build", "Build log on/off", show=False, id="boot-log.build"),
    ]
    FILTER_HINT = "text   !text   sev:error   inst:9f2c   log:stderr"
    HELP = """\
The boot of one revision, from its creation on, then whatever comes in.

- The **finding** says whether it boots, why not, how sure that is, and what to do: `c` copies the first fix. `e` and
  `E` go to the lines that prove it, `]` and `[` to the next and the previous problem in the log.
- The **timeline** is in seconds since the start of the attempt that the finding is about.
- **calls** are list calls of the last minute, over all views of the project; **held back** are entries that Google did
  not deliver to the stream. Old lines are forgotten when there are too many, and that is told.
- Moving up pauses following; `0` or `G` goes on.

Filter with `/`: words must all be there, `!word` must not, `sev:warning` means that or worse, `inst:` and `log:` look
at one field. `a` shows who called the API, without what they sent; `b` shows the build of the image where it is known.
"""

    def __init__(
        self,
        settings: Settings,
        open_feed: Callable[[LogScope], Feed[BootLog]],
        clock: Clock,
        revision: Revision,
        scope: LogScope,
    ) -> None:
        at = scope.service
        super().__init__(settings, open_feed(scope), clock, at.project, at.region, revision.name)
        self._open_feed = open_feed
        self._revision = revision
        self._scope = self._boot = scope
        self._build = build_of(scope.service, revision)
        self._moment = ""
        self._since = clock()
        self._state: LogState | None = None
        self._as_of: datetime | None = None
        self._offered: tuple[bool, object] = (False, None)
        self._start_anew()

    def _start_anew(self) -> None:
        self._store = LogStore()
        self._late = 0
        self._led = False
        self._is_new = False

    def body(self) -> ComposeResult:
        """Put the story above, the log below."""
        yield BootStory()
        yield LogStatus()
        yield FilterBar(hint=self.FILTER_HINT)
        yield LogView(self._store, id="log")

    @property
    def story(self) -> BootStory:
        """The story over the log."""
        return self.query_one(BootStory)

    @property
    def lines(self) -> LogStore:
        """What is kept of the log."""
        return self._store

    def about(self) -> ServiceName:
        """Return the service whose revision it is."""
        return self._scope.service

    def on_mount(self) -> None:
        """Begin with the words for reading, and the keys in the log."""
        self.main.focus()
        self._tell()

    def tick(self) -> None:
        """Let ages and the time of reading go on."""
        super().tick()
        self._say_what_is_missing()

    def _begin(self) -> None:
        """Follow the stream from its beginning; what an ended one brought stays until this one brings something."""
        self._is_new = True
        super()._begin()

    def receive(self, value: BootLog) -> None:
        """Take new entries, and a new reading of all of them."""
        batch = value.batch
        if self._is_new and (batch.entries or batch.state.complete):
            self._start_anew()
            self.main.show(self._store)
        self._state = batch.state
        if not batch.state.trouble and (batch.entries or batch.state.complete):
            self._as_of = self.clock()
        if batch.entries:
            self._late += len(batch.late)
            self._store.append(batch)
            self.main.grew()
        if batch.entries and self._scope.is_of_build:
            self._learn_build(batch)
        if value.reading is not None:
            self.story.tell(value.reading, value.finding)
            self._light_up()
        self._tell()

    def _learn_build(self, batch: LogBatch) -> None:
        """Keep what the build is called by its own entries, and light up what it calls an error."""
        self._build = self._scope = replace(self._scope, build=batch.entries[0].instance, source="", until=0)
        self.main.marks |= {(one.key, 0) for one in batch.entries if one.text.startswith("ERROR")}

    def _light_up(self) -> None:
        """Light the proof up in the log, and lead to the failing line, once."""
        view, finding = self.main, self.story.finding
        view.missing = finding.missing if finding else ""
        view.marks = self.story.places()
        if finding and finding.boots is False and not self._led:
            self._led = any(view.go_to(place) for place in self.story.failing_lines())

    def _tell(self) -> None:
        """Say how far all this can be trusted."""
        state = self._state or LogState()
        notice, status = self.query_one(Notice), self.query_one(LogStatus)
        self.query_one(IdentityHeader).tell(self._as_of, state.trouble, _PATIENT)
        notice.as_of = self._as_of if self.can_filter() else None
        offered = (self.can_filter(), self.story.finding)
        if (
            offered != self._offered or state.trouble != notice.trouble
        ):  # the keys are not told for every batch
            self._offered = offered
            self.tell(state.trouble)
        status.state, status.late = state, self._late
        status.about = (
            "build log" if self._scope.is_of_build else "with API calls" if self._scope.activity else ""
        )
        self._say_what_is_missing()
        self._tell_shown()

    def _say_what_is_missing(self) -> None:
        """Put words where there is no finding, or no line, yet."""
        waited = self.clock() - self._since
        told = nothing_there(self._state or LogState(), self._scope, self._revision, waited)
        self.main.words = told[0]
        self.story.say(told[1])

    @on(LogView.Changed)
    @on(LogView.Pointed)
    def _tell_shown(self) -> None:
        self.query_one(LogStatus).shown = self.main.status()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that would do nothing."""
        match action:
            case "save":
                return self.is_mounted and self.can_filter()
            case "build":
                return self._build is not None
        return super().check_action(action, parameters)

    def more_facts(self) -> tuple[Fact, ...]:
        """Return how the log was read."""
        return log_facts(
            self._revision,
            self._scope,
            self._state or LogState(),
            kept=self._store.end - self._store.first,
            dropped=self._store.dropped,
            late=self._late,
        )

    def action_copy_command(self) -> None:
        """Copy the gcloud command that prints the same entries."""
        at, acting = self._scope.service, self.settings.impersonate.value
        self.post_message(Copy(links.read_logs(at.project, filter_of(self._scope), acting), "gcloud command"))

    def action_open_console(self) -> None:
        """Open the console's log around the line under the cursor."""
        at, query = self._scope.service, filter_of(self._scope)
        self.post_message(OpenLink(console_pages.logs_page(at.project, query, self._moment)))

    @on(LogView.Pointed)
    def _keep_moment(self, event: LogView.Pointed) -> None:
        self._moment = rfc3339(event.line.when) if event.line else ""

    def action_save(self) -> None:
        """Write what is kept of the log to a file."""
        self.post_message(Save(as_text(self._store), f"boot-{self._scope.build or self._revision.name}.log"))

    def action_activity(self) -> None:
        """Show the boot with who called the API meanwhile, or without."""
        self._look_at(replace(self._boot, activity=not self._scope.activity))

    def action_build(self) -> None:
        """Show the log of the build that made the image, or go back to the boot."""
        if self._build is not None:
            self._look_at(self._boot if self._scope.is_of_build else self._build)

    def _look_at(self, scope: LogScope) -> None:
        self._scope, self._feed = scope, self._open_feed(scope)
        self._state, self._since = None, self.clock()
        self._start_anew()
        self.main.show(self._store)
        self._begin()
        self._tell()
