"""Story `release`: what is there before a release, a load that no change of traffic disturbs, and who did what."""

import asyncio
import json
import os
import sys
from collections import Counter
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
from buddy_tui.actions.gates import together
from buddy_tui.actions.measured import measured_filter
from buddy_tui.actions.promotion import promotion
from buddy_tui.actions.values import Ending, Phase, Promotion, Standing
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.logs.store import Query
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import Target
from buddy_tui.journal.keep import Journal
from buddy_tui.log_scope import filter_of
from buddy_tui.model import LogScope, ServiceName
from buddy_tui.probes.door import HttpDoor
from tests.emulator.admin_fixture import shares
from tests.stories.load import Load, loading

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
    looks: list[Promotion] = []
    async with (
        loading(_service(emulator).uri, rate=40) as load,
        _promoting(emulator, tmp_path, BAD) as promoting,
    ):
        async for told in promoting:
            if told.step:
                looks.append(told)

    assert told.ending is Ending.PUT_BACK, told.sentence
    assert told.steps[told.step] == 50
    assert shares(_service(emulator).traffic) == shares(_service(emulator).traffic_statuses) == before
    assert not _service(emulator).annotations
    assert load.failed == load.answers[bad, 500]
    # The look that saw a gate fail was the last one, and the one before it was an interval earlier.
    failing = [one for one in looks if together(one.gates) is Standing.FAIL]
    assert {one.gates for one in failing} == {told.gates}
    assert all(one.standing is not Standing.FAIL for look in looks[: -len(failing)] for one in look.gates)


async def test_headless_it_is_promoted_rolled_back_undone_and_let_follow_the_latest(
    emulator: Emulator, tmp_path: Path
) -> None:
    await _route(emulator, stable=100)
    async with loading(_service(emulator).uri, rate=60) as load:
        promoted = await _headless(
            emulator, tmp_path, "promote", GOOD, "--steps", "100", "--bake", "1", "--yes"
        )
        rolled_back = await _headless(
            emulator, tmp_path, "rollback", STABLE, "--yes", "--reason", "it is odd"
        )
        marks, after = dict(_service(emulator).annotations), shares(_service(emulator).traffic)
        undone = await _headless(emulator, tmp_path, "undo", "--yes", "--reason", "it was not odd")
    latest = await _headless(emulator, tmp_path, "restore-latest", "--yes")

    assert [one["ending"] for one in (promoted, rolled_back, undone, latest)] == ["done"] * 4, promoted
    assert load.failed == 0, load.answers
    assert promoted["steps"] == [{"percent": 100, "state": "passed"}]
    assert {gate["standing"] for gate in promoted["gates"]} == {"pass"}
    assert after[0] == (f"buddy-app-{STABLE}", 100, "")
    assert f"buddy-app-{GOOD}" in marks["buddy-tui.dev/rolled-back"]
    assert undone["after"][0]["revision"] == f"buddy-app-{GOOD}"
    assert shares(_service(emulator).traffic)[0] == ("LATEST", 100, "")
    assert {target.tag for target in _service(emulator).traffic if target.tag} == {one.tag for one in TAGS}


async def test_own_probes_are_left_out_of_what_the_gates_count(emulator: Emulator, tmp_path: Path) -> None:
    scope = LogScope(NAME, among=(f"buddy-app-{GOOD}", f"buddy-app-{STABLE}"))
    await _route(emulator, stable=100)
    before = Counter(await _asked(emulator, measured_filter(scope)))
    async with loading(_service(emulator).uri, rate=60) as load, _promoting(emulator, tmp_path, GOOD) as told:
        async for one in told:
            if one.requests >= 20:
                break
    served = {name: load.served(name) for name in scope.among}
    async with asyncio.timeout(10):  # an answer may be there before its line
        while (counted := Counter(await _asked(emulator, measured_filter(scope))) - before) != served:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    everything = Counter(await _asked(emulator, f'{filter_of(scope)} AND logName:"requests"')) - before

    assert everything[f"buddy-app-{GOOD}"] > counted[f"buddy-app-{GOOD}"] + 8


async def _asked(emulator: Emulator, text: str) -> list[str]:
    """Return who answered each request that a query finds."""
    entries: list[Message] = []
    token = ""
    while True:
        query = Query(("projects/demo-project",), text, "timestamp asc", 1000, token)
        page, token = await emulator.logs.list_entries(query)
        entries += page
        if not token:
            return [one.resource.labels["revision_name"] for one in entries]


async def _headless(emulator: Emulator, folder: Path, verb: str, *arguments: str) -> dict[str, Any]:
    """Run a verb as a program of its own, with its own state in `folder`; return what it printed."""
    state = {"HOME": str(folder), "XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    where = ("--project", NAME.project, "--region", NAME.region, "--service", NAME.service, "--json")
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "buddy_tui", verb, *arguments, *where),
        env={**os.environ, **emulator.endpoints, **state},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await running.communicate()
    assert out, errors.decode()
    told: dict[str, Any] = json.loads(out)
    return told


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


async def test_a_revision_that_is_deleted_takes_its_tag_with_it(emulator: Emulator) -> None:
    await _route(emulator, stable=100)
    before = _service(emulator).etag

    await emulator.stage.delete_revision(emulator.stage.clock.now(), GOOD, by="dana@example.com")

    service = _service(emulator)
    kept = [(f"buddy-app-{STABLE}", 100, ""), (f"buddy-app-{BAD}", 0, "bad-candidate")]
    assert shares(service.traffic) == shares(service.traffic_statuses) == kept
    assert (service.etag != before, service.last_modifier) == (True, "dana@example.com")
