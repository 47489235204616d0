"""The same thing elsewhere: addresses of the Cloud console, and the gcloud command that shows what we show.

The addresses are those seen in public code and gcloud's own output; Google promises none of them.
"""

import shlex
from urllib.parse import quote

from buddy_tui.model import ServiceName

_CONSOLE = "https://console.cloud.google.com/run"


def service_page(name: ServiceName) -> str:
    """Return the console's page of a service."""
    return f"{_detail(name)}?project={quote(name.project, safe='')}"


def revisions_page(name: ServiceName) -> str:
    """Return the console's list of a service's revisions."""
    return f"{_detail(name)}/revisions?project={quote(name.project, safe='')}"


def describe_service(name: ServiceName, impersonate: str = "") -> str:
    """Return the gcloud command that describes a service; `impersonate` is a service account or empty."""
    return _gcloud("services", name.service, name, impersonate)


def describe_revision(revision: str, name: ServiceName, impersonate: str = "") -> str:
    """Return the gcloud command that describes a revision of the service `name`."""
    return _gcloud("revisions", revision, name, impersonate)


def _detail(name: ServiceName) -> str:
    return f"{_CONSOLE}/detail/{quote(name.region, safe='')}/{quote(name.service, safe='')}"


def _gcloud(kind: str, which: str, at: ServiceName, impersonate: str) -> str:
    command = ["gcloud", "run", kind, "describe", which, f"--region={at.region}", f"--project={at.project}"]
    if impersonate:
        command.append(f"--impersonate-service-account={impersonate}")
    return shlex.join(command)
