"""app: looking at a service: its revisions, a boot log, the probes, the release checklist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buddy_tui.app.base import BaseApp
from buddy_tui.errors import BuddyError
from buddy_tui.feeds import LiveFeed

if TYPE_CHECKING:
    from buddy_tui.boot.values import BootLog
    from buddy_tui.model import Directory, LogScope, Revision, ServiceName, Snapshot
    from screens.base import Feed
    from screens.messages import OpenBootLog, OpenProbes, OpenService, OpenVerify
    from screens.probes import ProbeFeeds
    from screens.service import ServiceScreen
    from screens.services import ServicesScreen

# Seconds between two rounds of probes that go on.
_PAUSE = 10.0


class Looking(BaseApp):
    """Opens the screens that change nothing."""

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
        """Show the release checklist of a service, once, however often it was asked before it was there."""
        from screens.verify import VerifyScreen

        name, revision, probes = message.name, message.revision, self._feeds.probes
        feed = LiveFeed(lambda wake: probes.checklists(name, revision, wake))
        kept = LiveFeed(lambda wake: probes.releases(name, wake))

        async def tick(verified: str, line: str, by: str, note: str) -> bool:
            try:
                await probes.tick(name, verified, line, by, note)
            except BuddyError as error:
                self.notify(f"{error} {error.hint}".strip(), severity="error", markup=False)
                return False
            return True

        if not isinstance(self.screen, VerifyScreen):
            self.push_screen(VerifyScreen(self.settings, feed, self.clock, name, kept, tick))
