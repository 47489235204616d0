"""What feeds the release checklist's screen: a look, ticks that come meanwhile, and what is kept."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from buddy_tui.config import Known, Settings
from buddy_tui.diagnose import Examiner
from buddy_tui.errors import UsageProblem
from buddy_tui.gateway import Cloud
from buddy_tui.logs import LogDesk
from buddy_tui.probe_streams import ProbeStreams
from buddy_tui.verify.ticks import Ticks
from buddy_tui.verify.values import Answered, Checklist
from tests import make
from tests.fakes import FakeReads, FakeTime

REVISION = "api-00002-bbb"


@pytest.fixture
def cloud() -> FakeReads:
    """Let there be a service whose revision has no address: nothing is ever sent to it."""
    reads = FakeReads()
    reads.put(replace(make.service(), uri=""), make.revision(REVISION))
    return reads


@pytest.fixture
def streams(cloud: FakeReads, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ProbeStreams:
    time = FakeTime()
    desk = LogDesk(cloud, "acme-prod", clock=time, sleep=time.sleep)

    async def connected() -> tuple[Cloud, Examiner]:
        return cloud, Examiner(desk, cloud, clock=time)

    monkeypatch.setattr("platformdirs.user_state_path", lambda *_, **__: tmp_path)
    return ProbeStreams(Settings(project=Known("acme-prod")), connected, time, None)


async def test_a_whole_look_is_kept_and_a_tick_is_shown_and_kept_without_asking_anew(
    streams: ProbeStreams, cloud: FakeReads
) -> None:
    wake, told = asyncio.Event(), Checklist(make.NAME)
    async with aclosing(streams.checklists(make.NAME, "", wake)) as values:
        while not told.done:
            told = await anext(values)
        asked = len(cloud.calls)

        await streams.tick(make.NAME, REVISION, "monitor-fed", "alice", "Seen.")
        wake.set()
        ticked = await anext(values)

    assert {line.answered for line in ticked.lines if line.id == "monitor-fed"} == {Answered.BY_HAND}
    assert len(cloud.calls) == asked
    async with aclosing(streams.releases(make.NAME, asyncio.Event())) as releases:
        (kept,) = await anext(releases)
    assert (kept.kept, kept.revision, kept.keeping) == (True, REVISION, "")
    assert [one.answered for one in kept.lines] == [one.answered for one in ticked.lines]


async def test_what_is_kept_is_read_again_when_that_is_asked(streams: ProbeStreams) -> None:
    wake = asyncio.Event()
    async with aclosing(streams.releases(make.NAME, wake)) as releases:
        assert await anext(releases) == ()

        async with aclosing(streams.checklists(make.NAME, "", asyncio.Event())) as values:
            while not (await anext(values)).done:
                pass
        wake.set()

        assert [one.revision for one in await anext(releases)] == [REVISION]


async def test_a_line_that_the_plan_does_not_have_is_not_ticked(streams: ProbeStreams) -> None:
    with pytest.raises(UsageProblem, match="no line"):
        await streams.tick(make.NAME, REVISION, "nothing", "alice", "Seen.")


async def test_a_tick_that_waits_for_another_program_keeps_nobody_else_waiting(streams: ProbeStreams) -> None:
    path = Ticks(make.NAME).path(REVISION)
    path.parent.mkdir(parents=True)
    with FileLock(path.with_suffix(".lock")):
        tick = asyncio.create_task(streams.tick(make.NAME, REVISION, "monitor-fed", "alice", "Seen."))
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert not tick.done()

    await tick
    assert [one.by for one in Ticks(make.NAME).of(REVISION)] == ["alice"]
