"""gcp: raw LogEntry protobuf -> model.LogEntry, and back to Google's JSON. Never raises on any message.

A flood comes through here: plain reads of raw messages, each part of one once, the rare kinds out of the way.
"""

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from google.cloud.audit.audit_log_pb2 import AuditLog
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.json_format import Error, MessageToDict
from google.protobuf.message import DecodeError

from buddy_tui.clean import clean, clean_line
from buddy_tui.log_scope import rfc3339
from buddy_tui.model import LogEntry
from buddy_tui.payload import request_line, said, short_log

# The generated classes carry no types.
Message = Any

_SEVERITIES: dict[int, str] = {number: name for name, number in LogSeverity.items()}
# What an audit entry holds of a change: whole specifications, environment values among them.
_BODIES = ("request", "response", "metadata", "service_data")
_RESOURCE = re.compile(r"(?:/locations/([^/]+))?/(services|revisions)/([^/]+)$")
_OUR_AGENT = "buddy-tui/"
# Stands at the end of a request that was our own, so that a filter can leave it out: `!own-probe`.
OWN_PROBE = "own-probe"
_BREAKS = str.maketrans("\n\t", "  ")
# In one go, which costs half of what reading one by one does.
_read = attrgetter(
    "log_name",
    "text_payload",
    "insert_id",
    "severity",
    "timestamp",
    "receive_timestamp",
    "labels",
    "resource",
)
# A named tuple's own constructor costs four times as much.
_tuple = tuple.__new__


class _Words(dict[str, str]):
    """What a label or name on the wire is for us; the same few come again and again, and each is kept once."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self._read = read

    def __missing__(self, told: str) -> str:
        if len(self) > 10_000:
            self.clear()
        self[told] = word = clean_line(self._read(told))
        return word


_labels, _logs = _Words(str), _Words(short_log)


def convert(messages: Iterable[Message]) -> tuple[LogEntry, ...]:
    """Convert raw `google.logging.v2.LogEntry` messages, in their order.

    `raw` is the message; it keeps the memory of the whole answer that it came in.
    """
    return tuple([_entry(message) for message in messages])


def raw_json(entry: LogEntry) -> dict[str, object]:
    """Return Google's JSON of an entry without the bodies of API calls.

    Where its message is gone, or has no JSON form (a time out of range, say), what we know of it.
    """
    try:
        return _remembered(entry) if entry.raw is None else _json(entry.raw)
    except Error:
        return _remembered(entry)


def place(entry: LogEntry) -> tuple[str, str]:
    """Tell the region and the service that an entry is about. The labels of audit entries may be empty."""
    message: Message = entry.raw
    labels = message.resource.labels
    region, service = labels.get("location", ""), labels.get("service_name", "")
    if not (region and service):
        told, kind, name = _resource(message)
        region, service = region or told, service or (name if kind == "services" else "")
    return region, service


def _entry(message: Message) -> LogEntry:
    log_name, text, insert_id, severity, made, received, labels, resource = _read(message)
    log = _logs[log_name]
    if not text or log == "requests":
        text = _told(message)
    # `get`, for a plain look-up would write an empty label into the message.
    label, revision = labels.get, resource.labels.get("revision_name", "")
    entry = _tuple(
        LogEntry,
        (
            made.seconds * 1_000_000_000 + made.nanos,
            log,
            insert_id if insert_id.isprintable() else clean_line(insert_id),
            text if text.isprintable() else _clean(text),
            _SEVERITIES.get(severity, "DEFAULT"),
            _labels[revision],
            _labels[label("instanceId", "")],
            _labels[label("container_name", "")],
            received.seconds * 1_000_000_000 + received.nanos,
            0,
            message,
        ),
    )
    return entry if revision else _named(entry, message)


def _clean(text: str) -> str:
    # A traceback is unprintable only for its line ends, and there are many.
    return text if text.translate(_BREAKS).isprintable() else clean(text)


def _told(message: Message) -> str:
    """Return what an entry says that is no plain text."""
    if message.HasField("http_request"):
        return _request(message)
    kind = message.WhichOneof("payload")
    if kind == "json_payload":
        return said(_struct(message.json_payload))
    if kind == "proto_payload":
        return _audited(audit_record(message.proto_payload))
    return str(message.text_payload)


def _request(message: Message) -> str:
    http = message.http_request
    seconds = http.latency.seconds + http.latency.nanos / 1e9
    line = request_line(http.request_method, http.status, seconds, http.request_url)
    if http.user_agent.startswith(_OUR_AGENT):
        line = f"{line} {OWN_PROBE}"
    return f"{line}\n{message.text_payload}" if message.text_payload else line


def _struct(struct: Message) -> dict[str, object]:
    # The wire has no order of keys; ours is the alphabet's.
    return {key: _value(struct.fields[key]) for key in sorted(struct.fields)}


def _value(value: Message) -> object:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _struct(value.struct_value)
    if kind == "list_value":
        return [_value(one) for one in value.list_value.values]
    if kind == "number_value":
        number: float = value.number_value
        return int(number) if number.is_integer() else number
    return None if kind in {None, "null_value"} else getattr(value, kind)


def audit_record(payload: Message) -> AuditLog:
    """Unpack an audit record; an empty one where it is something else, or broken."""
    audit = AuditLog()
    try:
        payload.Unpack(audit)
    except DecodeError:
        audit.Clear()
    return audit


def _audited(audit: AuditLog) -> str:
    """Tell what became of a change, or who called what. Bodies are never looked at."""
    who, called = audit.authentication_info.principal_email, audit.method_name.rpartition(".")[2]
    if not who:
        return str(audit.status.message or audit.method_name)
    failed = f": {audit.status.message}" if audit.status.code else ""
    return f"{who} called {called}{failed}"


def _json(kept: Message) -> dict[str, object]:
    message: Message = type(kept)()
    message.CopyFrom(kept)
    audited = message.HasField("proto_payload")
    payload = _audit_json(message.proto_payload)
    message.ClearField("proto_payload")
    told: dict[str, object] = MessageToDict(message)
    return told | {"protoPayload": payload} if audited else told


def _audit_json(payload: Message) -> dict[str, object]:
    audit = audit_record(payload)
    for body in _BODIES:
        audit.ClearField(body)
    if audit.status.details:  # of types that only whoever put them there may know
        audit.status.ClearField("details")
    return {"@type": payload.type_url} | MessageToDict(audit)


def _named(entry: LogEntry, message: Message) -> LogEntry:
    """Complete an entry that no label places: one of a build, or an audit entry that names its resource alone."""
    if message.resource.type == "build":
        return entry._replace(instance=_labels[message.resource.labels.get("build_id", "")])
    _, kind, name = _resource(message)
    return entry._replace(revision=name) if kind == "revisions" else entry


def _resource(message: Message) -> tuple[str, str, str]:
    """Return region, kind and name of the resource that an audit entry is about, empty where it does not say."""
    found = _RESOURCE.search(audit_record(message.proto_payload).resource_name)
    region, kind, name = found.groups("") if found else ("", "", "")
    return clean_line(region), kind, clean_line(name)


def _remembered(entry: LogEntry) -> dict[str, object]:
    return {
        "timestamp": rfc3339(entry.when),
        "insertId": entry.insert_id,
        "severity": entry.severity,
        "textPayload": entry.text,
    }
