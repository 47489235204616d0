"""One world for each module of tests, and a machine whose own settings are full of canaries."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.canary.planted import HOSTILE, Place, mark, person, secrets
from tests.canary.world import THIEF, chatty, source

_TOML = f"""\
[[probe]]
name = "health"
path = "/health"
expect = {{ json = {{ "/password" = "ok" }}, status = [200, 500] }}
critical = false

[[probe]]
name = "led away"
path = "/system/test-flow"

[[probe]]
name = "typed"
path = "/health?access_token={mark(Place.ASKED)}-0123456789"
headers = {{ x-api-key = "${{CANARY_KEY}}", authorization = "Bearer {mark(Place.ASKED)}-0123456789" }}
"""


@dataclass(frozen=True, slots=True)
class Planted:
    """Folders of projects, the program's own place, where the world is, and what came to where nothing may come."""

    project: Path
    home: Path
    endpoints: dict[str, str]
    stolen: list[str]

    @property
    def files(self) -> dict[str, str]:
        """Return every file that the program wrote, by its name; not the operator's own, which it moves or packs."""
        return {
            path.name: path.read_text(encoding="utf-8", errors="surrogateescape")
            for path in sorted((self.home / "state").rglob("*"))
            if path.is_file() and "set-aside" not in path.parts and ".zip" not in path.name
        }


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """Serve the world, and let this process be one that was started in the project's folder."""
    folder = tmp_path_factory.mktemp("canary")
    with _thief() as (thief, stolen), _world(thief) as endpoints, pytest.MonkeyPatch.context() as patch:
        place = Planted(folder / "project", folder / "home", endpoints, stolen)
        _lay(place)
        for name, value in {**_environment(place, thief), **endpoints}.items():
            patch.setenv(name, value)
        patch.chdir(place.project)
        yield place


@contextmanager
def _world(thief: str) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "tests.canary.world"]
    env = {**os.environ, THIEF: f"http://{thief}/"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as world:
        assert world.stdout is not None
        assert world.stdin is not None
        try:
            yield json.loads(world.stdout.readline())
        finally:
            world.stdin.close()


@contextmanager
def _thief() -> Iterator[tuple[str, list[str]]]:
    """Listen where a redirect, and the proxy of the environment, lead; yield the address and what came."""
    stolen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stolen.append(f"{self.requestline}\n{self.headers}")
            self.send_error(502)

        do_POST = do_CONNECT = do_HEAD = do_GET  # noqa: N815 - as http.server spells methods

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}", stolen
        finally:
            server.shutdown()


def _lay(place: Planted) -> None:
    for folder, files in ((place.project, source()), (place.project.parent / "chatty", chatty(source()))):
        for path, content in files.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    (place.project / "buddy.toml").write_text(_TOML, encoding="utf-8")
    gcloud = place.home / "gcloud" / "configurations"
    gcloud.mkdir(parents=True)
    config = f"[core]\naccount = {person()}\nproject = elsewhere\n"
    (gcloud / "config_default").write_text(config, encoding="utf-8")
    (place.home / "adc.json").write_text(json.dumps(_credentials()), encoding="utf-8")
    (place.home / "boot.log").write_text("\n".join(_boot_log()), encoding="utf-8")


def _credentials() -> dict[str, str]:
    return {
        "type": "authorized_user",
        "account": person(),
        "client_id": f"{mark(Place.SIGNED_IN)}.apps.googleusercontent.com",
        "client_secret": f"GOCSPX-{mark(Place.SIGNED_IN)}0123456789",
        "refresh_token": f"1//0{mark(Place.SIGNED_IN)}-0123456789abcdef0123456789",
    }


def _boot_log() -> list[str]:
    return [
        *secrets(Place.LOGGED),
        HOSTILE,
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 3, in <module>',
        f"    connect({secrets(Place.LOGGED)[0]!r})",
        f"RuntimeError: {HOSTILE} {secrets(Place.LOGGED)[0]} API_TOKEN={mark(Place.LOGGED)}",
    ]


def _environment(place: Planted, thief: str) -> dict[str, str]:
    proxy = f"http://ops:{mark(Place.PROXY)}@{thief}"
    return {
        "HOME": str(place.home),
        "USERPROFILE": str(place.home),
        "XDG_STATE_HOME": str(place.home / "state"),
        "XDG_CONFIG_HOME": str(place.home / "config"),
        "CLOUDSDK_CONFIG": str(place.home / "gcloud"),
        "GOOGLE_APPLICATION_CREDENTIALS": str(place.home / "adc.json"),
        "CANARY_KEY": mark(Place.SETTING),
        "CLOUDSDK_AUTH_ACCESS_TOKEN": f"ya29.{mark(Place.SIGNED_IN)}-0123456789",
        "API_TOKEN": mark(Place.SETTING),
        "http_proxy": proxy,
        "https_proxy": proxy,
        "HTTPS_PROXY": proxy,
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }
