"""Google's own clients, unmodified, against the whole emulator: both wire forms see the same Cloud Run."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcAsyncIOTransport,
)
from google.cloud.logging_v2.types import LogEntry, TailLogEntriesRequest
from google.cloud.run_v2.services.revisions.transports import (
    RevisionsGrpcAsyncIOTransport,
    RevisionsRestTransport,
)
from google.cloud.run_v2.services.services.transports import (
    ServicesGrpcAsyncIOTransport,
    ServicesRestTransport,
)
from google.protobuf.field_mask_pb2 import FieldMask

from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Emulator, Options, serve

PARENT = "projects/demo-project/locations/us-central1"
NAME = f"{PARENT}/services/buddy-app"
GOOD = "buddy-app-00001-gdk"
_REVISION = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION


class Client(Protocol):
    """What the test asks of Cloud Run, whatever the wire."""

    async def services(self) -> list[run_v2.Service]: ...
    async def get(self) -> run_v2.Service: ...
    async def revisions(self) -> list[run_v2.Revision]: ...
    async def update(self, service: run_v2.Service, mask: FieldMask) -> run_v2.Service:
        """Write, wait for the end of the operation, and return its result or raise its error."""


@dataclass
class OverGrpc:
    """The async clients over gRPC."""

    client: run_v2.ServicesAsyncClient
    revision_client: run_v2.RevisionsAsyncClient

    async def services(self) -> list[run_v2.Service]:
        return [one async for one in await self.client.list_services(parent=PARENT)]

    async def get(self) -> run_v2.Service:
        return await self.client.get_service(name=NAME)

    async def revisions(self) -> list[run_v2.Revision]:
        return [one async for one in await self.revision_client.list_revisions(parent=NAME)]

    async def update(self, service: run_v2.Service, mask: FieldMask) -> run_v2.Service:
        operation: Any = await self.client.update_service(service=service, update_mask=mask)
        told: run_v2.Service = await operation.result()
        return told


@dataclass
class OverRest:
    """The sync clients over REST, in threads."""

    client: run_v2.ServicesClient
    revision_client: run_v2.RevisionsClient

    async def services(self) -> list[run_v2.Service]:
        return list(await asyncio.to_thread(self.client.list_services, parent=PARENT))

    async def get(self) -> run_v2.Service:
        return await asyncio.to_thread(self.client.get_service, name=NAME)

    async def revisions(self) -> list[run_v2.Revision]:
        return list(await asyncio.to_thread(self.revision_client.list_revisions, parent=NAME))

    async def update(self, service: run_v2.Service, mask: FieldMask) -> run_v2.Service:
        def write() -> run_v2.Service:
            operation: Any = self.client.update_service(service=service, update_mask=mask)
            told: run_v2.Service = operation.result()
            return told

        return await asyncio.to_thread(write)


@asynccontextmanager
async def over_grpc(emulator: Emulator) -> AsyncIterator[Client]:
    host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
    async with grpc.aio.insecure_channel(host) as one, grpc.aio.insecure_channel(host) as two:
        yield OverGrpc(
            run_v2.ServicesAsyncClient(transport=ServicesGrpcAsyncIOTransport(channel=one)),
            run_v2.RevisionsAsyncClient(transport=RevisionsGrpcAsyncIOTransport(channel=two)),
        )


@asynccontextmanager
async def over_rest(emulator: Emulator) -> AsyncIterator[Client]:
    host = emulator.endpoints["CLOUD_RUN_EMULATOR_REST"].removeprefix("http://")
    where: dict[str, Any] = {"host": host, "url_scheme": "http", "credentials": AnonymousCredentials()}  # type: ignore[no-untyped-call]
    services, revisions = ServicesRestTransport(**where), RevisionsRestTransport(**where)
    yield OverRest(run_v2.ServicesClient(transport=services), run_v2.RevisionsClient(transport=revisions))
    services.close()  # type: ignore[no-untyped-call]
    revisions.close()  # type: ignore[no-untyped-call]


WIRES = pytest.mark.parametrize("over", [over_grpc, over_rest])
Over = Callable[[Emulator], Any]


@asynccontextmanager
async def healthy() -> AsyncIterator[Emulator]:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("healthy"))
        yield emulator


@WIRES
async def test_the_service_is_listed_read_and_changed(over: Over) -> None:
    async with healthy() as emulator, over(emulator) as client:
        (listed,) = await client.services()
        service = await client.get()
        assert listed == service
        service.traffic = [run_v2.TrafficTarget(type_=_REVISION, revision=GOOD, percent=100, tag="stable")]

        changed = await client.update(service, FieldMask(paths=["traffic"]))

        assert [(one.revision, one.percent, one.tag) for one in changed.traffic_statuses] == [
            (GOOD, 100, "stable")
        ]
        assert changed.etag != service.etag
        assert len(await client.revisions()) == 1


@WIRES
async def test_a_stale_write_is_refused_and_changes_nothing(over: Over) -> None:
    async with healthy() as emulator, over(emulator) as client:
        stale = await client.get()
        await client.update(run_v2.Service(name=NAME, labels={"by": "another"}), FieldMask(paths=["labels"]))
        stale.labels = {"by": "us"}

        with pytest.raises(exceptions.Conflict, match="Conflict for resource 'buddy-app': version '"):
            await client.update(stale, FieldMask(paths=["labels"]))

        assert dict((await client.get()).labels) == {"by": "another"}


@WIRES
async def test_a_failed_boot_is_told_tailed_and_leaves_traffic_alone(over: Over) -> None:
    async with healthy() as emulator, over(emulator) as client, tailing(emulator) as next_entry:
        before = await client.get()
        wanted = run_v2.Service(name=NAME, template=before.template)
        wanted.template.revision = "buddy-app-00002-bad"
        wanted.template.containers[0].command = ["python", "-c", "import nothing_of_that_name"]

        with pytest.raises(
            exceptions.GoogleAPICallError,
            match=r"Revision 'buddy-app-00002-bad' is not ready and cannot serve traffic\. The user-provided",
        ):
            await client.update(wanted, FieldMask(paths=["template"]))

        traceback = await next_entry(lambda entry: "Traceback" in entry.text_payload)
        assert traceback.text_payload.endswith("ModuleNotFoundError: No module named 'nothing_of_that_name'")
        assert traceback.resource.labels["revision_name"] == "buddy-app-00002-bad"
        assert await next_entry(lambda entry: entry.text_payload == "Container called exit(1).")
        after = await client.get()
        assert after.latest_created_revision.endswith("buddy-app-00002-bad")
        assert after.latest_ready_revision == before.latest_ready_revision
        assert after.traffic_statuses == before.traffic_statuses
        assert after.observed_generation == before.observed_generation < after.generation


Wanted = Callable[[LogEntry], bool]


@asynccontextmanager
async def tailing(emulator: Emulator) -> AsyncIterator[Callable[[Wanted], Awaitable[LogEntry]]]:
    """Tail the project's logs; what is yielded waits for the next entry that is wanted."""
    ended = asyncio.Event()

    async def requests() -> AsyncIterator[TailLogEntriesRequest]:
        yield TailLogEntriesRequest(resource_names=["projects/demo-project"], buffer_window={"nanos": 1})
        await ended.wait()

    async with grpc.aio.insecure_channel(emulator.endpoints["CLOUD_LOGGING_EMULATOR_HOST"]) as channel:
        client = LoggingServiceV2AsyncClient(transport=LoggingServiceV2GrpcAsyncIOTransport(channel=channel))
        tail = await client.tail_log_entries(requests=requests())
        entries = (entry async for response in tail for entry in response.entries)

        async def wait_for(wanted: Wanted) -> LogEntry:
            async with asyncio.timeout(20):
                return await anext(entry async for entry in entries if wanted(entry))

        yield wait_for
        ended.set()
