"""actions: one change under way: its steps, any of which may end it, and what is put on record of it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.drafting import nothing_to_do
from buddy_tui.actions.marks import Lock, holder_of
from buddy_tui.actions.moved import moved
from buddy_tui.actions.recording import Author, recorded
from buddy_tui.actions.settled import in_between, is_effective
from buddy_tui.actions.steps import Steps
from buddy_tui.actions.values import Ending, Plan, Progress, StepState
from buddy_tui.actions.writing import UNLOCKED, Outside, Over, Writing
from buddy_tui.errors import BuddyError, ChangedUnderneath, NotAllowed, Unwritable
from buddy_tui.journal.keep import Held, Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.traffic import in_words, shares

_TITLES = (
    ("check", "Look whether the service is as it was planned for"),
    ("intent", "Write into the journal what will be done"),
    ("lock", "Show others that somebody is at work"),
    ("write", "Ask Cloud Run for the traffic"),
    ("settle", "Read back until it is effective"),
    ("mark", "Leave the service as others should see it"),
    ("record", "Write into the journal what became of it"),
)


class Change:
    """One change under way; `tell` is called with a Progress whenever there is something new."""

    def __init__(
        self, plan: Plan, outside: Outside, journal: Journal, author: Author, tell: Callable[[Progress], None]
    ) -> None:
        self._plan = plan
        self._the = outside
        self._journal = journal
        self._author = author
        self._tell = tell
        titles = [one for one in _TITLES if one[0] != "lock" or plan.verb not in UNLOCKED]
        self._steps = Steps(titles, outside.clock)
        self._writing = Writing(plan, outside, holder_of(author.who), self._seen)
        self._over: Over | None = None
        self._moved: tuple[str, ...] = ()
        self._warnings: list[str] = []
        self._intent: Record | None = None
        self._recorded = False
        self._running = ""
        self._held: Held | None = None

    @property
    def asked(self) -> bool:
        """Whether traffic was asked for: it may be written whatever happens to us."""
        return self._writing.asked

    async def run(self) -> None:
        """Do it all. What is raised is a bug or a cancellation; the journal has an outcome then too."""
        writing = self._writing
        try:
            await self._step("check", self._check)
            await self._step("intent", self._intend)
            await self._step("lock", writing.lock)
            await self._step("write", self._write)
            await self._step("settle", writing.settle)
            self._over = self._over or self._done()
            if writing.wants_marks and self._over.ending is not Ending.UNKNOWN:
                await self._aside("mark", writing.mark)
            if intent := self._intent:
                await self._aside("record", lambda: self._record(intent))
            self._steps.over()
            self._show(self._over)
        finally:
            self._record_at_last()
            if self._held:
                self._held.release()

    async def _step(self, name: str, work: Callable[[], Awaitable[str]]) -> None:
        """Take a step, unless the change is over already. What goes wrong in it ends the change."""
        if self._over or name not in self._steps:
            return
        self._begin(name)
        try:
            self._steps.end(name, StepState.DONE, await work())
        except (BuddyError, Over) as error:
            self._over = over = error if isinstance(error, Over) else over_of(self._plan, error)
            is_failure = over.ending is not Ending.NOTHING_TO_DO
            self._steps.end(name, StepState.FAILED if is_failure else StepState.DONE, str(over))
            await self._ask_who_moved(over)
        self._show()

    async def _aside(self, name: str, work: Callable[[], Awaitable[str]]) -> None:
        """Take a step that changes nothing of how it ends: what goes wrong in it is a warning."""
        self._begin(name)
        try:
            self._steps.end(name, StepState.DONE, await work())
        except BuddyError as error:
            if str(error) != str(self._over):
                self._warnings.append(str(error))
            self._steps.end(name, StepState.FAILED, str(error))
        self._show()

    async def _check(self) -> str:
        plan = self._plan
        if plan.refusal and not nothing_to_do(plan):
            raise Over(Ending.REFUSED, plan.refusal, plan.hint)
        if plan.verb in UNLOCKED and not same(plan.before, plan.after):
            return "Cloud Run looks itself, when it is asked: a way back waits for no second look"
        service = await self._writing.look()
        if service.etag != plan.etag:
            said = "The service was changed since this was planned, so nothing was done."
            raise Over(Ending.CONFLICT, said, "Look at what moved, and plan anew.", since=plan.before)
        if same(plan.before, plan.after):
            if is_effective(service, plan.after):
                raise Over(Ending.NOTHING_TO_DO, plan.refusal or "It is as it was asked to be.", plan.hint)
            said = f"It was asked for before, and is not effective. {in_between(service)}"
            raise Over(Ending.NOT_DONE, said, "Wait and look again, or choose another revision.")
        return self._heed_lock()

    def _heed_lock(self) -> str:
        if not (lock := self._writing.lock_of_others()):
            return "as planned for"
        said = _at_work(lock)
        if self._plan.verb in UNLOCKED:
            self._warnings.append(said)
            return said
        raise Over(Ending.REFUSED, said, "Ask them, or wait until then; a roll-back is held up by nobody.")

    async def _write(self) -> str:
        said = await self._writing.write()
        if self._plan.verb in UNLOCKED and (lock := self._writing.lock_of_others()):
            self._warnings.append(_at_work(lock))
        return said

    async def _intend(self) -> str:
        intent = recorded(Kind.INTENT, secrets.token_hex(8), self._the.clock(), self._plan, self._author)
        self._held = self._journal.hold(intent.id)
        # From here on there may be a line of it, also when we are cancelled now.
        self._intent = intent
        try:
            await _to_its_end(asyncio.to_thread(self._journal.write, intent))
        except Unwritable:
            self._intent = None
            raise
        return f"journal: {intent.id}"

    async def _record(self, intent: Record) -> str:
        self._recorded = True
        await _to_its_end(asyncio.to_thread(self._journal.write, self._outcome(intent)))
        return "journal: the same"

    def _record_at_last(self) -> None:
        """Put on record what is known when we are cut off. Not in a thread: nobody may wait for one any more."""
        if self._intent and not self._recorded:
            with suppress(Unwritable):
                self._journal.write(self._outcome(self._intent))

    def _outcome(self, intent: Record) -> Record:
        over = self._over or self._cut_off()
        return replace(
            intent,
            at=self._the.clock(),
            kind=Kind.OUTCOME,
            evidence=self._moved,
            outcome=over.ending,
            sentence=str(over),
        )

    def _cut_off(self) -> Over:
        if self.asked:
            said = "It was left after the traffic was asked for, and before it was seen to be effective."
            return Over(Ending.UNKNOWN, said)
        return Over(Ending.FAILED, "It was left before the traffic was asked for: nothing was changed.")

    def _done(self) -> Over:
        service = self._writing.service
        return Over(Ending.DONE, f"Effective: {in_words(shares(service.effective if service else ()))}.")

    async def _ask_who_moved(self, over: Over) -> None:
        """Tell what somebody else changed, as far as it can be read."""
        if over.since is None:
            return
        with suppress(BuddyError):
            service = await self._writing.look()
            reads, now = self._the.reads, self._the.clock()
            self._moved = await moved(self._plan, service, reads, now, since=over.since)

    def _begin(self, name: str) -> None:
        self._steps.begin(name)
        self._running = name
        self._show()

    def _seen(self, said: str) -> None:
        self._steps.say(self._running, said)
        self._show()

    def _show(self, over: Over | None = None) -> None:
        service = self._writing.service
        self._tell(
            Progress(
                self._plan,
                self._steps(),
                effective=service.effective if service else (),
                ending=over.ending if over else None,
                sentence=" ".join([str(over), *self._warnings]) if over else "",
                hint=over.hint if over else "",
                moved=self._moved,
                as_of=self._writing.as_of,
            )
        )


def over_of(plan: Plan, error: BuddyError) -> Over:
    """Return how an error ends a change of which no traffic was written."""
    if isinstance(error, ChangedUnderneath):
        return Over(Ending.CONFLICT, str(error), error.hint, since=plan.before)
    if isinstance(error, NotAllowed):
        return Over(Ending.DENIED, str(error), error.hint)
    is_guard = isinstance(error, Unwritable)
    return Over(Ending.REFUSED if is_guard else Ending.FAILED, str(error), error.hint)


def _at_work(lock: Lock) -> str:
    return f"{lock.holder} is at work on it ({lock.verb}), until {lock.until:%H:%M:%S} UTC at the latest."


async def _to_its_end(work: Awaitable[object]) -> None:
    """Wait for `work` to its end; who is cancelled meanwhile is cancelled only then."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        with suppress(BuddyError):
            task.result()
        raise
