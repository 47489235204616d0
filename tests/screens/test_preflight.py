"""The preflight screen: checks as they become known, the right root, and that only a reason goes past a failure."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from buddy_tui.app import BuddyApp
from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.deploy.looks import Look
from buddy_tui.model import Trouble
from buddy_tui.preflight.judge import preflight
from buddy_tui.preflight.values import Check, Evidence, Preflight, Verdict
from buddy_tui.source.values import At
from screens.base import Feed
from screens.messages import OpenModules, RequestDeployment
from screens.preflight import PreflightScreen
from screens.preflight_words import GO_ON
from tests import make
from tests.core.preflight import made
from tests.screens import stage
from tests.screens.stage import NARROW, SIZES, WIDE, Script, frame, settings, settle
from tests.screens.test_hostile import MIXED, assert_tame

FINE = preflight(made.facts())
FIX = "buddy-tui deploy --source ..  # with gcloud: gcloud run deploy --source .."
ROOT = Check(
    "root",
    Verdict.FAIL,
    "Back_End.main:app is not found in this folder, but from one above.",
    FIX,
    (
        Evidence("starts Back_End.main:app", At("Dockerfile", 4)),
        Evidence("Back_End.main:app is found from /work/shop"),
    ),
)
WRONG = Preflight(
    Verdict.FAIL,
    Path("/work/shop/Back_End"),
    Path("/work/shop"),
    (
        ROOT,
        *(
            replace(one, verdict=Verdict.SKIPPED, message="The entry module was not read.")
            for one in FINE.checks[1:4]
        ),
        *FINE.checks[4:],
    ),
    FINE.facts,
)
ALIKE = replace(
    FINE,
    verdict=Verdict.WARN,
    checks=(
        FINE.checks[0],
        Check(
            "look-alikes",
            Verdict.WARN,
            "Back-End/, Back_End/ look alike: Back_End/ is started, Back-End/ is not.",
            "Look, then: git rm -r -- Back-End",
            (Evidence("not started: 1 file, 1.0 kB", At("Back-End/")),),
        ),
        *FINE.checks[2:],
    ),
)
FOLDERS = (".", "/work/shop")
LOOKS = {
    "asking": Look(
        ".",
        FINE,
        frozenset({"boot", "permissions", "apis", "settings"}),
        "Smoke boot: shop.main is imported in a copy of the upload, without credentials. Google is asked about the service.",
        FOLDERS,
        as_of=make.NOW,
    ),
    "wrong-root": Look("Back_End", WRONG, candidates=FOLDERS, done=True, as_of=make.NOW),
    "look-alikes": Look(".", ALIKE, candidates=FOLDERS, done=True, as_of=make.NOW),
    "no-folder": Look(
        "nowhere",
        done=True,
        trouble=Trouble("There is no folder nowhere.", "Say another.", 2, make.NOW),
        as_of=make.NOW,
    ),
}

HOSTILE = (("sequences", NARROW), ("markup", WIDE), ("newline", NARROW))


class Preflighting(stage.Stage):
    """The app with nothing but a preflight; what its keys ask for, and which feeds are opened, is kept."""

    def __init__(self, feed: Script, of: Settings) -> None:
        super().__init__(of, service=Script(), services=Script())
        self.feed = feed
        self.looked: list[tuple[str, bool]] = []
        self.asked: list[tuple[str, ...]] = []

    async def _open_first(self) -> None:
        await self.push_screen(PreflightScreen(self.settings, self._feed_of, self.clock, make.NAME))

    def _feed_of(self, source: str, smoke: bool) -> Feed[Any]:  # noqa: FBT001 - as the screen calls it
        self.looked.append((source, smoke))
        return self.feed

    def on_request_deployment(self, message: RequestDeployment) -> None:
        message.prevent_default()
        self.asked.append((message.source, message.reason))

    def on_open_modules(self, message: OpenModules) -> None:
        message.prevent_default()
        self.asked.append(("modules", message.source))


@asynccontextmanager
async def _on_screen(
    *values: object, size: tuple[int, int] = NARROW, of: Settings | None = None
) -> AsyncIterator[tuple[Preflighting, Pilot[None]]]:
    app = Preflighting(Script(*values), of or settings())
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield app, pilot


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", LOOKS)
async def test_a_preflight_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with _on_screen(LOOKS[name], size=size) as (app, _):
        matches_frame(app, f"preflight-{name}")


async def test_the_first_frame_needs_nothing_but_the_name_of_the_folder() -> None:
    async with _on_screen() as (app, _):
        assert "Reading the source" in frame(app)
        assert "smoke boot on" in frame(app)


async def test_a_verdict_that_is_still_to_come_is_not_told() -> None:
    async with _on_screen(LOOKS["asking"], size=WIDE) as (app, pilot):
        await pilot.press("D")
        await settle(pilot)
        assert app.asked == []
        assert frame(app).count("● asking") == len(LOOKS["asking"].pending)

        app.feed.put(replace(LOOKS["asking"], pending=frozenset(), running="", done=True))
        await settle(pilot)
        assert "● asking" not in frame(app)


@pytest.mark.parametrize("keys", [("D",), ("G", "enter")], ids=["key", "last-row"])
async def test_what_passes_goes_on_to_the_plan(keys: tuple[str, ...]) -> None:
    async with _on_screen(LOOKS["look-alikes"]) as (app, pilot):
        await pilot.press(*keys)
        await settle(pilot)

        assert app.asked == [(".", "")]


async def test_enter_on_a_check_plans_nothing() -> None:
    async with _on_screen(LOOKS["look-alikes"]) as (app, pilot):
        await pilot.press("enter", "j", "enter", "enter")
        await settle(pilot)

        assert app.asked == []


async def test_what_fails_is_planned_only_with_a_typed_reason() -> None:
    async with _on_screen(LOOKS["wrong-root"]) as (app, pilot):
        await pilot.press("D", "enter", "D", "tab", "tab", "enter")
        await settle(pilot)
        assert app.asked == []

        await pilot.press("D", "tab", *"why", "tab", "tab", "enter")
        await settle(pilot)
        assert app.asked == [(".", "why")]


async def test_read_only_nothing_is_planned_and_it_is_said_why() -> None:
    async with _on_screen(LOOKS["look-alikes"], of=settings(read_only="yes")) as (app, pilot):
        await pilot.press("D", "G", "enter")
        await settle(pilot)

        assert app.asked == []
        assert "Read-only" in frame(app)


async def test_the_suggested_root_is_a_key_away() -> None:
    async with _on_screen(LOOKS["wrong-root"]) as (app, pilot):
        await pilot.press("c")
        assert app.clipboard == clean_line(FIX)

        await pilot.press("u")
        await settle(pilot)
        assert app.looked == [(".", True), (str(WRONG.suggested_root), True)]


async def test_another_folder_is_typed_and_the_smoke_boot_switched_off() -> None:
    async with _on_screen(LOOKS["look-alikes"]) as (app, pilot):
        await pilot.press("s")
        app.screen.query_one("#source", Input).value = ""
        await pilot.press(*"api", "enter", "b", "m")
        await settle(pilot)

        assert app.looked == [(".", True), ("api", True), ("api", False)]
        assert app.asked == [("modules", "api")]
        assert "smoke boot off" in frame(app)


async def test_the_last_row_tells_what_would_be_uploaded_where() -> None:
    async with _on_screen(LOOKS["look-alikes"], size=WIDE) as (app, pilot):
        await pilot.press("G")
        await settle(pilot)

        assert app.screen.table.key == GO_ON  # type: ignore[attr-defined]
        assert "Deploy from here" in frame(app)
        assert "0 % and a tag" in frame(app)


@pytest.mark.parametrize(("payload", "size"), HOSTILE, ids=[name for name, _ in HOSTILE])
async def test_hostile_names_stay_text(payload: str, size: tuple[int, int]) -> None:
    text = MIXED[payload]
    checks = tuple(
        Check(f"{number}{text}", verdict, text, text, (Evidence(text, At(text, 3)),))
        for number, verdict in enumerate(Verdict)
    )
    found = Preflight(Verdict.FAIL, Path("/", text), Path("/up", text), checks, FINE.facts)
    hostile = Look(text, found, frozenset({checks[0].name}), text, (text,), as_of=make.NOW)
    async with _on_screen(hostile, size=size) as (app, pilot):
        assert_tame(app)
        app.feed.put(
            replace(hostile, done=True, pending=frozenset(), trouble=Trouble(text, text, 2, make.NOW))
        )
        await pilot.press("u", "j", "s", "down", "end")
        await settle(pilot)
        assert_tame(app)
