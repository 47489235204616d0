"""Who changed a service: read from audit logs, without what else a request holds."""

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.cloud.audit.audit_log_pb2 import AuditLog
from google.cloud.logging_v2 import types
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from google.rpc import code_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Options, serve
from buddy_tui.errors import BuddyError, Denied, NotFound
from buddy_tui.gateway import TrafficChange
from buddy_tui.gcp import history, log_entries
from buddy_tui.model import TrafficTarget
from tests import make
from tests.gcp.cloud import Cloud
from tests.gcp.cloud import running as serving
from tests.gcp.logging_server import Logging, running
from tests.gcp.test_convert import HOSTILE, filled
from tests.gcp.test_log_entries import AUDIT, SECRET, message

Page = types.ListLogEntriesResponse.pb()
V1 = "google.cloud.run.v1.Services."
V2 = "google.cloud.run.v2.Services."
GCLOUD = (
    "google-cloud-sdk gcloud/534.0.0 command/gcloud.run.services.update-traffic invocation-id/5d54 "
    "environment/None client-os/WINDOWS python/3.12.10 term/xterm (Windows NT 10.0.26100),gzip(gfe)"
)
SPEC = {
    "template": {"spec": {"containers": [{"env": [{"name": "KEY", "value": SECRET}]}]}},
    "traffic": [
        {"revisionName": "api-00001-aaa", "percent": 90},
        {"latestRevision": True, "percent": 10},
        {"revisionName": "api-00002-bbb", "tag": "green"},
    ],
}
LIST = (make.target("api-00001-aaa", 90), make.latest(10), make.target("api-00002-bbb", tag="green"))
PINNED = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-00001-aaa", "percent": 100}]
ON_FIRST = (make.target("api-00001-aaa", 100),)


def entry(request: Any = None, method: str = f"{V2}UpdateService", code: int = 0, **over: Any) -> Any:  # noqa: ANN401
    """Return an entry of the activity log; `over` are fields of its audit record."""
    record = AuditLog(method_name=method)
    if request is not None:
        record.request.CopyFrom(ParseDict(request, Struct()))
    record.status.code = code
    ParseDict(over, record)
    raw = message(logName=f"{AUDIT}activity", labels={})
    raw.proto_payload.Pack(record)
    return raw


async def changes(*pages: Any) -> tuple[tuple[TrafficChange, ...], Logging]:  # noqa: ANN401 - raw messages
    logging = Logging(pages=list(pages))
    async with running(logging) as cloud:
        return await cloud.traffic_changes(make.NAME, make.NOW - timedelta(days=30)), logging


async def change(raw: Any) -> TrafficChange:  # noqa: ANN401
    (found,), _ = await changes(Page(entries=[raw]))
    return found


async def test_a_change_tells_when_who_with_what_and_which_list() -> None:
    found = await change(
        entry(
            {"name": "namespaces/acme-prod/services/api", "service": {"kind": "Service", "spec": SPEC}},
            f"{V1}ReplaceService",
            authenticationInfo={"principalEmail": "alice@example.com"},
            requestMetadata={"callerSuppliedUserAgent": GCLOUD, "callerIp": "203.0.113.9"},
        )
    )

    assert found == TrafficChange(
        datetime(2026, 11, 23, 12, tzinfo=UTC),
        "alice@example.com",
        "gcloud run services update-traffic",
        "ReplaceService",
        LIST,
        accepted=True,
    )


async def test_one_bounded_list_asks_for_the_changes_of_this_service_newest_first() -> None:
    found, logging = await changes(Page())

    (asked,) = logging.asked
    assert found == ()
    assert (asked.page_size, asked.order_by) == (200, "timestamp desc")
    assert asked.filter == (
        'resource.type="cloud_run_revision" AND resource.labels.location="europe-west1" AND '
        '(resource.labels.service_name="api" OR protoPayload.resourceName=~"/(services/api$|revisions/api-)") AND '
        f'logName!="{AUDIT}data_access" AND timestamp>="2026-10-24T12:00:00.000000000Z" AND '
        f'logName="{AUDIT}activity" AND '
        'protoPayload.methodName=~"[.](Create|Replace|Update)(Internal)?Service$"'
    )


async def test_an_empty_page_is_not_taken_for_the_end_and_no_more_than_three_are_asked_for() -> None:
    more = {"next_page_token": "more"}
    found, logging = await changes(Page(**more), Page(entries=[entry()], **more), Page(**more), Page())

    assert len(found) == 1
    assert [one.page_token for one in logging.asked] == ["", "more", "more"]


