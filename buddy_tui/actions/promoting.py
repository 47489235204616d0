"""actions: one promotion under way. It ends by itself: promoted, put back, or left to whoever changed the traffic."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from buddy_tui.actions.control import Control
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.gates import together
from buddy_tui.actions.moving import Breach, Moving
from buddy_tui.actions.occupying import Occupying
from buddy_tui.actions.recording import Author, recorded
from buddy_tui.actions.values import Ending, Gate, Phase, Plan, Promotion, Standing
from buddy_tui.actions.watching import Look, Watching
from buddy_tui.actions.writing import Outside, Over
from buddy_tui.errors import BuddyError, NotAllowed, Unwritable
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind

# So often each probe must pass before anything moves.
_ATTEMPTS = 8
# Whoever leaves waits so many seconds at most until others see it.
_UNLOCKED_WITHIN = 3.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The steps in percent, how long each is baked, and how often the gates are looked at, in seconds.

    Logs come late: `lag` seconds are waited for them after the bake time, at least.
    """

    steps: tuple[int, ...]
    bake: float
    lag: float
    interval: float

    @property
    def whole(self) -> timedelta:
        """How long a step takes at least."""
        return timedelta(seconds=self.bake + self.lag)


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
        self._tell = tell
        self._id = secrets.token_hex(8)
        self._seen = Promotion(plan, pace.steps)
        self._skips: list[str] = []
        self._over: tuple[Ending, str] | None = None
        self._occupying = Occupying(plan, outside, author.who)
        self._moving = Moving(
            plan,
            outside,
            journal,
            author=author,
            terms=terms,
            tell=lambda progress: self._show(progress=progress),
            rest=lambda: self._rest(pace.interval),
        )

    async def run(self) -> None:
        """Do it all. What is raised is a bug or a cancellation; the journal says then that it was left."""
        if self._plan.refusal:
            self._end(Ending.REFUSED, self._plan.refusal)
            return
        try:
            held = self._journal.hold(self._id)
            self._note(f"The promotion began: {self._percents()}.")
        except Unwritable as error:
            self._end(Ending.REFUSED, str(error))
            return
        try:
            await self._run()
        finally:
            with suppress(Unwritable):
                self._note_end()
            if held:
                held.release()
            await self._watching.close()
            if not self._over:
                await self._left()

    async def _run(self) -> None:
        """Go from step to step; its end is told when nothing of it is to be seen on the service any more."""
        ending, sentence = self._over = await self._outcome()
        await self._occupying.end(put_back=ending is Ending.PUT_BACK)
        self._end(ending, sentence)

    async def _left(self) -> None:
        """Take the lock away: nobody is at work any more. Whoever leaves does not wait for that for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_UNLOCKED_WITHIN):
                await self._occupying.end(put_back=False)

    async def _outcome(self) -> tuple[Ending, str]:
        try:
            await self._occupying.begin(self._pace.whole)
            await self._verified()
            for step, percent in enumerate(self._pace.steps):
                self._show(step=step, phase=Phase.MOVING)
                await self._moving.step(percent, _evidence(self._seen.gates))
                await self._occupying.hold(self._pace.whole)
                await self._bake()
        except Breach as breach:
            return await self._put_back(str(breach))
        except Over as over:
            return over.ending, str(over)
        except BuddyError as error:
            if not self._moving.untouched:
                return await self._put_back(str(error))
            ending = Ending.DENIED if isinstance(error, NotAllowed) else Ending.FAILED
            return ending, f"{error} No traffic was moved."
        return Ending.DONE, f"{self._plan.revision} was promoted: {self._percents()}, {self._proved()}."

    async def _verified(self) -> None:
        """Return when the probes pass at 0 %, or somebody says why they need not be waited for."""
        await self._watching.begin(attempts=_ATTEMPTS)
        while True:
            gate = self._watching.probes()
            unknown = self._watching.asked and gate.standing is Standing.INCONCLUSIVE
            self._show(phase=self._waiting(Phase.MOVING, over=unknown), gates=(gate,))
            if self._control.aborted:
                raise Over(Ending.REFUSED, f"{self._control.aborted} No traffic was moved.")
            if gate.standing is Standing.FAIL:
                raise Over(Ending.REFUSED, f"Not promoted, and no traffic was moved. {_told(gate)}")
            if self._may_go_on(gate.standing is Standing.PASS, (gate,)):
                return
            await self._occupying.renew(self._pace.whole)
            await self._rest(min(self._pace.interval, 1.0))

    async def _bake(self) -> None:
        """Return when all gates pass at the end of the bake time, or somebody says why the rest need not be waited for."""
        began = self._the.clock()
        await self._watching.begin(attempts=1)
        while True:
            look = await self._watching.look(timedelta(seconds=self._pace.bake))
            self._judge(look)
            left = max(0.0, (began + self._pace.whole - self._the.clock()).total_seconds())
            passed = not left and together(look.gates) is Standing.PASS
            self._look_told(look, self._waiting(Phase.BAKING, over=not left and not passed), left)
            if self._may_go_on(passed, look.gates):
                return
            await self._occupying.renew(self._pace.whole)
            await self._rest(min(self._pace.interval, left or self._pace.interval))

    def _judge(self, look: Look) -> None:
        """Go on only if the traffic is ours and no gate has failed."""
        if look.service:
            self._moving.check(look.service)
        failed = [gate for gate in look.gates if gate.standing is Standing.FAIL]
        if failed:
            self._look_told(look, self._seen.phase, self._seen.left)
            raise Breach(" ".join(map(_told, failed)))
        if self._control.aborted:
            raise Breach(self._control.aborted)

    def _look_told(self, look: Look, phase: Phase, left: float) -> None:
        self._show(
            phase=phase, gates=look.gates, requests=look.requests, left=left, logs_until=look.logs_until
        )

    def _may_go_on(self, passed: bool, gates: tuple[Gate, ...]) -> bool:  # noqa: FBT001 - one of two grounds
        if self._control.paused:
            return False
        if skipped := self._control.skipped():
            self._skips.append(skipped)
            said = "Somebody said not to wait for the gates any more."
            self._note(said, reason=skipped, evidence=_evidence(gates))
            return True
        return passed

    def _waiting(self, busy: Phase, *, over: bool) -> Phase:
        if self._control.paused:
            return Phase.WAITING
        return Phase.HOLDING if over else busy

    async def _put_back(self, why: str) -> tuple[Ending, str]:
        self._show(phase=Phase.PUTTING_BACK, sentence=f"PUTTING BACK: {why}")
        ending, said = await self._moving.back(why, _evidence(self._seen.gates))
        if ending is Ending.PUT_BACK:
            return ending, f"PUT BACK. {why} Tags and shares are as before."
        return ending, f"NOT PUT BACK. {why} {said}"

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
        left = "The promotion was left: the traffic stays where it is, and nobody watches its gates."
        ending, sentence = self._over or ("", left)
        self._note(sentence, evidence=_evidence(self._seen.gates), outcome=ending)

    def _note(
        self, sentence: str, reason: str = "", evidence: tuple[str, ...] = (), outcome: str = ""
    ) -> None:
        """Write into the journal. Not in a thread: nobody may wait for one when we are cut off.

        Steps are changes of their own, each with its etag and its commands. What was put back is on record as one that
        led nowhere, besides, so that undoing the last change does not bring back what was bad.
        """
        was_put_back = outcome == Ending.PUT_BACK
        self._journal.write(
            recorded(
                Kind.OUTCOME if was_put_back else Kind.NOTE,
                self._id,
                self._the.clock(),
                self._plan,
                self._author,
                reason=reason or self._author.reason,
                after=self._plan.before if was_put_back else self._moving.ours,
                etag="",
                command="",
                undo_command="",
                evidence=evidence,
                outcome=outcome,
                sentence=sentence,
            )
        )


def _told(gate: Gate) -> str:
    return f"{gate.title}: {gate.seen}."


def _evidence(gates: tuple[Gate, ...]) -> tuple[str, ...]:
    return tuple(f"{gate.standing.value}: {_told(gate)}" for gate in gates)
