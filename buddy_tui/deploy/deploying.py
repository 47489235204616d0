"""deploy: a deployment from its first line in the journal to its last, each step proved before the next.

archive    the source is packed, whole
upload     the archive is in its bucket, under a name that is its own
build      it is an image; begun once, and watched by reading its state
revision   the revision is asked for, with its tag and without traffic, in one update of what the operator saw
boot       the revision itself says that it is ready, and its tag leads to it
probe      it answers as it should
verdict    all of it is so still; or the candidate is taken back

Every step begins with looking at what is there already. So going on with a deployment that was cut off, by a kill or by
a lost connection, is the same as doing it: what was proved is in the journal, and what was not is looked for.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

from buddy_tui.actions.recording import Author
from buddy_tui.actions.state import revised, state_of
from buddy_tui.actions.values import Ending, StepState
from buddy_tui.actions.writing import Over
from buddy_tui.deploy.archiving import archive, cleared, upload
from buddy_tui.deploy.board import Board
from buddy_tui.deploy.building import build, cancel
from buddy_tui.deploy.control import Cancelled, Control
from buddy_tui.deploy.job import Job, Unfit
from buddy_tui.deploy.memory import Memory, left
from buddy_tui.deploy.outside import Outside
from buddy_tui.deploy.proving import boot, probe, verdict
from buddy_tui.deploy.rolling import appeared, is_there, roll_out
from buddy_tui.deploy.taking_back import taken_back
from buddy_tui.deploy.values import Deployment, Release, Stage
from buddy_tui.errors import BuddyError, ChangedUnderneath, NotAllowed, NotFound, Unreachable, Unwritable
from buddy_tui.model import ServiceName

_STEPS: tuple[tuple[Stage, Callable[[Job], Coroutine[Any, Any, str]]], ...] = (
    (Stage.ARCHIVE, archive),
    (Stage.UPLOAD, upload),
    (Stage.BUILD, build),
    (Stage.REVISION, roll_out),
    (Stage.BOOT, boot),
    (Stage.PROBE, probe),
    (Stage.VERDICT, verdict),
)
_BEYOND_WRITING = {Stage.BOOT, Stage.PROBE, Stage.VERDICT}
_GO_ON = "buddy-tui deploy goes on where it stopped."


async def deploy(
    release: Release, outside: Outside, author: Author, *, control: Control | None = None
) -> AsyncGenerator[Deployment, None]:
    """Do what was planned, and yield how far it is; the last Deployment has the `ending`, and nothing is raised.

    It may be cancelled, closed or killed at every moment, and `resume` goes on with it. Where Google is silent for
    too long it ends as `unknown`: then too it can be gone on with. Every other ending is final, and in the journal.
    One deployment of a service is under way at a time on this machine; a second one, or a new one while another was
    left, is refused.
    """
    memory = Memory(outside.journal, release, author, outside.clock)
    async with aclosing(streamed(release, outside, memory, control or Control(), is_new=True)) as values:
        async for value in values:
            yield value


async def streamed(
    release: Release, outside: Outside, memory: Memory, control: Control, *, is_new: bool
) -> AsyncGenerator[Deployment, None]:
    """Do a deployment, or go on with it, in a task of its own, and yield how far it is."""
    told: asyncio.Queue[Deployment | None] = asyncio.Queue()
    job = Job(release, outside, memory, Board(release, outside.clock, told.put_nowait))
    work = asyncio.create_task(_Deploying(job, control, is_new=is_new).run())
    work.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (value := await told.get()) is not None:
            yield value
        await work
    finally:
        work.cancel()
        await asyncio.wait({work})


class _Deploying:
    """One run of a deployment: from its beginning, or from where the one before came to."""

    def __init__(self, job: Job, control: Control, *, is_new: bool) -> None:
        self._job = job
        self._control = control
        self._is_new = is_new
        self._stage = Stage.ARCHIVE

    async def run(self) -> None:
        """Do it all. What is raised is a bug or a cancellation, and leaves the deployment to be gone on with."""
        over = await self._alone()
        self._job.board.over(over.ending, str(over), over.hint)

    async def _alone(self) -> Over:
        """Do it while nobody else on this machine deploys to this service."""
        name = self._job.name
        try:
            held = self._job.the.journal.hold(lock_of(name))
        except Unwritable as error:
            return Over(Ending.REFUSED, str(error), error.hint)
        if held is None:
            said = f"A deployment of {name.service} is under way in another program here."
            return Over(Ending.REFUSED, said, "Wait for its end.")
        try:
            await (self._begun() if self._is_new else self._found())
        except (BuddyError, Over) as error:
            return _refused(error)
        else:
            return await self._recorded(await self._walked())
        finally:
            held.release()

    async def _begun(self) -> None:
        """Write down what will be done, if it may be done."""
        job, plan = self._job, self._job.release.plan
        if plan.refusal:
            raise Over(Ending.REFUSED, plan.refusal, plan.hint)
        if other := await asyncio.to_thread(left, job.the.journal, job.name):
            said = f"The deployment of {other.release.revision} was left before its end."
            raise Over(
                Ending.REFUSED, said, "buddy-tui deploy goes on with it; with --cancel it is given up."
            )
        await self._check()
        await job.memory.begin()

    async def _check(self) -> None:
        """See that the service is still what the operator saw. Raises Over."""
        plan = self._job.release.plan
        try:
            service = await self._job.service()
        except NotFound:
            if plan.etag:
                raise
            return
        if not plan.etag or state_of(service) != plan.state:
            moved = " ".join(revised(plan, service))
            said = f"{plan.name.service} was changed since this was planned, so nothing was done. {moved}"
            raise Over(Ending.CONFLICT, said.strip(), "Look at it, and deploy again.")

    async def _found(self) -> None:
        """Take over what the one before has proved, unless somebody else has brought it to its end meanwhile."""
        other = await asyncio.to_thread(left, self._job.the.journal, self._job.name)
        if other is None or other.release.id != self._job.release.id:
            raise Over(Ending.REFUSED, "That deployment has come to its end meanwhile.", "buddy-tui history")
        self._job.memory.known = other.known

    async def _walked(self) -> Over:
        """Take step after step, and return how it ended. Raises nothing that can go wrong."""
        if why := self._job.known.failed:
            return await self._taken_back(why)
        try:
            self._heed()
            return await self._stepped()
        except Unfit as unfit:
            return await self._taken_back(str(unfit))
        except Cancelled:
            return await self._given_up()
        except (BuddyError, Over) as error:
            return self._over(error)

    async def _stepped(self) -> Over:
        release, board = self._job.release, self._job.board
        said, first = "", await self._first()
        for at, (stage, work) in enumerate(_STEPS):
            if at >= first:
                said = await self._step(stage, work)
            elif release.root is None and stage is not Stage.REVISION:
                board.passed(stage, StepState.SKIPPED)
            else:
                board.passed(stage, StepState.DONE, "done before")
        return Over(Ending.DONE, said, "" if release.first else f"buddy-tui promote {release.revision}")

    async def _first(self) -> int:
        """Return which step is the first one that is not proved."""
        known = self._job.known
        if known.asked and await is_there(self._job):
            return _at(Stage.BOOT)
        if self._job.release.root is None or known.image:
            return _at(Stage.REVISION)
        return _at(Stage.BUILD if known.source else Stage.ARCHIVE)

    async def _step(self, stage: Stage, work: Callable[[Job], Coroutine[Any, Any, str]]) -> str:
        board, self._stage = self._job.board, stage
        board.begin(stage)
        try:
            if stage is Stage.REVISION:  # a write is never left half-way
                said = await work(self._job)
            else:
                said = await self._control.unless_cancelled(work(self._job))
            self._heed()
        except (BuddyError, Over, Unfit, Cancelled) as error:
            board.end(StepState.FAILED, str(error))
            raise
        board.end(StepState.DONE, said)
        return said

    def _heed(self) -> None:
        if self._control.why:
            raise Cancelled(self._control.why)

    async def _taken_back(self, why: str) -> Over:
        job, self._stage = self._job, Stage.VERDICT
        job.board.begin(Stage.VERDICT)
        try:
            over = await taken_back(job, why)
        except BuddyError as error:
            over = self._over(error)
        job.board.end(StepState.DONE if over.ending is Ending.PUT_BACK else StepState.FAILED, str(over))
        return over

    async def _given_up(self) -> Over:
        job = self._job
        try:
            if job.known.asked and await appeared(job):
                return await self._taken_back(self._control.why)
            await cancel(job)
        except BuddyError as error:
            return self._over(error)
        return Over(Ending.FAILED, f"{self._control.why} {_as_it_was(job)}")

    async def _recorded(self, over: Over) -> Over:
        """Write down how it ended, unless it can be gone on with."""
        if over.ending is Ending.UNKNOWN:
            return over
        cleared(self._job)
        try:
            await self._job.memory.end(over.ending, str(over))
        except Unwritable as error:
            return Over(over.ending, f"{over} {error}", over.hint)
        return over

    def _over(self, error: BuddyError | Over) -> Over:
        """Return how an error in a step ends the deployment; `unknown` where it can be gone on with."""
        if isinstance(error, Over):
            return error
        job, is_beyond = self._job, self._stage in _BEYOND_WRITING
        if is_beyond or isinstance(error, Unreachable | Unwritable):
            where = (
                f"{job.release.revision} was asked for, and nobody uses it yet."
                if is_beyond
                else _as_it_was(job)
            )
            return Over(Ending.UNKNOWN, f"{error} {where}", f"{error.hint} {_GO_ON}".strip())
        if isinstance(error, ChangedUnderneath):
            return Over(Ending.CONFLICT, str(error), error.hint)
        ending = Ending.DENIED if isinstance(error, NotAllowed) else Ending.FAILED
        return Over(ending, f"{error} {_as_it_was(job)}", error.hint)


def _refused(error: BuddyError | Over) -> Over:
    """Return how a deployment ends that was not begun."""
    if isinstance(error, Over):
        return error
    if isinstance(error, NotAllowed):
        return Over(Ending.DENIED, str(error), error.hint)
    return Over(Ending.REFUSED if isinstance(error, Unwritable) else Ending.FAILED, str(error), error.hint)


def _as_it_was(job: Job) -> str:
    return f"{job.name.service} is as it was."


def _at(stage: Stage) -> int:
    return [one for one, _ in _STEPS].index(stage)


def lock_of(name: ServiceName) -> str:
    """Return the id of the lock that whoever deploys to a service has on this machine."""
    return f"deploy-{name.project}-{name.region}-{name.service}".replace(":", "_")
