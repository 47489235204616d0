"""The same thing elsewhere: addresses of the Cloud console, and the command that shows what we show.

The addresses are those seen in public code and gcloud's own output; Google promises none of them.
"""

import shlex
from urllib.parse import quote

from buddy_tui.model import ServiceName

_CONSOLE = "https://console.cloud.google.com/run"
_LOGS = "https://console.cloud.google.com/logs/query"


def service_page(name: ServiceName) -> str:
    """Return the console's page of a service."""
    return f"{_detail(name)}?project={quote(name.project, safe='')}"


def revisions_page(name: ServiceName) -> str:
    """Return the console's list of a service's revisions."""
    return f"{_detail(name)}/revisions?project={quote(name.project, safe='')}"


def logs_page(project: str, query: str, moment: str = "") -> str:
    """Return the console's Logs Explorer with a query, around a moment (RFC 3339) where one is told."""
    asked = f";query={quote(query, safe='')}"
    around = f";cursorTimestamp={quote(moment, safe='')};duration=PT1H" if moment else ""
    return f"{_LOGS}{asked}{around}?project={quote(project, safe='')}"


def read_logs(project: str, query: str, impersonate: str = "") -> str:
    """Return the gcloud command that prints the entries of a query, oldest first."""
    command = ["gcloud", "logging", "read", query, "--order=asc", f"--project={project}"]
    return shlex.join([*command, *_as(impersonate)])


def describe_service(name: ServiceName, impersonate: str = "") -> str:
    """Return the gcloud command that describes a service; `impersonate` is a service account or empty."""
    return _gcloud("services", name.service, name, impersonate)


def describe_revision(revision: str, name: ServiceName, impersonate: str = "") -> str:
    """Return the gcloud command that describes a revision of the service `name`."""
    return _gcloud("revisions", revision, name, impersonate)


def headless(verb: str, name: ServiceName, *words: str, impersonate: str = "") -> str:
    """Return our own command that does without a screen what the screen does, e.g. `buddy-tui probe --session`."""
    place = [f"--service={name.service}", f"--region={name.region}", f"--project={name.project}"]
    return shlex.join(["buddy-tui", verb, *words, *place, *_as(impersonate)])


def _detail(name: ServiceName) -> str:
    return f"{_CONSOLE}/detail/{quote(name.region, safe='')}/{quote(name.service, safe='')}"


def _gcloud(kind: str, which: str, at: ServiceName, impersonate: str) -> str:
    command = ["gcloud", "run", kind, "describe", which, f"--region={at.region}", f"--project={at.project}"]
    return shlex.join([*command, *_as(impersonate)])


def _as(impersonate: str) -> list[str]:
    return [f"--impersonate-service-account={impersonate}"] if impersonate else []
