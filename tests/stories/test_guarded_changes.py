"""What can go wrong with a change of traffic, each played for real: its end, its sentence, and what it left alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from buddy_tui import gcp
from buddy_tui.actions.apply import apply
from buddy_tui.actions.candidates import ranked, without_default
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.gather import gather
from buddy_tui.actions.marks import lock_of
from buddy_tui.actions.promote import promote
from buddy_tui.actions.restore_latest import restore_latest
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.split import split
from buddy_tui.actions.tags import tag, untag
from buddy_tui.actions.undo import undo
from buddy_tui.actions.values import Ending, Plan, Progress, StepState
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import Target
from buddy_tui.gateway import Cloud
from buddy_tui.journal.keep import Journal
from buddy_tui.model import Revision, Service, ServiceName

NAME = ServiceName("demo-project", "us-central1", "buddy-app")
WHO, DANA = "ana@example.com", "dana@example.com"


@dataclass(slots=True)
class World:
    """A played story, and a clock that does not make a test wait."""

    emulator: Emulator
    cloud: Cloud
    journal: Journal
    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)
        await asyncio.sleep(0.005)

    async def look(self) -> tuple[Service, tuple[Revision, ...]]:
        return await self.cloud.service(NAME), await self.cloud.revisions(NAME)

    def terms(self) -> Terms:
        return Terms(self.now(), who=WHO)

    async def apply(self, plan: Plan, seen: Callable[[Progress], None] = lambda _: None) -> Progress:
        told = Progress(plan)
        async for told in apply(
            plan,
            reads=self.cloud,
            writes=gcp.writes(self.cloud),
            journal=self.journal,
            clock=self.now,
            sleep=self.sleep,
            who=WHO,
        ):
            seen(told)
        return told


@asynccontextmanager
async def _played(story: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find(story))
        for name, value in emulator.endpoints.items():
            monkeypatch.setenv(name, value)
        host = Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"], "a test")
        cloud = await gcp.connect(Settings(project=Known(NAME.project, "a test"), emulated=host))
        try:
            yield World(emulator, cloud, Journal(folder / "journal.jsonl"))
        finally:
            await cloud.close()


def _full(short: str) -> str:
    return f"{NAME.service}-{short}"


async def test_what_goes_wrong_in_a_release_has_its_end_and_its_sentence_and_leaves_the_list_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _played("release", tmp_path, monkeypatch) as world:
        await _accepted_but_nothing_moves(world)
        await _somebody_else_was_first(world)
        await _permission_is_lost_half_way(world)
        await _a_tag_is_cleaned_up(world)


async def _accepted_but_nothing_moves(world: World) -> None:
    service, revisions = await world.look()
    world.emulator.faults.traffic_ignored = True
    told = await world.apply(roll_back(service, revisions, _full("00026-kxp"), world.terms()))
    world.emulator.faults.traffic_ignored = False

    assert told.ending is Ending.NOT_DONE
    assert told.sentence.startswith(
        "NOT DONE: Cloud Run accepted it, and it is not effective. DIVERGED: asked"
    )
    assert told.hint == "Undo it, or wait and look again: it may still move."

    now, revisions = await world.look()
    back = await world.apply(undo(now, revisions, service.desired, world.terms()))
    assert back.ending is Ending.DONE
    assert (await world.cloud.service(NAME)).desired == service.desired


async def _somebody_else_was_first(world: World) -> None:
    service, revisions = await world.look()
    plan = split(service, revisions, {_full("00038-g6r"): 10}, world.terms())
    theirs = [Target("00028-bsx", 95), Target("00038-g6r", 5), Target("00038-g6r", tag="candidate")]
    stage = world.emulator.stage
    await stage.route(stage.clock.now(), [*theirs, Target("00039-z4t", tag="bad-candidate")], by=DANA)
    told = await world.apply(plan)

    now = (await world.look())[0]
    assert told.ending is Ending.CONFLICT
    assert told.sentence == "The service was changed since this was planned, so nothing was done."
    assert f"{_full('00028-bsx')} was to get 100 %, and is to get 95 % now." in told.moved
    assert any(DANA in sentence for sentence in told.moved)
    assert [(one.revision, one.percent) for one in now.desired][:2] == [
        (_full("00028-bsx"), 95),
        (_full("00038-g6r"), 5),
    ]


async def _permission_is_lost_half_way(world: World) -> None:
    service, revisions = await world.look()

    def take_away(progress: Progress) -> None:
        if any(step.name == "lock" and step.state is StepState.DONE for step in progress.steps):
            world.emulator.faults.denied = frozenset({"run.services.update"})

    told = await world.apply(
        split(service, revisions, {_full("00038-g6r"): 20}, world.terms()), seen=take_away
    )
    world.emulator.faults.denied = frozenset()

    now = (await world.look())[0]
    assert told.ending is Ending.DENIED
    assert told.sentence.count("You lack run.services.update") == 1
    assert "roles/run.developer" in told.hint
    assert now.desired == service.desired
    assert lock_of(now, world.now()) is not None
    assert lock_of(now, world.now() + timedelta(minutes=5)) is None


async def _a_tag_is_cleaned_up(world: World) -> None:
    world.ahead += timedelta(minutes=5)
    service, revisions = await world.look()
    await world.apply(tag(service, revisions, "former", _full("00026-kxp"), world.terms()))
    service, revisions = await world.look()
    plan = promote(service, revisions, _full("00038-g6r"), 50, world.terms())
    stage = world.emulator.stage
    await stage.delete_revision(stage.clock.now(), "00026-kxp")
    told = await world.apply(plan)

    assert told.ending is Ending.CONFLICT
    assert f"Tag former was on {_full('00026-kxp')}, and is on nothing now." in told.moved

    service, revisions = await world.look()
    again = await world.apply(promote(service, revisions, _full("00038-g6r"), 50, world.terms()))
    assert again.ending is Ending.DONE
    tags = {one.tag for one in (await world.cloud.service(NAME)).desired if one.tag}
    assert tags == {"candidate", "bad-candidate"}


async def test_a_revision_whose_image_is_gone_is_no_way_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _played("image-gone", tmp_path, monkeypatch) as world:
        service, revisions = await world.look()
        known = [one async for one in gather(world.cloud, service, revisions, (), world.now)][-1]

    candidates = ranked(service, revisions, known)

    assert [(one.revision, one.rank, one.refusal) for one in candidates] == [
        (_full("00001-gdk"), 0, ""),
        (_full("00002-rpl"), 1, "its image is gone: it cannot start"),
    ]


async def test_where_nothing_ever_started_there_is_no_change_to_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _played("empty", tmp_path, monkeypatch) as world:
        service, revisions = await world.look()
        known = [one async for one in gather(world.cloud, service, revisions, (), world.now)][-1]

    (revision,) = revisions
    terms = Terms(datetime.now(UTC))
    plans = [
        roll_back(service, revisions, revision.name, terms),
        promote(service, revisions, revision.name, 10, terms),
        restore_latest(service, revisions, terms),
    ]
    assert [plan.refusal for plan in plans] == [
        f"{revision.name} failed (did not start) and cannot serve.",
        f"{revision.name} failed (did not start) and cannot serve.",
        "No revision was ever ready, so LATEST means nothing.",
    ]
    assert without_default(ranked(service, revisions, known), known) == (
        "There is no revision to go back to: none but what serves now could serve."
    )


async def test_a_split_with_latest_comes_back_as_the_list_that_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _played("latest-split", tmp_path, monkeypatch) as world:
        before, revisions = await world.look()
        away = await world.apply(roll_back(before, revisions, _full("00001-gdk"), world.terms()))
        between, revisions = await world.look()
        back = await world.apply(undo(between, revisions, before.desired, world.terms()))
        after, _ = await world.look()

    assert (away.ending, back.ending) == (Ending.DONE, Ending.DONE)
    assert {one.tag: one.latest for one in between.desired if one.tag} == {"stable": False, "newest": True}
    assert after.desired == before.desired


async def test_poisoned_traffic_is_named_and_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _played("diverged", tmp_path, monkeypatch) as world:
        service, revisions = await world.look()
        plan = untag(service, revisions, "candidate", world.terms())
        told = await world.apply(plan)
        after, _ = await world.look()

    failed = _full("00002-rpl")
    assert f"{failed}, which cannot serve, leaves the list." in plan.also
    assert (
        f"Traffic is not where it was asked to be: tag candidate was asked for on {failed}, "
        "and is on nothing." in plan.warnings
    )
    assert told.ending is Ending.DONE
    assert [(one.revision, one.percent) for one in after.desired] == [(_full("00001-gdk"), 100)]
