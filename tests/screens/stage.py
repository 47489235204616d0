"""A dashboard on a stage: the real app, fed by hand, with a clock that stands still."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.segment import Segment
from textual.pilot import Pilot

from buddy_tui.app import BuddyApp
from buddy_tui.config import Known, Settings
from buddy_tui.gateway import Cloud
from buddy_tui.model import LogScope, Revision, ServiceName
from screens.base import Feed
from tests import make

FRAMES = Path(__file__).parent / "frames"
NARROW, WIDE = (80, 24), (120, 40)
SIZES = (NARROW, WIDE)


class Script:
    """A feed that yields what a test puts into it; an exception is raised instead."""

    def __init__(self, *values: object) -> None:
        self.refreshed = self.opened = self.watched = 0
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        for value in values:
            self._queue.put_nowait(value)

    def put(self, value: object) -> None:
        self._queue.put_nowait(value)

    async def stream(self) -> AsyncGenerator[Any, None]:
        self.opened += 1
        self.watched += 1
        try:
            while True:
                value = await self._queue.get()
                if isinstance(value, Exception):
                    raise value
                yield value
        finally:
            self.watched -= 1

    def refresh(self) -> None:
        self.refreshed += 1


class Stage(BuddyApp):
    """The app with scripted feeds; what it would put on the clipboard or open in a browser is kept."""

    def __init__(
        self,
        settings: Settings,
        *,
        service: Script,
        services: Script,
        boot_log: Script | None = None,
        log_file: Path | None = None,
        saves: Path | None = None,
    ) -> None:
        self.now = make.NOW
        self.service, self.services, self.boot_log = service, services, boot_log or Script()
        self.opened_names: list[ServiceName] = []
        self.opened_scopes: list[LogScope] = []
        self.opened_urls: list[str] = []
        super().__init__(settings, _nowhere, clock=lambda: self.now, log_file=log_file, saves=saves)

    def pass_time(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def service_feed(self, name: ServiceName) -> Feed[Any]:
        self.opened_names.append(name)
        return self.service

    def services_feed(self) -> Feed[Any]:
        return self.services

    def boot_log_feed(self, scope: LogScope, revisions: tuple[Revision, ...]) -> Feed[Any]:
        self.opened_scopes.append(scope)
        return self.boot_log

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        self.opened_urls.append(url)


async def _nowhere() -> Cloud:
    raise AssertionError("a scripted stage never connects")


def settings(*, service: str = "api", regions: tuple[str, ...] = ("europe-west1",), **over: str) -> Settings:
    """Return settings of acme-prod; `over` are values by field name."""
    said = {"project": "acme-prod", "account": "alice@example.com", "environment": "PROD"} | over
    known: dict[str, Any] = {name: Known(value, "test") for name, value in said.items()}
    return Settings(
        regions=tuple(Known(region, "test") for region in regions),
        service=Known(service, "test") if service else Known(),
        **known,
    )


@asynccontextmanager
async def on_stage(
    *values: object,
    size: tuple[int, int] = NARROW,
    of: Settings | None = None,
    services: Script | None = None,
    boot_log: Script | None = None,
    log_file: Path | None = None,
    saves: Path | None = None,
) -> AsyncIterator[tuple[Stage, Pilot[None]]]:
    """Run the app with `values` in the feed of the service (and `services` and `boot_log` in the others)."""
    app = Stage(
        of or settings(),
        service=Script(*values),
        services=services or Script(),
        boot_log=boot_log,
        log_file=log_file,
        saves=saves,
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield app, pilot


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what was fed or pressed is on the screen."""
    for _ in range(3):
        await pilot.pause()


async def until(pilot: Pilot[None], happened: Callable[[], bool]) -> None:
    """Wait until something has happened that takes more than one round, e.g. a search in the palette."""
    for _ in range(500):
        if happened():
            return
        await pilot.pause(0.02)
    raise AssertionError("it did not happen")


def frame(app: BuddyApp) -> str:
    """Return what is on the screen as plain lines."""
    return "\n".join("".join(part.text for part in line).rstrip() for line in segments(app))


def segments(app: BuddyApp) -> list[list[Segment]]:
    """Return what is on the screen as the segments that would be written, line by line."""
    update: Any = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    return [[part for strip in line for part in strip] for line in update.strips]
