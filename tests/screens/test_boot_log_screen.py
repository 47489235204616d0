"""What an operator does, and is told, on the boot log of a revision."""

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from buddy_tui import console_pages
from buddy_tui.boot.values import BootLog
from buddy_tui.emulator.logs.query import parse
from buddy_tui.finding import Cause, Finding
from buddy_tui.log_scope import filter_of
from buddy_tui.model import Link, LogBatch, LogState, RevisionState
from screens.boot_log import BootLogScreen
from screens.findings import cause_in_words, verdict
from screens.service import ServiceScreen
from screens.sheet import FactPage
from screens.widgets.log import LogView
from tests.screens import boots, incident
from tests.screens.stage import NARROW, SIZES, WIDE, Script, Stage, frame, on_stage, settle, until
from tests.screens.test_frames import BUDDY


@asynccontextmanager
async def on_boot_log(
    *values: object,
    size: tuple[int, int] = NARROW,
    labels: tuple[tuple[str, str], ...] = (),
    source: str = boots.REVISION.source,
    **more: Any,  # noqa: ANN401
) -> AsyncIterator[tuple[Stage, Pilot[None]]]:
    """Run the app on the boot log of the newest revision, with `values` in its feed."""
    newest = replace(incident.REVISIONS[0], labels=labels, source=source)
    snapshot = replace(incident.SNAPSHOT, revisions=(newest, *incident.REVISIONS[1:]))
    async with on_stage(snapshot, size=size, of=BUDDY, boot_log=Script(*values), **more) as (app, pilot):
        await pilot.press("l")
        await settle(pilot)
        assert isinstance(app.screen, BootLogScreen)
        yield app, pilot


def log_of(app: Stage) -> LogView:
    return app.screen.query_one(LogView)


@pytest.mark.parametrize("size", SIZES)
async def test_the_verdict_the_cause_the_fix_the_timeline_and_the_failing_line_are_in_sight(
    size: tuple[int, int],
) -> None:
    async with on_boot_log(boots.BOOT, size=size) as (app, _pilot):
        shown = frame(app)

        for told in (
            "✗ Does not boot: No module named Back_End  certain",
            "The uploaded folder is Back_End/ itself",
            "gcloud run deploy buddy-app --source .",
            "start → uvicorn +2.3s → ",
            "→ ✗ ModuleNotFoundError → exit(1)",
            "ModuleNotFoundError: No module named 'Back_End'",
            "3/12 calls",
            "● live",
        ):
            assert told in shown


@pytest.mark.parametrize(
    ("fed", "words"),
    [
        (boots.CONNECTING, ("● Reading the log: no verdict yet", "Reading the log of buddy-app-00037-m2k …")),
        (
            boots.NOTHING,
            ("! Not known", "There is nothing in the log of", "That does not say that it is healthy"),
        ),
        (boots.UP, ("✓ It boots", "✓ listening on 8080", "✓ probe passed")),
        (boots.LIKELY, ("likely", "not sure", "The source archive could not be read")),
        (
            boots.INCOMPLETE,
            ("! Cannot be told: the log is incomplete", "unsure", "The rest may still come in."),
        ),
        (boots.NO_OUTPUT, ("✗ Does not boot: the container wrote nothing", "PYTHONUNBUFFERED=1")),
        (boots.POLLING, ("! polling: Google's quota is used up", "No module named Back_End")),
        (
            boots.DENIED,
            ("logging.logEntries.list is missing", "roles/logging.viewer", "Nothing was read yet"),
        ),
    ],
)
@pytest.mark.parametrize("size", SIZES)
async def test_every_state_has_words(fed: BootLog, words: tuple[str, ...], size: tuple[int, int]) -> None:
    async with on_boot_log(fed, size=size) as (app, _pilot):
        shown = " ".join(frame(app).replace("▌", "").split())

        for told in words:
            assert told in shown


async def test_a_wide_screen_tells_how_far_the_log_can_be_trusted() -> None:
    async with on_boot_log(boots.POLLING, size=(200, 40)) as (app, _pilot):
        shown = frame(app)

        for told in ("12/12 calls", "40 or more held back by Google", "2 came late", "reconnected 2"):
            assert told in shown


async def test_after_two_seconds_of_reading_it_is_told_for_how_long() -> None:
    async with on_boot_log(boots.CONNECTING) as (app, pilot):
        app.pass_time(3)
        assert isinstance(app.screen, BootLogScreen)
        app.screen.tick()
        await settle(pilot)

        assert "Reading the log of buddy-app-00037-m2k … 3s" in frame(app)


