"""The release screen: what it shows at each step and at each end, and that leaving stops nothing."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.recording import Author
from buddy_tui.actions.values import Ending, Step, StepState, Verb
from buddy_tui.actions.wishes import Wish as Intention
from buddy_tui.app import BuddyApp
from buddy_tui.change_streams import ChangeStreams
from buddy_tui.deploy.board import TITLES
from buddy_tui.deploy.looks import DeployDraft
from buddy_tui.deploy.memory import Known, Left
from buddy_tui.deploy.plan import plan_deployment
from buddy_tui.deploy.resume import in_words
from buddy_tui.deploy.values import Deployment, Source, Stage, Wish
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.gateway import Build, BuildState, Cloud
from buddy_tui.model import Trouble
from buddy_tui.probes.values import Cell, Matrix, Target, Verdict
from buddy_tui.question import Ask, Question
from screens.confirm_deploy import ConfirmDeployScreen
from screens.messages import ApplyChange, CancelDeployment, OpenProbes, RequestChange
from screens.release import ReleaseScreen
from tests import make
from tests.core.deploy.world import MemoryJournal, Program, World
from tests.screens import stage
from tests.screens.stage import NARROW, SIZES, WIDE, Script, frame, settings, settle, until
from tests.screens.test_hostile import MIXED, assert_tame

OLD, NEW = "api-00041-kub", "api-00042-cvc"
LISTED = (make.target(OLD, 100), make.target(OLD, tag="stable"))
SERVICE = make.service(desired=LISTED, effective=LISTED, latest_created=OLD, latest_ready=OLD)
SNAPSHOT = make.snapshot(service=SERVICE, revisions=(make.revision(OLD),))
RELEASE = plan_deployment(
    make.NAME,
    SERVICE,
    (make.revision(OLD),),
    Wish(Source(Path("/work/shop"), 57, 3_400_000, "d" * 64)),
    Terms(make.NOW),
    id="0123456789abcdef",
    suffix="cvc",
)
WISH = Intention(make.NAME, Verb.DEPLOY)
LEFT = Left(RELEASE, Known(build="b1"), Author("alice@example.com"), make.NOW - timedelta(minutes=9))
BUILD = Build("projects/acme-prod/locations/europe-west1/builds/4f1c2d3e", BuildState.WORKING)
BUILD_LINES = (
    "Step 1/6 : FROM python:3.12-slim",
    "Step 4/6 : RUN pip install --no-cache-dir -r requirements.txt",
    "Collecting fastapi==0.115.0 (from -r requirements.txt (line 1))",
    "Successfully installed fastapi-0.115.0 uvicorn-0.32.0",
)
BOOT_LINES = (
    "Traceback (most recent call last):",
    '  File "/app/main.py", line 3, in <module>',
    "    from Back_End.chat_api import router",
    "ModuleNotFoundError: No module named 'Back_End'",
)
FINDING = Finding(
    Cause.LOCAL_MODULE_MISSING,
    Confidence.CERTAIN,
    boots=False,
    summary="The image has the files of Back_End/ at its top, so Back_End itself is not found.",
    short="No module named Back_End",
    fix=("buddy-tui deploy --source .",),
    revision=NEW,
)
QUESTION = Question("health", Ask("GET", "/health"))
MATRIX = Matrix(
    make.NAME,
    (Target(NEW, "https://api-00042-cvc---api.example"), Target(OLD, "https://stable---api.example")),
    (QUESTION, replace(QUESTION, name="chat")),
    (
        (
            Cell(NEW, "health", Verdict.PASS, 8, 8, p50_ms=12.0),
            Cell(NEW, "chat", Verdict.PASS, 8, 8, p50_ms=81.0),
        ),
        (
            Cell(OLD, "health", Verdict.PASS, 8, 8, p50_ms=11.0),
            Cell(OLD, "chat", Verdict.PASS, 8, 8, p50_ms=84.0),
        ),
    ),
    baseline=OLD,
    attempts=8,
    done=True,
)
SAID = {
    Stage.ARCHIVE: "57 files, packed into 1,204,331 bytes",
    Stage.UPLOAD: "gs://run-sources-acme-prod-europe-west1/services/api/0123.zip#1",
    Stage.BUILD: "europe-west1-docker.pkg.dev/acme-prod/cloud-run-source-deploy/api@sha256:8888",
    Stage.REVISION: f"{NEW}, tagged api-00042-cvc, 0 %",
    Stage.BOOT: f"{NEW} is ready after 3.4 s",
    Stage.PROBE: "16 of 16 answers are good",
    Stage.VERDICT: "Ready, 0 %, tagged; the traffic list is as before",
}


def at(here: Stage, state: StepState = StepState.RUNNING, **over: object) -> Deployment:
    """Return a deployment whose steps before `here` are done, and which is at that one."""
    steps, order = [], tuple(Stage)
    for number, one in enumerate(order):
        if number < order.index(here):
            steps.append(Step(one, TITLES[one], StepState.DONE, make.NOW, 3.2 * (number + 1), SAID[one]))
        elif one is here:
            began = make.NOW - timedelta(seconds=83)
            steps.append(
                Step(one, TITLES[one], state, began, 83.0 if state is not StepState.RUNNING else 0.0)
            )
        else:
            steps.append(Step(one, TITLES[one]))
    return replace(Deployment(RELEASE, tuple(steps), as_of=make.NOW), **over)  # type: ignore[arg-type]


def all_done() -> tuple[Step, ...]:
    return tuple(
        replace(one, state=StepState.DONE, took=2.0, said=SAID[Stage(one.name)])
        for one in at(Stage.VERDICT).steps
    )


LOOKS = {
    "uploading": at(Stage.UPLOAD, sent=786_432, packed=1_204_331),
    "building": at(Stage.BUILD, build=BUILD, lines=BUILD_LINES),
    "booting": at(
        Stage.BOOT,
        build=replace(BUILD, state=BuildState.SUCCESS),
        lines=("Starting server", "Uvicorn running on http://0.0.0.0:8080"),
        entries=(make.entry(text="Starting server"),),
    ),
    "failed": replace(
        at(Stage.BOOT, StepState.FAILED),
        lines=BOOT_LINES,
        entries=(make.entry(),),
        finding=FINDING,
        ending=Ending.PUT_BACK,
        sentence=f"{NEW} did not boot: No module named Back_End. Its tag is gone, traffic is as before.",
        hint="buddy-tui deploy --source .",
    ),
    "deployed": Deployment(
        RELEASE,
        all_done(),
        lines=("Uvicorn running on http://0.0.0.0:8080",),
        entries=(make.entry(),),
        probes=MATRIX,
        ending=Ending.DONE,
        sentence=f"{NEW} is ready, has 0 % and its tag, and its probes passed.",
        as_of=make.NOW,
    ),
    "left": replace(
        at(Stage.BUILD, StepState.FAILED, build=BUILD, lines=BUILD_LINES),
        ending=Ending.UNKNOWN,
        sentence="Cloud Build did not answer in time. api is as it was.",
        hint="buddy-tui deploy goes on where it stopped.",
    ),
}

HOSTILE = (("sequences", NARROW), ("markup", WIDE), ("newline", NARROW))


class Releasing(stage.Stage):
    """The app with nothing but the release screen; what its keys ask for is kept."""

    def __init__(self, feed: Script, served: Script) -> None:
        super().__init__(settings(), service=Script(), services=Script())
        self.feed, self.served = feed, served
        self.asked: list[object] = []

    async def _open_first(self) -> None:
        await self.push_screen(ReleaseScreen(self.settings, self.feed, self.served, self.clock, RELEASE))

    def on_cancel_deployment(self, message: CancelDeployment) -> None:
        self.asked.append(message.reason)

    def on_request_change(self, message: RequestChange) -> None:
        message.prevent_default()
        self.asked.append(message.wish)

    def on_open_probes(self, message: OpenProbes) -> None:
        message.prevent_default()
        self.asked.append(message.revision)


NO_NAME = replace(make.NAME, service="shop")
FIRST = plan_deployment(
    NO_NAME,
    None,
    (),
    Wish(Source(Path("/work/shop"), 57, 3_400_000, "d" * 64), first=True),
    Terms(make.NOW),
    id="0123456789abcdef",
    suffix="cvc",
)
DRAFTS = {
    "planned": DeployDraft(WISH, RELEASE.plan, release=RELEASE, as_of=make.NOW),
    "planning": DeployDraft(WISH, told="The preflight is done once more for it, without a smoke boot."),
    "first": DeployDraft(replace(WISH, name=NO_NAME), FIRST.plan, release=FIRST, as_of=make.NOW),
    "left": DeployDraft(
        WISH,
        replace(RELEASE.plan, title=f"Go on: {RELEASE.plan.title}", also=(in_words(LEFT),), warnings=()),
        release=RELEASE,
        left=LEFT,
        as_of=make.NOW,
    ),
}


class Asking(stage.Stage):
    """The app with nothing but the question before a deployment; what is confirmed is kept."""

    def __init__(self, feed: Script, reason: str) -> None:
        super().__init__(settings(environment="staging"), service=Script(), services=Script())
        self.feed, self.reason = feed, reason
        self.asked: list[ApplyChange] = []

    async def _open_first(self) -> None:
        await self.push_screen(ConfirmDeployScreen(self.settings, self.feed, self.clock, WISH, self.reason))

    async def on_apply_change(self, message: ApplyChange) -> None:
        message.prevent_default()
        self.asked.append(message)


@asynccontextmanager
async def _on_screen(
    *values: object, size: tuple[int, int] = NARROW, served: object = SNAPSHOT
) -> AsyncIterator[tuple[Releasing, Pilot[None]]]:
    app = Releasing(Script(*values), Script(served))
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield app, pilot


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", LOOKS)
async def test_a_deployment_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with _on_screen(LOOKS[name], size=size) as (app, pilot):
        before = ""
        # The log goes to its end once it knows how long it is.
        while (now := frame(app)) != before:
            before = now
            await settle(pilot)
            await pilot.pause(0.05)
        matches_frame(app, f"release-{name}")


@asynccontextmanager
async def _on_confirmation(
    draft: DeployDraft, *keys: str, size: tuple[int, int] = NARROW, reason: str = ""
) -> AsyncIterator[tuple[Asking, Pilot[None]]]:
    app = Asking(Script(draft), reason)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        yield app, pilot


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", DRAFTS)
async def test_the_plan_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with _on_confirmation(DRAFTS[name], size=size) as (app, _):
        matches_frame(app, f"release-plan-{name}")


async def test_keys_pressed_out_of_habit_deploy_nothing() -> None:
    async with _on_confirmation(DRAFTS["planned"], "D", "D", "y", "y", "enter", "enter") as (app, _):
        assert app.asked == []


async def test_production_wants_the_typed_name_and_the_override_keeps_its_reason() -> None:
    plan = replace(RELEASE.plan, needs_reason=True)
    draft = replace(DRAFTS["planned"], plan=plan, release=replace(RELEASE, plan=plan), needs_name=True)
    async with _on_confirmation(draft, reason="hot fix") as (app, pilot):
        app.screen.query_one("#name", Input).value = "api"
        await settle(pilot)
        app.screen.query_one("#do").focus()
        await pilot.press("enter")
        await settle(pilot)

        assert [(one.typed, one.reason) for one in app.asked] == [("api", "hot fix")]


async def test_that_a_first_revision_serves_at_once_is_asked_separately() -> None:
    async with _on_confirmation(DRAFTS["first"]) as (app, pilot):
        assert app.screen.query_one("#do", Button).disabled

        app.screen.query_one("#first").focus()
        await pilot.press("space")
        await settle(pilot)
        app.screen.query_one("#do").focus()
        await pilot.press("enter")
        await settle(pilot)
        assert [one.draft.agreed for one in app.asked] == [True]  # type: ignore[attr-defined]


async def test_why_it_does_not_boot_is_told_in_full() -> None:
    async with _on_screen(LOOKS["failed"]) as (app, pilot):
        await pilot.press("d")
        await settle(pilot)

        assert "The image has the files of Back_End/ at its top" in frame(app)


async def test_what_a_former_start_left_is_told_and_gone_on_with_only_after_a_question(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    assert await Program(world).killed(12)
    journal = MemoryJournal(world)

    async def connect() -> Cloud:
        return cast("Cloud", world)

    door: Any = lambda _: world  # noqa: E731 - both doors lead to the same
    app = BuddyApp(settings(), connect, writes=door, deploys=door, clock=world.time)
    app._feeds._changes = ChangeStreams(app.settings, app._feeds._connected, world.time, door, journal)
    lines = len(world.lines)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await until(pilot, lambda: "A former deployment" in frame(app))

        await pilot.press("D")
        await until(pilot, lambda: "Go on: Deploy" in frame(app))
        assert app.screen.query_one("#do", Button).disabled
        await pilot.press("tab", "enter", "enter")
        await settle(pilot)
    assert len(world.lines) == lines


async def test_to_give_up_wants_a_reason() -> None:
    async with _on_screen(LOOKS["building"]) as (app, pilot):
        await pilot.press("x", "enter", "enter", "x", "tab", "tab", "enter")
        await settle(pilot)
        assert app.asked == []

        await pilot.press("x", "tab", *"why", "tab", "tab", "enter")
        await settle(pilot)
        assert app.asked == ["why"]


async def test_what_is_deployed_is_promoted_from_there_and_is_given_up_no_more() -> None:
    async with _on_screen(LOOKS["deployed"]) as (app, pilot):
        await pilot.press("x", "P", "p")
        await settle(pilot)

        wish, revision = app.asked
        assert (wish.verb, wish.revision) == (Verb.PROMOTE, NEW)  # type: ignore[attr-defined]
        assert revision == NEW


@pytest.mark.parametrize("name", ["building", "failed", "left"])
async def test_only_what_is_deployed_says_so_and_can_be_promoted(name: str) -> None:
    async with _on_screen(LOOKS[name]) as (app, pilot):
        await pilot.press("P")
        await settle(pilot)

        assert app.asked == []
        assert "DEPLOYED" not in frame(app)


async def test_who_serves_is_told_all_the_while_and_that_it_changed() -> None:
    async with _on_screen(LOOKS["building"]) as (app, pilot):
        assert "✓ traffic as it was" in frame(app)

        moved = (make.target(NEW, 50), make.target(OLD, 50))
        app.served.put(replace(SNAPSHOT, service=replace(SERVICE, desired=moved, effective=moved)))
        await settle(pilot)
        assert "! traffic is not what it was" in frame(app)


async def test_nothing_is_said_of_traffic_before_it_was_read() -> None:
    async with _on_screen(LOOKS["building"], served=make.snapshot(service=None)) as (app, _):
        assert "reading who serves" in frame(app)


@pytest.mark.parametrize(("payload", "size"), HOSTILE, ids=[name for name, _ in HOSTILE])
async def test_hostile_text_stays_text(payload: str, size: tuple[int, int]) -> None:
    text = MIXED[payload]
    steps = tuple(
        Step(one, text, state, make.NOW, 1.0, text) for one, state in zip(Stage, StepState, strict=False)
    )
    hostile = Deployment(
        replace(RELEASE, revision=text),
        steps,
        packed=10,
        sent=20,
        build=Build(text, BuildState.FAILURE, text, text, text, text),
        lines=(text, text),
        entries=(make.entry(text=text),),
        finding=replace(FINDING, summary=text, short=text, fix=(text,), revision=text),
        probes=replace(
            MATRIX,
            questions=(replace(QUESTION, name=text),),
            cells=((Cell(text, text, Verdict.FAIL, 1, 2, reason=text),),),
        ),
        ending=Ending.FAILED,
        sentence=text,
        hint=text,
        as_of=make.NOW,
    )
    async with _on_screen(replace(hostile, ending=None), hostile, size=size) as (app, pilot):
        assert_tame(app)
        app.screen.tell(Trouble(text, text, 3, make.NOW))  # type: ignore[attr-defined]
        await settle(pilot)
        assert_tame(app)
