"""Logs of a real emulator, streamed through the real client: all of it, once, whatever happens on the way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.filter import compile_filter
from buddy_tui.emulator.logs.store import Query
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.gateway import Cloud
from buddy_tui.log_scope import filter_of, union
from buddy_tui.logs import LogDesk
from buddy_tui.model import Link, LogBatch, LogEntry, LogScope, Revision, ServiceName

NAME = ServiceName(PROJECT, REGION, SERVICE)
WHERE = Where(PROJECT, REGION, SERVICE, f"{SERVICE}-00001-gdk")
SECOND = 1_000_000_000


@dataclass
class Scene:
    """A running emulator, a client of it, and a desk that waits a hundredth of what it means to."""

    emulator: Emulator
    cloud: Cloud
    desk: LogDesk

    async def kept(self, text: str) -> list[str]:
        """Return the insert ids of what the emulator itself has kept, in order of time."""
        found, token = await self.emulator.logs.list_entries(Query((f"projects/{PROJECT}",), text, "", 1000))
        assert not token
        return [entry.insert_id for entry in found]

    def log(self, number: int) -> None:
        """Let the service print a line."""
        line = entries.line(WHERE, "0069c7", "stdout", f"line {number}", datetime.now(UTC))
        self.emulator.logs.write(line)

    async def tail_is(self, *, is_open: bool) -> None:
        """Wait until there is a tail in the emulator, or none."""
        async with asyncio.timeout(10):
            while bool(self.emulator.logs._tails) is not is_open:  # noqa: ASYNC110 - it does not tell
                await asyncio.sleep(0.01)


class Reader:
    """Follows a scope, and keeps all that comes."""

    def __init__(self, desk: LogDesk, scope: LogScope) -> None:
        self.entries: list[LogEntry] = []
        self.last = LogBatch()
        self.wake = asyncio.Event()
        self._stream = desk.follow(scope, wake=self.wake)
        self._task = asyncio.create_task(self._read())

    async def has(self, number: int) -> None:
        """Look again until so many entries have come."""
        async with asyncio.timeout(20):
            while len(self.entries) < number or not self.last.state.complete:
                self.wake.set()
                await asyncio.sleep(0.2)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._stream.aclose()

    async def _read(self) -> None:
        async for batch in self._stream:
            self.last = batch
            self.entries += batch.entries


@asynccontextmanager
async def scene(story: str) -> AsyncGenerator[Scene, None]:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find(story))
        host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
        cloud = await gcp.connect(Settings(project=Known(PROJECT), emulated=Known(host)))
        desk = LogDesk(
            cloud,
            PROJECT,
            clock=lambda: datetime.now(UTC),
            sleep=lambda seconds: asyncio.sleep(seconds / 100),
            most_calls=1000,
        )
        try:
            yield Scene(emulator, cloud, desk)
        finally:
            await desk.close()
            await cloud.close()


def now() -> LogScope:
    """Return all that the service logs from now on."""
    return LogScope(NAME, since=int(datetime.now(UTC).timestamp()) * SECOND)


def boot_of(revision: Revision) -> LogScope:
    assert revision.created is not None
    return LogScope(NAME, revision.name, since=round(revision.created.timestamp() - 5) * SECOND)


def in_order(found: list[LogEntry]) -> list[str]:
    return [entry.insert_id for entry in sorted(found, key=lambda one: (one.when, one.insert_id))]


async def test_a_failed_boot_comes_whole_with_what_gcloud_hides_and_without_api_calls() -> None:
    async with scene("buddy") as stage:
        newest, *_ = await stage.cloud.revisions(NAME)
        scope = boot_of(newest)
        there = await stage.kept(f'resource.labels.revision_name="{newest.name}"')
        calls = await stage.kept(f'resource.labels.service_name="{SERVICE}" AND logName:"activity"')

        reader = Reader(stage.desk, scope)
        await reader.has(len(there))
        await reader.stop()
        read = await stage.desk.window(scope)
        whole = await stage.desk.window(LogScope(NAME, since=1))
        asked = await stage.desk.window(LogScope(NAME, since=1, activity=True))
        await stage.tail_is(is_open=False)

    assert in_order(reader.entries) == there
    assert [entry.insert_id for entry in read] == there
    assert {entry.log for entry in read} == {"stderr", "system", "event"}
    texts = [entry.text for entry in read]
    assert texts[0].startswith("Starting new instance. Reason: DEPLOYMENT_ROLLOUT")
    assert "Container called exit(1)." in texts
    assert any(text.endswith("ModuleNotFoundError: No module named 'Back_End'") for text in texts)
    assert texts[-1].startswith(f"Ready condition status changed to False for Revision {newest.name}")
    assert len(asked) == len(whole) + len(calls)
    assert "operator@example.com called UpdateService" in {entry.text for entry in asked}
    assert "activity" not in {entry.log for entry in whole}


async def test_a_tail_cut_ten_times_in_a_row_loses_nothing() -> None:
    async with scene("healthy") as stage:
        reader = Reader(stage.desk, now())
        for cut in range(10):
            await stage.tail_is(is_open=True)
            stage.log(2 * cut)
            stage.emulator.logs.close()
            stage.log(2 * cut + 1)
            await stage.tail_is(is_open=False)
        await reader.has(20)
        await stage.tail_is(is_open=True)
        await reader.stop()
        await stage.tail_is(is_open=False)

    assert sorted(entry.text for entry in reader.entries) == sorted(f"line {number}" for number in range(20))
    assert reader.last.state.reconnects == 10


async def test_late_and_doubled_entries_over_a_tail_that_keeps_breaking_come_once() -> None:
    async with scene("healthy") as stage:
        faults = stage.emulator.faults
        faults.log_delay, faults.log_late_share, faults.log_double_share = 0.5, 0.5, 0.5
        faults.drop_tail_after = 1
        reader = Reader(stage.desk, now())
        await stage.tail_is(is_open=True)
        for number in range(300):
            stage.log(number)
            await asyncio.sleep(0.01)
        await reader.has(300)
        await reader.stop()

    assert sorted(entry.text for entry in reader.entries) == sorted(f"line {number}" for number in range(300))
    assert reader.last.state.reconnects > 0


async def test_who_may_not_be_reached_is_told_and_comes_back() -> None:
    async with scene("healthy") as stage:
        stage.emulator.faults.unavailable = 1.0
        reader = Reader(stage.desk, LogScope(NAME, since=1))
        while reader.last.state.trouble is None:  # noqa: ASYNC110 - told by the stream, to somebody else
            await asyncio.sleep(0.01)
        assert reader.last.state.link in {Link.BROKEN, Link.CONNECTING}
        assert "is unavailable" in reader.last.state.trouble.sentence

        stage.emulator.faults.unavailable = 0.0
        await reader.has(1)
        await stage.tail_is(is_open=True)
        await reader.stop()

    assert reader.last.state.trouble is None


@pytest.mark.parametrize(
    "scope",
    [
        LogScope(NAME),
        LogScope(NAME, f"{SERVICE}-00001-gdk", since=SECOND + 1, until=2 * SECOND),
        LogScope(NAME, f"{SERVICE}-00001-gdk", activity=True),
        LogScope(NAME, activity=True),
        LogScope(NAME, build='a"b\\c'),
        LogScope(NAME, source='gs://a"b\\c#1', until=SECOND),
    ],
)
def test_every_query_of_ours_is_one(scope: LogScope) -> None:
    compile_filter(filter_of(scope))
    compile_filter(union([scope, replace(scope, revision="other")]))
