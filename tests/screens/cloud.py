"""A `Cloud` for the app: the `FakeReads` of the tests, with a log that says what it is told and no archives."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from buddy_tui.errors import BuddyError, NotFound
from buddy_tui.gateway import LogPage, Tailed
from buddy_tui.model import LogEntry, SourceTree
from tests.fakes import FakeReads


class FakeCloud(FakeReads):
    """Every look at a log finds all `entries`, or raises `log_trouble`; the tail delivers nothing."""

    entries: tuple[LogEntry, ...] = ()
    log_trouble: BuddyError | None = None

    async def log_page(
        self, project: str, log_filter: str, *, token: str = "", size: int = 1000, newest_first: bool = False
    ) -> LogPage:
        self.calls.append(("log_page", log_filter))
        if self.log_trouble:
            raise self.log_trouble
        return LogPage(self.entries[::-1] if newest_first else self.entries)

    async def tail(self, project: str, log_filter: str) -> AsyncGenerator[Tailed, None]:
        self.calls.append(("tail", log_filter))
        await asyncio.Event().wait()
        yield Tailed()

    def raw_json(self, entry: LogEntry) -> dict[str, object]:
        return {"insertId": entry.insert_id}

    async def source_tree(self, where: str, texts: Sequence[str]) -> SourceTree:
        raise NotFound(f"There is no archive {where}.")
