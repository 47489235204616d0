"""What Cloud Logging makes of a boot's output: LogEntry objects, with the platform's own lines around them.

A deterministic transformation of recorded text; texts and labels of the platform are those of real exports.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

START = datetime(2026, 11, 23, 14, 33, 10, 123456, tzinfo=UTC)
STEP = timedelta(microseconds=3217)
_PROJECT, _REGION, _SERVICE = "shop-prod", "europe-west1", "orders"
REVISION, _OLD = "orders-00007-5rx", "orders-00006-86c"
_LISTENING = re.compile(r"Listening at|Uvicorn running on|Running on http")
HEADER = "Traceback (most recent call last):"
_ROLLOUT = (
    "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions"
    " due to deployment, traffic split adjustment, or deployment health check."
)
_PORT_MESSAGE = (
    "The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment"
    " variable within the allocated timeout. This can happen when the container port is misconfigured or if the"
    " timeout is too short. The health check timeout can be extended. Logs for this revision might contain more"
    " information."
)

Variant = Mapping[str, Any]
Entry = dict[str, Any]


def entries(text: str, variant: Variant) -> list[Entry]:
    """Return the boot as LogEntry objects, oldest first.

    The variant says what the platform adds: `probe` (passed, or the status of its failure), `exit`, `says` (further
    lines of varlog/system), `verdict` (false: the revision is not ready), `instances` (2: interleaved), `split` (one
    entry a line, whatever it is), `halves` (a traceback is cut in two entries), `old` (a healthy revision writes at
    the same time).
    """
    found = [
        entry for number in range(variant.get("instances", 1)) for entry in _instance(text, variant, number)
    ]
    if variant.get("old"):
        found += _old_revision()
    if "verdict" in variant:
        found.append(_verdict(variant, max(entry["timestamp"] for entry in found)))
    return sorted(found, key=lambda entry: str(entry["timestamp"]))


def _instance(text: str, variant: Variant, number: int) -> Iterator[Entry]:
    """Yield the entries of one instance; a second one lags a little, so that the two interleave."""
    at = START + number * timedelta(microseconds=1100)
    instance = f"00{sha256(b'%d' % number).hexdigest() * 3}"[:184]
    yield _system(instance, at, "INFO", _ROLLOUT, {"scaling_reason": "DEPLOYMENT_ROLLOUT"})
    probe = variant.get("probe", "")
    found = _found(text, variant)
    listening = next((place for place, one in enumerate(found) if _LISTENING.search(one)), len(found) - 1)
    for place, message in enumerate(found):
        at += STEP
        yield _said(instance, at, message)
        if probe == "passed" and place == listening:
            yield _system(instance, at + STEP / 3, "INFO", _probe("succeeded after 1 attempt"))
    for words in variant.get("says", ()):
        at += STEP
        yield _system(instance, at, "ERROR", words)
    if "exit" in variant:
        at += STEP
        words = f"Container called exit({variant['exit']})."
        yield _system(instance, at, "WARNING", words, {"container_name": f"{_SERVICE}-1"})
    if probe not in {"", "passed"}:
        at += timedelta(seconds=240) if probe == "DEADLINE_EXCEEDED" else STEP
        failed = f"{_probe('failed 1 time consecutively')} The instance was not started.\n"
        yield _system(instance, at, "ERROR", f"{failed}Connection failed with status {probe}.")


def _found(text: str, variant: Variant) -> list[str]:
    found = _lines(text) if variant.get("split") else list(messages(text))
    return list(_halves(found)) if variant.get("halves") else found


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def messages(text: str) -> Iterator[str]:
    """Yield lines as Cloud Logging makes entries of them: a bare traceback is one, anything else is one a line."""
    grouped: list[str] = []
    for line in _lines(text):
        if line == HEADER:
            grouped = [line]
        elif grouped:
            grouped.append(line)
            if not line.startswith(" "):
                yield "\n".join(grouped)
                grouped = []
        else:
            yield line
    if grouped:
        yield "\n".join(grouped)


def _halves(messages: Iterable[str]) -> Iterator[str]:
    """Cut every traceback in two, as Cloud Logging does with what is written in two pieces."""
    for message in messages:
        lines = message.split("\n")
        middle = len(lines) // 2
        yield from ("\n".join(lines[:middle]), "\n".join(lines[middle:])) if middle else lines


def _said(instance: str, at: datetime, message: str) -> Entry:
    entry = _entry("stderr", instance, at)
    if message.startswith("{"):
        payload = json.loads(message)
        severity = payload.pop("severity", "")
        return {**entry, "jsonPayload": payload} | ({"severity": severity} if severity else {})
    if message.startswith(HEADER):
        groups = [{"id": sha256(message.encode()).hexdigest()[:15]}]
        return {**entry, "errorGroups": groups, "severity": "ERROR", "textPayload": message}
    return {**entry, "textPayload": message}


def _system(
    instance: str, at: datetime, severity: str, words: str, labels: Mapping[str, str] | None = None
) -> Entry:
    entry = _entry("varlog%2Fsystem", instance, at)
    entry["labels"] |= labels or {}
    return {**entry, "severity": severity, "textPayload": words}


def _probe(result: str) -> str:
    return f'Default STARTUP TCP probe {result} for container "{_SERVICE}-1" on port 8080.'


def _entry(log: str, instance: str, at: datetime, revision: str = REVISION) -> Entry:
    names = {"configuration_name": _SERVICE, "location": _REGION, "project_id": _PROJECT}
    return {
        "insertId": sha256(f"{log}{instance}{at}".encode()).hexdigest()[:20],
        "labels": {"instanceId": instance},
        "logName": f"projects/{_PROJECT}/logs/run.googleapis.com%2F{log}",
        "receiveTimestamp": stamp(at + timedelta(milliseconds=97)),
        "resource": {
            "labels": {**names, "revision_name": revision, "service_name": _SERVICE},
            "type": "cloud_run_revision",
        },
        "timestamp": stamp(at),
    }


def _old_revision() -> Iterator[Entry]:
    """Yield what the revision before says meanwhile: requests that it answers, and a warning."""
    instance = f"00{sha256(b'old').hexdigest() * 3}"[:184]
    for number in range(4):
        at = START + number * timedelta(microseconds=9001)
        request = {"requestMethod": "GET", "requestUrl": "https://orders.example/", "status": 200}
        yield {**_entry("requests", instance, at, _OLD), "httpRequest": request, "severity": "INFO"}
        line = f'INFO:     169.254.169.126:{41000 + number} - "GET / HTTP/1.1" 200 OK'
        yield {**_entry("stdout", instance, at + STEP / 9, _OLD), "textPayload": line}


def _verdict(variant: Variant, after: str) -> Entry:
    """Return the system event that ends a deployment."""
    at = datetime.fromisoformat(after) + timedelta(milliseconds=12)
    entry = _entry("unused", "", at)
    ready = variant["verdict"] is True
    message = variant.get("message") or ("Deploying revision succeeded in 9.31s." if ready else _PORT_MESSAGE)
    words = f"Ready condition status changed to {ready} for Revision {REVISION} with message: {message}"
    status = {"message": words} | ({} if ready else {"code": 9})
    return {
        **entry,
        "labels": {},
        "logName": f"projects/{_PROJECT}/logs/cloudaudit.googleapis.com%2Fsystem_event",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "methodName": "/Services.ReplaceService",
            "resourceName": f"namespaces/{_PROJECT}/revisions/{REVISION}",
            "serviceName": "run.googleapis.com",
            "status": status,
        },
        "severity": "INFO" if ready else "ERROR",
    }


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"
