"""Failures that lie in how the container is started, asked and built."""

from buddy_tui.emulator.scenarios.failures_shop import Failure, main

# Cloud Run's own probe waits four minutes; these give up sooner, as a revision may ask for.
_SHORT = {"tcp_socket": {}, "timeout_seconds": 3, "period_seconds": 3, "failure_threshold": 1}
# It must not find the port open before the second server has failed to have it.
_LATER = {**_SHORT, "initial_delay_seconds": 20}
_HEALTH = {
    "http_get": {"path": "/healthz"},
    "timeout_seconds": 1,
    "period_seconds": 1,
    "failure_threshold": 3,
}

_FOREVER = """\
import threading

print("waiting for the leader election")
threading.Event().wait()
"""
_TWICE = """\
from http.server import BaseHTTPRequestHandler, HTTPServer

import uvicorn

metrics = HTTPServer(("0.0.0.0", 8080), BaseHTTPRequestHandler)
uvicorn.run("web:app", host="0.0.0.0", port=8080)
"""
# The head of a program for ARM, which no other machine starts.
_ARM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00\x01\x00\x00\x00" + bytes(40)

OUTSIDE: tuple[Failure, ...] = (
    Failure(
        "permission_denied",
        "the start program has no executable bit",
        {"start": "#!/usr/bin/env python3\nimport main\n"},
        command='["/app/start"]',
    ),
    Failure(
        "exec_format",
        "built on a laptop with another processor",
        program={"shop-server": _ARM},
        command='["/app/shop-server"]',
    ),
    Failure(
        "entrypoint_not_found",
        "the whole command in one pair of quotes",
        command='["uvicorn web:app --host 0.0.0.0 --port 8080"]',
    ),
    Failure(
        "loopback_bind",
        "uvicorn without --host",
        command='["uvicorn", "web:app", "--port", "8080"]',
        probe=_SHORT,
    ),
    Failure(
        "port_mismatch",
        "a port of its own instead of $PORT",
        command='["uvicorn", "web:app", "--host", "0.0.0.0", "--port", "5000"]',
        probe=_SHORT,
    ),
    Failure("port_in_use", "metrics and shop on one port", main(_TWICE), probe=_LATER),
    Failure("never_listened", "it waits for a leader before it listens", main(_FOREVER), probe=_SHORT),
    Failure("probe_misconfigured", "a probe of a path that nobody serves", probe=_HEALTH),
    Failure(
        "killed_by_signal",
        "native code gives up",
        main("import os\n\nprint('loading the model')\nos.abort()\n"),
    ),
    Failure("no_output", "it ends without a word", main("import sys\n\nsys.exit(1)\n")),
    Failure("image_not_found", "the registry's clean-up policy took the image", lost=True),
)
