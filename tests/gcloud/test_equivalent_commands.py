"""Every command that a plan prints does what the plan does: the real gcloud runs it on a copy of the former state.

By default a small sample of states for every verb; `BUDDY_GCLOUD_STATES=200` asks for so many of each.
"""

import os
import random
import shlex
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from buddy_tui import gcp
from buddy_tui.actions.apply import apply
from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.promote import promote
from buddy_tui.actions.restore_latest import restore_latest
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.split import split
from buddy_tui.actions.tags import tag, untag
from buddy_tui.actions.undo import put_back, undo
from buddy_tui.actions.values import Ending, Plan, Targets, Verb
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.messages import LATEST, REVISION, copied
from buddy_tui.emulator.run.messages import Revision as RevisionMessage
from buddy_tui.emulator.run.messages import Service as ServiceMessage
from buddy_tui.emulator.story import PROJECT, REGION
from buddy_tui.journal.keep import Journal
from buddy_tui.model import Revision, Service, ServiceName, TrafficTarget
from tests.core.actions.lists import KEYS, REVISIONS, TAGS, any_list, any_percents
from tests.gcloud.judge import Court, in_court, needs_gcloud

pytestmark = [
    needs_gcloud,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(3_600 if "BUDDY_GCLOUD_STATES" in os.environ else 120),
]
STATES = int(os.environ.get("BUDDY_GCLOUD_STATES", "2"))
NAME = ServiceName(PROJECT, REGION, "api")
BORN = datetime(2026, 1, 5, 9, tzinfo=UTC)
# What every write moves, what each client says of itself, and the marks that a change of ours leaves.
_MOVES = (
    "traffic",
    "traffic_statuses",
    "generation",
    "observed_generation",
    "etag",
    "update_time",
    "last_modifier",
    "client",
    "client_version",
    "annotations",
)
Draft = Callable[[random.Random, Service, tuple[Revision, ...], Terms], Plan]

DRAFTS: dict[Verb, Draft] = {
    Verb.ROLL_BACK: lambda chance, service, there, terms: roll_back(
        service, there, chance.choice(REVISIONS), terms
    ),
    Verb.PROMOTE: lambda chance, service, there, terms: promote(
        service, there, chance.choice(REVISIONS), chance.randint(1, 100), terms
    ),
    Verb.SPLIT: lambda chance, service, there, terms: split(service, there, any_percents(chance), terms),
    Verb.TAG: lambda chance, service, there, terms: tag(
        service, there, _long(chance.choice(TAGS)), chance.choice(KEYS), terms
    ),
    Verb.UNTAG: lambda chance, service, there, terms: untag(
        service, there, _long(chance.choice(TAGS)), terms
    ),
    Verb.RESTORE_LATEST: lambda chance, service, there, terms: restore_latest(service, there, terms),
    Verb.UNDO: lambda chance, service, there, terms: undo(service, there, _any_list(chance), terms),
    Verb.PUT_BACK: lambda chance, service, there, terms: put_back(service, _any_list(chance), terms),
}


def _long(mark: str) -> str:
    """Return a tag as Cloud Run takes it: of three characters at least."""
    return mark if len(mark) > 2 else mark * 3


def _any_list(chance: random.Random) -> Targets:
    return tuple(replace(one, tag=_long(one.tag) if one.tag else "") for one in any_list(chance))


@dataclass
class Bench:
    """A service of six good revisions, which is put into one state after the other."""

    court: Court
    journal: Journal
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)

    def raw(self) -> Message:
        return self.court.emulator.world.get_service(NAME.path)

    def put(self, targets: Targets) -> None:
        """Let the service ask for exactly this list, and carry no mark of an earlier change."""
        wanted = ServiceMessage(name=NAME.path)
        for one in targets:
            kind = LATEST if one.latest else REVISION
            wanted.traffic.add(type_=kind, revision=one.revision, percent=one.percent, tag=one.tag)
        self.court.emulator.world.update_service(wanted, ("traffic", "annotations"))

    async def plan(self, draft: Draft, seed: int) -> Plan:
        """Draft the same plan for the same state again: it depends on `seed` alone."""
        service, there = await self.court.look(NAME)
        return draft(random.Random(seed), service, there, Terms(self.now()))  # noqa: S311 - no secret

    async def gcloud(self, command: str) -> None:
        program, *arguments = shlex.split(command)
        said = await self.court.gcloud(*arguments)
        assert (program, said.status) == ("gcloud", 0), f"{command}\n{said.err}"

    async def apply(self, plan: Plan) -> None:
        """Let buddy-tui itself do it."""
        steps = apply(
            plan,
            reads=self.court.cloud,
            writes=gcp.writes(self.court.cloud),
            journal=self.journal,
            clock=self.now,
            sleep=self.sleep,
            reason="a test",
        )
        last = [progress async for progress in steps][-1]
        assert last.ending is Ending.DONE, last


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    async with in_court() as court:
        revisions = []
        for at, name in enumerate(REVISIONS):
            revision = RevisionMessage(name=f"{NAME.path}/revisions/{name}")
            revision.containers.add(image=f"hello:{at}")
            revision.create_time.FromDatetime(BORN + timedelta(days=at))
            revisions.append(revision)
        service = ServiceMessage(name=NAME.path, description="Answers", labels={"team": "a"})
        service.build_config.image_uri = "us-docker.pkg.dev/p/r/api"
        service.scaling.min_instance_count = 1
        court.emulator.world.adopt(service, revisions)
        yield Bench(court, Journal(folder / "journal.jsonl"))


@pytest.mark.parametrize("verb", DRAFTS)
async def test_gcloud_with_the_printed_command_ends_where_the_plan_ends(bench: Bench, verb: Verb) -> None:
    chance = random.Random(f"gcloud {verb}")  # noqa: S311 - no secret
    made = 0
    for _ in range(STATES * 40):
        former, seed = _any_list(chance), chance.getrandbits(32)
        bench.put(former)
        plan = await bench.plan(DRAFTS[verb], seed)
        if plan.refusal:
            continue

        await bench.gcloud(plan.command)
        theirs = bench.raw()
        bench.put(former)
        await bench.apply(await bench.plan(DRAFTS[verb], seed))
        ours = bench.raw()
        await bench.gcloud(plan.undo_command)
        undone = bench.raw()

        for state, wanted in ((theirs, plan.after), (ours, plan.after), (undone, former)):
            assert same(_list(state.traffic), wanted), plan
            assert same(_list(state.traffic_statuses), wanted), plan
        assert _rest(theirs) == _rest(ours) == _rest(undone)
        made += 1
        if made == STATES:
            return
    pytest.fail(f"only {made} of {STATES} states let {verb} be planned")


def _list(targets: Message) -> Targets:
    return tuple(
        TrafficTarget(
            "" if one.type_ == LATEST else one.revision, one.percent, one.tag, latest=one.type_ == LATEST
        )
        for one in targets
    )


def _rest(service: Message) -> Message:
    """Return all that a change of traffic has to leave alone: without versions and times, who wrote, and our marks."""
    rest = copied(service)
    for name in _MOVES:
        rest.ClearField(name)
    for condition in (rest.terminal_condition, *rest.conditions):
        condition.ClearField("last_transition_time")
    return rest
