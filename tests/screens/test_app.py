"""The app around the screens: connecting, navigation, help, palette, and what leaves the dashboard."""

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from buddy_tui.app import BuddyApp
from buddy_tui.config import Known
from buddy_tui.errors import ExitCode, NotAllowed, NotSignedIn
from buddy_tui.gateway import Cloud
from screens.base import BuddyScreen
from screens.boot_log import BootLogScreen
from screens.filtered import FilteredScreen
from screens.help import HelpPage
from screens.listing import ListingScreen
from screens.messages import Copy, OpenService
from screens.service import RevisionTable, ServiceScreen
from screens.services import ServicesScreen
from screens.sheet import FactPage, Sheet
from screens.widgets.log import LogView
from screens.widgets.pager import Pager
from screens.widgets.table import KeyedTable
from tests import make
from tests.screens import boots, incident
from tests.screens.cloud import FakeCloud
from tests.screens.stage import WIDE, Script, Stage, frame, on_stage, segments, settings, settle, until

BUDDY = settings(service="buddy-app", regions=("us-central1",), project="buddy-demo")


def cloud() -> FakeCloud:
    fake = FakeCloud()
    fake.put(make.service(), make.revision())
    return fake


async def test_the_connection_is_made_after_the_first_paint_and_closed_at_the_end() -> None:
    fake, may_connect = cloud(), asyncio.Event()

    async def connect() -> Cloud:
        await may_connect.wait()
        return fake

    app = BuddyApp(settings(), connect, clock=lambda: make.NOW)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "● connecting…" in frame(app)

        may_connect.set()
        await settle(pilot)
        assert "● live 0s" in frame(app)
        assert "api-00001-aaa" in frame(app)

    assert fake.closed


def test_a_bug_that_ends_the_dashboard_is_raised_and_prints_no_page_of_locals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Broken(Stage):
        def on_mount(self) -> None:
            raise ZeroDivisionError

    app = Broken(settings(), service=Script(), services=Script(), log_file=None)
    app.run(headless=True)

    with pytest.raises(ZeroDivisionError):
        app.conclusion()
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_dashboard_as_a_key_does(told: signal.Signals) -> None:
    class Told(Stage):
        def on_mount(self) -> None:
            super().on_mount()
            self.set_timer(0.01, lambda: signal.raise_signal(told))
            self.set_timer(5, self.exit)

    before = signal.signal(told, signal.SIG_IGN)
    try:
        app = Told(settings(), service=Script(), services=Script(), log_file=None)
        app.run(headless=True)
    finally:
        signal.signal(told, before)

    assert app.conclusion() == ExitCode.INTERRUPTED


async def test_a_failed_connection_says_the_way_out_and_ctrl_r_connects_again() -> None:
    outcomes: list[Cloud | Exception] = [
        NotSignedIn("No credentials.", "gcloud auth application-default login"),
        cloud(),
    ]

    async def connect() -> Cloud:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    app = BuddyApp(settings(), connect, clock=lambda: make.NOW)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "! no data" in frame(app)
        assert "▸ gcloud auth application-default login" in frame(app)

        await pilot.press("ctrl+r")
        await settle(pilot)
        assert "● live 0s" in frame(app)


async def test_all_services_are_read_through_one_connection() -> None:
    fake, made = cloud(), 0

    async def connect() -> Cloud:
        nonlocal made
        made += 1
        return fake

    app = BuddyApp(settings(service="", regions=()), connect, clock=lambda: make.NOW)
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)

        assert isinstance(app.screen, ServiceScreen)
        assert "api-00001-aaa" in frame(app)

    assert made == 1
    assert fake.closed


async def test_the_boot_log_of_a_failed_revision_is_read_and_explained_through_the_same_connection() -> None:
    fake = FakeCloud()
    fake.put(incident.SERVICE, *incident.REVISIONS)
    fake.entries = boots.ENTRIES
    app = BuddyApp(BUDDY, lambda: _at_once(fake), clock=lambda: make.NOW)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "✗ " in frame(app) and "Back_End" in frame(app))
        await pilot.press("enter")
        await until(pilot, lambda: "✗ Does not boot: " in frame(app))

        assert "ModuleNotFoundError: No module named 'Back_End'" in frame(app)

    assert fake.closed


