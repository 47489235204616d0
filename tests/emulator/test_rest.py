"""The REST side of Cloud Run Admin v2, through Google's own synchronous client and by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2
from google.cloud.run_v2.services.revisions.transports import RevisionsRestTransport
from google.cloud.run_v2.services.services.transports import ServicesRestTransport
from google.longrunning import operations_pb2

from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import policies
from buddy_tui.emulator.run.rest import routes
from buddy_tui.emulator.run.waiting import LongRunning
from tests.emulator.admin_fixture import (
    DIED,
    FAILED,
    PARENT,
    SHOP,
    Stand,
    latest,
    pinned,
    shares,
    template,
)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Stand, TestClient[web.Request, web.Application]]]:
    """Serve a fresh world over HTTP on a free port of the loopback."""
    stand = Stand()
    app = web.Application()
    app.add_routes(routes(stand.world, stand.faults, LongRunning(stand.world, stand.bell)))
    app.add_routes(policies.routes(stand.world, stand.faults))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield stand, client


class Clients:
    """Google's synchronous clients over REST; each call runs in a thread beside the server's loop."""

    def __init__(self, port: int) -> None:
        host, credentials = f"127.0.0.1:{port}", AnonymousCredentials()  # type: ignore[no-untyped-call]
        self.services = run_v2.ServicesClient(
            transport=ServicesRestTransport(host=host, url_scheme="http", credentials=credentials)
        )
        self.revisions = run_v2.RevisionsClient(
            transport=RevisionsRestTransport(host=host, url_scheme="http", credentials=credentials)
        )

    async def create(self, **fields: Message) -> Message:
        service = run_v2.Service(**{"template": template(), **fields})
        request = run_v2.CreateServiceRequest(parent=PARENT, service=service, service_id="shop")
        return (await asyncio.to_thread(self.services.create_service, request)).operation

    async def update(self, *mask: str, **fields: Message) -> Message:
        request = run_v2.UpdateServiceRequest(
            service=run_v2.Service(name=SHOP, **fields), update_mask={"paths": mask}
        )
        return (await asyncio.to_thread(self.services.update_service, request)).operation

    async def shop(self) -> run_v2.Service:
        return await asyncio.to_thread(self.services.get_service, name=SHOP)

    def close(self) -> None:
        transports: tuple[Message, ...] = (self.services.transport, self.revisions.transport)
        for transport in transports:
            transport.close()

    async def policy(self) -> Message:
        return await asyncio.to_thread(self.services.get_iam_policy, {"resource": SHOP})

    async def open_to_all(self) -> Message:
        binding = {"role": "roles/run.invoker", "members": ["allUsers"]}
        request = {"resource": SHOP, "policy": {"bindings": [binding]}}
        return await asyncio.to_thread(self.services.set_iam_policy, request)

    async def held(self, *permissions: str) -> list[str]:
        request = {"resource": SHOP, "permissions": permissions}
        told = await asyncio.to_thread(self.services.test_iam_permissions, request)
        return list(told.permissions)


@asynccontextmanager
async def clients() -> AsyncIterator[tuple[Stand, Clients]]:
    """Connect Google's clients to a fresh world."""
    async with listening() as (stand, client):
        google = Clients(client.port or 0)
        try:
            yield stand, google
        finally:
            google.close()


async def test_googles_rest_client_creates_gets_lists_and_updates() -> None:
    async with clients() as (stand, google):
        created = await google.create(labels={"team": "a"})
        first = stand.boot()

        updated = await google.update("traffic", "build_config", traffic=[pinned(first, 100, "stable")])
        shop = await google.shop()
        listed = await asyncio.to_thread(lambda: list(google.services.list_services(parent=PARENT)))
        revisions = await asyncio.to_thread(lambda: list(google.revisions.list_revisions(parent=SHOP)))

        assert (created.done, updated.done) == (False, True)
        assert dict(shop.labels) == {"team": "a"}
        assert shares(shop.traffic_statuses) == [(first, 100, "stable")]
        assert listed == [shop]
        assert [revision.name for revision in revisions] == [f"{SHOP}/revisions/{first}"]


async def test_googles_rest_client_follows_pages() -> None:
    async with clients() as (stand, google):
        await google.create()
        stand.boot()
        for number in range(2, 5):
            await google.update("template", template=template(f"hello:{number}"))
            stand.boot()
        request = run_v2.ListRevisionsRequest(parent=SHOP, page_size=2)

        names = await asyncio.to_thread(
            lambda: [one.name for one in google.revisions.list_revisions(request)]
        )

        assert len(set(names)) == 4


async def test_a_stale_etag_is_a_conflict_with_googles_own_words() -> None:
    async with clients() as (_, google):
        await google.create()
        stale = (await google.shop()).etag
        await google.update("description", description="someone else")

        with pytest.raises(exceptions.Conflict) as refusal:
            await google.update("description", description="mine", etag=stale)

        assert "Conflict for resource 'shop': version '" in refusal.value.message
        assert refusal.value.response.json()["error"]["status"] == "ABORTED"


async def test_a_failed_boot_is_told_by_the_operation_and_the_service() -> None:
    async with clients() as (stand, google):
        operation = await google.create()
        bad = stand.die()

        request = operations_pb2.GetOperationRequest(name=operation.name)
        done = await asyncio.to_thread(google.services.get_operation, request)
        shop = await google.shop()

        sentence = f"Revision '{bad}' is not ready and cannot serve traffic. {DIED}"
        assert (done.error.code, done.error.message) == (9, sentence)
        assert shop.terminal_condition.state == FAILED


async def test_dry_runs_and_allow_missing_pass_through_the_query() -> None:
    async with clients() as (stand, google):
        wanted = run_v2.Service(name=SHOP, template=template())
        dry = run_v2.UpdateServiceRequest(service=wanted, allow_missing=True, validate_only=True)
        wet = run_v2.UpdateServiceRequest(service=wanted, allow_missing=True)

        would_be = await asyncio.to_thread(google.services.update_service, dry)
        told = len(stand.events)
        await asyncio.to_thread(google.services.update_service, wet)

        assert (would_be.operation.done, told) == (True, 0)
        assert (await google.shop()).name == SHOP


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (exceptions.NotFound, SHOP),
        (exceptions.Forbidden, SHOP.replace("demo-project", "other")),
        (exceptions.Forbidden, SHOP.replace("us-central1", "us-central9")),
    ],
)
async def test_a_refusal_is_googles_own_exception(kind: type[Exception], name: str) -> None:
    async with clients() as (_, google):
        with pytest.raises(kind):
            await asyncio.to_thread(google.services.get_service, name=name)


async def test_bad_requests_and_taken_names_are_googles_own_exceptions() -> None:
    async with clients() as (stand, google):
        await google.create()
        stand.boot()

        with pytest.raises(exceptions.Conflict, match="already exists"):
            await google.create()
        with pytest.raises(exceptions.BadRequest, match="must sum to 100"):
            await google.update("traffic", traffic=[latest(10)])
        with pytest.raises(exceptions.BadRequest, match="cannot be deleted"):
            await asyncio.to_thread(google.revisions.delete_revision, name=stand.wanted().revision_path)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("unavailable", exceptions.ServiceUnavailable), ("exhausted", exceptions.TooManyRequests)],
)
async def test_a_fault_of_the_world_strikes_rest_calls_too(fault: str, kind: type[Exception]) -> None:
    async with clients() as (stand, google):
        setattr(stand.faults, fault, 1.0)

        with pytest.raises(kind):
            await asyncio.to_thread(google.services.get_service, name=SHOP, retry=None)


async def test_deletions_are_operations_that_are_done() -> None:
    async with clients() as (stand, google):
        await google.create()
        first = stand.boot()
        await google.update("template", template=template("hello:2"))
        stand.boot()

        revision = await asyncio.to_thread(google.revisions.delete_revision, name=f"{SHOP}/revisions/{first}")
        service = await asyncio.to_thread(google.services.delete_service, name=SHOP)

        assert revision.operation.done
        assert service.operation.done
        with pytest.raises(exceptions.NotFound):
            await google.shop()


