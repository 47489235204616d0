"""A view of a log that is followed while simulated time passes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from buddy_tui.logs import LogDesk
from buddy_tui.model import LogBatch, LogEntry, LogScope, LogState
from tests import make
from tests.fakes import FakeReads, ManyTime, settle

SCOPE = LogScope(make.NAME, since=make.entry(-5).when)
REVISION = LogScope(make.NAME, "api-00001-aaa", since=make.entry(-5).when)


class Following:
    """What came over one view so far, with every promise about a batch checked as it came."""

    def __init__(self, stream: AsyncGenerator[LogBatch, None]) -> None:
        self.batches: list[LogBatch] = []
        self.entries: list[LogEntry] = []
        self.going = asyncio.Event()
        self.going.set()
        self._stream = stream
        self.task = asyncio.create_task(self._follow())

    @property
    def state(self) -> LogState:
        return self.batches[-1].state

    @property
    def texts(self) -> list[str]:
        """All texts, as a screen would show them: each where it belongs."""
        return [entry.text for entry in sorted(self.entries, key=place)]

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})
        await self._stream.aclose()

    async def _follow(self) -> None:
        async for batch in self._stream:
            told = [place(entry) for entry in batch.entries]
            before = max(map(place, self.entries), default=(0, "", ""))
            assert told == sorted(told)
            assert batch.late == {at for at, one in enumerate(told) if one < before}
            self.batches.append(batch)
            self.entries += batch.entries
            await self.going.wait()


def place(entry: LogEntry) -> tuple[int, str, str]:
    """Return what entries are ordered by."""
    return entry.when, entry.insert_id, entry.log


@asynccontextmanager
async def following(
    reads: FakeReads, time: ManyTime, *scopes: LogScope, most_calls: int = 12
) -> AsyncGenerator[list[Following], None]:
    """Follow these scopes, side by side, and stop in the end."""
    desk = LogDesk(reads, make.NAME.project, clock=time, sleep=time.sleep, most_calls=most_calls)
    views = [Following(desk.follow(scope)) for scope in scopes]
    await settle()
    try:
        yield views
        for view in views:
            if view.task.done() and not view.task.cancelled():
                view.task.result()
    finally:
        for view in views:
            await view.stop()
        await desk.close()
