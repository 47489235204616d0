"""Log entries of the emulated Cloud Logging, shaped as Google writes them for Cloud Run."""

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from google.cloud.audit.audit_log_pb2 import AuditLog
from google.cloud.logging_v2.types import LogEntry
from google.logging.type.http_request_pb2 import HttpRequest
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message

# The raw protobuf class of google.logging.v2: far cheaper than its proto-plus wrapper.
Entry: Message = LogEntry.pb()

TRACEBACK = "Traceback (most recent call last):"
GROUP_TRACEBACK = "  + Exception Group Traceback (most recent call last):"

# One JSON level is three protobuf levels, and protobuf readers stop at 100.
_DEEPEST_JSON = 30
# The names of Google's enum, and what Cloud Logging's open-source agents make of some others.
_SEVERITIES: dict[str, int] = dict(LogSeverity.items()) | {
    "WARN": LogSeverity.WARNING,
    "ERR": LogSeverity.ERROR,
    "FATAL": LogSeverity.CRITICAL,
    "TRACE": LogSeverity.DEBUG,
}
# Special fields of a JSON line that keep their shape, and the entry's field that each becomes.
_SPECIAL = {
    "httpRequest": "httpRequest",
    "logging.googleapis.com/insertId": "insertId",
    "logging.googleapis.com/labels": "labels",
    "logging.googleapis.com/operation": "operation",
    "logging.googleapis.com/sourceLocation": "sourceLocation",
    "logging.googleapis.com/spanId": "spanId",
    "logging.googleapis.com/trace": "trace",
    "logging.googleapis.com/trace_sampled": "traceSampled",
}
_serial = count(0x1A952C81, 0x9E37)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its answer, as the ingress saw it. Sizes are in bytes, `trace` and `span` are bare ids.

    `text` is the platform's own remark on a request that it could not serve; empty otherwise.
    """

    method: str
    url: str
    status: int
    latency_seconds: float
    request_size: int
    response_size: int
    user_agent: str
    remote_ip: str
    protocol: str
    trace: str
    span: str
    text: str = ""


def line(where: Where, instance: str, stream: str, text: str, at: datetime) -> Message:
    """Return what a line of a container (`stream` is stdout or stderr) becomes.

    A JSON object becomes `json_payload`; what Cloud Logging documents as special fields is lifted out of it.
    A text that is a whole Python traceback has severity ERROR; any other text has none.
    """
    entry = _container_entry(where, instance, stream, at)
    if not (text.startswith("{") and _lift(entry, text)):
        entry.text_payload = text
        if text.startswith((TRACEBACK, GROUP_TRACEBACK)):
            entry.severity = LogSeverity.ERROR
    return entry


def system(where: Where, instance: str, severity: str, text: str, at: datetime, **labels: str) -> Message:
    """Return a line of the platform itself: instance starts, startup probes, exit codes.

    Google labels `Container called exit(N).` with `container_name` and `Starting new instance.` with
    `scaling_reason`; no other line has them.
    """
    entry = _container_entry(where, instance, "varlog/system", at)
    entry.severity = LogSeverity.Value(severity)
    entry.text_payload = text
    entry.labels.update(labels)
    return entry


def request(where: Where, instance: str, exchange: Exchange, at: datetime) -> Message:
    """Return the entry of a served request: INFO, from 400 on WARNING, from 500 on ERROR. `at` is its start."""
    entry = _container_entry(where, instance, "requests", at)
    name = "ERROR" if exchange.status >= 500 else "WARNING" if exchange.status >= 400 else "INFO"
    entry.severity = LogSeverity.Value(name)
    if exchange.text:
        entry.text_payload = exchange.text
    entry.trace = f"projects/{where.project}/traces/{exchange.trace}"
    entry.span_id = exchange.span
    entry.http_request.CopyFrom(
        HttpRequest(
            request_method=exchange.method,
            request_url=exchange.url,
            request_size=exchange.request_size,
            status=exchange.status,
            response_size=exchange.response_size,
            user_agent=exchange.user_agent,
            remote_ip=exchange.remote_ip,
            protocol=exchange.protocol,
        )
    )
    entry.http_request.latency.FromTimedelta(timedelta(seconds=exchange.latency_seconds))
    return entry


def build(project: str, identity: str, text: str, at: datetime) -> Message:
    """Return a line of a build's log; `identity` is the build's. That real ones have no severity is unverified."""
    entry = Entry(log_name=f"projects/{project}/logs/cloudbuild", insert_id=insert_id(at), text_payload=text)
    entry.timestamp.FromDatetime(at)
    entry.resource.type = "build"
    entry.resource.labels.update(project_id=project, build_id=identity, build_trigger_id="")
    return entry


def activity(
    where: Where,
    principal: str,
    method: str,
    at: datetime,
    *,
    code: int = 0,
    message: str = "",
    request: Mapping[str, Any] | None = None,
    agent: str = "",
) -> Message:
    """Return the audit entry of a changing API call, e.g. of `google.cloud.run.v2.Services.UpdateService`.

    `code` and `message` are the gRPC status that the caller got; a refused call is an ERROR. `agent` is the program
    that called. That the v2 API
    names the resource by its full path, as SetIamPolicy does, is unverified.
    """
    audit = _audit(method, where.service_path, request=request or {})
    audit.authentication_info.principal_email = principal
    audit.request_metadata.caller_ip = "127.0.0.1"
    audit.request_metadata.caller_supplied_user_agent = agent
    audit.resource_location.current_locations.append(where.region)
    if code:
        audit.status.code = code
        audit.status.message = message
    unrevised = Where(where.project, where.region, where.service)
    return _audit_entry(unrevised, "activity", "ERROR" if code else "NOTICE", audit, at)


def system_event(
    where: Where, at: datetime, *, ready: bool, message: str, response: Mapping[str, Any]
) -> Message:
    """Return Google's notice that a revision (or, where none is named, the service) became ready or failed.

    `response` is the Knative JSON of that resource; `message` is the text of its Ready condition, or empty.
    """
    kind, name = ("Revision", where.revision) if where.revision else ("Service", where.service)
    audit = _audit(
        "/Services.ReplaceService",
        f"namespaces/{where.project}/{kind.lower()}s/{name}",
        response=response,
    )
    audit.status.code = 0 if ready else 9
    reason = f" with message: {message}" if message else "."
    audit.status.message = f"Ready condition status changed to {ready} for {kind} {name}{reason}"
    return _audit_entry(where, "system_event", "INFO" if ready else "ERROR", audit, at)


def insert_id(at: datetime) -> str:
    """Return a new insert id: 24 hex digits of seconds, microseconds and a serial, so that it sorts by time."""
    return f"{int(at.timestamp()):08x}{at.microsecond:08x}{next(_serial) & 0xFFFFFFFF:08x}"


def _container_entry(where: Where, instance: str, log: str, at: datetime) -> Message:
    entry = _entry(where, f"run.googleapis.com/{log}", at, insert_id(at))
    entry.labels["instanceId"] = instance
    return entry


def _audit_entry(where: Where, log: str, severity: str, audit: AuditLog, at: datetime) -> Message:
    short = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(11))
    entry = _entry(where, f"cloudaudit.googleapis.com/{log}", at, short)
    entry.severity = LogSeverity.Value(severity)
    entry.proto_payload.Pack(audit)
    return entry


def _entry(where: Where, log: str, at: datetime, identity: str) -> Message:
    entry = Entry(
        log_name=f"projects/{where.project}/logs/{log.replace('/', '%2F')}",
        insert_id=identity,
    )
    entry.timestamp.FromDatetime(at)
    entry.resource.type = "cloud_run_revision"
    entry.resource.labels.update(
        project_id=where.project,
        location=where.region,
        service_name=where.service,
        revision_name=where.revision,
        configuration_name=where.service if where.revision else "",
    )
    return entry


def _audit(method: str, resource: str, **payloads: Mapping[str, Any]) -> AuditLog:
    structs = {name: ParseDict(dict(payload), Struct()) for name, payload in payloads.items() if payload}
    return AuditLog(service_name="run.googleapis.com", method_name=method, resource_name=resource, **structs)


def _lift(entry: Message, text: str) -> bool:
    """Make `text` the entry's JSON payload; False, and nothing changed, where it is no object that fits one."""
    draft = Entry()
    draft.CopyFrom(entry)
    try:
        record = json.loads(text, parse_constant=_refuse)
        if _depth(record) > _DEEPEST_JSON:
            return False
        for key in [key for key, value in record.items() if _lift_field(draft, key, value)]:
            del record[key]
        ParseDict(record, draft.json_payload)
    except (ValueError, RecursionError, ParseError):
        return False
    draft.json_payload.SetInParent()
    entry.CopyFrom(draft)
    return True


def _lift_field(entry: Message, key: str, value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Move a special field into the entry; False where it is none, or not of the documented shape."""
    try:
        if key == "severity":
            entry.severity = _SEVERITIES.get(str(value).upper(), LogSeverity.DEFAULT)
        elif key == "time":
            entry.timestamp.FromJsonString(value)
        elif key == "timestamp":
            # A text under this name stays in the payload, as seen in real entries.
            entry.timestamp.CopyFrom(Timestamp(**value))
        elif key in _SPECIAL:
            entry.MergeFrom(ParseDict({_SPECIAL[key]: value}, Entry()))
        else:
            return False
    except (ParseError, TypeError, ValueError):
        return False
    return True


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
