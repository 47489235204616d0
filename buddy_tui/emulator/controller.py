"""Reconciles: what the world wants is booted, and what happens in it is written into its log."""

import asyncio
import re
from collections.abc import Coroutine
from contextlib import suppress
from time import perf_counter
from typing import Any

from google.protobuf.json_format import MessageToDict

from buddy_tui.emulator import callers
from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.store import LogStore
from buddy_tui.emulator.machine.fleet import Fleet
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.machine.runtime import BootFailed
from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import knative
from buddy_tui.emulator.run.bell import Bell
from buddy_tui.emulator.run.events import (
    BootWanted,
    CallRefused,
    Event,
    ReadyChanged,
    RevisionGone,
    ServiceCalled,
    TrafficHeld,
)
from buddy_tui.emulator.run.messages import UpdateServiceRequest, copied
from buddy_tui.emulator.run.world import World

# How often traffic that is held is tried again, in seconds.
_PAUSE = 0.02


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
            case TrafficHeld(where):
                self._begin(self._move(where))
            case ServiceCalled(where, asked):
                self._audit(where, asked)
            case CallRefused(where, asked, code, message):
                self._audit(where, asked, code, message)
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

    def _audit(self, where: Where, asked: Message, code: int = 0, message: str = "") -> None:
        caller = callers.current()
        entry = entries.activity(
            where,
            caller.email or self._principal,
            caller.method or _method(asked),
            self._clock.now(),
            code=code,
            message=message,
            request=caller.request or _told(asked),
            agent=caller.agent,
        )
        self._logs.write(entry)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _move(self, where: Where) -> None:
        """Move held traffic as soon as the faults of the world let it."""
        while not self._world.retry(where):  # noqa: ASYNC110 - a fault that ends tells nobody
            await asyncio.sleep(_PAUSE)

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


def _method(asked: Message) -> str:
    """Return the method of a request as audit logs have it, e.g. `google.cloud.run.v2.Services.UpdateService`."""
    name = asked.DESCRIPTOR.name.removesuffix("Request")
    kind = "Revisions" if name.endswith("Revision") else "Services"
    return f"{asked.DESCRIPTOR.file.package}.{kind}.{name}"


def _told(asked: Message) -> dict[str, Any]:
    """Return a request as audit logs have it: JSON with its type. It may be one that was refused as impossible."""
    bare = copied(asked)
    mask = ""
    if isinstance(asked, UpdateServiceRequest):
        bare.ClearField("update_mask")
        mask = ",".join(
            re.sub("_(.)", lambda found: found[1].upper(), path) for path in asked.update_mask.paths
        )
    told = {"@type": f"type.googleapis.com/{asked.DESCRIPTOR.full_name}", **MessageToDict(bare)}
    return {**told, "updateMask": mask} if mask else told
