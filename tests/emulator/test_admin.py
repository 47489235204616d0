"""The table of methods agrees with what Google's own transports call."""

import re

import grpc
import pytest
from google.cloud.run_v2.services.builds.transports import BuildsGrpcTransport
from google.cloud.run_v2.services.revisions.transports import RevisionsGrpcTransport
from google.cloud.run_v2.services.services.transports import ServicesGrpcTransport

from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.admin import handlers
from buddy_tui.emulator.run.waiting import LongRunning
from tests.emulator.admin_fixture import Stand, no_builds

_SERVED = {
    "/google.cloud.run.v2.Services/ListServices",
    "/google.cloud.run.v2.Services/GetService",
    "/google.cloud.run.v2.Services/CreateService",
    "/google.cloud.run.v2.Services/UpdateService",
    "/google.cloud.run.v2.Services/DeleteService",
    "/google.cloud.run.v2.Services/TestIamPermissions",
    "/google.cloud.run.v2.Revisions/ListRevisions",
    "/google.cloud.run.v2.Revisions/GetRevision",
    "/google.cloud.run.v2.Revisions/DeleteRevision",
    "/google.cloud.run.v2.Builds/SubmitBuild",
    "/google.longrunning.Operations/ListOperations",
    "/google.longrunning.Operations/GetOperation",
    "/google.longrunning.Operations/WaitOperation",
    "/google.longrunning.Operations/DeleteOperation",
}

_METHODS = [re.sub("(?<!^)(?=[A-Z])", "_", path.rpartition("/")[2]).lower() for path in _SERVED]


class Recorder:
    """Stands in for a channel: it only notes which methods a transport makes stubs of, and what they send."""

    def __init__(self) -> None:
        self.sent: dict[str, str] = {}

    def unary_unary(
        self, method: str, *, request_serializer: Message, response_deserializer: Message
    ) -> Message:
        self.sent[method] = _message(request_serializer)
        return lambda *_, **__: None


def _message(serializer: Message) -> str:
    """Return the full name of what a serializer takes; a raw class's own method does not tell."""
    of = getattr(serializer, "__self__", None)
    return "" if of is None else str(of.pb().DESCRIPTOR.full_name)


@pytest.fixture(scope="module")
def called() -> dict[str, str]:
    """Return what Google's transports call: method path to request type."""
    recorder = Recorder()
    with grpc.insecure_channel("127.0.0.1:1") as channel:
        for kind in (ServicesGrpcTransport, RevisionsGrpcTransport, BuildsGrpcTransport):
            transport: Message = kind(channel=channel)
            # Its own channel makes no stub before a call, and the constructor has asked it for all of them.
            transport._logged_channel = recorder
            transport._stubs.clear()
            for method in _METHODS:
                if hasattr(kind, method):
                    getattr(transport, method)
    return recorder.sent


@pytest.mark.parametrize("path", sorted(_SERVED))
def test_a_method_takes_what_googles_transport_sends(path: str, called: dict[str, str]) -> None:
    stand = Stand()
    running = LongRunning(stand.world, stand.bell)
    details = type("Details", (grpc.HandlerCallDetails,), {"method": path, "invocation_metadata": ()})()

    found: list[Message] = [
        handler
        for generic in handlers(stand.world, stand.faults, no_builds, running)
        if (handler := generic.service(details))
    ]

    assert len(found) == 1
    taken = found[0].request_deserializer.__self__.DESCRIPTOR.full_name
    assert taken.endswith(f".{path.rpartition('/')[2]}Request")
    assert called[path] in (taken, "")
