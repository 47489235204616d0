"""Changes on screen: from the key to the proof, and everything that stands between them."""

from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from buddy_tui.actions.marks import RolledBack, rolled_back_values
from buddy_tui.actions.values import Verb
from buddy_tui.actions.wishes import Wish
from buddy_tui.errors import ChangedUnderneath, Refused
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from screens.confirm import ConfirmScreen
from screens.messages import ApplyChange, RequestChange
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
    READ_ONLY,
    STAGING,
    ChangeStage,
    cloud,
    on_changes,
    seen,
    service,
    typed,
)
from tests.screens.stage import frame, settings, until

ALL = settings(service="")


def rolled_back() -> FakeReads:
    """Return a Cloud Run where somebody has rolled back from `BAD` to `GOOD`."""
    fake, pinned = cloud(), (make.target(GOOD, 100), make.target(OLD, tag="old"))
    values = rolled_back_values(RolledBack(BAD, GOOD, make.NOW, "dana@example.com"))
    marks = tuple((key, value or "") for key, value in values.items())
    fake.put(service(desired=pinned, effective=pinned, annotations=marks), *fake._revisions[NAME])
    return fake


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


async def opened(app: ChangeStage, pilot: Pilot[None], *keys: str) -> None:
    """Go back to the service, and press `keys` there."""
    while not isinstance(app.screen, ServiceScreen):
        await pilot.press("escape")
        await pilot.pause()
    for key in keys:
        await pilot.press(key)
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


async def test_in_production_no_two_keys_do_anything(journal: Path) -> None:
    async with on_changes(journal) as (app, pilot):
        for keys in (("enter", "enter"), ("tab", "tab"), ("space", "space"), ("tab", "enter")):
            await opened(app, pilot, "R", "enter")
            assert isinstance(app.screen, ConfirmScreen)
            await pilot.press(*keys)
            await seen(pilot)

            assert app.written == 0


async def test_a_wrong_name_leaves_the_button_off_and_nothing_begins_past_it(journal: Path) -> None:
    async with on_changes(journal, "R", "enter") as (app, pilot):
        await confirmed(pilot, "apx")

        assert isinstance(app.screen, ConfirmScreen)
        assert app.screen.query_one("#do", Button).disabled
        for wrong in ("", "apx"):
            draft = app.screen._draft
            with pytest.raises(Refused, match="the name of the service must be typed"):
                app.begin_change(ApplyChange(draft, typed=wrong, reason="errors", unlock=True))

        assert app.changes.names.unlocked() is None
        assert app.written == 0


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
        await app.look_again()
        await seen(pilot)

        assert "The service changed while you were looking" in frame(app)
        assert screen.query_one("#do", Button).disabled
        await pilot.press("ctrl+r")
        await until(pilot, lambda: not screen._draft.moved)
        assert not screen.query_one("#do", Button).disabled


async def test_a_conflict_is_told_not_tried_again_and_planned_anew_from_where_it_is_told(
    journal: Path,
) -> None:
    async with on_changes(journal, "R", "enter") as (app, pilot):
        await confirmed(pilot)
        app.fake.fail("set_traffic", ChangedUnderneath("Conflict for resource 'api'."))
        await done(app, pilot)

        assert "CONFLICT" in frame(app)
        assert app.written == 1
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert not app.screen.query_one("#do", Button).has_focus
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


async def test_read_only_the_keys_say_why_and_there_is_no_way_to_write_at_all(journal: Path) -> None:
    async with on_changes(journal, of=READ_ONLY) as (app, pilot):
        for key in "RULTSPD":
            app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda: "Read-only" in frame(app))
            assert isinstance(app.screen, ServiceScreen)
        app.post_message(RequestChange(Wish(NAME, Verb.RESTORE_LATEST)))
        await seen(pilot)

        assert app.changes._writes is None
        assert isinstance(app.screen, ServiceScreen)


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


async def test_from_anywhere_two_keys_lead_to_the_confirmation_of_a_rollback(journal: Path) -> None:
    async with on_changes(journal) as (app, pilot):
        for there in (("enter",), ("p",), ("v",), ("H",), ("enter", "f"), ("d",)):
            await opened(app, pilot, *there, "R", "enter")
            await until(pilot, lambda: "Roll back api to api-00041-kub" in frame(app))
            assert isinstance(app.screen, ConfirmScreen)
    async with on_changes(journal, "R", "enter", of=ALL) as (app, _pilot):
        assert isinstance(app.screen, ConfirmScreen)
        assert "Roll back api to api-00041-kub" in frame(app)


