"""Whenever a program is killed, the next one brings the deployment to its end, once, and nobody notices."""

import asyncio
from pathlib import Path

import pytest

from buddy_tui.actions.arithmetic import percents_of, tags_of
from buddy_tui.actions.values import Ending
from buddy_tui.deploy.resume import unfinished
from buddy_tui.model import RevisionState
from tests import make
from tests.core.deploy.world import AFTER, FAILED, LOST, NEW, OLD, TAG, TRAFFIC, MemoryJournal, Program, World

GOOD = (RevisionState.PENDING, RevisionState.READY)
BAD = (RevisionState.PENDING, RevisionState.FAILED)
LATEST = (make.latest(100), make.target(FAILED, 0, "broken"))
# Longer than a deployment and what follows of it; the tests say so when it is not.
MOST_CALLS = 60
CALLS = ("upload", "build", "builds_from", "submit_build", "roll_out", "service", "revisions")


def assert_nothing_was_lost(world: World) -> None:
    assert len(world.rolled) <= 1
    assert len(world.builds) <= 1
    assert world.served == {OLD}
    assert tags_of(world.service_now.desired).items() >= tags_of(world.start.desired).items()
    assert unfinished(MemoryJournal(world), make.NAME) is None
    assert not world.locks
    assert not list((world.folder / "deployments").glob("*.zip"))


@pytest.mark.parametrize("at", range(1, MOST_CALLS))
@pytest.mark.parametrize("booting", [GOOD, BAD], ids=["good", "bad"])
async def test_a_kill_at_any_call_leaves_one_deployment_which_the_next_start_ends(
    tmp_path: Path, at: int, booting: tuple[RevisionState, ...]
) -> None:
    world = World(tmp_path)
    world.booting = booting
    was_killed = await Program(world).killed(at)

    ending = await Program(world).next_start()

    good = booting is GOOD
    assert ending is (Ending.DONE if good else Ending.PUT_BACK)
    assert world.service_now.desired == (AFTER if good else TRAFFIC)
    assert_nothing_was_lost(world)
    assert was_killed or at > 20
    assert not (was_killed and at == MOST_CALLS - 1)


@pytest.mark.parametrize("second", range(1, 30, 3))
async def test_two_kills_are_no_worse_than_one(tmp_path: Path, second: int) -> None:
    for first in range(1, 40, 4):
        folder = tmp_path / str(first)
        folder.mkdir()
        world = World(folder, traffic=LATEST)
        await Program(world).killed(first)
        if unfinished(MemoryJournal(world), make.NAME):
            await Program(world).killed(second, again=True)

        ending = await Program(world).next_start()

        assert ending is Ending.DONE
        assert tags_of(world.service_now.desired) == {"broken": FAILED, TAG: NEW}
        assert percents_of(world.service_now.desired) == {OLD: 100}
        assert_nothing_was_lost(world)


@pytest.mark.parametrize(
    "method", [*CALLS, *(f"{one} reply" for one in ("upload", "submit_build", "roll_out"))]
)
@pytest.mark.parametrize("times", [1, 2, 4, 100])
async def test_lost_connections_are_waited_out_and_nothing_is_done_twice(
    tmp_path: Path, method: str, times: int
) -> None:
    world = World(tmp_path)
    world.fail(method, *[LOST] * times)

    told = await Program(world).deploy()
    world.up_again()

    assert told[-1].ending in {Ending.DONE, Ending.UNKNOWN, Ending.FAILED}
    assert await Program(world).next_start() in {Ending.DONE, told[-1].ending}
    assert_nothing_was_lost(world)


@pytest.mark.parametrize("at", range(2, 30, 3))
async def test_closing_the_program_is_as_good_as_a_kill(tmp_path: Path, at: int) -> None:
    world = World(tmp_path)
    task = asyncio.create_task(Program(world).deploy())
    world.turns[at] = task.cancel
    await asyncio.wait({task})

    assert await Program(world).next_start() is Ending.DONE
    assert_nothing_was_lost(world)
