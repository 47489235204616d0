"""Admin: IAM policies of services over REST, in both versions of the API."""

from aiohttp import web
from google.iam.v1 import iam_policy_pb2
from google.protobuf import json_format

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.rest import spoken
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.world import World

_SERVICE = "/{version:v1|v2}/{name:projects/[^/]+/locations/[^/]+/services/[^/:]+}"


def routes(world: World, faults: Faults) -> list[web.RouteDef]:
    """Return the routes that get, set and test."""

    async def got(request: web.Request) -> Message:
        return world.get_policy(request.match_info["name"])

    async def written(request: web.Request) -> Message:
        asked = json_format.Parse(await request.text(), iam_policy_pb2.SetIamPolicyRequest())
        return world.set_policy(request.match_info["name"], asked.policy)

    async def tested(request: web.Request) -> Message:
        asked = json_format.Parse(await request.text(), iam_policy_pb2.TestIamPermissionsRequest())
        held = [permission for permission in asked.permissions if permission not in faults.denied]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=held)

    return [
        web.get(f"{_SERVICE}:getIamPolicy", spoken(got, faults)),
        web.post(f"{_SERVICE}:setIamPolicy", spoken(written, faults)),
        web.post(f"{_SERVICE}:testIamPermissions", spoken(tested, faults)),
    ]
