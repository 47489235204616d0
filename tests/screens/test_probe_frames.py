"""Probes and the release checklist at both sizes, as text."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from rich.segment import Segment
from textual.color import Color

from buddy_tui.app import BuddyApp
from buddy_tui.config import Settings
from screens.wall import Ascii
from screens.widgets.spark import spark
from tests.screens import probing
from tests.screens.probe_stage import DEMO, Ending, on_probes, on_verify
from tests.screens.stage import SIZES, Script, settings


@dataclass(frozen=True)
class Look:
    """One frame: what is fed, and which keys are pressed."""

    values: tuple[object, ...] = ()
    keys: tuple[str, ...] = ()
    feeds: dict[str, Script] = field(default_factory=dict)
    of: Settings = DEMO


ASCII, READ_ONLY = (
    replace(DEMO, ascii=DEMO.project),
    replace(DEMO, read_only=settings(read_only="yes").read_only),
)


def probes() -> dict[str, Look]:
    """Return the looks of the probes screen; feeds are made anew for each run, for they run out."""
    done, worse, session = (probing.DONE,), ("j", "l", "l", "l"), ("j", "s")
    return {
        "loading": Look(),
        "filling": Look((probing.FILLING,), ("j", "l")),
        "stopped": Look((probing.FILLING,), ("x",)),
        "done": Look(done),
        "same": Look(done, ("j", "l")),
        "worse": Look(done, worse),
        "refused": Look(done, ("j", "j")),
        "ascii": Look((*done, probing.WATCHING), ("w",), of=ASCII),
        "read-only": Look(done, of=READ_ONLY),
        "watching": Look((*done, probing.WATCHING), ("w",)),
        "no-address": Look((probing.NO_ADDRESS,)),
        "refused-everywhere": Look((probing.REFUSED,)),
        "not-offered": Look((probing.NOT_OFFERED,)),
        "trouble": Look((probing.NO_MATRIX,)),
        "help": Look(done, ("question_mark",)),
        "cell": Look(done, (*worse, "enter"), {"lines": Script(probing.LOGGED)}),
        "cell-end": Look(done, (*worse, "enter", "G"), {"lines": Script(probing.NOT_LOGGED)}),
        "session-climbing": Look(done, session, {"session": Script(probing.CLIMBING)}),
        "session-good": Look(done, session, {"session": Ending(probing.PERSISTED)}),
        "session-bad": Look(done, session, {"session": Ending(probing.MEMORY)}),
        "session-leaked": Look(done, session, {"session": Ending(probing.LEAKED)}),
        "audit": Look(done, ("a",), {"audit": Ending(probing.AUDIT)}),
    }


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", probes())
async def test_probes_look_as_they_were_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    look = probes()[name]

    async with on_probes(*look.values, size=size, of=look.of, keys=look.keys, **look.feeds) as (app, _pilot):
        matches_frame(app, f"probes-{name}")


PLANS = {
    "lines": Look((probing.CHECKLIST,), ("j", "j")),
    "done": Look((probing.NOT_SEEN_NOW,), ("j", "j", "j", "j")),
    "kept": Look((probing.NOT_SEEN_NOW,), ("j", "left_square_bracket")),
    "describe": Look((probing.CHECKLIST,), ("j", "j", "d")),
    "tick": Look((probing.CHECKLIST,), ("j", "j", "t")),
    "loading": Look(),
    "help": Look((probing.CHECKLIST,), ("question_mark",)),
}


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", PLANS)
async def test_the_release_checklist_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    look = PLANS[name]

    async with on_verify(*look.values, size=size, keys=look.keys, kept=probing.KEPT_RELEASES) as (
        app,
        _pilot,
    ):
        matches_frame(app, f"verify-{name}")


@pytest.mark.parametrize("size", [(60, 16), (40, 8)])
async def test_below_80x24_the_answers_stay(
    size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with on_probes(probing.DONE, size=size) as (app, _pilot):
        matches_frame(app, "probes-small")


def test_in_ascii_every_height_of_a_sparkline_is_told_apart() -> None:
    (drawn,) = Ascii().apply([Segment(spark([None, *range(7)], 8, top=8))], Color(0, 0, 0))

    assert drawn.text == "x_.-=+*#"
