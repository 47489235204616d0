"""The emulator as one process: its rooms work together, and nothing of it remains."""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import aiohttp
import grpc
import pytest
from google.cloud.firestore import AsyncClient
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcAsyncIOTransport,
)

from buddy_tui.emulator import fault_settings, official, stories
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.logs.store import Query
from buddy_tui.emulator.machine.archive import BuildFailed
from buddy_tui.emulator.machine.images import Registry
from buddy_tui.emulator.run.messages import Service
from buddy_tui.emulator.server import EMBEDDED, OFFICIAL, CannotServe, Emulator, Options, serve
from buddy_tui.emulator.tree import Tree

STARTS = Query(("projects/demo-project",), 'textPayload:"Starting new instance."', page_size=1000)
PARENT = "projects/demo-project/locations/us-central1"
# Answers with its environment and its process.
TELLER = """\
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({**os.environ, "PID": os.getpid()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
DOCKERFILE = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nENV GOOGLE_CLOUD_PROJECT=of-the-image\nCMD python main.py\n"
SERVERS = Query(("projects/demo-project",), 'textPayload:"Started server process"', page_size=1000)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with serve(Options()) as running:
        yield running


async def _address(emulator: Emulator, service: str, region: str = "us-central1") -> str:
    path = f"projects/demo-project/locations/{region}/services/{service}"
    return str(emulator.world.get_service(path).uri)


async def test_a_hundred_cold_requests_at_once_cause_one_boot(emulator: Emulator) -> None:
    await emulator.play(stories.find("many"))
    url = f"{await _address(emulator, 'account-api')}/health"

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def get() -> tuple[int, str]:
            async with session.get(url) as response:
                return response.status, (await response.json())["instance"]

        answers = await asyncio.gather(*(get() for _ in range(100)))
    boots, _ = await emulator.logs.list_entries(STARTS)

    assert {status for status, _ in answers} == {200}
    assert len({instance for _, instance in answers}) == 1
    assert len(boots) == 1


async def test_a_split_is_served_by_both_revisions(emulator: Emulator) -> None:
    await emulator.play(stories.find("split"))
    url = await _address(emulator, "buddy-app")

    async with aiohttp.ClientSession() as session:
        answers = set()
        for _ in range(30):
            async with session.get(f"{url}/health") as response:
                answers.add((await response.json())["revision"])

    assert answers == {"buddy-app-00001-gdk", "buddy-app-00002-rpl"}


async def test_the_clock_shows_real_time_again_after_a_story(emulator: Emulator) -> None:
    await emulator.play(stories.find("healthy"))

    assert abs(emulator.stage.clock.now().timestamp() - time.time()) < 5


async def _deploy(emulator: Emulator, instances: int = 0, **env: str) -> str:
    """Deploy what tells its environment, and return its address."""
    tree = Tree({"main.py": TELLER.encode(), "Dockerfile": DOCKERFILE.encode()})
    built = await emulator.stage.build("teller", tree)
    service = Service()
    service.template.scaling.min_instance_count = instances
    container = service.template.containers.add(image=built.reference)
    for name, value in env.items():
        container.env.add(name=name, value=value)
    operation = emulator.world.create_service(PARENT, "teller", service)
    await emulator.bell.wait(operation.name, 30)
    return await _address(emulator, "teller")


async def _told(session: aiohttp.ClientSession, url: str) -> dict[str, str]:
    async with session.get(url) as response:
        told: dict[str, str] = await response.json(content_type=None)
        return told


async def test_requests_one_after_another_see_both_instances_of_a_minimum_and_a_dead_one_comes_back(
    emulator: Emulator,
) -> None:
    url = await _deploy(emulator, instances=2)

    async with aiohttp.ClientSession() as session:
        before = [(await _told(session, url))["PID"] for _ in range(4)]
        os.kill(int(before[0]), signal.SIGKILL)
        after = set(before)
        async with asyncio.timeout(10):
            while len(after) < 3:
                await asyncio.sleep(0.05)
                async with session.get(url) as response:
                    # Until its end is noticed, the dead one still has its turn.
                    if response.status == 200:
                        after.add((await response.json(content_type=None))["PID"])

    assert before == before[:2] * 2
    assert len(set(before)) == 2


@pytest.mark.parametrize("which", [EMBEDDED, OFFICIAL])
async def test_a_container_and_a_client_are_led_to_one_firestore(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if which == OFFICIAL and official.find(os.environ) is None:
        pytest.skip("there is no official Firestore emulator here")
    async with serve(Options(firestore=which)) as emulator:
        url = await _deploy(emulator, GOOGLE_CLOUD_PROJECT="of-the-revision")
        async with aiohttp.ClientSession() as session:
            told = await _told(session, url)
        host = emulator.endpoints["FIRESTORE_EMULATOR_HOST"]
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        client = AsyncClient(project="demo-project")
        await client.document("sessions/a").set({"n": 1})
        document = await client.document("sessions/a").get()

        assert (told["FIRESTORE_EMULATOR_HOST"], told["GOOGLE_CLOUD_PROJECT"]) == (host, "of-the-revision")
        assert document.to_dict() == {"n": 1}
        assert emulator.firestore.paths("demo-project") == (["sessions/a"] if which == EMBEDDED else [])
        assert (host == emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]) == (which == EMBEDDED)


async def test_without_the_official_firestore_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(official, "find", lambda _: None)

    with pytest.raises(
        CannotServe, match=r"^There is no official Firestore emulator: it needs Java, and .*\.$"
    ):
        async with serve(Options(firestore=OFFICIAL)):
            pass


async def test_a_deleted_image_fails_the_deployment_in_words() -> None:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("healthy"))
        path = "projects/demo-project/locations/us-central1/services/buddy-app"
        service = emulator.world.get_service(path)
        image = service.template.containers[0].image
        emulator.faults.missing_images = frozenset({image})
        service.template.revision = "buddy-app-00002-abc"

        operation = emulator.world.update_service(service, ("template",))
        await emulator.bell.wait(operation.name, 5)

        assert f"Image '{image}' not found." in emulator.world.get_operation(operation.name).error.message


async def test_a_story_has_its_past_and_what_is_stuck_then_moves_when_the_fault_ends(
    emulator: Emulator,
) -> None:
    faults = emulator.faults
    faults.traffic_stuck, faults.denied = True, frozenset({"run.services.update"})
    await emulator.play(stories.find("split"))
    assert faults.traffic_stuck
    assert faults.denied == {"run.services.update"}
    faults.denied = frozenset()
    service = emulator.world.get_service(f"{PARENT}/services/buddy-app")
    service.traffic[0].percent, service.traffic[1].percent = 100, 0

    operation = emulator.world.update_service(service, ("traffic",))
    held = [one.percent for one in emulator.world.get_service(service.name).traffic_statuses]
    faults.traffic_stuck = False
    await emulator.bell.wait(operation.name, 5)

    assert held == [50, 50]
    assert [one.percent for one in emulator.world.get_service(service.name).traffic_statuses] == [100, 0]


async def test_faults_are_read_and_set_while_the_world_runs(emulator: Emulator) -> None:
    url = f"{emulator.endpoints['CLOUD_RUN_EMULATOR_REST']}/emulator/v1/faults"

    async with aiohttp.ClientSession() as session:
        async with session.post(url, json={"traffic_stuck": True, "latency": 0.1}) as response:
            told = await response.json()
        async with session.get(url) as response:
            assert await response.json() == told
        async with session.post(url, json={"latency": "slow"}) as response:
            refused = await response.json()

    assert (told["traffic_stuck"], told["latency"], told["unavailable"]) == (True, 0.1, 0.0)
    assert emulator.faults.traffic_stuck
    assert response.status == 400
    assert refused["error"]["message"] == "The fault 'latency' wants a number from 0 on, not 'slow'."


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("latency", "0.25", 0.25),
        ("drop_tail_after", "3", 3),
        ("lost_replies", "2", 2),
        ("traffic_delay", "1.5", 1.5),
        ("denied", "run.services.update", frozenset({"run.services.update"})),
        ("traffic_stuck", "yes", True),
        ("traffic_stuck", False, False),
        ("organisation_policy", "true", True),
        ("refused_accounts", "a@example.com", frozenset({"a@example.com"})),
        ("log_double_share", "1", 1.0),
        ("missing_images", "a@sha256:1,b@sha256:2", frozenset({"a@sha256:1", "b@sha256:2"})),
        ("missing_images", ["a"], frozenset({"a"})),
    ],
)
def test_a_fault_takes_what_a_shell_or_json_says(name: str, value: object, found: object) -> None:
    faults = Faults()

    fault_settings.change(faults, {name: value})

    assert getattr(faults, name) == found


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"speed": 1}, "There is no fault 'speed'"),
        ({"random": 1}, "There is no fault 'random'"),
        ({"unavailable": 1.5}, "wants a share from 0 to 1"),
        ({"latency": "nan"}, "wants a number from 0 on"),
        ({"traffic_stuck": "maybe"}, "wants true or false"),
        ({"missing_images": [1]}, "wants image references"),
        ({"refused_accounts": True}, "wants e-mails"),
        ({"denied": "no", "lost_replies": -1}, "wants a number from 0 on"),
        ({"organisation_policy": "maybe"}, "wants true or false"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_nothing_changes(
    wanted: dict[str, object], sentence: str
) -> None:
    faults = Faults()

    with pytest.raises(ValueError, match=sentence):
        fault_settings.change(faults, {"latency": 1, **wanted})

    assert fault_settings.as_json(faults) == fault_settings.as_json(Faults())


@pytest.mark.parametrize("option", ["port", "http_port"])
async def test_a_taken_port_is_refused_in_one_sentence(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=rf"Port {port} cannot be had: Address already in use\."):
            async with serve(Options(**{option: port})):
                pass


def test_nothing_remains_of_an_emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def live() -> int:
        async with serve(Options()) as emulator:
            await emulator.play(stories.find("healthy"))
            entries, _ = await emulator.logs.list_entries(SERVERS)
            (pid,) = [_pid(entry.text_payload) for entry in entries]
            assert is_alive(pid)
        return pid

    assert not is_alive(asyncio.run(live()))
    assert not list(tmp_path.iterdir())


async def test_a_story_that_is_stopped_ends_after_its_build_and_not_beneath_it(
    emulator: Emulator, tmp_path: Path
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class SlowRegistry(Registry):
        def build(self, *_: object, **__: object) -> NoReturn:
            begun.set()
            go_on.wait(10)
            raise BuildFailed("It was slow.")

    slow = SlowRegistry(tmp_path, emulator.faults, emulator.stage.clock)
    building = asyncio.create_task(replace(emulator.stage, registry=slow).build("shop", Tree({})))
    await asyncio.to_thread(begun.wait, 10)

    building.cancel()
    await asyncio.wait({building}, timeout=0.05)
    assert not building.done()

    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await building


async def test_a_killed_emulator_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    emulator = await _started("--story", "many", env={**os.environ, "TMPDIR": str(tmp_path)})
    assert emulator.stdout
    endpoints = json.loads(await emulator.stdout.readline())
    services = (
        f"{endpoints['CLOUD_RUN_EMULATOR_REST']}/v2/projects/demo-project/locations/us-central1/services"
    )
    async with aiohttp.ClientSession() as session:
        async with session.get(services) as response:
            uris = [one["uri"] for one in (await response.json())["services"]][:10]
        await asyncio.gather(*(_fetch(session, f"{uri}/health") for uri in uris))
    pids = await _server_pids(endpoints["CLOUD_LOGGING_EMULATOR_HOST"])
    assert len(pids) == 10
    assert all(map(is_alive, pids))
    assert os.listdir(tmp_path)  # noqa: PTH208 - as below

    emulator.kill()
    await emulator.wait()

    await _until_dead(pids)
    async with asyncio.timeout(10):
        while os.listdir(tmp_path):  # noqa: ASYNC110, PTH208 - another process deletes it
            await asyncio.sleep(0.02)


async def test_a_killed_emulator_takes_its_command_along() -> None:
    sleeper = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    emulator = await _started("--story", "empty", "--", sys.executable, "-c", sleeper)
    assert emulator.stdout
    pid = int(await emulator.stdout.readline())
    assert is_alive(pid)

    emulator.kill()
    await emulator.wait()

    await _until_dead([pid])


async def _started(*arguments: str, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "buddy_tui", "emulator", *arguments, stdout=asyncio.subprocess.PIPE, env=env
    )


async def _fetch(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as response:
        assert response.status == 200


async def _server_pids(host: str) -> list[int]:
    async with grpc.aio.insecure_channel(host) as channel:
        logging = LoggingServiceV2AsyncClient(transport=LoggingServiceV2GrpcAsyncIOTransport(channel=channel))
        request = {"resource_names": SERVERS.resource_names, "filter": SERVERS.filter}
        return [_pid(entry.text_payload) async for entry in await logging.list_log_entries(request=request)]


def _pid(text: str) -> int:
    return int(text.partition("[")[2].rstrip("]"))


async def _until_dead(pids: list[int]) -> None:
    async with asyncio.timeout(10):
        while any(map(is_alive, pids)):  # noqa: ASYNC110 - they end in other processes
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits for its parent does not."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
