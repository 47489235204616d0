"""Story `release` on the real screen: promoted with keys alone, taken back by a gate, and decided afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from buddy_tui import gcp
from buddy_tui.app import BuddyApp
from buddy_tui.change_streams import ChangeStreams
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.gateway import Cloud
from buddy_tui.journal.keep import Journal
from buddy_tui.model import ServiceName
from buddy_tui.pacing import ReleaseSettings
from screens.service import ServiceScreen
from tests.screens.stage import frame
from tests.stories.load import loading

NAME = ServiceName(PROJECT, REGION, SERVICE)
STABLE, GOOD, BAD = (f"{SERVICE}-{one}" for one in ("00028-bsx", "00038-g6r", "00039-z4t"))


class Cockpit(BuddyApp):
    """The app with a journal of its own."""

    def __init__(self, settings: Settings, journal: Path) -> None:
        async def connect() -> Cloud:
            return await gcp.connect(settings)

        super().__init__(settings, connect, writes=gcp.writes, clock=_now)
        feeds = self._feeds
        feeds._changes = ChangeStreams(settings, feeds._connected, _now, gcp.writes, Journal(journal))


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Scene:
    """A cockpit over a running emulator."""

    emulator: Emulator
    app: Cockpit
    pilot: Pilot[None]

    async def shows(self, *words: str, seconds: float = 60.0) -> None:
        """Wait until all of these words are on the screen together."""
        for _ in range(int(seconds / 0.1)):
            shown = " ".join(frame(self.app).split())
            if all(word in shown for word in words):
                return
            await self.pilot.pause(0.1)
        raise AssertionError(f"{words} are not in:\n{frame(self.app)}")

    async def promotes(self, revision: str) -> None:
        """Choose a revision in the list, and promote it by keys alone."""
        screen = self.app.screen
        assert isinstance(screen, ServiceScreen)
        await self.pilot.press("g")
        while screen.table.key != revision:
            await self.pilot.press("j")
        await self.pilot.press("P")
        await self.shows(f"Promote {revision} to 50 %", "plan")
        await self.pilot.press("tab", "enter")

    async def decides(self, key: str, title: str) -> None:
        """Ask for a change, give a reason where one is wanted, and confirm it."""
        await self.pilot.press(key)
        await self.shows(title, "plan")
        await self.pilot.press("tab")
        if self.app.screen.focused and self.app.screen.focused.id == "reason":
            await self.pilot.press(*"story", "tab")
        while self.app.screen.focused and self.app.screen.focused.id != "do":
            await self.pilot.press("tab")
        await self.pilot.press("enter")
        await self.shows("DONE")
        await self.pilot.press("escape")

    async def traffic(self) -> list[tuple[str, int, str]]:
        """Return what is asked for, in its order."""
        cloud, _ = await self.app._feeds._connected()
        service = await cloud.service(NAME)
        return [(one.revision, one.percent, one.tag) for one in service.desired]


@asynccontextmanager
async def _scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("release"))
        for name, value in emulator.endpoints.items():
            monkeypatch.setenv(name, value)
        settings = Settings(
            project=Known(PROJECT, "test"),
            regions=(Known(REGION, "test"),),
            service=Known(SERVICE, "test"),
            environment=Known("DEMO", "test"),
            emulated=Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"], "test"),
            release=ReleaseSettings((50, 100), bake=1.0, least=5),
        )
        app = Cockpit(settings, folder / "journal.jsonl")
        async with app.run_test(size=(120, 40)) as pilot:
            scene = Scene(emulator, app, pilot)
            await scene.shows("● live", GOOD, BAD)
            yield scene


async def test_a_release_is_promoted_taken_back_and_decided_with_keys_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _scene(tmp_path, monkeypatch) as scene:
        before = await scene.traffic()
        address = (await (await scene.app._feeds._connected())[0].service(NAME)).uri

        async with loading(address, rate=30) as load:
            await scene.promotes(GOOD)
            await scene.shows("PROMOTED", "all gates passed")
        assert load.failed == 0
        assert (await scene.traffic())[:1] == [(GOOD, 100, "")]

        await scene.pilot.press("escape")
        await scene.decides("U", "Undo the last change")
        assert await scene.traffic() == before

        async with loading(address, rate=60):
            await scene.promotes(BAD)
            await scene.shows("PUT BACK", "Tags and shares are as before")
        assert await scene.traffic() == before

        await scene.pilot.press("escape")
        await scene.decides("L", "follow the latest revision again")
        assert (await scene.traffic())[0][:2] == ("", 100)
