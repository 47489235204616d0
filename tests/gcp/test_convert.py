"""Protobuf -> model: what the wire says, in our words, and never an exception."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud import run_v2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.gcp import convert
from buddy_tui.model import Condition, ConditionState, RevisionState, ServiceName, TrafficTarget

SERVICE = "projects/acme-prod/locations/europe-west1/services/api"
STATE = run_v2.Condition.State
REASON = run_v2.Condition.RevisionReason
BY_NAME = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x9b2J\u202eevil"


def raw(message: Any) -> Any:  # noqa: ANN401 - proto-plus wraps, and we read the raw message
    return type(message).pb(message)


def condition(kind: str, state: Any, reason: Any = None, message: str = "") -> run_v2.Condition:  # noqa: ANN401
    return run_v2.Condition(type_=kind, state=state, revision_reason=reason, message=message)


@pytest.mark.parametrize("prefix", ["", f"{SERVICE}/revisions/"])
def test_revision_names_come_out_short_whether_they_came_short_or_full(prefix: str) -> None:
    message = run_v2.Service(
        name=SERVICE,
        latest_created_revision=f"{prefix}api-00002-bbb",
        latest_ready_revision=f"{prefix}api-00001-aaa",
        traffic=[
            run_v2.TrafficTarget(type_=BY_NAME, revision=f"{prefix}api-00001-aaa", percent=100, tag="old")
        ],
        traffic_statuses=[
            run_v2.TrafficTargetStatus(type_=BY_NAME, revision=f"{prefix}api-00001-aaa", percent=100)
        ],
    )

    service = convert.service(raw(message))

    assert service.name == ServiceName("acme-prod", "europe-west1", "api")
    assert (service.latest_created, service.latest_ready) == ("api-00002-bbb", "api-00001-aaa")
    assert service.desired == (TrafficTarget("api-00001-aaa", 100, "old"),)
    assert service.effective == (TrafficTarget("api-00001-aaa", 100),)


TARGETS = st.tuples(
    st.sampled_from(["api-00001-aaa", "api-00002-bbb"]),
    st.integers(0, 100),
    st.sampled_from(["", "green"]),
    st.booleans(),
).map(lambda one: TrafficTarget("" if one[3] else one[0], one[1], one[2], latest=one[3]))


@given(targets=st.lists(TARGETS, max_size=5))
def test_a_traffic_list_that_is_written_reads_back_as_itself(targets: list[TrafficTarget]) -> None:
    message = raw(run_v2.Service(name=SERVICE))
    for target in targets:
        convert.asked(target, message.traffic.add())

    assert convert.service(message).desired == tuple(targets)


def test_an_address_and_what_latest_stood_for_are_never_written() -> None:
    message = raw(run_v2.TrafficTarget())

    convert.asked(TrafficTarget("api-00001-aaa", 100, latest=True, uri="https://x.example"), message)

    assert run_v2.TrafficTarget.wrap(message) == run_v2.TrafficTarget(type_=LATEST, percent=100)


def test_of_annotations_only_ours_are_kept_in_order_and_clean() -> None:
    annotations = {
        "buddy-tui.dev/rolled-back": '{"from": "a"}',
        "buddy-tui.dev/lock": f"{{{HOSTILE}}}",
        "buddy-tui.device/x": "no",
        "run.googleapis.com/client-name": "gcloud",
        "acme.example/buddy-tui.dev/lock": "no",
    }

    service = convert.service(raw(run_v2.Service(name=SERVICE, annotations=annotations)))

    (lock, held), rolled_back = service.annotations
    assert (lock, rolled_back) == ("buddy-tui.dev/lock", ("buddy-tui.dev/rolled-back", '{"from": "a"}'))
    assert held.isprintable()


@pytest.mark.parametrize("named", ["", "api-00001-aaa"])
def test_an_effective_latest_target_names_the_latest_ready_revision(named: str) -> None:
    message = run_v2.Service(
        name=SERVICE,
        latest_ready_revision="api-00001-aaa",
        traffic=[run_v2.TrafficTarget(type_=LATEST, percent=100)],
        traffic_statuses=[
            run_v2.TrafficTargetStatus(type_=LATEST, revision=named, percent=100, uri="https://x.example")
        ],
    )

    service = convert.service(raw(message))

    assert service.desired == (TrafficTarget(percent=100, latest=True),)
    assert service.effective == (TrafficTarget("api-00001-aaa", 100, latest=True, uri="https://x.example"),)


@pytest.mark.parametrize(
    ("conditions", "state", "reason"),
    [
        ([], RevisionState.PENDING, ""),
        ([condition("Ready", STATE.CONDITION_PENDING)], RevisionState.PENDING, ""),
        ([condition("Ready", STATE.CONDITION_RECONCILING)], RevisionState.PENDING, ""),
        ([condition("Ready", STATE.CONDITION_SUCCEEDED)], RevisionState.READY, ""),
        (
            [condition("Ready", STATE.CONDITION_FAILED, REASON.HEALTH_CHECK_CONTAINER_ERROR)],
            RevisionState.FAILED,
            "HealthCheckContainerError",
        ),
        (
            [
                condition("Ready", STATE.CONDITION_SUCCEEDED),
                condition("Active", STATE.CONDITION_FAILED, REASON.RETIRED),
                condition("ContainerHealthy", STATE.CONDITION_RECONCILING, REASON.RETIRED),
            ],
            RevisionState.RETIRED,
            "Retired",
        ),
        ([condition("Ready", STATE.CONDITION_SUCCEEDED, REASON.RETIRED)], RevisionState.RETIRED, "Retired"),
        (
            [
                condition("Ready", STATE.CONDITION_FAILED, REASON.HEALTH_CHECK_CONTAINER_ERROR),
                condition("Active", STATE.CONDITION_FAILED, REASON.RETIRED),
            ],
            RevisionState.FAILED,
            "HealthCheckContainerError",
        ),
        (
            [
                condition("ContainerHealthy", STATE.CONDITION_FAILED),
                condition("Ready", STATE.CONDITION_RECONCILING),
            ],
            RevisionState.PENDING,
            "",
        ),
    ],
)
def test_only_ready_makes_a_revision_failed_and_retired_is_not_broken(
    conditions: list[run_v2.Condition], state: RevisionState, reason: str
) -> None:
    revision = convert.revision(raw(run_v2.Revision(conditions=conditions)))

    assert (revision.state, revision.reason) == (state, reason)


def test_a_condition_keeps_its_message_its_time_and_its_severity() -> None:
    moment = datetime(2026, 9, 18, 10, 0, tzinfo=UTC)
    message = run_v2.Condition(
        type_="Retry",
        state=STATE.CONDITION_SUCCEEDED,
        severity=run_v2.Condition.Severity.INFO,
        reason=run_v2.Condition.CommonReason.IMMEDIATE_RETRY,
        message="System will retry\nafter 00:00.",
        last_transition_time=moment,
    )

    revision = convert.revision(raw(run_v2.Revision(conditions=[message])))

    assert revision.conditions == (
        Condition(
            "Retry",
            ConditionState.SUCCEEDED,
            "ImmediateRetry",
            "System will retry\nafter 00:00.",
            "info",
            moment,
        ),
    )


def test_the_service_knows_whether_it_is_ready() -> None:
    failed = condition("Ready", STATE.CONDITION_FAILED, message="Revision 'api-00002-bbb' is not ready.")

    service = convert.service(raw(run_v2.Service(name=SERVICE, terminal_condition=failed, reconciling=True)))

    assert service.ready.state is ConditionState.FAILED
    assert service.ready.message == "Revision 'api-00002-bbb' is not ready."
    assert service.reconciling
    assert convert.service(raw(run_v2.Service(name=SERVICE))).ready == Condition("Ready")


def test_a_container_tells_names_of_its_environment_and_never_a_value() -> None:
    secret = run_v2.EnvVarSource(
        secret_key_ref=run_v2.SecretKeySelector(secret="db-password")  # noqa: S106 - its name
    )
    container = run_v2.Container(
        name="api-1",
        image="img@sha256:0",
        command=["uvicorn"],
        args=["main:app"],
        ports=[run_v2.ContainerPort(container_port=8080)],
        env=[
            run_v2.EnvVar(name="TOKEN", value="TOP-SECRET"),
            run_v2.EnvVar(name="DB_PASSWORD", value_source=secret),
        ],
        resources=run_v2.ResourceRequirements(limits={"cpu": "1", "memory": "512Mi"}),
    )

    revision = convert.revision(raw(run_v2.Revision(containers=[container])))

    (found,) = revision.containers
    assert found.env_names == ("TOKEN", "DB_PASSWORD")
    assert found.secret_names == ("db-password",)
    assert found.command == ("uvicorn", "main:app")
    assert (found.port, found.cpu, found.memory) == (8080, "1", "512Mi")
    assert "TOP-SECRET" not in repr(revision)


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (None, ""),
        (
            run_v2.Probe(
                tcp_socket={"port": 8080}, timeout_seconds=240, period_seconds=240, failure_threshold=1
            ),
            "TCP connect on port 8080, 1 attempt of up to 240 s",
        ),
        (
            run_v2.Probe(http_get={"path": "/health"}, initial_delay_seconds=5),
            "HTTP GET /health, 3 attempts, one every 10 s of up to 1 s, after 5 s",
        ),
        (
            run_v2.Probe(grpc={"service": "api", "port": 9}, failure_threshold=2),
            "gRPC health api on port 9, 2 attempts, one every 10 s of up to 1 s",
        ),
        (run_v2.Probe(failure_threshold=1), "probe, 1 attempt of up to 1 s"),
    ],
)
def test_a_startup_probe_is_told_in_words(probe: run_v2.Probe | None, words: str) -> None:
    container = run_v2.Container(startup_probe=probe) if probe is not None else run_v2.Container()

    (found,) = convert.revision(raw(run_v2.Revision(containers=[container]))).containers

    assert found.startup_probe == words


def test_a_revision_tells_its_source_and_its_commit_when_cloud_run_was_told() -> None:
    built = run_v2.Container()
    raw(built).build_info.source_location = "gs://b/o.zip#7"
    archive = run_v2.Container()
    raw(archive).source_code.cloud_storage_source.bucket = "b"
    raw(archive).source_code.cloud_storage_source.object_ = "o.zip"
    raw(archive).source_code.cloud_storage_source.generation = 7

    from_build = convert.revision(raw(run_v2.Revision(containers=[built], labels={"commit-sha": "abc123"})))
    from_archive = convert.revision(raw(run_v2.Revision(containers=[archive])))
    untold = convert.revision(raw(run_v2.Revision()))

    assert (from_build.source, from_build.commit) == ("gs://b/o.zip#7", "abc123")
    assert from_archive.source == "gs://b/o.zip#7"
    assert (untold.source, untold.commit) == ("", "")


def test_limits_and_times_come_as_numbers() -> None:
    message = run_v2.Revision(
        name=f"{SERVICE}/revisions/api-00001-aaa",
        service="api",
        scaling=run_v2.RevisionScaling(min_instance_count=1, max_instance_count=20),
        max_instance_request_concurrency=80,
    )
    raw(message).timeout.seconds = 300
    raw(message).timeout.nanos = 500_000_000
    raw(message).create_time.FromDatetime(datetime(2026, 1, 2, 3, 4, 5))  # noqa: DTZ001 - the wire's UTC

    revision = convert.revision(raw(message))

    assert (revision.min_instances, revision.max_instances, revision.concurrency) == (1, 20, 80)
    assert revision.timeout_seconds == 300.5
    assert revision.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_values_that_no_version_of_the_client_knows_do_no_harm() -> None:
    revision = run_v2.Revision()
    raw(revision).conditions.add(type_="Ready", state=99, revision_reason=99)
    raw(revision).create_time.seconds = 10**18

    found = convert.revision(raw(revision))

    assert found.conditions[0].state is ConditionState.UNKNOWN
    assert found.conditions[0].reason == "Reason99"
    assert found.created is None


def strings() -> st.SearchStrategy[str]:
    return st.one_of(
        st.text(max_size=20), st.just(HOSTILE), st.just(""), st.sampled_from(["/", "a/b", SERVICE])
    )


def numbers(field: FieldDescriptor) -> st.SearchStrategy[int]:
    wide = field.cpp_type in {FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64}
    top = 2**63 - 1 if wide else 2**31 - 1
    return st.sampled_from([0, 1, 3, 99, top, 0 if "UINT" in str(field.cpp_type) else -1])


@st.composite
def filled(draw: st.DrawFn, message: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any message of the type
    """Fill a message of any type: whatever the wire format allows, Cloud Run may one day send."""
    descriptor: Descriptor = message.DESCRIPTOR
    for field in descriptor.fields:
        if depth > 4 or not draw(st.booleans()):
            continue
        fill(draw, message, field, depth)
    return message


def fill(draw: st.DrawFn, message: Any, field: FieldDescriptor, depth: int) -> None:  # noqa: ANN401
    repeated = field.is_repeated
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        value = field.message_type.fields_by_name["value"]
        if value.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            getattr(message, field.name).update(draw(st.dictionaries(strings(), strings(), max_size=2)))
    elif field.message_type is not None:
        if repeated:
            draw(filled(getattr(message, field.name).add(), depth + 1))
        else:
            inner = getattr(message, field.name)
            inner.SetInParent()
            draw(filled(inner, depth + 1))
    else:
        value = draw(scalar(field))
        if repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)


def scalar(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
            return st.binary(max_size=8)
        case FieldDescriptor.CPPTYPE_STRING:
            return strings().filter(lambda text: not any(0xD800 <= ord(char) <= 0xDFFF for char in text))
        case FieldDescriptor.CPPTYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return st.floats(allow_nan=False, width=32)
        case _:
            return numbers(field)


def texts_of(value: Any) -> list[str]:  # noqa: ANN401 - a model value
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for one in value for text in texts_of(one)]
    slots = getattr(type(value), "__dataclass_fields__", {})
    return [text for name in slots for text in texts_of(getattr(value, name))]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_message_makes_conversion_raise_and_every_foreign_string_comes_out_clean(
    data: st.DataObject,
) -> None:
    service = convert.service(data.draw(filled(raw(run_v2.Service()))))
    revision = convert.revision(data.draw(filled(raw(run_v2.Revision()))))

    for text in (*texts_of(service), *texts_of(revision)):
        assert text.replace("\n", "").replace("\t", "").isprintable()