async def test_a_rollback_stays_visible_after_a_restart_in_the_list_too_until_it_is_decided(
    journal: Path,
) -> None:
    fake = rolled_back()
    async with on_changes(journal, of=ALL, fake=fake) as (app, _pilot):
        assert "ROLLED BACK" in frame(app)
    async with on_changes(journal, "K", fake=fake) as (app, pilot):
        await confirmed(pilot)
        await done(app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "it was decided" in frame(app))

        assert "ROLLED BACK" not in frame(app)
        assert app.written == 0


async def test_restore_latest_ends_a_rollback(journal: Path) -> None:
    async with on_changes(journal, "L", fake=rolled_back()) as (app, pilot):
        await confirmed(pilot)
        await done(app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "FOLLOWS LATEST" in frame(app))

        assert "ROLLED BACK" not in frame(app)


async def test_a_split_says_what_it_comes_to_and_names_only_what_was_filled_in(journal: Path) -> None:
    async with on_changes(journal, "S", "4") as (app, pilot):
        assert "4 % in all: it must be 100 %." in frame(app)
        await pilot.press("backspace", "1", "0", "0")
        await until(pilot, lambda: "100 % in all: nobody else gets any." in frame(app))
        await opened(app, pilot, "j", "S", "tab", "4", "0")
        assert "40 %, and the others share 60 %." in frame(app)
        await pilot.press("enter")
        await seen(pilot)

        assert isinstance(app.screen, ConfirmScreen)
        assert "Split api: api-00041-kub 40 %" in frame(app)


async def test_a_tag_can_be_taken_away(journal: Path) -> None:
    async with on_changes(journal, "j", "j", "T", "tab", "enter") as (app, _pilot):
        assert isinstance(app.screen, ConfirmScreen)
        assert "-old" in frame(app)


async def test_production_can_be_unlocked_for_some_minutes_after_the_name_was_typed(journal: Path) -> None:
    async with on_changes(journal, "R", "enter") as (app, pilot):
        await confirmed(pilot)
        await pilot.press("tab", "space", "shift+tab")
        await done(app, pilot)
        app.tell_unlocked()
        await seen(pilot)
        assert "[UNLOCKED api 5:00]" in frame(app)

        await pilot.press("escape", "U")
        await seen(pilot)
        assert not app.screen.query_one("#name-line").display
        assert app.screen.query_one("#reason-line").display
        app.now += timedelta(minutes=5)
        app.screen.action_refresh()  # type: ignore[attr-defined]
        await seen(pilot)
        assert app.screen.query_one("#name-line").display
        app.tell_unlocked()
        await seen(pilot)
        assert "[RW]" in frame(app)
    note = Journal(journal).read().records[0]
    assert (note.kind, note.verb, note.reason) == (Kind.NOTE, "unlock", "errors")


async def test_what_was_unlocked_can_be_locked_again(journal: Path) -> None:
    async with on_changes(journal) as (app, pilot):
        app.changes.names._unlocked = NAME, app.now + timedelta(minutes=3)
        titles = {one.title: one.callback for one in app.get_system_commands(app.screen)}
        titles["Lock api again"]()
        await seen(pilot)

        assert app.changes.names.needs_name(NAME)


async def test_a_bug_of_ours_in_a_change_is_told_and_its_end_is_not_made_up(journal: Path) -> None:
    async with on_changes(journal, "R", "enter") as (app, pilot):
        await confirmed(pilot)
        app.fake.fail("set_traffic", RuntimeError("a bug"))
        await done(app, pilot)
        await until(pilot, lambda: "This is a bug in buddy-tui" in frame(app))

        assert "UNKNOWN" in frame(app)


async def test_at_the_start_it_is_told_what_became_of_a_change_whose_end_nobody_saw(journal: Path) -> None:
    before, after = (make.target(GOOD, 100),), (make.target(BAD, 100), make.target(OLD, tag="old"))
    hour = make.NOW - timedelta(hours=1)
    intent = Record(hour, Kind.INTENT, "a" * 16, NAME, "promote", BAD, before=before, after=after)
    Journal(journal).write(intent)

    async with on_changes(journal, "H") as (app, pilot):
        await until(pilot, lambda: "A former change" in frame(app))
        app.clear_notifications()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "done" in frame(app) and "A former change" not in frame(app))
    assert Journal(journal).read().records[-1].outcome == "done"
