"""Log entries: shaped as real ones, of which the expectations here are copies."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message

REVISION = Where("acme", "us-central1", "shop", "shop-00007-fvm")
SERVICE = Where("acme", "us-central1", "shop")
AT = datetime(2025, 9, 16, 1, 42, 58, 140818, UTC)
EXCHANGE = entries.Exchange(
    method="GET",
    url="https://shop.example/health",
    status=200,
    latency_seconds=0.014146236,
    request_size=302,
    response_size=8998,
    user_agent="curl/8.9.0",
    remote_ip="203.0.113.9",
    protocol="HTTP/1.1",
    trace="763603bcc00d65e4320a58f086889451",
    span="c082c263b2bb6687",
)


def read(entry: Message) -> dict[str, Any]:
    said: dict[str, Any] = MessageToDict(entry)
    return said


def of_line(text: str) -> dict[str, Any]:
    return read(entries.line(REVISION, "00ff", "stderr", text, AT))


def test_a_plain_line_is_an_entry_without_severity() -> None:
    said = of_line("[2025-09-16 00:42:53 +0000] [11] [ERROR] Reason: Worker failed to boot.")

    assert said.pop("insertId").startswith("68c8c0a200022612")
    assert said == {
        "logName": "projects/acme/logs/run.googleapis.com%2Fstderr",
        "timestamp": "2025-09-16T01:42:58.140818Z",
        "labels": {"instanceId": "00ff"},
        "resource": {
            "type": "cloud_run_revision",
            "labels": {
                "project_id": "acme",
                "location": "us-central1",
                "service_name": "shop",
                "revision_name": "shop-00007-fvm",
                "configuration_name": "shop",
            },
        },
        "textPayload": "[2025-09-16 00:42:53 +0000] [11] [ERROR] Reason: Worker failed to boot.",
    }


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Traceback (most recent call last):\n  File …\nKeyError: 'A'", "ERROR"),
        ("  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: x", "ERROR"),
        ("ERROR:    Traceback (most recent call last):", None),
        ("ERROR: it is all over", None),
    ],
)
def test_only_a_whole_traceback_is_an_error(text: str, severity: str | None) -> None:
    assert of_line(text).get("severity") == severity


def test_a_json_line_keeps_its_fields_and_gives_its_severity_away() -> None:
    said = of_line(
        '{"severity": "ERROR", "message": "down", "timestamp": "2025-09-16T00:42:53.575433+00:00",'
        ' "labels": {"line": "1706"}, "error": {"severity": "ERROR", "traceback": null}}'
    )

    assert said["severity"] == "ERROR"
    assert said["labels"] == {"instanceId": "00ff"}
    assert said["timestamp"] == "2025-09-16T01:42:58.140818Z"
    assert said["jsonPayload"] == {
        "message": "down",
        "timestamp": "2025-09-16T00:42:53.575433+00:00",
        "labels": {"line": "1706"},
        "error": {"severity": "ERROR", "traceback": None},
    }


@pytest.mark.parametrize(
    ("field", "lifted"),
    [
        ('"severity": "warn"', {"severity": "WARNING"}),
        ('"severity": "nonsense"', {}),
        ('"time": "2025-01-02T03:04:05Z"', {"timestamp": "2025-01-02T03:04:05Z"}),
        ('"timestamp": {"seconds": 5, "nanos": 0}', {"timestamp": "1970-01-01T00:00:05Z"}),
        ('"logging.googleapis.com/trace": "projects/p/traces/t"', {"trace": "projects/p/traces/t"}),
        ('"logging.googleapis.com/spanId": "7a"', {"spanId": "7a"}),
        (
            '"logging.googleapis.com/labels": {"tier": "web"}',
            {"labels": {"instanceId": "00ff", "tier": "web"}},
        ),
        ('"httpRequest": {"status": 500}', {"httpRequest": {"status": 500}}),
    ],
)
def test_a_special_field_of_a_json_line_moves_into_the_entry(field: str, lifted: dict[str, Any]) -> None:
    said = of_line(f'{{"message": "m", {field}}}')

    assert said["jsonPayload"] == {"message": "m"}
    assert said | lifted == said


@pytest.mark.parametrize(
    "field", ['"time": "soon"', '"time": 5', '"httpRequest": "GET /"', '"timestamp": {"s": 1}']
)
def test_a_special_field_of_another_shape_stays_in_the_payload(field: str) -> None:
    said = of_line(f"{{{field}}}")

    assert len(said["jsonPayload"]) == 1
    assert said["timestamp"] == "2025-09-16T01:42:58.140818Z"


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]",
        "{'message': 'python'}",
        '{"message": "cut',
        '{"a": NaN}',
        '{"a": "\\ud800"}',
        '{"a": ' * 200 + "1" + "}" * 200,
        '{"a": ' * 100_000,
    ],
    ids=["array", "single quotes", "cut", "not a number", "lone surrogate", "deep", "very deep"],
)
def test_what_is_no_json_object_that_fits_stays_text(text: str) -> None:
    entry = entries.line(REVISION, "00ff", "stdout", text, AT)

    assert entry.text_payload == text
    assert entries.Entry.FromString(entry.SerializeToString()) == entry


def test_an_empty_json_object_is_a_json_payload() -> None:
    assert of_line("{}")["jsonPayload"] == {}


def test_the_exit_of_a_container_is_a_warning_that_names_it() -> None:
    said = read(
        entries.system(REVISION, "00ff", "WARNING", "Container called exit(3).", AT, container_name="shop-1")
    )

    assert said["logName"] == "projects/acme/logs/run.googleapis.com%2Fvarlog%2Fsystem"
    assert said["severity"] == "WARNING"
    assert said["labels"] == {"instanceId": "00ff", "container_name": "shop-1"}


def test_a_request_is_told_with_everything_that_google_tells() -> None:
    said = read(entries.request(REVISION, "00ff", EXCHANGE, AT))

    assert said["logName"] == "projects/acme/logs/run.googleapis.com%2Frequests"
    assert said["trace"] == "projects/acme/traces/763603bcc00d65e4320a58f086889451"
    assert said["spanId"] == "c082c263b2bb6687"
    assert said["httpRequest"] == {
        "latency": "0.014146s",
        "protocol": "HTTP/1.1",
        "remoteIp": "203.0.113.9",
        "requestMethod": "GET",
        "requestSize": "302",
        "requestUrl": "https://shop.example/health",
        "responseSize": "8998",
        "status": 200,
        "userAgent": "curl/8.9.0",
    }
    assert "textPayload" not in said


@pytest.mark.parametrize(
    ("status", "severity"), [(204, "INFO"), (302, "INFO"), (404, "WARNING"), (503, "ERROR")]
)
def test_the_status_of_a_request_is_its_severity(status: int, severity: str) -> None:
    exchange = entries.Exchange("GET", "u", status, 0.1, 1, 1, "a", "ip", "HTTP/1.1", "t", "s", "It failed.")

    said = read(entries.request(REVISION, "00ff", exchange, AT))

    assert (said["severity"], said["textPayload"]) == (severity, "It failed.")


def test_a_change_is_audited_with_who_what_and_the_outcome() -> None:
    done = read(
        entries.activity(
            REVISION,
            "alice@acme.example",
            "google.cloud.run.v2.Services.UpdateService",
            AT,
            code=10,
            message="Conflict for resource 'shop'",
            request={"service": {"name": "shop"}},
        )
    )

    assert done["severity"] == "ERROR"
    assert done["logName"] == "projects/acme/logs/cloudaudit.googleapis.com%2Factivity"
    assert "labels" not in done
    assert done["resource"]["labels"]["revision_name"] == ""
    assert done["protoPayload"] == {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": "run.googleapis.com",
        "methodName": "google.cloud.run.v2.Services.UpdateService",
        "resourceName": "projects/acme/locations/us-central1/services/shop",
        "authenticationInfo": {"principalEmail": "alice@acme.example"},
        "requestMetadata": {"callerIp": "127.0.0.1"},
        "resourceLocation": {"currentLocations": ["us-central1"]},
        "status": {"code": 10, "message": "Conflict for resource 'shop'"},
        "request": {"service": {"name": "shop"}},
    }


def test_a_change_that_went_well_is_a_notice_without_status() -> None:
    said = read(
        entries.activity(SERVICE, "alice@acme.example", "google.cloud.run.v2.Services.CreateService", AT)
    )

    assert said["severity"] == "NOTICE"
    assert "status" not in said["protoPayload"]


@pytest.mark.parametrize(
    ("where", "message", "severity", "name", "status"),
    [
        (
            REVISION,
            "The container failed to start.",
            "ERROR",
            "namespaces/acme/revisions/shop-00007-fvm",
            {
                "code": 9,
                "message": "Ready condition status changed to False for Revision shop-00007-fvm"
                " with message: The container failed to start.",
            },
        ),
        (
            SERVICE,
            "",
            "INFO",
            "namespaces/acme/services/shop",
            {"message": "Ready condition status changed to True for Service shop."},
        ),
    ],
)
def test_the_outcome_of_a_boot_is_a_system_event(
    where: Where, message: str, severity: str, name: str, status: dict[str, Any]
) -> None:
    ready = severity == "INFO"

    said = read(entries.system_event(where, AT, ready=ready, message=message, response={"kind": "Revision"}))

    assert said["logName"] == "projects/acme/logs/cloudaudit.googleapis.com%2Fsystem_event"
    assert said["severity"] == severity
    assert said["protoPayload"]["methodName"] == "/Services.ReplaceService"
    assert said["protoPayload"]["resourceName"] == name
    assert said["protoPayload"]["status"] == status
    assert said["protoPayload"]["response"] == {"kind": "Revision"}


def test_insert_ids_are_unique_and_sort_by_time() -> None:
    same = [entries.insert_id(AT) for _ in range(1000)]

    assert same == sorted(set(same))
    assert entries.insert_id(AT.replace(microsecond=0)) < same[0] < entries.insert_id(AT.replace(minute=43))
