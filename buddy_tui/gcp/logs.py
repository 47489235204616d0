"""gcp: Cloud Logging as a `gateway.LogReads`: pages of entries, and a tail."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager, aclosing, suppress
from typing import Any

from google.cloud.logging_v2.types import (
    ListLogEntriesRequest,
    ListLogEntriesResponse,
    TailLogEntriesRequest,
    TailLogEntriesResponse,
)
from google.protobuf.duration_pb2 import Duration

from buddy_tui.gateway import LogPage, Tailed
from buddy_tui.gcp import log_entries
from buddy_tui.gcp.calls import Calls
from buddy_tui.gcp.clients import CALL_SECONDS
from buddy_tui.gcp.errors import LOG_TAIL
from buddy_tui.model import LogEntry

_HOST = "logging.googleapis.com"
# How long Google collects entries to put them in order before it sends them. Its own default is 2 s.
_WINDOW = Duration(seconds=1)
# A refusal comes after the connection stands, and within this time.
_REFUSED_WITHIN = 0.5


class GoogleLogs(Calls):
    """Looks at logs through the official async client. No call is repeated here: each counts against the quota."""

    async def log_page(
        self, project: str, log_filter: str, *, token: str = "", size: int = 1000, newest_first: bool = False
    ) -> LogPage:
        """List one page of entries, in order of time."""
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{project}"],
            filter=log_filter,
            order_by="timestamp desc" if newest_first else "timestamp asc",
            page_size=size,
            page_token=token,
        )
        with self._told(project, "the log filter", CALL_SECONDS):
            pager: Any = await self.clients.logs.list_log_entries(request, retry=None, timeout=CALL_SECONDS)
            async with aclosing(pager.pages) as pages:
                page = ListLogEntriesResponse.pb(await anext(pages))
        return LogPage(log_entries.convert(page.entries), page.next_page_token)

    async def tail(self, project: str, log_filter: str) -> AsyncGenerator[Tailed, None]:
        """Deliver entries as they come in, first an empty delivery when the tail is open and was not refused."""
        request = TailLogEntriesRequest(
            resource_names=[f"projects/{project}"], filter=log_filter, buffer_window=_WINDOW
        )
        over = asyncio.Event()
        with self._told(project, LOG_TAIL, 0.0):
            call: Any = await self.clients.logs.tail_log_entries(
                requests=_asking(request, over), retry=None, timeout=None
            )
            try:
                call.add_done_callback(lambda _: over.set())
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), _REFUSED_WITHIN)
                if not over.is_set():
                    yield Tailed()
                async for message in call:
                    answer = TailLogEntriesResponse.pb(message)
                    suppressed = sum(info.suppressed_count for info in answer.suppression_info)
                    yield Tailed(log_entries.convert(answer.entries), suppressed)
            finally:
                over.set()
                call.cancel()

    def place(self, entry: LogEntry) -> tuple[str, str]:
        """Tell the region and the service that an entry of a page or a tail is about; empty where it does not say."""
        return log_entries.place(entry)

    def raw_json(self, entry: LogEntry) -> dict[str, object]:
        """Return an entry of ours as Google's own JSON, without the bodies of API calls."""
        return log_entries.raw_json(entry)

    def _told(self, project: str, what: str, seconds: float) -> AbstractContextManager[None]:
        host = _HOST if self.clients.credentials is not None else self.clients.about.host
        return self.translated(
            project,
            what=what,
            seconds=seconds,
            host=host,
            product="Cloud Logging",
            permission="logging.logEntries.list",
        )


async def _asking(
    request: TailLogEntriesRequest, over: asyncio.Event
) -> AsyncIterator[TailLogEntriesRequest]:
    """Ask once, and keep the asking side open: Google ends a tail whose client has finished asking."""
    yield request
    await over.wait()
