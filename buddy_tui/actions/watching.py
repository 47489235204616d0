"""actions: the gates of a promotion, looked at again and again: probes in the background, logs and traffic at a look.

Each step begins anew: what was proved at another percent proves nothing at this one.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from buddy_tui.actions.gates import Limits, gates, latency, probed, reaching, row_of
from buddy_tui.actions.measured import Measuring, Sample
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
    """One look: the service (`None` where it could not be read), the gates, and how many requests the candidate had.

    `logs_until` is how far the logs reach.
    """

    service: Service | None
    gates: tuple[Gate, ...]
    requests: int = 0
    logs_until: datetime | None = None


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
        self._since = clock()
        self._slow_at: datetime | None = None
        self._matrix: Matrix | None = None
        self._silent = ""
        self._probing: asyncio.Task[None] | None = None
        serving = (one.revision for one in truth(service, ()).effective if one.percent)
        self._baseline = next((one for one in serving if one != candidate), "")
        self._measuring = Measuring(reads, service.name, candidate, self._baseline)

    @property
    def asked(self) -> bool:
        """Whether every probe was put once, or cannot be put."""
        return bool(self._silent or (self._matrix and (self._matrix.round or self._matrix.done)))

    async def begin(self, attempts: int) -> None:
        """Begin a step: forget what was seen before it, and ask the probes anew, until it is closed.

        Each is asked so often at once, and then once a round: who has traffic is not to be burdened.
        """
        await self.close()
        self._since, self._slow_at = self._clock(), None
        self._matrix, self._silent = None, ""
        self._probing = asyncio.create_task(self._probe(attempts))

    async def close(self) -> None:
        """Ask no more. Raises what is wrong with a probe itself: a bug."""
        if probing := self._probing:
            probing.cancel()
            await asyncio.wait({probing})
            if not probing.cancelled():
                probing.result()

    def probes(self) -> Gate:
        """Return the gate of the probes as it stands."""
        gate = probed(row_of(self._matrix, self._candidate))
        if self._silent:
            return replace(gate, standing=Standing.INCONCLUSIVE, seen=self._silent)
        return gate

    async def look(self, bake: timedelta) -> Look:
        """Look at the traffic and at the logs; what cannot be read makes gates inconclusive, and raises nothing.

        After the `bake` time the logs must reach to its end for a gate to pass, until then into the step.
        """
        service, trouble = await self._read()
        since, measuring = self._since, self._measuring
        mine = replace(measuring.sample(self._candidate, since), trouble=trouble)
        usual = measuring.sample(self._baseline)
        lately = measuring.sample(self._baseline, since)
        judged = gates(mine, usual, lately, self._limits)
        confirmed = [self._confirmed(gate, usual, lately) for gate in judged]
        wanted = since + bake if self._clock() >= since + bake else since
        told = reaching(confirmed, measuring.until, wanted)
        return Look(service, (self.probes(), *told), mine.total, measuring.until)

    def _confirmed(self, gate: Gate, usual: Sample, lately: Sample) -> Gate:
        """Let latency fail only when other requests, at a later look, are slow as well.

        Requests are slow together: one stall of a machine makes many of them slow, and proves nothing of a revision.
        """
        if gate.name != "latency":
            return gate
        if gate.standing is not Standing.FAIL:
            self._slow_at = None
            return gate
        if self._slow_at is None:
            self._slow_at = self._clock()
        later = self._measuring.sample(self._candidate, self._slow_at)
        if latency(later, usual, lately, self._limits).standing is Standing.FAIL:
            return gate
        return replace(gate, standing=Standing.INCONCLUSIVE, seen=f"{gate.seen}; it is looked at again")

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

    async def _probe(self, attempts: int) -> None:
        """Ask the probes, round after round, until it is cancelled."""
        try:
            while True:
                try:
                    await self._ask(attempts)
                except BuddyError as error:
                    self._silent = str(error)
                await self._sleep(self._interval)
        finally:
            self._silent = "Nobody asks the probes any more."

    async def _ask(self, attempts: int) -> None:
        asking = ask(
            self._service,
            self._revisions,
            self._questions,
            self._door,
            clock=self._clock,
            wanted=[self._candidate],
            attempts=attempts,
            pause=self._interval,
            sleep=self._sleep,
        )
        async with aclosing(asking) as matrices:
            async for matrix in matrices:
                self._matrix, self._silent = matrix, ""
