"""What an operator does on the screen of the release checklist."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from buddy_tui.config import Known
from buddy_tui.verify.values import Answered, Checklist
from screens.service import ServiceScreen
from screens.tick import TickPage
from screens.verify import VerifyScreen
from screens.widgets.checklist import ChecklistTable
from tests.make import NOW
from tests.screens import incident, probing
from tests.screens.probe_stage import DEMO, on_top, on_verify
from tests.screens.stage import SIZES, WIDE, frame, settle, until

OLDER, NEWER = "left_square_bracket", "right_square_bracket"


def saved(folder: Path) -> str:
    return "".join(one.read_text(encoding="utf-8") for one in folder.iterdir())


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


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
        assert "Release checklist 00029-n6b" in frame(app)
        assert f"asks every question · {words}" in frame(app)

        app.checklist.put(replace(probing.CHECKLIST, done=True))
        await settle(pilot)
        assert words not in frame(app)
        assert "no pass · looked 0s ago · ctrl+r looks again" in frame(app)


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


async def test_in_a_tiny_terminal_the_fields_and_the_buttons_are_scrolled_to() -> None:
    async with on_verify(probing.CHECKLIST, size=(40, 12), keys=("t",)) as (app, pilot):
        assert "Cancel" in frame(app)

        await pilot.press("shift+tab", *"seen")
        await settle(pilot)
        assert "seen" in frame(app)


async def test_a_line_that_is_still_looked_at_is_ticked_without_a_measurement() -> None:
    async with on_verify(probing.CHECKLIST, keys=("G", "k", "k", "t")) as (app, _pilot):
        assert "measured: nothing yet" in frame(app)


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


async def test_where_a_new_look_cannot_begin_the_last_answers_stay_and_are_called_stale() -> None:
    async with on_verify(probing.NOT_SEEN_NOW, keys=("j",)) as (app, pilot):
        since = app.pass_time(90)
        app.checklist.put(Checklist(incident.NAME, done=True, trouble=replace(probing.OFFLINE, since=since)))
        await settle(pilot)

        shown = frame(app)
        assert "! stale 1m" in shown
        assert "looked 1m ago" in shown
        assert f"What you see is from {NOW:%H:%M:%S} UTC." in shown
        assert app.screen.query_one(ChecklistTable).key == "boots"


async def test_a_pass_that_cannot_be_looked_at_again_is_told_as_past() -> None:
    good = tuple(replace(one, answered=Answered.YES) for one in probing.LINES)
    passing = replace(probing.NOT_SEEN_NOW, lines=good)
    async with on_verify(passing) as (app, pilot):
        assert " pass · looked" in frame(app)

        app.checklist.put(replace(passing, trouble=replace(probing.OFFLINE, since=app.pass_time(60))))
        await settle(pilot)
        assert " passed · looked 1m ago" in frame(app)


async def test_in_a_small_terminal_trouble_leaves_room_for_the_answers() -> None:
    long = replace(probing.OFFLINE, sentence="Cloud Run does not answer. " * 8)
    async with on_verify(replace(probing.NOT_SEEN_NOW, trouble=long), size=(40, 12)) as (app, _pilot):
        assert "✓ yes" in frame(app)


async def test_what_a_look_could_not_see_makes_the_rest_of_it_no_older() -> None:
    async with on_verify(replace(probing.NOT_SEEN_NOW, trouble=probing.OFFLINE)) as (app, _pilot):
        assert probing.OFFLINE.sentence in frame(app)
        assert "stale" not in frame(app)


async def test_an_unfinished_look_that_cannot_begin_again_leaves_nothing_that_seems_to_go_on() -> None:
    async with on_verify(probing.CHECKLIST) as (app, pilot):
        app.checklist.put(Checklist(incident.NAME, done=True, trouble=probing.OFFLINE))
        await settle(pilot)

        assert "● looking" not in frame(app)
        assert "Nothing could be looked at" in frame(app)


async def test_loading_tells_what_is_read() -> None:
    async with on_verify() as (app, _pilot):
        assert "Reading buddy-app …" in frame(app)


async def test_a_line_and_the_headless_command_can_be_copied() -> None:
    async with on_verify(probing.CHECKLIST, keys=("y",), kept=probing.KEPT_RELEASES) as (app, pilot):
        assert app.clipboard.startswith("✓ yes: It deploys from the project's root (The archive")

        place = "--service=buddy-app --region=us-central1 --project=buddy-demo"
        await press(pilot, "Y")
        assert app.clipboard == f"buddy-tui checklist {probing.CANARY} {place}"
        await press(pilot, OLDER, "Y")
        assert app.clipboard == f"buddy-tui checklist {probing.SERVING} --kept {place}"


async def test_the_releases_before_and_after_are_shown_as_they_were_kept_and_nobody_is_asked() -> None:
    async with on_verify(probing.NOT_SEEN_NOW, kept=probing.KEPT_RELEASES) as (app, pilot):
        assert "[ 00028-bsx" in frame(app)

        await press(pilot, OLDER)
        assert "Release checklist 00028-bsx ·  ✓ 8 yes" in frame(app)
        assert "KEPT, as of 2026-11-14 10:00 UTC, 9d ago · passed · [ 00027-k2p  ] live" in frame(app)
        assert "from 9d ago" in frame(app)
        await press(pilot, OLDER, OLDER)
        assert "KEPT, as of 2026-11-13 10:00 UTC, 10d ago · no pass · ] 00028-bsx" in frame(app)

        await press(pilot, NEWER, NEWER, NEWER)
        assert "Release checklist 00029-n6b" in frame(app)
        assert "KEPT" not in frame(app)
        assert app.checklist.opened == 1
        assert app.checklist.refreshed == 0


async def test_live_answers_that_come_meanwhile_stay_out_of_a_kept_checklist() -> None:
    async with on_verify(probing.CHECKLIST, keys=(OLDER,), kept=probing.KEPT_RELEASES) as (app, pilot):
        shown = frame(app)

        app.checklist.put(replace(probing.NOT_SEEN_NOW, trouble=probing.OFFLINE))
        await settle(pilot)
        assert frame(app) == shown

        await press(pilot, "ctrl+r")
        assert "Release checklist 00029-n6b" in frame(app)
        assert probing.OFFLINE.sentence in frame(app)
        assert app.checklist.refreshed == 1


async def test_the_live_release_stands_where_it_belongs_in_time_and_once() -> None:
    own = replace(probing.NOT_SEEN_NOW, kept=True)
    newer = replace(own, revision="buddy-app-00030-c5v", created=NOW)
    kept = (newer, own, *probing.KEPT_RELEASES)
    async with on_verify(probing.NOT_SEEN_NOW, kept=kept) as (app, pilot):
        assert "[ 00028-bsx  ] 00030-c5v" in frame(app)

        await press(pilot, NEWER)
        assert "[ live" in frame(app)


async def test_offline_what_was_kept_is_there_with_its_age() -> None:
    nothing = Checklist(incident.NAME, done=True, trouble=probing.OFFLINE)
    async with on_verify(nothing, kept=probing.KEPT_RELEASES) as (app, pilot):
        assert "nothing was seen · ctrl+r looks again · [ 00028-bsx" in frame(app)

        await press(pilot, OLDER)
        assert "KEPT, as of" in frame(app)
        assert "✓ 8 yes" in frame(app)
        assert probing.OFFLINE.sentence not in frame(app)


async def test_a_kept_checklist_that_cannot_be_read_says_so() -> None:
    why = replace(probing.OFFLINE, sentence="The checklist in x.json cannot be read.")
    torn = Checklist(incident.NAME, probing.OLD, kept=True, trouble=why)
    async with on_verify(probing.NOT_SEEN_NOW, keys=(OLDER,), kept=(torn,)) as (app, _pilot):
        assert "The checklist in x.json cannot be read." in frame(app)
        assert "KEPT, as of –" in frame(app)  # noqa: RUF001 - the glyph for "there is none"


async def test_back_at_a_live_one_that_has_not_come_yet_nothing_kept_stays() -> None:
    async with on_verify(keys=(OLDER, NEWER), kept=probing.KEPT_RELEASES) as (app, _pilot):
        assert "Reading buddy-app …" in frame(app)
        assert "✓" not in frame(app)
        assert "connecting" in frame(app)


@pytest.mark.parametrize("key", [OLDER, NEWER])
async def test_where_nothing_was_kept_the_keys_do_nothing(key: str) -> None:
    async with on_verify(probing.NOT_SEEN_NOW, keys=(key,)) as (app, _pilot):
        assert "Release checklist 00029-n6b" in frame(app)
        assert "[ " not in frame(app)


async def test_what_was_seen_earlier_is_told_as_past_and_stays_unknown() -> None:
    async with on_verify(probing.NOT_SEEN_NOW, keys=("j", "j", "j", "j")) as (app, pilot):
        shown = frame(app)
        for told in (
            "? 1 unknown",
            "? was yes    No data loss",
            "last seen yes, 2026-11-23 09:58:00 UTC, 2h ago",
        ):
            assert told in shown

        await press(pilot, "d")
        assert "488 sessions of 00028-bsx are there." in frame(app)


async def test_a_tick_of_a_kept_release_asks_nobody() -> None:
    async with on_verify(probing.NOT_SEEN_NOW, keys=(OLDER, "t"), kept=probing.KEPT_RELEASES) as (app, pilot):
        await press(pilot, "shift+tab", *"seen", "enter", "tab", "enter")

        assert app.ticked == [(probing.SERVING, "deploys", "micha@example.com", "seen")]
        assert (app.checklist.refreshed, app.kept.refreshed) == (0, 2)


async def test_a_tick_of_the_live_release_is_shown_by_its_feed() -> None:
    async with on_verify(probing.NOT_SEEN_NOW, keys=("t",)) as (app, pilot):
        await press(pilot, "shift+tab", *"seen", "enter", "tab", "enter")

        assert app.checklist.refreshed == 1


async def test_that_nothing_can_be_kept_is_told_once() -> None:
    unkept = replace(probing.NOT_SEEN_NOW, keeping="The checklist cannot be kept in /x: No space left.")
    async with on_verify(unkept, size=WIDE) as (app, pilot):
        app.checklist.put(probing.CHECKLIST)
        app.checklist.put(unkept)
        await settle(pilot)

        assert [one.message for one in app._notifications] == [unkept.keeping]
        assert "no pass · looked" in frame(app)


@pytest.mark.parametrize(("keys", "words"), [((), "- As of: 2026-11-23"), ((OLDER,), "; kept from then")])
async def test_the_checklist_is_saved_as_markdown_without_names(
    keys: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    async with on_verify(probing.NOT_SEEN_NOW, keys=keys, kept=probing.KEPT_RELEASES, saves=tmp_path) as (
        _,
        pilot,
    ):
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "## Production traffic" in saved(tmp_path))

        page = saved(tmp_path)
        assert page.startswith("# Release checklist: `buddy-app-000")
        assert words in page
        assert "@example.com" not in page
