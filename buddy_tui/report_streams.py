"""What the screen of an incident report is fed with: the report, and what is read for it meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from buddy_tui.errors import BuddyError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from datetime import datetime, timedelta

    from buddy_tui.diagnose import Examiner
    from buddy_tui.gateway import Cloud
    from buddy_tui.journal.keep import Journal
    from buddy_tui.model import ServiceName
    from buddy_tui.report.values import Writing


class ReportStreams:
    """Streams of reports over the connection that `connected` gives; `journal` is what was changed from here."""

    def __init__(
        self,
        connected: Callable[[], Awaitable[tuple[Cloud, Examiner]]],
        clock: Callable[[], datetime],
        journal: Callable[[], Journal],
    ) -> None:
        self._connected = connected
        self._clock = clock
        self._journal = journal

    async def reports(
        self, name: ServiceName, wake: asyncio.Event, *, since: timedelta | None
    ) -> AsyncGenerator[Writing, None]:
        """Write the report of the newest incident, or of the time `since` back; again whenever that is asked.

        It names people: who shows it hides them. Where Cloud Run does not answer, the last report stays, with the
        trouble beside it.
        """
        from buddy_tui.model import Trouble
        from buddy_tui.report.values import Writing

        last = Writing(name)
        while True:
            wake.clear()
            try:
                async with aclosing(self._written(name, since)) as values:
                    async for value in values:
                        last = value if value.report else replace(last, reading=value.reading)
                        yield last
            except BuddyError as error:
                last = replace(last, reading="", trouble=Trouble.of(error, self._clock()))
                yield last
            await wake.wait()

    async def _written(self, name: ServiceName, since: timedelta | None) -> AsyncGenerator[Writing, None]:
        from buddy_tui.diagnose.shelf import Shelf
        from buddy_tui.disk import here
        from buddy_tui.report.gather import Sources, writing

        cloud, examiner = await self._connected()
        journal = await asyncio.to_thread(self._journal().read)
        sources = Sources(cloud, examiner, Shelf(cloud, here, self._clock), journal, self._clock)
        begin = self._clock() - since if since else None
        async with aclosing(writing(name, sources, since=begin, with_names=True)) as values:
            async for value in values:
                yield value
