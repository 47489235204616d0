"""The instances of all revisions: one boot however many wait for it, more under load, none when nobody asks."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from buddy_tui.emulator.machine.images import Image
from buddy_tui.emulator.machine.runtime import (
    AUTOSCALING,
    DEPLOYMENT,
    MINIMUM,
    BootFailed,
    Instance,
    ingress_container,
)
from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions

# Cloud Run's default is 100: too many for one machine, and three show scaling as well.
_MOST_INSTANCES = 3
_SHUT_DOWN = "Shutting down user disabled instance"


class NoInstance(Exception):
    """All instances that a revision may have are full, and stayed so."""


class Revisions(Protocol):
    """Where the fleet learns what a revision is; the world."""

    def get_revision(self, name: str) -> Message:
        """Return a run.v2 Revision by its full name; a NOT_FOUND Problem when it is gone."""


class Images(Protocol):
    """Where it gets images; the registry."""

    def find(self, reference: str) -> Image | None:
        """Return an image, None where there is none."""


class Boots(Protocol):
    """What starts and stops instances; the runtime."""

    async def start(self, revision: Message, image: Image, where: Where, reason: str) -> Instance:
        """Boot an instance; BootFailed."""

    async def stop(self, instance: Instance, remark: str = "") -> None:
        """End an instance."""


@dataclass(slots=True)
class _Pool:
    """The instances of one revision, those who wait for a place, and the clocks that end idle ones.

    `instances` stand in the order of their turns: who took a request last is last. `filling` starts what is missing to
    the minimum.
    """

    maximum: int = _MOST_INSTANCES
    instances: list[Instance] = field(default_factory=list)
    starting: "asyncio.Task[None] | None" = None
    filling: "asyncio.Task[None] | None" = None
    waiting: "deque[asyncio.Future[None]]" = field(default_factory=deque)
    idling: dict[Instance, asyncio.TimerHandle] = field(default_factory=dict)

    def free(self) -> Instance | None:
        """Return the least busy instance that has a place; of equally busy ones, whose turn it is."""
        free = [one for one in self.instances if one.busy < one.concurrency and not one.life.done()]
        return min(free, key=lambda one: one.busy, default=None)

    def take(self, instance: Instance) -> Instance:
        instance.busy += 1
        self.instances.remove(instance)
        self.instances.append(instance)
        if instance in self.idling:
            self.idling.pop(instance).cancel()
        return instance

    def leave(self, instance: Instance) -> None:
        """Forget an instance, and let those who wait look again."""
        if instance in self.instances:
            self.instances.remove(instance)
        if instance in self.idling:
            self.idling.pop(instance).cancel()
        while self.waiting:
            self.wake()

    def wake(self) -> None:
        """Tell the first who waits that there may be a place."""
        while self.waiting:
            waiter = self.waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


class Fleet:
    """Gives out instances. Times are in seconds.

    An instance without requests ends after `idle_limit`, unless it is one of those that its revision always has. One of
    these that died is replaced after `pause`. When all are full, a request waits `patience` for a place before another
    instance is started, and `pending_limit` for one when no more may be.
    """

    def __init__(
        self,
        revisions: Revisions,
        images: Images,
        runtime: Boots,
        *,
        idle_limit: float = 60.0,
        patience: float = 2.0,
        pending_limit: float = 10.0,
        pause: float = 0.5,
    ) -> None:
        self._revisions = revisions
        self._images = images
        self._runtime = runtime
        self._idle_limit = idle_limit
        self._patience = patience
        self._pending_limit = pending_limit
        self._pause = pause
        self._pools: dict[Where, _Pool] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def instances(self, where: Where) -> int:
        """Tell how many instances of a revision are up."""
        return len(self._pools[where].instances) if where in self._pools else 0

    async def first_boot(self, where: Where) -> None:
        """Boot the revision `where` for its deployment; BootFailed, or a NOT_FOUND Problem when it is gone.

        Returns when its minimum of instances is up, too; that one of these fails is no failure of the deployment.
        """
        pool = self._pools.setdefault(where, _Pool())
        await self._grow(where, pool, DEPLOYMENT)
        if pool.filling is not None:
            await asyncio.wait({pool.filling})

    async def acquire(self, where: Where) -> Instance:
        """Return an instance of `where` with a place for one request; give it back with `release`.

        Boots one when none is up, once for all who wait. Raises BootFailed, NoInstance, or a NOT_FOUND Problem.
        """
        pool = self._pools.setdefault(where, _Pool())
        while (instance := pool.free()) is None:
            growable = pool.starting is not None or len(pool.instances) < pool.maximum
            if pool.instances and await self._freed(
                pool, self._patience if growable else self._pending_limit
            ):
                continue
            if not growable:
                raise NoInstance
            try:
                await self._grow(where, pool, AUTOSCALING)
            except BootFailed:
                if not pool.instances:
                    raise
        return pool.take(instance)

    def release(self, instance: Instance) -> None:
        """Take an instance back after a request."""
        instance.busy -= 1
        pool = self._pools.get(instance.where)
        if pool is not None and instance in pool.instances:
            self._rest(pool, instance)
            pool.wake()

    async def stop(self, where: Where) -> None:
        """End all instances of a revision that is not wanted any more."""
        await self._end(where, _SHUT_DOWN)

    async def close(self) -> None:
        """End everything."""
        await asyncio.gather(*(self._end(where, "") for where in tuple(self._pools)))
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _end(self, where: Where, remark: str) -> None:
        pool = self._pools.pop(where, _Pool())
        under_way = {task for task in (pool.starting, pool.filling) if task is not None}
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
        ending = tuple(pool.instances)
        for instance in ending:
            pool.leave(instance)
        await asyncio.gather(*(self._runtime.stop(instance, remark) for instance in ending))

    async def _grow(self, where: Where, pool: _Pool, reason: str) -> None:
        """Start one more instance, or wait for the one that is starting already."""
        if pool.starting is None:
            pool.starting = self._keep(self._boot(where, pool, reason))
        # Whoever asked first may go away; the others still wait.
        await asyncio.shield(pool.starting)

    async def _boot(self, where: Where, pool: _Pool, reason: str) -> None:
        try:
            revision = self._revisions.get_revision(where.revision_path)
            pool.maximum = revision.scaling.max_instance_count or _MOST_INSTANCES
            reference = ingress_container(revision).image
            image = self._images.find(reference)
            if image is None:
                raise BootFailed(f"Image '{reference}' not found.", "REVISION_FAILED")
            instance = await self._runtime.start(revision, image, where, reason)
        finally:
            pool.starting = None
        pool.instances.append(instance)
        instance.life.add_done_callback(lambda _: self._lose(where, pool, instance))
        self._rest(pool, instance)
        self._fill(where, pool)

    def _lose(self, where: Where, pool: _Pool, instance: Instance) -> None:
        """Forget an instance that has ended; when nobody wanted it to, another may have to take its place."""
        pool.leave(instance)
        self._fill(where, pool, self._pause)

    def _fill(self, where: Where, pool: _Pool, pause: float = 0.0) -> None:
        """Begin to start what is missing to the minimum, unless that is under way already."""
        if pool.filling is None and self._missing(where, pool):
            pool.filling = self._keep(self._bring_up(where, pool, pause))

    async def _bring_up(self, where: Where, pool: _Pool, pause: float) -> None:
        """Start as many instances as are missing, one by one; those that end meanwhile wait for the next round.

        The first that fails ends it, until another instance starts or ends.
        """
        try:
            await asyncio.sleep(pause)
            for _ in range(self._missing(where, pool)):
                await self._grow(where, pool, MINIMUM)
        finally:
            pool.filling = None
        self._fill(where, pool, self._pause)

    def _missing(self, where: Where, pool: _Pool) -> int:
        known = self._pools.get(where) is pool
        return max(0, self._minimum(where) - len(pool.instances)) if known else 0

    def _minimum(self, where: Where) -> int:
        """Tell how many instances a revision always has: none without traffic and tag (it is retired), or when gone."""
        try:
            revision = self._revisions.get_revision(where.revision_path)
        except Problem:
            return 0
        active = conditions.find(revision, "Active")
        retired = active is not None and active.state == conditions.FAILED
        return 0 if retired else int(revision.scaling.min_instance_count)

    async def _freed(self, pool: _Pool, limit: float) -> bool:
        """Wait until a place may be free; False after `limit` seconds."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        pool.waiting.append(waiter)
        try:
            woken, _ = await asyncio.wait({waiter}, timeout=limit)
            return bool(woken)
        finally:
            # Nobody waits here any more: the next in line is to be woken instead.
            waiter.cancel()

    def _rest(self, pool: _Pool, instance: Instance) -> None:
        """Start the clock of an instance that has nothing to do."""
        if instance.busy == 0:
            loop = asyncio.get_running_loop()
            pool.idling[instance] = loop.call_later(self._idle_limit, self._retire, pool, instance)

    def _retire(self, pool: _Pool, instance: Instance) -> None:
        del pool.idling[instance]
        if len(pool.instances) > self._minimum(instance.where):
            pool.leave(instance)
            self._keep(self._runtime.stop(instance))
        else:
            self._rest(pool, instance)

    def _keep(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run `work` beside everything else. A failure is told to those who await it, if there still are any."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task
