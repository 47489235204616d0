"""app: what one carries away from an incident: its report."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from buddy_tui.app.base import BaseApp
from buddy_tui.feeds import LiveFeed

if TYPE_CHECKING:
    from datetime import timedelta

    from buddy_tui.model import ServiceName
    from buddy_tui.report.values import Writing
    from screens.base import Feed
    from screens.messages import OpenReport


class Reporting(BaseApp):
    """Opens the report of an incident."""

    def report_feed(self, name: ServiceName, since: timedelta | None) -> Feed[Writing]:
        """Return the feed of the report of the newest incident, or of the time `since` back."""
        return LiveFeed(lambda wake: self._feeds.reports.reports(name, wake, since=since))

    def on_open_report(self, message: OpenReport) -> None:
        """Show the report of a service, once, however often it was asked before it was there."""
        from screens.report import ReportScreen

        if not isinstance(self.screen, ReportScreen):
            open_feed = partial(self.report_feed, message.name)
            self.push_screen(ReportScreen(self.settings, open_feed, self.clock, message.name))
