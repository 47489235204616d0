"""Revisions boot as real processes, under Cloud Run's container contract, and none of them survives."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from google.cloud import run_v2
from google.protobuf.json_format import MessageToDict

from buddy_tui.emulator.machine.process import Disguise
from buddy_tui.emulator.machine.reaper import Reaper
from buddy_tui.emulator.machine.runtime import BootFailed
from tests.emulator.machine import SERVER, Machine, machine, revision

_CANCELLED = (
    'Default STARTUP TCP probe failed 1 time consecutively for container "shop-1" on port 8080.'
    " The instance was not started.\nConnection failed with status CANCELLED."
)
_ASGI = """\
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})
"""
posix = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX's")
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Machine]:
    async with machine(tmp_path) as given:
        yield given


async def _get(port: int, path: str = "/") -> str:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}{path}") as answer:
        return await answer.text()


async def test_a_good_boot_is_told_as_cloud_run_tells_it(host: Machine) -> None:
    instance = await host.boot(host.image(_ASGI, 'exec uvicorn "main:app" --host 0.0.0.0 --port 8080'))

    assert await _get(instance.port) == "hello"
    assert host.said("system") == [
        (
            "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between"
            " revisions due to deployment, traffic split adjustment, or deployment health check."
        ),
        'Default STARTUP TCP probe succeeded after 1 attempt for container "shop-1" on port 8080.',
    ]
    assert (
        host.said("stderr")[-1] == "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)"
    )
    assert host.entries[0].labels["scaling_reason"] == "DEPLOYMENT_ROLLOUT"
    assert re.fullmatch(r"00[0-9a-f]{128,198}", host.entries[0].labels["instanceId"])


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "''"])
async def test_many_instances_listen_on_one_container_port(host: Machine, address: str) -> None:
    image = host.image(_ASGI, f"uvicorn main:app --host {address} --port $PORT")

    instances = await asyncio.gather(host.boot(image), host.boot(image))

    assert [await _get(instance.port) for instance in instances] == ["hello", "hello"]


async def test_a_container_that_dies_is_told_with_its_exit_code(host: Machine) -> None:
    with pytest.raises(BootFailed) as failure:
        await host.boot(host.image("import sys\nprint('no config')\nsys.exit(7)"))

    assert failure.value.exit_code == 7
    assert failure.value.reason == "HEALTH_CHECK_CONTAINER_ERROR"
    assert failure.value.message.startswith(
        "The user-provided container failed to start and listen on the port defined provided by the PORT=8080"
        " environment variable within the allocated timeout."
    )
    assert "\n\nLogs URL: https://console.cloud.google.com/logs/viewer?project=demo&" in failure.value.message
    assert host.said("stdout") == ["no config"]
    assert host.said("system")[1:] == ["Container called exit(7).", _CANCELLED]
    exited = next(entry for entry in host.entries if "exit(7)" in entry.text_payload)
    assert (exited.severity, exited.labels["container_name"]) == (400, "shop-1")


async def test_the_boot_of_the_incident_dies_of_the_missing_package(host: Machine) -> None:
    command = 'exec uvicorn "Back_End.main:app" --host 0.0.0.0 --port 8080'
    with pytest.raises(BootFailed):
        await host.boot(host.image("from Back_End.whiteboard import x", command))

    [traceback] = host.said("stderr")
    assert traceback.endswith("ModuleNotFoundError: No module named 'Back_End'")
    assert re.findall(r'File "([^"]+)/uvicorn/importer\.py"', traceback)[0].startswith(
        "/usr/local/lib/python3"
    )


async def test_a_traceback_names_files_as_the_container_sees_them(host: Machine) -> None:
    with pytest.raises(BootFailed):
        await host.boot(host.image("import json\njson.loads('{')"))

    [traceback] = host.said("stderr")
    files = re.findall(r'File "([^"]+)"', traceback)
    assert files[0] == "/app/main.py"
    assert all(file.startswith("/usr/local/lib/python3") for file in files[1:])
    assert files[1:]


@posix
async def test_a_container_that_is_killed_is_told_with_its_signal(host: Machine) -> None:
    with pytest.raises(BootFailed) as failure:
        await host.boot(host.image("import os\nos.kill(os.getpid(), 9)"))

    assert failure.value.exit_code == -9
    assert host.said("system")[1] == "Uncaught signal: 9, pid=1, tid=1, fault_addr=0."


@pytest.mark.parametrize(
    ("main", "command"),
    [
        pytest.param(_ASGI, "uvicorn main:app --port 8080", id="on the loopback only"),
        pytest.param(_ASGI, "uvicorn main:app --host 0.0.0.0 --port 5000", id="on another port"),
        pytest.param("import time\ntime.sleep(60)", "python main.py", id="nowhere"),
    ],
)
async def test_a_container_that_cannot_be_reached_runs_into_the_deadline(
    tmp_path: Path, main: str, command: str
) -> None:
    async with machine(tmp_path, startup_limit=1.0) as host:
        with pytest.raises(BootFailed) as failure:
            await host.boot(host.image(main, command))

        assert failure.value.exit_code is None
        assert host.said("system")[1:] == [_CANCELLED.replace("CANCELLED", "DEADLINE_EXCEEDED")]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (
            '["uvicorn main:app"]',
            'terminated: Application failed to start: "uvicorn main:app" not found (PATH=/usr',
        ),
        ('["./start"]', 'terminated: Application failed to start: "./start": permission denied'),
    ],
)
@posix
async def test_a_command_that_cannot_be_run_is_told_and_nothing_runs(
    host: Machine, command: str, text: str
) -> None:
    with pytest.raises(BootFailed):
        await host.boot(host.image("", command, start="not executable"))

    assert host.said("system")[1].startswith(text)
    assert host.said("system")[2] == _CANCELLED


async def test_a_crash_after_the_start_is_told_and_ends_the_instance(host: Machine) -> None:
    instance = await host.boot(
        host.image(SERVER.replace("def do_GET(self):", "def do_GET(self):\n        os._exit(3)"))
    )

    with pytest.raises(aiohttp.ClientError):
        await _get(instance.port)

    assert await instance.life == 3
    assert host.said("system")[-1] == "Container called exit(3)."


async def test_a_stop_is_gentle_and_not_told_as_an_exit(host: Machine) -> None:
    main = (
        "import signal, sys\nsignal.signal(15, lambda *_: (print('bye', flush=True), sys.exit(0)))\n" + SERVER
    )
    instance = await host.boot(host.image(main))

    await host.runtime.stop(instance, "Shutting down user disabled instance")

    assert host.said("stdout") == ["bye"]
    assert host.said("system")[-1] == "Shutting down user disabled instance"


@posix
async def test_a_container_that_will_not_stop_is_killed(host: Machine) -> None:
    instance = await host.boot(host.image("import signal\nsignal.signal(15, signal.SIG_IGN)\n" + SERVER))

    await host.runtime.stop(instance)

    assert await instance.life == -signal.SIGKILL


async def test_a_container_sees_cloud_runs_environment_and_none_of_the_emulators(
    host: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/secret.json")
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    main = "import json, os, sys\nprint(json.dumps({'env': dict(os.environ), 'path': sys.path, 'cwd': os.getcwd()}))\n"
    with pytest.raises(BootFailed):
        await host.boot(host.image(main), revision(MODE="test"))

    [told] = [
        MessageToDict(entry.json_payload) for entry in host.entries if entry.log_name.endswith("stdout")
    ]
    env = told["env"]
    assert {name: env[name] for name in ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION", "MODE")} == {
        "PORT": "8080",
        "K_SERVICE": "shop",
        "K_REVISION": "shop-00001-abc",
        "K_CONFIGURATION": "shop",
        "MODE": "test",
    }
    assert not {"GOOGLE_APPLICATION_CREDENTIALS", "PYTHONUNBUFFERED", "PYTHONPATH"} & set(env)
    assert not [name for name in env if "BUDDY" in name]
    assert env["HOME"] != os.environ.get("HOME")
    assert not [path for path in told["path"] if path.endswith("container")]
    assert told["cwd"] == "/app"


async def test_a_sitecustomize_of_the_application_still_has_its_turn(host: Machine) -> None:
    dockerfile = "FROM python\nWORKDIR /app\nCOPY . .\nENV PYTHONPATH=/app/lib\nCMD python /app/main.py\n"
    told = "import os\nprint(__name__, os.environ['PYTHONPATH'])"
    files = {"Dockerfile": dockerfile, "lib/sitecustomize.py": told}

    with pytest.raises(BootFailed):
        await host.boot(host.image(told, **files))

    assert host.said("stdout") == ["sitecustomize /app/lib", "__main__ /app/lib"]


async def test_a_program_that_the_container_starts_has_the_containers_network(host: Machine) -> None:
    main = "import subprocess, sys\nsys.exit(subprocess.call([sys.executable, 'server.py']))"

    instance = await host.boot(host.image(main, **{"server.py": SERVER}))

    assert await _get(instance.port, "/x") == "shop-00001-abc  /x"


@pytest.mark.parametrize(
    ("container", "text"),
    [
        ({"command": ["sh"], "args": ["-c", "touch TOUCHED"]}, "'sh' is a shell, and the emulator runs none"),
        ({"command": ["/bin/bash", "-c", "touch TOUCHED"]}, "'/bin/bash' is a shell"),
        ({"command": ["env", "sh", "-c", "touch TOUCHED"]}, '"env" not found'),
        ({"command": ["../../../../../../../../bin/sh", "-c", "touch TOUCHED"]}, "is a shell"),
        ({"command": [f"{'/..' * 20}/usr/bin/env", "sh", "-c", "touch TOUCHED"]}, '/usr/bin/env" not found'),
        ({"command": ["python; touch TOUCHED"]}, '"python; touch TOUCHED" not found'),
        ({"command": ["./start", "$(touch TOUCHED)"]}, "'./start' is a script for '/bin/sh'"),
        ({"command": ["python", "a\0b"]}, '"python": embedded null byte'),
        ({"env": [{"name": "A=B", "value": ""}]}, '"python": illegal environment variable name'),
    ],
)
@posix
async def test_no_text_of_a_revision_reaches_a_shell(
    host: Machine, tmp_path: Path, container: dict[str, Any], text: str
) -> None:
    touched = tmp_path / "touched"
    image = host.image("", start=f"#!/bin/sh\ntouch {touched}\n")
    shape = run_v2.Container(container)
    shape.command = [word.replace("TOUCHED", str(touched)) for word in shape.command]
    shape.args = [word.replace("TOUCHED", str(touched)) for word in shape.args]

    with pytest.raises(BootFailed):
        await host.boot(image, run_v2.Revision.pb(run_v2.Revision(containers=[shape])))

    assert host.said("system")[1].startswith("terminated: Application failed to start: ")
    assert text.replace("TOUCHED", str(touched)) in host.said("system")[1]
    assert not touched.exists()


async def test_command_and_arguments_of_the_revision_go_before_the_images(host: Machine) -> None:
    image = host.image("import sys\nprint(sys.argv[1:])", '["python", "main.py", "image"]')
    shapes = {
        "command": {"command": ["python", "main.py"], "args": ["revision", "$PORT"]},
        "args": {"args": ["python", "main.py", "arguments"]},
    }
    for shape in shapes.values():
        container = run_v2.Container(shape)
        with pytest.raises(BootFailed):
            await host.boot(image, run_v2.Revision.pb(run_v2.Revision(containers=[container])))

    assert host.said("stdout") == ["['revision', '$PORT']", "['arguments']"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "/ready",
            'STARTUP HTTP probe succeeded after 1 attempt for container "web" on port 9000 path "/ready".',
        ),
        (
            "/broken",
            (
                'STARTUP HTTP probe failed 2 times consecutively for container "web" on port 9000 path "/broken".'
                " The instance was not started.\nConnection failed with status UNHEALTHY."
            ),
        ),
    ],
)
async def test_a_startup_probe_of_ones_own_is_asked_over_http(host: Machine, path: str, said: str) -> None:
    # The port is open before the probe begins, so that each attempt meets the application.
    main = SERVER.replace("send_response(200)", "send_response(200 if 'ready' in self.path else 500)")
    probe = run_v2.Probe(
        http_get={"path": path},
        initial_delay_seconds=1,
        period_seconds=1,
        timeout_seconds=1,
        failure_threshold=2,
    )
    container = run_v2.Container(name="web", ports=[{"container_port": 9000}], startup_probe=probe)
    shape = run_v2.Revision.pb(run_v2.Revision(containers=[container]))

    outcome = await asyncio.gather(host.boot(host.image(main), shape), return_exceptions=True)

    assert host.said("system")[1] == said
    if "broken" in path:
        [failure] = outcome
        assert isinstance(failure, BootFailed)
        assert failure.message.startswith(
            "The user-provided container failed the configured startup probe checks."
        )


async def test_a_http_probe_that_meets_nobody_fails_at_once(host: Machine) -> None:
    probe = run_v2.Probe(http_get={"path": "/"}, failure_threshold=1)
    shape = run_v2.Revision.pb(run_v2.Revision(containers=[run_v2.Container(startup_probe=probe)]))

    with pytest.raises(BootFailed):
        await host.boot(host.image(SERVER), shape)

    assert host.said("system")[-1].endswith("Connection failed with status ERROR_CONNECTION_FAILED.")


def test_the_disguise_leaves_everything_else_as_it_is(tmp_path: Path) -> None:
    line = f'File "{tmp_path}/app/x.py", {tmp_path.parent} \x1b[31m \xff'.encode("latin-1")

    assert Disguise(tmp_path)(line) == f'File "/app/x.py", {tmp_path.parent} \x1b[31m \xff'.encode("latin-1")


def _marked(mark: str) -> list[int]:
    """Return the processes that carry `mark` in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _up(mark: str, count: int) -> list[int]:
    """Wait for so many marked processes: a program's environment shows a moment after its start."""
    end = time.monotonic() + 10
    while len(_marked(mark)) < count and time.monotonic() < end:
        time.sleep(0.02)
    return _marked(mark)


