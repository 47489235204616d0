"""probes: questions x revisions -> a matrix that fills as answers come."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from buddy_tui.errors import ExitCode
from buddy_tui.model import Revision, Service, Trouble
from buddy_tui.probes.judge import attempt_of
from buddy_tui.probes.request import headers_of
from buddy_tui.probes.tally import Tally, beside
from buddy_tui.probes.targets import targets_of
from buddy_tui.probes.values import Attempt, Door, Matrix, Target, Verdict, Visit
from buddy_tui.question import Question

Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[object]]

AT_ONCE = 8
"""Requests that are under way at most, and visitors who are there at most."""

# Nobody sees more than so many seconds apart, and a new matrix for every answer would cost more than the answers.
_APART = 0.1
# What an instance may need to wake up, beyond what the question allows. Cloud Run itself gives it up to four minutes.
_WAKING = 60.0


async def ask(  # noqa: PLR0913 - what to ask, how, and the two clocks of a test
    service: Service,
    revisions: Sequence[Revision],
    questions: Sequence[Question],
    door: Door,
    *,
    clock: Clock,
    wanted: Sequence[str] = (),
    attempts: int = 8,
    pause: float | None = None,
    sleep: Sleep = asyncio.sleep,
) -> AsyncGenerator[Matrix, None]:
    """Put every question to every revision that is wanted (see `targets_of`) and to the serving one, for comparison.

    The first matrix comes at once, and one that is `done` last. Each revision is woken by one request that does not
    count; then every cell gets `attempts` requests, one after another and none of them repeated, cells side by side.
    With a `pause` (seconds) it goes on until it is closed: one more attempt for each cell, round after round, of
    which a cell keeps the last ones. Closing it leaves no task and no connection behind.

    Raises NotFound for a revision that is not there, UsageProblem for a question that cannot be sent.
    """
    for question in questions:
        headers_of(question.ask)
    board = _Board(service, targets_of(service, revisions, wanted), tuple(questions), attempts, clock)
    if not board.targets:
        yield board.nobody()
        return
    yield board.matrix()
    asking = asyncio.create_task(_rounds(board, door, pause, sleep))
    asking.add_done_callback(lambda _: board.news.set())
    try:
        while True:
            await board.news.wait()
            board.news.clear()
            if asking.done():
                break
            yield board.matrix()
            await sleep(_APART)
        if error := asking.exception():
            raise _first(error)
        yield board.matrix(done=True)
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


def _first(error: BaseException) -> BaseException:
    """Return what really went wrong: a task group wraps it, and another group that one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _Board:
    """Where attempts are pinned. Only the cells that changed are made anew."""

    def __init__(
        self,
        service: Service,
        targets: tuple[Target, ...],
        questions: tuple[Question, ...],
        attempts: int,
        clock: Clock,
    ) -> None:
        self.targets = targets
        self.questions = questions
        self.attempts = attempts
        self.news = asyncio.Event()
        self.round = 0
        self._clock = clock
        self._began = clock()
        self._service = service
        self._tallies = [[Tally(target, one, attempts) for one in questions] for target in targets]
        self._cells = [[tally.cell() for tally in row] for row in self._tallies]
        self._changed: set[tuple[int, int]] = set()
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Return when the caller's request may begin: one each time that the event loop comes round.

        Where answers come fast, all would otherwise go on in the same breath; and a key, which needs several breaths
        until it is on the screen, would wait for all of them each time.
        """
        waited = self._turn.locked()
        async with self._turn:
            if not waited:  # who had to wait comes round by that alone
                await asyncio.sleep(0)

    def tally(self, row: int, column: int) -> Tally:
        """Return what is known of a cell, which is about to change."""
        self._changed.add((row, column))
        self.news.set()
        return self._tallies[row][column]

    def made(self, row: int, column: int) -> int:
        """Return how many attempts a cell has had."""
        return self._tallies[row][column].made

    def nobody(self) -> Matrix:
        """Return the matrix of a service without anybody to ask."""
        name = self._service.name
        trouble = Trouble(
            f"No revision of {name.service} serves or has a tag: there is nobody to ask.",
            "Name a revision: what keeps it from being asked is then told.",
            ExitCode.RETRYABLE,
            self._began,
        )
        return Matrix(
            name, questions=self.questions, began=self._began, as_of=self._began, done=True, trouble=trouble
        )

    def matrix(self, *, done: bool = False) -> Matrix:
        """Return all that is known now."""
        for row, column in self._changed:
            self._cells[row][column] = self._tallies[row][column].cell()
        self._changed.clear()
        baseline = self.targets[0] if self.targets[0].percent and self.targets[0].refusal is None else None
        serving = baseline.revision if baseline else ""
        return Matrix(
            name=self._service.name,
            targets=self.targets,
            questions=self.questions,
            cells=beside(self._cells, self.questions, serving),
            baseline=serving,
            attempts=self.attempts,
            round=self.round,
            began=self._began,
            as_of=self._clock(),
            done=done,
        )


async def _rounds(board: _Board, door: Door, pause: float | None, sleep: Sleep) -> None:
    places = asyncio.Semaphore(AT_ONCE)
    rows = [at for at, target in enumerate(board.targets) if target.refusal is None]
    async with asyncio.TaskGroup() as group:
        for row in rows if board.questions else ():
            group.create_task(_woken(board, door, places, row))
    board.round = 1
    while pause is not None and rows:
        board.news.set()
        await sleep(pause)
        async with asyncio.TaskGroup() as group:
            for row in rows:
                for column in range(len(board.questions)):
                    group.create_task(_asked(board, door, places, row, column, 1))
        board.round += 1


async def _woken(board: _Board, door: Door, places: asyncio.Semaphore, row: int) -> None:
    """Rinse a revision, then put all questions to it."""
    columns = range(len(board.questions))
    # One that changes nothing, where there is one.
    harmless = (at for at in columns if board.questions[at].ask.method in {"GET", "HEAD"})
    first = next(harmless, 0)
    question = board.questions[first]
    patient = replace(question, timeout=question.timeout + _WAKING)
    async with places:
        visit = door.visit()
        try:
            rinse, _ = await _attempted(board, visit, board.targets[row], patient, 0)
        finally:
            await visit.close()
    board.tally(row, first).rinse = rinse
    async with asyncio.TaskGroup() as group:
        for column in columns:
            group.create_task(_asked(board, door, places, row, column, board.attempts))


async def _asked(
    board: _Board, door: Door, places: asyncio.Semaphore, row: int, column: int, times: int
) -> None:
    """Make so many attempts, one after another, as one visitor; none after one that was not let in."""
    target, question = board.targets[row], board.questions[column]
    async with places:
        visit = door.visit()
        try:
            for _ in range(times):
                attempt, fix = await _attempted(board, visit, target, question, board.made(row, column) + 1)
                board.tally(row, column).add(attempt, fix)
                if attempt.verdict is Verdict.REFUSED:
                    break
        finally:
            await visit.close()
    board.tally(row, column).over = True


async def _attempted(
    board: _Board, visit: Visit, target: Target, question: Question, number: int
) -> tuple[Attempt, str]:
    await board.turn()
    answer = await visit.send(target, question.ask, timeout=question.timeout)
    return await attempt_of(question, number, answer), answer.fix
