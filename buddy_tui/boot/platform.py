"""boot: what the platform says: Cloud Run's system log and audit events, gcloud, and others that run containers.

Cloud Run's texts are those of its exported logs from 2022 to 2026; the words `Connection failed with status` came
in 2025. Render, Railway, Heroku, Fly.io, Docker Compose and systemd are read as far as exported logs show them.
"""

import re
from typing import NamedTuple

from buddy_tui.boot.said import Said, phrase, understand
from buddy_tui.boot.values import Mark

# The process was never run: no program, no right to read it, or none for this machine.
_NEVER_RAN = (
    "Application exec likely failed",
    "exec format error",
    "error finding executable",
    "executable file not found",
    "OCI runtime create failed",
    "oci runtime error",
    "unable to start container process",
    "starting container process caused",
)
# A program may say itself that it failed to start, so Cloud Run's way of saying it is asked for.
_NOT_LAUNCHED = re.compile(
    r"^terminated: |^Application failed to start(?:\.?$|: (?:\"|not available|failed to load|error finding|kernel))"
)
# The revision was refused before anything could run.
_REFUSED = (
    "Permission denied on secret",
    "secret_key_ref",
    "must have permission to read the image",
    "SecretsAccessCheckFailed",
)
_IMAGE_MISSING = re.compile(
    r"Image '[^']*' not found|Failed to pull image|manifest unknown|[Mm]anifest for \S+ not found"
)

_INSTANCE = (
    phrase(Mark.START, "Starting new instance", r"Starting new instance\.?(?: Reason: (?P<detail>[A-Z_]+))?"),
    phrase(
        Mark.PROBE_PASSED,
        "probe succeeded",
        r"STARTUP (?P<detail>TCP|HTTP|GRPC) probe succeeded.*? on port (?P<number>\d+)",
    ),
    phrase(
        Mark.PROBE_FAILED,
        "probe failed",
        r"STARTUP (?:TCP|HTTP|GRPC) probe failed.*? on port (?P<number>\d+)",
    ),
    phrase(Mark.EXIT, "Container called exit(", r"Container called exit\((?P<number>\d+)\)"),
    phrase(Mark.SIGNAL, "Uncaught signal: ", r"Uncaught signal: (?P<number>\d+)"),
    phrase(Mark.SIGNAL, "Container terminated on signal", r"on signal (?P<number>\d+)"),
    phrase(Mark.MEMORY, "Memory limit of ", r"Memory limit of (?P<number>\d+) ?Mi?B? exceeded"),
    phrase(Mark.MEMORY, "was found to be using too much memory"),
    phrase(Mark.SHUTDOWN, "Shutting down user disabled instance"),
    phrase(Mark.SHUTDOWN, "LIVENESS", r"LIVENESS \w+ probe failed", detail="liveness"),
)
_STATUS = re.compile(r"(?:Connection failed with status|failed with status:?) ([A-Z][A-Z_]+)")

_ELSEWHERE = (
    phrase(Mark.EXIT, " exited with code ", r"^\S+ exited with code (?P<number>\d+)(?: \(restarting\))?\W*$"),
    phrase(Mark.EXIT, "Exited with status", r"==> Exited with status (?P<number>\d+)"),
    phrase(Mark.EXIT, "Application exited early", r"==> Application exited early"),
    phrase(Mark.EXIT, "] exited with code [", r"App \[\S+\] exited with code \[(?P<number>\d+)\]"),
    phrase(Mark.EXIT, "Process exited with status", r"Process exited with status (?P<number>\d+)"),
    phrase(Mark.EXIT, "Main child exited", r"exited normally with code: (?P<number>\d+)"),
    phrase(Mark.EXIT, "Main process exited", r"code=exited, status=(?P<number>\d+)"),
    phrase(Mark.GAVE_UP, "Back-off restarting failed container"),
    phrase(Mark.START, "==> Running '"),
    phrase(Mark.START, "Starting Container", r"^Starting Container$"),
    phrase(Mark.START, "Starting process with command", r"Starting process with command `"),
    phrase(Mark.ACCEPTED, "Your service is live"),
    phrase(Mark.ACCEPTED, "State changed from starting to up"),
    phrase(Mark.PROBE_PASSED, "Healthcheck succeeded"),
    phrase(Mark.PROBE_PASSED, "Detected service running on port", r"on port (?P<number>\d+)", detail="tcp"),
    phrase(Mark.PROBE_FAILED, "no open ports detected", r"Port scan timeout", detail="DEADLINE_EXCEEDED"),
    phrase(Mark.PROBE_FAILED, "Error R10 (Boot timeout)", detail="DEADLINE_EXCEEDED"),
    phrase(Mark.PROBE_FAILED, "replicas never became healthy", detail="DEADLINE_EXCEEDED"),
    phrase(Mark.SHUTDOWN, "Stopping Container", r"^Stopping Container$"),
    phrase(Mark.SHUTDOWN, "Stopping all processes with SIGTERM"),
)
_PHRASES = (*_INSTANCE, *_ELSEWHERE)
_SIGTERM = 15

