"""Real log entries become ours, and Google's JSON again, without what nobody may read."""

import json
from typing import Any

import pytest
from google.cloud.audit.audit_log_pb2 import AuditLog
from google.cloud.logging_v2.types import LogEntry as GoogleEntry
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.gcp import log_entries
from buddy_tui.model import LogEntry
from tests.gcp.test_convert import filled

PREFIX = "projects/acme-prod/logs/"
RUN = f"{PREFIX}run.googleapis.com%2F"
AUDIT = f"{PREFIX}cloudaudit.googleapis.com%2F"
SECRET = "hunter2"  # noqa: S105 - made up
RESOURCE = {
    "type": "cloud_run_revision",
    "labels": {
        "project_id": "acme-prod",
        "location": "europe-west1",
        "service_name": "api",
        "revision_name": "api-00001-aaa",
    },
}


def message(**fields: Any) -> Any:  # noqa: ANN401 - JSON in, a raw message out
    """Return an entry of stdout from Google's JSON of these fields."""
    base = {
        "logName": f"{RUN}stdout",
        "insertId": "68b0",
        "timestamp": "2026-11-23T12:00:00.000000001Z",
        "receiveTimestamp": "2026-11-23T12:00:01Z",
        "resource": RESOURCE,
        "labels": {"instanceId": "0069c7"},
    }
    return ParseDict(base | fields, GoogleEntry.pb()())


def audited(log: str, audit: dict[str, Any], **resource: str) -> Any:  # noqa: ANN401
    record = AuditLog(
        request=ParseDict({"env": SECRET}, Struct()), response=ParseDict({"env": SECRET}, Struct())
    )
    ParseDict(audit, record)
    entry = message(logName=f"{AUDIT}{log}", labels={})
    entry.proto_payload.Pack(record)
    entry.resource.labels.update(resource)
    return entry


def converted(raw: Any) -> LogEntry:  # noqa: ANN401
    (entry,) = log_entries.convert([raw])
    return entry


def test_a_line_of_a_container_has_all_its_parts() -> None:
    raw = message(textPayload="hello", labels={"instanceId": "0069c7", "container_name": "api-1"})

    assert converted(raw) == LogEntry(
        when=1_795_435_200_000_000_001,
        log="stdout",
        insert_id="68b0",
        text="hello",
        severity="DEFAULT",
        revision="api-00001-aaa",
        instance="0069c7",
        container="api-1",
        received=1_795_435_201_000_000_000,
        raw=raw,
    )
    assert log_entries.place(converted(raw)) == ("europe-west1", "api")


@pytest.mark.parametrize(
    ("log_name", "short"),
    [
        (f"{RUN}stderr", "stderr"),
        (f"{RUN}varlog%2Fsystem", "system"),
        (f"{RUN}%2Fvar%2Flog%2Fsystem", "system"),
        (f"{RUN}requests", "requests"),
        (f"{AUDIT}activity", "activity"),
        (f"{AUDIT}system_event", "event"),
        (f"{PREFIX}cloudbuild", "build"),
        (f"{PREFIX}my-log", "my-log"),
    ],
)
def test_logs_have_short_names(log_name: str, short: str) -> None:
    assert converted(message(logName=log_name, textPayload="x")).log == short


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"jsonPayload": {"message": "ready", "port": 8080}}, "ready"),
        (
            {"jsonPayload": {"n": 3, "x": [1.5, None, True, {"y": "z"}]}},
            '{"n": 3, "x": [1.5, null, true, {"y": "z"}]}',
        ),
        ({"textPayload": "two\n\tlines"}, "two\n\tlines"),
        ({"textPayload": "\x1b[31mred\x1b[0m \x07 \u202eevil"}, "red ^G <U+202E>evil"),
        ({}, ""),
    ],
)
def test_payloads_are_told_in_clean_words(fields: dict[str, Any], text: str) -> None:
    assert converted(message(**fields)).text == text


def test_labels_and_ids_are_clean_too() -> None:
    raw = message(insertId="a\x1b]52;c;eA==\x07b", textPayload="x", labels={"instanceId": "in\x9bst"})

    entry = converted(raw)

    assert (entry.insert_id, entry.instance) == ("ab", "in<U+009B>st")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, "GET 503 3787ms /health"),
        ({"textPayload": "The request failed."}, "GET 503 3787ms /health\nThe request failed."),
    ],
)
def test_a_request_is_one_line_without_its_query(more: dict[str, str], text: str) -> None:
    request = {
        "requestMethod": "GET",
        "status": 503,
        "latency": "3.786648988s",
        "requestUrl": f"https://api.example.com/health?token={SECRET}",
    }

    entry = converted(message(logName=f"{RUN}requests", severity="ERROR", httpRequest=request, **more))

    assert (entry.text, entry.severity) == (text, "ERROR")


