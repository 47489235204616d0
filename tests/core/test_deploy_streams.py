"""What the screens of deployments are fed with: nothing begins past a guard, and what was left is found again."""

import asyncio
import gc
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from buddy_tui.actions.values import Ending, Verb
from buddy_tui.actions.wishes import Wish
from buddy_tui.config import Settings
from buddy_tui.deploy.looks import DeployDraft, Look
from buddy_tui.deploy.outside import Outside
from buddy_tui.deploy.preparing import Said
from buddy_tui.deploy.values import Deployment
from buddy_tui.deploy_streams import DeployStreams
from buddy_tui.diagnose import Examiner
from buddy_tui.errors import Refused, Unreachable
from buddy_tui.gateway import BuildState, Cloud
from buddy_tui.preflight.values import Verdict
from buddy_tui.preflight_streams import PreflightStreams
from tests import make
from tests.core.deploy.world import MemoryJournal, Program, World
from tests.screens.stage import settings

WORKLOAD = Path(__file__).parents[2] / "buddy_tui" / "emulator" / "workload" / "buddy"
STAGING = settings(environment="staging")
PRODUCTION = settings()


class Streams(DeployStreams):
    """The streams over a world from memory; a deployment touches nothing else."""

    def __init__(self, world: World, of: Settings = STAGING, *, may_change: bool = True) -> None:
        self.program = Program(world)
        self.ended: list[Deployment] = []

        async def connected() -> tuple[Cloud, Examiner]:
            return cast("Cloud", world), cast("Examiner", None)

        door: Any = (lambda _: world) if may_change else None
        super().__init__(
            of,
            connected,
            world.time,
            door,
            door,
            needs_name=lambda _: of.production,
            journal=lambda: MemoryJournal(world),
        )

    def outside(self, cloud: Cloud, examiner: Examiner) -> Outside:
        del cloud, examiner
        return self.program.outside

    def draft(self, **over: Any) -> DeployDraft:  # noqa: ANN401 - any field of Plan
        release = self.program.plan()
        release = replace(release, plan=replace(release.plan, **over))
        return DeployDraft(Wish(make.NAME, Verb.DEPLOY), release.plan, release=release)

    def begin(self, draft: DeployDraft, typed: str = "", reason: str = "") -> None:
        self.start(draft, typed=typed, reason=reason, over=self.ended.append)

    async def followed(self) -> list[Deployment]:
        return [one async for one in self.progresses()]


async def test_a_deployment_goes_on_whoever_looks_and_tells_its_end(tmp_path: Path) -> None:
    world = World(tmp_path)
    streams = Streams(world)

    streams.begin(streams.draft())
    told = await streams.followed()

    assert told[-1].ending is Ending.DONE
    await streams.over()
    assert [one.ending for one in streams.ended] == [Ending.DONE]
    assert world.service_now.effective[0].percent == 100


@pytest.mark.parametrize(
    ("of", "may_change", "over", "reason", "said"),
    [
        (STAGING, False, {}, "", "read-only"),
        (PRODUCTION, True, {}, "why", "must be typed"),
        (STAGING, True, {"refusal": "It fails its preflight."}, "", "fails its preflight"),
        (STAGING, True, {"needs_reason": True}, "", "wants a reason"),
    ],
    ids=["read-only", "name", "refusal", "reason"],
)
async def test_nothing_begins_past_a_guard(
    tmp_path: Path,
    of: Settings,
    may_change: bool,  # noqa: FBT001 - a parameter of the table
    over: dict[str, Any],
    reason: str,
    said: str,
) -> None:
    world = World(tmp_path)
    streams = Streams(world, of, may_change=may_change)

    with pytest.raises(Refused, match=said):
        streams.begin(streams.draft(**over), typed="ap", reason=reason)

    assert world.lines == []


async def test_a_first_revision_wants_to_be_agreed_to(tmp_path: Path) -> None:
    streams = Streams(World(tmp_path))
    draft = streams.draft()
    assert draft.release
    draft = replace(draft, release=replace(draft.release, first=True))

    with pytest.raises(Refused, match="everything at once"):
        streams.begin(draft)
    streams.begin(replace(draft, agreed=True))
    await streams.close()


async def test_a_second_deployment_is_refused_while_one_is_under_way(tmp_path: Path) -> None:
    streams = Streams(World(tmp_path))
    streams.begin(streams.draft())

    with pytest.raises(Refused, match="is being deployed"):
        streams.begin(streams.draft())

    await streams.close()


