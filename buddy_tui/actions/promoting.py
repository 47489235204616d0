"""actions: one promotion under way. It ends by itself: promoted, put back, or left to whoever changed the traffic."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from buddy_tui.actions.apply import apply
from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.changing import Author
from buddy_tui.actions.control import Control
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.gates import together
from buddy_tui.actions.promote import promote
from buddy_tui.actions.state import state_of
from buddy_tui.actions.undo import put_back
from buddy_tui.actions.values import Ending, Gate, Phase, Plan, Progress, Promotion, Standing, Targets, Verb
from buddy_tui.actions.watching import Look, Watching
from buddy_tui.actions.writing import Outside, Over
from buddy_tui.errors import BuddyError, Unreachable, Unwritable
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import Revision, Service
from buddy_tui.traffic import in_words, shares

# So often it is tried to put back what was before; whoever is still not through needs a person.
_TRIES = 5
_DONE = {Ending.DONE, Ending.NOTHING_TO_DO}
_NOT_WRITTEN = {Ending.REFUSED, Ending.DENIED, Ending.FAILED}


class _Breach(Exception):
    """Why everything goes back, in words."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The steps in percent, how long each is baked, and how often the gates are looked at, in seconds."""

    steps: tuple[int, ...]
    bake: float
    interval: float