async def test_the_import_chain_is_a_tree_where_there_is_room_and_one_line_elsewhere() -> None:
    async with on_boot_log(boots.BOOT, size=WIDE) as (app, _pilot):
        assert "└─ Back_End.whiteboard_metrics" in frame(app)
        assert "└─ ✗ Back_End.cost_estimator" in frame(app)
    async with on_boot_log(boots.BOOT, size=NARROW) as (app, _pilot):
        assert "main.py:14 → … 2 more → ✗ Back_End.cost_estimator" in frame(app)


async def test_c_copies_the_first_fix_and_in_trouble_the_way_out() -> None:
    async with on_boot_log(boots.BOOT) as (app, pilot):
        await pilot.press("c")
        await settle(pilot)
        assert app.clipboard == boots.FINDING.fix[0]

        app.boot_log.put(boots.DENIED)
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        assert "roles/logging.viewer" in app.clipboard


async def test_e_goes_from_proof_to_proof_and_passes_over_what_is_no_line_of_the_log() -> None:
    async with on_boot_log(boots.BOOT, size=WIDE) as (app, pilot):
        seen = []
        for key in ("e", "e", "e", "e", "E"):
            await pilot.press(key)
            await settle(pilot)
            await pilot.press("y")
            await settle(pilot)
            seen.append(app.clipboard)

    error, cause, end = ("ModuleNotFoundError", "from Back_End.whiteboard", "Container called exit(1).")
    for copied, wanted in zip(seen, (error, cause, end, error, end), strict=True):
        assert wanted in copied


async def test_a_click_on_a_proof_goes_to_its_line_and_what_is_no_line_of_the_log_has_no_number() -> None:
    async with on_boot_log(boots.BOOT, size=WIDE) as (app, pilot):
        rows = frame(app).splitlines()
        proof, listing = (
            next(y for y, row in enumerate(rows) if told in row) for told in (" e2 ", " 37.zip ")
        )

        await pilot.click(offset=(30, proof))
        await pilot.click(offset=(30, listing))
        await settle(pilot)
        assert "▸ e2     from Back_End.whiteboard_metrics" in frame(app)
        assert "–      37.zip has main.py" in frame(app)  # noqa: RUF001 - the glyph


async def test_a_proof_whose_line_was_forgotten_is_told_as_that() -> None:
    forgotten = replace(boots.BOOT, batch=LogBatch(boots.ENTRIES[-1:], state=boots.LIVE))
    async with on_boot_log(forgotten, size=WIDE) as (app, pilot):
        await pilot.press("e")
        await settle(pilot)

        assert "That line is not kept any more: ModuleNotFoundError" in frame(app)


async def test_a_revision_that_is_still_starting_is_waited_for() -> None:
    newest = replace(incident.REVISIONS[0], state=RevisionState.PENDING)
    snapshot = replace(incident.SNAPSHOT, revisions=(newest,))
    async with on_stage(snapshot, boot_log=Script(boots.NOTHING)) as (app, pilot):
        await pilot.press("l")
        await settle(pilot)

        assert "Waiting for the first line of buddy-app-00037-m2k" in frame(app)
        assert "● Nothing tells yet whether it boots" in frame(app)


async def test_esc_closes_the_filter_then_clears_it_then_goes_back() -> None:
    async with on_boot_log(boots.BOOT) as (app, pilot):
        await pilot.press("slash", *"probe")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert app.focused is log_of(app)
        assert "Container called exit" not in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert "Container called exit" in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, ServiceScreen)


async def test_f_gives_the_log_all_the_room_and_esc_takes_it_back() -> None:
    async with on_boot_log(boots.BOOT) as (app, pilot):
        await pilot.press("f")
        await settle(pilot)
        assert "certain" not in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert "certain" in frame(app)


async def test_capital_y_copies_a_command_that_asks_for_the_very_same_entries() -> None:
    acting = replace(BUDDY, impersonate=BUDDY.account)
    async with on_stage(incident.SNAPSHOT, of=acting, boot_log=Script(boots.BOOT)) as (app, pilot):
        await pilot.press("l")
        await settle(pilot)
        await pilot.press("Y")
        await settle(pilot)
        (scope,) = app.opened_scopes

        *command, query, order, project, impersonated = shlex.split(app.clipboard)
        assert command == ["gcloud", "logging", "read"]
        assert query == filter_of(scope)
        assert parse(query)
        assert (order, project) == ("--order=asc", f"--project={scope.service.project}")
        assert impersonated == "--impersonate-service-account=micha@example.com"


