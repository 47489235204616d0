"""Run v1 by hand: Knative's JSON says what v2 says, and a service that is sent back as it came is the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from google.cloud import run_v2

from buddy_tui.emulator.knative import resources
from buddy_tui.emulator.knative.api import routes
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.messages import Revision, Service, copied
from buddy_tui.emulator.run.waiting import LongRunning
from buddy_tui.emulator.run.wording import etag
from tests.emulator.admin_fixture import (
    DIED,
    LATEST,
    PARENT,
    SHOP,
    Stand,
    history,
    latest,
    pinned,
    service,
    shares,
)

HERE = "us-central1-run.example"
SERVICES = "/apis/serving.knative.dev/v1/namespaces/demo-project/services"
REVISIONS = "/apis/serving.knative.dev/v1/namespaces/demo-project/revisions"
Json = dict[str, Any]


class Wire:
    """A fresh world behind Run v1."""

    def __init__(self, stand: Stand, client: TestClient[web.Request, web.Application]) -> None:
        self.stand = stand
        self.world = stand.world
        self._client = client

    async def ask(
        self, verb: str, path: str, body: object = None, *, host: str = HERE, **query: str
    ) -> tuple[int, Json]:
        headers = {"Host": host, "User-Agent": "a test"}
        async with self._client.request(verb, path, json=body, headers=headers, params=query) as answer:
            return answer.status, await answer.json()

    async def shop(self) -> Json:
        status, told = await self.ask("GET", f"{SERVICES}/shop")
        assert status == 200
        return told

    async def put(self, said: Json, **query: str) -> tuple[int, Json]:
        return await self.ask("PUT", f"{SERVICES}/shop", said, **query)


@asynccontextmanager
async def listening() -> AsyncIterator[Wire]:
    stand = Stand()
    app = web.Application()
    app.add_routes(routes(stand.world, stand.faults, LongRunning(stand.world, stand.bell)))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield Wire(stand, client)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """Serve a shop of three good revisions: the second has most of the traffic, the newest a tag."""
    async with listening() as there:
        revisions = history(3)
        traffic = (pinned("shop-00002", 90), latest(10), pinned("shop-00003", 0, "next"))
        shop = service("hello:3", map(run_v2.TrafficTarget.pb, traffic))
        there.world.adopt(shop, revisions)
        yield there


def _rich() -> Message:
    """Make a service that uses everything which v1 and v2 say differently."""
    shop = service()
    shop.etag = etag(1_795_000_000_000_000, SHOP)
    shop.labels["team"] = "a"
    shop.annotations["example.com/why"] = "because"
    shop.traffic.add(type_=LATEST, percent=100)
    shop.client, shop.client_version, shop.description = "terraform", "1.9", "Sells."
    shop.ingress, shop.invoker_iam_disabled = 2, True
    shop.custom_audiences.extend(["https://a.example", "https://b.example"])
    shop.scaling.min_instance_count = 2
    shop.build_config.name = "projects/1/locations/us-central1/builds/b"
    shop.build_config.source_location = "gs://bucket/object#1"
    shop.build_config.environment_variables["A"] = "b"
    shop.build_config.enable_automatic_updates = True
    template = shop.template
    template.revision, template.session_affinity = "shop-00004-abc", True
    template.labels["client.knative.dev/nonce"] = "abc"
    template.annotations["example.com/who"] = "me"
    template.scaling.max_instance_count = 7
    template.timeout.FromSeconds(60)
    template.vpc_access.connector = "projects/p/locations/l/connectors/c"
    template.encryption_key = "projects/p/locations/l/keyRings/k/cryptoKeys/c"
    container = template.containers[0]
    container.name, container.working_dir = "main", "/srv"
    container.command.append("python")
    container.args.extend(["-m", "shop"])
    container.env.add(name="PLAIN", value="")
    reference = container.env.add(name="SECRET").value_source.secret_key_ref
    reference.secret, reference.version = "key", "latest"
    container.ports.add(name="h2c", container_port=9000)
    container.resources.limits["cpu"] = "2"
    container.resources.startup_cpu_boost = True
    container.liveness_probe.http_get.path = "/health"
    container.liveness_probe.http_get.http_headers.add(name="X-A", value="b")
    container.startup_probe.grpc.port = 9000
    container.build_info.source_location = "gs://bucket/object#1"
    container.volume_mounts.add(name="keys", mount_path="/keys")
    beside = template.containers.add(image="agent:1", name="agent")
    beside.resources.startup_cpu_boost = True
    beside.depends_on.append("main")
    keys = template.volumes.add(name="keys").secret
    keys.secret = "key"  # noqa: S105 - its name
    keys.items.add(path="key.json", version="3", mode=256)
    template.volumes.add(name="files").gcs.bucket = "files"
    template.volumes.add(name="cache").empty_dir.size_limit = "1Gi"
    return shop


def test_a_service_that_is_read_back_is_the_same() -> None:
    shop = _rich()

    again = resources.read_service(resources.service_json(shop, "123456789012"), shop)

    assert again == shop


def test_what_v1_leaves_out_is_taken_away_from_a_service() -> None:
    shop = _rich()
    bare = {"spec": {"template": {"spec": {"containers": [{"image": "hello:1", "name": "main"}]}}}}

    again = resources.read_service(bare, shop)

    container = again.template.containers[0]
    assert (again.description, list(again.custom_audiences), dict(again.labels)) == ("", [], {})
    assert (again.build_config.source_location, dict(again.build_config.environment_variables)) == ("", {})
    assert (list(container.env), list(container.command), container.HasField("liveness_probe")) == (
        [],
        [],
        False,
    )
    assert again.template.scaling.max_instance_count == 0


def test_what_v1_has_no_word_for_stays_when_a_template_is_replaced() -> None:
    shop = _rich()
    bare = {"spec": {"template": {"spec": {"containers": [{"image": "hello:1", "name": "main"}]}}}}

    template = resources.read_service(bare, shop).template

    assert template.vpc_access.connector == shop.template.vpc_access.connector
    assert [one.name for one in template.volumes] == ["files"]
    assert template.containers[0].build_info == shop.template.containers[0].build_info


def test_another_image_does_not_inherit_where_the_former_one_came_from() -> None:
    bare = {"spec": {"template": {"spec": {"containers": [{"image": "hello:2", "name": "main"}]}}}}

    template = resources.read_service(bare, _rich()).template

    assert template.containers[0].build_info.source_location == ""


def test_system_annotations_without_a_field_in_v2_are_dropped() -> None:
    said = {
        "metadata": {"annotations": {"run.googleapis.com/operation-id": "x", "example.com/a": "b"}},
        "spec": {"template": {"spec": {"containers": [{"image": "hello:1"}]}}},
    }

    again = resources.read_service(said, Service())

    assert dict(again.annotations) == {"example.com/a": "b"}


async def test_a_service_tells_names_versions_conditions_and_where_its_traffic_goes(wire: Wire) -> None:
    told, there = await wire.shop(), wire.world.get_service(SHOP)

    assert (told["apiVersion"], told["kind"]) == ("serving.knative.dev/v1", "Service")
    assert (told["metadata"]["name"], told["metadata"]["namespace"]) == ("shop", "123456789012")
    assert told["metadata"]["generation"] == there.generation == told["status"]["observedGeneration"]
    assert told["metadata"]["labels"]["cloud.googleapis.com/location"] == "us-central1"
    assert told["status"]["latestReadyRevisionName"] == "shop-00003"
    assert told["status"]["conditions"][0] | {"lastTransitionTime": ""} == {
        "type": "Ready",
        "status": "True",
        "lastTransitionTime": "",
    }
    assert told["spec"]["traffic"] == [
        {"revisionName": "shop-00002", "percent": 90},
        {"latestRevision": True, "percent": 10},
        {"revisionName": "shop-00003", "tag": "next"},
    ]
    assert told["status"]["traffic"] == [
        {"revisionName": "shop-00002", "percent": 90},
        {"latestRevision": True, "percent": 10, "revisionName": "shop-00003"},
        {"revisionName": "shop-00003", "tag": "next", "url": "http://127.0.0.1:8000/shop/next"},
    ]


async def test_a_service_without_a_list_asks_for_all_to_latest() -> None:
    async with listening() as wire:
        wire.world.create_service(PARENT, "shop", service())

        assert (await wire.shop())["spec"]["traffic"] == [{"latestRevision": True, "percent": 100}]


async def test_a_service_is_listed_in_its_region_and_everywhere(wire: Wire) -> None:
    _, here = await wire.ask("GET", SERVICES)
    _, there = await wire.ask("GET", SERVICES, host="europe-west1-run.example")
    _, everywhere = await wire.ask(
        "GET", "/v1/projects/demo-project/locations/-/services", host="run.example"
    )

    assert [one["metadata"]["name"] for one in here["items"]] == ["shop"]
    assert there["items"] == []
    assert everywhere["items"] == here["items"]


async def test_a_list_without_a_limit_tells_of_all_services(wire: Wire) -> None:
    for number in range(120):
        path = f"{PARENT}/services/shop-{number}"
        first = Revision(name=f"{path}/revisions/shop-{number}-00001")
        first.containers.add(image="hello:1")
        wire.world.adopt(Service(name=path), [first])

    _, told = await wire.ask("GET", SERVICES)

    assert len({one["metadata"]["name"] for one in told["items"]}) == 121
    assert "continue" not in told["metadata"]


async def test_there_are_no_jobs_and_no_executions(wire: Wire) -> None:
    for kind, named in (("jobs", "JobList"), ("executions", "ExecutionList")):
        status, told = await wire.ask("GET", f"/apis/run.googleapis.com/v1/namespaces/demo-project/{kind}")

        assert (status, told["kind"], told["items"]) == (200, named, [])


async def test_new_traffic_moves_at_once_and_makes_no_revision(wire: Wire) -> None:
    said = await wire.shop()
    said["spec"]["traffic"] = [{"revisionName": "shop-00001", "percent": 100}]

    status, told = await wire.put(said)

    assert (status, told["status"]["traffic"]) == (200, [{"revisionName": "shop-00001", "percent": 100}])
    assert shares(wire.world.get_service(SHOP).traffic_statuses) == [("shop-00001", 100, "")]
    assert len(wire.world.list_revisions(SHOP).revisions) == 3


async def test_a_version_that_is_no_more_is_a_conflict_with_googles_own_words(wire: Wire) -> None:
    said = await wire.shop()
    await wire.put(said | {"metadata": said["metadata"] | {"labels": {"a": "b"}}})

    status, told = await wire.put(said)

    assert (status, told["error"]["status"]) == (409, "ABORTED")
    assert "Conflict for resource 'shop': version '" in told["error"]["message"]


async def test_a_dry_run_changes_nothing(wire: Wire) -> None:
    before, said = wire.world.get_service(SHOP), await wire.shop()
    said["spec"]["traffic"] = [{"latestRevision": True, "percent": 100}]

    status, _ = await wire.put(said, dryRun="all")

    assert (status, wire.world.get_service(SHOP)) == (200, before)


@pytest.mark.parametrize(("boots", "key"), [(True, "response"), (False, "error")])
async def test_waiting_for_a_new_revision_ends_with_the_service_or_with_why_not(
    wire: Wire, *, boots: bool, key: str
) -> None:
    said = await wire.shop()
    said["spec"]["template"] = {"spec": {"containers": [{"image": "hello:4"}]}}
    said["spec"]["traffic"] = [{"latestRevision": True, "percent": 100}]
    _, begun = await wire.put(said)
    operation = begun["metadata"]["annotations"]["run.googleapis.com/operation-id"]

    wait = wire.ask("POST", f"/v1/{PARENT}/operations/{operation}:wait", {"timeout": "20s"})
    waiting = asyncio.create_task(wait)
    await wire.shop()
    name = wire.stand.boot() if boots else wire.stand.die()

    _, told = await waiting
    assert begun["status"]["conditions"][0]["status"] == "Unknown"
    assert {"response", "error"} & told.keys() == {key}
    if boots:
        assert told["response"]["status"]["latestReadyRevisionName"] == name
    else:
        assert told["error"] == {
            "code": 9,
            "message": f"Revision '{name}' is not ready and cannot serve traffic. {DIED}",
        }


async def test_revisions_are_chosen_by_their_labels_and_told_in_pages(wire: Wire) -> None:
    selector = "serving.knative.dev/service = shop"

    _, first = await wire.ask("GET", REVISIONS, labelSelector=selector, limit="2")
    _, rest = await wire.ask(
        "GET", REVISIONS, labelSelector=selector, **{"continue": first["metadata"]["continue"]}
    )
    _, none = await wire.ask("GET", REVISIONS, labelSelector="serving.knative.dev/service = other")
    _, nonce = await wire.ask("GET", REVISIONS, labelSelector="client.knative.dev/nonce = abc")

    names = [one["metadata"]["name"] for page in (first, rest) for one in page["items"]]
    assert names == ["shop-00003", "shop-00002", "shop-00001"]
    assert (none["items"], nonce["items"], "continue" in rest["metadata"]) == ([], [], False)


async def test_a_revision_is_found_without_its_service_and_deleted(wire: Wire) -> None:
    _, told = await wire.ask("GET", f"{REVISIONS}/shop-00001")
    gone, _ = await wire.ask("DELETE", f"{REVISIONS}/shop-00001")
    status, missing = await wire.ask("GET", f"{REVISIONS}/shop-00001")

    assert told["metadata"]["labels"]["serving.knative.dev/service"] == "shop"
    assert told["status"]["imageDigest"] == "hello:1"
    assert (gone, status, missing["error"]["status"]) == (200, 404, "NOT_FOUND")


async def test_a_revision_that_serves_is_not_deleted(wire: Wire) -> None:
    status, told = await wire.ask("DELETE", f"{REVISIONS}/shop-00002")

    assert (status, "able to receive traffic" in told["error"]["message"]) == (400, True)


async def test_a_service_is_created_once_and_deleted() -> None:
    async with listening() as wire:
        said = {
            "metadata": {"name": "shop"},
            "spec": {"template": {"spec": {"containers": [{"image": "hello:1"}]}}},
        }

        made, _ = await wire.ask("POST", SERVICES, said)
        wire.stand.boot()
        again, _ = await wire.ask("POST", SERVICES, said)
        gone, _ = await wire.ask("DELETE", f"{SERVICES}/shop")
        missing, _ = await wire.ask("GET", f"{SERVICES}/shop")

        assert (made, again, gone, missing) == (200, 409, 200, 404)


async def test_configurations_and_routes_are_parts_of_the_service(wire: Wire) -> None:
    shop = await wire.shop()
    _, configuration = await wire.ask("GET", SERVICES.replace("services", "configurations/shop"))
    _, routing = await wire.ask("GET", SERVICES.replace("services", "routes"))

    assert configuration["spec"] == {"template": shop["spec"]["template"]}
    assert configuration["status"]["latestReadyRevisionName"] == "shop-00003"
    assert [one["spec"]["traffic"] for one in routing["items"]] == [shop["spec"]["traffic"]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "an object is wanted"),
        ({"metadata": []}, "not a service"),
        ({"spec": {"template": {"spec": {"containers": [{"env": [{"value": "x"}]}]}}}}, "not a service"),
        (
            {"spec": {"template": {"spec": {"containers": [], "volumes": [{"name": "v"}]}}}},
            "'v' is of a kind",
        ),
        ({"metadata": {"resourceVersion": "a"}}, "Invalid JSON payload"),
        ({"spec": {"traffic": [{"percent": "many"}]}}, "Invalid JSON payload"),
    ],
)
async def test_what_is_no_service_is_refused(wire: Wire, body: object, words: str) -> None:
    before = wire.world.get_service(SHOP)

    status, told = await wire.ask("PUT", f"{SERVICES}/shop", body)
    anew, _ = await wire.ask("POST", SERVICES, body)

    assert (status, anew, told["error"]["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert words in told["error"]["message"]
    assert wire.world.get_service(SHOP) == before


@pytest.mark.parametrize(
    ("host", "project", "status"),
    [
        ("run.example", "demo-project", 400),
        ("us-central9-run.example", "demo-project", 403),
        (HERE, "other", 403),
    ],
)
async def test_the_host_must_name_a_region_and_the_path_our_project(
    wire: Wire, host: str, project: str, status: int
) -> None:
    assert (await wire.ask("GET", SERVICES.replace("demo-project", project), host=host))[0] == status


async def test_a_lost_reply_is_a_503_and_done_all_the_same(wire: Wire) -> None:
    said = await wire.shop()
    said["spec"]["traffic"] = [{"latestRevision": True, "percent": 100}]
    wire.stand.faults.lost_replies = 1

    status, _ = await wire.put(said)

    assert status == 503
    assert shares(wire.world.get_service(SHOP).traffic) == [("LATEST", 100, "")]


def test_the_world_that_is_told_is_not_changed() -> None:
    shop = _rich()
    before = copied(shop)

    resources.service_json(shop, "1")
    resources.read_service({}, shop)

    assert shop == before
