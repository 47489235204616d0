"""Story `sessions`: each place to keep sessions in gets its verdict, again and again, and nothing is left behind."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.gateway import Cloud
from buddy_tui.model import ServiceName
from buddy_tui.probes.door import HttpDoor
from buddy_tui.question import SessionPlan
from buddy_tui.sessions.climb import climb
from buddy_tui.sessions.values import Ladder, Survival

KINDS = {
    "buddy-app-00001-gdk": Survival.PERSISTED,
    "buddy-app-00002-mem": Survival.MEMORY_OF_ONE_INSTANCE,
    "buddy-app-00003-els": Survival.WRONG_PROJECT_OR_DATABASE,
    "buddy-app-00004-non": Survival.NOT_STORED,
    "buddy-app-00005-new": Survival.PERSISTED,
}
NAME = ServiceName("demo-project", "us-central1", "buddy-app")
# What is not there within that time is not on its way, on one machine.
PLAN = SessionPlan(patience=0.3)
TIMES = 20


@dataclass(frozen=True, slots=True)
class World:
    """A played story, a connection to it, and how many sessions people have in it."""

    emulator: Emulator
    cloud: Cloud
    people: int

    def left(self) -> list[str]:
        """Return what is in any Firestore and is not people's."""
        firestore = self.emulator.firestore
        return [
            path
            for project in firestore.projects()
            for path in firestore.paths(project)
            if "buddy-probe-" in path
        ]

    def requests(self) -> int:
        """Return how many requests were answered so far."""
        return sum(row[2].endswith("%2Frequests") for row in self.emulator.logs._rows)

    def total(self) -> int:
        """Return how many documents there are in all of Firestore."""
        firestore = self.emulator.firestore
        return sum(len(firestore.paths(project)) for project in firestore.projects())

    async def climbed(self, revision: str, marks: Path) -> Ladder:
        """Try a session on a revision."""
        service, revisions = await self.cloud.service(NAME), await self.cloud.revisions(NAME)
        stream = climb(
            service,
            revisions,
            PLAN,
            revision,
            door=HttpDoor(self.cloud),
            cloud=self.cloud,
            writes=gcp.writes(self.cloud),
            clock=lambda: datetime.now(UTC),
            marks=marks,
        )
        async with aclosing(stream) as ladders:
            *_, last = [ladder async for ladder in ladders]
        return last


@asynccontextmanager
async def _world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("sessions"))
        for name, value in emulator.endpoints.items():
            monkeypatch.setenv(name, value)
        host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
        cloud = await gcp.connect(Settings(project=Known(NAME.project), emulated=Known(host)))
        try:
            yield World(emulator, cloud, len(emulator.firestore.paths(NAME.project)))
        finally:
            await cloud.close()


@pytest.mark.timeout(300)
async def test_every_kind_gets_its_verdict_twenty_times_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with _world(monkeypatch) as world:
        for number in range(TIMES):
            ladders = await asyncio.gather(*(world.climbed(one, tmp_path / one) for one in KINDS))

            told = {ladder.revision: ladder.survival for ladder in ladders}
            assert told == KINDS, f"run {number}: {[ladder.reason for ladder in ladders]}"
            assert all(not ladder.left for ladder in ladders)
            assert world.left() == []
        assert world.total() == world.people
    for revision, survival in KINDS.items():
        # Where Firestore never showed it, a note stays a while: what was sent might still land.
        assert bool(_notes(tmp_path / revision)) is (survival is not Survival.PERSISTED)


# After so many requests a kill comes while the session is made, opened again, read by twenty, read elsewhere, and
# deleted; 0 is the moment at which its document appears.
_KILLS = {"buddy-app-00005-new": (0, 1, 24), "buddy-app-00003-els": (0, 1, 2, 9, 22, 23, 24, 25)}


@pytest.mark.skipif(sys.platform == "win32", reason="ends a process as only POSIX systems do")
@pytest.mark.timeout(300)
async def test_a_killed_probe_is_tidied_up_by_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with _world(monkeypatch) as world:
        for revision, kills in _KILLS.items():
            left = [await _killed(world, revision, number) for number in kills]
            assert any(left), "no kill came between making and deleting"
            told = await _finished(revision)

            assert told["session"]["verdict"] == KINDS[revision]
            assert world.left() == []
        assert world.total() == world.people


def _notes(folder: Path) -> list[Path]:
    """Return the notes that probes have taken of what they made."""
    return list(folder.rglob("*.json"))


async def _killed(world: World, revision: str, number: int) -> int:
    """Kill a probe when so many requests of it were answered, and tell how many documents are left."""
    requests, documents = world.requests(), world.total()
    process = await _started(revision)
    while process.returncode is None:
        if world.requests() >= requests + number if number else world.total() > documents:
            break
        await asyncio.sleep(0.001)
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
    await process.communicate()
    return len(world.left())


async def _finished(revision: str) -> dict[str, Any]:
    out, _ = await (await _started(revision)).communicate()
    told: dict[str, Any] = json.loads(out)
    return told


async def _started(revision: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "buddy_tui", "probe", revision, "--session", "--attempts", "0", "--json"),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
