"""Story `release`: what is there before a release, a load that no change of traffic disturbs, and who did what."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
import pytest_asyncio
from google.api_core import exceptions
from google.cloud import run_v2
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport
from google.protobuf.json_format import MessageToDict

from buddy_tui import gcp
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.promotion import promotion
from buddy_tui.actions.values import Ending, Phase, Promotion
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.logs.store import Query
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import Target
from buddy_tui.journal.keep import Journal
from buddy_tui.model import ServiceName
from buddy_tui.probes.door import HttpDoor
from tests.emulator.admin_fixture import shares
from tests.stories.load import Load, loading

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("story-release")]

SERVICE = "projects/demo-project/locations/us-central1/services/buddy-app"
STABLE, GOOD, BAD = "00028-bsx", "00038-g6r", "00039-z4t"
NAME = ServiceName("demo-project", "us-central1", "buddy-app")
# How often the gates are looked at here, in seconds.
INTERVAL = 0.5
TAGS = (Target(GOOD, tag="candidate"), Target(BAD, tag="bad-candidate"))
FAILED = ["buddy-app-00037-v3f", "buddy-app-00033-x8r", "buddy-app-00029-q7v"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def emulator() -> AsyncIterator[Emulator]:
    async with serve(Options()) as running:
        await running.play(stories.find("release"))
        yield running


@pytest.fixture(autouse=True)
def calm(emulator: Emulator) -> Iterator[None]:
    """Take every fault away that a test has set."""
    yield
    emulator.faults.denied = emulator.faults.missing_images = frozenset()


def _service(emulator: Emulator) -> Message:
    return emulator.world.get_service(SERVICE)


async def _route(emulator: Emulator, **percents: int) -> None:
    """Give `stable`, `good` and `bad` their percents; the tags stay."""
    names = {"stable": STABLE, "good": GOOD, "bad": BAD}
    targets = [Target(names[name], percent) for name, percent in percents.items()]
    await emulator.stage.route(emulator.stage.clock.now(), [*targets, *TAGS])


async def _calls(emulator: Emulator) -> list[dict[str, Any]]:
    """Return the audit entries of API calls, oldest first."""
    query = Query(("projects/demo-project",), 'logName:"activity"', "timestamp asc", 1000)
    entries, _ = await emulator.logs.list_entries(query)
    return [MessageToDict(entry) for entry in entries]


async def test_what_serves_is_pinned_and_the_candidates_wait_at_their_tags(emulator: Emulator) -> None:
    service = _service(emulator)
    revisions = emulator.world.list_revisions(SERVICE).revisions
    states = {one.name.rpartition("/")[2]: conditions.state(one) for one in revisions}

    wanted = [(f"buddy-app-{STABLE}", 100, ""), *((f"buddy-app-{tag.revision}", 0, tag.tag) for tag in TAGS)]
    assert shares(service.traffic) == shares(service.traffic_statuses) == wanted
    assert not service.reconciling
    assert service.terminal_condition.state == conditions.SUCCEEDED
    assert [name for name, state in states.items() if state == conditions.FAILED] == FAILED
    images = {one.containers[0].image for one in revisions}
    assert len(images) == len(revisions) == 8
    assert all("@sha256:" in image for image in images)


async def test_the_audit_log_tells_who_changed_the_traffic_when_and_with_what(emulator: Emulator) -> None:
    changes = [
        (call["protoPayload"], datetime.fromisoformat(call["timestamp"])) for call in await _calls(emulator)
    ]
    rolled_back = [
        (audit["authenticationInfo"]["principalEmail"], datetime.now(UTC) - at, audit["request"]["service"])
        for audit, at in changes
        if "update-traffic" in audit["requestMetadata"]["callerSuppliedUserAgent"]
    ]

    assert [who for who, _, _ in rolled_back] == ["dana@example.com", "ana@example.com", "dana@example.com"]
    assert [round(age / timedelta(hours=1)) for _, age, _ in rolled_back] == [669, 504, 44]
    assert [service["traffic"] for _, _, service in rolled_back] == [
        [{"type": _BY_NAME, "revision": "buddy-app-00026-kxp", "percent": 100}],
        [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
        [{"type": _BY_NAME, "revision": f"buddy-app-{STABLE}", "percent": 100}],
    ]
    assert all(audit["request"].get("updateMask", "traffic").find("traffic") >= 0 for audit, _ in changes)
    assert changes[0][0]["request"]["@type"].endswith("google.cloud.run.v2.CreateServiceRequest")


_BY_NAME = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"


async def test_a_refused_call_is_in_the_audit_log_with_what_was_asked_and_by_which_program(
    emulator: Emulator,
) -> None:
    emulator.faults.denied = frozenset({"run.services.update"})
    wanted = run_v2.Service(name=SERVICE, description="mine")
    request = run_v2.UpdateServiceRequest(
        service=wanted, update_mask={"paths": ["description", "build_config"]}
    )
    async with grpc.aio.insecure_channel(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]) as channel:
        client = run_v2.ServicesAsyncClient(transport=ServicesGrpcAsyncIOTransport(channel=channel))
        with pytest.raises(exceptions.PermissionDenied):
            await client.update_service(request)

    audit = (await _calls(emulator))[-1]["protoPayload"]
    assert audit["status"]["code"] == 7
    assert audit["authenticationInfo"] == {"principalEmail": "operator@example.com"}
    assert "grpc-python" in audit["requestMetadata"]["callerSuppliedUserAgent"]
    assert audit["request"] == {
        "@type": "type.googleapis.com/google.cloud.run.v2.UpdateServiceRequest",
        "service": {"name": SERVICE, "description": "mine"},
        "updateMask": "description,buildConfig",
    }


async def test_the_registry_tells_whether_an_image_is_there(emulator: Emulator) -> None:
    image = emulator.world.get_revision(f"{SERVICE}/revisions/buddy-app-{STABLE}").containers[0].image
    name, _, digest = image.partition("/")[2].partition("@")
    url = f"{emulator.endpoints['CLOUD_RUN_EMULATOR_REST']}/v2/{name}/manifests"

    async with aiohttp.ClientSession() as session:
        there = await session.head(f"{url}/{digest}")
        unknown = await session.head(f"{url}/sha256:{'0' * 64}")
        await emulator.stage.lose_image(emulator.stage.clock.now(), STABLE)
        gone = await session.head(f"{url}/{digest}")
        emulator.faults.denied = frozenset({"artifactregistry.repositories.downloadArtifacts"})
        denied = await session.head(f"{url}/{digest}")

    assert [one.status for one in (there, unknown, gone, denied)] == [200, 404, 404, 403]
    assert there.headers["Docker-Content-Digest"] == digest


async def test_a_thousand_requests_while_traffic_moves_to_the_candidate_and_back_and_none_fails(
    emulator: Emulator,
) -> None:
    async with loading(_service(emulator).uri, rate=200) as load:
        for stable, good in ((90, 10), (50, 50), (0, 100), (50, 50), (100, 0)):
            await _route(emulator, stable=stable, good=good)
            await load.until(200)

    assert load.asked >= 1000
    assert load.failed == 0, load.answers
    assert load.served(f"buddy-app-{GOOD}") > 250
    assert load.served(f"buddy-app-{STABLE}") > 250


async def test_the_bad_candidate_answers_few_and_fails_two_of_five_when_many_ask(emulator: Emulator) -> None:
    bad = f"buddy-app-{BAD}"
    async with loading(_service(emulator).uri, rate=40) as load:
        await _route(emulator, stable=90, bad=10)
        await load.until(80)
        few = Load(load.answers.copy())
        await _route(emulator, stable=50, bad=50)
        await load.until(160)
        await _route(emulator, stable=100)
    many = load.answers - few.answers

    assert few.served(bad) > 0
    assert few.failed == 0
    assert many[bad, 500] > 5
    assert load.failed == load.answers[bad, 500]


@asynccontextmanager
async def _promoting(
    emulator: Emulator, folder: Path, short: str
) -> AsyncIterator[AsyncGenerator[Promotion, None]]:
    """Begin to promote a revision as the program does, though with short bakes."""
    host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
    cloud = await gcp.connect(Settings(project=Known("demo-project"), emulated=Known(host)))
    stream = promotion(
        await cloud.service(NAME),
        await cloud.revisions(NAME),
        f"buddy-app-{short}",
        bake=1.5,
        interval=INTERVAL,
        lag=0.5,
        reads=cloud,
        writes=gcp.writes(cloud),
        journal=Journal(folder / "journal.jsonl"),
        door=HttpDoor(cloud),
        questions=Settings().questions,
        clock=lambda: datetime.now(UTC),
        terms=Terms(datetime.now(UTC)),
    )
    try:
        yield stream
    finally:
        await stream.aclose()
        await cloud.close()


async def test_the_good_candidate_is_promoted_step_by_step_and_no_request_fails(
    emulator: Emulator, tmp_path: Path
) -> None:
    await _route(emulator, stable=100)
    async with (
        loading(_service(emulator).uri, rate=80) as load,
        _promoting(emulator, tmp_path, GOOD) as promoting,
    ):
        told = [one async for one in promoting]

    assert told[-1].ending is Ending.DONE, told[-1].sentence
    assert {one.step for one in told if one.phase is Phase.BAKING} == {0, 1, 2}
    assert load.failed == 0, load.answers
    assert load.served(f"buddy-app-{GOOD}") >= 60
    assert shares(_service(emulator).traffic)[0] == (f"buddy-app-{GOOD}", 100, "")


async def test_a_candidate_that_goes_bad_under_load_is_taken_back_exactly_within_an_interval(
    emulator: Emulator, tmp_path: Path
) -> None:
    await _route(emulator, stable=100)
    bad, before = f"buddy-app-{BAD}", shares(_service(emulator).traffic)
    failing_since: datetime | None = None
    async with (
        loading(_service(emulator).uri, rate=60) as load,
        _promoting(emulator, tmp_path, BAD) as promoting,
    ):
        async for told in promoting:
            if failing_since is None and load.answers[bad, 500] >= 10:
                failing_since = datetime.now(UTC)
            if told.phase is Phase.PUTTING_BACK:
                break
        back = datetime.now(UTC)
        async for told in promoting:  # noqa: B007 - the last one counts
            pass

    assert told.ending is Ending.PUT_BACK, told.sentence
    assert told.steps[told.step] == 50
    assert "5xx answers" in told.sentence
    assert shares(_service(emulator).traffic) == shares(_service(emulator).traffic_statuses) == before
    assert failing_since is None or back - failing_since < timedelta(seconds=2 * INTERVAL)


async def test_a_revision_that_is_deleted_takes_its_tag_with_it(emulator: Emulator) -> None:
    await _route(emulator, stable=100)
    before = _service(emulator).etag

    await emulator.stage.delete_revision(emulator.stage.clock.now(), GOOD, by="dana@example.com")

    service = _service(emulator)
    kept = [(f"buddy-app-{STABLE}", 100, ""), (f"buddy-app-{BAD}", 0, "bad-candidate")]
    assert shares(service.traffic) == shares(service.traffic_statuses) == kept
    assert (service.etag != before, service.last_modifier) == (True, "dana@example.com")
