"""The registry's own API, as far as it tells whether an image is there (OCI distribution specification)."""

from http import HTTPStatus

from aiohttp import web

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import suffer

_PATH = "/v2/{name:.+}/manifests/{digest:sha256:[0-9a-f]{64}}"
_KIND = "application/vnd.oci.image.manifest.v1+json"
_PERMISSION = "artifactregistry.repositories.downloadArtifacts"


def routes(registry: Registry, faults: Faults) -> list[web.RouteDef]:
    """Return `HEAD /v2/NAME/manifests/DIGEST`: 200 or 404. NAME is an image's, without the registry's host."""

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

    return [web.head(_PATH, head)]
