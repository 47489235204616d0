"""What surrounds a project: enabled APIs, permissions on it and on accounts, and its repository of built images."""

from http import HTTPStatus
from typing import Any

import grpc
from aiohttp import web
from google.iam.v1 import iam_policy_pb2
from google.protobuf import json_format

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rest import spoken
from buddy_tui.emulator.rpc import Message, suffer
from buddy_tui.emulator.run.access import NO_POLICY, succeeding

_HELD = "testIamPermissions"
# A project, one of its service accounts (where `-` is any project), or one of its repositories.
_GUARDED = "/v1/{name:projects/[^/:]+(?:/serviceAccounts/[^/:]+|/locations/[^/:]+/repositories/[^/:]+)?}"
_PERMISSIONS = {
    "": "resourcemanager.projects",
    "serviceAccounts": "iam.serviceAccounts",
    "locations": "artifactregistry.repositories",
}
# What a project like the one of our stories has enabled.
_APIS = (
    "artifactregistry",
    "cloudbuild",
    "cloudresourcemanager",
    "firestore",
    "iam",
    "iamcredentials",
    "logging",
    "run",
    "serviceusage",
    "storage",
)
_REPOSITORY = "cloud-run-source-deploy"
_STATUSES = {403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}


def routes(project: str, number: str, faults: Faults) -> list[web.RouteDef]:
    """Return the routes of Service Usage, Resource Manager, IAM, Artifact Registry and Cloud Build's account.

    They speak the published JSON. `number` is the project's.
    """
    room = _Project(project, number, faults)
    table = (
        ("GET", "/v1/projects", room.projects),
        ("GET", "/v1/projects/{project}", room.project),
        ("GET", "/v1/projects/{project}/services", room.enabled),
        ("GET", "/v1/projects/{project}/services/{service:[^:]+}", room.service),
        ("POST", "/v1/projects/{project}/services/{service:[^:]+}:enable", room.enable),
        ("POST", "/v1/projects/{project}/services:batchEnable", room.enable),
        ("GET", "/v1/projects/{project}/locations/{region}/defaultServiceAccount", room.builder),
        ("GET", "/v1/projects/{project}/serviceAccounts", room.accounts),
        ("GET", "/v1/projects/-/serviceAccounts/{email:[^/:]+}", room.account),
        ("GET", "/v1/projects/{project}/services:batchGet", room.services),
        ("POST", f"/v3/projects/{{project}}:{_HELD}", room.held),
        ("POST", f"/v1/projects/-/serviceAccounts/{{email:[^/:]+}}:{_HELD}", room.held),
        (
            "GET",
            "/v1/projects/{project}/locations/{region}/repositories/{repository:[^/:]+}",
            room.repository,
        ),
        ("*", f"{_GUARDED}:getIamPolicy", spoken(room.policy, faults)),
        ("POST", f"{_GUARDED}:setIamPolicy", spoken(room.granted, faults)),
    )
    return [web.route(method, path, handler) for method, path, handler in table]


class _Project:
    def __init__(self, project: str, number: str, faults: Faults) -> None:
        self._project = project
        self._number = number
        self._faults = faults
        self._policies: dict[str, Message] = {}

    async def projects(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "cloudresourcemanager.googleapis.com"):
            return refused
        return web.json_response({"projects": [self._told()]})

    async def project(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "cloudresourcemanager.googleapis.com"):
            return refused
        return web.json_response(self._told())

    async def enabled(self, request: web.Request) -> web.Response:
        if refused := await self._refused(
            request, "serviceusage.googleapis.com", "serviceusage.services.list"
        ):
            return refused
        known = {f"{name}.googleapis.com" for name in _APIS} | self._faults.apis_off
        told = [self._service(f"projects/{self._number}/services/{name}") for name in sorted(known)]
        wanted = request.query.get("filter", "").removeprefix("state:")
        return web.json_response({"services": [one for one in told if wanted in ("", one["state"])]})

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
        one = request.match_info.get("service")
        names = [one] if one else (await request.json()).get("serviceIds", ())
        self._faults.apis_off -= frozenset(names)
        return web.json_response({"name": "operations/noop.DONE_OPERATION", "done": True, "response": {}})

    async def builder(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "cloudbuild.googleapis.com"):
            return refused
        account = f"projects/{self._project}/serviceAccounts/{self._default}"
        return web.json_response({"name": request.path.removeprefix("/v1/"), "serviceAccountEmail": account})

    async def accounts(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "iam.googleapis.com", "iam.serviceAccounts.list"):
            return refused
        told = {**self._account(self._default), "displayName": "Default compute service account"}
        return web.json_response({"accounts": [told]})

    async def account(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request, "iam.googleapis.com", "iam.serviceAccounts.get"):
            return refused
        return web.json_response(self._account(request.match_info["email"]))

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

    async def policy(self, request: web.Request) -> Message:
        """Return who was granted what. It is kept, and opens nothing: what callers lack is a fault of the world."""
        return self._policies.get(self._guarded(request, "getIamPolicy"), NO_POLICY)

    async def granted(self, request: web.Request) -> Message:
        name = self._guarded(request, "setIamPolicy")
        asked = json_format.Parse(await request.text(), iam_policy_pb2.SetIamPolicyRequest())
        self._policies[name] = succeeding(self._policies.get(name), asked.policy, 0)
        return self._policies[name]

    def _guarded(self, request: web.Request, verb: str) -> str:
        """Return what a request is about, within the project: empty for the project itself. Raises a Problem."""
        _, project, *inner = request.match_info["name"].split("/")
        kind = inner[0] if inner else ""
        known = project == self._project or (project == "-" and kind == "serviceAccounts")
        if not known or f"{_PERMISSIONS[kind]}.{verb}" in self._faults.denied:
            raise Problem(grpc.StatusCode.PERMISSION_DENIED, "The caller does not have permission")
        return "/".join(inner)

    @property
    def _default(self) -> str:
        return f"{self._number}-compute@developer.gserviceaccount.com"

    def _told(self) -> dict[str, Any]:
        return {"projectId": self._project, "projectNumber": self._number, "lifecycleState": "ACTIVE"}

    def _account(self, email: str) -> dict[str, Any]:
        return {"name": f"projects/{self._project}/serviceAccounts/{email}", "email": email}

    def _service(self, name: str) -> dict[str, Any]:
        api = name.rpartition("/")[2]
        return {
            "name": name,
            "parent": f"projects/{self._project}",
            "config": {"name": api},
            "state": "DISABLED" if api in self._faults.apis_off else "ENABLED",
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
