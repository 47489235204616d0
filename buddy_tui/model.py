"""The nouns of Cloud Run as frozen values. No logic but what follows from one value alone.

Names are Cloud Run's own. Foreign text in here is already clean (see `buddy_tui.clean`): the adapter cleans it on
the way in. Times are aware and in UTC; `None` is a time that was never told.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class ServiceName:
    """A service's full address: project id, region and short name."""

    project: str
    region: str
    service: str

    @property
    def path(self) -> str:
        """The resource name on the wire."""
        return f"projects/{self.project}/locations/{self.region}/services/{self.service}"


class ConditionState(StrEnum):
    """How far a condition has come (run.v2 Condition.State)."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    RECONCILING = "reconciling"
    FAILED = "failed"
    SUCCEEDED = "succeeded"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a service or revision.

    `reason` is in the words of the console, e.g. `HealthCheckContainerError`; empty when none was told.
    `severity` is `error`, `warning` or `info`; only `error` gates readiness.
    """

    type: str
    state: ConditionState = ConditionState.UNKNOWN
    reason: str = ""
    message: str = ""
    severity: str = "error"
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrafficTarget:
    """One entry of a traffic list, desired or effective.

    `revision` is the short name; it is empty for a desired LATEST target, and in an effective one it names the
    revision that LATEST stood for. `percent` is 0..100; a target with 0 and a tag is tag-only. `uri` is the tag's
    own address, told for effective targets alone.
    """

    revision: str = ""
    percent: int = 0
    tag: str = ""
    latest: bool = False
    uri: str = ""


class RevisionState(StrEnum):
    """What a revision is good for. `retired` booted once and sleeps: it wakes when traffic comes."""

    READY = "ready"
    FAILED = "failed"
    PENDING = "pending"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Container:
    """One container as the revision runs it. Environment: names only, values never leave the adapter."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    port: int = 0
    env_names: tuple[str, ...] = ()
    secret_names: tuple[str, ...] = ()
    cpu: str = ""
    memory: str = ""
    startup_probe: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision. `reason` and `message` are those of the condition that decided `state`.

    `source` is where its image was built from (`gs://bucket/object#generation`) and `commit` the commit that a label
    names; both are empty when Cloud Run was not told. Instances are limited to `min_instances`..`max_instances`;
    0 as a maximum means Cloud Run's own default.
    """

    name: str
    service: str = ""
    state: RevisionState = RevisionState.PENDING
    reason: str = ""
    message: str = ""
    created: datetime | None = None
    creator: str = ""
    conditions: tuple[Condition, ...] = ()
    containers: tuple[Container, ...] = ()
    source: str = ""
    commit: str = ""
    service_account: str = ""
    min_instances: int = 0
    max_instances: int = 0
    concurrency: int = 0
    timeout_seconds: float = 0.0
    labels: tuple[tuple[str, str], ...] = ()
    log_uri: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One service: what was asked for (`desired`) beside what is (`effective`), each in wire order.

    `desired` is as the wire has it, so empty means 100 % LATEST. `latest_ready` and `latest_created` are short
    revision names, empty when there is none. While `reconciling`, `effective` and `latest_ready` may still move.
    `etag` is what a change must be bound to.
    """

    name: ServiceName
    uri: str = ""
    urls: tuple[str, ...] = ()
    etag: str = ""
    generation: int = 0
    observed_generation: int = 0
    reconciling: bool = False
    created: datetime | None = None
    updated: datetime | None = None
    last_modifier: str = ""
    latest_created: str = ""
    latest_ready: str = ""
    desired: tuple[TrafficTarget, ...] = ()
    effective: tuple[TrafficTarget, ...] = ()
    ready: Condition = field(default_factory=lambda: Condition("Ready"))
    conditions: tuple[Condition, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    ingress: str = ""
    default_uri_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a refresh failed, as data: the sentence and hint of a BuddyError, its exit code, and since when."""

    sentence: str
    hint: str
    exit_code: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A service and its revisions (newest first) as they were at `as_of`.

    When `trouble` is set, the data is the last good one and `as_of` tells its age; `service` is `None` only as long
    as no refresh has ever succeeded. `next_in` is the pause in seconds before the next look.
    """

    name: ServiceName
    service: Service | None = None
    revisions: tuple[Revision, ...] = ()
    as_of: datetime | None = None
    trouble: Trouble | None = None
    next_in: float = 0.0


@dataclass(frozen=True, slots=True)
class RegionView:
    """The services of one region as they were at `as_of`; `trouble` as in a Snapshot."""

    region: str
    services: tuple[Service, ...] = ()
    as_of: datetime | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """The services of a project, region beside region. `trouble` is set when not even the regions are known."""

    project: str
    regions: tuple[RegionView, ...] = ()
    trouble: Trouble | None = None
    next_in: float = 0.0
