"""What may go wrong, each with its sentence, the way on, and the service as it was."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.actions.arithmetic import percents_of, tags_of
from buddy_tui.actions.marks import Lock, lock_values
from buddy_tui.actions.values import Ending, Verb
from buddy_tui.deploy.resume import unfinished
from buddy_tui.errors import ChangedUnderneath, Denied, OverQuota, Refused, Unwritable
from buddy_tui.gateway import BuildState
from buddy_tui.model import RevisionState, TrafficTarget
from buddy_tui.source.archive import Packed
from tests import make
from tests.core.deploy.world import (
    AFTER,
    FAILED,
    IMAGE,
    LOST,
    NEW,
    OLD,
    TAG,
    TRAFFIC,
    MemoryJournal,
    Program,
    World,
)

FOR_EVER = 1_000
LATEST = (make.latest(100), make.target(FAILED, 0, "broken"))
ELSEWHERE = (make.target(FAILED, 0, "broken"), make.target(OLD, 100))
READY_AND_BAD = (RevisionState.PENDING, RevisionState.READY)
DEAD = (RevisionState.PENDING, RevisionState.FAILED)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def left_open(world: World) -> bool:
    return unfinished(MemoryJournal(world), make.NAME) is not None


def assert_untouched(world: World) -> None:
    assert world.service_now.desired == world.start.desired
    assert not world.rolled
    assert world.served == {OLD}


def lost(method: str) -> Callable[[World], object]:
    return lambda world: world.fail(method, *[LOST] * FOR_EVER)


def quota(method: str) -> Callable[[World], object]:
    error = OverQuota("The quota of builds a minute is used up.", "Wait a minute.")
    return lambda world: world.fail(method, *[error] * FOR_EVER)


def build_ends(*states: BuildState) -> Callable[[World], object]:
    return lambda world: setattr(world, "building", states)


def refused(method: str, error: Exception) -> Callable[[World], object]:
    return lambda world: world.fail(method, error)


TROUBLES = {
    "upload cut off": (lost("upload"), Ending.UNKNOWN, "did not answer in time", "goes on where it stopped"),
    "build not begun": (
        lost("submit_build"),
        Ending.UNKNOWN,
        "did not answer in time",
        "goes on where it stopped",
    ),
    "build out of sight": (lost("build"), Ending.UNKNOWN, "api is as it was", "goes on where it stopped"),
    "write lost": (lost("roll_out"), Ending.UNKNOWN, "api is as it was", "goes on where it stopped"),
    "quota of builds": (
        quota("submit_build"),
        Ending.UNKNOWN,
        "quota of builds a minute",
        "goes on where it stopped",
    ),
    "quota of writes": (
        quota("roll_out"),
        Ending.UNKNOWN,
        "quota of builds a minute",
        "goes on where it stopped",
    ),
    "failed build": (
        build_ends(BuildState.WORKING, BuildState.FAILURE),
        Ending.FAILED,
        "The build failed: pip could not install flask. The service is as it was.",
        "https://log.example",
    ),
    "build out of time": (
        build_ends(BuildState.TIMEOUT),
        Ending.FAILED,
        "longer than Cloud Build allows",
        "https",
    ),
    "build cancelled": (build_ends(BuildState.CANCELLED), Ending.FAILED, "The build was cancelled.", "https"),
    "hanging build": (
        build_ends(BuildState.WORKING),
        Ending.UNKNOWN,
        "does not come to an end: 60 min so far",
        "--cancel ends it",
    ),
    "stale etag": (
        refused("roll_out", ChangedUnderneath("Conflict for resource 'api': version '2' was specified.")),
        Ending.CONFLICT,
        "Conflict for resource 'api': version '2' was specified.",
        f"buddy-tui deploy --service api --image {IMAGE}",
    ),
    "may not write": (
        refused("roll_out", Denied("run.services.update is missing.", "roles/run.developer")),
        Ending.DENIED,
        "run.services.update is missing. api is as it was.",
        "roles/run.developer",
    ),
    "revision refused": (
        refused("roll_out", Refused("Google will not have it.")),
        Ending.FAILED,
        "Google will not have it. api is as it was.",
        "",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_before_the_revision_is_told_and_changes_nothing(world: World, trouble: str) -> None:
    happens, ending, sentence, way_on = TROUBLES[trouble]
    happens(world)

    last = (await Program(world).deploy())[-1]

    assert (last.ending, sentence in last.sentence) == (ending, True), last.sentence
    assert way_on in last.hint
    assert left_open(world) is (ending is Ending.UNKNOWN)
    assert_untouched(world)


@pytest.mark.parametrize("stuck", ["pack", "journal"])
async def test_a_full_disk_is_told_and_changes_nothing(world: World, stuck: str) -> None:
    program = Program(world)
    full = Unwritable("The archive cannot be written to /state: No space left on device.", "Make room there.")
    world.full = {stuck: full}

    last = (await program.deploy())[-1]

    assert str(full) in last.sentence
    assert "Make room there." in last.hint
    assert_untouched(world)
    assert not list((world.folder / "deployments").glob("*"))


async def test_a_deployment_that_is_given_up_while_it_is_packed_leaves_no_archive(world: World) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    program = Program(world)
    pack = program.pack

    def slowly(root: Path, to: Path) -> tuple[str, Packed]:
        begun.set()
        go_on.wait()
        told = pack(root, to)
        ended.set()
        return told

    program.pack = slowly  # type: ignore[method-assign]
    deployment = asyncio.create_task(program.deploy())
    await asyncio.to_thread(begun.wait)
    program.control.cancel()
    for _ in range(100):
        await asyncio.sleep(0)
    go_on.set()

    assert (await deployment)[-1].ending is Ending.FAILED
    await asyncio.to_thread(ended.wait)
    assert not list((world.folder / "deployments").glob("*"))


async def test_a_source_that_was_changed_after_the_plan_is_not_deployed(world: World) -> None:
    program = Program(world)
    program.contents = "e" * 64

    last = (await program.deploy())[-1]

    assert (last.ending, last.sentence) == (Ending.CONFLICT, "The source was changed since this was planned.")
    assert_untouched(world)


async def test_an_archive_that_was_changed_on_the_disk_is_not_uploaded(world: World) -> None:
    await Program(world).killed(8)
    archive = next((world.folder / "deployments").glob("*.zip"))
    archive.write_bytes(b"the who")

    await Program(world).resume()

    assert {one.size for one in world.archives.values()} == {len(b"the whole archive")}
    assert world.service_now.desired == AFTER


async def test_somebody_elses_change_before_the_write_is_not_written_over(world: World) -> None:
    release = Program(world).plan()
    world.turns[20] = lambda: world.change(ELSEWHERE)

    last = (await Program(world).deploy(release))[-1]

    assert (last.ending, last.hint) == (Ending.CONFLICT, f"buddy-tui deploy --service api --image {IMAGE}")
    assert "bob@example.com" in last.sentence
    assert world.service_now.desired == ELSEWHERE
    assert not world.rolled


async def test_a_boot_that_fails_is_explained_and_the_list_is_as_before(world: World) -> None:
    world.booting = DEAD

    last = (await Program(world).deploy())[-1]

    assert last.ending is Ending.PUT_BACK
    assert last.sentence == (
        f"{NEW} does not boot: Back_End is not in the image. Its tag is gone. "
        "The traffic list is as it was before."
    )
    assert last.finding is not None
    assert world.service_now.desired == TRAFFIC
    assert world.served == {OLD}


@pytest.mark.parametrize("traffic", [TRAFFIC, LATEST], ids=["pinned", "latest"])
async def test_a_probe_that_fails_takes_the_tag_away(
    tmp_path: Path, traffic: tuple[TrafficTarget, ...]
) -> None:
    world = World(tmp_path, traffic=traffic)
    world.answer = 500

    last = (await Program(world).deploy())[-1]

    assert last.ending is Ending.PUT_BACK
    assert "a probe fails" in last.sentence
    assert tags_of(world.service_now.desired) == tags_of(traffic)
    assert world.served == {OLD}


async def test_latest_is_not_brought_back_while_it_would_mean_the_bad_candidate(tmp_path: Path) -> None:
    world = World(tmp_path, traffic=LATEST)
    world.answer = 500

    last = (await Program(world).deploy())[-1]

    assert percents_of(world.service_now.desired) == {OLD: 100}
    assert "The service stays pinned: LATEST would mean this revision." in last.sentence


async def test_latest_is_brought_back_exactly_where_the_candidate_is_dead(tmp_path: Path) -> None:
    world = World(tmp_path, traffic=LATEST)
    world.booting = DEAD

    last = (await Program(world).deploy())[-1]

    assert "The traffic list is as it was before." in last.sentence
    assert world.service_now.desired == LATEST
    assert world.served == {OLD}


async def test_what_others_wrote_meanwhile_stays_when_the_tag_is_taken_away(world: World) -> None:
    world.booting = DEAD
    theirs = (make.target(OLD, 100), make.target(OLD, 0, "mine"), make.target(NEW, 0, TAG))
    world.when("revisions", lambda: world.change(theirs))

    last = (await Program(world).deploy())[-1]

    assert last.ending is Ending.PUT_BACK
    assert world.service_now.desired == theirs[:2]
    assert "Somebody else has changed the traffic meanwhile; only its tag was taken out." in last.sentence


async def test_a_tag_that_others_took_away_ends_it_and_what_they_wrote_stands(world: World) -> None:
    world.when("revisions", lambda: world.change(ELSEWHERE))

    last = (await Program(world).deploy())[-1]

    assert last.ending is Ending.CONFLICT
    assert f"somebody else took its tag {TAG} away (bob@example.com changed it last)" in last.sentence
    assert world.service_now.desired == ELSEWHERE


async def test_a_revision_that_never_gets_ready_is_taken_back(world: World) -> None:
    world.booting = (RevisionState.PENDING,)

    last = (await Program(world).deploy())[-1]

    assert last.ending is Ending.PUT_BACK
    assert f"{NEW} was not ready within 15 minutes." in last.sentence
    assert world.service_now.desired == TRAFFIC


async def test_a_tag_that_cannot_be_taken_away_is_tried_again_at_the_next_start(world: World) -> None:
    world.booting = DEAD
    world.fail("set_traffic", Denied("run.services.update is missing.", "roles/run.developer"))

    first = (await Program(world).deploy())[-1]
    then = (await Program(world).resume())[-1]

    assert first.ending is Ending.UNKNOWN
    assert "Its tag api-00038-cvc could not be taken away: run.services.update is missing." in first.sentence
    assert first.hint == "roles/run.developer"
    assert then.ending is Ending.PUT_BACK
    assert world.service_now.desired == TRAFFIC


async def test_a_former_list_that_does_not_get_effective_is_told_and_not_tried_for_ever(world: World) -> None:
    world.booting = DEAD
    world.when("set_traffic", lambda: setattr(world, "stuck", True))

    last = (await Program(world).deploy())[-1]

    assert last.ending is Ending.NOT_DONE
    assert "The former list was asked for again: NOT DONE" in last.sentence
    assert world.service_now.desired == TRAFFIC
    assert not left_open(world)


async def test_a_tag_that_never_leads_to_the_revision_is_told(world: World) -> None:
    world.turns[1] = lambda: setattr(world, "stuck", True)

    last = (await Program(world).deploy())[-1]

    assert last.ending is Ending.NOT_DONE
    assert f"{NEW} is ready, and its tag {TAG} does not lead to it. DIVERGED" in last.sentence
    assert world.service_now.desired == AFTER


async def test_a_lost_network_while_it_boots_leaves_it_to_be_gone_on_with(world: World) -> None:
    world.when("revisions", lambda: world.fail("revisions", *[LOST] * FOR_EVER))

    first = (await Program(world).deploy())[-1]
    world.up_again()
    then = (await Program(world).resume())[-1]

    assert (first.ending, then.ending) == (Ending.UNKNOWN, Ending.DONE)
    assert f"{NEW} was asked for, and nobody uses it yet." in first.sentence
    assert len(world.rolled) == 1


async def test_probes_that_cannot_tell_leave_the_revision_where_it_is(world: World) -> None:
    program = Program(world)
    program.questions = ()

    last = (await program.deploy())[-1]

    assert last.ending is Ending.NOT_DONE
    assert "whether it is any good is not known" in last.sentence
    assert last.hint == f"buddy-tui probe {NEW}"
    assert world.service_now.desired == AFTER
    assert not left_open(world)


async def test_a_lock_of_somebody_else_is_waited_for(world: World) -> None:
    release = Program(world).plan()
    until = world.time().replace(minute=3)
    lock = lock_values(Lock(Verb.PROMOTE, "bob@example.com", until, "0" * 12))
    annotations = tuple((key, value or "") for key, value in lock.items())
    world.put(replace(world.service_now, annotations=annotations), *world.revisions_now)

    told = await Program(world).deploy(release)

    assert told[-1].ending is Ending.DONE
    assert any("bob@example.com is at work on it" in step.said for one in told for step in one.steps)
    assert world.time() >= until
