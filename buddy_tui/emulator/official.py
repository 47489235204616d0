"""Google's own Firestore emulator: found in the Cloud SDK, and run for as long as somebody needs it.

Its jar has no manifest, and may not be passed on with ours. gcloud's wrapper around it leaves Java running when it is
ended, so Java is started directly.
"""

import asyncio
import contextlib
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from buddy_tui.emulator.machine.reaper import Reaper, kill

# What Google's documentation of the emulator asks for.
_OLDEST_JAVA = 11
# These halve the time to the first answer; without performance data, Java leaves no file behind when it is killed.
_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx256m")
_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_JAR = Path("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")
# Where installers put the SDK; the first word is an environment variable, empty for none.
_USUAL = (
    ("", "/usr/lib/google-cloud-sdk"),
    ("", "/usr/share/google-cloud-sdk"),
    ("", "/opt/google-cloud-sdk"),
    ("", "/snap/google-cloud-sdk/current"),
    ("", "/opt/homebrew/share/google-cloud-sdk"),
    ("", "/usr/local/share/google-cloud-sdk"),
    ("HOME", "google-cloud-sdk"),
    ("LOCALAPPDATA", "Google/Cloud SDK/google-cloud-sdk"),
    ("PROGRAMFILES(X86)", "Google/Cloud SDK/google-cloud-sdk"),
)
# Seconds. Java takes one or two to answer, and half a one to end.
_PATIENCE = 30.0
_GRACE = 5.0
_LOOK_AGAIN = 0.05


@dataclass(frozen=True, slots=True)
class Official:
    """The official emulator's jar, and the Java to run it with."""

    jar: Path
    java: Path


class CannotStart(Exception):
    """The official emulator did not come up; one sentence says why."""


class UnfitJava(CannotStart):
    """The Java that was found is none, or too old."""


def usual_places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders in which installers put the Cloud SDK."""
    return tuple(Path(environ.get(name, ""), rest) for name, rest in _USUAL if not name or environ.get(name))


def find(environ: Mapping[str, str], places: Sequence[Path] | None = None) -> Official | None:
    """Look for the emulator and for a Java; None when either is missing. Starts nothing.

    The SDK is the one that `CLOUDSDK_ROOT_DIR` names, that `gcloud` on the PATH belongs to, or one of `places`
    (the usual ones). Java is that of `JAVA_HOME`, or the one on the PATH.
    """
    roots = [*_named_roots(environ), *(usual_places(environ) if places is None else places)]
    jar = next((root / _JAR for root in roots if (root / _JAR).is_file()), None)
    java = _java(environ)
    return Official(jar, java) if jar and java else None


def _named_roots(environ: Mapping[str, str]) -> list[Path]:
    roots = [Path(environ["CLOUDSDK_ROOT_DIR"])] if environ.get("CLOUDSDK_ROOT_DIR") else []
    if gcloud := shutil.which("gcloud", path=environ.get("PATH", "")):
        # A packaged gcloud is a link into the SDK's bin.
        roots.append(Path(gcloud).resolve().parent.parent)
    return roots


def _java(environ: Mapping[str, str]) -> Path | None:
    path = environ.get("PATH", "")
    if environ.get("JAVA_HOME"):
        path = os.pathsep.join((str(Path(environ["JAVA_HOME"], "bin")), path))
    found = shutil.which("java", path=path)
    return Path(found) if found else None


@asynccontextmanager
async def serving(official: Official, reaper: Reaper, *, patience: float = _PATIENCE) -> AsyncIterator[str]:
    """Run the emulator on a free port of the loopback; yield `127.0.0.1:PORT` when it answers.

    `reaper` kills it when this process dies with the context still open. Raises UnfitJava, and CannotStart when there
    is no answer within `patience` seconds.
    """
    await _check(official.java)
    port = _free_port()
    arguments = (*_FLAGS, "-cp", str(official.jar), _MAIN, "--host=127.0.0.1", f"--port={port}")
    process = await _spawn(official.java, *arguments)
    output = bytearray()
    reading = asyncio.create_task(_keep_end(process, output))
    try:
        reaper.watch(process.pid, group=True)
        await _await_answer(port, patience, reading, output)
        yield f"127.0.0.1:{port}"
    finally:
        await _end(process)
        await reading
        with contextlib.suppress(OSError):
            reaper.forget(process.pid)


async def _check(java: Path) -> None:
    """Raise UnfitJava unless `java` is young enough (some 50 ms)."""
    process = await _spawn(java, "-version")
    output, _ = await process.communicate()
    # 'openjdk version "17.0.15" 2025-04-15'; up to the eighth, 'java version "1.8.0_292"'.
    told = re.search(rb'version "(?:1\.)?(\d+)', output)
    if told is None:
        # macOS has a java in its place that only says where to get one.
        raise UnfitJava(f"{java} is no Java: {_last_line(output)}")
    if int(told[1]) < _OLDEST_JAVA:
        raise UnfitJava(
            f"{java} is Java {int(told[1])}; the Firestore emulator needs {_OLDEST_JAVA} or newer."
        )


async def _spawn(java: Path, *arguments: str) -> asyncio.subprocess.Process:
    """Start Java in a session of its own, away from the terminal and its Ctrl-C."""
    try:
        return await asyncio.create_subprocess_exec(
            java,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as problem:
        raise UnfitJava(f"{java} cannot be started: {problem.strerror}.") from None


async def _keep_end(process: asyncio.subprocess.Process, output: bytearray) -> None:
    """Read what is printed until there is no more, and keep the end of it: a full pipe would stop the program."""
    while process.stdout and (chunk := await process.stdout.read(4096)):
        output += chunk
        del output[:-4096]


async def _await_answer(port: int, patience: float, reading: asyncio.Task[None], output: bytearray) -> None:
    try:
        async with asyncio.timeout(patience), aiohttp.ClientSession() as http:
            while not await _answers(http, port):
                if reading.done():
                    raise CannotStart(f"The Firestore emulator ended at once: {_last_line(output)}")
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        told = _last_line(output)
        raise CannotStart(f"The Firestore emulator did not answer in {patience:g} seconds: {told}") from None


async def _answers(http: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with http.get(f"http://127.0.0.1:{port}/") as answer:
            return (await answer.read()).strip() == b"Ok"
    except aiohttp.ClientError:
        return False


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE)
    except TimeoutError:
        with contextlib.suppress(OSError):
            kill(process.pid, group=True)
        await process.wait()


def _last_line(output: bytes | bytearray) -> str:
    lines = output.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