async def test_no_more_than_two_hundred_changes_come_back() -> None:
    more = {"next_page_token": "more"}
    found, logging = await changes(
        Page(entries=[entry()] * 150, **more), Page(entries=[entry()] * 150, **more)
    )

    assert (len(found), len(logging.asked)) == (200, 2)


def _v2(traffic: object = None, mask: object = None) -> dict[str, object]:
    service: dict[str, object] = {"name": make.NAME.path, "template": {"revision": SECRET}}
    asked: dict[str, object] = {"service": service}
    if traffic is not None:
        service["traffic"] = traffic
    if mask is not None:
        asked["updateMask"] = mask
    return asked


@pytest.mark.parametrize(
    ("method", "request_body", "targets"),
    [
        (f"{V2}UpdateService", _v2(PINNED, "traffic"), ON_FIRST),
        (f"{V2}UpdateService", _v2(PINNED, "template,traffic"), ON_FIRST),
        (f"{V2}UpdateService", _v2(PINNED, {"paths": ["traffic"]}), ON_FIRST),
        (f"{V2}UpdateService", _v2(PINNED, "*"), ON_FIRST),
        (f"{V2}UpdateService", _v2(PINNED), ON_FIRST),
        (f"{V2}UpdateService", _v2(None, "traffic"), ()),
        (f"{V2}UpdateService", _v2([], "traffic"), ()),
        (f"{V2}UpdateService", _v2(PINNED, "annotations"), None),
        (f"{V2}UpdateService", _v2(PINNED, {"paths": ["template.containers"]}), None),
        (f"{V2}UpdateService", _v2(), None),
        (f"{V2}CreateService", _v2(), ()),
        (
            f"{V2}UpdateService",
            _v2([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]),
            (make.latest(),),
        ),
        (f"{V2}UpdateService", _v2([{"type": 1, "percent": 100, "tag": "live"}]), (make.latest(tag="live"),)),
        (
            f"{V2}UpdateService",
            _v2([{"type": 2, "revision": "a/revisions/api-1", "percent": 100}]),
            (make.target("api-1", 100),),
        ),
        (f"{V1}ReplaceService", {"service": {"spec": SPEC}}, LIST),
        (f"{V1}ReplaceService", {"spec": SPEC}, LIST),
        (f"{V1}ReplaceService", {"service": {"spec": {"template": {}}}}, ()),
        (f"{V1}CreateService", {"service": {"spec": SPEC}}, LIST),
        (f"{V1}ReplaceService", {}, None),
        (f"{V1}ReplaceService", None, None),
        (f"{V1}ReplaceService", {"service": "?", "spec": 7}, None),
        (f"{V2}UpdateService", _v2(["?"]), None),
        (f"{V2}UpdateService", _v2([*PINNED, {"revision": 7}]), None),
        (f"{V2}UpdateService", _v2([{"revision": "a", "percent": "100"}]), None),
        (f"{V2}UpdateService", _v2([{"revision": "a", "percent": 1e12}]), None),
        (f"{V2}UpdateService", _v2([{"revision": "a", "percent": 1, "tag": True}]), None),
        (f"{V2}UpdateService", _v2({"revision": "a"}), None),
    ],
)
async def test_the_list_that_was_asked_for_is_read_in_every_form_and_never_guessed(
    method: str, request_body: object, targets: tuple[TrafficTarget, ...] | None
) -> None:
    found = await change(entry(request_body, method))

    assert found.targets == targets


@pytest.mark.parametrize(
    ("user_agent", "body", "agent"),
    [
        (GCLOUD, {}, "gcloud run services update-traffic"),
        (
            "google-cloud-sdk gcloud/534.0.0 command/gcloud.run.deploy invocation-id/1",
            {},
            "gcloud run deploy",
        ),
        ("Terraform/1.5.0 (+https://www.terraform.io) terraform-provider-google/5", {}, "Terraform/1.5.0"),
        ("buddy-tui/0.1.0 grpc-python-asyncio/1.85.1 grpc-c/52.0.0,gzip(gfe)", {}, "buddy-tui/0.1.0"),
        ("grpc-java-netty/1.60,gzip(gfe)", {}, "grpc-java-netty/1.60"),
        ("Mozilla/5.0 (X11) Chrome/140", {}, "Mozilla/5.0"),
        (
            "Mozilla/5.0 (X11) Chrome/140",
            {"service": {"metadata": {"annotations": {"run.googleapis.com/client-name": "cloud-console"}}}},
            "cloud-console",
        ),
        ("", {"service": {"client": "cloud-console"}}, "cloud-console"),
        ("", {"service": {"client": 7}}, ""),
        ("", {}, ""),
    ],
)
async def test_the_program_is_named_in_few_words(user_agent: str, body: object, agent: str) -> None:
    found = await change(entry(body, requestMetadata={"callerSuppliedUserAgent": user_agent}))

    assert found.agent == agent


