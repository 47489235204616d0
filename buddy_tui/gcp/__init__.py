"""The only adapter to Google: implements `gateway.Reads` with the official clients.

    clients   credentials, channels and transports; how long a call may take
    reads     Cloud Run as a `Reads`
    regions   the regions of a project, over v1 REST
    convert   protobuf -> model
    errors    Google's errors -> ours

Importing this package is cheap: what is Google's loads in `load`, which `connect` runs in a thread.
"""

import asyncio
import importlib
import logging
import os
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Reads


# Read by Google's libraries when they are imported; whoever set one already knows better.
_MANNERS = {
    # gRPC's core logs to stderr, past Python, and stderr is where the dashboard is drawn.
    "GRPC_VERBOSITY": "NONE",
    # Off Google's machines the metadata server never answers; google-auth would wait three times three seconds.
    "GCE_METADATA_TIMEOUT": "1",
    "GCE_METADATA_DETECT_RETRIES": "1",
}


def load() -> None:
    """Import the Google clients: about 0.5 s of work, safe in a worker thread."""
    for name, value in _MANNERS.items():
        os.environ.setdefault(name, value)
    # Without any handler Python prints warnings to stderr, and we tell trouble in our own words.
    logging.getLogger("google").addHandler(logging.NullHandler())
    # Google's libraries warn on stderr, where the dashboard is, months before they drop a version of Python.
    warnings.filterwarnings("ignore", "You are using a .*Python version", FutureWarning)
    importlib.import_module("buddy_tui.gcp.reads")


async def connect(settings: "Settings") -> "Reads":
    """Open Cloud Run as `settings` say: emulated without credentials, else as Application Default Credentials.

    Call it in the event loop in which the result is used. Raises NotSignedIn, Denied or Unreachable.
    """
    await asyncio.to_thread(load)
    from buddy_tui.gcp.clients import open_clients
    from buddy_tui.gcp.reads import GoogleReads

    return GoogleReads(await open_clients(settings))