class Promoting:
    """One promotion; `tell` is called with a Promotion whenever there is something new."""

    def __init__(  # noqa: PLR0913 - what it does, with what, and for whom
        self,
        plan: Plan,
        pace: Pace,
        outside: Outside,
        journal: Journal,
        watching: Watching,
        control: Control,
        *,
        author: Author,
        terms: Terms,
        tell: Callable[[Promotion], None],
    ) -> None:
        self._plan = plan
        self._pace = pace
        self._the = outside
        self._journal = journal
        self._watching = watching
        self._control = control
        self._author = author
        self._terms = terms
        self._tell = tell
        self._id = secrets.token_hex(8)
        self._seen = Promotion(plan, pace.steps)
        self._skips: list[str] = []
        # The list that is ours now, and the one that a step that went wrong may have left.
        self._ours: Targets = plan.before
        self._asked: Targets = plan.before

    async def run(self) -> None:
        """Do it all. What is raised is a bug or a cancellation; the journal says then that it was left."""
        if self._plan.refusal:
            self._show(phase=Phase.OVER, ending=Ending.REFUSED, sentence=self._plan.refusal)
            return
        try:
            held = self._journal.hold(self._id)
            self._note(f"The promotion began: {self._percents()}.")
        except Unwritable as error:
            self._show(phase=Phase.OVER, ending=Ending.REFUSED, sentence=str(error))
            return
        probing = asyncio.create_task(self._watching.probe())
        try:
            await self._run()
        finally:
            probing.cancel()
            await asyncio.wait({probing})
            with suppress(Unwritable):
                self._note_end()
            if held:
                held.release()
        if not probing.cancelled():
            probing.result()

    async def _run(self) -> None:
        """Go from step to step; what ends it early is told as its end."""
        try:
            await self._verified()
            for step, percent in enumerate(self._pace.steps):
                self._show(step=step, phase=Phase.MOVING)
                await self._move(percent, first=not step)
                await self._bake()
            self._end(
                Ending.DONE, f"{self._plan.revision} was promoted: {self._percents()}, {self._proved()}."
            )
        except _Breach as breach:
            await self._put_back(str(breach))
        except Over as over:
            self._end(over.ending, str(over))
        except BuddyError as error:
            if same(self._asked, self._plan.before):
                self._end(Ending.FAILED, f"{error} Nothing was changed.")
            else:
                await self._put_back(str(error))

    async def _verified(self) -> None:
        """Return when the probes pass at 0 %, or somebody says why they need not be waited for."""
        while True:
            gate = self._watching.probes()
            if self._control.aborted:
                raise Over(Ending.REFUSED, f"{self._control.aborted} Nothing was changed.")
            if gate.standing is Standing.FAIL:
                raise Over(Ending.REFUSED, f"Not promoted, and nothing was changed. {_told(gate)}")
            if self._may_go_on(gate.standing is Standing.PASS, (gate,)):
                return
            self._show(phase=self._waiting(Phase.MOVING, over=self._watching.asked), gates=(gate,))
            await self._rest(min(self._pace.interval, 1.0))

    async def _move(self, percent: int, *, first: bool) -> None:
        """Take a step. Raises Over where nothing of this promotion was written, or somebody else was first."""
        service, revisions = await self._read()
        self._check(service)
        if first and state_of(service) != self._plan.state:
            raise Over(
                Ending.CONFLICT, "The service was changed since this was planned, so nothing was done."
            )
        plan = promote(service, revisions, self._plan.revision, percent, self._now())
        self._asked = plan.after
        progress = await self._applied(plan, self._author.reason)
        if progress.ending in _DONE:
            self._ours = plan.after
        elif progress.ending is Ending.CONFLICT:
            raise Over(Ending.CONFLICT, progress.sentence)
        elif first and progress.ending in _NOT_WRITTEN:
            raise Over(progress.ending or Ending.FAILED, progress.sentence)
        else:
            raise _Breach(f"The step to {percent} % did not come about: {progress.sentence}")

    async def _read(self) -> tuple[Service, tuple[Revision, ...]]:
        """Read the service; a moment without an answer is no reason to go back. Raises BuddyError after some."""
        for _ in range(_TRIES):
            try:
                service = await self._the.reads.service(self._plan.name)
                return service, await self._the.reads.revisions(self._plan.name)
            except Unreachable as error:
                trouble = error
                await self._rest(self._pace.interval)
        raise trouble

    async def _bake(self) -> None:
        """Return when all gates pass at the end of the bake time, or somebody says why the rest need not be waited for."""
        began = self._the.clock()
        while True:
            look = await self._watching.look(began)
            self._judge(look)
            left = max(0.0, self._pace.bake - (self._the.clock() - began).total_seconds())
            passed = not left and together(look.gates) is Standing.PASS
            phase = self._waiting(Phase.BAKING, over=not left)
            self._show(phase=phase, gates=look.gates, requests=look.requests, left=left)
            if self._may_go_on(passed, look.gates):
                return
            await self._rest(min(self._pace.interval, left or self._pace.interval))

    def _judge(self, look: Look) -> None:
        """Go on only if the traffic is ours and no gate has failed."""
        if look.service:
            self._check(look.service)
        failed = [gate for gate in look.gates if gate.standing is Standing.FAIL]
        if failed:
            self._show(gates=look.gates, requests=look.requests)
            raise _Breach(" ".join(map(_told, failed)))
        if self._control.aborted:
            raise _Breach(self._control.aborted)

    def _may_go_on(self, passed: bool, gates: tuple[Gate, ...]) -> bool:  # noqa: FBT001 - one of two grounds
        if self._control.paused:
            return False
        if skipped := self._control.skipped():
            self._skips.append(skipped)
            evidence = tuple(f"{gate.standing.value}: {_told(gate)}" for gate in gates)
            self._note("Somebody said not to wait for the gates any more.", reason=skipped, evidence=evidence)
            return True
        return passed

    def _waiting(self, busy: Phase, *, over: bool) -> Phase:
        if self._control.paused:
            return Phase.WAITING
        return Phase.HOLDING if over else busy

    def _check(self, service: Service) -> None:
        """Raise Over when somebody else has changed the traffic."""
        if not same(service.desired, self._ours):
            now = in_words(shares(service.effective))
            by = f" by {service.last_modifier}" if service.last_modifier else ""
            raise Over(
                Ending.CONFLICT, f"The traffic was changed{by}; what they wrote stands. Effective: {now}."
            )

    async def _put_back(self, why: str) -> None:
        """Bring back the exact list from before. Tried again while the list is still ours; never over somebody else's."""
        self._show(phase=Phase.PUTTING_BACK, sentence=f"PUTTING BACK: {why}")
        ending, said = Ending.UNKNOWN, ""
        for _ in range(_TRIES):
            try:
                service = await self._the.reads.service(self._plan.name)
            except BuddyError as error:
                said = str(error)
                await self._rest(self._pace.interval)
                continue
            if not any(same(service.desired, ours) for ours in (self._ours, self._asked, self._plan.before)):
                ending, said = (
                    Ending.CONFLICT,
                    "Somebody else has changed the traffic; what they wrote stands.",
                )
                break
            progress = await self._applied(put_back(service, self._plan.before, self._now()), why)
            ending, said = progress.ending or Ending.UNKNOWN, progress.sentence
            if ending in _DONE:
                self._end(Ending.PUT_BACK, f"PUT BACK. {why} Tags and shares are as before.")
                return
            if ending is Ending.DENIED:
                break
            await self._rest(self._pace.interval)
        self._end(ending, f"NOT PUT BACK. {why} {said}")

    async def _applied(self, plan: Plan, reason: str) -> Progress:
        author = self._author
        stream = apply(
            plan,
            reads=self._the.reads,
            writes=self._the.writes,
            journal=self._journal,
            clock=self._the.clock,
            sleep=self._the.sleep,
            who=author.who,
            acting=author.acting,
            reason=reason,
            evidence=tuple(map(_told, self._seen.gates)),
        )
        progress = Progress(plan)
        async with aclosing(stream) as told:
            async for progress in told:
                self._show(progress=progress)
        return progress

    async def _rest(self, seconds: float) -> None:
        """Sleep, unless the operator says something."""
        tasks = {
            asyncio.ensure_future(self._the.sleep(seconds)),
            asyncio.ensure_future(self._control.news()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _now(self) -> Terms:
        return replace(self._terms, now=self._the.clock())

    def _percents(self) -> str:
        return " -> ".join(f"{percent} %" for percent in self._pace.steps)

    def _proved(self) -> str:
        """Say whether all gates were waited for."""
        if not self._skips:
            return "all gates passed"
        return f"but gates were skipped ({'; '.join(dict.fromkeys(self._skips))})"

    def _end(self, ending: Ending, sentence: str) -> None:
        self._show(phase=Phase.OVER, ending=ending, sentence=sentence, left=0.0)

    def _show(self, **news: object) -> None:
        self._seen = replace(self._seen, **news, as_of=self._the.clock())  # type: ignore[arg-type]
        self._tell(self._seen)

    def _note_end(self) -> None:
        """Put on record how it ended; without an ending, that it was left where it is."""
        seen = self._seen
        left = "The promotion was left: the traffic stays where it is, and nobody watches its gates."
        self._note(seen.sentence if seen.ending else left, evidence=tuple(map(_told, seen.gates)))

    def _note(self, sentence: str, reason: str = "", evidence: tuple[str, ...] = ()) -> None:
        """Write into the journal. Not in a thread: nobody may wait for one when we are cut off."""
        seen = self._seen
        self._journal.write(
            Record(
                self._the.clock(),
                Kind.NOTE,
                self._id,
                self._plan.name,
                verb=Verb.PROMOTE,
                revision=self._plan.revision,
                who=self._author.who,
                acting=self._author.acting,
                reason=reason or self._author.reason,
                plan=self._plan.hash,
                before=self._plan.before,
                after=self._ours,
                evidence=evidence,
                outcome=seen.ending.value if seen.ending else "",
                sentence=sentence,
            )
        )


def _told(gate: Gate) -> str:
    return f"{gate.title}: {gate.seen}."
