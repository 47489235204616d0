"""The change that is under way: applied or promoted, whoever looks, and told to whoever does."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from buddy_tui.errors import BuddyError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from buddy_tui.actions.control import Control
    from buddy_tui.actions.drafting import Terms
    from buddy_tui.actions.values import Ending, Progress, Promotion
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud, Writes
    from buddy_tui.journal.keep import Journal
    from buddy_tui.probes.values import Door
    from buddy_tui.watch import Clock


@dataclass(frozen=True, slots=True)
class Means:
    """With what a change is made, and for whom. `evidence` are sentences that spoke for it."""

    cloud: Cloud
    writes: Writes
    journal: Journal
    door: Door
    settings: Settings
    terms: Terms
    clock: Clock
    reason: str
    evidence: tuple[str, ...]


class Run:
    """One change: its latest Progress, and its latest Promotion where it is one, which `control` steers."""

    def __init__(self, latest: Progress) -> None:
        self.latest = latest
        self.promotion: Promotion | None = None
        self.control: Control | None = None
        self.task: asyncio.Task[None] | None = None
        self.crash: Exception | None = None
        self._changed = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is under way any more."""
        return self.task is None or self.task.done()

    def tell(self, progress: Progress) -> None:
        """Hand a value to everybody who waits for one."""
        self.latest = progress
        told, self._changed = self._changed, asyncio.Event()
        told.set()

    async def progresses(self) -> AsyncGenerator[Progress, None]:
        """Follow it, or tell how it ended."""
        while True:
            changed, latest = self._changed, self.latest
            yield latest
            if latest.ending:
                break
            await changed.wait()
        if self.crash:
            raise self.crash

    async def promotions(self) -> AsyncGenerator[Promotion, None]:
        """Follow the promotion that it is; a value that did not change is not told again."""
        told: Promotion | None = None
        async with aclosing(self.progresses()) as values:
            async for _ in values:
                if (latest := self.promotion) and latest is not told:
                    told = latest
                    yield latest

    async def work(self, means: Means) -> None:
        """Do it to its end, and tell of that. Nothing is raised but a cancellation."""
        from buddy_tui.actions.values import Ending, Verb

        try:
            if self.latest.plan.verb is Verb.PROMOTE:
                await self._promote(means)
            else:
                await self._apply(means)
        except BuddyError as error:
            self.end(Ending.FAILED, str(error), error.hint)
        except Exception as error:  # noqa: BLE001 - a bug of ours, which whoever looks must be told
            self.crash = error
            said = "A bug in buddy-tui ended it: what became of it is found out at the next start."
            self.end(Ending.UNKNOWN, said)

    async def _apply(self, means: Means) -> None:
        from buddy_tui.actions.apply import apply

        stream = apply(
            self.latest.plan,
            reads=means.cloud,
            writes=means.writes,
            journal=means.journal,
            clock=means.clock,
            who=means.terms.who,
            acting=means.terms.acting,
            reason=means.reason,
            evidence=means.evidence,
        )
        async with aclosing(stream) as values:
            async for progress in values:
                self.tell(progress)

    async def _promote(self, means: Means) -> None:
        """Promote as it was confirmed: what has moved since then ends it before it begins."""
        from buddy_tui.actions.control import Control
        from buddy_tui.actions.promotion import first_step, promotion
        from buddy_tui.actions.state import revised
        from buddy_tui.actions.values import Ending

        plan, pace = self.latest.plan, means.settings.release
        service, revisions = await asyncio.gather(
            means.cloud.service(plan.name), means.cloud.revisions(plan.name)
        )
        anew = first_step(service, revisions, plan.revision, means.terms, pace.steps)
        if anew.hash != plan.hash:
            said = "The service was changed since this was planned, so nothing was done."
            self.tell(replace(self.latest, moved=revised(plan, service)))
            self.end(Ending.CONFLICT, said, "Look at what moved, and plan anew.")
            return
        self.control = Control()
        stream = promotion(
            service,
            revisions,
            plan.revision,
            steps=pace.steps,
            bake=pace.bake,
            least=pace.least,
            reads=means.cloud,
            writes=means.writes,
            journal=means.journal,
            door=means.door,
            questions=means.settings.questions,
            clock=means.clock,
            control=self.control,
            who=means.terms.who,
            acting=means.terms.acting,
            reason=means.reason,
            terms=means.terms,
        )
        async with aclosing(stream) as values:
            async for value in values:
                self._take(value)

    def _take(self, value: Promotion) -> None:
        """Keep a look at the promotion. The change ends when it does, and not with its steps."""
        self.promotion = value
        progress = value.progress or self.latest
        self.tell(replace(progress, ending=value.ending, sentence=value.sentence, as_of=value.as_of))

    def end(self, ending: Ending, sentence: str, hint: str = "") -> None:
        """End it early; a promotion that did not begin has an end as well."""
        from buddy_tui.actions.values import Phase, Promotion, Verb

        plan = self.latest.plan
        progress = replace(self.latest, ending=ending, sentence=sentence, hint=hint)
        if plan.verb is Verb.PROMOTE:
            seen = self.promotion or Promotion(plan, ())
            self.promotion = replace(
                seen, phase=Phase.OVER, ending=ending, sentence=sentence, progress=progress
            )
        self.tell(progress)
