"""The real gcloud beside our own adapters, both in front of one emulated Cloud Run."""

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator.machine.gcloud_env import led, without_gcloud
from buddy_tui.emulator.official import usual_places
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.gateway import Cloud
from buddy_tui.model import Revision, Service, ServiceName

NAME = ServiceName(PROJECT, REGION, SERVICE)
_MAIN = Path("lib", "googlecloudsdk", "gcloud_main.py")


def _sdk() -> Path | None:
    gcloud = shutil.which("gcloud")
    roots = [*([Path(gcloud).resolve().parent.parent] if gcloud else []), *usual_places(os.environ)]
    return next((root for root in roots if (root / _MAIN).is_file()), None)


SDK = _sdk()
needs_gcloud = pytest.mark.skipif(SDK is None, reason="there is no gcloud (Google Cloud SDK) on this machine")

needs_beta = pytest.mark.skipif(
    SDK is None or not (SDK / ".install" / "beta.manifest").is_file(),
    reason="gcloud has this among its beta commands alone, and they are not installed on this machine",
)


def _interpreter(sdk: Path) -> str:
    """Return the Python that the SDK brings along, or that its own settings name, or ours."""
    brought = (
        sdk / "platform" / "bundledpythonunix" / "bin" / "python3",
        sdk / "platform" / "bundledpython" / "python.exe",
    )
    there = next((str(path) for path in brought if path.is_file()), "")
    return there or os.environ.get("CLOUDSDK_PYTHON", sys.executable)


@dataclass(frozen=True, slots=True)
class Said:
    """What became of one command of gcloud: its status, and what it printed on each stream."""

    status: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """Read what was printed with `--format=json`."""
        return json.loads(self.out)


@asynccontextmanager
async def started(env: Mapping[str, str], *arguments: str) -> AsyncIterator[Process]:
    """Start gcloud as a program of its own, and end it with the context."""
    assert SDK
    program = (_interpreter(SDK), "-W", "ignore", str(SDK / "lib" / "gcloud.py"))
    process = await asyncio.create_subprocess_exec(*program, *arguments, stdout=PIPE, stderr=DEVNULL, env=env)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


@dataclass
class Gcloud:
    """gcloud's own program, kept loaded in its own interpreter."""

    process: Process
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, *arguments: str) -> Said:
        async with self._one_at_a_time:
            assert self.process.stdin
            assert self.process.stdout
            self.process.stdin.write(f"{json.dumps(arguments)}\n".encode())
            answer = json.loads(await self.process.stdout.readline())
        return Said(**answer)


@asynccontextmanager
async def loaded(env: Mapping[str, str], *mode: str) -> AsyncIterator[Gcloud]:
    """Load gcloud with this environment; it ends with the context. In the mode `parse` it runs nothing."""
    assert SDK
    program = (_interpreter(SDK), str(Path(__file__).with_name("resident.py")), str(SDK / "lib"), *mode)
    process = await asyncio.create_subprocess_exec(*program, stdin=PIPE, stdout=PIPE, env=env, limit=1 << 24)
    try:
        yield Gcloud(process)
    finally:
        process.stdin.close()  # type: ignore[union-attr]
        await process.wait()


@dataclass(frozen=True, slots=True)
class Court:
    """One emulator; gcloud and our adapter in front of it. `env` leads programs to it."""

    emulator: Emulator
    cloud: Cloud
    gcloud: Gcloud
    env: Mapping[str, str]

    async def look(self, name: ServiceName = NAME) -> tuple[Service, tuple[Revision, ...]]:
        """Look as buddy-tui does."""
        return await self.cloud.service(name), await self.cloud.revisions(name)


@asynccontextmanager
async def in_court() -> AsyncIterator[Court]:
    """Serve an empty world with both in front of it."""
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(serve(Options()))
        leading = await stack.enter_async_context(led(emulator.endpoints))
        env = {**without_gcloud(os.environ), **emulator.endpoints, **leading}
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in emulator.endpoints.items():
            patch.setenv(name, value)
        host = Known(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"], "a test")
        cloud = await gcp.connect(Settings(project=Known(PROJECT, "a test"), emulated=host))
        stack.push_async_callback(cloud.close)
        yield Court(emulator, cloud, await stack.enter_async_context(loaded(env)), env)
