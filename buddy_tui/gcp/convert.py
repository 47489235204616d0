"""gcp: raw protobuf -> model, and a traffic list back. Never raises on any message; foreign strings come out clean.

Messages are the raw protobuf ones (`Service.pb(message)`): reading proto-plus fields costs about eight times as much.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from buddy_tui.clean import clean, clean_line
from buddy_tui.model import (
    ANNOTATIONS,
    Condition,
    ConditionState,
    Container,
    Revision,
    RevisionState,
    Service,
    ServiceName,
    TrafficTarget,
)
from buddy_tui.redact import redact

# The generated classes carry no types.
Message = Any

_LATEST, _BY_NAME = 1, 2  # run.v2 TrafficTargetAllocationType
_STATES = {
    1: ConditionState.PENDING,
    2: ConditionState.RECONCILING,
    3: ConditionState.FAILED,
    4: ConditionState.SUCCEEDED,
}
_SEVERITIES = {2: "warning", 3: "info"}
# Labels in which deploy tools leave the commit; the first is that of the GitHub action and of Cloud Build triggers.
_COMMIT_LABELS = ("commit-sha", "commit_sha", "git-commit", "commit")
# Namespaces that v2 of the API does not take in annotations and labels, as the fields' documentation says: what they say
# in v1 is a field of its own in v2. That a mask which leaves them out leaves them alone is unverified.
_SYSTEM = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")


def without_system_keys(told: Mapping[str, str]) -> dict[str, str]:
    """Return annotations or labels without those that are Cloud Run's own."""
    return {key: value for key, value in told.items() if key.partition("/")[0] not in _SYSTEM}


def service(message: Message) -> Service:
    """Convert a run.v2 Service. Revision names come out short, whether they came short or full."""
    latest_ready = _short(message.latest_ready_revision)
    return Service(
        name=_service_name(message.name),
        uri=clean_line(message.uri),
        urls=tuple(map(clean_line, message.urls)),
        etag=clean(message.etag),
        generation=message.generation,
        observed_generation=message.observed_generation,
        reconciling=message.reconciling,
        created=moment(message, "create_time"),
        updated=moment(message, "update_time"),
        last_modifier=clean_line(message.last_modifier),
        latest_created=_short(message.latest_created_revision),
        latest_ready=latest_ready,
        desired=tuple(map(_target, message.traffic)),
        effective=tuple(_effective(status, latest_ready) for status in message.traffic_statuses),
        ready=_condition(message.terminal_condition, "Ready"),
        conditions=tuple(map(_condition, message.conditions)),
        labels=_labels(message.labels),
        ingress=_enum_words(message, "ingress", "INGRESS_TRAFFIC_"),
        default_uri_disabled=message.default_uri_disabled,
        invoker_iam_disabled=message.invoker_iam_disabled,
        custom_audiences=tuple(map(clean_line, message.custom_audiences)),
        annotations=_ours(message.annotations),
    )


