"""Story `buddy`, brought to its good end: from the root, without traffic, while a load sees no failed request."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from buddy_tui import gcp
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.recording import Author
from buddy_tui.actions.values import Ending
from buddy_tui.config import Known, Settings
from buddy_tui.deploy.archiving import packed
from buddy_tui.deploy.deploying import deploy
from buddy_tui.deploy.outside import Outside
from buddy_tui.deploy.preparing import Prepared, Said, prepare
from buddy_tui.deploy.values import Deployment
from buddy_tui.diagnose import Examiner
from buddy_tui.emulator import stories, workload
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.finding import Cause
from buddy_tui.gateway import Cloud
from buddy_tui.journal.keep import Journal
from buddy_tui.logs import LogDesk
from buddy_tui.model import RevisionState, ServiceName
from buddy_tui.preflight.values import Verdict
from buddy_tui.probes.door import HttpDoor
from buddy_tui.question import DEFAULT_QUESTIONS
from tests.stories.load import loading

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = ServiceName(PROJECT, REGION, SERVICE)
SERVING = f"{SERVICE}-00028-bsx"
ROOT = Path(workload.BUDDY).resolve()


@dataclass
class Stage:
    """The story, a connection to it, and a folder for what a program keeps."""

    emulator: Emulator
    cloud: Cloud
    folder: Path

    async def prepared(self, root: Path, reason: str = "") -> Prepared:
        said = Said(str(root), reason=reason, smoke=False)
        return await prepare(self.cloud, NAME, said, Terms(_now()))

    async def deployed(self, prepared: Prepared) -> Deployment:
        async with self.outside() as outside:
            values = [one async for one in deploy(prepared.release, outside, Author())]
        return values[-1]

    @asynccontextmanager
    async def outside(self) -> AsyncGenerator[Outside, None]:
        desk = LogDesk(self.cloud, PROJECT, clock=_now)
        try:
            yield Outside(
                self.cloud,
                gcp.writes(self.cloud),
                gcp.deploys(self.cloud),
                Journal(self.folder / "journal.jsonl"),
                Examiner(desk, self.cloud, clock=_now),
                HttpDoor(self.cloud),
                DEFAULT_QUESTIONS,
                _now,
                packed,
            )
        finally:
            await desk.close()


def _now() -> datetime:
    return datetime.now(UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with serve(Options()) as emulator:
        monkeypatch = pytest.MonkeyPatch()  # the other fixture is not for a whole module
        for name, value in emulator.endpoints.items():
            monkeypatch.setenv(name, value)
        await emulator.play(stories.find("buddy"))
        host = Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"])
        cloud = await gcp.connect(Settings(project=Known(PROJECT), emulated=host))
        yield Stage(emulator, cloud, tmp_path_factory.mktemp("state"))
        await cloud.close()
        monkeypatch.undo()


async def test_the_folder_that_failed_nine_times_is_refused_and_the_root_is_named(stage: Stage) -> None:
    prepared = await stage.prepared(ROOT / "Back_End")

    assert prepared.preflight is not None
    assert prepared.preflight.verdict is Verdict.FAIL
    assert prepared.preflight.suggested_root == ROOT
    assert prepared.release.plan.refusal.startswith("The source fails its preflight: ")


async def test_deployed_all_the_same_it_is_diagnosed_and_the_list_is_exactly_as_before(stage: Stage) -> None:
    before = (await stage.cloud.service(NAME)).desired
    prepared = await stage.prepared(ROOT / "Back_End", reason="to see what happens")

    told = await stage.deployed(prepared)

    assert told.ending is Ending.PUT_BACK, told.sentence
    assert told.finding is not None
    assert told.finding.cause is Cause.LOCAL_MODULE_MISSING
    assert (await stage.cloud.service(NAME)).desired == before


async def test_from_the_root_it_is_ready_tagged_and_proved_while_nobody_notices(stage: Stage) -> None:
    before = await stage.cloud.service(NAME)
    prepared = await stage.prepared(ROOT)

    async with loading(before.uri) as load:
        told = await stage.deployed(prepared)
        await load.until(40)

    release = prepared.release
    service, revisions = await stage.cloud.service(NAME), await stage.cloud.revisions(NAME)
    assert told.ending is Ending.DONE, told.sentence
    assert next(one.state for one in revisions if one.name == release.revision) is RevisionState.READY
    assert service.desired == release.plan.after
    assert service.desired[:-1] == before.desired
    assert {one.tag for one in service.effective} == {"", release.tag}
    assert (load.failed, load.served(SERVING)) == (0, load.asked)
