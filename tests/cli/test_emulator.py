"""`buddy-tui emulator`: one line of JSON or a command's status, and one sentence where it cannot serve."""

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import pytest

from buddy_tui.cli.parser import parse_and_run
from buddy_tui.emulator import official
from buddy_tui.errors import UsageProblem

ENDPOINTS = {
    "CLOUD_RUN_EMULATOR_HOST",
    "CLOUD_LOGGING_EMULATOR_HOST",
    "CLOUD_RUN_EMULATOR_REST",
    "STORAGE_EMULATOR_HOST",
    "FIRESTORE_EMULATOR_HOST",
    "GOOGLE_CLOUD_PROJECT",
    "CLOUDSDK_CORE_PROJECT",
    "CLOUDSDK_RUN_REGION",
    "BUDDY_ENVIRONMENT",
    "BUDDY_PROJECT",
    "BUDDY_REGION",
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


async def _emulator(*arguments: str, stdin: int = DEVNULL) -> Process:
    command = (sys.executable, "-m", "buddy_tui", "emulator", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdin=stdin, stdout=PIPE, stderr=PIPE)


async def _line(process: Process) -> str:
    assert process.stdout
    return (await process.stdout.readline()).decode()


def _python(code: str) -> tuple[str, ...]:
    return ("--", sys.executable, "-c", code)


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_prints_one_line_of_json_and_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    process = await _emulator("--story", "healthy")
    endpoints = json.loads(await _line(process))

    process.send_signal(number)
    rest, trouble = await process.communicate()

    assert set(endpoints) == ENDPOINTS
    assert (process.returncode, rest, trouble) == (0, b"", b"")


async def test_a_command_has_the_endpoints_in_its_environment_and_gives_the_status() -> None:
    process = await _emulator(
        "--story", "empty", *_python("import json, os, sys; print(json.dumps(dict(os.environ))); sys.exit(7)")
    )
    out, trouble = await process.communicate()

    assert set(json.loads(out)) >= ENDPOINTS
    assert (process.returncode, trouble) == (7, b"")


@posix
async def test_a_command_that_a_signal_ended_gives_128_and_its_number() -> None:
    process = await _emulator("--story", "empty", *_python("import os; os.kill(os.getpid(), 9)"))

    assert await process.wait() == 137


@posix
async def test_sigterm_is_passed_on_to_the_command() -> None:
    process = await _emulator(
        "--story", "empty", *_python("import time; print('here', flush=True); time.sleep(60)")
    )
    assert await _line(process) == "here\n"

    process.terminate()

    assert await process.wait() == 128 + signal.SIGTERM


@posix
async def test_what_gcloud_kept_is_deleted_even_where_the_emulator_is_killed() -> None:
    process = await _emulator(
        "--story",
        "empty",
        *_python("import os, time; print(os.environ['CLOUDSDK_CONFIG'], flush=True); time.sleep(60)"),
    )
    folder = Path((await _line(process)).strip())
    assert (folder / "ca.pem").is_file()

    process.kill()
    await process.wait()

    async with asyncio.timeout(20):
        while folder.exists():  # noqa: ASYNC110, ASYNC240 - a disk tells nobody
            await asyncio.sleep(0.02)


async def test_it_stops_at_the_end_of_standard_input_if_asked() -> None:
    process = await _emulator("--story", "buddy", "--live", "--until-eof", stdin=PIPE)
    assert json.loads(await _line(process))
    assert process.stdin

    process.stdin.close()
    _, trouble = await process.communicate()

    assert (process.returncode, trouble) == (0, b"")


async def test_what_happens_is_told_on_standard_error_if_asked() -> None:
    process = await _emulator("--story", "diverged", "--verbose", *_python(""))
    out, told = await process.communicate()

    assert out == b""
    assert "deploy buddy-app-00002-rpl (a candidate, from the wrong folder): did not start" in told.decode()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--story", "budy"],
            "There is no story 'budy'. There are: buddy, failures, healthy, split, sessions, release, ",
        ),
        (["--fault", "speed=1"], "There is no fault 'speed'. There are: latency, unavailable"),
        (["--fault", "latency"], "A fault is set as NAME=VALUE, not as 'latency'."),
        (["--fault", "unavailable=2"], "The fault 'unavailable' wants a share from 0 to 1, not '2'."),
        (["--", "no-such-command"], "There is no command 'no-such-command'."),
        (["--port", "70000"], 'Invalid value "70000" for --port.'),
        (["--firestore", "theirs"], 'Invalid value "theirs" for --firestore.'),
        (["--startup-limit", "-1"], 'Invalid value "-1.0" for --startup-limit.'),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UsageProblem) as problem:
        parse_and_run(["emulator", *arguments])

    assert str(problem.value).startswith(sentence)
    assert problem.value.exit_code == 2


@posix
def test_a_command_that_cannot_be_started_is_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)

    with pytest.raises(UsageProblem, match="broken' cannot be started: No such file or directory"):
        parse_and_run(["emulator", "--story", "empty", "--", str(broken)])


@pytest.mark.parametrize("option", ["--port", "--http-port"])
def test_a_taken_port_is_one_sentence(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(UsageProblem, match=rf"^Port {port} cannot be had: Address already in use\.$"):
            parse_and_run(["emulator", option, port])


@posix
def test_without_the_cloud_sdk_the_official_firestore_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(official, "find", lambda _: None)

    with pytest.raises(
        UsageProblem, match=r"^There is no official Firestore emulator: it needs Java, and .*\.$"
    ):
        parse_and_run(["emulator", "--story", "empty", "--firestore", "official"])


def test_without_uvicorn_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)

    with pytest.raises(UsageProblem) as problem:
        parse_and_run(["emulator"])

    assert problem.value.hint == "pip install 'buddy-tui[demo]'"
