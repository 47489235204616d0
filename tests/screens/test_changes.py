"""Changes on screen: from the key to the proof, and everything that stands between them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from buddy_tui.app import BuddyApp
from buddy_tui.errors import ChangedUnderneath
from buddy_tui.journal.keep import Journal
from screens.confirm import ConfirmScreen
from screens.progress import ProgressScreen
from screens.service import ServiceScreen
from screens.widgets.diff import DiffRow, diff_rows
from tests import make
from tests.fakes import FakeReads
from tests.screens.change_stage import (
    BAD,
    GOOD,
    NAME,
    OLD,
    PRODUCTION,
    READ_ONLY,
    STAGING,
    ChangeStage,
    cloud,
    on_changes,
    seen,
    typed,
)
from tests.screens.stage import SIZES, frame, until


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


async def confirmed(pilot: Pilot[None], name: str = "api") -> None:
    """Type name and reason, and go on to the button that does it."""
    await pilot.press("shift+tab", "shift+tab")
    await typed(pilot, name)
    await pilot.press("tab")
    await typed(pilot, "errors")
    await pilot.press("tab", "tab")
    await seen(pilot)


async def done(app: ChangeStage, pilot: Pilot[None]) -> ProgressScreen:
    """Press the button, and wait for the end."""
    await pilot.press("enter")
    await until(
        pilot, lambda: isinstance(app.screen, ProgressScreen) and app.screen.progress.ending is not None
    )
    assert isinstance(app.screen, ProgressScreen)
    await seen(pilot)
    return app.screen


async def test_a_rollback_is_two_keys_and_a_typed_name_and_is_proved_and_kept(journal: Path) -> None:
    async with on_changes(journal, "R", "enter") as (app, pilot):
        await confirmed(pilot)
        screen = await done(app, pilot)

        assert "DONE" in frame(app)
        assert screen.progress.effective == (make.target(GOOD, 100), app.fake._services[NAME].effective[1])
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ServiceScreen) and "ROLLED BACK" in frame(app))
    intent, outcome = Journal(journal).read().records
    assert (intent.reason, outcome.outcome) == ("errors", "done")


@pytest.mark.parametrize("keys", [("enter", "enter"), ("tab", "tab"), ("space", "space"), ("tab", "enter")])
async def test_in_production_no_two_keys_do_anything(keys: tuple[str, ...], journal: Path) -> None:
    async with on_changes(journal, "R", "enter", *keys) as (app, _pilot):
        assert app.written == 0


async def test_a_wrong_name_leaves_the_button_off(journal: Path) -> None:
    async with on_changes(journal, "R", "enter") as (app, pilot):
        await confirmed(pilot, "apx")

        assert app.screen.query_one("#do", Button).disabled


async def test_outside_production_a_reason_is_asked_for_and_no_name(journal: Path) -> None:
    async with on_changes(journal, "R", "enter", of=STAGING) as (app, pilot):
        assert not app.screen.query_one("#name-line").display
        await pilot.press("shift+tab")
        await typed(pilot, "errors")
        await pilot.press("tab", "tab")
        await done(app, pilot)

        assert app.written == 1


async def test_what_moved_meanwhile_is_told_and_nothing_can_be_done_until_planned_anew(journal: Path) -> None:
    async with on_changes(journal, "R", "j", "enter") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, ConfirmScreen)
        await confirmed(pilot)
        app.moves()
        screen.receive(await app.changes._checked(screen._draft))
        await seen(pilot)

        assert "The service changed while you were looking" in frame(app)
        assert screen.query_one("#do", Button).disabled
        await pilot.press("ctrl+r")
        await until(pilot, lambda: not screen._draft.moved)
        assert not screen.query_one("#do", Button).disabled


async def test_a_conflict_is_told_with_who_was_first_and_is_not_tried_again(journal: Path) -> None:
    async with on_changes(journal, "R", "enter") as (app, pilot):
        await confirmed(pilot)
        app.fake.fail("set_traffic", ChangedUnderneath("Conflict for resource 'api'."))
        await done(app, pilot)

        assert "CONFLICT" in frame(app)
        assert app.written == 1


async def test_a_second_change_is_refused_while_one_runs_and_leaving_its_screen_stops_nothing(
    journal: Path,
) -> None:
    fake = cloud()
    async with on_changes(journal, "R", "enter", fake=fake) as (app, pilot):
        await confirmed(pilot)
        held = fake.hold("europe-west1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen))
        await pilot.press("escape", "U")
        await seen(pilot)

        assert isinstance(app.screen, ServiceScreen)
        assert "wait until it is over" in frame(app)
        held.set()
        await until(pilot, lambda: app.changes.running is None)
        await until(pilot, lambda: "DONE" in frame(app))


@pytest.mark.parametrize("key", ["R", "U", "L", "T"])
async def test_read_only_the_keys_say_why_and_open_nothing(key: str, journal: Path) -> None:
    async with on_changes(journal, key, of=READ_ONLY) as (app, _pilot):
        assert isinstance(app.screen, ServiceScreen)
        assert "Read-only" in frame(app)


async def test_a_tag_is_asked_for_by_name_and_then_planned(journal: Path) -> None:
    async with on_changes(journal, "j", "T", "n", "e", "w", "enter") as (app, _pilot):
        assert isinstance(app.screen, ConfirmScreen)
        assert "+new" in frame(app)


async def test_undo_says_what_it_brings_back(journal: Path) -> None:
    async with on_changes(journal, "U") as (app, _pilot):
        assert "Undo the last change of api, made by dana@example.com" in frame(app)


async def test_what_is_refused_has_no_button(journal: Path) -> None:
    fake = FakeReads()
    fake.put(make.service(uri=""), make.revision())
    async with on_changes(journal, "L", fake=fake) as (app, _pilot):
        assert "Nothing to do" in frame(app)
        assert not app.screen.query_one("#do", Button).display


def test_a_diff_tells_who_gains_who_loses_and_whose_tag_moves() -> None:
    before = (make.target(BAD, 100), make.target(OLD, tag="old"))
    after = (make.target(GOOD, 100), make.target(GOOD, tag="old"))

    assert diff_rows(before, after) == (
        DiffRow(GOOD, None, 100, ("+old",), "+"),
        DiffRow(BAD, 100, None, (), "-"),
        DiffRow(OLD, None, None, ("-old",), "~"),
    )


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("rollback", ("R",)),
        ("confirm", ("R", "enter")),
        ("history-nothing", ("H",)),
        ("change-read-only", ()),
    ],
)
async def test_changes_look_as_they_were_reviewed(
    name: str,
    keys: tuple[str, ...],
    size: tuple[int, int],
    journal: Path,
    matches_frame: Callable[[BuddyApp, str], None],
) -> None:
    of = READ_ONLY if name == "change-read-only" else PRODUCTION
    async with on_changes(journal, *keys, of=of, size=size) as (app, _pilot):
        matches_frame(app, name)
