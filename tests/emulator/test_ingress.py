"""Every service and tag has an address: traffic is split, requests are carried and logged, sleepers are woken."""

import asyncio
import io
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import grpc
import pytest
from aiohttp import web
from google.cloud import run_v2
from google.cloud.storage import Client

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.builds import Builds, SubmitBuildRequest
from buddy_tui.emulator.machine.cloudbuild import Build
from buddy_tui.emulator.machine.command import Command
from buddy_tui.emulator.machine.fleet import Fleet
from buddy_tui.emulator.machine.front_end import FrontEnd
from buddy_tui.emulator.machine.identity import Identities
from buddy_tui.emulator.machine.images import Image
from buddy_tui.emulator.machine.ingress import Ingress
from buddy_tui.emulator.machine.objects import Store
from buddy_tui.emulator.machine.runtime import BootFailed, Instance
from buddy_tui.emulator.machine.storage import routes
from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.access import Access
from tests.emulator.machine import SERVER, Machine, machine, revision, source

_SERVICE = Where("demo", "us-central1", "shop")
_OLD = Where("demo", "us-central1", "shop", "shop-00001-old")
_NEW = Where("demo", "us-central1", "shop", "shop-00002-new")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class World:
    """A world of routes and revisions, set by the test."""

    def __init__(self) -> None:
        self.targets: dict[str, tuple[tuple[Where, int], ...]] = {"": ((_OLD, 100),)}
        self.revisions: dict[str, Message] = {}
        self.image: Image | None = Image("sha256:0", Path("/"), "/", Command(), Command())
        self.who = Access(reachable=True, public=True)

    def access(self, where: Where) -> Access:
        return self.who

    def route(self, where: Where, tag: str = "") -> tuple[tuple[Where, int], ...]:
        if tag not in self.targets or where.service != "shop":
            raise Problem(grpc.StatusCode.NOT_FOUND, "no such service or tag")
        return self.targets[tag]

    def get_revision(self, name: str) -> Message:
        return self.revisions.get(name, revision("shop"))

    def find(self, reference: str) -> Image | None:
        return self.image


class Application:
    """Plays the containers: one server on this loop is every instance. `fails` makes boots fail."""

    def __init__(self) -> None:
        self.fails = False
        self.port = 0
        self.timeout = 300.0
        self.seen: list[web.Request] = []
        self.handle: Handler = self._echo

    async def start(self, revision: Message, image: Image, where: Where, reason: str) -> Instance:
        if self.fails:
            raise BootFailed("it is broken", "HEALTH_CHECK_CONTAINER_ERROR")
        life = asyncio.create_task(asyncio.sleep(3600, 0))
        return Instance(
            where, f"id-{where.revision}", self.port, asyncio.SubprocessTransport(), life, 80, self.timeout
        )

    async def stop(self, instance: Instance, remark: str = "") -> None:
        instance.life.cancel()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        return await self.handle(request)

    async def _echo(self, request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=await request.read() or b"hello", headers={"X-Mine": "yes", "Server": "uvicorn"}
        )


class Setting:
    """An ingress before an application, and what it logged."""

    def __init__(self) -> None:
        self.world, self.application, self.entries = World(), Application(), list[Message]()
        self.fleet = Fleet(self.world, self.world, self.application, pending_limit=0.05)
        self.identities, self.faults = Identities(), Faults()
        front_end = FrontEnd(self.world, self.identities, self.faults)
        self.ingress = Ingress(self.world, front_end, self.fleet, Clock(), self.entries.append)
        self.http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.ingress.address(_SERVICE)


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    given = Setting()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", given.application.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    given.application.port = runner.addresses[0][1]
    given.ingress.address(_SERVICE)
    await given.ingress.start()
    async with aiohttp.ClientSession() as given.http:
        yield given
    await given.ingress.close()
    await given.fleet.close()
    await runner.cleanup()


async def test_an_address_is_known_before_anything_runs_and_stays(setting: Setting) -> None:
    unstarted = Setting().ingress

    before = [unstarted.address(_SERVICE), unstarted.address(_SERVICE, "green"), unstarted.address(_OLD)]

    assert before[0] == before[2] != before[1]
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+", address) for address in before)
    await unstarted.close()


async def test_an_address_that_comes_later_answers_as_well(setting: Setting) -> None:
    setting.world.targets["green"] = ((_NEW, 100),)

    async with setting.http.get(setting.ingress.address(_SERVICE, "green")) as answer:
        assert await answer.text() == "hello"
    assert setting.entries[0].resource.labels["revision_name"] == _NEW.revision


