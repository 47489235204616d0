"""Faults of the world, as the dashboard meets them: real emulator, real adapter, real screen; honest words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
import pytest
from google.cloud import run_v2
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport
from google.protobuf.field_mask_pb2 import FieldMask
from textual.pilot import Pilot

from buddy_tui import gcp
from buddy_tui.app import BuddyApp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.gateway import Cloud
from tests.screens.stage import frame

_LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
_REVISION = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
GOOD = f"{SERVICE}-00001-gdk"


@dataclass
class Scene:
    """A dashboard over a running emulator."""

    emulator: Emulator
    app: BuddyApp
    pilot: Pilot[None]

    async def shows(self, *words: str) -> None:
        """Look again until all of these words are on the screen together."""
        for _ in range(100):
            shown = " ".join(frame(self.app).split())
            if all(word in shown for word in words):
                return
            await self.pilot.press("ctrl+r")
            await self.pilot.pause(0.1)
        raise AssertionError(f"{words} are not in:\n{frame(self.app)}")

    async def update(self, service: run_v2.Service, *mask: str) -> None:
        """Change the service through Google's client, and wait for the end of it, good or bad."""
        async with grpc.aio.insecure_channel(self.emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]) as channel:
            client = run_v2.ServicesAsyncClient(transport=ServicesGrpcAsyncIOTransport(channel=channel))
            service.name = f"projects/{PROJECT}/locations/{REGION}/services/{SERVICE}"
            await client.update_service(service=service, update_mask=FieldMask(paths=mask))


@asynccontextmanager
async def scene(story: str) -> AsyncIterator[Scene]:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find(story))
        host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
        settings = Settings(
            project=Known(PROJECT, "test"),
            regions=(Known(REGION, "test"),),
            service=Known(SERVICE, "test"),
            environment=Known("DEMO", "test"),
            emulated=Known(host, "test"),
        )

        async def connect() -> Cloud:
            return await gcp.connect(settings)

        app = BuddyApp(settings, connect, clock=lambda: datetime.now(UTC))
        async with app.run_test(size=(140, 40)) as pilot:
            stage = Scene(emulator, app, pilot)
            await stage.shows("● live", GOOD)
            yield stage


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Faults(unavailable=1.0), ("! stale", "is unavailable")),
        (Faults(exhausted=1.0), ("! stale", "quota")),
    ],
    ids=["unavailable", "exhausted"],
)
async def test_an_outage_is_told_over_the_last_data_and_ends(fault: Faults, words: tuple[str, ...]) -> None:
    async with scene("healthy") as dashboard:
        dashboard.emulator.faults.unavailable = fault.unavailable
        dashboard.emulator.faults.exhausted = fault.exhausted
        await dashboard.shows(*words, GOOD)

        dashboard.emulator.faults.unavailable = dashboard.emulator.faults.exhausted = 0.0
        await dashboard.shows("● live", GOOD)


async def test_a_flaky_and_slow_cloud_run_stays_readable() -> None:
    async with scene("healthy") as dashboard:
        tagged = run_v2.TrafficTarget(type_=_REVISION, revision=GOOD, tag="canary")
        latest = run_v2.TrafficTarget(type_=_LATEST, percent=100)
        await dashboard.update(run_v2.Service(traffic=[latest, tagged]), "traffic")

        dashboard.emulator.faults.unavailable = 0.4
        dashboard.emulator.faults.latency = 0.1

        await dashboard.shows("● live", "canary")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("traffic_ignored", ("DIVERGED", f"asked for {GOOD} 100 %", f"effective is {GOOD} 50 %")),
        (
            "traffic_stuck",
            ("still at work on the last change", "100% buddy-app-00001-gdk", "50% buddy-app-00001"),
        ),
    ],
)
async def test_traffic_that_does_not_move_is_never_shown_as_moved(fault: str, words: tuple[str, ...]) -> None:
    async with scene("split") as dashboard:
        setattr(dashboard.emulator.faults, fault, True)
        all_to_one = run_v2.TrafficTarget(type_=_REVISION, revision=GOOD, percent=100)

        await dashboard.update(run_v2.Service(traffic=[all_to_one]), "traffic")

        await dashboard.shows(*words)


async def test_a_revision_whose_image_is_gone_says_so() -> None:
    async with scene("healthy") as dashboard:
        (image,) = {one.containers[0].image for one in await _revisions(dashboard)}
        dashboard.emulator.faults.missing_images = frozenset({image})
        container = run_v2.Container(image=image, env=[run_v2.EnvVar(name="TRY", value="2")])

        template = run_v2.RevisionTemplate(containers=[container])
        await dashboard.update(run_v2.Service(template=template), "template")

        await dashboard.shows("✗ ", "not found", f"LATEST means {GOOD}")


async def _revisions(dashboard: Scene) -> list[run_v2.Revision]:
    where = f"projects/{PROJECT}/locations/{REGION}/services/{SERVICE}"
    return list(dashboard.emulator.world.list_revisions(where).revisions)
