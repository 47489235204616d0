"""The same thing elsewhere: the command that shows what we show."""

import shlex

from buddy_tui.model import ServiceName


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


def _gcloud(kind: str, which: str, at: ServiceName, impersonate: str) -> str:
    command = ["gcloud", "run", kind, "describe", which, f"--region={at.region}", f"--project={at.project}"]
    return shlex.join([*command, *_as(impersonate)])


def _as(impersonate: str) -> list[str]:
    return [f"--impersonate-service-account={impersonate}"] if impersonate else []
