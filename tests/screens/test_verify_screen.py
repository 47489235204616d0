"""What an operator does on the screen of the verification plan."""

from dataclasses import replace

import pytest

from buddy_tui.config import Known
from buddy_tui.verify.values import Checklist
from screens.service import ServiceScreen
from screens.tick import TickPage
from screens.verify import VerifyScreen
from screens.widgets.checklist import ChecklistTable
from tests.make import NOW
from tests.screens import incident, probing
from tests.screens.probe_stage import DEMO, on_top, on_verify
from tests.screens.stage import SIZES, frame, settle


@pytest.mark.parametrize("size", SIZES)
async def test_every_line_stands_under_its_section_with_mark_and_word(size: tuple[int, int]) -> None:
    async with on_verify(probing.CHECKLIST, size=size) as (app, _pilot):
        shown = frame(app)
        for told in ("Deployment", "✓ yes", "✗ no", "? unknown", "@ by hand", "● looking", "✗ 2 no"):
            assert told in shown


async def test_v_opens_the_plan_and_esc_comes_back() -> None:
    async with on_verify(probing.CHECKLIST) as (app, pilot):
        assert app.opened_with == [("verify", incident.NAME, "")]
        assert on_top(app) is VerifyScreen

        await pilot.press("escape")
        await settle(pilot)
        assert on_top(app) is ServiceScreen


@pytest.mark.parametrize(
    ("read_only", "words"),
    [("", "writes one session of its own, deletes it again"), ("yes", "read-only: tries no session")],
)
async def test_while_it_looks_it_says_for_whom_and_whether_it_writes(read_only: str, words: str) -> None:
    of = replace(DEMO, read_only=Known(read_only))
    async with on_verify(probing.CHECKLIST, of=of) as (app, pilot):
        assert "plan for 00029-n6b" in frame(app)
        assert f"asks every question · {words}" in frame(app)

        app.checklist.put(replace(probing.CHECKLIST, done=True))
        await settle(pilot)
        assert words not in frame(app)
        assert "looked 0s ago · ctrl+r looks again" in frame(app)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ((), "deploys"),
        (("j", "j"), "survives"),
        (("j", "j", "k"), "boots"),
        (("G",), "errors"),
        (("G", "g"), "deploys"),
    ],
)
async def test_the_cursor_passes_over_the_headings(keys: tuple[str, ...], line: str) -> None:
    async with on_verify(probing.CHECKLIST, keys=keys) as (app, _pilot):
        assert app.screen.query_one(ChecklistTable).key == line


@pytest.mark.parametrize("key", ["enter", "d"])
async def test_details_tell_evidence_source_time_and_whose_word_it_is(key: str) -> None:
    async with on_verify(probing.CHECKLIST, keys=("j", "j", key)) as (app, _pilot):
        shown = frame(app)
        for told in (
            "✗ no + hand",
            "9 of 20 reads",
            "probe",
            "2m ago",
            "alice@example.com",
            "goes out tomorrow",
        ):
            assert told in shown


async def test_a_measured_no_stays_in_view_beside_a_word_by_hand() -> None:
    line = replace(probing.LINES[3], by="alice@example.com", note="I looked")
    ticked = replace(probing.CHECKLIST, lines=(*probing.LINES[:3], line, *probing.LINES[4:]))
    async with on_verify(ticked, keys=("j", "j", "j")) as (app, _pilot):
        shown = frame(app)
        assert shown.count("✗ no + hand") == 3
        assert "by hand: alice@example.com: I looked" in shown


async def test_enter_pressed_twice_ticks_nothing() -> None:
    async with on_verify(probing.CHECKLIST, keys=("t",)) as (app, pilot):
        assert on_top(app) is TickPage

        await pilot.press("enter", "enter")
        await settle(pilot)
        assert app.ticked == []


@pytest.mark.parametrize(
    "keys",
    [
        ("tab", "tab", "tab", "enter"),
        ("tab", *"I looked", "escape"),
        ("shift+tab", "shift+tab", "shift+tab", "enter"),
    ],
)
async def test_without_a_note_or_with_escape_nothing_is_ticked(keys: tuple[str, ...]) -> None:
    async with on_verify(probing.CHECKLIST, keys=("t",)) as (app, pilot):
        await pilot.press(*(("space" if key == " " else key) for key in keys))
        await settle(pilot)
        assert app.ticked == []


async def test_a_name_and_a_note_tick_the_line_under_the_cursor() -> None:
    async with on_verify(probing.CHECKLIST, keys=("j", "t")) as (app, pilot):
        await pilot.press("shift+tab", *"seen", "enter", "tab", "enter")
        await settle(pilot)

        assert app.ticked == [(probing.CHECKLIST.revision, "boots", "micha@example.com", "seen")]
        assert on_top(app) is VerifyScreen


async def test_without_a_name_the_button_stays_off() -> None:
    async with on_verify(probing.CHECKLIST, keys=("t",)) as (app, pilot):
        await pilot.press("shift+tab", *"seen", "shift+tab", "end", "ctrl+u")
        await settle(pilot)

        assert app.screen.query_one("#tick").disabled


async def test_answers_come_in_where_their_line_stands() -> None:
    async with on_verify(probing.CHECKLIST, keys=("G",)) as (app, pilot):
        lines = tuple(
            replace(one, answered=probing.LINES[0].answered, evidence="200") for one in probing.LINES
        )
        app.checklist.put(Checklist(incident.NAME, probing.CANARY, lines, done=True, as_of=NOW))
        await settle(pilot)

        assert app.screen.query_one(ChecklistTable).key == "errors"
        assert "● looking" not in frame(app)


async def test_a_plan_that_could_not_be_looked_at_says_why() -> None:
    async with on_verify(Checklist(incident.NAME, trouble=probing.OFFLINE)) as (app, _pilot):
        assert "Cloud Run does not answer." in frame(app)
        assert "Nothing could be looked at" in frame(app)


async def test_loading_tells_what_is_read() -> None:
    async with on_verify() as (app, _pilot):
        assert "Reading buddy-app …" in frame(app)


async def test_a_line_and_the_headless_command_can_be_copied() -> None:
    async with on_verify(probing.CHECKLIST, keys=("y",)) as (app, pilot):
        assert app.clipboard.startswith("✓ yes: It deploys from the project's root (The archive")

        await pilot.press("Y")
        await settle(pilot)
        assert (
            app.clipboard == "buddy-tui verify --service=buddy-app --region=us-central1 --project=buddy-demo"
        )
