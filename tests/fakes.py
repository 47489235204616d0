"""Stand-ins for what is outside: a Cloud Run that answers from memory and fails when it is told to."""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from buddy_tui.errors import BuddyError, NotFound
from buddy_tui.model import Revision, Service, ServiceName
from tests import make

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeReads:
    """A `Reads` over what was `put` into it.

    `fail` queues an outcome for each coming call of a method; `down` fails every call until `up`; `hold` keeps the
    calls for a region waiting until the returned event is set. `calls` tells who asked what, in order, e.g.
    `("service", "europe-west1/api")`.
    """

    def __init__(self, *services: Service, regions: tuple[str, ...] = ()) -> None:
        self.calls: list[tuple[str, str]] = []
        self.closed = False
        self._services: dict[ServiceName, Service] = {}
        self._revisions: dict[ServiceName, tuple[Revision, ...]] = {}
        self._regions = regions
        self._outcomes: dict[str, deque[Exception | None]] = {}
        self._down: Exception | None = None
        self._held: dict[str, asyncio.Event] = {}
        for service in services:
            self.put(service)

    def put(self, service: Service, *revisions: Revision) -> None:
        """Let `service` be there, as it is given, with these revisions."""
        self._services[service.name] = service
        self._revisions[service.name] = revisions

    def remove(self, name: ServiceName) -> None:
        """Let the service be gone."""
        del self._services[name], self._revisions[name]

    def fail(self, method: str, *outcomes: Exception | None) -> None:
        """Let the coming calls of `method` raise these, one each; `None` lets one pass."""
        self._outcomes.setdefault(method, deque()).extend(outcomes)

    def down(self, error: BuddyError) -> None:
        """Let every call fail."""
        self._down = error

    def up(self) -> None:
        """End an outage."""
        self._down = None

    def hold(self, region: str) -> asyncio.Event:
        """Let calls for `region` wait until the returned event is set."""
        return self._held.setdefault(region, asyncio.Event())

    def count(self, method: str) -> int:
        """Tell how often `method` was called."""
        return sum(called == method for called, _ in self.calls)

    async def regions(self, project: str) -> tuple[str, ...]:
        await self._enter("regions", project)
        return self._regions or tuple(sorted({name.region for name in self._services}))

    async def services(self, project: str, region: str) -> tuple[Service, ...]:
        await self._enter("services", region, region)
        here = [
            one for name, one in self._services.items() if (name.project, name.region) == (project, region)
        ]
        return tuple(sorted(here, key=lambda one: one.name))

    async def service(self, name: ServiceName) -> Service:
        await self._enter("service", f"{name.region}/{name.service}", name.region)
        try:
            return self._services[name]
        except KeyError:
            raise NotFound(f"There is no service {name.service} in {name.project}/{name.region}.") from None

    async def revisions(self, name: ServiceName) -> tuple[Revision, ...]:
        await self._enter("revisions", f"{name.region}/{name.service}", name.region)
        return self._revisions.get(name, ())

    async def close(self) -> None:
        self.closed = True

    async def _enter(self, method: str, about: str, region: str = "") -> None:
        self.calls.append((method, about))
        if held := self._held.get(region):
            await held.wait()
        await asyncio.sleep(0)
        if self._down is not None:
            raise self._down
        queue = self._outcomes.get(method)
        if queue and (outcome := queue.popleft()) is not None:
            raise outcome


class FakeTime:
    """A clock that moves only when somebody sleeps, so that hours of pacing pass in no time."""

    def __init__(self, start: datetime = make.NOW) -> None:
        self.now = start
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.on_sleep()
        await asyncio.sleep(0)
