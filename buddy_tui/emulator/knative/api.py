"""Run v1: Knative's JSON over REST <-> world. Translation only.

As Google has it, the host names the region: `us-central1-run.…/apis/serving.knative.dev/v1/namespaces/PROJECT/…`.
"""

import json
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import grpc
from aiohttp import web
from google.longrunning import operations_pb2
from google.protobuf import json_format

from buddy_tui.emulator.callers import calling, current
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.knative import resources
from buddy_tui.emulator.names import Problem, Where, parse
from buddy_tui.emulator.rest import answered
from buddy_tui.emulator.rpc import Message, lose_reply
from buddy_tui.emulator.run import wording
from buddy_tui.emulator.run.entry import short
from buddy_tui.emulator.run.messages import Service
from buddy_tui.emulator.run.waiting import LongRunning
from buddy_tui.emulator.run.world import World

_Json = dict[str, Any]
_Answer = Callable[[web.Request], Awaitable[_Json]]
_NAMESPACE = f"/apis/{resources.API}/namespaces/{{project}}"
_JOBS = "run.googleapis.com/v1"
# What a list without a limit answers with; gcloud asks for services once, and never for the rest.
_MOST = 1000
_METHODS = "google.cloud.run.v1"
_HOST = re.compile(r"([a-z]+-[a-z]+\d+)-")


def routes(world: World, faults: Faults, operations: LongRunning) -> list[web.RouteDef]:
    """Return the routes of Run v1: services, revisions, configurations, routes, and waiting for operations."""
    api = _Api(world, faults, operations)
    table: tuple[tuple[str, str, _Answer], ...] = (
        ("GET", f"{_NAMESPACE}/services", api.services),
        ("POST", f"{_NAMESPACE}/services", api.create),
        ("GET", f"{_NAMESPACE}/services/{{service}}", api.service),
        ("PUT", f"{_NAMESPACE}/services/{{service}}", api.replace),
        ("DELETE", f"{_NAMESPACE}/services/{{service}}", api.delete),
        ("GET", f"{_NAMESPACE}/revisions", api.revisions),
        ("GET", f"{_NAMESPACE}/revisions/{{revision}}", api.revision),
        ("DELETE", f"{_NAMESPACE}/revisions/{{revision}}", api.delete_revision),
        ("GET", f"{_NAMESPACE}/{{part:configurations|routes}}", api.parts),
        ("GET", f"{_NAMESPACE}/{{part:configurations|routes}}/{{service}}", api.part),
        ("GET", f"/apis/{_JOBS}/namespaces/{{project}}/{{kind:jobs|executions}}", _none),
        ("GET", "/v1/projects/{project}/locations/-/services", api.everywhere),
        ("POST", "/v1/{name:projects/[^/]+/locations/[^/]+/operations/[^/:]+}:wait", api.wait),
    )
    return [web.route(verb, path, _spoken(answer, faults)) for verb, path, answer in table]


def _spoken(answer: _Answer, faults: Faults) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(await answer(request))

    return answered(handle, faults)


