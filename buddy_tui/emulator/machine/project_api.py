"""What surrounds a project: enabled APIs, permissions on it and on accounts, and its repository of built images."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import suffer

_HELD = "testIamPermissions"
_REPOSITORY = "cloud-run-source-deploy"
_STATUSES = {403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}


def routes(project: str, number: str, faults: Faults) -> list[web.RouteDef]:
    """Return the routes of Service Usage, Resource Manager, IAM, Artifact Registry and Cloud Build's account.

    They speak the published JSON. `number` is the project's.
    """
    room = _Project(project, number, faults)
    table = (
        ("GET", "/v1/projects/{project}", room.project),
        ("GET", "/v1/projects/{project}/services/{service:[^:]+}", room.service),
        ("POST", "/v1/projects/{project}/services:batchEnable", room.enable),
        ("GET", "/v1/projects/{project}/locations/{region}/defaultServiceAccount", room.builder),
        ("GET", "/v1/projects/-/serviceAccounts/{email:[^/:]+}", room.account),
        ("GET", "/v1/projects/{project}/services:batchGet", room.services),
        ("POST", f"/v3/projects/{{project}}:{_HELD}", room.held),
        ("POST", f"/v1/projects/-/serviceAccounts/{{email:[^/:]+}}:{_HELD}", room.held),
        ("GET", "/v1/projects/{project}/locations/{region}/repositories/{repository}", room.repository),
    )
    return [web.route(method, path, handler) for method, path, handler in table]


class _Project:
    def __init__(self, project: str, number: str, faults: Faults) -> None:
        self._project = project
        self._number = number
        self._faults = faults

    async def project(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "cloudresourcemanager.googleapis.com"):
            return refused
        told = {"projectId": self._project, "projectNumber": self._number, "lifecycleState": "ACTIVE"}
        return web.json_response(told)

    async def service(self, request: web.Request) -> web.Response:
        if refused := await self._refused(
            request, "serviceusage.googleapis.com", "serviceusage.services.get"
        ):
            return refused
        return web.json_response(self._service(request.path.removeprefix("/v1/")))

    async def enable(self, request: web.Request) -> web.Response:
        if refused := await self._refused(
            request, "serviceusage.googleapis.com", "serviceusage.services.enable"
        ):
            return refused
        self._faults.apis_off -= frozenset((await request.json()).get("serviceIds", ()))
        return web.json_response({"name": "operations/noop.DONE_OPERATION", "done": True, "response": {}})

    async def builder(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "cloudbuild.googleapis.com"):
            return refused
        account = (
            f"projects/{self._project}/serviceAccounts/{self._number}-compute@developer.gserviceaccount.com"
        )
        return web.json_response({"name": request.path.removeprefix("/v1/"), "serviceAccountEmail": account})

    async def account(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "iam.googleapis.com", "iam.serviceAccounts.get"):
            return refused
        email = request.match_info["email"]
        told = {"name": f"projects/{self._project}/serviceAccounts/{email}", "email": email}
        return web.json_response(told)

    async def services(self, request: web.Request) -> web.Response:
        if refused := await self._refused(
            request, "serviceusage.googleapis.com", "serviceusage.services.get"
        ):
            return refused
        names = request.query.getall("names", [])
        return web.json_response({"services": [self._service(name) for name in names]})

    async def held(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "cloudresourcemanager.googleapis.com"):
            return refused
        asked = (await request.json()).get("permissions", ())
        held = [permission for permission in asked if permission not in self._faults.denied]
        # An empty list is left out of JSON, as everywhere in Google's APIs.
        return web.json_response({"permissions": held} if held else {})

    async def repository(self, request: web.Request) -> web.Response:
        if refused := await self._refused(
            request, "artifactregistry.googleapis.com", "artifactregistry.repositories.get"
        ):
            return refused
        if request.match_info["repository"] != _REPOSITORY:
            return _error(HTTPStatus.NOT_FOUND, "Requested entity was not found.")
        return web.json_response({"name": request.path.removeprefix("/v1/"), "format": "DOCKER"})

    def _service(self, name: str) -> dict[str, Any]:
        off = name.rpartition("/")[2] in self._faults.apis_off
        return {
            "name": name,
            "parent": f"projects/{self._project}",
            "state": "DISABLED" if off else "ENABLED",
        }

    async def _refused(self, request: web.Request, api: str, permission: str = "") -> web.Response | None:
        try:
            await suffer(self._faults)
        except Problem as problem:
            busy = problem.code.name == "RESOURCE_EXHAUSTED"
            status = HTTPStatus.TOO_MANY_REQUESTS if busy else HTTPStatus.SERVICE_UNAVAILABLE
            return _error(status, problem.message)
        if request.match_info.get("project", self._project) != self._project:
            return _error(HTTPStatus.FORBIDDEN, "The caller does not have permission")
        if api in self._faults.apis_off:
            return _disabled(api, self._project)
        if permission in self._faults.denied:
            return _error(HTTPStatus.FORBIDDEN, f"Permission '{permission}' denied on resource.")
        return None


def _disabled(api: str, project: str) -> web.Response:
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": api, "consumer": f"projects/{project}"},
    }
    said = f"{api} has not been used in project {project} before or it is disabled."
    return _error(HTTPStatus.FORBIDDEN, said, detail)


def _error(status: HTTPStatus, message: str, *details: dict[str, Any]) -> web.Response:
    error = {"code": int(status), "message": message, "status": _STATUSES[status], "details": list(details)}
    return web.json_response({"error": error}, status=status)
