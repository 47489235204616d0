"""The whole dashboard over the embedded Cloud Run: asking, a session probe, the plan, and leaving in the middle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from buddy_tui import gcp
from buddy_tui.app import BuddyApp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.gateway import Cloud, Document, Place
from buddy_tui.gcp.clients import open_clients
from buddy_tui.gcp.cloud import GoogleCloud
from screens.service import ServiceScreen
from screens.widgets.matrix import MatrixTable
from tests.screens.stage import frame, until

PROJECT, REGION, SERVICE = "demo-project", "us-central1", "buddy-app"
MEMORY = "buddy-app-00002-mem"
LEAVING = "Taking the session away again…"


class Slow(GoogleCloud):
    """A look at a document waits until it may."""

    may_look: asyncio.Event
    looks = 0

    async def document(self, place: Place, path: str) -> Document | None:
        self.looks += 1
        await self.may_look.wait()
        return await super().document(place, path)


class World:
    """A played story, and dashboards over it."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
        self.people = self.paths()

    def paths(self) -> list[str]:
        """Return what is in any Firestore."""
        firestore = self._emulator.firestore
        return sorted(path for project in firestore.projects() for path in firestore.paths(project))

    @asynccontextmanager
    async def dashboard(
        self, may_look: asyncio.Event
    ) -> AsyncIterator[tuple[BuddyApp, Pilot[None], list[Slow]]]:
        """Run the app as the command line does; it finds no document before it `may_look`."""
        settings = Settings(
            project=Known(PROJECT),
            regions=(Known(REGION),),
            service=Known(SERVICE),
            emulated=Known(self._host),
        )
        clouds: list[Slow] = []

        async def connect() -> Cloud:
            await asyncio.to_thread(gcp.load)
            clouds.append(Slow(await open_clients(settings)))
            clouds[0].may_look = may_look
            return clouds[0]

        app = BuddyApp(settings, connect, writes=gcp.writes)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: f"{SERVICE}-00005-new" in frame(app))
            yield app, pilot, clouds


@asynccontextmanager
async def played(monkeypatch: pytest.MonkeyPatch, state: Path) -> AsyncIterator[World]:
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("sessions"))
        for name, value in emulator.endpoints.items():
            monkeypatch.setenv(name, value)
        yield World(emulator)


async def test_probes_a_session_probe_and_the_plan_are_answered_and_leaving_takes_the_session_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    may_look = asyncio.Event()
    may_look.set()
    async with played(monkeypatch, tmp_path) as world, world.dashboard(may_look) as (app, pilot, clouds):
        await pilot.press("p")
        await until(pilot, lambda: "asked 8 times each" in frame(app))
        assert "2 worse than serving: 00004-non system health" in frame(app)

        while app.screen.query_one(MatrixTable).key != MEMORY:
            await pilot.press("j")
        await pilot.press("s")
        await until(pilot, lambda: "✗ memory of one instance" in frame(app))

        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, ServiceScreen))
        await pilot.press("v")
        await until(pilot, lambda: "ctrl+r looks again" in frame(app))
        assert "Release checklist 00005-new" in frame(app)
        assert world.paths() == world.people

        clouds[0].looks = 0
        may_look.clear()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: clouds[0].looks > 0)
        assert "writes one session of its own, deletes it again" in frame(app)
        await pilot.press("q")
        await until(pilot, lambda: LEAVING in frame(app))
        assert app.is_running

        may_look.set()
        await until(pilot, lambda: not app.is_running)
        assert world.paths() == world.people


async def test_asked_twice_it_leaves_at_once_and_keeps_a_note_for_the_next_sweep(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with played(monkeypatch, tmp_path) as world:
        async with world.dashboard(asyncio.Event()) as (app, pilot, clouds):
            await pilot.press("p")
            await until(pilot, lambda: "asked 8 times each" in frame(app))
            await pilot.press("s")
            await until(pilot, lambda: clouds[0].looks > 0)
            await pilot.press("q")
            await until(pilot, lambda: LEAVING in frame(app))

            began = asyncio.get_running_loop().time()
            await pilot.press("ctrl+q")
            await until(pilot, lambda: not app.is_running)
        assert asyncio.get_running_loop().time() - began < 3
        assert await asyncio.to_thread(notes, tmp_path)


def notes(state: Path) -> list[Path]:
    """Return what is written down about sessions that may be left."""
    return list(state.rglob("buddy-probe-*.json"))