async def test_logs_that_may_not_be_read_are_trouble_with_a_way_out_and_no_bug() -> None:
    fake = FakeCloud()
    fake.put(incident.SERVICE, *incident.REVISIONS)
    fake.log_trouble = NotAllowed(
        "logging.logEntries.list is missing.", "gcloud projects add-iam-policy-binding x"
    )
    app = BuddyApp(BUDDY, lambda: _at_once(fake), clock=lambda: make.NOW)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "▸ buddy-app-00037" in frame(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Not allowed" in frame(app))

        assert "logging.logEntries.list is missing." in frame(app)
        assert "This is a bug" not in frame(app)


async def _at_once(fake: FakeCloud) -> Cloud:
    return fake


async def test_ctrl_r_makes_the_watch_look_at_once() -> None:
    fake = cloud()

    async def connect() -> Cloud:
        return fake

    app = BuddyApp(settings(), connect, clock=lambda: make.NOW)
    async with app.run_test() as pilot:
        await settle(pilot)
        looks = fake.count("service")
        await pilot.press("ctrl+r")
        await settle(pilot)

        assert fake.count("service") == looks + 1


async def test_the_context_decides_the_first_screen() -> None:
    async with on_stage() as (app, _pilot):
        assert isinstance(app.screen, ServiceScreen)
        assert app.opened_names == [make.NAME]
    async with on_stage(of=settings(service="")) as (app, _pilot):
        assert isinstance(app.screen, ServicesScreen)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_q_and_ctrl_q_quit_at_the_top(key: str) -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        await pilot.press(key)
        await settle(pilot)

        assert not app.is_running


@pytest.mark.parametrize("way", [("slash",), ("d",), ("question_mark",)])
async def test_ctrl_q_quits_everywhere_and_q_only_at_the_top(way: tuple[str, ...]) -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        await pilot.press(*way, "q")
        await settle(pilot)
        assert app.is_running

        await pilot.press(*way, "ctrl+q")
        await settle(pilot)
        assert not app.is_running


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_tells_the_keys_that_work_here(key: str) -> None:
    async with on_stage(incident.SNAPSHOT, size=(100, 64)) as (app, pilot):
        await pilot.press(key)
        await settle(pilot)

        assert isinstance(app.screen, HelpPage)
        shown = frame(app)
        for told in ("PINNED means", "Copy gcloud command", "Half a page down", "^r", "●"):
            assert told in shown
        assert "Copy fix" not in shown


_OWNERS: tuple[type[DOMNode], ...] = (
    BuddyApp, BuddyScreen, FilteredScreen, ListingScreen, ServiceScreen, RevisionTable, BootLogScreen, Sheet,
    KeyedTable, LogView, Pager,
)  # fmt: skip


@pytest.mark.parametrize("owner", _OWNERS)
def test_every_key_of_ours_has_an_id_so_that_it_can_be_changed(owner: type[DOMNode]) -> None:
    bindings = [binding for binding in vars(owner)["BINDINGS"] if isinstance(binding, Binding)]

    assert len(bindings) == len(vars(owner)["BINDINGS"])
    assert all(binding.id and binding.description for binding in bindings)


async def test_a_key_can_be_changed_by_its_id() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        app.set_keymap({"list.describe": "x"})
        await pilot.press("x")
        await settle(pilot)

        assert isinstance(app.screen, FactPage)


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_goes_to_a_revision_by_name(key: str) -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        await pilot.press(*"bsx")
        other = f"Go to {incident.REVISIONS[1].name}"
        await until(pilot, lambda: f"Go to {incident.SERVING}" in frame(app) and other not in frame(app))
        await pilot.press("enter")

        await until(pilot, lambda: f"▸ {incident.SERVING}" in frame(app))


@pytest.mark.parametrize("key", ["pageup", "pagedown", "up", "down", "enter"])
async def test_a_key_right_behind_the_palette_is_no_crash(key: str) -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        app.simulate_key("colon")
        for _ in range(30):
            app.simulate_key(key)
            await asyncio.sleep(0)
        await settle(pilot)

        assert app.is_running


@pytest.mark.parametrize("page", ["d", "question_mark", "colon", ""])
async def test_esc_that_is_hit_many_times_at_once_stops_at_the_last_screen(page: str) -> None:
    async with on_stage(incident.SNAPSHOT, services=Script(incident.DIRECTORY)) as (app, pilot):
        app.on_open_services()
        await settle(pilot)
        await pilot.press(*filter(None, [page]))
        await settle(pilot)
        for _ in range(5):
            app.simulate_key("escape")
        await settle(pilot)

        assert isinstance(app.screen, ServiceScreen)


async def test_esc_leads_back_from_a_service_that_was_opened_with_a_page_in_between() -> None:
    of, services = settings(service=""), Script(incident.DIRECTORY)
    async with on_stage(incident.SNAPSHOT, of=of, services=services) as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, FactPage))
        # What `enter` asked for, hit so soon after `d` that the list still had the keys.
        app.on_open_service(OpenService(make.NAME))
        await until(pilot, lambda: isinstance(app.screen, ServiceScreen))

        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, FactPage))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen))


