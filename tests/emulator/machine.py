"""A machine to boot images on: registry, reaper and runtime in a folder, and all that they logged."""

import io
import zipfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from google.cloud import run_v2

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.images import Image, Registry
from buddy_tui.emulator.machine.reaper import Reaper
from buddy_tui.emulator.machine.runtime import DEPLOYMENT, Instance, Runtime
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WHERE = Where("demo", "us-central1", "shop", "shop-00001-abc")
# Answers GET with its revision and its environment's MARK, and POST with what it was sent. Starts in 70 ms.
SERVER = """\
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer(f"{os.environ['K_REVISION']} {os.environ.get('MARK', '')} {self.path}".encode())
    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer.request_queue_size = 128
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""


def source(main: str, command: str = "python main.py", **files: str) -> bytes:
    """Return a zipped source whose image starts `main`."""
    into = io.BytesIO()
    dockerfile = f"FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD {command}\n"
    with zipfile.ZipFile(into, "w") as archive:
        for name, text in {"Dockerfile": dockerfile, "main.py": main, **files}.items():
            archive.writestr(name, text)
    return into.getvalue()


def revision(image: str = "", **env: str) -> Message:
    """Return a run.v2 Revision of one container."""
    container = run_v2.Container(
        image=image, env=[{"name": name, "value": value} for name, value in env.items()]
    )
    return run_v2.Revision.pb(run_v2.Revision(containers=[container]))


class Machine:
    """Boots sources, and holds what was logged."""

    def __init__(self, folder: Path, startup_limit: float) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self.entries: list[Message] = []
        self.registry = Registry(folder, self.faults, self.clock)
        self.reaper = Reaper()
        self.runtime = Runtime(
            folder, self.reaper, self.clock, self.entries.append, startup_limit=startup_limit
        )
        self._instances: list[Instance] = []

    def image(self, main: str, command: str = "python main.py", **files: str) -> Image:
        """Build an image."""
        return self.registry.build(source(main, command, **files), "registry/shop").image

    async def boot(self, image: Image, shape: Message | None = None) -> Instance:
        """Boot an image; it is stopped with the machine."""
        instance = await self.runtime.start(shape or revision(), image, WHERE, DEPLOYMENT)
        self._instances.append(instance)
        return instance

    async def stop(self) -> None:
        """Stop what was booted."""
        for instance in self._instances:
            await self.runtime.stop(instance)

    def said(self, log: str) -> list[str]:
        """Return the texts of one log, e.g. `stderr` or `system`, in order."""
        return [entry.text_payload for entry in self.entries if entry.log_name.endswith(log)]


@asynccontextmanager
async def machine(folder: Path, startup_limit: float = 20.0) -> "AsyncIterator[Machine]":
    """Give a machine, and leave no process behind."""
    given = Machine(folder, startup_limit)
    given.reaper.start()
    try:
        yield given
        await given.stop()
    finally:
        given.reaper.close()