async def test_o_opens_the_console_at_the_moment_under_the_cursor() -> None:
    async with on_boot_log(boots.BOOT) as (app, pilot):
        await pilot.press("e", "o")
        await settle(pilot)

    (url,) = app.opened_urls
    assert url.startswith(
        "https://console.cloud.google.com/logs/query;query=resource.type%3D%22cloud_run_revision"
    )
    assert ";cursorTimestamp=2026-11-23T11%3A31%3A02.912" in url
    assert url.endswith(f";duration=PT1H?project={incident.NAME.project}")


def test_a_query_cannot_leave_its_place_in_a_link() -> None:
    link = console_pages.logs_page("p;x", 'a=";?#&/"', "2026-11-23T12:00:00Z")

    assert link.count(";") == 3
    assert "%3B%3F%23%26%2F" in link
    assert link.endswith("?project=p%3Bx")


async def test_ctrl_s_saves_the_log_beside_what_was_saved_before(tmp_path: Path) -> None:
    async with on_boot_log(boots.BOOT, size=(160, 40), saves=tmp_path / "logs") as (app, pilot):
        for _ in range(2):
            await pilot.press("ctrl+s")
            await until(pilot, lambda: "boot-buddy-app-00037-m2k.log" in frame(app))
        await until(pilot, lambda: "boot-buddy-app-00037-m2k-2.log" in frame(app))

    first, second = sorted((tmp_path / "logs").iterdir())
    assert [first.name, second.name] == ["boot-buddy-app-00037-m2k-2.log", "boot-buddy-app-00037-m2k.log"]
    text = first.read_text(encoding="utf-8")
    assert text == second.read_text(encoding="utf-8")
    assert len(text.splitlines()) == len(boots.ENTRIES)
    assert "2026-11-23T11:31:03.099999" in text or "2026-11-23T11:31:03.100" in text
    assert "stderr" in text


async def test_a_log_that_cannot_be_saved_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with on_boot_log(boots.BOOT, size=WIDE, saves=tmp_path / "file" / "logs") as (app, pilot):
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "It cannot be saved" in frame(app))


async def test_calls_of_the_api_are_shown_only_when_they_are_asked_for() -> None:
    async with on_boot_log(boots.BOOT) as (app, pilot):
        await pilot.press("a")
        await settle(pilot)
        assert "with API calls" in frame(app)
        await pilot.press("a")
        await settle(pilot)

        assert [scope.activity for scope in app.opened_scopes] == [False, True, False]
        assert app.boot_log.watched == 1


async def test_the_build_log_is_shown_where_a_label_names_the_build_and_keeps_the_finding() -> None:
    async with on_boot_log(boots.BOOT, labels=(("gcb-build-id", "b-1"),)) as (app, pilot):
        await pilot.press("b")
        await settle(pilot)
        assert app.opened_scopes[-1].build == "b-1"
        assert "Reading the build log of b-1" in frame(app)

        line = boots.entry(0, "Step 1/3 : FROM python:3.11", "build")
        app.boot_log.put(BootLog(LogBatch((line,), state=boots.LIVE), None, None))
        await settle(pilot)
        assert "FROM python:3.11" in frame(app)
        assert "No module named Back_End  certain" in frame(app)

        await pilot.press("b")
        await settle(pilot)
        assert app.opened_scopes[-1].build == ""


async def test_a_build_that_only_the_source_leads_to_is_called_what_its_log_says() -> None:
    async with on_boot_log(boots.BOOT) as (app, pilot):
        await pilot.press("b")
        await settle(pilot)
        assert app.opened_scopes[-1].source == boots.REVISION.source
        assert "Reading the build log of buddy-app-00037-m2k" in frame(app)

        lines = [f"Fetching storage object: {boots.REVISION.source}", "ERROR", "ERROR: build step 0 failed"]
        told = tuple(boots.entry(at, line, "build")._replace(instance="b-7") for at, line in enumerate(lines))
        app.boot_log.put(BootLog(LogBatch(told, state=boots.LIVE)))
        await settle(pilot)
        assert "build log" in frame(app)
        assert "ERROR: build step 0 failed" in frame(app)
        assert log_of(app).marks >= {(told[1].key, 0), (told[2].key, 0)}
        assert (told[0].key, 0) not in log_of(app).marks

        await pilot.press("Y")
        await settle(pilot)
        assert 'resource.labels.build_id="b-7"' in app.clipboard

        await pilot.press("b", "b")
        await settle(pilot)
        assert [scope.build for scope in app.opened_scopes[-2:]] == ["", "b-7"]