async def test_a_refused_change_was_not_accepted() -> None:
    assert not (await change(entry(_v2(PINNED, "traffic"), code=code_pb2.ABORTED))).accepted


async def test_an_identity_without_an_address_is_told_by_its_subject() -> None:
    subject = "principal://iam.googleapis.com/locations/global/workforcePools/w/subject/alice"

    assert (await change(entry(authenticationInfo={"principalSubject": subject}))).by == subject


async def test_no_word_of_a_request_but_the_traffic_list_comes_out_and_all_of_it_is_clean() -> None:
    traffic = [{"revision": f"api{HOSTILE}", "tag": HOSTILE, "percent": 100}]
    found = await change(
        entry(
            _v2(traffic),
            f"a.{HOSTILE}.Create{HOSTILE}",
            authenticationInfo={"principalEmail": f"{HOSTILE}@example.com"},
            requestMetadata={"callerSuppliedUserAgent": HOSTILE, "callerIp": SECRET},
        )
    )

    assert SECRET not in repr(found)
    assert found.targets is not None
    for text in (found.by, found.agent, found.method, *map(str, astuple(found.targets[0]))):
        assert text.isprintable()


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_audit_record_makes_reading_raise(data: st.DataObject) -> None:
    record: Any = data.draw(filled(AuditLog()))
    service = record.request.fields["service"].struct_value
    service.fields["traffic"].list_value.values.add()
    data.draw(filled(service.fields["spec"]))
    raw = message(logName=f"{AUDIT}activity")
    raw.proto_payload.Pack(record)
    (read,) = log_entries.convert([raw])

    # A socket for each example would take minutes.
    found = history._change(read)

    assert found is not None
    assert f"{found.by}{found.agent}{found.method}".isprintable()


async def test_an_entry_without_a_time_is_left_out() -> None:
    raw = entry()
    raw.ClearField("timestamp")

    found, _ = await changes(Page(entries=[raw]))

    assert found == ()


async def test_without_leave_to_read_logs_the_role_is_named() -> None:
    logging = Logging(ends=(grpc.StatusCode.PERMISSION_DENIED, "Access is denied or has changed."))
    async with running(logging) as cloud:
        with pytest.raises(Denied, match=r"roles/logging\.viewer has it"):
            await cloud.traffic_changes(make.NAME, make.NOW)


async def test_a_change_of_ours_is_found_in_the_audit_log_of_the_emulator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make.name("buddy-app", "us-central1", "demo-project")
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("healthy"))
        host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
        monkeypatch.setenv("CLOUD_LOGGING_EMULATOR_HOST", emulator.endpoints["CLOUD_LOGGING_EMULATOR_HOST"])
        cloud = await gcp.connect(Settings(project=Known("demo-project"), emulated=Known(host)))
        writes, before = gcp.writes(cloud), await cloud.service(shop)
        since = datetime.now(UTC) - timedelta(minutes=1)
        pinned = (make.target(before.latest_ready, 100, tag="live"),)

        await writes.set_traffic(shop, pinned, before.etag)
        with pytest.raises(BuddyError):
            await writes.set_traffic(shop, (), before.etag)
        found = await cloud.traffic_changes(shop, since)
        await cloud.close()

    refused, ours = found[:2]
    assert (ours.targets, ours.accepted, ours.method) == (pinned, True, "UpdateService")
    assert (refused.accepted, refused.by) == (False, ours.by)
    assert "@" in ours.by


async def test_the_permissions_that_we_hold_are_those_of_what_was_asked() -> None:
    async with serving(Cloud(held=("run.services.get", "run.services.delete"))) as scripted:
        cloud = await gcp.connect(scripted.settings())
        held = await cloud.permissions(make.NAME, ("run.services.get", "run.services.update"))
        scripted.fail("TestIamPermissions", code_pb2.NOT_FOUND, "Resource 'api' was not found.")
        with pytest.raises(NotFound, match="There is no service api"):
            await cloud.permissions(make.NAME, ("run.services.get",))
        await cloud.close()

    assert held == {"run.services.get"}
