"""A session probe that does not come to its end: closed, cancelled, killed. Nothing is left, at the latest after a sweep."""

import asyncio
import json
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from buddy_tui.question import Ask, SessionPlan
from tests.core.sessions.application import ELSEWHERE, everywhere
from tests.core.sessions.climbing import World

KINDS = {
    "firestore": everywhere(),
    "memory": everywhere(place=None),
    "wrong project": everywhere(place=ELSEWHERE),
    "slow": everywhere(after=1.0),
    "leaks": everywhere(leaks=True),
}
OWN_IDS = SessionPlan(create=Ask("POST", "/sessions", '{"probe": "{mark}"}'))


@pytest.mark.parametrize("plan", [SessionPlan(), OWN_IDS])
@pytest.mark.parametrize("kind", KINDS)
async def test_closing_it_after_any_value_leaves_no_document(
    kind: str, plan: SessionPlan, tmp_path: Path
) -> None:
    for steps in range(1, 18):
        world = World(KINDS[kind], tmp_path / str(steps), seed=steps)
        async with aclosing(world.climb(plan)) as ladders:
            for _ in range(steps):
                await anext(ladders)

        assert world.door.open_visits == 0
        if kind != "slow":
            assert world.documents == []
        await world.later()
        assert (world.documents, world.markers) == ([], [])


@pytest.mark.parametrize(
    ("kind", "plan"), [*((kind, SessionPlan()) for kind in KINDS), ("firestore", OWN_IDS)]
)
async def test_cancelling_it_at_any_moment_leaves_no_document(
    kind: str, plan: SessionPlan, tmp_path: Path
) -> None:
    moments, over = 0, False
    while not over:
        world = World(KINDS[kind], tmp_path / str(moments), seed=moments)
        task = asyncio.create_task(world.top(plan))
        for _ in range(moments):
            await asyncio.sleep(0)
        over = task.done()
        task.cancel()
        await asyncio.wait([task])

        assert world.door.open_visits == 0
        if kind != "slow":
            assert world.documents == []
        await world.later()
        assert (world.documents, world.markers) == ([], [])
        moments += 1
    assert moments > 30


async def test_cancelling_it_twice_does_not_stop_the_clearing_up(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    stream = world.climb()
    for _ in range(6):
        await anext(stream)
    assert world.documents
    closing = asyncio.create_task(stream.aclose())
    await asyncio.sleep(0)

    closing.cancel()
    await asyncio.wait([closing])

    for _ in range(200):
        await asyncio.sleep(0)
    assert world.documents == []
    await world.later()
    assert world.markers == []


async def test_a_creation_without_an_answer_is_looked_for_again_by_a_later_start(tmp_path: Path) -> None:
    world = World(everywhere(lost=True, after=20.0), tmp_path)

    ladder = await world.top()

    assert "may still land" in ladder.left
    assert world.documents == []
    world.application.settle()
    said = await world.later(minutes=2)
    assert "its service says that its session is deleted" in said
    assert (world.documents, world.markers) == ([], [])


@pytest.mark.skipif(
    sys.platform == "win32", reason="a process is copied at every call, which Windows cannot do"
)
@pytest.mark.parametrize("kind", ["firestore", "memory", "wrong project", "own ids"])
def test_killing_it_at_any_call_leaves_nothing_that_the_next_start_does_not_remove(
    kind: str, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.core.sessions.killed", kind, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["killed"] > 30
    assert told["left"] == []
    assert told["markers"] == []
    assert (told["found"] > 10) is (kind != "memory")
