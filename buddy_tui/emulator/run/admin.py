"""Admin: gRPC of Cloud Run Admin v2 <-> world. Translation only."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from google.cloud import run_v2
from google.iam.v1 import iam_policy_pb2
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.rpc import Message, Unary, lose_reply, service
from buddy_tui.emulator.run.waiting import LongRunning
from buddy_tui.emulator.run.world import World

if TYPE_CHECKING:
    import grpc


def handlers(
    world: World,
    faults: Faults,
    builds: Callable[[Message], Awaitable[Message]],
    operations: LongRunning,
) -> tuple["grpc.GenericRpcHandler[Message, Message]", ...]:
    """Return the handlers of Services, Revisions, Builds and Operations for a grpc.aio server.

    `builds` answers SubmitBuild: raw SubmitBuildRequest in, raw SubmitBuildResponse out.
    """

    async def submitted(request: Message) -> Message:
        begun = await builds(request)
        lose_reply(faults)
        return begun

    tables = {
        "google.cloud.run.v2.Services": _services(world, faults),
        "google.cloud.run.v2.Revisions": _revisions(world),
        "google.cloud.run.v2.Builds": {"SubmitBuild": Unary(run_v2.SubmitBuildRequest.pb(), submitted)},
        "google.longrunning.Operations": _operations(world, operations),
    }
    return tuple(service(name, table, faults) for name, table in tables.items())


def _services(world: World, faults: Faults) -> dict[str, Unary]:
    async def listed(request: Message) -> Message:
        return world.list_services(request.parent, request.page_size, request.page_token)

    async def got(request: Message) -> Message:
        return world.get_service(request.name)

    async def created(request: Message) -> Message:
        done = world.create_service(
            request.parent, request.service_id, request.service, validate_only=request.validate_only
        )
        lose_reply(faults)
        return done

    async def updated(request: Message) -> Message:
        done = world.update_service(
            request.service,
            request.update_mask.paths,
            validate_only=request.validate_only,
            allow_missing=request.allow_missing,
        )
        lose_reply(faults)
        return done

    async def deleted(request: Message) -> Message:
        return world.delete_service(request.name, request.etag, validate_only=request.validate_only)

    async def policy_got(request: Message) -> Message:
        return world.get_policy(request.resource)

    async def policy_set(request: Message) -> Message:
        return world.set_policy(request.resource, request.policy)

    async def tested(request: Message) -> Message:
        held = [permission for permission in request.permissions if permission not in faults.denied]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=held)

    return {
        "ListServices": Unary(run_v2.ListServicesRequest.pb(), listed),
        "GetService": Unary(run_v2.GetServiceRequest.pb(), got),
        "CreateService": Unary(run_v2.CreateServiceRequest.pb(), created),
        "UpdateService": Unary(run_v2.UpdateServiceRequest.pb(), updated),
        "DeleteService": Unary(run_v2.DeleteServiceRequest.pb(), deleted),
        "GetIamPolicy": Unary(iam_policy_pb2.GetIamPolicyRequest, policy_got),
        "SetIamPolicy": Unary(iam_policy_pb2.SetIamPolicyRequest, policy_set),
        "TestIamPermissions": Unary(iam_policy_pb2.TestIamPermissionsRequest, tested),
    }


def _revisions(world: World) -> dict[str, Unary]:
    async def listed(request: Message) -> Message:
        return world.list_revisions(request.parent, request.page_size, request.page_token)

    async def got(request: Message) -> Message:
        return world.get_revision(request.name)

    async def deleted(request: Message) -> Message:
        return world.delete_revision(request.name, request.etag, validate_only=request.validate_only)

    return {
        "ListRevisions": Unary(run_v2.ListRevisionsRequest.pb(), listed),
        "GetRevision": Unary(run_v2.GetRevisionRequest.pb(), got),
        "DeleteRevision": Unary(run_v2.DeleteRevisionRequest.pb(), deleted),
    }


def _operations(world: World, long_running: LongRunning) -> dict[str, Unary]:
    async def listed(request: Message) -> Message:
        return world.list_operations(request.name, request.page_size, request.page_token)

    async def got(request: Message) -> Message:
        return long_running.get(request.name)

    async def waited(request: Message) -> Message:
        return await long_running.wait(request.name, request.timeout.ToNanoseconds() / 1e9)

    async def deleted(request: Message) -> Message:
        world.delete_operation(request.name)
        return empty_pb2.Empty()

    return {
        "ListOperations": Unary(operations_pb2.ListOperationsRequest, listed),
        "GetOperation": Unary(operations_pb2.GetOperationRequest, got),
        "WaitOperation": Unary(operations_pb2.WaitOperationRequest, waited),
        "DeleteOperation": Unary(operations_pb2.DeleteOperationRequest, deleted),
    }
