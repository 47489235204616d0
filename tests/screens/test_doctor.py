"""The doctor on the screen: what it says where all is well or broken, and that nothing jumps while it looks."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from buddy_tui.app import BuddyApp
from buddy_tui.boot.values import BootLog
from buddy_tui.config import Settings
from buddy_tui.doctor.checks import CHECKS
from buddy_tui.doctor.gather import Outside
from buddy_tui.doctor.service import wanted_apis
from buddy_tui.doctor.values import Check, Conclusion, Examination, Terminal, Untold
from buddy_tui.model import Directory, LogBatch, ServiceName, Snapshot, Trouble
from buddy_tui.preflight.values import Verdict
from screens.base import Feed
from screens.boot_log import BootLogScreen
from screens.doctor import DoctorScreen
from screens.sheet import FactPage
from tests import make
from tests.core.doctor.made import SETTINGS, examination, held, machine
from tests.screens import stage
from tests.screens.stage import NARROW, SIZES, WIDE, Script, frame, settings, settle
from tests.screens.test_hostile import MIXED, assert_tame

SIGN_IN = "gcloud auth application-default login"
NOBODY = Untold("Not asked: nobody is signed in.", tried=False)
SIGNED_OUT: dict[str, Any] = {
    "signed": Untold("You are not signed in to Google Cloud.", SIGN_IN),
    "machine": machine(adc=None),
    **dict.fromkeys(("regions", "found", "apis", "held"), NOBODY),
}
UNREACHABLE = Untold(
    "run.googleapis.com cannot be reached: its name does not resolve.",
    "Check the network, the VPN and https_proxy.",
)
OF_GOOGLE = tuple(item.name for item in CHECKS if {"regions", "found", "apis", "held"} & {*item.needs})
APIS_OFF = {name: name != "cloudbuild.googleapis.com" for name in wanted_apis(SETTINGS)}
NOTHING = examination(*(item.name for item in CHECKS))
LOOKS = {
    "looking": examination("credentials", "network", "clock", *OF_GOOGLE),
    "fine": examination(),
    "signed-out": examination(**SIGNED_OUT),
    "no-network": examination(**SIGNED_OUT, reached=UNREACHABLE, took=3.4),
    "denied": examination(held=held("run.services.update", "iam.serviceAccounts.actAs")),
    "api-off": examination(apis=APIS_OFF),
    "tiny": examination(machine=machine(terminal=Terminal("", 39, 11, "utf-8"))),
}
FRAMES = ("looking", "fine", "no-network", "denied", "api-off")
TROUBLE = Trouble("You are not signed in to Google Cloud.", SIGN_IN, 4, make.NOW)
HOSTILE = (("sequences", NARROW), ("markup", WIDE), ("newline", NARROW))


def nobody(_: ServiceName | None) -> Outside:
    raise AssertionError("a scripted doctor looks at nothing")


class Examining(stage.Stage):
    """The app whose doctor is fed by hand; of whom it was asked is kept."""

    def __init__(self, feed: Script, of: Settings, **feeds: Script) -> None:
        service, services = feeds.get("service", Script()), feeds.get("services", Script())
        super().__init__(of, service=service, services=services, boot_log=feeds.get("boot_log"))
        self._doctor = nobody
        self.feed = feed

    def doctor_feed(self, outside: Callable[[], Outside]) -> Feed[Any]:
        return self.feed


class Alone(Examining):
    """The app with nothing but a doctor."""

    about: ServiceName | None = make.NAME

    async def _open_first(self) -> None:
        await self.push_screen(DoctorScreen(self.settings, self.feed, self.clock, self.about))


@asynccontextmanager
async def _on_screen(
    *values: object, size: tuple[int, int] = NARROW, of: Settings | None = None
) -> AsyncIterator[tuple[Alone, Pilot[None]]]:
    app = Alone(Script(), of or settings())
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        for value in values:
            app.feed.put(value)
            await settle(pilot)
        yield app, pilot


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", FRAMES)
async def test_a_doctor_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with _on_screen(NOTHING, LOOKS[name], size=size) as (app, _):
        matches_frame(app, f"doctor-{name}")


async def test_in_a_tiny_terminal_the_sentence_and_the_failures_are_still_read(
    matches_frame: Callable[[BuddyApp, str], None],
) -> None:
    async with _on_screen(NOTHING, LOOKS["tiny"], size=(39, 11)) as (app, pilot):
        matches_frame(app, "doctor-tiny")

        await pilot.press("enter")
        await settle(pilot)
        assert "too small to read" in " ".join(frame(app).split())


async def test_the_first_frame_needs_nothing() -> None:
    async with _on_screen() as (app, _):
        assert "Looking what can be done from this machine" in frame(app)


async def test_no_row_moves_while_more_becomes_known() -> None:
    async with _on_screen(NOTHING, size=WIDE) as (app, pilot):
        places = [row.key for row in table(app).rows]
        assert frame(app).count("● looking…") == len(CHECKS) + 1  # beside the row, in what is told of it

        for look in (LOOKS["looking"], LOOKS["signed-out"]):
            app.feed.put(look)
            await settle(pilot)
            assert [row.key for row in table(app).rows] == places
        assert "looking…" not in frame(app)


async def test_the_cursor_is_on_the_first_failure_until_the_operator_moves_it() -> None:
    async with _on_screen(LOOKS["looking"]) as (app, pilot):
        app.feed.put(LOOKS["denied"])
        await settle(pilot)
        assert table(app).key == "roll-back"

        app.feed.put(NOTHING)
        await settle(pilot)
        assert table(app).key == "roll-back"

        await pilot.press("j")
        app.feed.put(LOOKS["no-network"])
        await settle(pilot)
        assert table(app).key == "promote"


async def test_the_fix_under_the_cursor_is_copied_and_no_other() -> None:
    async with _on_screen(LOOKS["denied"]) as (app, pilot):
        await pilot.press("c")
        await settle(pilot)
        copied = app.clipboard
        assert copied.startswith("gcloud projects add-iam-policy-binding acme-prod --member=user:alice")
        assert "roles/run.developer" in copied

        await pilot.press("g", "c")
        await settle(pilot)
        assert app.clipboard == copied
        assert "Copy fix" not in frame(app)


async def test_looking_again_is_a_key_away() -> None:
    async with _on_screen(LOOKS["fine"]) as (app, pilot):
        await pilot.press("ctrl+r")

        assert app.feed.refreshed == 1


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (make.NAME, "buddy-tui doctor --service=api --region=europe-west1 --project=acme-prod"),
        (None, "buddy-tui doctor --service=web --region=europe-west1 --project=acme-prod"),
    ],
    ids=["in-view", "of-the-settings"],
)
async def test_the_headless_command_is_copied(name: ServiceName | None, command: str) -> None:
    acting = settings(service="web", impersonate="bot@acme-prod.iam.gserviceaccount.com")
    app = Alone(Script(LOOKS["fine"]), acting)
    app.about = name
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("Y")
        await settle(pilot)

        assert (
            app.clipboard == f"{command} --impersonate-service-account=bot@acme-prod.iam.gserviceaccount.com"
        )


async def test_everything_about_a_check_has_a_page() -> None:
    async with _on_screen(LOOKS["fine"]) as (app, pilot):
        await pilot.press(*"jjjjjj", "enter")
        await settle(pilot)

        assert isinstance(app.screen, FactPage)
        assert "project acme-prod (--project)" in frame(app)


SERVICE = make.snapshot()
DIRECTORY = make.directory(make.service())


@pytest.mark.parametrize(
    ("of", "feeds", "keys", "words"),
    [
        (settings(), {"service": Script(SERVICE)}, ("exclamation_mark",), "acme-prod / europe-west1 / api"),
        (
            settings(service=""),
            {"services": Script(DIRECTORY)},
            ("exclamation_mark",),
            "acme-prod / europe-west1 / api",
        ),
        (
            settings(),
            {"service": Script(SERVICE), "boot_log": Script(BootLog(LogBatch()))},
            ("l", "exclamation_mark"),
            "acme-prod / europe-west1 / api",
        ),
        (
            settings(service=""),
            {"services": Script(Directory("acme-prod", trouble=TROUBLE))},
            ("exclamation_mark",),
            "acme-prod / europe-west1",
        ),
        (
            settings(),
            {"service": Script(Snapshot(make.NAME, trouble=TROUBLE))},
            ("exclamation_mark", "exclamation_mark"),
            "acme-prod / europe-west1 / api",
        ),
    ],
    ids=["service", "services", "boot-log", "trouble-everywhere", "trouble-of-one"],
)
async def test_the_doctor_is_one_key_away_from_everywhere(
    of: Settings, feeds: dict[str, Script], keys: tuple[str, ...], words: str
) -> None:
    app = Examining(Script(LOOKS["signed-out"]), of, **feeds)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)

        assert words in frame(app).splitlines()[0]
        assert "You can do nothing here (see credentials)." in frame(app)

        await pilot.press("escape")
        await settle(pilot)
        assert not any(isinstance(screen, DoctorScreen) for screen in app.screen_stack)
        assert isinstance(app.screen, BootLogScreen) == ("l" in keys)


async def test_an_app_without_a_doctor_names_the_command() -> None:
    async with stage.on_stage(SERVICE) as (app, pilot):
        await pilot.press("exclamation_mark")
        await settle(pilot)

        assert "buddy-tui doctor" in frame(app)


@pytest.mark.parametrize(("payload", "size"), HOSTILE, ids=[name for name, _ in HOSTILE])
async def test_hostile_text_stays_text(payload: str, size: tuple[int, int]) -> None:
    text = MIXED[payload]
    checks = tuple(
        Check(verdict, text, text, (text,), f"{number}{text}") for number, verdict in enumerate(Verdict)
    )
    hostile = Examination(checks, frozenset(), Conclusion(see=(text,)), 1.0, make.NOW)
    async with _on_screen(hostile, size=size, of=settings(account=text)) as (app, pilot):
        assert_tame(app)
        await pilot.press("j", "enter")
        await settle(pilot)
        assert_tame(app)


async def test_read_only_it_is_said_what_cannot_be_done() -> None:
    look = examination(machine=machine(settings=settings(read_only="yes")))
    async with _on_screen(look, of=settings(read_only="yes"), size=WIDE) as (app, _):
        assert "you cannot roll back, promote or deploy." in frame(app)


def table(app: BuddyApp) -> Any:  # noqa: ANN401 - of the screen in front
    screen = app.screen
    assert isinstance(screen, DoctorScreen)
    return screen.table
