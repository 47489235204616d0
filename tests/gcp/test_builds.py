"""Builds, APIs and permissions as Google's REST APIs tell them, each asked at its own host alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from buddy_tui.errors import BuddyError, NotFound, ServerTrouble, Unreachable, UsageProblem
from buddy_tui.gateway import Build, BuildState
from buddy_tui.gcp.apis import GoogleApis
from buddy_tui.gcp.builds import GoogleBuilds
from buddy_tui.gcp.errors import About
from buddy_tui.gcp.sources import bucket_of
from tests import make
from tests.gcp.test_images import Signing

NAME = "projects/acme-prod/locations/europe-west1/builds/b-1"
DIGEST = f"sha256:{'0a' * 32}"


class Google(GoogleBuilds, GoogleApis):
    """What is looked at over REST."""


@asynccontextmanager
async def answering(status: int, body: object) -> AsyncIterator[tuple[Google, list[web.Request]]]:
    """Yield an adapter to a server that always answers the same, and what it is asked."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        return web.json_response(body, status=status, headers={"location": "/elsewhere"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    clients: Any = SimpleNamespace(credentials=None, rest=base, about=About("acme-prod", host="127.0.0.1"))
    try:
        yield Google(clients), asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", BuildState.QUEUED),
        ("QUEUED", BuildState.QUEUED),
        ("WORKING", BuildState.WORKING),
        ("SUCCESS", BuildState.SUCCESS),
        ("FAILURE", BuildState.FAILURE),
        ("INTERNAL_ERROR", BuildState.FAILURE),
        ("TIMEOUT", BuildState.TIMEOUT),
        ("EXPIRED", BuildState.TIMEOUT),
        ("CANCELLED", BuildState.CANCELLED),
        ("SOMETHING_NEW", BuildState.UNKNOWN),
    ],
)
async def test_every_state_of_a_build_is_one_to_wait_in_or_an_end(status: str, state: BuildState) -> None:
    async with answering(200, {"name": NAME, "status": status}) as (google, _):
        assert await google.build(NAME) == Build(NAME, state)


async def test_a_build_tells_its_image_by_digest_its_archive_and_why_it_failed() -> None:
    told = {
        "name": NAME,
        "status": "SUCCESS",
        "source": {"storageSource": {"bucket": "b", "object": "a/o.zip", "generation": "7"}},
        "results": {"images": [{"name": "eu.gcr.io:443/acme/api:latest", "digest": DIGEST}]},
        "failureInfo": {"type": "USER_BUILD_STEP", "detail": "step\x1b[31m 1\nfailed"},
        "logUrl": "https://console.cloud.google.com/x",
    }
    async with answering(200, told) as (google, asked):
        built = await google.build(NAME)

    assert asked[0].path == f"/v1/{NAME}"
    assert (built.image, built.source) == (f"eu.gcr.io:443/acme/api@{DIGEST}", "gs://b/a/o.zip#7")
    assert (built.said, built.log_url, built.id) == (
        "step 1 failed",
        "https://console.cloud.google.com/x",
        "b-1",
    )


async def test_builds_of_an_archive_are_looked_for_by_the_tag_of_the_service_and_matched_exactly() -> None:
    def one(identity: str, generation: str) -> dict[str, Any]:
        source = {"storageSource": {"bucket": "b", "object": "o", "generation": generation}}
        return {"name": identity, "status": "WORKING", "source": source}

    async with answering(200, {"builds": [one("3", "7"), one("2", "8"), one("1", "7")]}) as (google, asked):
        found = await google.builds_from(make.NAME, "gs://b/o#7")

    assert [build.name for build in found] == ["3", "1"]
    assert asked[0].query["filter"] == f'tags="service_{make.NAME.service}"'


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (302, BuddyError), (429, Unreachable)])
async def test_a_build_that_is_not_told_raises(status: int, error: type[BuddyError]) -> None:
    async with answering(status, {"error": {"code": status, "message": "no"}}) as (google, asked):
        with pytest.raises(error):
            await google.build(NAME)

    assert len(asked) == 1


@pytest.mark.parametrize("body", [{"error": "no way"}, {"error": ["no way"]}, ["no way"], "no way"])
async def test_an_error_in_a_proxys_own_form_is_servers_trouble(body: object) -> None:
    async with answering(502, body) as (google, _):
        with pytest.raises(ServerTrouble):
            await google.build(NAME)


async def test_what_is_no_name_of_a_build_is_not_asked_for() -> None:
    async with answering(200, {}) as (google, asked):
        with pytest.raises(UsageProblem, match="is no name of a build"):
            await google.build(f"{NAME}/../../secrets")

    assert asked == []


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_what_may_not_be_looked_at_cannot_be_told(status: int) -> None:
    async with answering(status, {"error": {"code": status, "message": "no"}}) as (google, _):
        assert await google.apis("acme-prod", ("run.googleapis.com",)) == {"run.googleapis.com": None}
        assert await google.project_permissions("acme-prod", ("run.services.get",)) is None
        assert await google.may_act_as("run@acme-prod.iam.gserviceaccount.com") is None


async def test_an_api_that_google_does_not_mention_cannot_be_told() -> None:
    told = {"services": [{"name": "projects/1/services/run.googleapis.com", "state": "ENABLED"}]}
    async with answering(200, told) as (google, asked):
        apis = await google.apis("acme-prod", ("run.googleapis.com", "cloudbuild.googleapis.com"))

    assert apis == {"run.googleapis.com": True, "cloudbuild.googleapis.com": None}
    assert asked[0].query.getall("names")[1] == "projects/acme-prod/services/cloudbuild.googleapis.com"


async def test_an_empty_answer_means_that_nothing_is_held() -> None:
    async with answering(200, {}) as (google, _):
        assert await google.project_permissions("acme-prod", ("run.services.get",)) == frozenset()
        assert await google.may_act_as("run@acme-prod.iam.gserviceaccount.com") is False


async def test_each_api_is_asked_at_its_own_host_with_our_token(monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    signing = Signing()
    clients: Any = SimpleNamespace(
        credentials=signing, rest="https://run.googleapis.com", about=About("acme-prod")
    )
    google = Google(clients)
    async with server:
        for call in (
            google.build(NAME),
            google.apis("acme-prod", ()),
            google.project_permissions("acme-prod", ()),
            google.may_act_as("run@acme-prod.iam.gserviceaccount.com"),
        ):
            with pytest.raises(Unreachable):
                await call

    account = "projects/-/serviceAccounts/run@acme-prod.iam.gserviceaccount.com"
    assert signing.urls == [
        f"https://cloudbuild.googleapis.com/v1/{NAME}",
        "https://serviceusage.googleapis.com/v1/projects/acme-prod/services:batchGet",
        "https://cloudresourcemanager.googleapis.com/v3/projects/acme-prod:testIamPermissions",
        f"https://iam.googleapis.com/v1/{account}:testIamPermissions",
    ]


@pytest.mark.parametrize(
    ("project", "bucket"),
    [
        ("acme-prod", "run-sources-acme-prod-europe-west1"),
        ("example.com:acme", "run-sources-example_com_acme-europe-west1"),
        ("my-google-shop", "run-sources-my-elgoog-shop-europe-west1"),
    ],
)
def test_the_bucket_has_the_name_that_gcloud_gives_it(project: str, bucket: str) -> None:
    assert bucket_of(make.name("api", "europe-west1", project)) == bucket