class _Api:
    def __init__(self, world: World, faults: Faults, operations: LongRunning) -> None:
        self._world = world
        self._faults = faults
        self._operations = operations

    async def services(self, request: web.Request) -> _Json:
        found = self._world.list_services(_place(request).parent, *_page(request))
        return resources.list_json("Service", map(self._told, found.services), found.next_page_token)

    async def everywhere(self, request: web.Request) -> _Json:
        project = request.match_info["project"]
        places = [Where(project, region) for region in self._world.regions(f"projects/{project}")]
        found = [one for place in places for one in self._world.list_services(place.parent, _MOST).services]
        return resources.list_json("Service", map(self._told, found))

    async def service(self, request: web.Request) -> _Json:
        return self._told(self._world.get_service(_place(request).service_path))

    async def create(self, request: web.Request) -> _Json:
        said, where = await _json(request), _place(request)
        wanted = _read(said, Service())
        name = said.get("metadata", {}).get("name", "")
        with _auditing("CreateService", replace(where, service=name), said):
            operation = self._world.create_service(where.parent, name, wanted, validate_only=_is_dry(request))
        lose_reply(self._faults)
        return self._begun(operation)

    async def replace(self, request: web.Request) -> _Json:
        said, where = await _json(request), _place(request)
        wanted = _read(said, self._world.get_service(where.service_path))
        with _auditing("ReplaceService", where, said):
            operation = self._world.update_service(wanted, resources.WRITTEN, validate_only=_is_dry(request))
        lose_reply(self._faults)
        return self._begun(operation)

    async def delete(self, request: web.Request) -> _Json:
        where = _place(request)
        with _auditing("DeleteService", where, {}):
            self._world.delete_service(where.service_path, validate_only=_is_dry(request))
        return {"apiVersion": "v1", "kind": "Status", "status": "Success"}

    async def revisions(self, request: web.Request) -> _Json:
        where, wanted = _place(request), _selector(request.query.get("labelSelector", ""))
        service = wanted.pop(resources.SERVICE, "-")
        try:
            found = self._world.list_revisions(f"{where.parent}/services/{service}", *_page(request))
        except Problem as problem:
            if problem.code != grpc.StatusCode.NOT_FOUND:
                raise
            return resources.list_json("Revision", ())
        told = [resources.revision_json(one, self._world.number) for one in found.revisions]
        matching = [one for one in told if wanted.items() <= one["metadata"]["labels"].items()]
        return resources.list_json("Revision", matching, found.next_page_token)

    async def revision(self, request: web.Request) -> _Json:
        return resources.revision_json(self._find(request), self._world.number)

    async def delete_revision(self, request: web.Request) -> _Json:
        found = self._find(request)
        with _auditing("DeleteRevision", parse(found.name), {}):
            self._world.delete_revision(found.name, validate_only=_is_dry(request))
        return {"apiVersion": "v1", "kind": "Status", "status": "Success"}

    async def parts(self, request: web.Request) -> _Json:
        kind, tell = _PARTS[request.match_info["part"]]
        found = self._world.list_services(_place(request).parent, _MOST).services
        return resources.list_json(kind, (tell(one, self._world.number) for one in found))

    async def part(self, request: web.Request) -> _Json:
        _, tell = _PARTS[request.match_info["part"]]
        return tell(self._world.get_service(_place(request).service_path), self._world.number)

    async def wait(self, request: web.Request) -> _Json:
        asked = json_format.ParseDict(await _json(request), operations_pb2.WaitOperationRequest())
        seconds = asked.timeout.ToNanoseconds() / 1e9
        operation = await self._operations.wait(request.match_info["name"], seconds)
        told: _Json = {"name": operation.name, "done": operation.done}
        if operation.error.code:
            told["error"] = {"code": operation.error.code, "message": operation.error.message}
        elif operation.done:
            response = self._told(_resource(operation), short(operation.name))
            told["response"] = {"@type": f"type.googleapis.com/{_METHODS}.Service", **response}
        return told

    def _told(self, service: Message, operation: str = "") -> _Json:
        return resources.service_json(service, self._world.number, operation)

    def _begun(self, operation: Message) -> _Json:
        """Tell the service of an operation as it is, with the annotation by which gcloud waits for it."""
        return self._told(_resource(operation), short(operation.name))

    def _find(self, request: web.Request) -> Message:
        """Return the revision that a request names: in v1, without its service."""
        where = _place(request)
        name, token = request.match_info["revision"], ""
        while True:
            page = self._world.list_revisions(f"{where.parent}/services/-", _MOST, token)
            for one in page.revisions:
                if short(one.name) == name:
                    return one
            token = page.next_page_token
            if not token:
                raise wording.missing(Where(self._world.project, where.region, revision=name))


_PARTS = {
    "configurations": ("Configuration", resources.configuration_json),
    "routes": ("Route", resources.route_json),
}


async def _none(request: web.Request) -> _Json:
    """Answer that there are no jobs: this Cloud Run has services alone."""
    kind = {"jobs": "JobList", "executions": "ExecutionList"}[request.match_info["kind"]]
    return {"apiVersion": _JOBS, "kind": kind, "metadata": {}, "items": []}


def _place(request: web.Request) -> Where:
    named = _HOST.match(request.url.host or "")
    if named is None:
        raise ValueError("the host must begin with the name of a region.")
    return Where(request.match_info["project"], named[1], request.match_info.get("service", ""))


def _page(request: web.Request) -> tuple[int, str]:
    return int(request.query.get("limit") or _MOST), request.query.get("continue", "")


async def _json(request: web.Request) -> _Json:
    said = json.loads(await request.read() or b"{}")
    if not isinstance(said, dict):
        raise ValueError("an object is wanted.")  # noqa: TRY004 - it is the caller's mistake
    return said


def _read(said: _Json, current: Message) -> Message:
    """Read a service; whatever shape it lacks is the caller's mistake too."""
    try:
        return resources.read_service(said, current)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a service: {error}") from None


def _selector(text: str) -> dict[str, str]:
    """Read `key = value, key = value`."""
    pairs = (term.partition("=") for term in text.split(",") if term)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _is_dry(request: web.Request) -> bool:
    return request.query.get("dryRun", "") == "all"


def _resource(operation: Message) -> Message:
    """Return the service that an operation is about."""
    service = Service()
    operation.metadata.Unpack(service)
    return service


def _auditing(method: str, where: Where, said: _Json) -> AbstractContextManager[None]:
    """Let the audit log tell of v1's own method and request."""
    request: _Json = {"@type": f"type.googleapis.com/{_METHODS}.{method}Request"}
    kind, name = ("revisions", where.revision) if where.revision else ("services", where.service)
    request["name"] = f"namespaces/{where.project}/{kind}/{name}"
    if said:
        request["service"] = said
    family = "Revisions" if where.revision else "Services"
    return calling(replace(current(), method=f"{_METHODS}.{family}.{method}", request=request))