async def test_the_palette_opens_all_services_and_esc_returns() -> None:
    async with on_stage(incident.SNAPSHOT, services=Script(incident.DIRECTORY)) as (app, pilot):
        await pilot.press("colon")
        await settle(pilot)
        await pilot.press(*"all", "space", *"services")
        await until(pilot, lambda: "All services of the project" in frame(app) and "Theme" not in frame(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen))

        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, ServiceScreen)


async def test_the_console_opens_in_a_browser_here_and_is_shown_over_ssh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "https://console.cloud.google.com/run/detail/europe-west1/api/revisions?project=acme-prod"
    async with on_stage(incident.SPLIT) as (app, pilot):
        await pilot.press("o")
        await settle(pilot)
        assert app.opened_urls == [url]

        monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
        await pilot.press("o")
        await settle(pilot)
        assert app.opened_urls == [url]
        assert app.clipboard == url
        assert "Copied the console's address" in frame(app)


async def test_what_is_copied_is_one_line_so_that_pasting_it_runs_nothing() -> None:
    async with on_stage(incident.SPLIT) as (app, pilot):
        app.post_message(Copy("api\nrm -rf /\x1b]0;x\x07", "name"))
        await settle(pilot)

        assert app.clipboard == "api rm -rf /"


@pytest.mark.parametrize(("wanted", "theme"), [("nord", "nord"), ("no-such-theme", "buddy"), ("", "buddy")])
async def test_a_theme_may_be_chosen_and_a_wrong_one_is_no_crash(
    wanted: str, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", wanted)
    async with on_stage(incident.SNAPSHOT) as (app, _pilot):
        assert app.theme == theme


async def test_an_emulated_service_has_no_console() -> None:
    emulated = replace(settings(), emulated=Known("127.0.0.1:1", "test"))
    async with on_stage(incident.SPLIT, of=emulated) as (app, pilot):
        await pilot.press("o")
        await settle(pilot)

        assert app.opened_urls == []
        assert "is emulated" in frame(app)


@pytest.mark.parametrize(("read_only", "mode"), [("yes", "[READ-ONLY]"), ("", "[RW]")])
async def test_the_mode_is_always_on_screen(read_only: str, mode: str) -> None:
    async with on_stage(incident.SNAPSHOT, of=settings(read_only=read_only)) as (app, _pilot):
        assert mode in frame(app).splitlines()[0]


async def test_ascii_draws_with_ascii_alone_even_in_help_and_palette() -> None:
    async with on_stage(incident.SNAPSHOT, of=settings(ascii="yes"), size=WIDE) as (app, pilot):
        for key in ("d", "escape", "question_mark", "escape", "colon"):
            assert frame(app).isascii()
            await pilot.press(key)
            await settle(pilot)

        assert frame(app).isascii()


async def test_no_color_leaves_words_and_greys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with on_stage(incident.SNAPSHOT) as (app, _pilot):
        coloured = _colours(app)

        assert all(red == green == blue for red, green, blue in coloured)
        assert "✗ failed" in frame(app)


def _colours(app: BuddyApp) -> set[tuple[int, ...]]:
    styles = [part.style for line in segments(app) for part in line if part.style]
    colours = [
        colour for style in styles for colour in (style.color, style.bgcolor) if colour and colour.triplet
    ]
    return {tuple(colour.triplet) for colour in colours if colour.triplet}


def test_the_first_frame_imports_no_google_and_nothing_that_only_later_pages_need() -> None:
    code = (
        "import sys, buddy_tui.app; "
        "print([name for name in ('google', 'grpc', 'httpx', 'markdown_it', 'humanize', 'msgspec', "
        "'textual.widgets._markdown', 'textual.widgets._data_table', 'screens.service', 'buddy_tui.model') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
