"""The verbs that change something: what lets them, what stops them, and that only what was proved counts as done."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui import gcp
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.former import former_of
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.values import Plan
from buddy_tui.cli.changing import Guard, Scene, _concluded, _decided
from buddy_tui.cli.split import _share
from buddy_tui.config import Known, Settings
from buddy_tui.errors import ExitCode, Refused, UsageProblem
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from tests import make
from tests.fakes import FakeReads

OLD, NEW = "api-00001-aaa", "api-00002-bbb"
REVISIONS = (make.revision(NEW), make.revision(OLD))
SERVICE = make.service(
    desired=(make.target(NEW, 100), make.target(OLD, 0, "stable")),
    effective=(make.target(NEW, 100), make.target(OLD, 0, "stable")),
    latest_ready=NEW,
    latest_created=NEW,
)
NAME = SERVICE.name.service


class World:
    """A service in memory, a journal in a folder, and what a verb would be called with."""

    def __init__(self, folder: Path, environment: str) -> None:
        self.reads = FakeReads()
        self.reads.put(SERVICE, *REVISIONS)
        self.journal = Journal(folder / "journal.jsonl")
        self.settings = Settings(
            project=Known(SERVICE.name.project), environment=Known(environment, "a test")
        )

    def plan(self) -> Plan:
        return roll_back(SERVICE, REVISIONS, OLD, Terms(make.NOW, self.settings.production))

    async def done(self, guard: Guard, plan: Plan | None = None) -> int:
        terms = Terms(make.NOW, self.settings.production)
        scene = Scene(self.reads, self.settings, SERVICE, REVISIONS, self.journal, terms)
        return await _decided(scene, plan or self.plan(), guard, _concluded)

    @property
    def is_untouched(self) -> bool:
        return self.reads.count("set_traffic") == 0 and self.reads.count("annotate") == 0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, "staging")
    monkeypatch.setattr(gcp, "writes", lambda _cloud: made.reads)
    return made


async def test_a_confirmed_change_is_proved_and_journalled(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await world.done(Guard(yes=True, reason="errors", json=True))

    told = json.loads(capsys.readouterr().out)
    assert (code, told["schema"], told["ending"]) == (ExitCode.OK, "buddy.change/1", "done")
    assert {one["tag"] for one in told["effective"]} == {None, "stable"}
    assert [one.kind for one in world.journal.read().records] == [Kind.INTENT, Kind.OUTCOME]
    assert world.journal.read().records[-1].reason == "errors"


async def test_a_dry_run_shows_the_plan_and_changes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await world.done(Guard(dry_run=True, json=True))

    told = json.loads(capsys.readouterr().out)
    assert (code, told["plan"], told["ending"]) == (ExitCode.OK, world.plan().hash, None)
    assert told["after"][0]["revision"] == OLD
    assert world.is_untouched
    assert world.journal.read().records == ()


@pytest.mark.parametrize(
    ("environment", "guard", "told"),
    [
        ("staging", Guard(reason="x"), "Nobody can be asked here"),
        ("staging", Guard(yes=True), "wants a reason"),
        ("staging", Guard(yes=True, reason="  "), "wants a reason"),
        ("staging", Guard(yes=True, reason="x", confirm="other"), "--confirm says other"),
        ("staging", Guard(yes=True, reason="x", approve="000000000000"), "not 000000000000"),
        ("prod", Guard(yes=True, reason="x"), "--yes alone changes nothing"),
        ("PRODUCTION", Guard(yes=True, reason="x", confirm="ap"), "--confirm says ap"),
    ],
)
async def test_what_was_not_meant_is_refused(world: World, environment: str, guard: Guard, told: str) -> None:
    world.settings = replace(world.settings, environment=Known(environment, "a test"))

    with pytest.raises(Refused, match=told):
        await world.done(guard)

    assert world.is_untouched


async def test_production_is_changed_with_its_name_typed_out(world: World) -> None:
    world.settings = replace(world.settings, environment=Known("prod", "a test"))

    assert await world.done(Guard(yes=True, confirm=NAME, reason="x")) is ExitCode.OK


async def test_an_approved_plan_is_done_as_it_was_approved(world: World) -> None:
    assert await world.done(Guard(approve=world.plan().hash, reason="x")) is ExitCode.OK


async def test_read_only_changes_nothing_whatever_is_said(world: World) -> None:
    world.settings = replace(world.settings, read_only=Known("yes", "--read-only"))

    with pytest.raises(Refused, match="--read-only says that nothing may be changed"):
        await world.done(Guard(yes=True, confirm=NAME, reason="x"))

    assert world.is_untouched


async def test_a_change_of_somebody_else_is_not_overwritten(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = replace(SERVICE, desired=(make.target(OLD, 50), make.target(NEW, 50)), etag="newer")
    world.reads.put(moved, *REVISIONS)

    code = await world.done(Guard(yes=True, reason="x"))

    assert code is ExitCode.REFUSED
    assert (await world.reads.service(SERVICE.name)).desired == moved.desired
    assert capsys.readouterr().out


async def test_nothing_to_do_is_no_failure(world: World) -> None:
    plan = roll_back(SERVICE, REVISIONS, NEW, Terms(make.NOW))

    assert plan.refusal
    assert await world.done(Guard(yes=True), plan) is ExitCode.OK


@pytest.mark.parametrize("text", ["api=", "=5", "api", "api=-1", "api=101", "api=5.5", "api=\u0661"])
def test_a_share_that_makes_no_sense_is_told(text: str) -> None:
    with pytest.raises(UsageProblem, match="is not REVISION=PERCENT"):
        _share(text)


BEFORE = (make.target(OLD, 100),)


def _record(**fields: object) -> Record:
    told = {"kind": Kind.OUTCOME, "outcome": "done", "before": BEFORE, "after": SERVICE.desired, **fields}
    return Record(make.NOW, id="1", name=SERVICE.name, **told)  # type: ignore[arg-type]


def test_the_journal_tells_what_stood_before_as_long_as_its_list_stands() -> None:
    former = former_of(SERVICE, (_record(),), ())

    assert former is not None
    assert (former.targets, former.by, former.source) == (BEFORE, "", "the journal")
    assert former_of(SERVICE, (_record(after=BEFORE),), ()) is None
    assert former_of(SERVICE, (_record(outcome="conflict"),), ()) is None


def test_undoing_a_promotion_goes_back_to_before_its_first_step() -> None:
    step = _record(verb="promote", before=(make.target(NEW, 50), make.target(OLD, 50)))
    through = _record(verb="promote", kind=Kind.NOTE)

    former = former_of(SERVICE, (step, through), ())

    assert former is not None
    assert former.targets == BEFORE
    assert former_of(SERVICE, (_record(kind=Kind.NOTE, verb="unlock"),), ()) is None


def test_the_audit_log_tells_it_of_other_peoples_changes() -> None:
    last = TrafficChange(make.NOW, "dana@example.com", targets=SERVICE.desired)
    refused = TrafficChange(make.NOW, "eve@example.com", targets=(make.target(OLD, 1),), accepted=False)
    older = TrafficChange(make.NOW, "alice@example.com", targets=BEFORE)

    former = former_of(SERVICE, (), (last, refused, older))

    assert former is not None
    assert (former.targets, former.by, former.source) == (BEFORE, "dana@example.com", "the audit log")
    assert former_of(SERVICE, (), (older, last)) is None
    assert former_of(SERVICE, (), (last,)) is None
