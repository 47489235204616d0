"""deploy: one deployment under way, as its steps share it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from buddy_tui.boot.values import BootLog
from buddy_tui.deploy.board import Board
from buddy_tui.deploy.memory import Known, Memory
from buddy_tui.deploy.outside import Outside
from buddy_tui.deploy.values import Release
from buddy_tui.errors import BuddyError
from buddy_tui.finding import Finding
from buddy_tui.gateway import Stored
from buddy_tui.model import LogScope, Revision, Service, ServiceName


class Unfit(Exception):
    """The candidate is no good: why, in a sentence, and the cause where it is known."""

    def __init__(self, sentence: str, finding: Finding | None = None) -> None:
        super().__init__(sentence)
        self.finding = finding


@dataclass(slots=True)
class Job:
    """A deployment, all that is outside of it, and what its steps hand on to each other.

    `stored` is the archive in its bucket; `unsure` why the probes could not tell whether the revision is good.
    """

    release: Release
    the: Outside
    memory: Memory
    board: Board
    stored: Stored | None = None
    unsure: str = ""

    @property
    def name(self) -> ServiceName:
        """Whose deployment it is."""
        return self.release.plan.name

    @property
    def known(self) -> Known:
        """What was proved so far."""
        return self.memory.known

    @property
    def archive(self) -> Path:
        """Where the archive waits until it is uploaded."""
        return self.the.folder / f"{self.release.id}.zip"

    async def service(self) -> Service:
        """Read the service, however long it takes within reason."""
        return await self.the.persistently(lambda: self.the.reads.service(self.name))

    async def revisions(self) -> tuple[Revision, ...]:
        """Read the revisions, likewise."""
        return await self.the.persistently(lambda: self.the.reads.revisions(self.name))

    async def revision(self) -> tuple[Revision | None, tuple[Revision, ...]]:
        """Read the new revision (`None` while it is not there), and all of them."""
        revisions = await self.revisions()
        return next((one for one in revisions if one.name == self.release.revision), None), revisions

    def since(self, moment: datetime) -> timedelta:
        """Return how long ago that was; a clock that was set back counts as well."""
        return abs(self.the.clock() - moment)


@asynccontextmanager
async def following(
    job: Job, scope: LogScope, revisions: Sequence[Revision], take: Callable[[BootLog], None]
) -> AsyncGenerator[None, None]:
    """Take a log as it comes, as long as the block lasts; one that cannot be read holds nothing up."""
    reading = asyncio.create_task(_read(job, scope, revisions, take))
    try:
        yield
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(
    job: Job, scope: LogScope, revisions: Sequence[Revision], take: Callable[[BootLog], None]
) -> None:
    try:
        async with aclosing(job.the.logs.boot_log(scope, revisions)) as values:
            async for value in values:
                take(value)
    except BuddyError as error:
        job.board.say(f"Its log cannot be read: {error}")
