"""A deployment is proved step by step; it may be of an image, a first one, given up, or gone on with."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.actions.former import former_of
from buddy_tui.actions.reconcile import reconcile
from buddy_tui.actions.recording import Author
from buddy_tui.actions.values import Ending
from buddy_tui.deploy.archiving import packed, source_of
from buddy_tui.deploy.memory import Known, Memory
from buddy_tui.deploy.names import image_of
from buddy_tui.deploy.resume import in_words, unfinished
from buddy_tui.deploy.values import Deployment, Stage
from buddy_tui.gateway import BuildState
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind
from buddy_tui.model import RevisionState
from buddy_tui.source.upload import upload_set
from tests import make
from tests.core.deploy.world import AFTER, IMAGE, NEW, OLD, TAG, TRAFFIC, WHO, MemoryJournal, Program, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def states(told: Deployment) -> dict[str, str]:
    return {step.name: step.state.value for step in told.steps}


async def test_a_source_becomes_a_ready_revision_without_traffic_and_with_a_tag(world: World) -> None:
    told = await Program(world).deploy()

    last = told[-1]
    assert last.ending is Ending.DONE, last.sentence
    assert world.service_now.desired == AFTER
    assert set(states(last).values()) == {"done"}
    assert (
        last.sentence
        == f"{NEW} is ready, tagged {TAG}, and its probes pass. It has 0 %. Serving: {OLD} 100 %."
    )
    assert world.served == {OLD}
    assert last.hint == f"buddy-tui promote {NEW}"


async def test_the_revision_says_what_it_was_built_from(world: World) -> None:
    await Program(world).deploy()

    (rollout,) = world.rolled
    assert (rollout.revision, rollout.image, rollout.traffic) == (NEW, IMAGE, AFTER)
    assert rollout.source == "gs://sources/0123456789abcdef-dddddddddddddddd#1"
    assert rollout.build in world.builds


async def test_intent_and_outcome_are_in_the_journal_and_in_between_what_was_proved(world: World) -> None:
    await Program(world).deploy()

    kinds = [one.kind for one in world.lines]
    assert (kinds[0], set(kinds[1:-1]), kinds[-1]) == (Kind.INTENT, {Kind.NOTE}, Kind.OUTCOME)
    assert {(one.id, one.who, one.verb) for one in world.lines} == {("0123456789abcdef", WHO, "deploy")}
    assert world.lines[-1].outcome == "done"


async def test_a_deployment_can_be_undone_like_any_change(world: World) -> None:
    await Program(world).deploy()

    former = former_of(world.service_now, world.lines, ())

    assert former is not None
    assert former.targets == TRAFFIC


async def test_a_deployment_that_was_left_is_no_business_of_those_who_reconcile(world: World) -> None:
    await Program(world).killed(12)

    assert await reconcile(MemoryJournal(world), world, world.time) == ()
    assert unfinished(MemoryJournal(world), make.NAME) is not None


async def test_the_build_and_the_bytes_that_are_there_are_shown_live(world: World) -> None:
    told = await Program(world).deploy()

    assert any((one.sent, one.packed) == (17, 17) for one in told)
    assert any(one.build and one.build.state is BuildState.WORKING for one in told)
    assert told[-1].probes is not None


async def test_an_image_is_neither_packed_nor_built(world: World) -> None:
    program = Program(world)

    last = (await program.deploy(program.plan(source=None, image=IMAGE)))[-1]

    assert last.ending is Ending.DONE
    assert list(states(last).values()) == ["skipped"] * 3 + ["done"] * 4
    assert (world.count("upload"), world.count("submit_build"), world.rolled[0].image) == (0, 0, IMAGE)


async def test_a_first_deployment_creates_the_service(world: World) -> None:
    world.remove(make.NAME)
    program = Program(world)

    last = (await program.deploy(program.plan(first=True)))[-1]

    assert last.ending is Ending.DONE, last.sentence
    assert world.count("create") == 1
    assert last.sentence.startswith(
        "api-00001-cvc is ready, tagged api-00001-cvc, and its probes pass. Serving: api-00001-cvc 100 %."
    )


@pytest.mark.parametrize("at", range(1, 40, 2))
async def test_a_first_deployment_survives_kills_too(tmp_path: Path, at: int) -> None:
    world = World(tmp_path)
    world.remove(make.NAME)
    program = Program(world)
    await program.killed(at, program.plan(first=True))

    is_left = unfinished(MemoryJournal(world), make.NAME)
    last = (await Program(world).resume())[-1] if is_left else None

    assert last is None or last.ending is Ending.DONE
    assert len(world.rolled) <= 1


async def test_a_first_deployment_that_fails_says_that_there_is_nothing_to_go_back_to(world: World) -> None:
    world.remove(make.NAME)
    world.booting = (RevisionState.FAILED,)
    program = Program(world)

    last = (await program.deploy(program.plan(first=True)))[-1]

    assert last.ending is Ending.FAILED
    assert "Nothing served before it, so there is nothing to go back to." in last.sentence


async def test_a_service_that_somebody_else_created_first_is_left_alone(world: World) -> None:
    there = world.service_now, world.revisions_now
    world.remove(make.NAME)
    release = Program(world).plan(first=True)
    world.put(there[0], *there[1])

    last = (await Program(world).deploy(release))[-1]

    assert last.ending is Ending.CONFLICT
    assert world.count("create") == 0


async def test_giving_up_ends_the_build_and_changes_nothing(world: World) -> None:
    world.building = (BuildState.WORKING,)
    program = Program(world)
    world.turns[15] = program.control.cancel

    last = (await program.deploy())[-1]

    assert (last.ending, last.sentence) == (Ending.FAILED, "It was given up. api is as it was.")
    assert [one.state for one in world.builds.values()] == [BuildState.CANCELLED]
    assert world.service_now.desired == TRAFFIC
    assert unfinished(MemoryJournal(world), make.NAME) is None


@pytest.mark.parametrize("at", range(1, 36))
async def test_giving_up_is_possible_at_any_time_and_leaves_nothing_behind(tmp_path: Path, at: int) -> None:
    world = World(tmp_path)
    program = Program(world)
    world.turns[at] = program.control.cancel

    last = (await program.deploy())[-1]

    assert last.ending in {Ending.FAILED, Ending.PUT_BACK, Ending.DONE}
    assert world.service_now.desired == (AFTER if last.ending is Ending.DONE else TRAFFIC)
    assert unfinished(MemoryJournal(world), make.NAME) is None


async def test_what_was_left_can_be_given_up_at_the_next_start(world: World) -> None:
    await Program(world).killed(15)
    program = Program(world)
    program.control.cancel()

    last = (await program.resume())[-1]

    assert last.ending is Ending.FAILED
    assert [one.state for one in world.builds.values()] == [BuildState.CANCELLED]


async def test_one_deployment_of_a_service_is_under_way_at_a_time(world: World) -> None:
    world.building = (BuildState.WORKING,) * 20 + (BuildState.SUCCESS,)
    second: list[Deployment] = []
    tasks: list[asyncio.Task[None]] = []

    async def too() -> None:
        second.extend(await Program(world).deploy(replace(release, id="f" * 16)))

    release = Program(world).plan()
    world.turns[20] = lambda: tasks.append(asyncio.create_task(too()))
    first = await Program(world).deploy(release)

    await asyncio.gather(*tasks)
    assert first[-1].ending is Ending.DONE
    assert second[-1].ending is Ending.REFUSED
    assert second[-1].sentence == "A deployment of api is under way in another program here."


async def test_a_new_deployment_waits_for_the_one_that_was_left(world: World) -> None:
    await Program(world).killed(20)

    last = (await Program(world).deploy(replace(Program(world).plan(), id="f" * 16)))[-1]

    assert last.ending is Ending.REFUSED
    assert last.sentence == f"The deployment of {NEW} was left before its end."
    assert "goes on with it" in last.hint
    assert not world.rolled


async def test_a_deployment_that_another_program_ended_meanwhile_is_not_done_twice(world: World) -> None:
    await Program(world).killed(20)
    lines = list(world.lines)
    late = Program(world)
    await Program(world).resume()
    ended, world.lines[:] = list(world.lines), lines
    stream = late.resuming()
    world.lines[:] = ended

    last = [told async for told in stream][-1]

    assert last.ending is Ending.REFUSED
    assert len(world.rolled) == 1


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (Known(), "its source was not built yet"),
        (Known(build="projects/p/locations/r/builds/b1"), "its build was begun"),
        (Known(image=IMAGE), "its image is built"),
        (Known(asked=True), "its revision was asked for"),
        (Known(asked=True, failed="It does not boot."), "it was being taken back: It does not boot."),
    ],
)
async def test_what_was_left_is_told_in_words(world: World, known: Known, words: str) -> None:
    await Program(world).killed(8)
    left = unfinished(MemoryJournal(world), make.NAME)

    assert left is not None
    assert in_words(replace(left, known=known)) == (
        f"The deployment of {NEW}, begun at 2026-11-23 12:00 UTC by {WHO}, was left: {words}."
    )


async def test_a_real_journal_keeps_all_that_is_needed_to_go_on(world: World, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    release = replace(Program(world).plan(), root=tmp_path / "Schäm\x1bdich\n", overruled=("root",))
    memory = Memory(journal, release, Author(WHO, "deployer@example.com", "because"), world.time)

    await memory.begin()
    await memory.note(Stage.UPLOAD, "The archive is in its bucket.", source="gs://b/o#1")
    await memory.note(Stage.REVISION, "It is asked for.", asked=True)

    left = unfinished(journal, make.NAME)
    assert left is not None
    kept = {"also": (), "warnings": (), "irrevocable": (), "title": left.release.plan.title}
    assert left.release == replace(release, plan=replace(release.plan, **kept))  # type: ignore[arg-type]
    assert left.known == Known(source="gs://b/o#1", asked=True)
    assert left.author == Author(WHO, "deployer@example.com", "because")

    await memory.end(Ending.DONE, "Done.")
    assert unfinished(journal, make.NAME) is None
    assert journal.read().trouble == ()


def test_the_same_source_has_the_same_digest_packed_or_looked_at(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "main.py").write_text("print('hello')\n")
    (root / "Dockerfile").write_text("FROM python:3.12-slim\n")

    source = source_of(upload_set(root))
    contents, archive = packed(root, tmp_path / "archive.zip")

    assert (source.files, source.size, source.dockerfile) == (2, 37, True)
    assert (contents, archive.path.exists()) == (source.digest, True)


def test_images_go_where_gcloud_puts_them() -> None:
    name = make.name(project="example.com:shop")

    assert image_of(name) == "europe-west1-docker.pkg.dev/example.com/shop/cloud-run-source-deploy/api"
