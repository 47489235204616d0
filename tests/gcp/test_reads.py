"""Cloud Run through the official clients, over a real socket."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud import run_v2
from google.rpc import code_pb2

from buddy_tui import __version__, gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator.faults import Faults
from buddy_tui.errors import (
    ApiDisabled,
    BuddyError,
    ChangedUnderneath,
    Denied,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OverQuota,
    Refused,
    ServerTrouble,
    Unreachable,
    UsageProblem,
)
from buddy_tui.gateway import Reads
from buddy_tui.watch import watch
from tests import make
from tests.gcp.cloud import Cloud, running

PARENT = "projects/acme-prod/locations/europe-west1"


@pytest.fixture
async def cloud(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Cloud, None]:
    services = [
        run_v2.Service(name=f"{PARENT}/services/{name}", etag='"e"') for name in ("web", "api", "worker")
    ]
    async with running(Cloud(services)) as cloud:
        monkeypatch.setenv("CLOUD_RUN_EMULATOR_REST", cloud.rest)
        yield cloud


@pytest.fixture
async def reads(cloud: Cloud) -> AsyncGenerator[Reads, None]:
    reads = await gcp.connect(cloud.settings())
    yield reads
    await reads.close()
    await reads.close()


async def test_a_service_is_read_under_our_name_with_the_region_told_for_routing(
    cloud: Cloud, reads: Reads
) -> None:
    service = await reads.service(make.NAME)

    assert (service.name, service.etag) == (make.NAME, '"e"')
    assert cloud.metadata["user-agent"].startswith(f"buddy-tui/{__version__} grpc")
    assert cloud.metadata["x-goog-request-params"] == "location=europe-west1"
    assert "authorization" not in cloud.metadata


async def test_services_are_followed_to_the_last_page_and_sorted(cloud: Cloud, reads: Reads) -> None:
    cloud.pages = 1

    services = await reads.services("acme-prod", "europe-west1")

    assert [one.name.service for one in services] == ["api", "web", "worker"]
    assert cloud.calls == ["ListServices"] * 3


async def test_revisions_come_newest_first_and_at_most_a_thousand(cloud: Cloud, reads: Reads) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    cloud.pages = 400
    cloud.revisions = [
        run_v2.Revision(name=f"api-{number:05d}-aaa", create_time=start + timedelta(minutes=number))
        for number in range(1200)
    ]

    revisions = await reads.revisions(make.NAME)

    assert len(revisions) == 1000
    assert revisions[0].name == "api-00999-aaa"
    names = [one.name for one in revisions]
    assert names == sorted(names, reverse=True)


async def test_regions_are_followed_to_the_last_page_and_sorted(cloud: Cloud, reads: Reads) -> None:
    cloud.regions = ("us-east1", "europe-west1", "asia-east1")

    assert await reads.regions("acme-prod") == ("asia-east1", "europe-west1", "us-east1")
    assert cloud.calls == ["locations"] * 2


@pytest.mark.parametrize(
    ("service", "hint"),
    [("appi", "Did you mean api?"), ("zzz", "Services there: api, web, worker.")],
)
async def test_a_missing_service_is_told_with_the_near_names(reads: Reads, service: str, hint: str) -> None:
    with pytest.raises(NotFound) as told:
        await reads.service(make.name(service))

    assert str(told.value) == f"There is no service {service} in acme-prod/europe-west1."
    assert told.value.hint == hint


async def test_a_missing_service_in_an_unknown_region_is_about_the_region(reads: Reads) -> None:
    with pytest.raises(NotFound) as told:
        await reads.service(make.name("api", "europe-wets1"))

    assert str(told.value) == "Cloud Run has no region europe-wets1."
    assert told.value.hint == "Did you mean europe-west1?"


async def test_a_missing_service_in_a_region_that_google_refuses_is_about_the_region(
    cloud: Cloud, reads: Reads
) -> None:
    cloud.fail(
        "ListServices",
        code_pb2.PERMISSION_DENIED,
        "Permission denied on 'locations/us-eats1' (or it may not exist).",
    )

    with pytest.raises(NotFound, match="Cloud Run has no region us-eats1"):
        await reads.service(make.name("api", "us-eats1"))


async def test_a_missing_service_where_there_is_none_says_that(reads: Reads) -> None:
    with pytest.raises(NotFound) as told:
        await reads.service(make.name("api", "us-east1"))

    assert told.value.hint == "There are no services in acme-prod/us-east1."


async def test_an_unknown_region_is_told_with_the_near_ones(cloud: Cloud, reads: Reads) -> None:
    cloud.fail(
        "ListServices",
        code_pb2.PERMISSION_DENIED,
        "Permission denied on 'locations/us-eats1' (or it may not exist).",
    )

    with pytest.raises(NotFound) as told:
        await reads.services("acme-prod", "us-eats1")

    assert told.value.hint == "Did you mean us-east1?"


async def test_a_second_error_never_hides_the_first(cloud: Cloud, reads: Reads) -> None:
    cloud.fail("ListServices", code_pb2.UNAVAILABLE, "down")

    with pytest.raises(NotFound, match="There is no service nope") as told:
        await reads.service(make.name("nope"))

    assert told.value.hint == "gcloud run services list --project acme-prod"


async def test_a_short_outage_is_bridged(cloud: Cloud, reads: Reads) -> None:
    cloud.fail("GetService", code_pb2.UNAVAILABLE, "The service is currently unavailable.", times=2)

    assert (await reads.service(make.NAME)).name == make.NAME
    assert cloud.calls == ["GetService"] * 3


async def test_a_longer_outage_is_told_in_seconds(cloud: Cloud, reads: Reads) -> None:
    cloud.fail("GetService", code_pb2.UNAVAILABLE, "The service is currently unavailable.")
    began = time.monotonic()

    with pytest.raises(ServerTrouble, match="is unavailable: The service is currently unavailable"):
        await reads.service(make.NAME)

    assert time.monotonic() - began < 5


STATUSES: list[tuple[int, str, dict[str, str], type[BuddyError], str, str]] = [
    (
        code_pb2.PERMISSION_DENIED,
        "Permission 'run.services.get' denied on resource 'projects/acme-prod/…' (or it may not exist).",
        {},
        Denied,
        "You lack run.services.get on project acme-prod; roles/run.viewer has it.",
        "gcloud projects add-iam-policy-binding acme-prod --member=user:YOUR_ACCOUNT --role=roles/run.viewer",
    ),
    (
        code_pb2.PERMISSION_DENIED,
        "denied",
        {"reason": "IAM_PERMISSION_DENIED", "permission": "run.services.get"},
        Denied,
        "You lack run.services.get on project acme-prod; roles/run.viewer has it.",
        "--role=roles/run.viewer",
    ),
    (
        code_pb2.PERMISSION_DENIED,
        "Permission 'odd.things.do' denied",
        {},
        Denied,
        "You lack odd.things.do on project acme-prod.",
        "Ask an administrator",
    ),
    (code_pb2.PERMISSION_DENIED, "No.\x1b[2J", {}, Denied, "Google says no: No.", "roles/run.viewer"),
    (
        code_pb2.PERMISSION_DENIED,
        "Caller does not have required permission to use project x.",
        {"reason": "USER_PROJECT_DENIED"},
        Denied,
        "You lack serviceusage.services.use on project acme-prod; roles/serviceusage.serviceUsageConsumer has it.",
        "--role=roles/serviceusage.serviceUsageConsumer",
    ),
    (
        code_pb2.PERMISSION_DENIED,
        "Cloud Run Admin API has not been used in project 1 before or it is disabled.",
        {"reason": "SERVICE_DISABLED", "service": "run.googleapis.com"},
        ApiDisabled,
        "Project acme-prod has not enabled run.googleapis.com.",
        "gcloud services enable run.googleapis.com --project acme-prod",
    ),
    (
        code_pb2.PERMISSION_DENIED,
        "Permission denied on resource project acme-prod.",
        {"reason": "CONSUMER_INVALID"},
        NotFound,
        "There is no project acme-prod, or it is closed to you.",
        "gcloud projects list",
    ),
    (
        code_pb2.UNAUTHENTICATED,
        "Request had invalid authentication credentials.",
        {},
        NotSignedIn,
        "Google did not accept the credentials.",
        "gcloud auth application-default login",
    ),
    (
        code_pb2.RESOURCE_EXHAUSTED,
        "Quota exceeded for quota metric 'Read requests'.",
        {},
        OverQuota,
        "Google's quota is used up: Quota exceeded for quota metric 'Read requests'",
        "more slowly",
    ),
    (
        code_pb2.ABORTED,
        "Conflict for resource 'api': version '1' was specified but current version is '2'.",
        {},
        ChangedUnderneath,
        "Somebody else changed service api: Conflict for resource 'api'",
        "Look again",
    ),
    (
        code_pb2.INTERNAL,
        "Internal error.",
        {},
        ServerTrouble,
        "failed: Internal error.",
        "where a fault was asked for",
    ),
    (
        code_pb2.PERMISSION_DENIED,
        "This API method requires billing to be enabled.",
        {"reason": "BILLING_DISABLED"},
        NotAllowed,
        "Billing is switched off for project acme-prod.",
        "https://console.cloud.google.com/billing/linkedaccount?project=acme-prod",
    ),
    (
        code_pb2.FAILED_PRECONDITION,
        "Not now.",
        {},
        Refused,
        "Cloud Run refused: Not now.",
        "Look at the state of service api",
    ),
    (
        code_pb2.INVALID_ARGUMENT,
        "The request has errors.",
        {},
        UsageProblem,
        "Cloud Run did not accept service api: The request has errors.",
        "buddy-tui context",
    ),
]


@pytest.mark.parametrize(("code", "message", "info", "kind", "sentence", "hint"), STATUSES)
async def test_a_status_becomes_one_sentence_and_the_way_out(
    cloud: Cloud,
    reads: Reads,
    code: int,
    message: str,
    info: dict[str, str],
    kind: type[BuddyError],
    sentence: str,
    hint: str,
) -> None:
    cloud.fail("GetService", code, message, info)

    with pytest.raises(BuddyError) as told:
        await reads.service(make.NAME)

    assert type(told.value) is kind
    assert sentence in str(told.value)
    assert hint in told.value.hint
    assert told.value.hint
    assert f"{told.value}{told.value.hint}".isprintable()


async def test_a_denied_list_of_regions_is_told_like_any_other(cloud: Cloud, reads: Reads) -> None:
    cloud.fail(
        "locations", code_pb2.PERMISSION_DENIED, "Permission 'run.locations.list' denied on resource 'p'."
    )

    with pytest.raises(Denied, match=r"You lack run\.locations\.list"):
        await reads.regions("acme-prod")


async def test_a_short_outage_of_the_regions_is_bridged_too(cloud: Cloud, reads: Reads) -> None:
    cloud.fail("locations", code_pb2.UNAVAILABLE, "The service is currently unavailable.", times=2)

    assert await reads.regions("acme-prod") == ("europe-west1", "us-east1")
    assert cloud.calls == ["locations"] * 3


async def test_regions_behind_somebody_elses_sign_in_page_are_trouble_and_not_none(
    cloud: Cloud, reads: Reads
) -> None:
    cloud.sign_in_page = "http://127.0.0.1:1/hotel"

    with pytest.raises(ServerTrouble, match="failed"):
        await reads.regions("acme-prod")


async def test_a_dead_endpoint_is_told_in_seconds_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_RUN_EMULATOR_REST", "http://127.0.0.1:1")
    reads = await gcp.connect(Settings(emulated=Known("127.0.0.1:1", "CLOUD_RUN_EMULATOR_HOST")))
    began = time.monotonic()

    with pytest.raises(
        Unreachable, match=r"127\.0\.0\.1:1 cannot be reached: connection refused"
    ) as over_grpc:
        await reads.service(make.NAME)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 cannot be reached: connection refused"):
        await reads.regions("acme-prod")
    await reads.close()

    assert time.monotonic() - began < 8
    assert over_grpc.value.hint == "Is the emulator running? See CLOUD_RUN_EMULATOR_HOST."


async def test_after_an_outage_the_same_connection_works_again(cloud: Cloud, reads: Reads) -> None:
    cloud.fail("GetService", code_pb2.UNAVAILABLE, "gone", times=12)

    with pytest.raises(ServerTrouble):
        await reads.service(make.NAME)
    cloud.trouble.clear()

    assert (await reads.service(make.NAME)).name == make.NAME


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (Faults(unavailable=1.0), "is unavailable: The service is currently unavailable"),
        (Faults(exhausted=1.0), "Google's quota is used up: Quota exceeded for quota metric 'Read requests'"),
    ],
)
async def test_a_watch_survives_a_fault_of_the_world_with_honest_words(
    cloud: Cloud, reads: Reads, faults: Faults, sentence: str
) -> None:
    stream = watch(reads, make.NAME, clock=lambda: datetime.now(UTC), pace=0.01)
    async with aclosing(stream), asyncio.timeout(30):
        good = await anext(stream)
        cloud.faults = faults
        stale = await anext(stream)
        cloud.faults = Faults(latency=0.02)
        healed = await anext(stream)

    assert stale.trouble is not None
    assert sentence in stale.trouble.sentence
    assert (stale.service, stale.as_of) == (good.service, good.as_of)
    assert (healed.trouble, healed.service) == (None, good.service)


async def test_a_watch_goes_on_through_a_world_in_which_calls_fail_at_random(
    cloud: Cloud, reads: Reads
) -> None:
    cloud.faults = Faults(unavailable=0.3, exhausted=0.2)
    stream = watch(reads, make.NAME, clock=lambda: datetime.now(UTC), pace=0.001)
    async with aclosing(stream), asyncio.timeout(30):
        snapshots = [await anext(stream) for _ in range(12)]

    assert {one.trouble is None for one in snapshots} == {True, False}