async def test_what_is_closed_is_left_told_and_gone_on_with(tmp_path: Path) -> None:
    world = World(tmp_path)
    streams = Streams(world)
    streams.begin(streams.draft())
    async with aclosing(streams.progresses()) as values:
        async for told in values:
            if told.build:
                break
    await streams.close()

    after = Streams(world)
    (sentence,) = await after.unfinished()
    left = await after.left(make.NAME)
    assert left is not None
    assert left.release.revision in sentence
    async with aclosing(after.resumptions(left, asyncio.Event())) as drafts:
        draft = await anext(drafts)
    assert draft.moved == ()
    after.begin(draft)
    assert (await after.followed())[-1].ending is Ending.DONE
    assert await after.unfinished() == ()
    assert world.count("submit_build") == 1


async def test_what_is_given_up_ends_its_build_and_keeps_the_reason(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.building = (BuildState.WORKING,)
    streams = Streams(world)
    streams.begin(streams.draft())
    async with aclosing(streams.progresses()) as values:
        async for told in values:
            if told.build:
                streams.cancel("wrong branch")
                break

    last = (await streams.followed())[-1]
    assert last.ending is Ending.FAILED
    assert "wrong branch" in last.sentence
    assert world.count("cancel_build") == 1


async def test_a_plan_says_what_moved_and_is_made_anew_only_when_asked(tmp_path: Path) -> None:
    world, wake = World(tmp_path), asyncio.Event()
    streams = Streams(world)
    said = Said(str(WORKLOAD), smoke=False)

    async with aclosing(streams.drafts(make.NAME, said, wake)) as drafts:
        assert (await anext(drafts)).plan is None
        planned = await anext(drafts)
        assert planned.plan
        assert planned.plan.refusal == ""

        world.change((make.target("api-00028-bsx", 100),))
        moved = await streams._checked(planned)
        assert "stable" in " ".join(moved.moved)

        wake.set()
        assert (await anext(drafts)).plan is None
        assert (await anext(drafts)).moved == ()


async def test_a_service_that_cannot_be_read_is_told_as_trouble(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.fail("service", *[Unreachable("Cloud Run does not answer.", "Try again.")] * 9)
    streams = Streams(world)

    async with aclosing(
        streams.drafts(make.NAME, Said(str(WORKLOAD), smoke=False), asyncio.Event())
    ) as drafts:
        await anext(drafts)
        draft = await anext(drafts)

    assert draft.plan is None
    assert draft.trouble
    assert draft.trouble.sentence == "Cloud Run does not answer."


def _preflights(world: World) -> PreflightStreams:
    async def connected() -> tuple[Cloud, Examiner]:
        return cast("Cloud", world), cast("Examiner", None)

    return PreflightStreams(connected, world.time)


async def _until_done(source: str, streams: PreflightStreams, *, smoke: bool = False) -> list[Look]:
    looks: list[Look] = []
    async with aclosing(streams.looks(make.NAME, source, asyncio.Event(), smoke=smoke)) as values:
        async for look in values:
            looks.append(look)
            if look.done:
                break
    return looks


async def test_what_the_files_tell_comes_before_what_google_tells(tmp_path: Path) -> None:
    first, *_, last = await _until_done(str(WORKLOAD), _preflights(World(tmp_path)))

    assert first.preflight
    assert last.preflight
    assert first.pending == {"permissions", "apis", "settings"}
    assert not last.pending
    assert last.preflight.verdict is Verdict.WARN


async def test_the_smoke_boot_is_announced_before_it_runs(tmp_path: Path) -> None:
    first, *_, last = await _until_done(str(WORKLOAD), _preflights(World(tmp_path)), smoke=True)

    assert "boot" in first.pending
    assert "Smoke boot: Back_End.main is imported" in first.running
    assert last.preflight
    assert "was imported" in last.preflight.checks[-1].message


async def test_who_leaves_after_the_first_look_asked_nobody(tmp_path: Path) -> None:
    world = World(tmp_path)
    looks = _preflights(world).looks(make.NAME, str(WORKLOAD), asyncio.Event(), smoke=True)
    async with aclosing(looks) as values:
        await anext(values)
    # A coroutine that nobody awaits complains when it is collected, which is an error here.
    gc.collect()

    assert world.calls == []


@pytest.mark.parametrize("source", ["Back_End", "nowhere"])
async def test_a_wrong_folder_is_told_at_once(tmp_path: Path, source: str) -> None:
    first = (await _until_done(str(WORKLOAD / source), _preflights(World(tmp_path))))[0]

    if source == "nowhere":
        assert first.trouble
    else:
        assert first.preflight
        assert first.preflight.suggested_root == WORKLOAD.resolve()


async def test_modules_come_first_without_and_then_with_their_times(tmp_path: Path) -> None:
    streams = _preflights(World(tmp_path))
    async with aclosing(streams.modules(str(WORKLOAD), asyncio.Event(), smoke=True)) as values:
        first, last = await anext(values), await anext(values)

    assert first.found
    assert last.found
    assert (first.done, first.found.milliseconds) == (False, 0.0)
    assert last.done
    assert last.found.milliseconds > 0.0
