"""Admin: v2 REST of Cloud Run Admin <-> world, and the v1 list of regions. Translation only."""

import re

from aiohttp import web
from google.cloud.location import locations_pb2
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2, json_format

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.rest import Answer, spoken
from buddy_tui.emulator.rpc import Message, lose_reply
from buddy_tui.emulator.run.messages import Service
from buddy_tui.emulator.run.waiting import LongRunning
from buddy_tui.emulator.run.world import World

_PLACE = "/v2/{parent:projects/[^/]+/locations/[^/]+}"
_SERVICE = "/v2/{name:projects/[^/]+/locations/[^/]+/services/[^/:]+}"
_REVISION = "/v2/{name:projects/[^/]+/locations/[^/]+/services/[^/:]+/revisions/[^/:]+}"
_OPERATION = "/v2/{name:projects/[^/]+/locations/[^/]+/operations/[^/:]+}"


def routes(world: World, faults: Faults, operations: LongRunning) -> list[web.RouteDef]:
    """Return the routes of services, revisions, operations and locations."""
    table = (
        *_services(world, faults),
        *_revisions(world),
        *_operations(world, operations),
        *_locations(world),
    )
    return [web.route(verb, path, spoken(answer, faults)) for verb, path, answer in table]


def _services(world: World, faults: Faults) -> tuple[tuple[str, str, Answer], ...]:
    async def listed(request: web.Request) -> Message:
        return world.list_services(request.match_info["parent"], *_page(request))

    async def created(request: web.Request) -> Message:
        done = world.create_service(
            request.match_info["parent"],
            request.query.get("serviceId", ""),
            await _body(request),
            validate_only=_flag(request, "validateOnly"),
        )
        lose_reply(faults)
        return done

    async def got(request: web.Request) -> Message:
        return world.get_service(request.match_info["name"])

    async def updated(request: web.Request) -> Message:
        service = await _body(request)
        service.name = request.match_info["name"]
        done = world.update_service(
            service,
            _mask(request),
            validate_only=_flag(request, "validateOnly"),
            allow_missing=_flag(request, "allowMissing"),
        )
        lose_reply(faults)
        return done

    async def deleted(request: web.Request) -> Message:
        return world.delete_service(*_deletion(request), validate_only=_flag(request, "validateOnly"))

    return (
        ("GET", f"{_PLACE}/services", listed),
        ("POST", f"{_PLACE}/services", created),
        ("GET", _SERVICE, got),
        ("PATCH", _SERVICE, updated),
        ("DELETE", _SERVICE, deleted),
    )


def _revisions(world: World) -> tuple[tuple[str, str, Answer], ...]:
    async def listed(request: web.Request) -> Message:
        return world.list_revisions(request.match_info["name"], *_page(request))

    async def got(request: web.Request) -> Message:
        return world.get_revision(request.match_info["name"])

    async def deleted(request: web.Request) -> Message:
        return world.delete_revision(*_deletion(request), validate_only=_flag(request, "validateOnly"))

    return (
        ("GET", f"{_SERVICE}/revisions", listed),
        ("GET", _REVISION, got),
        ("DELETE", _REVISION, deleted),
    )


def _operations(world: World, long_running: LongRunning) -> tuple[tuple[str, str, Answer], ...]:
    async def listed(request: web.Request) -> Message:
        return world.list_operations(request.match_info["parent"], *_page(request))

    async def got(request: web.Request) -> Message:
        return long_running.get(request.match_info["name"])

    async def deleted(request: web.Request) -> Message:
        world.delete_operation(request.match_info["name"])
        return empty_pb2.Empty()

    async def waited(request: web.Request) -> Message:
        asked = json_format.Parse(await request.text() or "{}", operations_pb2.WaitOperationRequest())
        return await long_running.wait(request.match_info["name"], asked.timeout.ToNanoseconds() / 1e9)

    return (
        ("GET", f"{_PLACE}/operations", listed),
        ("GET", _OPERATION, got),
        ("DELETE", _OPERATION, deleted),
        ("POST", f"{_OPERATION}:wait", waited),
    )


def _locations(world: World) -> tuple[tuple[str, str, Answer], ...]:
    async def listed(request: web.Request) -> Message:
        parent = request.match_info["parent"]
        regions = world.regions(parent)
        locations = [
            {"name": f"{parent}/locations/{region}", "location_id": region, "display_name": region}
            for region in regions
        ]
        return locations_pb2.ListLocationsResponse(locations=locations)

    return (("GET", "/v1/{parent:projects/[^/]+}/locations", listed),)


async def _body(request: web.Request) -> Message:
    return json_format.Parse(await request.text() or "{}", Service())


def _page(request: web.Request) -> tuple[int, str]:
    return int(request.query.get("pageSize", "0")), request.query.get("pageToken", "")


def _deletion(request: web.Request) -> tuple[str, str]:
    return request.match_info["name"], request.query.get("etag", "")


def _mask(request: web.Request) -> list[str]:
    """Read `template,buildConfig`; paths in snake case are taken too."""
    paths = filter(None, request.query.get("updateMask", "").split(","))
    return [re.sub("(?=[A-Z])", "_", path).lower() for path in paths]


def _flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "").lower() == "true"
