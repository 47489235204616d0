"""verify: the plan answered: every line by whoever can, side by side, as a stream of checklists."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from buddy_tui.diagnose import Examiner
from buddy_tui.diagnose.shelf import Shelf
from buddy_tui.errors import BuddyError, ExitCode
from buddy_tui.gateway import Cloud
from buddy_tui.model import Revision, Service, Trouble
from buddy_tui.probes.values import Matrix
from buddy_tui.question import SessionPlan
from buddy_tui.sessions.audit import audit
from buddy_tui.sessions.values import Ladder
from buddy_tui.verify.deployment import boots_without_import_errors, deployed_from_root
from buddy_tui.verify.persisted import PERSISTED, from_ladder
from buddy_tui.verify.plan import PLAN, answer, last_good
from buddy_tui.verify.probed import PROBED, from_matrix, refused
from buddy_tui.verify.production import all_traffic, no_data_loss
from buddy_tui.verify.request_log import (
    MONITOR,
    REQUESTED,
    Requests,
    error_rate,
    monitor_fed,
    requests,
    session_paths,
    sessions_in_production,
)
from buddy_tui.verify.ticks import Ticks
from buddy_tui.verify.values import Answered, Checklist, Line

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is verified: one revision of a service, whose `revisions` are newest first, and how it keeps sessions."""

    service: Service
    revisions: tuple[Revision, ...]
    revision: Revision
    plan: SessionPlan


async def verify(
    subject: Subject,
    *,
    cloud: Cloud,
    examiner: Examiner,
    shelf: Shelf,
    clock: Clock,
    matrices: AsyncGenerator[Matrix, None],
    ladders: AsyncGenerator[Ladder, None],
    ticks: Ticks | None = None,
) -> AsyncGenerator[Checklist, None]:
    """Yield the checklist whenever a line is answered; the last one is `done`.

    `matrices` are the answers of probes (`buddy_tui.probes.ask`), `ladders` those of the session probe of this
    revision (`buddy_tui.sessions.climb`); both are closed. A part that cannot be looked at leaves its lines unknown,
    with the reason; of such troubles the checklist's is a missing permission, else the first. An exception that is no
    BuddyError is raised.
    """
    look = _Look(subject, cloud, examiner, shelf, clock)
    board = _Board(subject, ticks, clock)
    board.put([all_traffic(subject.service, subject.revision, clock())])
    parts: tuple[tuple[Sequence[str], Callable[[], Awaitable[None]]], ...] = (
        (("deploys-from-root",), lambda: look.upload(board)),
        (("boots",), lambda: look.boot(board)),
        (PROBED, lambda: look.probes(board, matrices)),
        (PERSISTED, lambda: look.ladder(board, ladders)),
        (REQUESTED, lambda: look.requests(board)),
        (("no-data-loss",), lambda: look.sessions(board)),
    )
    tasks = [asyncio.create_task(_guarded(board, *part)) for part in parts]
    for task in tasks:
        task.add_done_callback(lambda _: board.news.set())
    try:
        while not all(task.done() for task in tasks):
            yield board.checklist()
            await board.news.wait()
            board.news.clear()
            for task in tasks:
                if task.done():
                    task.result()
        yield board.checklist(done=True)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Board:
    """Where the parts pin their lines, for the one who tells."""

    def __init__(self, subject: Subject, ticks: Ticks | None, clock: Clock) -> None:
        self.news = asyncio.Event()
        self._subject = subject
        self._ticks = ticks
        self._clock = clock
        self._lines = {line.id: line for line in PLAN}
        self._trouble: Trouble | None = None

    def put(self, lines: Iterable[Line]) -> None:
        self._lines.update((line.id, line) for line in lines)
        self.news.set()

    def give_up(self, identities: Sequence[str], why: str) -> None:
        """Say of those lines that have no answer that there will be none."""
        left = [one for one in identities if self._lines[one].answered is Answered.PENDING]
        self.put(answer(one, Answered.UNKNOWN, why, self._lines[one].source, self._clock()) for one in left)

    def troubled(self, trouble: Trouble | None) -> None:
        """Keep the first trouble, or that which somebody else can mend."""
        known = self._trouble
        if trouble and (known is None or known.exit_code != ExitCode.NOT_ALLOWED == trouble.exit_code):
            self._trouble = trouble

    def failed(self, error: BuddyError) -> None:
        """Keep an error as a trouble."""
        self.troubled(Trouble.of(error, self._clock()))

    def checklist(self, *, done: bool = False) -> Checklist:
        name, revision, now = self._subject.service.name, self._subject.revision, self._clock()
        lines = tuple(self._lines.values())
        made = Checklist(name, revision.name, lines, done, now, self._trouble, revision.created)
        return self._ticks.on(made, now) if self._ticks else made


async def _guarded(board: _Board, identities: Sequence[str], part: Callable[[], Awaitable[None]]) -> None:
    """Do a part; lines that it leaves without an answer get the reason."""
    why = "It ended without an answer."
    try:
        await part()
    except BuddyError as error:
        board.failed(error)
        why = str(error)
    board.give_up(identities, why)


@dataclass(frozen=True, slots=True)
class _Look:
    """The parts of the plan, each of which pins its lines as soon as it knows."""

    subject: Subject
    cloud: Cloud
    examiner: Examiner
    shelf: Shelf
    clock: Clock

    async def upload(self, board: _Board) -> None:
        revision, revisions = self.subject.revision, self.subject.revisions
        sources = await self.shelf.sources(revision, revisions)
        unread = self.shelf.trouble(revision, revisions)
        if sources.uploaded is None and unread:
            board.failed(unread)
        board.put([deployed_from_root(revision, sources, str(unread or ""), self.clock())])

    async def boot(self, board: _Board) -> None:
        revision = self.subject.revision
        name = self.subject.service.name
        reading, finding = await self.examiner.finding(name, revision, self.subject.revisions)
        board.put([boots_without_import_errors(revision, reading, finding, self.clock())])

    async def probes(self, board: _Board, matrices: AsyncGenerator[Matrix, None]) -> None:
        revision = self.subject.revision.name
        async with aclosing(matrices):
            async for matrix in matrices:
                board.put(from_matrix(matrix, revision))
                board.troubled(matrix.trouble or refused(matrix, revision, self.clock()))

    async def ladder(self, board: _Board, ladders: AsyncGenerator[Ladder, None]) -> None:
        async with aclosing(ladders):
            async for ladder in ladders:
                board.put(from_ladder(ladder))
                board.troubled(ladder.trouble)

    async def requests(self, board: _Board) -> None:
        plan, now = self.subject.plan, self.clock()
        board.put([error_rate(await self._requests(now), now)])
        board.put([sessions_in_production(await self._requests(now, *session_paths(plan)), plan, now)])
        board.put([monitor_fed(await self._requests(now, MONITOR), now)])

    async def _requests(self, now: datetime, *paths: str) -> Requests:
        return await requests(self.cloud, self.subject.service.name, self.subject.revision, now, *paths)

    async def sessions(self, board: _Board) -> None:
        service, revision, revisions = self.subject.service, self.subject.revision, self.subject.revisions
        audited = await audit(self.cloud, service, revisions, self.subject.plan, clock=self.clock)
        board.troubled(audited.trouble)
        board.put([no_data_loss(audited, revision, last_good(service, revisions, revision))])