_READY = re.compile(
    r"Ready condition status changed to (?P<state>True|False) for (?P<kind>Revision|Service)"
    r" (?P<name>[\w-]+)(?:\.| with message: (?P<message>.*))?",
    re.DOTALL,
)
_NOT_READY = re.compile(
    r"Revision '(?P<name>[^']+)' is not ready and cannot serve traffic\. ?(?P<message>.*)", re.DOTALL
)
_DEPLOYED = re.compile(r"revision \[(?P<name>[\w-]+)\] has been deployed and is serving")
_GCLOUD = re.compile(r"ERROR: \(gcloud[\w.]*\) (?P<message>.*)", re.DOTALL)
_FAILED = re.compile(
    r"(?P<message>The user-provided container failed .*|The user-provided container failed$"
    r"|Container failed to start\. Failed to start and then listen .*)",
    re.DOTALL,
)
_TAIL = re.compile(r"\s*(?:Logs URL:|For more troubleshooting guidance).*", re.DOTALL)


class Verdict(NamedTuple):
    """What Cloud Run made of a revision. `revision` is empty where the words name none."""

    mark: Mark
    message: str = ""
    revision: str = ""


def said_by_platform(text: str) -> Said | None:
    """Return what the platform says in this line about an instance, else None.

    That no process was run at all is a `REJECTED` with the message as its detail.
    """
    if said := understand(text, _PHRASES):
        if said.mark is Mark.PROBE_FAILED:
            return said._replace(detail=said.detail or probe_status(text))
        if said.mark is Mark.SIGNAL and said.number == _SIGTERM:
            return Said(Mark.SHUTDOWN)
        return said._replace(detail=said.detail.lower()) if said.mark is Mark.PROBE_PASSED else said
    if any(words in text for words in _NEVER_RAN) or _NOT_LAUNCHED.search(text):
        return Said(Mark.REJECTED, text.strip())
    return None


def probe_status(text: str) -> str:
    """Return why a probe failed, e.g. `DEADLINE_EXCEEDED`: a sentence of the same or of the next line."""
    found = _STATUS.search(text)
    return found[1] if found else ""


def verdict_of(text: str) -> Verdict | None:
    """Return what a deployment's end or an audit event says about a revision, else None. May have several lines."""
    if "Ready condition" in text and (ready := _READY.search(text)):
        return _ready(ready)
    if deployed := _DEPLOYED.search(text):
        return Verdict(Mark.ACCEPTED, "", deployed["name"])
    for pattern in (_NOT_READY, _GCLOUD, _FAILED):
        if found := pattern.search(text):
            return Verdict(Mark.REJECTED, _trimmed(found["message"]), found.groupdict().get("name") or "")
    if _IMAGE_MISSING.search(text) or any(words in text for words in _REFUSED):
        return Verdict(Mark.REJECTED, _trimmed(text))
    return None


def never_ran(message: str) -> bool:
    """Whether a message of the platform means that no process was run: image, secret, permission, architecture."""
    return bool(_IMAGE_MISSING.search(message) or _NOT_LAUNCHED.search(message)) or any(
        words in message for words in (*_NEVER_RAN, *_REFUSED)
    )


def _ready(found: re.Match[str]) -> Verdict | None:
    """Read the Ready condition. Of a service, only a failure that names its revision tells more than the revision's."""
    message = found["message"] or ""
    inner = _NOT_READY.search(message)
    if found["kind"] == "Service" and not inner:
        return None
    name = inner["name"] if inner else found["name"]
    mark = Mark.ACCEPTED if found["state"] == "True" else Mark.REJECTED
    return Verdict(mark, _trimmed(inner["message"] if inner else message), name)


def _trimmed(message: str) -> str:
    return _TAIL.sub("", message).strip()
