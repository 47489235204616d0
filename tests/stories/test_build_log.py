"""Build logs of revisions, from a real emulator through the real client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from buddy_tui import gcp
from buddy_tui.cli import logs as verb
from buddy_tui.config import Known, Settings
from buddy_tui.diagnose import Examiner, located
from buddy_tui.emulator import stories
from buddy_tui.emulator.logs.store import Query
from buddy_tui.emulator.machine.archive import BuildFailed
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.emulator.tree import Tree
from buddy_tui.gateway import Cloud
from buddy_tui.log_scope import build_of
from buddy_tui.logs import LogDesk
from buddy_tui.model import LogEntry, LogScope, Revision, ServiceName

NAME = ServiceName(PROJECT, REGION, SERVICE)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with serve(Options()) as served:
        await served.play(stories.find("split"))
        yield served


@pytest.fixture
def settings(emulator: Emulator) -> Settings:
    return Settings(
        project=Known(PROJECT),
        regions=(Known(REGION),),
        service=Known(SERVICE),
        emulated=Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]),
    )


@pytest.fixture
async def cloud(settings: Settings) -> AsyncIterator[Cloud]:
    connected = await gcp.connect(settings)
    yield connected
    await connected.close()


@pytest.fixture
async def desk(cloud: Cloud) -> AsyncIterator[LogDesk]:
    opened = LogDesk(cloud, PROJECT, clock=now, most_calls=1000)
    yield opened
    await opened.close()


async def followed(cloud: Cloud, desk: LogDesk, revision: Revision) -> tuple[LogEntry, ...]:
    """Return what a boot log screen is fed with when it is asked for the build."""
    scope = build_of(NAME, revision)
    assert scope is not None
    stream = Examiner(desk, cloud, clock=now).boot_log(scope, (revision,))
    async with asyncio.timeout(20), aclosing(stream) as logs:
        async for log in logs:
            if log.batch.entries:
                return log.batch.entries
    raise AssertionError("the stream ended")


async def test_every_revision_of_a_source_leads_to_the_log_of_its_own_build(
    cloud: Cloud, desk: LogDesk
) -> None:
    revisions = await cloud.revisions(NAME)

    logs = {one.name: await followed(cloud, desk, one) for one in revisions}

    assert len(revisions) > 1
    assert len({log[0].instance for log in logs.values()}) == len(revisions)
    for revision in revisions:
        texts = [entry.text for entry in logs[revision.name]]
        assert texts[1:4] == ["FETCHSOURCE", f"Fetching storage object: {revision.source}", "BUILD"]
        assert any(text.startswith("Step 1/") for text in texts)
        assert texts[-2].removeprefix("digest: ") in revision.containers[0].image
        assert texts[-1] == "DONE"


async def test_the_log_of_a_build_that_failed_can_be_read(emulator: Emulator, desk: LogDesk) -> None:
    with pytest.raises(BuildFailed):
        await emulator.stage.build(SERVICE, Tree({"Dockerfile": b"FROM python:3.11\nRUN make\n"}))
    (failed,), _ = await emulator.logs.list_entries(
        Query((f"projects/{PROJECT}",), 'textPayload:"ERROR: build step 0"')
    )

    entries = await desk.window(LogScope(NAME, build=failed.resource.labels["build_id"]))
    source = entries[2].text.removeprefix("Fetching storage object: ")

    assert [entry.text for entry in entries][-3:-1] == ["Step 2/2 : RUN make", "ERROR"]
    assert "Dockerfile line 2: RUN make" in entries[-1].text
    assert (await located(desk, LogScope(NAME, source=source))).build == entries[0].instance


async def test_the_command_prints_the_build_of_a_revision(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await verb._print(settings, None, None, follow=False, activity=False, build=True, json=False)

    lines = capsys.readouterr().out.splitlines()
    assert "starting build" in lines[0]
    assert lines[-1].split()[-2:] == ["build", "DONE"]