async def test_a_request_is_logged_as_cloud_run_logs_it(setting: Setting) -> None:
    headers = {"User-Agent": "probe/1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    async with setting.http.post(f"{setting.url}/chat?x=%20y", data=b"12345", headers=headers) as answer:
        assert await answer.read() == b"12345"

    [entry] = setting.entries
    assert entry.log_name == "projects/demo/logs/run.googleapis.com%2Frequests"
    assert (entry.severity, entry.text_payload) == (200, "")
    assert entry.labels["instanceId"] == "id-shop-00001-old"
    assert (entry.trace, entry.span_id) == (f"projects/demo/traces/{'a' * 32}", "b" * 16)
    told = entry.http_request
    assert (told.request_method, told.status, told.request_size, told.response_size) == ("POST", 200, 5, 5)
    assert told.request_url == f"{setting.url}/chat?x=%20y"
    assert (told.user_agent, told.remote_ip, told.protocol) == ("probe/1", "127.0.0.1", "HTTP/1.1")


@pytest.mark.parametrize(("status", "severity"), [(204, 200), (302, 200), (404, 400), (500, 500)])
async def test_the_severity_follows_the_status(setting: Setting, status: int, severity: int) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    setting.application.handle = answer
    async with setting.http.get(setting.url, allow_redirects=False) as got:
        assert got.status == status

    assert (setting.entries[0].severity, setting.entries[0].http_request.status) == (severity, status)


async def test_the_application_sees_who_asked_and_the_client_sees_google(setting: Setting) -> None:
    headers = {"X-Forwarded-For": "10.0.0.1", "Connection": "X-Private", "X-Private": "1", "Cookie": "a=b"}
    async with setting.http.get(setting.url + "/a%2Fb?q=%C3%BC+x", headers=headers) as answer:
        assert (answer.headers["Server"], answer.headers["X-Mine"]) == ("Google Frontend", "yes")
        trace = answer.headers["X-Cloud-Trace-Context"].removesuffix(";o=1")

    [seen] = setting.application.seen
    assert seen.raw_path == "/a%2Fb?q=%C3%BC+x"
    assert seen.headers["X-Forwarded-For"] == "10.0.0.1, 127.0.0.1"
    assert (seen.headers["X-Forwarded-Proto"], seen.headers["Cookie"]) == ("http", "a=b")
    assert seen.headers["Host"] == setting.url.removeprefix("http://")
    assert "X-Private" not in seen.headers
    assert seen.headers["X-Cloud-Trace-Context"].startswith(f"{trace}/")
    assert seen.headers["traceparent"].startswith(f"00-{trace}-")


async def test_traffic_is_split_by_percent(setting: Setting) -> None:
    setting.world.targets[""] = ((_OLD, 90), (_NEW, 10))

    for _ in range(200):
        async with setting.http.get(setting.url) as answer:
            await answer.read()

    seen = Counter(entry.resource.labels["revision_name"] for entry in setting.entries)
    assert 165 <= seen[_OLD.revision] <= 195
    assert seen.total() == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_every_method_is_carried(setting: Setting, method: str) -> None:
    async with setting.http.request(method, setting.url) as answer:
        body = await answer.read()

    assert setting.application.seen[0].method == method
    assert (answer.status, body) == (200, b"" if method == "HEAD" else b"hello")


async def test_bodies_stream_both_ways_without_being_held(setting: Setting) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for data in request.content.iter_any():
            heard.put_nowait(data)
            await response.write(b"got " + data)
        return response

    gate = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"one"
        await gate.wait()
        yield b"two"

    setting.application.handle = answer
    async with setting.http.post(setting.url, data=body()) as got:
        assert await heard.get() == b"one"
        assert await got.content.readany() == b"got one"
        gate.set()
        assert await got.content.read() == b"got two"


async def test_a_client_that_asks_before_it_sends_a_body_is_told_to_go_on(setting: Setting) -> None:
    async with (
        asyncio.timeout(5),
        setting.http.post(setting.url, data=b"large", expect100=True) as answer,
    ):
        assert (answer.status, await answer.read()) == (200, b"large")

    assert "Expect" not in setting.application.seen[0].headers


async def test_a_wish_for_another_protocol_is_not_passed_on(setting: Setting) -> None:
    wish = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}

    async with setting.http.get(setting.url, headers=wish) as answer:
        assert (answer.status, await answer.read()) == (200, b"hello")

    assert "Upgrade" not in setting.application.seen[0].headers


@pytest.mark.parametrize("targets", [{}, {"": ()}])
async def test_an_address_without_a_service_behind_it_is_googles_404(
    setting: Setting, targets: dict[str, tuple[tuple[Where, int], ...]]
) -> None:
    setting.world.targets = targets

    async with setting.http.get(setting.url) as answer:
        assert (answer.status, answer.headers["Server"]) == (404, "Google Frontend")
        assert "The requested URL was not found on this server." in await answer.text()
    assert setting.entries == []


async def test_a_failed_cold_start_is_a_503_that_says_so_in_the_log(setting: Setting) -> None:
    setting.application.fails = True

    async with setting.http.get(setting.url) as answer:
        assert (answer.status, "<h1>Error: Server Error</h1>" in await answer.text()) == (503, True)
    [entry] = setting.entries
    assert entry.text_payload == "The request failed because the instance failed the readiness check."
    assert (entry.severity, entry.http_request.status) == (500, 503)