@pytest.mark.parametrize("size", SIZES)
async def test_a_build_log_that_is_not_there_is_told_with_the_reasons(size: tuple[int, int]) -> None:
    async with on_boot_log(boots.BOOT, size=size, labels=(("gcb-build-id", "b-1"),)) as (app, pilot):
        await pilot.press("b")
        app.boot_log.put(BootLog(LogBatch(state=boots.LIVE)))
        await settle(pilot)

        assert "There is nothing in the build log of b-1" in frame(app)
        assert "a build may log to a bucket only" in frame(app)
        assert "No module named Back_End  certain" in frame(app)


async def test_from_a_build_log_a_leads_back_to_the_boot_with_who_called_the_api() -> None:
    async with on_boot_log(boots.BOOT) as (app, pilot):
        await pilot.press("b", "a")
        await settle(pilot)

        boot, build, calls = app.opened_scopes
        assert build.is_of_build
        assert calls == replace(boot, activity=True)


async def test_without_a_known_build_there_is_no_key_for_its_log() -> None:
    async with on_boot_log(boots.BOOT, source="") as (app, pilot):
        await pilot.press("b")
        await settle(pilot)

        assert len(app.opened_scopes) == 1


async def test_describe_tells_the_whole_finding_the_timeline_and_how_the_log_was_read() -> None:
    async with on_boot_log(boots.LIKELY, size=(120, 100)) as (app, pilot):
        await pilot.press("d")
        await settle(pilot)
        assert isinstance(app.screen, FactPage)
        shown = frame(app)

        for told in (
            "Run it in the folder that holds",
            "11:31:02",
            "✗ ModuleNotFoundError",
            "rejected",
            "0 entries at least",
            "resource.type=",
        ):
            assert told in shown


async def test_after_a_break_what_was_read_stays_until_the_new_stream_brings_something(
    tmp_path: Path,
) -> None:
    async with on_boot_log(boots.BOOT, log_file=tmp_path / "log") as (app, pilot):
        app.boot_log.put(ZeroDivisionError("no"))
        await settle(pilot)
        assert "This is a bug in buddy-tui" in frame(app)
        assert "certain" in frame(app)

        await pilot.press("ctrl+r")
        app.boot_log.put(boots.CONNECTING)
        await settle(pilot)
        assert "certain" in frame(app)
        assert "ModuleNotFoundError: No" in frame(app)

        app.boot_log.put(boots.UP)
        await settle(pilot)
        assert "✓ It boots" in frame(app)
        assert "ModuleNotFoundError" not in frame(app)


async def test_stale_trouble_over_a_log_that_was_read_says_from_when_it_is() -> None:
    async with on_boot_log(boots.BOOT, size=WIDE) as (app, pilot):
        app.pass_time(60)
        state = LogState(Link.BROKEN, "the tail broke", trouble=incident.OFFLINE)
        app.boot_log.put(BootLog(LogBatch(state=state)))
        await settle(pilot)
        shown = frame(app)

        assert "! stale" in shown
        assert "! not live: the tail broke" in shown
        assert "What you see is from" in shown
        assert "certain" in shown


@pytest.mark.parametrize("size", SIZES)
async def test_keys_answer_while_batches_pour_in(size: tuple[int, int]) -> None:
    async with on_boot_log(boots.BOOT, size=size) as (app, pilot):
        pouring = asyncio.create_task(_pour(app.boot_log))
        await pilot.press("g", "]", "slash", *"sev:error", "enter", "escape", "n", "f", "f")
        await pilot.press("question_mark", "escape")
        await pouring
        await settle(pilot)

        assert "certain" in frame(app)
        assert isinstance(app.screen, BootLogScreen)
        assert "new" in frame(app)


async def _pour(feed: Script) -> None:
    for batch in range(40):
        entries = tuple(
            boots.entry(10 + batch + at / 1000, f"INFO: request {batch}.{at}", "stdout") for at in range(500)
        )
        feed.put(BootLog(LogBatch(entries, state=boots.LIVE)))
        await asyncio.sleep(0.001)


async def test_leaving_while_batches_pour_in_ends_the_stream() -> None:
    async with on_boot_log(boots.BOOT) as (app, pilot):
        pouring = asyncio.create_task(_pour(app.boot_log))
        await pilot.press("escape")
        await pouring
        await settle(pilot)

        assert isinstance(app.screen, ServiceScreen)
        assert app.boot_log.watched == 0


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_words_of_its_own(cause: Cause) -> None:
    finding = Finding(cause, boots.FINDING.confidence, boots=None, summary="")

    assert cause_in_words(finding)
    assert "Cannot be told" in verdict(finding).text


async def test_a_screen_that_is_too_small_keeps_header_log_and_keys() -> None:
    async with on_boot_log(boots.BOOT, size=(40, 8)) as (app, _pilot):
        shown = frame(app)

        assert "● live" in shown
        assert "? Help" in shown
        assert "ModuleNotFoundError" in shown
