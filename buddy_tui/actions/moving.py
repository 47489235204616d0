"""actions: the traffic of one promotion: a step up, all back to where it was, and whether it is still ours."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from buddy_tui.actions.apply import apply
from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.promote import promote
from buddy_tui.actions.recording import Author
from buddy_tui.actions.state import state_of
from buddy_tui.actions.undo import put_back
from buddy_tui.actions.values import Ending, Plan, Progress, Targets
from buddy_tui.actions.writing import Outside, Over
from buddy_tui.errors import BuddyError, Unreachable
from buddy_tui.journal.keep import Journal
from buddy_tui.model import Revision, Service
from buddy_tui.traffic import in_words, shares

# So often it is read before a step, a step is tried, and it is put back; whoever is still not through needs a person.
_READS, _STEPS, _PUT_BACKS = 5, 3, 20
DONE = frozenset({Ending.DONE, Ending.NOTHING_TO_DO})
_NOT_WRITTEN = frozenset({Ending.REFUSED, Ending.DENIED, Ending.FAILED})


class Breach(Exception):
    """Why everything goes back, in words."""


class Moving:
    """Moves the traffic of one promotion. `tell` is called with the Progress of each change.

    `rest` waits a while between two tries. `ours` is the list that is ours now.
    """

    def __init__(
        self,
        plan: Plan,
        outside: Outside,
        journal: Journal,
        *,
        author: Author,
        terms: Terms,
        tell: Callable[[Progress], None],
        rest: Callable[[], Awaitable[None]],
    ) -> None:
        self._plan = plan
        self._the = outside
        self._journal = journal
        self._author = author
        self._terms = terms
        self._tell = tell
        self._rest = rest
        self.ours: Targets = plan.before
        # What a step that went wrong may have left.
        self._asked: Targets = plan.before

    @property
    def untouched(self) -> bool:
        """Whether no other list was ever asked for."""
        return same(self._asked, self._plan.before)

    def check(self, service: Service) -> None:
        """Raise Over when somebody else has changed the traffic."""
        if not same(service.desired, self.ours):
            now = in_words(shares(service.effective))
            by = f" by {service.last_modifier}" if service.last_modifier else ""
            said = f"The traffic was changed{by}; what they wrote stands. Effective: {now}."
            raise Over(Ending.CONFLICT, said)

    async def step(self, percent: int, evidence: Sequence[str]) -> None:
        """Give the candidate so many percent.

        Raises Over where nothing of this promotion was written, or somebody else was first; Breach where the step did
        not come about; BuddyError where the service cannot be read.
        """
        first = self.untouched
        for left in reversed(range(_STEPS)):
            progress = await self._stepped(percent, evidence, first=first)
            # A moment without an answer is no reason to go back.
            if first or progress.ending is not Ending.FAILED or not left:
                break
            await self._rest()
        if progress.ending in DONE:
            self.ours = self._asked
        elif progress.ending is Ending.CONFLICT:
            raise Over(Ending.CONFLICT, progress.sentence)
        elif first and progress.ending in _NOT_WRITTEN:
            raise Over(progress.ending or Ending.FAILED, progress.sentence)
        else:
            raise Breach(f"The step to {percent} % did not come about: {progress.sentence}")

    async def _stepped(self, percent: int, evidence: Sequence[str], *, first: bool) -> Progress:
        service, revisions = await self._read()
        self.check(service)
        if first and state_of(service) != self._plan.state:
            said = "The service was changed since this was planned, so nothing was done."
            raise Over(Ending.CONFLICT, said)
        plan = promote(service, revisions, self._plan.revision, percent, self._now())
        self._asked = plan.after
        return await self._applied(plan, self._author.reason, evidence)

    async def back(self, why: str, evidence: Sequence[str]) -> tuple[Ending, str]:
        """Bring back the exact list from before; return how that ended, and what was said where it was not done.

        It is tried again while the list is still ours, and never done over somebody else's.
        """
        ending, said = Ending.UNKNOWN, ""
        for _ in range(_PUT_BACKS):
            try:
                service = await self._the.reads.service(self._plan.name)
            except BuddyError as error:
                said = str(error)
                await self._rest()
                continue
            if not any(same(service.desired, one) for one in (self.ours, self._asked, self._plan.before)):
                return Ending.CONFLICT, "Somebody else has changed the traffic; what they wrote stands."
            plan = put_back(service, self._plan.before, self._now())
            progress = await self._applied(plan, why, evidence)
            ending, said = progress.ending or Ending.UNKNOWN, progress.sentence
            if ending in DONE or ending is Ending.DENIED:
                break
            await self._rest()
        if ending in _NOT_WRITTEN:
            ending = Ending.NOT_DONE  # steps of ours were, and stay
        return Ending.PUT_BACK if ending in DONE else ending, said

    async def _read(self) -> tuple[Service, tuple[Revision, ...]]:
        """Read the service; a moment without an answer is no reason to go back. Raises BuddyError after some."""
        for left in reversed(range(_READS)):
            try:
                service = await self._the.reads.service(self._plan.name)
                return service, await self._the.reads.revisions(self._plan.name)
            except Unreachable:
                if not left:
                    raise
                await self._rest()
        raise AssertionError

    async def _applied(self, plan: Plan, reason: str, evidence: Sequence[str]) -> Progress:
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
            evidence=evidence,
        )
        progress = Progress(plan)
        async with aclosing(stream) as told:
            async for progress in told:
                self._tell(progress)
        return progress

    def _now(self) -> Terms:
        return replace(self._terms, now=self._the.clock())
