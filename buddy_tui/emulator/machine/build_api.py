"""REST of builds: begun with Cloud Run, and looked at and cancelled with Cloud Build, v1."""

import re
from collections.abc import Callable

import grpc
from aiohttp import web
from google.protobuf import json_format

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.builds import Builds, SubmitBuildRequest
from buddy_tui.emulator.machine.cloudbuild import ListBuildsResponse
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rest import spoken
from buddy_tui.emulator.rpc import Message, lose_reply

_PARENT = "/v1/{parent:projects/[^/]+/locations/[^/]+}/builds"
_BUILD = "/v1/{name:projects/[^/]+/locations/[^/]+/builds/[^/:]+}"
_OPERATION = "/v1/{name:projects/[^/]+/locations/[^/]+/operations/[^/:]+}"
_SUBMIT = "/v2/{parent:projects/[^/]+/locations/[^/]+}/builds:submit"
# Of the filters, what a client of ours asks: builds that have all of these tags.
_TAGS = re.compile(r'tags ?= ?"([^"]*)"')


def routes(builds: Builds, faults: Faults) -> list[web.RouteDef]:
    """Return `POST …/builds:submit`, `GET …/builds/ID`, `GET …/builds`, `POST …/builds/ID:cancel`, `GET …/operations/ID`."""

    async def submitted(request: web.Request) -> Message:
        asked = json_format.Parse(await request.text(), SubmitBuildRequest(), ignore_unknown_fields=True)
        asked.parent = request.match_info["parent"]
        begun = await builds.submit(asked)
        lose_reply(faults)
        return begun

    async def followed(request: web.Request) -> Message:
        _check(faults, "get")
        operation = builds.operation(request.match_info["name"])
        if operation is None:
            raise Problem(grpc.StatusCode.NOT_FOUND, "Requested entity was not found.")
        return operation

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
        web.post(_SUBMIT, spoken(submitted, faults)),
        web.get(_OPERATION, spoken(followed, faults)),
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
