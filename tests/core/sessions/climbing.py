"""Climbing a ladder to its end, with a Cloud Run, a Firestore and a clock from memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from random import Random

from buddy_tui.model import Service
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask, SessionPlan
from buddy_tui.sessions.climb import climb
from buddy_tui.sessions.sweep import sweep
from buddy_tui.sessions.values import Ladder, Step
from tests.core.sessions.application import CANDIDATE, REVISIONS, SERVICE, Application, Store
from tests.fakes import FakeDoor, FakeReads, FakeTime


class Jostle(FakeDoor):
    """A door through which answers come in any order."""

    def __init__(self, answer: Callable[[int, Target, Ask], Answer], seed: int) -> None:
        super().__init__(answer)
        self._random = Random(seed)  # noqa: S311 - a test's own chance

    async def send(self, visitor: int, target: Target, ask: Ask) -> Answer:
        for _ in range(self._random.randrange(4)):
            await asyncio.sleep(0)
        return await super().send(visitor, target, ask)


class World:
    """All that is outside of a session probe. Each request takes `tick` seconds."""

    def __init__(self, stores: dict[str, Store], marks: Path, seed: int = 0, *, tick: float = 0.0) -> None:
        self.cloud = FakeReads()
        self.time = FakeTime()
        self.application = Application(self.cloud, self.time, stores, seed)
        self.time.on_sleep = self.application.settle
        self.door = Jostle(self._answer, seed)
        self._tick = timedelta(seconds=tick)
        self.marks = marks

    def climb(
        self,
        plan: SessionPlan = SessionPlan(),  # noqa: B008
        *,
        service: Service = SERVICE,
        revision: str = CANDIDATE,
    ) -> AsyncGenerator[Ladder, None]:
        return climb(
            service,
            REVISIONS,
            plan,
            revision,
            door=self.door,
            cloud=self.cloud,
            writes=self.cloud,
            clock=self.time,
            marks=self.marks,
            sleep=self.time.sleep,
        )

    async def top(
        self,
        plan: SessionPlan = SessionPlan(),  # noqa: B008
        *,
        service: Service = SERVICE,
        revision: str = CANDIDATE,
    ) -> Ladder:
        """Climb to the end."""
        async with aclosing(self.climb(plan, service=service, revision=revision)) as ladders:
            *_, last = [ladder async for ladder in ladders]
        return last

    async def later(self, *, minutes: float = 5) -> str:
        """Let time pass, and sweep."""
        await self.time.sleep(minutes * 60)
        return await sweep(self.cloud, self.cloud, self.door, clock=self.time, marks=self.marks)

    def _answer(self, visitor: int, target: Target, ask: Ask) -> Answer:
        self.time.now += self._tick
        return self.application(visitor, target, ask)

    @property
    def documents(self) -> list[str]:
        """The paths of all documents, in whatever place."""
        return [path for _, path in self.cloud._documents]

    @property
    def markers(self) -> list[str]:
        return sorted(path.name for path in self.marks.iterdir()) if self.marks.exists() else []


def step(ladder: Ladder, name: str) -> Step:
    """Return one step of a ladder."""
    return next(one for one in ladder.steps if one.name == name)
