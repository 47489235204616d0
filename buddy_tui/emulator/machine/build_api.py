"""Cloud Build's REST API, v1, as far as builds are looked at and cancelled there."""

import re
from collections.abc import Callable

import grpc
from aiohttp import web

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.builds import Builds
from buddy_tui.emulator.machine.cloudbuild import ListBuildsResponse
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.rest import spoken

_PARENT = "/v1/{parent:projects/[^/]+/locations/[^/]+}/builds"
_BUILD = "/v1/{name:projects/[^/]+/locations/[^/]+/builds/[^/:]+}"
# Of the filters, what a client of ours asks: builds that have all of these tags.
_TAGS = re.compile(r'tags ?= ?"([^"]*)"')


def routes(builds: Builds, faults: Faults) -> list[web.RouteDef]:
    """Return `GET …/builds/ID`, `GET …/builds` and `POST …/builds/ID:cancel`."""

    async def got(request: web.Request) -> Message:
        _check(faults, "get")
        return builds.get(request.match_info["name"])

    async def listed(request: web.Request) -> Message:
        _check(faults, "list")
        wanted = _filter(request.query.get("filter", ""))
        found = [build for build in builds.below(request.match_info["parent"]) if wanted(build)]
        start = int(request.query.get("pageToken", "0"))
        end = start + int(request.query.get("pageSize", "100"))
        return ListBuildsResponse(
            builds=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    async def cancelled(request: web.Request) -> Message:
        _check(faults, "update")
        return builds.cancel(request.match_info["name"])

    return [
        web.get(_BUILD, spoken(got, faults)),
        web.get(_PARENT, spoken(listed, faults)),
        web.post(f"{_BUILD}:cancel", spoken(cancelled, faults)),
    ]


def _check(faults: Faults, verb: str) -> None:
    permission = f"cloudbuild.builds.{verb}"
    if permission in faults.denied:
        raise Problem(grpc.StatusCode.PERMISSION_DENIED, f"Permission '{permission}' denied on resource.")


def _filter(text: str) -> Callable[[Message], bool]:
    terms = [_TAGS.fullmatch(term) for term in text.split(" AND ")] if text else []
    tags = {term[1] for term in terms if term}
    if len(terms) != sum(term is not None for term in terms):
        raise Problem(grpc.StatusCode.INVALID_ARGUMENT, f"invalid filter: {text}")
    return lambda build: tags <= set(build.tags)
