"""The doctor on the real screen: over a real emulator, and over a machine on which something is broken."""

import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from buddy_tui import gcp
from buddy_tui.app import BuddyApp
from buddy_tui.cli.demo import _Child, _outside
from buddy_tui.config import Known, Settings
from buddy_tui.doctor.gather import Outside
from buddy_tui.doctor.values import Machine
from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.errors import NotSignedIn, Unreachable
from buddy_tui.gateway import Cloud
from buddy_tui.model import ServiceName
from tests.core.doctor.made import machine
from tests.core.doctor.test_examine import cloud, never, outside, raises
from tests.fakes import FakeReads
from tests.screens.stage import NARROW, frame, settings, until

SIGN_IN = "gcloud auth application-default login"
NOT_SIGNED_IN = NotSignedIn("You are not signed in to Google Cloud.", SIGN_IN)
UNREACHABLE = Unreachable(
    "run.googleapis.com cannot be reached: its name does not resolve.", "Check the network."
)


class Patient(BuddyApp):
    """The app that can be waited for."""

    async def shows(self, pilot: Pilot[None], *words: str) -> None:
        await until(pilot, lambda: all(word in " ".join(frame(self).split()) for word in words))


@dataclass(frozen=True)
class Broken:
    """What is wrong, as the doctor's outside and the app's own connection see it, and what must be told of it.

    `row` is the check under the cursor, `fix` what `c` copies there.
    """

    headline: str
    row: str
    fix: str
    connect: Callable[[Settings], Awaitable[Any]] | None = None
    reach: Callable[[Settings], Awaitable[Any]] | None = None
    withheld: frozenset[str] = frozenset()
    apis_off: frozenset[str] = frozenset()
    size: tuple[int, int] = NARROW


BROKEN = {
    "no credentials": Broken(
        "You can do nothing here (see credentials).", "credentials", SIGN_IN, connect=raises(NOT_SIGNED_IN)
    ),
    "no network": Broken(
        "You can do nothing here (see network).",
        "network",
        "Check the network.",
        connect=raises(UNREACHABLE),
        reach=raises(UNREACHABLE),
    ),
    "a missing permission": Broken(
        "you cannot roll back, promote or deploy.",
        "roll-back",
        "gcloud projects add-iam-policy-binding acme-prod "
        "--member=user:alice@example.com --role=roles/run.developer",
        withheld=frozenset({"run.services.update"}),
    ),
    "an API that is off": Broken(
        "you cannot deploy (see apis).",
        "apis",
        "gcloud services enable cloudbuild.googleapis.com --project acme-prod",
        apis_off=frozenset({"cloudbuild.googleapis.com"}),
    ),
    "a tiny terminal": Broken("You can do", "terminal", "Make it 80x24 or larger.", size=(39, 11)),
}


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    return machine(journal=tmp_path / "journal.jsonl")


def _app(doctor: Callable[[ServiceName | None], Outside], mine: FakeReads | None = None) -> Patient:
    async def connect() -> Cloud:
        if mine is None:
            raise NOT_SIGNED_IN
        return mine

    return Patient(settings(), connect, doctor=doctor)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_set_up_is_named_on_the_screen_with_its_way_out(broken: Broken, here: Machine) -> None:
    reads = cloud()
    reads.withheld, reads.apis_off = broken.withheld, broken.apis_off
    there = outside(reads, here, connect=broken.connect, reach=broken.reach)
    app = _app(lambda _: there)
    async with app.run_test(size=broken.size) as pilot:
        await app.shows(pilot, "not signed in")
        await pilot.press("exclamation_mark")
        await app.shows(pilot, broken.headline, f"▸ ✗ FAIL {broken.row}", " in ")
        await pilot.press("c")
        await until(pilot, lambda: app.clipboard == broken.fix)


async def test_looking_again_asks_anew_and_the_streams_below_keep_their_connection(here: Machine) -> None:
    mine, rounds = cloud(), [cloud(), cloud()]
    rounds[0].withheld = frozenset({"run.services.update"})
    asked: list[ServiceName | None] = []

    def doctor(name: ServiceName | None) -> Outside:
        asked.append(name)
        return outside(rounds[len(asked) - 1], here)

    app = _app(doctor, mine)
    async with app.run_test(size=NARROW) as pilot:
        await app.shows(pilot, "● live")
        await pilot.press("exclamation_mark")
        await app.shows(pilot, "you cannot roll back")
        await pilot.press("ctrl+r")
        await app.shows(pilot, "You can do everything here")
        assert [one.closed for one in (*rounds, mine)] == [True, True, False]
        assert [name and name.service for name in asked] == ["api", "api"]

        await pilot.press("escape")
        await app.shows(pilot, "● live")


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_who_leaves_in_mid_look_leaves_nothing_open(key: str, here: Machine) -> None:
    mine, asked = cloud(), cloud()
    asked.hold("europe-west1")
    app = _app(lambda _: outside(asked, here, reach=never), mine)
    async with app.run_test(size=NARROW) as pilot:
        await app.shows(pilot, "● live")
        await pilot.press("exclamation_mark")
        await app.shows(pilot, " to come", "Google accepted")
        assert not asked.closed

        await pilot.press(key)
        await until(pilot, lambda: asked.closed)


@asynccontextmanager
async def _demo(monkeypatch: pytest.MonkeyPatch, told: Settings) -> AsyncIterator[tuple[Patient, Any]]:
    """Run the demo's dashboard over an emulator in this very process."""
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("healthy"))
        for name, value in emulator.endpoints.items():
            monkeypatch.setenv(name, value)
        nobody: Any = subprocess.Popen
        child = _Child(nobody, nobody, dict(emulator.endpoints))
        there = replace(told, emulated=Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"], "the demo"))

        async def connect() -> Cloud:
            return await gcp.connect(there)

        yield Patient(told, connect, doctor=lambda name: _outside(child, told, name)), emulator


async def test_in_the_demo_nothing_of_the_operators_own_is_judged_and_permissions_are_the_emulated_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("BUDDY_PROJECT", "my-own-project")
    told = Settings(
        project=Known(PROJECT, "the demo"),
        regions=(Known(REGION, "the demo"),),
        service=Known(SERVICE, "the demo"),
        emulated=Known("127.0.0.1", "the demo"),
    )
    async with _demo(monkeypatch, told) as (app, emulator), app.run_test(size=(160, 40)) as pilot:
        await app.shows(pilot, "● live")
        await pilot.press("exclamation_mark")
        await app.shows(pilot, "You can do everything here", "Cloud Run is emulated (the demo)")
        assert "my-own-project" not in frame(app)

        emulator.faults.denied = frozenset({"run.services.update"})
        await pilot.press("ctrl+r")
        await app.shows(pilot, "you cannot roll back, promote or deploy", "roles/run.developer")
