"""A stage for changes: the whole app over a Cloud Run from memory, with its real streams and a journal of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from textual.pilot import Pilot

from buddy_tui.app import BuddyApp
from buddy_tui.change_streams import ChangeStreams
from buddy_tui.config import Settings
from buddy_tui.doctor.gather import Outside
from buddy_tui.gateway import Cloud, TrafficChange, Writes
from buddy_tui.journal.keep import Journal
from buddy_tui.model import Container, RevisionState, Service, ServiceName
from buddy_tui.probes.values import Answer
from buddy_tui.report.conclusion import report
from buddy_tui.report.people import People, hidden
from buddy_tui.report.values import Writing
from screens.base import Feed
from screens.confirm import ConfirmScreen
from screens.messages import OpenVerify
from screens.probes import ProbeFeeds
from screens.verify import VerifyScreen
from tests import make
from tests.core.doctor.made import examination, held
from tests.core.report import material
from tests.fakes import FakeDoor, FakeReads
from tests.screens import probing
from tests.screens.stage import NARROW, Script, settings, settle

NAME = make.NAME
REPORT = hidden(report(material.failures()), People(shown=True))
FAILING = examination(held=held("run.services.update"))
GOOD, BAD, OLD = "api-00041-kub", "api-00042-xez", "api-00040-wam"
PRODUCTION = settings()
STAGING = settings(environment="staging")
READ_ONLY = settings(read_only="yes")


def service(**over: Any) -> Service:  # noqa: ANN401 - any field of Service
    """Return the service with all traffic on the newest revision, by name, and a tag on the old one."""
    wanted = (make.target(BAD, 100), make.target(OLD, tag="old"))
    base: dict[str, Any] = {
        "desired": wanted,
        "effective": wanted,
        "latest_created": BAD,
        "latest_ready": BAD,
        "uri": "",
    }
    return make.service(**(base | over))


def cloud() -> FakeReads:
    """Return a Cloud Run where `GOOD` served for days before `BAD` took over an hour ago."""
    fake = FakeReads()
    good, bad, old = (
        Container("api-1", f"europe-docker.pkg.dev/acme-prod/api/api@sha256:{one * 64}", port=8080)
        for one in "abc"
    )
    fake.images = dict.fromkeys((good.image, bad.image, old.image), True)
    fake.put(
        service(),
        make.revision(BAD, created=make.NOW - timedelta(hours=2), containers=(bad,)),
        make.revision(
            GOOD, created=make.NOW - timedelta(days=9), state=RevisionState.RETIRED, containers=(good,)
        ),
        make.revision(OLD, created=make.NOW - timedelta(days=12), containers=(old,)),
        make.failed("api-00039-bad", created=make.NOW - timedelta(days=13)),
    )
    fake.changes[NAME] = tuple(
        TrafficChange(
            make.NOW - age, by, "gcloud", "UpdateService", (make.target(to, 100), make.target(OLD, tag="old"))
        )
        for age, by, to in (
            (timedelta(hours=1), "dana@example.com", BAD),
            (timedelta(days=8), "alice@example.com", GOOD),
        )
    )
    return fake


def nobody(_: ServiceName | None) -> Outside:
    """Stand for a doctor, so that there is one; its feed is from memory."""
    raise AssertionError("a scripted doctor looks at nothing")


async def _taken(*_: str) -> bool:
    return True


class ChangeStage(BuddyApp):
    """The app over `fake`; what it would put on the clipboard is kept by Textual."""

    def __init__(self, of: Settings, fake: FakeReads, journal: Path, saves: Path | None = None) -> None:
        self.fake = fake
        self.now = make.NOW
        self.matrix = Script(probing.NO_ADDRESS)
        writes: Callable[[Cloud], Writes] | None = None if of.read_only else lambda _: cast("Writes", fake)
        super().__init__(of, self._connect, writes=writes, doctor=nobody, clock=lambda: self.now, saves=saves)
        self.changes = ChangeStreams(
            of,
            self._feeds._connected,
            self.clock,
            writes,
            Journal(journal),
            lambda _: FakeDoor(lambda *_: Answer(make.NOW, status=200)),
        )
        self._feeds._changes = self.changes

    async def _connect(self) -> Cloud:
        return cast("Cloud", self.fake)

    def probe_feeds(self, name: ServiceName, revision: str) -> ProbeFeeds:
        del name, revision

        def silent(*_: object) -> Feed[Any]:
            return Script()

        return ProbeFeeds(lambda _: self.matrix, silent, silent, silent)

    def on_open_verify(self, message: OpenVerify) -> None:
        """Show a plan from memory, whose ticks are kept nowhere."""
        message.prevent_default()
        if not isinstance(self.screen, VerifyScreen):
            feed = Script(probing.CHECKLIST)
            self.push_screen(VerifyScreen(self.settings, feed, self.clock, message.name, Script(), _taken))

    def doctor_feed(self, outside: Callable[[], Outside]) -> Feed[Any]:
        """Look at nothing of this machine."""
        del outside
        return Script(FAILING)

    def report_feed(self, name: ServiceName, since: timedelta | None) -> Feed[Any]:
        """Tell of an incident from memory, and of nothing else."""
        return Script(Writing(name, REPORT) if since is None else Writing(name, reading="the request log"))

    def preflight_feed(self, name: ServiceName, source: str, *, smoke: bool) -> Feed[Any]:
        """Look at no folder of this machine."""
        del name, source, smoke
        return Script()

    def modules_feed(self, source: str, *, smoke: bool) -> Feed[Any]:
        """Read no folder of this machine either."""
        del source, smoke
        return Script()

    def moves(self) -> None:
        """Let somebody else change the service: `GOOD` has everything, without a tag."""
        now = service()
        wanted = (make.target(GOOD, 100),)
        self.fake.put(
            replace(now, desired=wanted, effective=wanted, etag='"etag-2"', last_modifier="dana@example.com"),
            *self.fake._revisions[NAME],
        )

    async def look_again(self) -> None:
        """Let the plan that is shown be compared with the service now, as it is every few seconds."""
        screen = self.screen
        assert isinstance(screen, ConfirmScreen)
        screen.receive(await self.changes._checked(screen._draft))

    @property
    def written(self) -> int:
        """How often traffic was asked for."""
        return self.fake.count("set_traffic")


@asynccontextmanager
async def on_changes(
    journal: Path,
    *keys: str,
    of: Settings = PRODUCTION,
    size: tuple[int, int] = NARROW,
    fake: FakeReads | None = None,
) -> AsyncIterator[tuple[ChangeStage, Pilot[None]]]:
    """Open the service, and press `keys`."""
    app = ChangeStage(of, fake or cloud(), journal)
    async with app.run_test(size=size, notifications=True) as pilot:
        await seen(pilot)
        for key in keys:
            await pilot.press(key)
            await seen(pilot)
        yield app, pilot


async def seen(pilot: Pilot[None]) -> None:
    """Wait until what was pressed is on the screen, and what was read in a thread too."""
    for _ in range(3):
        await pilot.pause()
        await asyncio.sleep(0.01)
    await pilot.pause()


async def typed(pilot: Pilot[None], text: str) -> None:
    """Type a text, as fast as a paste."""
    for one in text:
        pilot.app.simulate_key("minus" if one == "-" else one)
    await settle(pilot)
