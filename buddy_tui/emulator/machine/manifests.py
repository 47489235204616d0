"""The registry's APIs: whether an image is there (OCI distribution specification), and which are (Artifact Registry)."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.images import Built, Registry
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rest import answered
from buddy_tui.emulator.rpc import suffer

_PATH = "/v2/{name:.+}/manifests/{digest:sha256:[0-9a-f]{64}}"
_IMAGES = "/v1/projects/{project}/locations/{region}/repositories/{repository}/dockerImages"
_KIND = "application/vnd.oci.image.manifest.v1+json"
_PERMISSION = "artifactregistry.repositories.downloadArtifacts"


def routes(registry: Registry, faults: Faults) -> list[web.RouteDef]:
    """Return `HEAD /v2/NAME/manifests/DIGEST` (200 or 404), and `GET …/repositories/REPOSITORY/dockerImages`.

    NAME is an image's, without the registry's host.
    """

    async def head(request: web.Request) -> web.Response:
        try:
            await suffer(faults)
        except Problem:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        if _PERMISSION in faults.denied:
            return web.Response(status=HTTPStatus.FORBIDDEN)
        digest = request.match_info["digest"]
        if not registry.holds(request.match_info["name"], digest):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.Response(headers={"Docker-Content-Digest": digest}, content_type=_KIND)

    async def images(request: web.Request) -> web.StreamResponse:
        asked = request.match_info
        parent = request.path.removeprefix("/v1/")
        found = registry.below(f"{asked['region']}-docker.pkg.dev/{asked['project']}/{asked['repository']}")
        told = [_image(parent, built, latest=latest) for built, latest in found]
        return web.json_response({"dockerImages": told} if told else {})

    return [web.head(_PATH, head), web.get(_IMAGES, answered(images, faults))]


def _image(parent: str, built: Built, *, latest: bool) -> dict[str, Any]:
    told = {
        "name": f"{parent}/{built.reference.rpartition('/')[2]}",
        "uri": built.reference,
        "uploadTime": built.finished.isoformat(),
        "updateTime": built.finished.isoformat(),
    }
    return {**told, **({"tags": ["latest"]} if latest else {})}
