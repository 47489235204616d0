"""app: what every part of the app stands on: the settings, the clock, the feeds, and the walls before the terminal."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.app import App

from buddy_tui.feeds import Feeds
from screens.theme import BUDDY
from screens.wall import Ascii, Wall, speaks_unicode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from textual.filter import LineFilter

    from buddy_tui.config import Settings
    from buddy_tui.doctor.gather import Outside
    from buddy_tui.gateway import Cloud, Deploys, Writes
    from buddy_tui.model import ServiceName


def _now() -> datetime:
    return datetime.now(UTC)


class BaseApp(App[None]):
    """What the parts of the app share. Each of them answers the messages of one concern; `BuddyApp` is all of them.

    `connect` makes the connection to Cloud Run, slowly: it is awaited after the first paint, and again after it
    failed with a BuddyError. `writes` and `deploys` are how something is changed over it; `None` where nothing may be.
    `doctor` returns what a doctor looks at, given the service that is in view, or none.
    `clock` tells the time in UTC. A crash is written to `log_file`, and logs are saved in `saves`; none means this
    system's own place.
    """

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[], Awaitable[Cloud]],
        *,
        writes: Callable[[Cloud], Writes] | None = None,
        deploys: Callable[[Cloud], Deploys] | None = None,
        doctor: Callable[[ServiceName | None], Outside] | None = None,
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
        self._doctor = doctor
        self._log_file = log_file
        self._saves = saves
        self.register_theme(BUDDY)
        wanted = os.environ.get("TEXTUAL_THEME", "")
        self.theme = wanted if wanted in self.available_themes else BUDDY.name

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Add the second wall, and ASCII where it is asked for, behind Textual's own filters."""
        return [*super().get_line_filters(), *self._walls]
