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
import pytest_asyncio
from google.cloud.firestore_v1 import AsyncClient

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import official, stories
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.server import CannotServe, Emulator, Options, serve
from buddy_tui.emulator.stage import Stage
from buddy_tui.emulator.story import Kept, Story
from buddy_tui.gateway import Cloud
from buddy_tui.model import ServiceName
from buddy_tui.probes.door import HttpDoor
from buddy_tui.question import SessionPlan
from buddy_tui.sessions.climb import climb
from buddy_tui.sessions.values import Ladder, Survival

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
FIRESTORE = "FIRESTORE_EMULATOR_HOST"
WRITTEN_TO = (NAME.project, f"{NAME.project}-old")


@dataclass(frozen=True, slots=True)
class World:
    """A played story, a connection to it, and how many sessions people have in it."""

    emulator: Emulator
    cloud: Cloud
    people: int

    async def paths(self) -> list[str]:
        """Return the paths of all documents in all projects, or in those that a revision writes to."""
        if self.emulator.endpoints[FIRESTORE] != self.emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]:
            return [path for project in WRITTEN_TO for path in await _listed(project)]
        firestore = self.emulator.firestore
        return [path for project in firestore.projects() for path in firestore.paths(project)]

    async def left(self) -> list[str]:
        """Return what is in Firestore and is not people's."""
        return [path for path in await self.paths() if "buddy-probe-" in path]

    def logged(self) -> int:
        """Return how many log entries there are."""
        return len(self.emulator.logs._rows)

    def requests(self, start: int) -> int:
        """Return how many requests were answered since there were so many log entries."""
        return sum(row[2].endswith("%2Frequests") for row in self.emulator.logs._rows[start:])

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


async def _listed(project: str) -> list[str]:
    client = AsyncClient(project)
    try:
        return [one.reference.path async for one in client.collection("sessions").stream()]
    finally:
        await client._firestore_api.transport.close()


@asynccontextmanager
async def _world(firestore: str) -> AsyncIterator[World]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        async with serve(Options(firestore=firestore)) as emulator:
            await emulator.play(stories.find("sessions"))
            for name, value in emulator.endpoints.items():
                monkeypatch.setenv(name, value)
            host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
            cloud = await gcp.connect(Settings(project=Known(NAME.project), emulated=Known(host)))
            try:
                yield World(emulator, cloud, len(await _listed(NAME.project)))
            finally:
                await cloud.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    """Play the story once, for all tests of this module."""
    async with _world("embedded") as world:
        yield world


async def _every_kind_gets_its_verdict(world: World, marks: Path, times: int) -> None:
    for number in range(times):
        ladders = await asyncio.gather(*(world.climbed(one, marks / one) for one in KINDS))

        told = {ladder.revision: ladder.survival for ladder in ladders}
        assert told == KINDS, f"run {number}: {[ladder.reason for ladder in ladders]}"
        assert all(not ladder.left for ladder in ladders)
        assert await world.left() == []
    assert len(await world.paths()) == world.people
    for revision, survival in KINDS.items():
        # Where Firestore never showed it, a note stays a while: what was sent might still land.
        assert bool(_notes(marks / revision)) is (survival is not Survival.PERSISTED)


@pytest.mark.timeout(300)
async def test_every_kind_gets_its_verdict_twenty_times_and_leaves_nothing(
    world: World, tmp_path: Path
) -> None:
    await _every_kind_gets_its_verdict(world, tmp_path, 20)


@pytest.mark.skipif(
    official.find(os.environ) is None,
    reason="no Cloud SDK with the Firestore emulator, or no Java, is installed",
)
@pytest.mark.timeout(300)
async def test_every_kind_gets_the_same_verdict_with_the_official_emulator(tmp_path: Path) -> None:
    try:
        async with _world("official") as world:
            await _every_kind_gets_its_verdict(world, tmp_path, 2)
    except CannotServe as problem:
        pytest.skip(str(problem))


# After so many requests a kill comes while the session is made, opened again, read by twenty, read elsewhere, and
# deleted; 0 is the moment at which its document appears.
_KILLS = {"buddy-app-00005-new": (0, 1, 24), "buddy-app-00003-els": (1, 2, 9, 23, 25)}
ENDS = "ends a process as only POSIX systems do"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the commands a home of their own, in which little patience is set."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "buddy.toml").write_text(f"[session]\npatience = {PLAN.patience}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason=ENDS)
@pytest.mark.timeout(300)
async def test_a_killed_probe_is_tidied_up_by_the_next(world: World, home: Path) -> None:
    for revision, kills in _KILLS.items():
        left = [await _ended(world, revision, number, signal.SIGKILL) for number in kills]
        assert any(left), "no kill came between making and deleting"
        told = await _finished(revision)

        assert told["session"]["verdict"] == KINDS[revision]
        assert await world.left() == []
    assert len(await world.paths()) == world.people


@pytest.mark.skipif(sys.platform == "win32", reason=ENDS)
@pytest.mark.parametrize(
    ("number", "revision"), [*zip((signal.SIGINT, signal.SIGTERM), _KILLS, strict=True)], ids=str
)
async def test_a_probe_that_is_told_to_stop_removes_its_session_first(
    number: signal.Signals, revision: str, world: World, home: Path
) -> None:
    assert await _ended(world, revision, 0, number) == 0


async def test_what_firestore_denies_is_told_with_whose_role_it_is(world: World, home: Path) -> None:
    """Given: a project that denies whoever reads us, then an application whose writes are denied."""
    faults = world.emulator.faults
    try:
        faults.firestore_denied = frozenset({NAME.project})
        ours = (await _finished("buddy-app-00003-els"))["session"]
        faults.firestore_denied = frozenset({"Commit"})
        theirs = (await _finished("buddy-app-00005-new"))["session"]
    finally:
        faults.firestore_denied = frozenset()

    assert ours["verdict"] == theirs["verdict"] == Survival.PERMISSION_DENIED
    assert "datastore.entities.get" in ours["reason"]
    assert "roles/datastore.viewer" in ours["reason"]
    assert "serviceAccount:" not in (ours["fix"] or "")
    assert "-compute@developer.gserviceaccount.com, which lacks roles/datastore.user" in theirs["reason"]
    assert "--member=serviceAccount:" in theirs["fix"]
    assert await world.left() == []


async def test_what_firestore_denies_it_does_not_deny_to_a_storys_past() -> None:
    async def play(stage: Stage) -> None:
        await stage.remember([Kept("sessions/a", {"id": "a"})])

    async with serve(Options(faults=Faults(firestore_denied=frozenset({NAME.project})))) as emulator:
        await emulator.play(Story("denied", "Nobody may use Firestore any more.", play))

        assert emulator.firestore.paths(NAME.project) == ["sessions/a"]
        assert emulator.faults.firestore_denied == {NAME.project}


def _notes(folder: Path) -> list[Path]:
    """Return the notes that probes have taken of what they made."""
    return list(folder.rglob("*.json"))


async def _ended(world: World, revision: str, number: int, by: signal.Signals) -> int:
    """End a probe when so many requests of it were answered, and tell how many documents are left."""
    logged, documents = world.logged(), len(await world.paths())
    process = await _started(revision)
    while process.returncode is None:
        if world.requests(logged) >= number if number else len(await world.paths()) > documents:
            break
        await asyncio.sleep(0.003)
    if process.returncode is None:
        process.send_signal(by)
    await process.communicate()
    return len(await world.left())


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
