"""Whatever is mixed with a deployment, kills, lost calls, lost replies, other people: nobody's change is lost."""

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.actions.arithmetic import percents_of, tagged, tags_of
from buddy_tui.actions.values import Ending, Targets
from buddy_tui.deploy.resume import unfinished
from buddy_tui.model import RevisionState
from tests import make
from tests.core.deploy.world import LOST, NEW, OLD, TAG, TRAFFIC, Killed, MemoryJournal, Program, World

LATEST = (make.latest(100), make.target(OLD, 0, "stable"))
LOSABLE = (
    "upload",
    "submit_build",
    "roll_out",
    "set_traffic",
    "builds_from",
    "build",
    "service",
    "revisions",
)
losses = st.lists(
    st.tuples(st.sampled_from([*LOSABLE, *(f"{one} reply" for one in LOSABLE[:4])]), st.integers(1, 3)),
    max_size=4,
)


@settings(max_examples=80, deadline=None)
@given(
    kills=st.lists(st.integers(1, 45), max_size=3),
    others=st.lists(st.integers(1, 60), max_size=2, unique=True),
    lost=losses,
    booting=st.sampled_from([RevisionState.READY, RevisionState.FAILED]),
    answer=st.sampled_from([200, 500]),
    traffic=st.sampled_from([TRAFFIC, LATEST]),
)
def test_no_interleaving_loses_a_tag_a_change_or_a_deployment(
    kills: list[int],
    others: list[int],
    lost: list[tuple[str, int]],
    booting: RevisionState,
    answer: int,
    traffic: Targets,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), traffic=traffic)
        world.booting, world.answer = (RevisionState.PENDING, booting), answer
        wrote: list[str] = []
        for number, call in enumerate(others):
            world.turns[call] = partial(_tagged_by_somebody_else, world, f"mine{number}", wrote)
        for method, times in lost:
            world.fail(method, *[LOST] * times)

        ending = asyncio.run(_until_it_is_over(world, kills))

    good = (booting, answer) == (RevisionState.READY, 200)
    assert world.served == {OLD}
    assert len(world.rolled) <= 1
    tags = tags_of(world.service_now.desired)
    assert tags == {
        "stable": OLD,
        **dict.fromkeys(wrote, OLD),
        **({TAG: NEW} if ending is Ending.DONE else {}),
    }
    assert sum(percents_of(world.service_now.desired).values()) == 100
    assert not world.locks
    if ending is Ending.DONE:
        assert good
    elif not wrote:
        assert ending in {Ending.PUT_BACK, Ending.FAILED}
        assert ending is Ending.FAILED or not good
    else:
        assert ending in {Ending.PUT_BACK, Ending.CONFLICT, Ending.FAILED}


def _tagged_by_somebody_else(world: World, tag: str, wrote: list[str]) -> None:
    wrote.append(tag)
    world.change(tagged(world.service_now.desired, {tag: OLD}))


async def _until_it_is_over(world: World, kills: list[int]) -> Ending | None:
    """Start a program, and another one whenever it was killed or gave up, until the deployment has come to its end."""
    ending, deaths = None, list(kills)
    for _ in range(len(kills) + 12):
        world.deaths = world.count_of_calls + deaths.pop(0) if deaths else 0
        try:
            ending = await Program(world).next_start()
        except Killed:
            world.locks.clear()
            continue
        if ending is not Ending.UNKNOWN:
            break
    world.deaths = 0
    assert unfinished(MemoryJournal(world), make.NAME) is None
    return ending
