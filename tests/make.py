"""Model values with plausible defaults, so that a test says only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from buddy_tui.model import (
    Condition,
    ConditionState,
    Container,
    Directory,
    LogEntry,
    RegionView,
    Revision,
    RevisionState,
    Service,
    ServiceName,
    Snapshot,
    TrafficTarget,
    Trouble,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAME = ServiceName("acme-prod", "europe-west1", "api")
FAILED_MESSAGE = (
    "The user-provided container failed to start and listen on the port defined provided by the PORT=8080 "
    "environment variable within the allocated timeout."
)


def name(service: str = "api", region: str = "europe-west1", project: str = "acme-prod") -> ServiceName:
    return ServiceName(project, region, service)


def target(revision: str = "", percent: int = 0, tag: str = "", uri: str = "") -> TrafficTarget:
    """Return a target by name."""
    return TrafficTarget(revision, percent, tag, latest=False, uri=uri)


def latest(percent: int = 100, tag: str = "", revision: str = "", uri: str = "") -> TrafficTarget:
    """Return a LATEST target; in an effective list `revision` is what LATEST stood for."""
    return TrafficTarget(revision, percent, tag, latest=True, uri=uri)


def ready(state: ConditionState = ConditionState.SUCCEEDED, reason: str = "", message: str = "") -> Condition:
    """Return a Ready condition."""
    return Condition("Ready", state, reason, message, since=NOW - timedelta(hours=1))


def revision(short: str = "api-00001-aaa", **over: Any) -> Revision:  # noqa: ANN401 - any field of Revision
    """Return a ready revision, an hour old."""
    base = Revision(
        name=short,
        service="api",
        state=RevisionState.READY,
        created=NOW - timedelta(hours=1),
        creator="alice@example.com",
        conditions=(ready(),),
        containers=(
            Container("api-1", f"europe-docker.pkg.dev/acme-prod/api/api@sha256:{'0' * 64}", port=8080),
        ),
        service_account="api@acme-prod.iam.gserviceaccount.com",
        concurrency=80,
        timeout_seconds=300.0,
    )
    return replace(base, **over)


def failed(short: str = "api-00002-bbb", **over: Any) -> Revision:  # noqa: ANN401 - any field of Revision
    """Return a revision that never listened on its port."""
    reason = "HealthCheckContainerError"
    broken: dict[str, Any] = {
        "state": RevisionState.FAILED,
        "reason": reason,
        "message": FAILED_MESSAGE,
        "conditions": (ready(ConditionState.FAILED, reason, FAILED_MESSAGE),),
    }
    return revision(short, **(broken | over))


def service(at: ServiceName = NAME, **over: Any) -> Service:  # noqa: ANN401 - any field of Service
    """Return a healthy service whose traffic follows LATEST, `api-00001-aaa`."""
    base = Service(
        name=at,
        uri=f"https://{at.service}-abcdefghij-ew.a.run.app",
        etag='"etag-1"',
        generation=1,
        observed_generation=1,
        created=NOW - timedelta(days=30),
        updated=NOW - timedelta(hours=1),
        latest_created=f"{at.service}-00001-aaa",
        latest_ready=f"{at.service}-00001-aaa",
        desired=(latest(100),),
        effective=(latest(100, revision=f"{at.service}-00001-aaa"),),
        ready=ready(),
        conditions=(
            Condition("RoutesReady", ConditionState.SUCCEEDED),
            Condition("ConfigurationsReady", ConditionState.SUCCEEDED),
        ),
        ingress="all",
    )
    return replace(base, **over)


def trouble(sentence: str = "Cloud Run does not answer.", **over: Any) -> Trouble:  # noqa: ANN401
    """Return a retryable trouble that began a minute ago."""
    return replace(Trouble(sentence, "", 3, NOW - timedelta(minutes=1)), **over)


def snapshot(**over: Any) -> Snapshot:  # noqa: ANN401 - any field of Snapshot
    """Return a fresh snapshot of a healthy service with one revision."""
    return replace(Snapshot(NAME, service(), (revision(),), NOW, next_in=5.0), **over)


def entry(seconds: float = 0.0, text: str = "hello", **over: Any) -> LogEntry:  # noqa: ANN401
    """Return a line of stdout of the ready revision, so long after NOW; `insert_id` follows from text and time."""
    when = int(NOW.timestamp()) * 1_000_000_000 + round(seconds * 1_000_000_000)
    base = LogEntry(
        when,
        "stdout",
        f"{when}-{text}",
        text,
        revision="api-00001-aaa",
        instance="0069c7",
        received=when,
        raw=("europe-west1", "api"),
    )
    return base._replace(**over)


def directory(*services: Service, **over: Any) -> Directory:  # noqa: ANN401 - any field of Directory
    """Return a directory of `services`, region by region."""
    regions = sorted({one.name.region for one in services})
    views = tuple(
        RegionView(region, tuple(one for one in services if one.name.region == region), NOW)
        for region in regions
    )
    return replace(Directory("acme-prod", views, next_in=5.0), **over)