async def test_an_instance_that_drops_the_request_is_a_503(setting: Setting) -> None:
    async def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    setting.application.handle = drop
    async with setting.http.post(setting.url, data=b"x") as answer:
        assert answer.status == 503
    assert setting.entries[0].text_payload.startswith(
        "The request failed because either the HTTP response was malformed"
    )


async def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(setting: Setting) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    setting.application.handle = half
    with pytest.raises(aiohttp.ClientError):
        async with setting.http.get(setting.url) as answer:
            await answer.read()
    assert setting.entries[0].http_request.status == 503


async def test_a_request_that_takes_too_long_is_a_504(setting: Setting) -> None:
    async def sleep(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    setting.application.handle, setting.application.timeout = sleep, 0.05
    async with setting.http.get(setting.url) as answer:
        assert answer.status == 504
    assert "maximum request timeout" in setting.entries[0].text_payload


async def test_a_request_that_finds_no_place_is_a_429(setting: Setting) -> None:
    gate = asyncio.Event()

    async def wait(_: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.Response()

    shape = revision("shop")
    shape.scaling.max_instance_count = 1
    setting.world.revisions[_OLD.revision_path] = shape
    setting.application.handle = wait
    instance = await setting.fleet.acquire(_OLD)
    instance.concurrency = 1

    async with setting.http.get(setting.url) as answer:
        assert answer.status == 429
    assert "no available instance" in setting.entries[0].text_payload
    gate.set()


async def test_a_client_that_goes_away_is_noticed_and_frees_its_place(setting: Setting) -> None:
    started = asyncio.Event()

    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        started.set()
        for _ in range(500):
            await response.write(b"x" * 10_000)
            await asyncio.sleep(0.005)
        return response

    setting.application.handle = trickle
    answer = await setting.http.get(setting.url)
    await started.wait()
    answer.close()
    async with asyncio.timeout(5):
        while not setting.entries:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0.01)

    assert setting.entries[0].http_request.status == 499


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Machine]:
    async with machine(tmp_path) as given:
        yield given


async def test_a_hundred_cold_requests_cause_one_real_boot(host: Machine) -> None:
    world = World()
    world.image = host.image(SERVER)
    world.revisions[_OLD.revision_path] = revision("shop", MARK="m")
    fleet = Fleet(world, world, host.runtime)
    front_end = FrontEnd(world, Identities(), host.faults)
    ingress = Ingress(world, front_end, fleet, host.clock, host.entries.append)
    await ingress.start()
    url = ingress.address(_SERVICE)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def ask() -> str:
            async with http.get(f"{url}/x") as answer:
                return await answer.text()

        answers = await asyncio.gather(*(ask() for _ in range(100)))

    assert set(answers) == {"shop-00001-old m /x"}
    assert sum("Starting new instance" in text for text in host.said("system")) == 1
    assert "Reason: AUTOSCALING - " in host.said("system")[0]
    await ingress.close()
    await fleet.close()


async def test_a_source_uploaded_and_built_by_the_official_clients_answers(
    host: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path, host.clock)
    app = web.Application()
    app.add_routes(routes(store, Faults()))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{runner.addresses[0][1]}")

    def upload() -> int:
        client = Client(project="demo")
        blob = client.create_bucket("sources").blob("services/shop/1.zip")
        blob.upload_from_file(io.BytesIO(source(SERVER)), content_type="application/zip")
        client.close()
        return int(blob.generation)

    generation = await asyncio.to_thread(upload)
    builds = Builds(
        host.registry, store.read, host.clock, list[str]().append, list[Message]().append, Faults()
    )
    storage = run_v2.StorageSource(bucket="sources", object_="services/shop/1.zip", generation=generation)
    request = SubmitBuildRequest(parent="projects/demo/locations/us-central1", image_uri="registry/shop")
    request.storage_source.CopyFrom(run_v2.StorageSource.pb(storage))
    name = (await builds.submit(request)).build_operation.name
    await builds.close()
    operation, build = builds.operation(name), Build()
    assert operation is not None
    assert operation.response.Unpack(build)
    image = host.registry.find(f"{build.results.images[0].name}@{build.results.images[0].digest}")
    assert image is not None

    instance = await host.boot(image)

    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{instance.port}/x") as answer:
        assert await answer.text() == "shop-00001-abc  /x"
    await runner.cleanup()


@pytest.mark.parametrize("head", [b"200 OK\r\nx-evil: \x1b[31mred", b"500 \x1b[2JBoom"])
async def test_a_head_with_control_characters_is_malformed_and_a_503(setting: Setting, head: bytes) -> None:
    async def escape(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 " + head + b"\r\ncontent-length: 0\r\n\r\n")
        request.transport.close()
        return web.Response()

    setting.application.handle = escape
    async with setting.http.get(setting.url) as answer:
        assert (answer.status, "x-evil" in answer.headers) == (503, False)
    assert setting.entries[0].http_request.status == 503
    assert "the HTTP response was malformed" in setting.entries[0].text_payload
