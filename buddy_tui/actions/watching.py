"""actions: the gates of a promotion, looked at again and again: probes in the background, logs and traffic at each look."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from buddy_tui.actions.gates import Limits, gates, probed, row_of
from buddy_tui.actions.measured import Measuring
from buddy_tui.actions.values import Gate, Standing
from buddy_tui.errors import BuddyError
from buddy_tui.gateway import Cloud
from buddy_tui.model import Revision, Service
from buddy_tui.probes.ask import ask
from buddy_tui.probes.values import Door, Matrix
from buddy_tui.question import Question
from buddy_tui.traffic import truth
from buddy_tui.watch import Clock, Sleep

# Between two rounds of probes, in seconds at least: a gate is no load test.
_APART = 5.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look: the service (`None` where it could not be read), the gates, and how many requests the candidate had."""

    service: Service | None
    gates: tuple[Gate, ...]
    requests: int = 0


class Watching:
    """Looks at a candidate beside the revision that served most when it began."""

    def __init__(  # noqa: PLR0913 - whom to watch, whom to ask, and the two clocks of a test
        self,
        service: Service,
        revisions: Sequence[Revision],
        candidate: str,
        reads: Cloud,
        *,
        door: Door,
        questions: Sequence[Question],
        limits: Limits,
        interval: float,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self._service = service
        self._revisions = revisions
        self._candidate = candidate
        self._reads = reads
        self._door = door
        self._questions = questions
        self._limits = limits
        self._interval = max(interval, _APART)
        self._clock = clock
        self._sleep = sleep
        self._matrix: Matrix | None = None
        self._silent = ""
        serving = (one.revision for one in truth(service, ()).effective if one.percent)
        self._baseline = next((one for one in serving if one != candidate), "")
        self._measuring = Measuring(reads, service.name, candidate, self._baseline)

    @property
    def asked(self) -> bool:
        """Whether every probe was put once, or cannot be put."""
        return bool(self._silent or (self._matrix and (self._matrix.round or self._matrix.done)))

    async def probe(self) -> None:
        """Ask the probes, round after round, until it is cancelled."""
        try:
            while True:
                try:
                    await self._ask()
                except BuddyError as error:
                    self._silent = str(error)
                await self._sleep(self._interval)
        finally:
            self._silent = "Nobody asks the probes any more."

    def probes(self) -> Gate:
        """Return the gate of the probes as it stands."""
        gate = probed(row_of(self._matrix, self._candidate))
        if self._silent:
            return replace(gate, standing=Standing.INCONCLUSIVE, seen=self._silent)
        return gate

    async def look(self, since: datetime) -> Look:
        """Look at the traffic and at the logs; what cannot be read makes gates inconclusive, and raises nothing."""
        service, trouble = await self._read()
        mine = self._measuring.sample(self._candidate, since)
        usual = self._measuring.sample(self._baseline)
        # Who crashed an hour ago excuses nobody now.
        usual = replace(usual, crashes=self._measuring.sample(self._baseline, since).crashes)
        judged = gates(replace(mine, trouble=trouble), usual, (), self._limits)
        return Look(service, (self.probes(), *judged[1:]), mine.total)

    async def _read(self) -> tuple[Service | None, str]:
        service, log = await asyncio.gather(
            self._reads.service(self._service.name),
            self._measuring.look(self._clock()),
            return_exceptions=True,
        )
        for told in (service, log):
            if isinstance(told, BaseException) and not isinstance(told, BuddyError):
                raise told
        trouble = next((str(told) for told in (service, log) if isinstance(told, BuddyError)), "")
        return (None if isinstance(service, BaseException) else service), trouble

    async def _ask(self) -> None:
        asking = ask(
            self._service,
            self._revisions,
            self._questions,
            self._door,
            clock=self._clock,
            wanted=[self._candidate],
            pause=self._interval,
            sleep=self._sleep,
        )
        async with aclosing(asking) as matrices:
            async for matrix in matrices:
                self._matrix, self._silent = matrix, ""
