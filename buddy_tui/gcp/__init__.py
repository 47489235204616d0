"""The only adapter to Google: implements `gateway.Cloud` with the official clients.

    clients      credentials, channels and transports; how long a call may take
    cloud        all of it as one `Cloud`
    reads        Cloud Run as a `Reads`
    logs         Cloud Logging as a `LogReads`
    history      who changed a service, from audit logs; what we may do
    images       whether a container image is still there
    archives     source archives as a `SourceReads`
    sources      source archives as they are uploaded and found again
    builds       builds: begun, looked at, cancelled
    apis         what a project has enabled, and what we may do on it
    tokens       identity tokens as a `TokenReads`
    gcloud       the identity token of a user account, from the gcloud command
    documents    Firestore as a `DocumentReads`
    firestore    one Firestore database; loads when the first document is asked for
    updates      one change of a service, bound to what was looked at
    changes      what may be changed, as a `Writes`
    rollouts     what a new revision asks of Cloud Run
    deploying    what is deployed, as a `Deploys`
    rest         one call over REST
    regions      the regions of a project, over v1 REST
    convert      protobuf -> model, and a traffic list back
    log_entries  log entries -> model, fast
    errors       Google's errors -> ours
    network      where REST calls go, and why there was no connection
    reach        whether there is a way to Cloud Run, and what time it is there
    credentials  whose credentials we are signed in with, and until when
    permissions  which role holds a permission, and how it is granted
    blocking     calls that block, with a time limit

Importing this package is cheap: what is Google's loads in `load`, which `connect` runs in a thread.
"""

import asyncio
import gc
import importlib
import logging
import os
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud, Deploys, Writes
    from buddy_tui.gcp.cloud import GoogleCloud


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
    importlib.import_module("buddy_tui.gcp.cloud")
    # What was imported stays, and a flood of log entries leaves no cycles: to look for some after every 700 objects
    # takes a fifth of the time that the flood takes.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def connect(settings: "Settings") -> "Cloud":
    """Open Cloud Run, its logs, its sources and Firestore as `settings` say.

    An emulated world is met without credentials, the real one with Application Default Credentials.

    Call it in the event loop in which the result is used. Raises NotSignedIn, Denied or Unreachable.
    """
    await asyncio.to_thread(load)
    from buddy_tui.gcp.clients import open_clients
    from buddy_tui.gcp.cloud import GoogleCloud

    return GoogleCloud(await open_clients(settings))


def writes(cloud: "Cloud") -> "Writes":
    """Return the door to every change, over the connections of a `cloud` that `connect` opened.

    With `--read-only` nobody calls this.
    """
    from buddy_tui.gcp.changes import GoogleWrites

    return GoogleWrites(_google(cloud))


def deploys(cloud: "Cloud") -> "Deploys":
    """Return the door to deployments, as `writes` does for changes."""
    from buddy_tui.gcp.deploying import GoogleDeploys

    return GoogleDeploys(_google(cloud))


def _google(cloud: "Cloud") -> "GoogleCloud":
    from buddy_tui.gcp.cloud import GoogleCloud

    if not isinstance(cloud, GoogleCloud):
        raise TypeError(cloud)
    return cloud
