"""What an operator does on the screen of one service."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from buddy_tui.finding import Confidence
from buddy_tui.model import RevisionState, Snapshot
from screens.boot_log import BootLogScreen
from screens.service import ServiceScreen
from screens.widgets.filter_bar import FilterBar
from screens.widgets.notice import Notice
from screens.widgets.table import KeyedTable
from tests import make
from tests.make import NOW
from tests.screens import boots, incident
from tests.screens.stage import SIZES, WIDE, frame, on_stage, settings, settle

BUDDY = settings(service="buddy-app", regions=("us-central1",), project="buddy-demo")
NEWEST = incident.REVISIONS[0].name


@pytest.mark.parametrize("size", SIZES)
async def test_pinned_and_what_the_next_deployment_gets_are_seen_without_any_key(
    size: tuple[int, int],
) -> None:
    async with on_stage(incident.SNAPSHOT, size=size) as (app, _pilot):
        shown = frame(app)

        assert "PINNED  to buddy-app-00028-bsx" in shown
        assert "The next deployment gets 0 %" in shown
        assert shown.count("✗ failed") >= 9
        assert "100% buddy-app-00028-bsx" in shown


async def test_desired_and_effective_traffic_stand_side_by_side_in_words() -> None:
    async with on_stage(incident.SPLIT, size=WIDE) as (app, _pilot):
        lines = frame(app).splitlines()
        desired = next(line for line in lines if line.startswith(" desired"))
        effective = next(line for line in lines if line.startswith(" effective"))

        assert "50% api-00041-kub" in desired
        assert "50% api-00042-xez (canary)" in desired
        assert "90% api-00041-kub" in effective
        assert "10% api-00042-xez (canary)" in effective
        assert any("10% → 50%" in line for line in lines)


async def test_with_a_thousand_revisions_a_refresh_moves_neither_cursor_nor_screen() -> None:
    revisions = tuple(make.revision(f"api-{number:05d}-abc") for number in range(1000, 0, -1))
    full = Snapshot(make.NAME, make.service(), revisions, NOW, next_in=5.0)
    async with on_stage(full) as (app, pilot):
        table = app.screen.query_one(KeyedTable)
        table.point_at("api-00500-abc")
        await settle(pilot)
        before, selection = frame(app), table.key

        app.service.put(replace(full, revisions=(make.revision("api-01001-new"), *revisions)))
        await settle(pilot)

        assert frame(app) == before
        assert table.key == selection == "api-00500-abc"
        assert len(table.rows) == 1001


@pytest.mark.parametrize("key", ["enter", "l"])
@pytest.mark.parametrize("size", SIZES)
async def test_enter_and_l_open_the_boot_log_once_and_esc_comes_back(size: tuple[int, int], key: str) -> None:
    async with on_stage(incident.SNAPSHOT, size=size) as (app, pilot):
        await pilot.press("j", key, key, key)
        await settle(pilot)
        assert isinstance(app.screen, BootLogScreen)
        (scope,) = app.opened_scopes
        assert (scope.service, scope.revision) == (make.NAME, incident.REVISIONS[1].name)

        await pilot.press("escape")
        await settle(pilot)
        assert "▸ " + incident.REVISIONS[1].name in frame(app)


async def test_without_a_revision_there_is_no_boot_log_to_open() -> None:
    empty = Snapshot(make.NAME, make.service(desired=(), effective=()), (), NOW)
    async with on_stage(empty) as (app, pilot):
        await pilot.press("enter", "l")
        await settle(pilot)

        assert isinstance(app.screen, ServiceScreen)
        assert app.opened_scopes == []


@pytest.mark.parametrize("size", SIZES)
async def test_each_failed_revision_carries_its_cause_and_one_line_sums_them_up(
    size: tuple[int, int],
) -> None:
    async with on_stage(boots.EXPLAINED, size=size) as (app, _pilot):
        shown = frame(app)

        assert shown.count("✗ No module named Back_End") >= 9
        assert "✗ 9 revisions in a row, one cause: No module named Back_End · certain" in shown
        assert "fix  gcloud run deploy buddy-app --source ." in shown


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(Confidence.LIKELY, "✗ likely No module"), (Confidence.UNSURE, "✗ perhaps No module")],
)
async def test_a_cause_in_the_list_is_no_surer_than_its_finding(confidence: Confidence, words: str) -> None:
    finding = replace(boots.FINDING, confidence=confidence)
    async with on_stage(replace(incident.SNAPSHOT, findings=(finding,))) as (app, _pilot):
        row = next(line for line in frame(app).splitlines() if line.startswith("▸"))
        assert words in row


async def test_the_fix_of_the_revision_under_the_cursor_can_be_copied() -> None:
    async with on_stage(boots.EXPLAINED) as (app, pilot):
        assert "c Copy fix" in frame(app)
        await pilot.press("c")
        await settle(pilot)
        assert app.clipboard == boots.FINDING.fix[0]

        await pilot.press("G")
        await settle(pilot)
        assert "c Copy fix" not in frame(app)


async def test_describe_tells_the_finding_and_the_incident_as_a_colleague_would() -> None:
    async with on_stage(boots.EXPLAINED, size=(120, 120)) as (app, pilot):
        await pilot.press("d")
        await settle(pilot)
        shown = frame(app)

        for told in (
            "the code is fine",
            "Nine different fixes, one cause",
            "source root: project root -> Back_End/",
            boots.FINDING.fix[0],
            "/app/main.py:14",
        ):
            assert told in shown


async def test_a_wide_screen_shows_list_and_details_together_and_details_follow_the_cursor() -> None:
    async with on_stage(incident.SNAPSHOT, size=WIDE) as (app, pilot):
        await pilot.press("G")
        await settle(pilot)
        shown = frame(app)

        assert "REVISION" in shown
        assert "│ buddy-app-00028-bsx" in shown
        assert "│ traffic     100%" in shown


async def test_on_a_wide_screen_esc_leaves_the_details_for_the_list() -> None:
    async with on_stage(incident.SNAPSHOT, size=WIDE) as (app, pilot):
        await pilot.press("tab")
        assert app.focused is not app.screen.query_one(KeyedTable)

        await pilot.press("escape")
        await settle(pilot)
        assert app.focused is app.screen.query_one(KeyedTable)


async def test_the_details_tell_environment_by_name_only() -> None:
    async with on_stage(incident.SNAPSHOT, size=(120, 100)) as (app, _pilot):
        shown = frame(app)

        for told in (
            "GOOGLE_CLOUD_PROJECT",
            "OPENAI_API_KEY",
            "512Mi",
            "TCP on port 8080",
            "0 to 20",
            "managed-by",
        ):
            assert told in shown


async def test_what_comes_in_one_go_with_the_slash_is_typed_into_the_filter() -> None:
    async with on_stage(incident.SNAPSHOT, of=BUDDY) as (app, pilot):
        for key in ("slash", *"g/0003", "enter"):
            app.post_message(Key(key, "/" if key == "slash" else key if len(key) == 1 else None))
        await settle(pilot)

        assert app.screen.query_one(Input).value == "g/0003"
        assert not app.screen.query_one(FilterBar).typing


async def test_esc_closes_then_clears_then_goes_back_and_never_quits() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        await pilot.press("slash", *"00028")
        await pilot.press("escape")
        await settle(pilot)
        assert app.focused is app.screen.query_one(KeyedTable)
        assert len(app.screen.query_one(KeyedTable).rows) == 1

        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen.query_one(KeyedTable).rows) == 10

        await pilot.press("escape", "escape")
        await settle(pilot)
        assert app.is_running
        assert isinstance(app.screen, ServiceScreen)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state:ready", ["buddy-app-00028-bsx"]),
        ("state:failed !0003", ["buddy-app-00029-n6b"]),
        ("tag:canary", ["buddy-app-00033-w9e"]),
        ("PORT=8080 37", [NEWEST]),
    ],
)
async def test_a_filter_looks_at_names_states_tags_and_messages(query: str, names: list[str]) -> None:
    tagged = replace(
        incident.SERVICE,
        effective=(*incident.SERVICE.effective, make.target("buddy-app-00033-w9e", 0, "canary")),
    )
    async with on_stage(replace(incident.SNAPSHOT, service=tagged)) as (app, pilot):
        await app.screen.query_one(FilterBar).open(query)
        await settle(pilot)

        assert [row.key for row in app.screen.query_one(KeyedTable).rows] == names


async def test_a_filter_survives_a_refresh() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        await pilot.press("slash", *"00036", "enter")
        app.service.put(replace(incident.SNAPSHOT, as_of=NOW))
        await settle(pilot)

        assert "1 of 10" in frame(app)
        assert len(app.screen.query_one(KeyedTable).rows) == 1


async def test_stale_data_stays_on_screen_under_the_reason() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        app.service.put(
            replace(incident.SNAPSHOT, as_of=NOW - timedelta(seconds=42), trouble=incident.OFFLINE)
        )
        await settle(pilot)

        shown = frame(app)
        assert "! stale 42s" in shown
        assert "run.googleapis.com cannot be reached" in shown
        assert NEWEST in shown

        app.service.put(replace(incident.SNAPSHOT, as_of=NOW))
        await settle(pilot)
        assert "● live 0s" in frame(app)
        assert "cannot be reached" not in frame(app)


async def test_the_way_out_of_a_denial_can_be_copied() -> None:
    async with on_stage(Snapshot(make.NAME, trouble=incident.DENIED)) as (app, pilot):
        assert "run.revisions.list is" in frame(app)
        assert "c Copy fix" in frame(app)

        await pilot.press("c")
        await settle(pilot)

        assert app.clipboard == incident.DENIED.hint


async def test_without_trouble_there_is_no_key_that_copies_a_way_out() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        await pilot.press("c")
        await settle(pilot)

        assert "Copy fix" not in frame(app)
        assert app.clipboard == ""


async def test_loading_says_what_is_read_and_after_two_seconds_for_how_long() -> None:
    async with on_stage() as (app, pilot):
        assert "Reading api in europe-west1 …" in frame(app)

        app.pass_time(3)
        assert isinstance(app.screen, ServiceScreen)
        app.screen.tick()
        await settle(pilot)

        assert "Reading api in europe-west1 … 3s" in frame(app)


async def test_y_copies_the_name_and_capital_y_the_command_that_shows_the_same() -> None:
    async with on_stage(incident.SNAPSHOT, of=replace(BUDDY, impersonate=BUDDY.account)) as (app, pilot):
        await pilot.press("y")
        await settle(pilot)
        assert app.clipboard == NEWEST
        assert "Copied name" in frame(app)

        await pilot.press("Y")
        await settle(pilot)
        assert app.clipboard == (
            f"gcloud run revisions describe {NEWEST} --region=us-central1 --project=buddy-demo "
            "--impersonate-service-account=alice@example.com"
        )


async def test_without_a_revision_the_keys_are_about_the_service() -> None:
    empty = Snapshot(make.NAME, make.service(desired=(), effective=()), (), NOW)
    async with on_stage(empty) as (app, pilot):
        await pilot.press("y")
        assert app.clipboard == "api"
        await pilot.press("Y")
        assert app.clipboard == "gcloud run services describe api --region=europe-west1 --project=acme-prod"
        await pilot.press("d")
        await settle(pilot)
        assert "NOTHING SERVES" in frame(app)


async def test_describe_tells_everything_about_revision_and_service() -> None:
    async with on_stage(incident.SNAPSHOT, size=(120, 120)) as (app, pilot):
        await pilot.press("d")
        await settle(pilot)
        shown = frame(app)

        for told in (
            "● live 3s",
            "Logs URL:",
            "sha256:",
            "PINNED to buddy-app-00028-bsx",
            "generation",
            "40, observed 40",
        ):
            assert told in shown

        await pilot.press("q")
        await settle(pilot)
        assert isinstance(app.screen, ServiceScreen)
        assert app.is_running


async def test_refresh_wakes_the_running_stream() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        await pilot.press("ctrl+r")

        assert (app.service.refreshed, app.service.opened) == (1, 1)


async def test_a_bug_of_ours_is_shown_as_one_saved_and_survived(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "buddy-tui.log"
    async with on_stage(incident.SNAPSHOT, log_file=log, size=WIDE) as (app, pilot):
        app.service.put(ZeroDivisionError("[red]no[/] \x1b]0;x\x07"))
        await settle(pilot)

        shown = frame(app)
        assert "This is a bug in buddy-tui" in shown
        assert "ZeroDivisionError: [red]no[/]" in shown
        assert NEWEST in shown
        assert "Traceback" in log.read_text(encoding="utf-8")

        app.service.put(incident.SNAPSHOT)
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert app.service.opened == 2
        assert app.screen.query_one(Notice).trouble is None


async def test_a_log_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with on_stage(RuntimeError("x"), log_file=tmp_path / "file" / "log", size=WIDE) as (app, _pilot):
        assert "The log file cannot be written" in frame(app)


async def test_the_stream_ends_with_its_screen() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, _pilot):
        workers = list(app.workers)
        assert [worker.group for worker in workers] == ["stream"]

    assert all(worker.is_finished for worker in workers)


@pytest.mark.parametrize("state", list(RevisionState))
async def test_every_state_is_a_word_and_not_only_a_colour(state: RevisionState) -> None:
    only = Snapshot(make.NAME, make.service(), (make.revision(state=state),), NOW)
    async with on_stage(only) as (app, _pilot):
        row = next(line for line in frame(app).splitlines() if line.startswith("▸"))
        assert state.value in row


async def test_resizing_keeps_the_cursor_in_view() -> None:
    revisions = tuple(make.revision(f"api-{number:05d}-abc") for number in range(40, 0, -1))
    async with on_stage(Snapshot(make.NAME, make.service(), revisions, NOW), size=WIDE) as (app, pilot):
        await pilot.press("G")
        await pilot.resize_terminal(80, 20)
        await settle(pilot)

        assert "▸ api-00001-abc" in frame(app)
