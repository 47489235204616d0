"""`buddy-tui promote`: at whose pace, what it prints, and which end has which exit code."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui import gcp
from buddy_tui.actions import promotion as actions
from buddy_tui.actions.control import Control
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.promotion import first_step
from buddy_tui.actions.values import Ending, Gate, Phase, Progress, Promotion, Standing
from buddy_tui.cli import changing, promote
from buddy_tui.cli.changing import Guard, Scene
from buddy_tui.cli.options import Context
from buddy_tui.cli.promoted import as_json, as_text, code_of, narrate
from buddy_tui.config import Known, Settings
from buddy_tui.errors import ExitCode, UsageProblem
from buddy_tui.journal.keep import Journal
from buddy_tui.pacing import ReleaseSettings
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
PLAN = first_step(SERVICE, REVISIONS, OLD, Terms(make.NOW), (10, 50, 100))
HELD = Gate("requests", "Enough requests", Standing.INCONCLUSIVE, "3 of at least 20 requests", (3.0,))
PASSED = Gate("crashes", "Crashes and restarts", Standing.PASS, f"{OLD} never crashed", (0.0,), (0.0,))
EFFECTIVE = (make.target(NEW, 50), make.target(OLD, 50, "stable"))
STEPPED = Progress(PLAN, effective=EFFECTIVE, ending=Ending.DONE)
TOLD = Promotion(
    PLAN,
    (10, 50, 100),
    step=1,
    phase=Phase.HOLDING,
    gates=(HELD, PASSED),
    progress=STEPPED,
    requests=3,
    as_of=make.NOW,
    logs_until=make.NOW,
)


def over(ending: Ending, **fields: object) -> Promotion:
    told = {"phase": Phase.OVER, "ending": ending, "sentence": "It is over.", **fields}
    return replace(TOLD, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (over(Ending.DONE), ExitCode.OK),
        (over(Ending.NOTHING_TO_DO), ExitCode.OK),
        (over(Ending.PUT_BACK), ExitCode.PROBLEM_FOUND),
        (over(Ending.DENIED, step=0, progress=None), ExitCode.NOT_ALLOWED),
        (over(Ending.REFUSED, step=0, progress=None), ExitCode.REFUSED),
        (over(Ending.CONFLICT, step=0, progress=replace(STEPPED, ending=Ending.CONFLICT)), ExitCode.REFUSED),
        (over(Ending.CONFLICT, step=0), ExitCode.UNFINISHED),
        (over(Ending.CONFLICT), ExitCode.UNFINISHED),
        (over(Ending.NOT_DONE), ExitCode.UNFINISHED),
        (over(Ending.UNKNOWN), ExitCode.UNFINISHED),
        (TOLD, ExitCode.UNFINISHED),
    ],
    ids=[
        "done",
        "nothing to do",
        "put back",
        "denied",
        "refused",
        "conflict at first",
        "conflict while baking",
        "conflict later",
        "not put back",
        "unknown",
        "left",
    ],
)
def test_only_what_was_proved_exits_with_0(told: Promotion, code: ExitCode) -> None:
    assert code_of(told) is code


def test_the_document_is_that_of_a_change_with_steps_and_gates() -> None:
    document = json.loads(as_json(over(Ending.PUT_BACK)))

    assert (document["schema"], document["verb"], document["plan"]) == (
        "buddy.change/1",
        "promote",
        PLAN.hash,
    )
    assert (document["ending"], document["sentence"]) == ("put_back", "It is over.")
    assert [tuple(step.values()) for step in document["steps"]] == [
        (10, "passed"),
        (50, "reached"),
        (100, "pending"),
    ]
    assert document["gates"][0] == {
        "name": "requests",
        "title": "Enough requests",
        "standing": "inconclusive",
        "seen": "3 of at least 20 requests",
        "candidate": [3.0],
        "baseline": [],
    }
    assert (document["requests"], document["logs_until"]) == (3, "2026-11-23T12:00:00Z")
    assert {one["tag"] for one in document["effective"]} == {None, "stable"}


def test_in_words_the_gates_come_first_and_the_end_last() -> None:
    lines = as_text(over(Ending.PUT_BACK)).splitlines()

    assert lines[0] == "  inconclusive Enough requests: 3 of at least 20 requests"
    assert lines[2] == "  the logs reach to 12:00:00 UTC"
    assert lines[3] == "It is over."


def test_each_thing_is_told_once_in_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    said: set[str] = set()
    moving = replace(TOLD, phase=Phase.MOVING, step=0, gates=())
    for told in (
        moving,
        replace(TOLD, phase=Phase.BAKING, step=0),
        replace(TOLD, phase=Phase.WAITING, step=0),
        TOLD,
        replace(TOLD, gates=(replace(HELD, seen="4 of at least 20 requests"), PASSED)),
        replace(TOLD, phase=Phase.PUTTING_BACK, sentence="PUTTING BACK: it burns."),
    ):
        narrate(told, said)

    assert capsys.readouterr().err.splitlines() == [
        f"{OLD} to 10 %",
        "  at 10 %: the gates are watched",
        "  paused: the gates are watched on",
        "  HOLDING: too little is known to go on",
        "  Enough requests: 3 of at least 20 requests",
        "  the logs reach to 12:00:00 UTC",
        "PUTTING BACK: it burns.",
    ]


@pytest.mark.parametrize("text", ["", "0,50", "50,10", "10,10", "10,101", "10,x", "1.5", "٣", "10,,50"])
def test_steps_that_do_not_rise_are_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="rising percents"):
        promote.promote("api-00001-aaa", steps=text)


def test_a_promotion_wants_a_revision() -> None:
    with pytest.raises(UsageProblem, match="wants a revision"):
        promote.promote()


class World:
    """A service in memory, and a promotion that tells what it is asked for, and holds until somebody says something."""

    def __init__(self, folder: Path) -> None:
        self.reads = FakeReads()
        self.reads.put(SERVICE, *REVISIONS)
        self.settings = Settings(
            project=Known(SERVICE.name.project),
            service=Known(SERVICE.name.service),
            release=ReleaseSettings((25, 100), 5.0, 7),
        )
        self.journal = Journal(folder / "journal.jsonl")
        self.asked: dict[str, object] = {}

    def change(self, *args: object) -> int:
        """Stand for `changing.change`, without what connects."""
        planner, _, guard, _, conclude = args

        async def run() -> int:
            scene = Scene(self.reads, self.settings, SERVICE, REVISIONS, self.journal, Terms(make.NOW))
            plan = await planner(scene)  # type: ignore[operator]
            return await changing._decided(scene, plan, guard, conclude)  # type: ignore[arg-type]

        return asyncio.run(run())

    async def promotion(self, *args: object, **asked: object) -> AsyncGenerator[Promotion, None]:
        self.asked = asked
        control = asked["control"]
        assert isinstance(control, Control)
        for _ in range(3):
            yield replace(TOLD, steps=asked["steps"])  # type: ignore[arg-type]
        if reason := control.skipped():
            yield over(Ending.DONE, sentence=f"It was promoted ({reason}).")
        elif control.aborted:
            yield over(Ending.PUT_BACK, sentence=f"PUT BACK. {control.aborted}")
        else:
            yield over(Ending.DONE)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    monkeypatch.setattr(gcp, "writes", lambda _cloud: made.reads)
    monkeypatch.setattr(promote, "change", made.change)
    monkeypatch.setattr(actions, "promotion", made.promotion)
    return made


def test_a_dry_run_prints_the_plan_of_the_whole_and_promotes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = promote.promote("aaa", steps="10,50,100", guard=Guard(dry_run=True, json=True))

    told = json.loads(capsys.readouterr().out)
    assert (code, told["schema"], told["ending"]) == (ExitCode.OK, "buddy.change/1", None)
    assert told["plan"] == PLAN.hash
    assert told["also"][0].startswith("Then 50 % -> 100 %")
    assert not world.asked


def test_a_flag_wins_over_the_settings_and_what_is_not_given_is_theirs(world: World) -> None:
    promote.promote("aaa", bake=0.0, guard=Guard(yes=True))

    assert (world.asked["steps"], world.asked["bake"], world.asked["least"]) == ((25, 100), 0.0, 7)

    promote.promote("aaa", steps="5,100", least=3, guard=Guard(yes=True))

    assert (world.asked["steps"], world.asked["bake"], world.asked["least"]) == ((5, 100), 5.0, 3)


def test_what_holds_for_too_long_is_put_back(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code = promote.promote("aaa", patience=1e-9, guard=Guard(yes=True))

    assert code is ExitCode.PROBLEM_FOUND
    assert "PUT BACK. Too little was known for 1e-09 s." in capsys.readouterr().out


def test_gates_that_cannot_be_told_are_skipped_with_a_reason(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = promote.promote("aaa", skip_gates="nobody\x1b[31m is awake", guard=Guard(yes=True, json=True))

    told = json.loads(capsys.readouterr().out)
    assert (code, told["ending"]) == (ExitCode.OK, "done")
    assert "\x1b" not in told["sentence"]
    assert "is awake" in told["sentence"]


def test_it_is_done_for_whom_and_why_the_command_line_says(world: World) -> None:
    promote.promote("aaa", guard=Guard(yes=True, reason="the release"), context=Context())

    assert world.asked["reason"] == "the release"
    assert world.asked["journal"] is world.journal