def _gone(mark: str) -> bool:
    end = time.monotonic() + 10
    while _marked(mark) and time.monotonic() < end:
        time.sleep(0.02)
    return not _marked(mark)


_TEN = """\
    import asyncio, sys
    from pathlib import Path
    from tests.emulator.machine import SERVER, machine, revision

    async def main(folder, mark):
        async with machine(Path(folder)) as host:
            image = host.image("import subprocess, sys\\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\\n" + SERVER)
            await asyncio.gather(*(host.boot(image, revision(MARK=mark)) for _ in range(10)))
            print("up", flush=True)
            await asyncio.sleep(60)

    asyncio.run(main(*sys.argv[1:]))
"""


@linux
def test_no_process_survives_a_killed_emulator_with_ten_instances_up(tmp_path: Path) -> None:
    mark = uuid4().hex
    program = [sys.executable, "-c", textwrap.dedent(_TEN), str(tmp_path), mark]
    with subprocess.Popen(program, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as emulator:
        assert emulator.stdout is not None
        assert emulator.stdout.readline() == b"up\n"
        # Each instance has started a process of its own, which no signal of its parent's death reaches.
        assert len(_up(mark, 20)) == 20

        emulator.send_signal(signal.SIGKILL)
        emulator.wait()

        assert _gone(mark)


_WATCHED = """\
    import subprocess, sys, time
    from buddy_tui.emulator.machine.reaper import Reaper

    reaper = Reaper()
    reaper.start()
    sleep = [sys.executable, "-c", "import time; time.sleep(60)", sys.argv[1]]
    children = [subprocess.Popen(sleep, start_new_session=True, env={"MARK": sys.argv[1] + name}) for name in "abc"]
    reaper.watch(children[0].pid, group=True)
    reaper.watch(children[1].pid, group=False)
    reaper.watch(children[2].pid, group=True)
    reaper.forget(children[2].pid)
    print("up", flush=True)
    time.sleep(60)
"""


@linux
def test_the_reaper_alone_ends_what_it_watches_and_nothing_else() -> None:
    mark = uuid4().hex
    program = [sys.executable, "-c", textwrap.dedent(_WATCHED), mark]
    with subprocess.Popen(program, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as emulator:
        assert emulator.stdout is not None
        assert emulator.stdout.readline() == b"up\n"
        _up(mark, 3)
        [spared] = _marked(mark + "c")

        emulator.send_signal(signal.SIGKILL)
        emulator.wait()
        try:
            assert _gone(mark + "a")
            assert _gone(mark + "b")
            assert _marked(mark + "c") == [spared]
        finally:
            os.kill(spared, signal.SIGKILL)


@posix
def test_the_reaper_outlives_the_signals_of_a_terminal(tmp_path: Path) -> None:
    reaper = Reaper()
    reaper.start()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    reaper.watch(child.pid, group=True)
    assert reaper._process is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        reaper._process.send_signal(number)

    reaper.close()

    assert child.wait(timeout=10) == -signal.SIGKILL
    with pytest.raises(OSError, match="not running"):
        Reaper().watch(1, group=True)
