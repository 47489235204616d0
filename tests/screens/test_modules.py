"""The module map on a screen: what the start needs, what it costs, and what would be lighter."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from buddy_tui.app import BuddyApp
from buddy_tui.deploy.looks import Modules
from buddy_tui.model import Trouble
from buddy_tui.source.module_map import Advice, ModuleMap, Outside, Part
from buddy_tui.source.values import At, Found, When
from screens.modules import ModulesScreen
from tests import make
from tests.screens import stage
from tests.screens.stage import NARROW, SIZES, WIDE, Script, frame, settings, settle
from tests.screens.test_hostile import MIXED, assert_tame

MAP = ModuleMap(
    "Back_End.main",
    essential=(
        Part("Back_End.main", At("Back_End/main.py"), 0, 0, 1.8),
        Part("Back_End.chat_api", At("Back_End/chat_api.py"), 1, 1, 0.7),
        Part("Back_End.flow_tester", At("Back_End/flow_tester.py"), 2, 3, 88.8),
        Part("Back_End.session_model", At("Back_End/session_model.py"), 2, 15, 1.1),
    ),
    secondary=(Part("Back_End.fast_json", At("Back_End/fast_json.py"), 2, 1, 4.0),),
    optional=(Part("Back_End.firestore_sessions", At("Back_End/firestore_sessions.py"), 1, 1),),
    outside=(
        Outside("pandas", Found.DECLARED, When.START, ("Back_End.flow_tester",), 412.0),
        Outside("asyncio", Found.STANDARD, When.START, ("Back_End.router",), 22.9),
    ),
    chain=("Back_End.main", "Back_End.chat_api", "Back_End.flow_tester"),
    most_used=(("Back_End.session_model", 15), ("Back_End.flow_tester", 3)),
    advice=(
        Advice(
            "pandas takes 412 ms at start (77 % of 535 ms), and Back_End.flow_tester alone imports it: imported in the "
            "functions that use it, it would not delay the start.",
            At("Back_End/flow_tester.py", 3),
            412.0,
        ),
    ),
    milliseconds=535.0,
)
TIMED = Modules(".", MAP, "Back_End.main was imported in 0.5 s.", done=True, as_of=make.NOW)
UNTIMED = Modules(
    ".",
    replace(
        MAP,
        essential=tuple(replace(one, milliseconds=None) for one in MAP.essential),
        outside=(),
        advice=(),
        milliseconds=0.0,
    ),
    "Smoke boot: Back_End.main is imported in a copy of the upload, without credentials.",
    as_of=make.NOW,
)
NONE = Modules(
    ".",
    done=True,
    trouble=Trouble(
        "There is no entry module: shop.main is not where the image looks for it.",
        "The preflight says more.",
        2,
        make.NOW,
    ),
    as_of=make.NOW,
)

HOSTILE = (("sequences", NARROW), ("markup", WIDE), ("newline", NARROW))


class Mapping(stage.Stage):
    """The app with nothing but the module map."""

    def __init__(self, feed: Script) -> None:
        super().__init__(settings(), service=Script(), services=Script())
        self.feed = feed

    async def _open_first(self) -> None:
        await self.push_screen(ModulesScreen(self.settings, self.feed, self.clock, make.NAME))


@asynccontextmanager
async def _on_screen(
    *values: object, size: tuple[int, int] = NARROW
) -> AsyncIterator[tuple[Mapping, Pilot[None]]]:
    app = Mapping(Script(*values))
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield app, pilot


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize(
    ("name", "value"),
    [("timed", TIMED), ("untimed", UNTIMED), ("none", NONE)],
    ids=["timed", "untimed", "none"],
)
async def test_the_modules_look_as_they_were_reviewed(
    name: str, value: Modules, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with _on_screen(value, size=size) as (app, _):
        matches_frame(app, f"modules-{name}")


async def test_times_come_when_the_smoke_boot_is_over_and_the_cursor_stays() -> None:
    async with _on_screen(UNTIMED) as (app, pilot):
        await pilot.press("j")
        before = app.screen.table.key  # type: ignore[attr-defined]
        assert "412.0" not in frame(app)

        app.feed.put(TIMED)
        await settle(pilot)
        assert "412.0" in frame(app)
        assert app.screen.table.key == before  # type: ignore[attr-defined]
        await pilot.press("y")
        assert app.clipboard == before


async def test_the_slowest_of_a_kind_comes_first() -> None:
    async with _on_screen(TIMED) as (app, _):
        told = frame(app)
        assert told.index("flow_tester") < told.index("session_model") < told.index("fast_json")


@pytest.mark.parametrize(("payload", "size"), HOSTILE, ids=[name for name, _ in HOSTILE])
async def test_hostile_names_stay_text(payload: str, size: tuple[int, int]) -> None:
    text = MIXED[payload]
    parts = tuple(Part(f"{number}{text}", At(text), 1, 2, 3.0) for number in range(3))
    hostile = ModuleMap(
        text,
        essential=parts[:1],
        secondary=parts[1:2],
        optional=parts[2:],
        outside=(Outside(text, Found.UNSURE, When.START, (text,), 1.0),),
        chain=(text, text),
        most_used=((text, 3),),
        advice=(Advice(text, At(text, 2), 3.0),),
        milliseconds=1.0,
    )
    async with _on_screen(Modules(text, hostile, text, as_of=make.NOW), size=size) as (app, pilot):
        assert_tame(app)
        await pilot.press("tab", "end")
        await settle(pilot)
        assert_tame(app)
