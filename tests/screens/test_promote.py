"""The live view of a promotion: what it shows in each phase, and that its keys say what they steer."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.promote import promote
from buddy_tui.actions.values import Ending, Gate, Phase, Progress, Promotion, Standing
from buddy_tui.app import BuddyApp
from screens.messages import Steering, SteerPromotion
from screens.promote import PromoteScreen
from tests import make
from tests.screens.stage import NARROW, SIZES, Script, Stage, frame, settings, settle

OLD, NEW = "api-00041-kub", "api-00042-xez"
LISTED = (make.target(OLD, 100), make.target(NEW, tag="candidate"))
SERVICE = make.service(desired=LISTED, effective=LISTED)
REVISIONS = (make.revision(NEW), make.revision(OLD))
PLAN = promote(SERVICE, REVISIONS, NEW, 10, Terms(make.NOW))
PASS, FAIL, UNKNOWN = Standing.PASS, Standing.FAIL, Standing.INCONCLUSIVE
GATES = (
    Gate("probes", "Probes at its own address", PASS, "live: 5 of 5; ready: 5 of 5"),
    Gate("requests", "Enough requests", PASS, "132 of at least 20 requests", (132.0,), (1204.0,)),
    Gate(
        "errors",
        "5xx answers",
        PASS,
        f"{NEW} 0 of 132 failed; {OLD} 1 of 1,204 failed",
        (0.0, 0.0, 0.028),
        (0.001, 0.0, 0.005),
    ),
    Gate("latency", "95th percentile of latency", PASS, "", (130.0, 121.0, 144.0), (120.0, 118.0, 126.0)),
    Gate("crashes", "Crashes and restarts", PASS, f"{NEW} never crashed", (0.0,), (0.0,)),
)
BAKING = Promotion(
    PLAN,
    (10, 50, 100),
    step=1,
    phase=Phase.BAKING,
    gates=GATES,
    progress=Progress(PLAN, effective=PLAN.after, as_of=make.NOW),
    left=42.0,
    requests=132,
    as_of=make.NOW,
    logs_until=make.NOW - timedelta(seconds=9),
)
FAILED = replace(
    GATES[2],
    standing=FAIL,
    seen=f"{NEW} 41 of 100 failed, between 32 and 51 %; {OLD} 1 of 1,204 failed",
    candidate=(0.41, 0.32, 0.51),
)
LOOKS = {
    "baking": BAKING,
    "holding": replace(
        BAKING,
        phase=Phase.HOLDING,
        left=0.0,
        gates=(
            GATES[0],
            replace(GATES[1], standing=UNKNOWN, seen="3 of at least 20 requests", candidate=(3.0,)),
        ),
    ),
    "paused": replace(BAKING, phase=Phase.WAITING),
    "putting-back": replace(
        BAKING,
        phase=Phase.PUTTING_BACK,
        gates=(*GATES[:2], FAILED, *GATES[3:]),
        sentence=f"PUTTING BACK: 5xx answers: {FAILED.seen}.",
    ),
    "put-back": replace(
        BAKING,
        phase=Phase.OVER,
        gates=(*GATES[:2], FAILED, *GATES[3:]),
        ending=Ending.PUT_BACK,
        sentence=f"PUT BACK. 5xx answers: {FAILED.seen}. Tags and shares are as before.",
    ),
    "promoted": replace(
        BAKING,
        step=2,
        phase=Phase.OVER,
        ending=Ending.DONE,
        sentence=f"{NEW} was promoted: 10 % -> 50 % -> 100 %, all gates passed.",
    ),
}


class Promoting(Stage):
    """The app with nothing but the live view; what its keys say is kept."""

    def __init__(self, feed: Script) -> None:
        super().__init__(settings(), service=Script(), services=Script())
        self.feed = feed
        self.steered: list[tuple[Steering, str]] = []

    async def _open_first(self) -> None:
        await self.push_screen(PromoteScreen(self.settings, self.feed, self.clock, PLAN))

    def on_steer_promotion(self, message: SteerPromotion) -> None:
        self.steered.append((message.steering, message.reason))


@asynccontextmanager
async def _on_screen(
    *values: object, size: tuple[int, int] = NARROW
) -> AsyncIterator[tuple[Promoting, Pilot[None]]]:
    app = Promoting(Script(*values))
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield app, pilot


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", LOOKS)
async def test_a_promotion_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with _on_screen(BAKING, LOOKS[name], size=size) as (app, _):
        matches_frame(app, f"promote-{name}")


async def test_space_pauses_and_goes_on() -> None:
    async with _on_screen(BAKING) as (app, pilot):
        await pilot.press("space")
        app.feed.put(LOOKS["paused"])
        await settle(pilot)
        await pilot.press("space")
        await settle(pilot)

        assert app.steered == [(Steering.PAUSE, ""), (Steering.RESUME, "")]


@pytest.mark.parametrize(("key", "steering"), [("s", Steering.SKIP), ("a", Steering.ABORT)])
async def test_to_skip_and_to_put_back_want_a_reason(key: str, steering: Steering) -> None:
    async with _on_screen(BAKING) as (app, pilot):
        await pilot.press(key, "enter", "enter", key, "tab", "tab", "enter")
        await settle(pilot)
        assert app.steered == []

        await pilot.press(key, "tab", *"why", "tab", "tab", "enter")
        await settle(pilot)
        assert app.steered == [(steering, "why")]


async def test_what_is_over_is_steered_no_more() -> None:
    async with _on_screen(LOOKS["promoted"]) as (app, pilot):
        await pilot.press("space", "s", "a")
        await settle(pilot)

        assert app.steered == []
        assert "PROMOTED" in frame(app)


async def test_only_what_is_over_says_so() -> None:
    async with _on_screen(BAKING) as (app, _):
        assert "PROMOTED" not in frame(app)
        assert "0:42 left" in frame(app)
