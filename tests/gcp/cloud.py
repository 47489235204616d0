"""A Cloud Run of a few lines on loopback: real gRPC and real HTTP, scripted answers."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from aiohttp import web
from google.cloud import run_v2
from google.iam.v1 import iam_policy_pb2
from google.longrunning import operations_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from buddy_tui.config import Known, Settings
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import suffer

# A raw protobuf message: the generated classes carry no types.
Message = Any


@dataclass
class Cloud:
    """What it answers, and what it was asked.

    `faults` are those of the emulator's worlds. `trouble` maps a method to how many of its coming calls fail, and
    with which status; `pages` is how many things one page of a listing holds; `sign_in_page` is where a captive
    network sends every request over HTTP.
    """

    services: list[run_v2.Service] = field(default_factory=list)
    revisions: list[run_v2.Revision] = field(default_factory=list)
    regions: tuple[str, ...] = ("europe-west1", "us-east1")
    pages: int = 1000
    trouble: dict[str, tuple[int, status_pb2.Status]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    metadata: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    host: str = ""
    rest: str = ""
    sign_in_page: str = ""
    updates: list[Message] = field(default_factory=list)
    told: Message = None
    held: tuple[str, ...] = ()

    def fail(
        self, method: str, code: int, message: str, info: Mapping[str, str] | None = None, times: int = 1000
    ) -> None:
        """Let the coming calls of `method` fail; `info` is an ErrorInfo's metadata, and its `reason`."""
        status = status_pb2.Status(code=code, message=message)
        if info:
            told = dict(info)
            reason = told.pop("reason", "")
            detail = error_details_pb2.ErrorInfo(reason=reason, domain="googleapis.com", metadata=told)
            status.details.add().Pack(detail)
        self.trouble[method] = (times, status)

    def settings(self) -> Settings:
        """Return settings whose Cloud Run this is."""
        return Settings(project=Known("acme-prod"), emulated=Known(self.host, "CLOUD_RUN_EMULATOR_HOST"))

    async def answer(self, method: str, request: Message, context: Any) -> Message:  # noqa: ANN401 - gRPC's own
        self.calls.append(method)
        self.metadata = {key: str(value) for key, value in context.invocation_metadata()}
        try:
            await suffer(self.faults)
        except Problem as problem:
            await context.abort(problem.code, problem.message)
        times, status = self.trouble.get(method, (0, None))
        if times:
            self.trouble[method] = (times - 1, status)
            await self._abort(context, status)
        return await getattr(self, f"_{method}")(request, context)

    async def _abort(self, context: Any, status: Message) -> None:  # noqa: ANN401
        codes = {code.value[0]: code for code in grpc.StatusCode}
        await context.abort(
            codes[status.code],
            status.message,
            (("grpc-status-details-bin", status.SerializeToString()),),
        )

    async def _GetService(self, request: Message, context: Any) -> Message:  # noqa: N802, ANN401
        found = [one for one in self.services if one.name == request.name]
        if not found:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"Resource '{request.name}' was not found.")
        return run_v2.Service.pb(found[0])

    async def _ListServices(self, request: Message, _context: Any) -> Message:  # noqa: N802, ANN401
        here = [one for one in self.services if one.name.startswith(f"{request.parent}/")]
        page, token = self._page(here, request.page_token)
        return run_v2.ListServicesResponse.pb(
            run_v2.ListServicesResponse(services=page, next_page_token=token)
        )

    async def _ListRevisions(self, request: Message, _context: Any) -> Message:  # noqa: N802, ANN401
        page, token = self._page(self.revisions, request.page_token)
        return run_v2.ListRevisionsResponse.pb(
            run_v2.ListRevisionsResponse(revisions=page, next_page_token=token)
        )

    async def _UpdateService(self, request: Message, _context: Any) -> Message:  # noqa: N802, ANN401
        self.updates.append(request)
        operation = operations_pb2.Operation(name="projects/acme-prod/locations/europe-west1/operations/1")
        if self.told is not None:
            operation.metadata.CopyFrom(self.told)
        return operation

    async def _TestIamPermissions(self, request: Message, _context: Any) -> Message:  # noqa: N802, ANN401
        held = [one for one in request.permissions if one in self.held]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=held)

    def _page(self, things: list[Any], token: str) -> tuple[list[Any], str]:
        start = int(token or 0)
        end = start + self.pages
        return things[start:end], str(end) if end < len(things) else ""

    async def locations(self, request: web.Request) -> web.Response:
        """Answer `GET /v1/projects/P/locations`, two regions a page."""
        self.calls.append("locations")
        times, told = self.trouble.get("locations", (0, None))
        if times:
            self.trouble["locations"] = (times - 1, told)
            status = {code_pb2.PERMISSION_DENIED: 403, code_pb2.UNAVAILABLE: 503}[told.code]
            error = {"code": status, "message": told.message, "status": code_pb2.Code.Name(told.code)}
            return web.json_response({"error": error}, status=status)
        if self.sign_in_page:
            raise web.HTTPFound(self.sign_in_page)
        start = int(request.query.get("pageToken") or 0)
        page = [{"locationId": region} for region in self.regions[start : start + 2]]
        more = {"nextPageToken": str(start + 2)} if start + 2 < len(self.regions) else {}
        return web.json_response({"locations": page} | more)


@asynccontextmanager
async def running(cloud: Cloud) -> AsyncGenerator[Cloud, None]:
    """Serve `cloud` on free ports of loopback."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (
            _handlers(
                cloud,
                "Services",
                {
                    "GetService": run_v2.GetServiceRequest.pb(),
                    "ListServices": run_v2.ListServicesRequest.pb(),
                    "UpdateService": run_v2.UpdateServiceRequest.pb(),
                    "TestIamPermissions": iam_policy_pb2.TestIamPermissionsRequest,
                },
            ),
            _handlers(cloud, "Revisions", {"ListRevisions": run_v2.ListRevisionsRequest.pb()}),
        )
    )
    cloud.host = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    app = web.Application()
    app.router.add_get("/v1/projects/{project}/locations", cloud.locations)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    cloud.rest = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield cloud
    finally:
        await runner.cleanup()
        await server.stop(None)


def _handlers(
    cloud: Cloud, name: str, requests: dict[str, Any]
) -> "grpc.GenericRpcHandler[Message, Message]":
    def handler(method: str, request: Any) -> "grpc.RpcMethodHandler[Message, Message]":  # noqa: ANN401
        async def call(message: Message, context: Any) -> Message:  # noqa: ANN401
            return await cloud.answer(method, message, context)

        return grpc.unary_unary_rpc_method_handler(
            call, request.FromString, lambda message: message.SerializeToString()
        )

    return grpc.method_handlers_generic_handler(
        f"google.cloud.run.v2.{name}",
        {method: handler(method, request) for method, request in requests.items()},
    )
