"""deploy: what is outside of a deployment: the doors to Cloud Run, its logs, its revisions and this disk, and time."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from buddy_tui.boot.values import BootLog, Reading
from buddy_tui.errors import Unreachable
from buddy_tui.finding import Finding
from buddy_tui.gateway import Cloud, Deploys, Writes
from buddy_tui.journal.keep import Journal
from buddy_tui.model import LogScope, Revision, ServiceName
from buddy_tui.probes.values import Door
from buddy_tui.question import Question
from buddy_tui.source.archive import Packed
from buddy_tui.watch import Clock, Sleep

_Value = TypeVar("_Value")
# Packs a source tree into a file, in a thread: (root, file) -> the digest of its contents, and the archive.
Pack = Callable[[Path, Path], tuple[str, Packed]]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


class Logs(Protocol):
    """What an `Examiner` offers: the log of a boot or a build as it comes, and the cause of a failed boot."""

    def boot_log(self, scope: LogScope, revisions: Sequence[Revision]) -> AsyncGenerator[BootLog, None]:
        """Yield a log from its beginning until closed; raises a BuddyError where there is none."""

    async def finding(
        self, name: ServiceName, revision: Revision, revisions: Sequence[Revision]
    ) -> tuple[Reading, Finding]:
        """Name the cause. Raises BuddyError when the log cannot be read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is waited.

    - `silence`: Google may be silent for so long before a deployment is left to be gone on with later
    - `slow`, `build`: a build that takes longer is said to be slow; one that takes so long is left alone
    - `boot`: a revision that is not ready by then never will be; Cloud Run itself gives up after four minutes
    - `address`: a ready revision has its tag by then
    - `landing`: a write without an answer is to be seen by then, or was not made
    - `late`: the last lines of a log may come so late
    """

    silence: timedelta = timedelta(minutes=2)
    slow: timedelta = timedelta(minutes=15)
    build: timedelta = timedelta(minutes=60)
    boot: timedelta = timedelta(minutes=15)
    address: timedelta = timedelta(minutes=2)
    landing: timedelta = timedelta(seconds=20)
    late: timedelta = timedelta(seconds=8)


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything that a deployment touches. `attempts` is how often each probe is put."""

    reads: Cloud
    writes: Writes
    deploys: Deploys
    journal: Journal
    logs: Logs
    door: Door
    questions: Sequence[Question]
    clock: Clock
    pack: Pack
    sleep: Sleep = asyncio.sleep
    limits: Limits = Limits()
    attempts: int = 8

    @property
    def folder(self) -> Path:
        """Where archives wait until they are uploaded: beside the journal, which knows them."""
        return self.journal.path.parent / "deployments"

    async def persistently(
        self, work: Callable[[], Awaitable[_Value]], within: timedelta | None = None
    ) -> _Value:
        """Do what may be done twice until it is answered. Raises Unreachable when nobody answers for too long."""
        began, pause = self.clock(), _FIRST_PAUSE
        while True:
            try:
                return await work()
            except Unreachable:
                # `abs`: a clock that was set back must not keep us waiting.
                if abs(self.clock() - began) >= (within or self.limits.silence):
                    raise
            await self.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
