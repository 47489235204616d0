"""Reports of whole stories: real emulator, real adapter, and no human hint."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from buddy_tui import gcp
from buddy_tui.actions.apply import apply
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.values import Ending
from buddy_tui.config import Known, Settings
from buddy_tui.diagnose import Examiner
from buddy_tui.diagnose.shelf import Shelf
from buddy_tui.emulator import stories, tree, workload
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import Deployment, Story, Target
from buddy_tui.gateway import Cloud
from buddy_tui.journal.keep import Journal
from buddy_tui.logs import LogDesk
from buddy_tui.model import ServiceName
from buddy_tui.report.gather import Sources, report_of
from buddy_tui.report.markdown import as_markdown
from buddy_tui.report.values import Report, Status, What
from tests.core.report.test_harmless import harmless

NAME = ServiceName("demo-project", "us-central1", "buddy-app")
GOOD = "buddy-app-00028-bsx"
CANARY = "c4n4ry-7f3a"


@dataclass(frozen=True, slots=True)
class World:
    """A played story, and a journal of its own."""

    emulator: Emulator
    cloud: Cloud
    journal: Journal

    async def report(self) -> Report:
        desk = LogDesk(self.cloud, NAME.project, clock=_now)
        try:
            sources = Sources(
                self.cloud,
                Examiner(desk, self.cloud, clock=_now),
                Shelf(self.cloud, lambda _: None, _now),
                self.journal.read(),
                _now,
            )
            return await report_of(NAME, sources)
        finally:
            await desk.close()


@asynccontextmanager
async def played(story: Story, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with serve(Options()) as emulator:
        await emulator.play(story)
        for name, value in emulator.endpoints.items():
            monkeypatch.setenv(name, value)
        host = Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"], "a test")
        cloud = await gcp.connect(Settings(project=Known(NAME.project, "a test"), emulated=host))
        try:
            yield World(emulator, cloud, Journal(folder / "buddy-tui" / "journal.jsonl"))
        finally:
            await cloud.close()


def _now() -> datetime:
    return datetime.now(UTC)


async def test_the_incident_comes_to_its_own_conclusion_without_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with played(stories.find("buddy"), tmp_path, monkeypatch) as world:
        told = await world.report()

    page = as_markdown(told)
    summary = " ".join(told.summary)
    assert (told.status, len(told.failed), told.last_good) == (Status.MITIGATED, 9, GOOD)
    assert summary.startswith(
        "Nine deployments of buddy-app in a row failed to start between 2026-02-06 15:04 and 2026-02-09 20:48 UTC, "
        "all for one cause."
    )
    assert "Back_End/ was uploaded in place of the project's root." in summary
    assert f"The deployment process is at fault, not the code; {GOOD} is the last good revision." in summary
    proof = f"the last good revision, {GOOD}, was uploaded from the root and starts."
    assert f"The deployment process is at fault, not the code: {proof}" in told.root.words
    assert summary.endswith(
        "Left to do: deploy from the root, delete the look-alikes (Back-End/ and backend/), restore latest."
    )
    assert told.root.confidence == "certain"
    assert len(told.root.attempts) == 8
    assert [one.what for one in told.timeline].count(What.FAILED) == 9
    moved = told.timeline[-1]
    assert (moved.what, moved.by) == (What.TRAFFIC, "operator-1")
    assert moved.words == f"Traffic was set to {GOOD} 100 % (before: LATEST 100 %)."
    assert (
        "2026-02-09 21:06:44, operator-1 with `gcloud run services update-traffic`: Traffic was set" in page
    )
    assert "@" not in page
    harmless(page)


async def test_a_roll_back_of_ours_is_told_once_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with played(stories.find("release"), tmp_path, monkeypatch) as world:
        service, revisions = await world.cloud.service(NAME), await world.cloud.revisions(NAME)
        plan = roll_back(service, revisions, "buddy-app-00026-kxp", Terms(_now(), who="ana@example.com"))
        async for progress in apply(
            plan,
            reads=world.cloud,
            writes=gcp.writes(world.cloud),
            journal=world.journal,
            clock=_now,
            who="ana@example.com",
            reason="ana@example.com saw sessions go",
        ):
            ending = progress.ending
        told = await world.report()

    page = as_markdown(told)
    assert ending is Ending.DONE
    # A deployment after the failed ones started: their incident is over, and this is another one.
    assert not told.failed
    assert "Three deployments failed to start before that" in " ".join(told.summary)
    (ours,) = [one for one in told.timeline if one.what is What.TRAFFIC and one.agent.startswith("buddy-tui")]
    assert ours.words == f"Traffic was set to buddy-app-00026-kxp 100 % (before: {GOOD} 100 %)."
    assert ours.why == "operator-1 saw sessions go"
    assert not [one for one in told.timeline if one.what is What.ACTION]
    assert told.root.words == (f"{GOOD} was rolled back for this reason: operator-1 saw sessions go.",)
    assert any("The roll-back from buddy-app-00028-bsx to buddy-app-00026-kxp" in one for one in told.still)
    assert "Verify buddy-app-00039-z4t before it gets traffic." in page
    harmless(page)


@pytest.mark.parametrize(("story", "status"), [("healthy", Status.NONE), ("empty", Status.OPEN)])
async def test_small_stories_are_told_as_they_are(
    story: str, status: Status, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with played(stories.find(story), tmp_path, monkeypatch) as world:
        told = await world.report()

    assert told.status is status
    harmless(as_markdown(told))


async def _play_with_secrets(stage: object) -> None:
    """Deploy well once, then twice so that every line of the log has a secret in it."""
    from buddy_tui.emulator.stage import Stage

    assert isinstance(stage, Stage)
    project = tree.read(workload.BUDDY)
    chatty = project.edited(
        "Back_End/main.py",
        "settings = load()\n",
        "settings = load()\n"
        f'print("API_TOKEN={CANARY}-env")\n'
        f'print("Authorization: Bearer {CANARY}-bearer-0123456789")\n'
        f'print("https://ops:{CANARY}-url@db.example/x")\n'
        f'raise RuntimeError("could not connect to postgresql://app:{CANARY}-db@db.example/x")\n',
    )
    env = {"API_TOKEN": f"{CANARY}-value", "DATABASE_URL": f"postgres://u:{CANARY}@h/d"}
    now = stage.clock.now()
    await stage.deploy(Deployment("00001-gdk", now - timedelta(hours=9), project, "good", env=env))
    for number, hours in ((2, 8), (3, 7)):
        await stage.deploy(
            Deployment(f"0000{number}-bad", now - timedelta(hours=hours), chatty, "with secrets", env=env)
        )
    await stage.route(now - timedelta(hours=6), [Target("00001-gdk", 100)], by=f"{CANARY}@example.com")


async def test_no_secret_is_in_any_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story("secrets", "Secrets in every place.", _play_with_secrets)
    commands = (
        ("report",),
        ("status", "--json"),
        ("diagnose", "--json"),
        ("history", "--json"),
        ("probe", "00001-gdk", "--attempts", "1", "--json"),
    )
    async with played(story, tmp_path, monkeypatch):
        outputs = await asyncio.gather(*(_output(tmp_path, *command) for command in commands))

    for command, output in zip(commands, outputs, strict=True):
        without_people = output.replace(f"{CANARY}@example.com", "") if command[0] != "report" else output
        assert CANARY not in without_people, command
    assert "***@db.example" in outputs[0]
    assert "operator-2" in outputs[0]


async def _output(folder: Path, *words: str) -> str:
    """Return what a command prints, with state of its own."""
    place = ["--service", NAME.service] if words[0] != "history" else []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "buddy_tui", *words, *place),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(folder)},
    )
    out, err = await process.communicate()
    assert out, err.decode()
    return (out + err).decode()
