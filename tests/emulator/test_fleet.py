"""Instances come and go: one boot for many, more under load, none for nobody. Boots are played here."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from google.cloud import run_v2

from buddy_tui.emulator.machine.command import Command
from buddy_tui.emulator.machine.fleet import Fleet, NoInstance
from buddy_tui.emulator.machine.images import Image
from buddy_tui.emulator.machine.runtime import AUTOSCALING, DEPLOYMENT, MINIMUM, BootFailed, Instance
from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions

_WHERE = Where("demo", "us-central1", "shop", "shop-00001-abc")
_IMAGE = Image("sha256:0", Path("/"), "/", Command(), Command())


class Boots:
    """Plays a runtime: boots take until `gate` is open and then fail or not. `log` tells what was asked.

    With `spared`, so many boots succeed before they fail.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails = False
        self.spared = 0
        self.concurrency = 80
        self.log: list[str] = []

    async def start(self, revision: Message, image: Image, where: Where, reason: str) -> Instance:
        self.log.append(f"start {reason}")
        await self.gate.wait()
        if self.fails and self.starts() > self.spared:
            raise BootFailed("it is broken", "HEALTH_CHECK_CONTAINER_ERROR")
        life = asyncio.create_task(asyncio.sleep(3600, 0))
        transport = asyncio.SubprocessTransport()
        return Instance(where, f"i{len(self.log)}", 1, transport, life, self.concurrency, 300.0)

    async def stop(self, instance: Instance, remark: str = "") -> None:
        self.log.append(f"stop {instance.id} {remark}".strip())
        instance.life.cancel()

    def starts(self) -> int:
        return sum(line.startswith("start") for line in self.log)


class World:
    """Knows one revision and one image."""

    def __init__(self, minimum: int = 0, maximum: int = 0) -> None:
        scaling = {"min_instance_count": minimum, "max_instance_count": maximum}
        self._revision = run_v2.Revision.pb(run_v2.Revision(containers=[{"image": "shop"}], scaling=scaling))

    def get_revision(self, name: str) -> Message:
        if name != _WHERE.revision_path:
            raise Problem(grpc.StatusCode.NOT_FOUND, "gone")
        return self._revision

    def retire(self) -> None:
        """Let the revision have neither traffic nor a tag."""
        now = datetime.now(UTC)
        conditions.booted(self._revision, 1.0, 1.0, now)
        conditions.activate(self._revision, now, active=False)

    def find(self, reference: str) -> Image | None:
        return _IMAGE if reference == "shop" else None


def _fleet(boots: Boots, world: World | None = None, **times: float) -> Fleet:
    world = world or World()
    return Fleet(world, world, boots, **{"patience": 0.05, "pending_limit": 0.1, "pause": 0.0, **times})


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


async def test_a_hundred_who_wait_cause_one_boot() -> None:
    boots = Boots()
    boots.concurrency = 1000
    boots.gate.clear()
    fleet = _fleet(boots)

    waiting = [asyncio.create_task(fleet.acquire(_WHERE)) for _ in range(100)]
    await asyncio.sleep(0)
    boots.gate.set()
    instances = set(await asyncio.gather(*waiting))

    assert (len(instances), boots.log) == (1, [f"start {AUTOSCALING}"])
    await fleet.close()


async def test_more_than_one_instance_takes_still_need_one_boot_when_places_come_free() -> None:
    boots = Boots()
    boots.concurrency = 2
    fleet = _fleet(boots, patience=1.0)

    async def visit() -> None:
        instance = await fleet.acquire(_WHERE)
        await asyncio.sleep(0)
        fleet.release(instance)

    await asyncio.gather(*(visit() for _ in range(50)))

    assert boots.starts() == 1
    await fleet.close()


async def test_a_full_instance_gets_a_second_one_beside_it_and_a_third_is_not_allowed() -> None:
    boots = Boots()
    boots.concurrency = 1
    fleet = _fleet(boots, World(maximum=2))

    first, second = await fleet.acquire(_WHERE), await fleet.acquire(_WHERE)
    with pytest.raises(NoInstance):
        await fleet.acquire(_WHERE)
    waiting = asyncio.create_task(fleet.acquire(_WHERE))
    await asyncio.sleep(0)
    fleet.release(second)

    assert first is not second
    assert await waiting is second
    assert boots.starts() == 2
    await fleet.close()