def _ours(annotations: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Keep the annotations that are ours: what others have written there may be anything."""
    ours = sorted(item for item in annotations.items() if item[0].startswith(ANNOTATIONS))
    return tuple((clean_line(key), clean_line(value)) for key, value in ours)


def revision(message: Message) -> Revision:
    """Convert a run.v2 Revision."""
    conditions = tuple(map(_condition, message.conditions))
    state, deciding = _judge(conditions)
    labels = _labels(message.labels)
    return Revision(
        name=_short(message.name),
        service=_short(message.service),
        state=state,
        reason=deciding.reason,
        message=deciding.message,
        created=moment(message, "create_time"),
        creator=clean_line(message.creator),
        conditions=conditions,
        containers=tuple(map(_container, message.containers)),
        source=_source(message.containers),
        commit=next((value for key in _COMMIT_LABELS if (value := dict(labels).get(key))), ""),
        service_account=clean_line(message.service_account),
        min_instances=message.scaling.min_instance_count,
        max_instances=message.scaling.max_instance_count,
        concurrency=message.max_instance_request_concurrency,
        timeout_seconds=message.timeout.seconds + message.timeout.nanos / 1e9,
        labels=labels,
        log_uri=clean_line(message.log_uri),
    )


def _judge(conditions: tuple[Condition, ...]) -> tuple[RevisionState, Condition]:
    """Tell the state and the condition that decided it. Only Ready can make a revision failed.

    A retired revision keeps Ready as it was and has Active failed with the reason Retired.
    """
    by_type = {one.type: one for one in conditions}
    ready = by_type.get("Ready", Condition("Ready"))
    active = by_type.get("Active", Condition("Active"))
    if ready.state is ConditionState.FAILED:
        return RevisionState.FAILED, ready
    for one in (active, ready):
        if one.reason == "Retired":
            return RevisionState.RETIRED, one
    state = RevisionState.READY if ready.state is ConditionState.SUCCEEDED else RevisionState.PENDING
    return state, ready


def _service_name(path: str) -> ServiceName:
    parts = clean_line(path).split("/")
    told = dict(zip(parts[::2], parts[1::2], strict=False))
    return ServiceName(told.get("projects", ""), told.get("locations", ""), told.get("services", parts[-1]))


def _target(message: Message) -> TrafficTarget:
    by_name = message.type_ == _BY_NAME or (message.type_ != _LATEST and message.revision)
    return TrafficTarget(
        revision=_short(message.revision) if by_name else "",
        percent=message.percent,
        tag=clean_line(message.tag),
        latest=not by_name,
    )


def asked(target: TrafficTarget, message: Message) -> None:
    """Write a desired target into an empty run.v2 TrafficTarget, so that it reads back as the same."""
    message.type_ = _LATEST if target.latest else _BY_NAME
    message.revision = "" if target.latest else target.revision
    message.percent = target.percent
    message.tag = target.tag


def _effective(message: Message, latest_ready: str) -> TrafficTarget:
    latest = message.type_ == _LATEST or not message.revision
    return TrafficTarget(
        revision=_short(message.revision) or (latest_ready if latest else ""),
        percent=message.percent,
        tag=clean_line(message.tag),
        latest=latest,
        uri=clean_line(message.uri),
    )


def _condition(message: Message, fallback: str = "") -> Condition:
    reason = message.WhichOneof("reasons")
    return Condition(
        type=clean_line(message.type_) or fallback,
        state=_STATES.get(message.state, ConditionState.UNKNOWN),
        reason=_camel(_enum_name(message, reason)) if reason else "",
        message=_said(message.message),
        severity=_SEVERITIES.get(message.severity, "error"),
        since=moment(message, "last_transition_time"),
    )


@lru_cache(maxsize=1024)  # the same few come with every look
def _said(text: str) -> str:
    """Return Cloud Run's words about what a container did; they may quote what it said itself."""
    return redact(clean(text)).strip()


def _container(message: Message) -> Container:
    limits = message.resources.limits
    secrets = (one.value_source.secret_key_ref.secret for one in message.env)
    return Container(
        name=clean_line(message.name),
        image=clean_line(message.image),
        command=tuple(map(clean_line, (*message.command, *message.args))),
        port=message.ports[0].container_port if message.ports else 0,
        env_names=tuple(clean_line(one.name) for one in message.env),
        secret_names=tuple(dict.fromkeys(map(clean_line, filter(None, secrets)))),
        cpu=clean_line(limits.get("cpu", "")),
        memory=clean_line(limits.get("memory", "")),
        startup_probe=_probe(message.startup_probe) if message.HasField("startup_probe") else "",
    )


def _probe(message: Message) -> str:
    """Put a probe in words, e.g. `HTTP GET /health on port 8080, 3 attempts, one every 10 s`."""
    kind = message.WhichOneof("probe_type")
    port = getattr(message, kind).port if kind else 0
    asks = {
        "http_get": f"HTTP GET {clean_line(message.http_get.path) or '/'}",
        "grpc": f"gRPC health {clean_line(message.grpc.service)}".strip(),
        "tcp_socket": "TCP connect",
    }.get(kind or "", "probe")
    attempts = message.failure_threshold or 3  # run.v2 Probe: "Defaults to 3"
    tries = (
        "1 attempt" if attempts == 1 else f"{attempts} attempts, one every {message.period_seconds or 10} s"
    )
    delay = f", after {message.initial_delay_seconds} s" if message.initial_delay_seconds else ""
    where = f" on port {port}" if port else ""
    return f"{asks}{where}, {tries} of up to {message.timeout_seconds or 1} s{delay}"


def _source(containers: Sequence[Message]) -> str:
    for one in containers:
        if told := clean_line(one.build_info.source_location):
            return told
        archive = one.source_code.cloud_storage_source
        if archive.bucket:
            generation = f"#{archive.generation}" if archive.generation else ""
            return clean_line(f"gs://{archive.bucket}/{archive.object_}{generation}")
    return ""


def _labels(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((clean_line(key), clean_line(value)) for key, value in labels.items()))


def moment(message: Message, field: str) -> datetime | None:
    """Return a time as UTC, to the microsecond; `None` where it was not told, or no calendar has it."""
    if not message.HasField(field):
        return None
    try:
        told: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):  # a timestamp outside the years 1 to 9999
        return None
    return told


def _short(name: str) -> str:
    return clean_line(name.rpartition("/")[2])


def _enum_name(message: Message, field: str) -> str:
    number: int = getattr(message, field)
    known = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return known.name if known else f"REASON_{number}"


def _enum_words(message: Message, field: str, prefix: str) -> str:
    if not getattr(message, field):
        return ""
    return _enum_name(message, field).removeprefix(prefix).lower().replace("_", "-")


def _camel(enum_name: str) -> str:
    return "".join(word.capitalize() for word in enum_name.split("_"))
