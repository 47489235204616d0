"""Start-up, as ratios of one run: our first frame, our --help, our status, each beside what it is measured against.

Run it as `uv run python benchmarks/startup.py`. It starts an emulated Cloud Run with the story `many` and itself in
it. gcloud is compared where it is found: it speaks the older Knative API, which the emulator does not, so a small
loopback server here answers it from the very data that our status printed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import nan
from statistics import median
from typing import Any

from report import Promise, compared, compiling, interleaved, show
from terminal import Memory, Program

PYTHON = sys.executable
BUDDY = (PYTHON, "-m", "buddy_tui")
# The largest service of the story `many`.
SERVICE, REGION = "account-api", "us-central1"
STATUS = (*BUDDY, "status", SERVICE, "--json")
TRIVIAL = """\
from textual.app import App
from textual.widgets import Footer, Header, Static

class Trivial(App):
    def compose(self):
        yield Header()
        yield Static("hello")
        yield Footer()

Trivial().run()
"""


def first_frame(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Return the seconds from the start of a program to the first frame that is not blank."""
    with Program(command, environ=environ) as program:
        chunks = program.listen(quiet=0.3, timeout=20)
        at = program.when(chunks, lambda text: bool(text.strip()))
    return nan if at is None else at


def duration(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Return the seconds that a command takes. Raises CalledProcessError where it fails."""
    began = time.perf_counter()
    subprocess.run(command, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return time.perf_counter() - began


def frames(rounds: int, environ: Mapping[str, str]) -> Promise:
    """Compare our first frame with that of a trivial Textual app (a header, a line, a footer)."""
    seen = interleaved(
        rounds,
        {
            "ours": lambda: first_frame(BUDDY, environ),
            "trivial": lambda: first_frame((PYTHON, "-c", TRIVIAL), environ),
        },
    )
    return compared("first frame over that of a trivial Textual app", seen["ours"], seen["trivial"], goal=1.2)


def helps(rounds: int, environ: Mapping[str, str]) -> Promise:
    """Compare --help with the bare import of the library that prints it."""
    seen = interleaved(
        rounds,
        {
            "ours": lambda: duration((*BUDDY, "--help"), environ),
            "bare": lambda: duration((PYTHON, "-c", "import cyclopts"), environ),
        },
    )
    return compared("--help over a bare import of cyclopts", seen["ours"], seen["bare"], goal=1.3)


def told(environ: Mapping[str, str]) -> Any:  # noqa: ANN401 - what JSON says
    """Return what our status says of the service."""
    return json.loads(subprocess.run(STATUS, env=dict(environ), stdout=subprocess.PIPE, check=True).stdout)


def statuses(rounds: int, environ: Mapping[str, str], status: Mapping[str, Any]) -> Promise:
    """Compare our status with gcloud's list of the same revisions, whose server has nothing to work out."""
    name = "status --json over gcloud run revisions list"
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return Promise(name, nan, 0.9, note="gcloud is not installed")
    listing = (gcloud, "run", "revisions", "list", f"--service={SERVICE}")
    with knative(status) as port, tempfile.TemporaryDirectory() as folder:
        theirs = {**environ, **gcloud_environment(status["service"]["project"], folder, port)}
        printed = subprocess.run(listing, env=theirs, stdout=subprocess.PIPE, check=True, text=True).stdout
        seen = interleaved(
            rounds,
            {"ours": lambda: duration(STATUS, environ), "gcloud": lambda: duration(listing, theirs)},
        )
    shown = sum(revision["name"] in printed for revision in status["revisions"])
    promise = compared(name, seen["ours"], seen["gcloud"], goal=0.9)
    return replace(
        promise, note=f"{promise.note}; gcloud shows {shown} of {len(status['revisions'])} revisions"
    )


def gcloud_environment(project: str, folder: str, port: int) -> dict[str, str]:
    """Return what makes gcloud ask a server of ours, with no account and no network.

    It puts the region before the host of an endpoint, so the host is a made-up one, behind a proxy.
    """
    return {
        "CLOUDSDK_CONFIG": folder,
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": project,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API": "false",
        "CLOUDSDK_RUN_REGION": REGION,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN": "http://run.example/",
        "CLOUDSDK_PROXY_TYPE": "http",
        "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
        "CLOUDSDK_PROXY_PORT": str(port),
    }


@contextmanager
def knative(status: Mapping[str, Any]) -> Iterator[int]:
    """Serve the revisions of a status as Knative's RevisionList, to whatever is asked; yield the port."""
    answer = json.dumps(
        {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "RevisionList",
            "metadata": {},
            "items": [_knative_revision(revision) for revision in status["revisions"]],
        }
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def _knative_revision(revision: Mapping[str, Any]) -> dict[str, Any]:
    ready = "False" if revision["state"] == "failed" else "True"
    active = "True" if revision["percent"] else "False"
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "name": revision["name"],
            "creationTimestamp": revision["created"],
            "labels": {"serving.knative.dev/service": SERVICE, "cloud.googleapis.com/location": REGION},
            "annotations": {"serving.knative.dev/creator": "alice@example.com"},
        },
        "spec": {"containers": [{"image": "image"}]},
        "status": {
            "conditions": [
                {"type": "Ready", "status": ready, "message": revision["message"]},
                {"type": "Active", "status": active},
            ]
        },
    }


def dashboard(rounds: int, environ: Mapping[str, str], status: Mapping[str, Any]) -> Iterator[Promise]:
    """Tell when the dashboard shows the newest revision of the service, and what it takes when idle."""
    newest = status["revisions"][0]["name"]
    times, memories = list[float](), list[Memory]()
    for _ in range(rounds):
        with Program(BUDDY, environ=environ) as program:
            chunks = program.listen(quiet=1.0, timeout=30, until=newest.encode())
            times.append(program.when(chunks, lambda text: newest in text) or nan)
            memories.append(program.memory())
    note = f"{len(status['revisions'])} revisions, median of {rounds}"
    yield Promise("start to the first full snapshot", median(times), unit="s", note=note)
    for name, sizes in (
        ("idle dashboard, resident", [memory.rss for memory in memories]),
        ("idle dashboard, proportional", [memory.pss for memory in memories]),
    ):
        yield Promise(name, median(sizes), unit="MiB", note=note)


def main() -> int:
    """Measure and print; first find the way into an emulator."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    if "CLOUD_RUN_EMULATOR_HOST" not in os.environ:
        inside = (PYTHON, __file__, *sys.argv[1:])
        return subprocess.call((*BUDDY, "emulator", "--story", "many", "--", *inside))
    with tempfile.TemporaryDirectory() as folder:
        environ = compiling({**os.environ, "BUDDY_REGION": REGION, "BUDDY_SERVICE": SERVICE}, folder)
        status = told(environ)
        promises = [
            frames(rounds, environ),
            helps(rounds, environ),
            statuses(rounds, environ, status),
            *dashboard(max(1, rounds // 2), environ, status),
        ]
    show("Start-up, on the story 'many'", promises)
    return 0


if __name__ == "__main__":
    sys.exit(main())