async def test_a_deployments_boot_is_the_one_that_requests_wait_for() -> None:
    boots = Boots()
    boots.gate.clear()
    fleet = _fleet(boots)

    boot = asyncio.create_task(fleet.first_boot(_WHERE))
    request = asyncio.create_task(fleet.acquire(_WHERE))
    await asyncio.sleep(0)
    boots.gate.set()
    await asyncio.gather(boot, request)

    assert boots.log == [f"start {DEPLOYMENT}"]
    await fleet.close()


async def test_a_failed_boot_is_told_to_all_who_wait_and_the_next_request_tries_again() -> None:
    boots = Boots()
    boots.fails = True
    fleet = _fleet(boots)

    failed = await asyncio.gather(*(fleet.acquire(_WHERE) for _ in range(3)), return_exceptions=True)
    boots.fails = False
    await fleet.acquire(_WHERE)

    assert [str(failure) for failure in failed] == ["it is broken"] * 3
    assert boots.starts() == 2
    await fleet.close()


async def test_one_who_goes_away_does_not_end_the_boot_of_the_others() -> None:
    boots = Boots()
    boots.gate.clear()
    fleet = _fleet(boots)

    impatient = asyncio.create_task(fleet.acquire(_WHERE))
    patient = asyncio.create_task(fleet.acquire(_WHERE))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    boots.gate.set()

    assert (await patient).busy == 1
    await fleet.close()


async def test_an_idle_instance_scales_to_zero_and_a_busy_one_does_not() -> None:
    boots = Boots()
    fleet = _fleet(boots, idle_limit=0.05)
    instance = await fleet.acquire(_WHERE)

    await asyncio.sleep(0.1)
    assert fleet.instances(_WHERE) == 1
    fleet.release(instance)
    await _until(lambda: fleet.instances(_WHERE) == 0)

    await fleet.close()
    assert boots.log == [f"start {AUTOSCALING}", "stop i1"]


async def test_a_minimum_of_instances_is_kept() -> None:
    boots = Boots()
    boots.concurrency = 1
    fleet = _fleet(boots, World(minimum=1), idle_limit=0.02)
    both = [await fleet.acquire(_WHERE), await fleet.acquire(_WHERE)]

    for instance in both:
        fleet.release(instance)
    await _until(lambda: fleet.instances(_WHERE) == 1)
    await asyncio.sleep(0.05)

    assert fleet.instances(_WHERE) == 1
    await fleet.close()


async def test_a_deployment_is_done_when_its_minimum_of_instances_is_up() -> None:
    boots = Boots()
    fleet = _fleet(boots, World(minimum=3))

    await fleet.first_boot(_WHERE)

    assert boots.log == [f"start {DEPLOYMENT}", f"start {MINIMUM}", f"start {MINIMUM}"]
    assert fleet.instances(_WHERE) == 3
    await fleet.close()


async def test_a_deployment_does_not_fail_with_an_instance_beyond_its_first() -> None:
    boots = Boots()
    boots.fails, boots.spared = True, 1
    fleet = _fleet(boots, World(minimum=3))

    await fleet.first_boot(_WHERE)

    assert (fleet.instances(_WHERE), boots.starts()) == (1, 2)
    await fleet.close()


async def test_the_first_request_wakes_the_minimum_of_a_revision_that_slept() -> None:
    boots = Boots()
    fleet = _fleet(boots, World(minimum=2))

    await fleet.acquire(_WHERE)
    await _until(lambda: fleet.instances(_WHERE) == 2)

    assert boots.log == [f"start {AUTOSCALING}", f"start {MINIMUM}"]
    await fleet.close()


async def test_requests_one_after_another_go_to_every_instance_in_turn() -> None:
    fleet = _fleet(Boots(), World(minimum=3))
    await fleet.first_boot(_WHERE)

    seen = []
    for _ in range(6):
        instance = await fleet.acquire(_WHERE)
        seen.append(instance.id)
        fleet.release(instance)

    assert seen == seen[:3] * 2
    assert len(set(seen)) == 3
    await fleet.close()


async def test_the_least_busy_instance_goes_before_the_one_whose_turn_it_is() -> None:
    fleet = _fleet(Boots(), World(minimum=2))
    await fleet.first_boot(_WHERE)

    first, second = await fleet.acquire(_WHERE), await fleet.acquire(_WHERE)
    fleet.release(second)

    assert first is not second
    assert await fleet.acquire(_WHERE) is second
    await fleet.close()


async def test_a_dead_instance_of_the_minimum_is_replaced() -> None:
    boots = Boots()
    fleet = _fleet(boots, World(minimum=2))
    await fleet.first_boot(_WHERE)
    crashed = await fleet.acquire(_WHERE)

    crashed.life.cancel()
    await _until(lambda: boots.starts() == 3)
    await _until(lambda: fleet.instances(_WHERE) == 2)

    fleet.release(crashed)
    left = {(await fleet.acquire(_WHERE)).id, (await fleet.acquire(_WHERE)).id}
    assert crashed.id not in left
    assert len(left) == 2
    await fleet.close()


async def test_instances_that_die_at_once_do_not_hold_their_deployment_up() -> None:
    class Crashing(Boots):
        async def start(self, revision: Message, image: Image, where: Where, reason: str) -> Instance:
            instance = await super().start(revision, image, where, reason)
            instance.life.cancel()
            return instance

    fleet = _fleet(Crashing(), World(minimum=2), pause=3600.0)

    async with asyncio.timeout(5):
        await fleet.first_boot(_WHERE)
        await fleet.close()


async def test_a_retired_revision_keeps_no_minimum() -> None:
    boots, world = Boots(), World(minimum=2)
    fleet = _fleet(boots, world, idle_limit=0.02)
    await fleet.first_boot(_WHERE)
    await asyncio.sleep(0.05)
    assert fleet.instances(_WHERE) == 2

    world.retire()

    await _until(lambda: fleet.instances(_WHERE) == 0)
    assert boots.starts() == 2
    await fleet.close()


async def test_a_stop_ends_what_brings_the_minimum_up() -> None:
    class Stuck(Boots):
        async def start(self, revision: Message, image: Image, where: Where, reason: str) -> Instance:
            if self.starts():
                self.gate.clear()
            return await super().start(revision, image, where, reason)

    boots = Stuck()
    fleet = _fleet(boots, World(minimum=3))
    booting = asyncio.create_task(fleet.first_boot(_WHERE))
    await _until(lambda: boots.starts() == 2)

    await fleet.stop(_WHERE)
    boots.gate.set()
    await booting

    assert boots.log[2:] == ["stop i1 Shutting down user disabled instance"]
    assert fleet.instances(_WHERE) == 0
    await fleet.close()


async def test_a_crashed_instance_leaves_the_fleet_and_the_next_request_boots_another() -> None:
    boots = Boots()
    fleet = _fleet(boots)
    crashed = await fleet.acquire(_WHERE)
    crashed.life.cancel()
    await _until(lambda: fleet.instances(_WHERE) == 0)
    fleet.release(crashed)

    assert await fleet.acquire(_WHERE) is not crashed
    assert boots.starts() == 2
    await fleet.close()


async def test_a_stop_ends_all_instances_and_the_boot_under_way() -> None:
    boots = Boots()
    fleet = _fleet(boots)
    await fleet.first_boot(_WHERE)
    await fleet.stop(_WHERE)

    boots.gate.clear()
    booting = asyncio.create_task(fleet.first_boot(_WHERE))
    await asyncio.sleep(0)
    await fleet.stop(_WHERE)

    assert boots.log[1] == "stop i1 Shutting down user disabled instance"
    with pytest.raises(asyncio.CancelledError):
        await booting


async def test_a_lost_image_fails_the_boot_in_googles_words() -> None:
    world = World()
    world.get_revision(_WHERE.revision_path).containers[0].image = "shop@sha256:1"

    with pytest.raises(BootFailed, match=r"^Image 'shop@sha256:1' not found\.$"):
        await _fleet(Boots(), world).first_boot(_WHERE)


async def test_a_revision_that_is_gone_is_not_booted() -> None:
    boots = Boots()
    with pytest.raises(Problem, match="gone"):
        await _fleet(boots).acquire(Where("demo", "us-central1", "shop", "other"))

    assert boots.log == []
