"""What gcloud asks for around a deployment: the project, its APIs and accounts, policies, and a build over REST."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine import project_api
from buddy_tui.emulator.run import policies
from tests.emulator.admin_fixture import SHOP, Stand, history, service

Client = TestClient[web.Request, web.Application]
BUILDER = "123-compute@developer.gserviceaccount.com"
OPEN = {"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}


@pytest.fixture
async def stand() -> Stand:
    there = Stand()
    there.world.adopt(service(), history(1))
    return there


@pytest.fixture
async def client(stand: Stand) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(project_api.routes("demo-project", "123", stand.faults))
    app.add_routes(policies.routes(stand.world, stand.faults))
    async with TestClient(TestServer(app, host="127.0.0.1")) as there:
        yield there


async def _get(client: Client, path: str) -> tuple[int, dict[str, Any]]:
    async with client.get(path) as answer:
        return answer.status, await answer.json()


async def _post(client: Client, path: str, body: object) -> tuple[int, dict[str, Any]]:
    async with client.post(path, json=body) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/projects/demo-project", {"projectId": "demo-project", "projectNumber": "123"}),
        ("/v1/projects/demo-project/services/run.googleapis.com", {"state": "ENABLED"}),
        (
            "/v1/projects/demo-project/locations/us-central1/defaultServiceAccount",
            {"serviceAccountEmail": f"projects/demo-project/serviceAccounts/{BUILDER}"},
        ),
        (f"/v1/projects/-/serviceAccounts/{BUILDER}", {"email": BUILDER}),
    ],
)
async def test_the_project_tells_of_itself(client: Client, path: str, told: dict[str, str]) -> None:
    status, answer = await _get(client, path)

    assert (status, answer | told) == (200, answer)


async def test_an_api_that_is_off_is_told_so_until_it_is_enabled(client: Client, stand: Stand) -> None:
    path, api = "/v1/projects/demo-project/services", "cloudbuild.googleapis.com"
    stand.faults.apis_off = frozenset({api, "run.googleapis.com"})

    _, before = await _get(client, f"{path}/{api}")
    _, operation = await _post(client, f"{path}:batchEnable", {"serviceIds": [api]})
    _, after = await _get(client, f"{path}/{api}")

    assert (before["state"], operation["done"], after["state"]) == ("DISABLED", True, "ENABLED")
    assert stand.faults.apis_off == {"run.googleapis.com"}


@pytest.mark.parametrize(
    ("path", "faults"),
    [
        ("/v1/projects/other", Faults()),
        (
            "/v1/projects/demo-project/services/run.googleapis.com",
            Faults(denied=frozenset({"serviceusage.services.get"})),
        ),
        (f"/v1/projects/-/serviceAccounts/{BUILDER}", Faults(denied=frozenset({"iam.serviceAccounts.get"}))),
    ],
)
async def test_what_is_denied_is_denied(client: Client, stand: Stand, path: str, faults: Faults) -> None:
    stand.faults.denied = faults.denied

    status, answer = await _get(client, path)

    assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_policy_is_set_once_and_tells_who_may_do_what(
    client: Client, stand: Stand, version: str
) -> None:
    path = f"/{version}/{SHOP}"
    stand.faults.denied = frozenset({"run.services.update"})

    _, first = await _get(client, f"{path}:getIamPolicy")
    _, written = await _post(client, f"{path}:setIamPolicy", OPEN)
    stale = {"policy": {**OPEN["policy"], "etag": first["etag"]}}
    refused, told = await _post(client, f"{path}:setIamPolicy", stale)
    _, held = await _post(
        client, f"{path}:testIamPermissions", {"permissions": ["run.services.update", "run.services.get"]}
    )

    assert (first, written["bindings"]) == ({"etag": "ACAB"}, OPEN["policy"]["bindings"])
    assert (refused, told["error"]["status"]) == (409, "ABORTED")
    assert held == {"permissions": ["run.services.get"]}
