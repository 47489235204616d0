"""A stage for probes and the release checklist: the app on a service, and one of the two screens over it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from buddy_tui.config import Settings
from buddy_tui.model import ServiceName
from buddy_tui.verify.values import Checklist
from screens.messages import OpenVerify
from screens.probes import ProbeFeeds
from screens.verify import VerifyScreen
from tests.screens import incident
from tests.screens.stage import NARROW, Script, Stage, settings, settle

DEMO = settings(
    service="buddy-app",
    project="buddy-demo",
    regions=("us-central1",),
    environment="DEMO",
    account="micha@example.com",
)


class Ending(Script):
    """A feed that ends behind its last value, as that of one asking does."""

    async def stream(self) -> AsyncGenerator[Any, None]:
        self.opened += 1
        while not self._queue.empty():
            yield self._queue.get_nowait()


class ProbeStage(Stage):
    """Keeps what was opened, and feeds both screens by hand."""

    def __init__(self, of: Settings, saves: Path | None = None, **feeds: Script) -> None:
        super().__init__(of, service=Script(incident.SNAPSHOT), services=Script(), saves=saves)
        self.matrix, self.session, self.audit, self.lines, self.checklist, self.kept = (
            feeds.get(name) or Script()
            for name in ("matrix", "session", "audit", "lines", "checklist", "kept")
        )
        self.asked: list[tuple[Any, ...]] = []
        self.ticked: list[tuple[str, ...]] = []
        self.opened_with: list[tuple[str, ServiceName, str]] = []

    def on_open_verify(self, message: OpenVerify) -> None:
        message.prevent_default()
        self.opened_with.append(("verify", message.name, message.revision))
        self.push_screen(
            VerifyScreen(
                self.settings,
                self.checklist,
                self.clock,
                message.name,
                self.kept,
                self._ticked,
            )
        )

    async def _ticked(self, *word: str) -> bool:
        self.ticked.append(word)
        return True

    def probe_feeds(self, name: ServiceName, revision: str) -> ProbeFeeds:
        self.opened_with.append(("probes", name, revision))
        return ProbeFeeds(
            matrix=self._noted("matrix", self.matrix),
            session=self._noted("session", self.session),
            audit=self._noted("audit", self.audit),
            lines=self._noted("lines", self.lines),
        )

    def _noted(self, name: str, feed: Script) -> Callable[..., Any]:
        def give(*asked: object) -> Script:
            self.asked.append((name, *asked))
            return feed

        return give


def on_top(app: ProbeStage) -> type:
    """Return what kind of screen is on top."""
    return type(app.screen)


@asynccontextmanager
async def on_probes(
    *matrices: object,
    size: tuple[int, int] = NARROW,
    of: Settings = DEMO,
    keys: tuple[str, ...] = (),
    **feeds: Script,
) -> AsyncIterator[tuple[ProbeStage, Pilot[None]]]:
    """Open the probes of the service with `matrices` in their feed, and press `keys`."""
    async with _opened("p", of, size, keys, {"matrix": Script(*matrices)} | feeds) as opened:
        yield opened


@asynccontextmanager
async def on_verify(
    *checklists: object,
    size: tuple[int, int] = NARROW,
    of: Settings = DEMO,
    keys: tuple[str, ...] = (),
    kept: tuple[Checklist, ...] = (),
    saves: Path | None = None,
) -> AsyncIterator[tuple[ProbeStage, Pilot[None]]]:
    """Open the release checklist of the service with `checklists` in its feed and `kept` on disk, and press `keys`."""
    feeds = {"checklist": Script(*checklists), "kept": Script(kept)}
    async with _opened("v", of, size, keys, feeds, saves) as opened:
        yield opened


@asynccontextmanager
async def _opened(
    key: str,
    of: Settings,
    size: tuple[int, int],
    keys: tuple[str, ...],
    feeds: dict[str, Script],
    saves: Path | None = None,
) -> AsyncIterator[tuple[ProbeStage, Pilot[None]]]:
    app = ProbeStage(of, saves=saves, **feeds)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        for pressed in (key, *keys):
            await pilot.press(pressed)
            await settle(pilot)
        yield app, pilot
