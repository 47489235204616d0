"""BuddyApp: navigation, and the single door to the outside. It hands streams to screens and answers their messages."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError, ExitCode, Refused
from buddy_tui.feeds import Feeds, LiveFeed
from screens.opening import OpeningScreen
from screens.theme import BUDDY
from screens.wall import Ascii, Wall, speaks_unicode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from textual.filter import LineFilter
    from textual.screen import Screen
    from textual.timer import Timer

    from buddy_tui.actions.values import Plan, Progress, Promotion
    from buddy_tui.actions.wishes import Draft, Past, Ways, Wish
    from buddy_tui.boot.values import BootLog
    from buddy_tui.config import Settings
    from buddy_tui.deploy.looks import DeployDraft, Look, Modules
    from buddy_tui.deploy.values import Deployment, Release
    from buddy_tui.gateway import Cloud, Deploys, Writes
    from buddy_tui.model import Directory, LogScope, Revision, ServiceName, Snapshot
    from screens.base import Feed
    from screens.messages import (
        ApplyChange,
        Back,
        CancelDeployment,
        Copy,
        Crashed,
        OpenBootLog,
        OpenHistory,
        OpenLink,
        OpenModules,
        OpenPreflight,
        OpenProbes,
        OpenRollback,
        OpenService,
        OpenVerify,
        RequestChange,
        RequestDeployment,
        Save,
        SteerPromotion,
    )
    from screens.palette import ScreenCommands
    from screens.probes import ProbeFeeds
    from screens.service import ServiceScreen
    from screens.services import ServicesScreen


# What was copied may be longer than a small screen has room for beside what it is about.
_MOST_SHOWN = 160
# Seconds that a session probe which was broken off has to take its session away again, and how long that needs no words.
_TIDIES_WITHIN = 15.0
_AT_ONCE = 0.2
# Seconds between two rounds of probes that go on.
_PAUSE = 10.0


def _screen_commands() -> type[ScreenCommands]:
    from screens.palette import ScreenCommands

    return ScreenCommands


def _now() -> datetime:
    return datetime.now(UTC)


class BuddyApp(App[None]):
    """The dashboard.

    `connect` makes the connection to Cloud Run, slowly: it is awaited after the first paint, and again after it
    failed with a BuddyError. `writes` and `deploys` are how something is changed over it; `None` where nothing may be.
    `clock` tells the time in UTC. A crash is written to `log_file`, and logs are saved in `saves`; none means this
    system's own place.
    """

    TITLE = "buddy-tui"
    CSS_PATH = Path(__file__).with_name("app.tcss")  # absolute, so that a subclass finds it too
    COMMANDS: ClassVar[set[Callable[[], type[ScreenCommands]]]] = {_screen_commands}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", key_display="?", id="app.help"),
        Binding("colon", "command_palette", "Commands", key_display=":", id="app.commands"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, priority=True, id="app.palette"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
    ]

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[], Awaitable[Cloud]],
        *,
        writes: Callable[[Cloud], Writes] | None = None,
        deploys: Callable[[Cloud], Deploys] | None = None,
        clock: Callable[[], datetime] = _now,
        log_file: Path | None = None,
        saves: Path | None = None,
    ) -> None:
        self._walls: list[LineFilter] = [Wall()]
        if settings.ascii or not speaks_unicode(getattr(sys.__stdout__, "encoding", None)):
            self._walls.append(Ascii())
        super().__init__()
        self.settings = settings
        self.clock = clock
        self._feeds = Feeds(settings, connect, clock, writes, deploys)
        self._may_change = writes is not None
        self._may_deploy = writes is not None and deploys is not None
        self._shows_change = False
        self._unlocking: Timer | None = None
        self._log_file = log_file
        self._saves = saves
        self._leaving = False
        self._told_what_is_left = ""
        self.register_theme(BUDDY)
        wanted = os.environ.get("TEXTUAL_THEME", "")
        self.theme = wanted if wanted in self.available_themes else BUDDY.name

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Add the second wall, and ASCII where it is asked for, behind Textual's own filters."""
        return [*super().get_line_filters(), *self._walls]

    def get_default_screen(self) -> Screen[None]:
        """Begin with next to nothing, so that the first frame comes at once."""
        return OpeningScreen(self.settings, self.clock)

    def on_mount(self) -> None:
        """Go on after the first paint. When we are told to end, the terminal is given back as it was."""
        with suppress(RuntimeError):  # on Windows, and outside the main thread
            for told in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(told, self._end)
        self.call_after_refresh(self._open_first)

    def _end(self) -> None:
        self.exit(return_code=ExitCode.INTERRUPTED)

    def _fatal_error(self) -> None:
        """Leave without Textual's page of locals, which hold foreign text; `conclusion` raises the bug."""
        self._close_messages_no_wait()

    def conclusion(self) -> int:
        """Return the exit code of a run that is over. A bug that ended it is raised."""
        if self._exception:
            raise self._exception
        return self.return_code or ExitCode.OK

    async def _open_first(self) -> None:
        await self.push_screen(self._first_screen())
        if self._may_change:
            self.run_worker(self._tell_unfinished(), group="unfinished")

    async def _tell_unfinished(self) -> None:
        """Tell what became of changes that a former run did not see the end of."""
        for sentence in await self._feeds.changes.unfinished():
            self.notify(sentence, title="A former change", severity="warning", timeout=15, markup=False)
        for sentence in await self._feeds.deploys.unfinished():
            self.notify(
                f"{sentence} D on its service goes on with it.",
                title="A former deployment",
                severity="warning",
                timeout=15,
                markup=False,
            )

    def _first_screen(self) -> Screen[None]:
        """Return the one service that the context names, or all of the project."""
        from buddy_tui.model import ServiceName

        project, regions, service = (
            self.settings.project.value,
            self.settings.regions,
            self.settings.service.value,
        )
        if service and len(regions) == 1:
            return self._service_screen(ServiceName(project, regions[0].value, service))
        return self._services_screen(wanted=service)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Leave out what our own help and keys do better."""
        for command in super().get_system_commands(screen):
            if command.title not in {"Keys", "Quit", "Maximize", "Minimize"}:
                yield command
        if unlocked := self._feeds.unlocked():
            name = unlocked[0].service
            yield SystemCommand(f"Lock {name} again", "Ask for its name before each change", self.lock_again)

    def _service_screen(self, name: ServiceName) -> ServiceScreen:
        from screens.service import ServiceScreen

        return ServiceScreen(self.settings, self.service_feed(name), self.clock, name)

    def _services_screen(self, wanted: str = "") -> ServicesScreen:
        from screens.services import ServicesScreen

        return ServicesScreen(self.settings, self.services_feed(), self.clock, wanted)

    def service_feed(self, name: ServiceName) -> Feed[Snapshot]:
        """Return the feed of one service."""
        return LiveFeed(lambda wake: self._feeds.snapshots(name, wake))

    def services_feed(self) -> Feed[Directory]:
        """Return the feed of all services in the regions of the settings."""
        return LiveFeed(self._feeds.directories)

    def boot_log_feed(self, scope: LogScope, revisions: tuple[Revision, ...]) -> Feed[BootLog]:
        """Return the feed of a revision's log; `revisions` are all that are known of its service."""
        return LiveFeed(lambda wake: self._feeds.boot_logs(scope, revisions, wake))

    def probe_feeds(self, name: ServiceName, revision: str) -> ProbeFeeds:
        """Return what the screen of probes is fed with; `revision` is who must be among those asked, or empty."""
        from screens.probes import ProbeFeeds

        return ProbeFeeds(
            matrix=lambda again: LiveFeed(
                lambda _: self._feeds.probes.matrices(name, revision, _PAUSE if again else None)
            ),
            session=lambda one: LiveFeed(lambda _: self._feeds.probes.ladders(name, one)),
            audit=lambda: LiveFeed(lambda _: self._feeds.probes.audits(name)),
            lines=lambda one, trace: LiveFeed(
                lambda wake: self._feeds.probes.request_lines(name, one, trace, wake)
            ),
        )

    async def action_quit(self) -> None:
        """Leave when what a session probe wrote is taken away again; asked once more, at once."""
        from screens.base import BuddyScreen

        if (release := self._feeds.deploying) and release.id != self._told_what_is_left:
            self._told_what_is_left = release.id
            self.notify(
                "Once more leaves it as it is; the next start tells so, and D on its service goes on with it.",
                title=f"{release.revision} is being deployed",
                severity="warning",
                timeout=15,
                markup=False,
            )
            return
        for screen in self.screen_stack:
            if isinstance(screen, BuddyScreen):
                screen.let_go()
        if self._leaving or await self._feeds.tidied(_AT_ONCE):
            self.exit()
            return
        self._leaving = True
        what, then = self._leaving_behind()
        self.notify(
            f"Once more leaves at once; {then}",
            title=what,
            timeout=_TIDIES_WITHIN,
            markup=False,
        )
        self.run_worker(self._leave_tidied(), group="leave")

    def _leaving_behind(self) -> tuple[str, str]:
        """Say what is waited for before we leave, and what becomes of it when nobody does."""
        from buddy_tui.actions.values import Verb

        running = self._feeds.changes.running if self._feeds.changing else None
        if running is None:
            return "Taking the session away again…", "the next session probe then sweeps what is left."
        if running.verb is Verb.PROMOTE:
            return (
                "A promotion is under way",
                "the traffic then stays where it is, and nobody watches its gates.",
            )
        return "Waiting for the end of the change…", "the journal then tells at the next start how it ended."

    async def _leave_tidied(self) -> None:
        await self._feeds.tidied(_TIDIES_WITHIN)
        self.exit()

    async def on_unmount(self) -> None:
        """Close the connections. Who left by a key has waited for session probes as long as wanted."""
        await self._feeds.close(0.0 if self._leaving else _TIDIES_WITHIN)

    def on_open_service(self, message: OpenService) -> None:
        """Show a service on top of where we are."""
        self.push_screen(self._service_screen(message.name))

    def on_open_services(self) -> None:
        """Show all services of the project."""
        self.push_screen(self._services_screen())

    def on_open_boot_log(self, message: OpenBootLog) -> None:
        """Show the boot log of a revision, once, however often it was asked before it was there."""
        from buddy_tui.diagnose import boot_window
        from buddy_tui.model import LogScope
        from screens.boot_log import BootLogScreen

        def open_feed(scope: LogScope) -> Feed[BootLog]:
            return self.boot_log_feed(scope, message.revisions)

        if not isinstance(self.screen, BootLogScreen):
            revision = message.revision
            scope = LogScope(message.name, revision.name, *boot_window(revision))
            self.push_screen(BootLogScreen(self.settings, open_feed, self.clock, revision, scope))

    def on_open_probes(self, message: OpenProbes) -> None:
        """Show the probes of a service, once, however often it was asked before they were there."""
        from screens.probes import ProbesScreen

        if not isinstance(self.screen, ProbesScreen):
            feeds = self.probe_feeds(message.name, message.revision)
            self.push_screen(ProbesScreen(self.settings, feeds, self.clock, message.name, message.revision))

    def on_open_verify(self, message: OpenVerify) -> None:
        """Show the verification plan of a service, once, however often it was asked before it was there."""
        from screens.verify import VerifyScreen

        name, revision = message.name, message.revision
        feed = LiveFeed(lambda wake: self._feeds.probes.checklists(name, revision, wake))

        def tick(verified: str, line: str, by: str, note: str) -> None:
            try:
                self._feeds.probes.tick(name, verified, line, by, note)
            except BuddyError as error:
                self.notify(f"{error} {error.hint}".strip(), severity="error", markup=False)
            else:
                feed.refresh()

        if not isinstance(self.screen, VerifyScreen):
            self.push_screen(VerifyScreen(self.settings, feed, self.clock, name, tick))

    def ways_feed(self, name: ServiceName) -> Feed[Ways]:
        """Return the feed of where a service can be rolled back to."""
        return LiveFeed(lambda _: self._feeds.changes.ways(name))

    def draft_feed(self, wish: Wish) -> Feed[Draft]:
        """Return the feed of the plan of a wish."""
        return LiveFeed(lambda wake: self._feeds.changes.drafts(wish, wake))

    def progress_feed(self) -> Feed[Progress]:
        """Return the feed of the change that is under way."""
        return LiveFeed(lambda _: self._feeds.changes.progresses())

    def promotion_feed(self) -> Feed[Promotion]:
        """Return the feed of the promotion that is under way."""
        return LiveFeed(lambda _: self._feeds.changes.promotions())

    def past_feed(self, name: ServiceName) -> Feed[Past]:
        """Return the feed of what the journal tells of a service."""
        return LiveFeed(lambda wake: self._feeds.changes.pasts(name, wake))

    def on_open_rollback(self, message: OpenRollback) -> None:
        """Show where a service can be rolled back to, once, however often it was asked."""
        from screens.rollback import RollbackScreen

        if not isinstance(self.screen, RollbackScreen):
            feed = self.ways_feed(message.name)
            self.push_screen(RollbackScreen(self.settings, feed, self.clock, message.name))

    def on_open_history(self, message: OpenHistory) -> None:
        """Show what was changed of a service, once, however often it was asked."""
        from screens.history import HistoryScreen

        if not isinstance(self.screen, HistoryScreen):
            feed = self.past_feed(message.name)
            self.push_screen(HistoryScreen(self.settings, feed, self.clock, message.name))

    def on_request_change(self, message: RequestChange) -> None:
        """Show the plan and ask, once; not while another change is under way."""
        from screens.confirm import ConfirmScreen

        if not self._may_change:
            self.notify("Nothing may be changed.", title="Read-only", markup=False)
        elif running := self._feeds.changing and self._feeds.changes.running:
            self._tell_running(running)
        elif not isinstance(self.screen, ConfirmScreen):
            feed = self.draft_feed(message.wish)
            self.push_screen(ConfirmScreen(self.settings, feed, self.clock, message.wish))

    def _tell_running(self, running: Plan) -> None:
        """Say what is under way; a promotion is shown, for it can be put back at any time."""
        from buddy_tui.actions.values import Verb
        from screens.promote import PromoteScreen

        then = "wait until it is over"
        if running.verb is Verb.PROMOTE:
            then = "`a` puts everything back"
            if not isinstance(self.screen, PromoteScreen):
                self.push_screen(PromoteScreen(self.settings, self.promotion_feed(), self.clock, running))
        self.notify(f"{running.title} is under way: {then}.", title="Not now", markup=False)

    def on_steer_promotion(self, message: SteerPromotion) -> None:
        """Pass on what was said to the promotion that is under way; where it is over already, nothing happens."""
        from screens.messages import Steering

        if control := self._feeds.changes.control:
            match message.steering:
                case Steering.PAUSE:
                    control.pause()
                case Steering.RESUME:
                    control.resume()
                case Steering.SKIP:
                    control.skip(message.reason)
                case Steering.ABORT:
                    control.abort(f"It was given up: {message.reason}.")

    async def on_apply_change(self, message: ApplyChange) -> None:
        """Begin a change that was confirmed, and show it in place of what led to it."""
        try:
            self.begin_change(message)
        except BuddyError as error:
            self.notify(f"{error} {error.hint}".strip(), title="Not done", severity="error", markup=False)
            return
        self._shows_change = True
        await self._show_change(message.draft)
        self._shows_change = False
        if message.unlock:
            self._unlocking = self._unlocking or self.set_interval(1.0, self.tell_unlocked)

    def begin_change(self, message: ApplyChange) -> None:
        """Begin a change. Raises Refused by a guard."""
        from buddy_tui.deploy.looks import DeployDraft

        draft = message.draft
        if isinstance(draft, DeployDraft):
            over = self._deployment_over
            self._feeds.deploys.start(draft, typed=message.typed, reason=message.reason, over=over)
            return
        if draft.plan is None:
            raise Refused("Nothing is planned yet.")
        self._feeds.changes.start(
            draft.plan,
            typed=message.typed,
            reason=message.reason,
            evidence=draft.wish.evidence,
            unlock=message.unlock,
            over=self._change_over,
        )

    async def _show_change(self, draft: Draft) -> None:
        from buddy_tui.actions.values import Verb
        from buddy_tui.deploy.looks import DeployDraft
        from screens.confirm import ConfirmScreen
        from screens.progress import ProgressScreen
        from screens.promote import PromoteScreen
        from screens.rollback import RollbackScreen

        if isinstance(draft, DeployDraft):
            if draft.release:
                await self._show_deployment(draft.release)
            return
        while isinstance(self.screen, ConfirmScreen | RollbackScreen | ProgressScreen):
            await self.pop_screen()
        if draft.plan and draft.plan.verb is Verb.PROMOTE:
            promoted = self.promotion_feed()
            await self.push_screen(PromoteScreen(self.settings, promoted, self.clock, draft.plan))
        elif draft.plan:
            feed = self.progress_feed()
            await self.push_screen(ProgressScreen(self.settings, feed, self.clock, draft.plan, draft.wish))

    def tell_unlocked(self) -> None:
        """Let every header say what is unlocked, and for how long."""
        from screens.widgets.header import IdentityHeader

        unlocked, told = self._feeds.unlocked(), ""
        if unlocked:
            minutes, seconds = divmod(int(unlocked[1].total_seconds()), 60)
            told = f"UNLOCKED {unlocked[0].service} {minutes}:{seconds:02}"
        for screen in self.screen_stack:
            for header in screen.query(IdentityHeader):
                header.unlocked = told

    def lock_again(self) -> None:
        """Ask for names again."""
        self._feeds.changes.lock()
        self.tell_unlocked()

    def _change_over(self, progress: Progress) -> None:
        """Tell how a change ended to somebody who has left its screen."""
        from buddy_tui.actions.values import Ending
        from screens.progress import ProgressScreen
        from screens.promote import PromoteScreen
        from screens.widgets.steps import ending_word

        seen = self._shows_change or isinstance(self.screen, ProgressScreen | PromoteScreen)
        if not self.is_running or seen:
            return
        done = progress.ending in {Ending.DONE, Ending.NOTHING_TO_DO}
        self.notify(
            f"{progress.plan.title}. {progress.sentence}",
            title=ending_word(progress),
            severity="information" if done else "error",
            timeout=15,
            markup=False,
        )

    def preflight_feed(self, name: ServiceName, source: str, *, smoke: bool) -> Feed[Look]:
        """Return the feed of the preflight of a source folder."""
        return LiveFeed(lambda wake: self._feeds.preflights.looks(name, source, wake, smoke=smoke))

    def modules_feed(self, source: str, *, smoke: bool) -> Feed[Modules]:
        """Return the feed of the modules of a source folder."""
        return LiveFeed(lambda wake: self._feeds.preflights.modules(source, wake, smoke=smoke))

    def release_feed(self) -> Feed[Deployment]:
        """Return the feed of the deployment that is under way."""
        return LiveFeed(lambda _: self._feeds.deploys.progresses())

    async def on_open_preflight(self, message: OpenPreflight) -> None:
        """Show the deployment of the service that is under way, or ask about one that was left; else look at a source."""
        name, release = message.name, self._feeds.deploying
        if release and release.plan.name == name:
            await self._show_deployment(release)
        elif self._may_deploy and (left := await self._feeds.deploys.left(name)):
            self._ask_to_deploy(LiveFeed(lambda wake: self._feeds.deploys.resumptions(left, wake)), name)
        else:
            self._show_preflight(name)

    def _show_preflight(self, name: ServiceName) -> None:
        """Show the preflight, once, however often it was asked before it was there."""
        from screens.preflight import PreflightScreen

        def open_feed(source: str, smoke: bool) -> Feed[Look]:  # noqa: FBT001 - as the screen calls it
            return self.preflight_feed(name, source, smoke=smoke)

        if not isinstance(self.screen, PreflightScreen):
            self.push_screen(PreflightScreen(self.settings, open_feed, self.clock, name))

    def on_open_modules(self, message: OpenModules) -> None:
        """Show the modules of a source folder, once, however often it was asked."""
        from screens.modules import ModulesScreen

        if not isinstance(self.screen, ModulesScreen):
            feed = self.modules_feed(message.source, smoke=message.smoke)
            self.push_screen(ModulesScreen(self.settings, feed, self.clock, message.name))

    def on_request_deployment(self, message: RequestDeployment) -> None:
        """Show the plan of a deployment and ask, once; not while another one is under way."""
        from buddy_tui.deploy.preparing import Said

        name = message.name
        # That a first revision serves at once is asked by the confirmation, in a box of its own.
        said = Said(message.source, reason=message.reason, first=True, smoke=message.smoke)
        if not self._may_deploy:
            self.notify("Nothing may be deployed.", title="Read-only", markup=False)
        elif release := self._feeds.deploying:
            self.notify(f"{release.revision} is being deployed.", title="Not now", markup=False)
        else:
            feed = LiveFeed(lambda wake: self._feeds.deploys.drafts(name, said, wake))
            self._ask_to_deploy(feed, name, message.reason)

    def _ask_to_deploy(self, feed: Feed[DeployDraft], name: ServiceName, reason: str = "") -> None:
        from buddy_tui.actions.values import Verb
        from buddy_tui.actions.wishes import Wish
        from screens.confirm import ConfirmScreen
        from screens.confirm_deploy import ConfirmDeployScreen

        if not isinstance(self.screen, ConfirmScreen):
            wish = Wish(name, Verb.DEPLOY)
            self.push_screen(ConfirmDeployScreen(self.settings, feed, self.clock, wish, reason))

    async def _show_deployment(self, release: Release) -> None:
        """Show a deployment in place of what led to it."""
        from screens.confirm import ConfirmScreen
        from screens.preflight import PreflightScreen
        from screens.release import ReleaseScreen

        while isinstance(self.screen, ConfirmScreen | PreflightScreen | ReleaseScreen):
            await self.pop_screen()
        feed, served = self.release_feed(), self.service_feed(release.plan.name)
        await self.push_screen(ReleaseScreen(self.settings, feed, served, self.clock, release))

    def on_cancel_deployment(self, message: CancelDeployment) -> None:
        """Give the deployment up that is under way."""
        self._feeds.deploys.cancel(message.reason)

    def _deployment_over(self, deployment: Deployment) -> None:
        """Tell how a deployment ended to somebody who has left its screen."""
        from buddy_tui.actions.values import Ending
        from screens.release import ReleaseScreen

        if not self.is_running or self._shows_change or isinstance(self.screen, ReleaseScreen):
            return
        self.notify(
            clean_line(f"{deployment.sentence} {deployment.hint}"),
            title=deployment.release.plan.title,
            severity="information" if deployment.ending is Ending.DONE else "error",
            timeout=15,
            markup=False,
        )

    def on_back(self, message: Back) -> None:
        """Leave the screen, once, however often it was asked before that was done."""
        if message.screen is self.screen:
            self.pop_screen()

    def on_copy(self, message: Copy) -> None:
        """Put text on the clipboard."""
        self._copy(message.text, message.what)

    def _copy(self, text: str, what: str) -> None:
        """Use OSC 52, which works through SSH too, and show what was copied: no terminal confirms it.

        On one line: a line break that is pasted into a shell runs what stands before it.
        """
        text = clean_line(text)
        self.copy_to_clipboard(text)
        shown = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
        self.notify(shown, title=f"Copied {what}", markup=False)

    def on_open_link(self, message: OpenLink) -> None:
        """Open a browser; over SSH, where it would open on the wrong machine, show and copy the address."""
        if self.settings.emulated:
            self.notify("This Cloud Run is emulated: the console has no page for it.", markup=False)
        elif "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ:
            self._copy(message.url, "the console's address")
        else:
            self.open_url(message.url)

    def on_crashed(self, message: Crashed) -> None:
        """Write the traceback to the log file and say where that is."""
        from buddy_tui import bug

        try:
            path = bug.written_down(message.error, self._log_file)
        except OSError as error:
            self.notify(f"The log file cannot be written: {error}", severity="error", markup=False)
        else:
            self.notify(
                f"The traceback is in {path}", title="A bug in buddy-tui", severity="error", markup=False
            )

    def on_save(self, message: Save) -> None:
        """Write text to a file while everything goes on, and say where it is."""
        self.run_worker(self._save(message), group="save")

    async def _save(self, message: Save) -> None:
        from buddy_tui.save import save

        try:
            path = await save(message.pieces, message.stem, self._saves)
        except OSError as error:
            self.notify(f"The log cannot be saved: {error}", severity="error", markup=False)
        else:
            self.notify(str(path), title="Saved", markup=False)

    def action_command_palette(self) -> None:
        """Open the palette; it leads to commands and rows."""
        from screens.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def action_help(self) -> None:
        """Show the keys that work here, and what the screen shows."""
        from screens.help import help_page

        self.push_screen(help_page(self.screen, self.get_key_display))