async def test_an_operation_is_followed_to_its_end() -> None:
    async with clients() as (stand, google):
        await google.create()
        stand.boot()
        wanted = run_v2.Service(name=SHOP, template=template("hello:2"))
        operation = await asyncio.to_thread(google.services.update_service, service=wanted)
        followed = asyncio.ensure_future(asyncio.to_thread(operation.result, timeout=20))
        await google.shop()

        second = stand.boot()

        assert (await followed).latest_ready_revision == f"{SHOP}/revisions/{second}"


async def test_a_policy_is_read_written_and_asked_about() -> None:
    async with clients() as (stand, google):
        await google.create()
        stand.boot()
        stand.faults.denied = frozenset({"run.services.update"})

        before, written, after = await google.policy(), await google.open_to_all(), await google.policy()

        assert (list(before.bindings), after) == ([], written)
        assert list(after.bindings[0].members) == ["allUsers"]
        assert await google.held("run.services.get", "run.services.update") == ["run.services.get"]


async def test_waiting_for_an_operation_ends_when_it_is_done() -> None:
    async with clients() as (stand, google):
        operation = await google.create()
        request = operations_pb2.WaitOperationRequest(name=operation.name, timeout={"seconds": 20})
        waiting = asyncio.ensure_future(asyncio.to_thread(google.services.wait_operation, request))
        await google.shop()

        stand.boot()

        assert (await waiting).done


async def test_operations_are_listed_and_forgotten() -> None:
    async with clients() as (stand, google):
        operation = await google.create()
        stand.boot()
        everywhere = operations_pb2.ListOperationsRequest(name=PARENT)
        forget = operations_pb2.DeleteOperationRequest(name=operation.name)

        before = await asyncio.to_thread(google.services.list_operations, everywhere)
        await asyncio.to_thread(google.services.delete_operation, forget)
        after = await asyncio.to_thread(google.services.list_operations, everywhere)

        assert ([one.name for one in before.operations], list(after.operations)) == ([operation.name], [])


async def _json(session: ClientSession, verb: str, url: str, **options: Message) -> Message:
    async with session.request(verb, url, **options) as response:
        return response.status, await response.json()


async def test_plain_json_may_name_enums_and_masks_as_google_writes_them() -> None:
    async with listening() as (stand, client):
        body = {"template": {"containers": [{"image": "hello:1"}]}}
        await _json(
            client.session, "POST", str(client.make_url(f"/v2/{PARENT}/services?serviceId=shop")), json=body
        )
        name = stand.boot()
        traffic = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": name, "percent": 100}]

        url = str(client.make_url(f"/v2/{SHOP}"))
        mask = {"updateMask": "traffic,buildConfig,invoker_iam_disabled"}
        patched = await _json(client.session, "PATCH", url, params=mask, json={"traffic": traffic})
        _, shop = await _json(client.session, "GET", url)

        assert patched[0] == 200
        assert shop["traffic"] == traffic
        assert shop["latestReadyRevision"].endswith(name)


@pytest.mark.parametrize(
    ("verb", "url", "body"),
    [
        ("PATCH", f"/v2/{SHOP}", "{"),
        ("PATCH", f"/v2/{SHOP}", '{"noSuchField": 1}'),
        ("GET", f"/v2/{PARENT}/services?pageSize=many", ""),
    ],
)
async def test_a_request_that_cannot_be_read_is_a_bad_request(verb: str, url: str, body: str) -> None:
    async with listening() as (_, client):
        status, answer = await _json(client.session, verb, str(client.make_url(url)), data=body)

        assert status == 400
        assert answer["error"]["status"] == "INVALID_ARGUMENT"


async def test_regions_are_listed_as_v1_does() -> None:
    async with listening() as (_, client):
        status, answer = await _json(
            client.session, "GET", str(client.make_url("/v1/projects/demo-project/locations?pageSize=100"))
        )

        assert status == 200
        assert answer["locations"][0] == {
            "name": "projects/demo-project/locations/asia-east1",
            "locationId": "asia-east1",
            "displayName": "asia-east1",
        }