def test_a_system_event_tells_what_became_of_a_change() -> None:
    words = "Ready condition status changed to True for Revision api-00001-aaa."
    raw = audited("system_event", {"status": {"message": words}, "methodName": "/Services.ReplaceService"})

    entry = converted(raw)

    assert (entry.log, entry.text, entry.revision) == ("event", words, "api-00001-aaa")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({}, "alice@example.com called UpdateService"),
        (
            {"status": {"code": 10, "message": "Conflict for resource 'api'"}},
            "alice@example.com called UpdateService: Conflict for resource 'api'",
        ),
    ],
)
def test_an_api_call_is_told_by_who_and_what_and_never_with_its_body(
    status: dict[str, Any], text: str
) -> None:
    call = {
        "authenticationInfo": {"principalEmail": "alice@example.com"},
        "methodName": "google.cloud.run.v2.Services.UpdateService",
        "resourceName": "projects/acme-prod/locations/europe-west1/services/api",
    }

    entry = converted(audited("activity", call | status, revision_name="", service_name="", location=""))

    assert entry.text == text
    assert (*log_entries.place(entry), entry.revision) == ("europe-west1", "api", "")


def test_an_event_without_labels_is_placed_by_the_resource_that_it_names() -> None:
    event = {"status": {"message": "Ready"}, "resourceName": "namespaces/acme-prod/revisions/api-00002-bbb"}

    entry = converted(audited("system_event", event, revision_name="", service_name=""))

    assert (*log_entries.place(entry), entry.revision) == ("europe-west1", "", "api-00002-bbb")


def test_a_line_of_a_build_names_the_build() -> None:
    resource = {"type": "build", "labels": {"build_id": "b-1", "project_id": "acme-prod"}}

    entry = converted(message(logName=f"{PREFIX}cloudbuild", textPayload="Step #0", resource=resource))

    assert (entry.log, entry.instance, *log_entries.place(entry)) == ("build", "b-1", "", "")


def test_a_payload_of_another_kind_or_a_broken_one_is_no_reason_to_stop() -> None:
    other, broken = message(logName=f"{AUDIT}activity"), message(logName=f"{AUDIT}activity")
    other.proto_payload.Pack(Struct())
    broken.proto_payload.type_url = "type.googleapis.com/google.cloud.audit.AuditLog"
    broken.proto_payload.value = b"\xff\xff\xff"

    assert [converted(raw).text for raw in (other, broken)] == ["", ""]
    assert [log_entries.raw_json(converted(raw))["protoPayload"] for raw in (other, broken)] == [
        {"@type": "type.googleapis.com/google.protobuf.Struct"},
        {"@type": "type.googleapis.com/google.cloud.audit.AuditLog"},
    ]


def test_googles_json_comes_back_as_it_was() -> None:
    raw = message(jsonPayload={"message": "ready", "port": 8080.0}, severity="INFO")

    assert log_entries.raw_json(converted(raw)) == {
        "logName": f"{RUN}stdout",
        "insertId": "68b0",
        "timestamp": "2026-11-23T12:00:00.000000001Z",
        "receiveTimestamp": "2026-11-23T12:00:01Z",
        "resource": RESOURCE,
        "labels": {"instanceId": "0069c7"},
        "severity": "INFO",
        "jsonPayload": {"message": "ready", "port": 8080.0},
    }


def test_googles_json_of_an_api_call_has_no_bodies_and_the_entry_keeps_its_own() -> None:
    call = {
        "authenticationInfo": {"principalEmail": "alice@example.com"},
        "methodName": "Services.UpdateService",
    }
    entry = converted(audited("activity", call))

    told = log_entries.raw_json(entry)

    assert told["protoPayload"] == {"@type": "type.googleapis.com/google.cloud.audit.AuditLog"} | call
    assert SECRET not in json.dumps(told)
    assert SECRET not in "".join(map(str, entry[:10]))
    assert log_entries.raw_json(entry) == told


def test_an_entry_whose_message_is_gone_is_told_as_far_as_it_is_known() -> None:
    entry = converted(message(textPayload="hello"))._replace(raw=None)

    assert log_entries.raw_json(entry) == {
        "timestamp": "2026-11-23T12:00:00.000000001Z",
        "insertId": "68b0",
        "severity": "DEFAULT",
        "textPayload": "hello",
    }


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_entry_makes_conversion_raise_and_every_foreign_string_comes_out_clean(
    data: st.DataObject,
) -> None:
    raw = data.draw(filled(GoogleEntry.pb()()))
    if data.draw(st.booleans()):
        raw.proto_payload.Pack(data.draw(filled(AuditLog())))

    entry = converted(raw)

    for text in entry[1:8]:
        assert text.replace("\n", "").replace("\t", "").isprintable()
    assert isinstance(log_entries.raw_json(entry), dict)
    assert all(isinstance(part, str) for part in log_entries.place(entry))
