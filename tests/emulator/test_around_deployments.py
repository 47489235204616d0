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
BUILDS = "cloudbuild.googleapis.com"
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
        (
            "/v1/projects",
            {
                "projects": [
                    {"projectId": "demo-project", "projectNumber": "123", "lifecycleState": "ACTIVE"},
                ]
            },
        ),
        (
            "/v1/projects/demo-project/serviceAccounts",
            {
                "accounts": [
                    {
                        "name": f"projects/demo-project/serviceAccounts/{BUILDER}",
                        "email": BUILDER,
                        "displayName": "Default compute service account",
                    }
                ]
            },
        ),
    ],
)
async def test_the_project_tells_of_itself(client: Client, path: str, told: dict[str, str]) -> None:
    status, answer = await _get(client, path)

    assert (status, answer | told) == (200, answer)


@pytest.mark.parametrize(
    ("path", "body"),
    [(f"/{BUILDS}:enable", {}), (":batchEnable", {"serviceIds": [BUILDS]})],
    ids=["by itself", "with others"],
)
async def test_an_api_that_is_off_is_told_so_until_it_is_enabled(
    client: Client, stand: Stand, path: str, body: dict[str, object]
) -> None:
    services = "/v1/projects/demo-project/services"
    stand.faults.apis_off = frozenset({BUILDS, "run.googleapis.com"})

    _, before = await _get(client, f"{services}/{BUILDS}")
    _, operation = await _post(client, f"{services}{path}", body)
    _, after = await _get(client, f"{services}/{BUILDS}")

    assert (before["state"], operation["done"], after["state"]) == ("DISABLED", True, "ENABLED")
    assert stand.faults.apis_off == {"run.googleapis.com"}


async def test_apis_are_listed_by_whether_they_are_on(client: Client, stand: Stand) -> None:
    stand.faults.apis_off = frozenset({BUILDS, "pubsub.googleapis.com"})

    told = {
        state: [one["config"]["name"] for one in answer["services"]]
        for state in ("ENABLED", "DISABLED")
        for _, answer in [await _get(client, f"/v1/projects/demo-project/services?filter=state:{state}")]
    }

    assert "run.googleapis.com" in told["ENABLED"]
    assert told["DISABLED"] == [BUILDS, "pubsub.googleapis.com"]
    assert not set(told["ENABLED"]) & set(told["DISABLED"])


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("POST", "projects/demo-project"),
        ("POST", f"projects/demo-project/serviceAccounts/{BUILDER}"),
        ("GET", "projects/demo-project/locations/us-central1/repositories/cloud-run-source-deploy"),
    ],
    ids=["project", "account", "repository"],
)
async def test_a_project_and_what_is_in_it_keep_the_policies_that_they_are_given(
    client: Client, verb: str, name: str
) -> None:
    granted = {"policy": {"bindings": [{"role": "roles/run.viewer", "members": ["user:ana@example.com"]}]}}

    async def read() -> Any:  # noqa: ANN401 - JSON
        async with client.request(verb, f"/v1/{name}:getIamPolicy") as answer:
            return await answer.json()

    before = await read()
    _, written = await _post(client, f"/v1/{name}:setIamPolicy", granted)
    after = await read()
    stale = {"policy": {**granted["policy"], "etag": before["etag"]}}
    refused, _ = await _post(client, f"/v1/{name}:setIamPolicy", stale)

    assert (before, after["bindings"]) == ({"etag": "ACAB"}, granted["policy"]["bindings"])
    assert (written, refused) == (after, 409)


@pytest.mark.parametrize(
    "name", ["projects/other", "projects/-", f"projects/other/serviceAccounts/{BUILDER}"]
)
async def test_the_policies_of_others_are_not_shown(client: Client, name: str) -> None:
    status, told = await _post(client, f"/v1/{name}:getIamPolicy", {})

    assert (status, told["error"]["status"]) == (403, "PERMISSION_DENIED")


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
