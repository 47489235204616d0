"""Reconciles: what the world wants is booted, and what happens in it is written into its log."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from time import perf_counter
from typing import Any

from google.protobuf.json_format import MessageToDict

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.store import LogStore
from buddy_tui.emulator.machine.fleet import Fleet
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.machine.runtime import BootFailed
from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.run import knative
from buddy_tui.emulator.run.bell import Bell
from buddy_tui.emulator.run.events import (
    BootWanted,
    CallRefused,
    Event,
    ReadyChanged,
    RevisionGone,
    ServiceCalled,
)
from buddy_tui.emulator.run.world import World


class Controller:
    """Hears every event of `world`. Boots run as tasks of the running loop; `close` ends them."""

    def __init__(
        self,
        world: World,
        registry: Registry,
        fleet: Fleet,
        logs: LogStore,
        clock: Clock,
        bell: Bell,
        *,
        principal: str,
    ) -> None:
        self._principal = principal
        self._world = world
        self._registry = registry
        self._fleet = fleet
        self._logs = logs
        self._clock = clock
        self._bell = bell
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, event: Event) -> None:
        """Log the event, wake who waits for it, and begin what it asks for."""
        self._bell.hear(event)
        now = self._clock.now()
        match event:
            case BootWanted(where):
                self._begin(self._boot(where))
            case RevisionGone(where):
                self._begin(self._fleet.stop(where))
            case ServiceCalled(where, method, service):
                asked = {"service": MessageToDict(service)}
                self._logs.write(entries.activity(where, self._principal, method, now, request=asked))
            case CallRefused(where, method, code, message):
                self._logs.write(
                    entries.activity(where, self._principal, method, now, code=code, message=message)
                )
            case ReadyChanged(where, ready, message, resource):
                response = knative.resource(where, resource)
                self._logs.write(
                    entries.system_event(where, now, ready=ready, message=message, response=response)
                )

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _boot(self, where: Where) -> None:
        """Boot a new revision once, and tell the world how it went. All seconds are measured ones."""
        with suppress(Problem):  # it may be deleted meanwhile
            revision = self._world.get_revision(where.revision_path)
            if all(self._registry.find(container.image) for container in revision.containers):
                # Images lie ready on this machine.
                self._world.image_imported(where, 0.0)
                self._world.provisioned(where, 0.0)
            begun = perf_counter()
            try:
                await self._fleet.first_boot(where)
            except BootFailed as failure:
                self._world.boot_failed(where, failure.reason, failure.message)
            else:
                self._world.boot_succeeded(where, perf_counter() - begun)
