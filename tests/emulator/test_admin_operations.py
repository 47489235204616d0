"""Operations, builds, permissions and faults, through Google's own client."""

import asyncio
import time

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import run_v2
from google.iam.v1 import iam_policy_pb2
from google.longrunning import operations_pb2

from buddy_tui.emulator.rpc import Message
from tests.emulator.admin_fixture import (
    PARENT,
    SHOP,
    connected,
    served,
)


async def test_an_operation_under_way_tells_the_service_as_it_is_now() -> None:
    async with served() as admin:
        operation = await admin.create()
        metadata = run_v2.Service.pb()()
        assert operation.metadata.Unpack(metadata)
        assert metadata.reconciling

        admin.boot()
        done = await admin.operation(operation)

        response = run_v2.Service.pb()()
        assert done.response.Unpack(response)
        assert response == run_v2.Service.pb(await admin.shop())


async def test_waiting_for_an_operation_ends_when_it_is_done() -> None:
    async with served() as admin:
        operation = await admin.create()
        request = operations_pb2.WaitOperationRequest(name=operation.name, timeout={"seconds": 20})
        waiting = asyncio.ensure_future(admin.services.wait_operation(request))
        await admin.shop()
        assert not waiting.done()

        begun = time.perf_counter()
        admin.boot()
        # Google's client hands out this one answer as bytes.
        answer = operations_pb2.Operation.FromString(await waiting)

        assert answer.done
        assert time.perf_counter() - begun < 5


async def test_waiting_is_over_in_time_though_nothing_is_done() -> None:
    async with served() as admin:
        operation = await admin.create()
        request = operations_pb2.WaitOperationRequest(name=operation.name, timeout={"nanos": 1_000_000})

        answer = operations_pb2.Operation.FromString(await admin.services.wait_operation(request))

        assert not answer.done


async def test_operations_are_listed_and_those_done_are_forgotten_on_demand() -> None:
    async with served() as admin:
        operation = await admin.create()
        admin.boot()

        listed = await admin.services.list_operations(operations_pb2.ListOperationsRequest(name=PARENT))
        await admin.services.delete_operation(operations_pb2.DeleteOperationRequest(name=operation.name))

        assert [one.name for one in listed.operations] == [operation.name]
        with pytest.raises(exceptions.NotFound):
            await admin.operation(operation)


async def test_an_operation_of_another_room_is_found_by_its_name() -> None:
    builds = {"projects/p/locations/l/operations/b": operations_pb2.Operation(name="b", done=True)}
    async with connected(elsewhere=builds.get) as (admin, _):
        assert (
            await admin.operation(operations_pb2.Operation(name="projects/p/locations/l/operations/b"))
        ).done


async def test_a_build_is_handed_on_to_the_room_that_builds() -> None:
    async def build(request: Message) -> Message:
        answer = run_v2.SubmitBuildResponse.pb()()
        answer.base_image_uri = request.image_uri
        return answer

    async with connected(build) as (_, endpoint), grpc.aio.insecure_channel(endpoint) as channel:
        transport = run_v2.BuildsAsyncClient.get_transport_class("grpc_asyncio")(channel=channel)
        client = run_v2.BuildsAsyncClient(transport=transport)

        answer = await client.submit_build(run_v2.SubmitBuildRequest(parent=PARENT, image_uri="r/hello"))

        assert answer.base_image_uri == "r/hello"


async def test_every_permission_that_is_asked_for_is_held() -> None:
    async with served() as admin:
        request = iam_policy_pb2.TestIamPermissionsRequest(resource=SHOP, permissions=["run.services.update"])

        assert (await admin.services.test_iam_permissions(request)).permissions == ["run.services.update"]


async def test_a_fault_of_the_world_strikes_every_call() -> None:
    async with served() as admin:
        admin.faults.unavailable = 1.0

        with pytest.raises(exceptions.ServiceUnavailable):
            await admin.services.get_service(name=SHOP, retry=None)
