"""The nouns of Cloud Run as frozen values. No logic but what follows from one value alone.

Names are Cloud Run's own. Foreign text in here is already clean (see `buddy_tui.clean`): the adapter cleans it on
the way in. Times are aware and in UTC; `None` is a time that was never told.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from buddy_tui.errors import BuddyError
from buddy_tui.finding import Finding, Incident


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


# What our annotations of a service begin with.
ANNOTATIONS = "buddy-tui.dev/"


@dataclass(frozen=True, slots=True)
class Service:
    """One service: what was asked for (`desired`) beside what is (`effective`), each in wire order.

    `desired` is as the wire has it, so empty means 100 % LATEST. `latest_ready` and `latest_created` are short
    revision names, empty when there is none. While `reconciling`, `effective` and `latest_ready` may still move.
    `etag` is what a change must be bound to. `annotations` are ours alone.
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
    invoker_iam_disabled: bool = False
    custom_audiences: tuple[str, ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a refresh failed, as data: the sentence and hint of a BuddyError, its exit code, and since when."""

    sentence: str
    hint: str
    exit_code: int
    since: datetime

    @classmethod
    def of(cls, error: BuddyError, since: datetime) -> Self:
        """Return the error as data."""
        return cls(str(error), error.hint, int(error.exit_code), since)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A service and its revisions (newest first) as they were at `as_of`.

    When `trouble` is set, the data is the last good one and `as_of` tells its age; `service` is `None` only as long
    as no refresh has ever succeeded. `next_in` is the pause in seconds before the next look. `findings` are what the
    logs of failed revisions were found to say, one a revision, as far as they were read; `incident` sums up a run of
    failures.
    """

    name: ServiceName
    service: Service | None = None
    revisions: tuple[Revision, ...] = ()
    as_of: datetime | None = None
    trouble: Trouble | None = None
    next_in: float = 0.0
    findings: tuple[Finding, ...] = ()
    incident: Incident | None = None

    def finding(self, revision: str) -> Finding | None:
        """Return what was found out about a revision, if anything."""
        return next((one for one in self.findings if one.revision == revision), None)


class LogEntry(NamedTuple):
    """One log entry, clean. A tuple, because they come by the hundred thousand a second.

    `when` and `received` are nanoseconds since the epoch in UTC, 0 where nobody told. `log` is `stdout`, `stderr`,
    `system`, `requests`, `event` (what became of a change), `activity` (who called the API), `build`, or the last
    part of another log's id. `text` may have several lines; a JSON payload is there in words (`buddy_tui.payload`).
    `severity` is Google's name, `DEFAULT` where none was told. `number` is the line of a file (from 1) on which the
    entry begins, 0 where it came from no file. `raw` is the adapter's own message for whoever exports entries, and
    `None` otherwise; nothing but the adapter looks into it.
    """

    when: int
    log: str
    insert_id: str
    text: str
    severity: str = "DEFAULT"
    revision: str = ""
    instance: str = ""
    container: str = ""
    received: int = 0
    number: int = 0
    raw: object = None

    @property
    def key(self) -> tuple[str, int, str]:
        """What Google itself takes for one and the same entry: log name, timestamp, insert id."""
        return self.log, self.when, self.insert_id


class Link(StrEnum):
    """How log entries reach us: `polling` means that the tail delivers nothing or may not be opened."""

    CONNECTING = "connecting"
    LIVE = "live"
    POLLING = "polling"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class LogState:
    """How far the log that is shown can be trusted.

    `reason` says why the link is not live. `calls` are list calls of the last minute over all views of the project,
    `most_calls` what we allow ourselves. `suppressed` counts entries that Google held back (a lower bound).
    `complete` is true once the back-fill has reached its end; `reconnects` counts tails that broke.
    """

    link: Link = Link.CONNECTING
    reason: str = ""
    calls: int = 0
    most_calls: int = 12
    suppressed: int = 0
    reconnects: int = 0
    complete: bool = False
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class LogBatch:
    """New entries in order of time. `late` are the positions of those that belong before what came earlier."""

    entries: tuple[LogEntry, ...] = ()
    late: frozenset[int] = frozenset()
    state: LogState = LogState()


@dataclass(frozen=True, slots=True)
class LogScope:
    """Which entries a view is about. Times as in a LogEntry, 0 is open; an empty `revision` is the whole service.

    `among` names several revisions instead of one. `activity` asks for the audit log of API calls too. `build` (a
    Cloud Build id) asks for that build's own log instead, `source` for the lines that say who built this source
    (`gs://bucket/object#generation`). `trace` (32 hexadecimal digits) asks for what was logged about one request alone.
    """

    service: ServiceName
    revision: str = ""
    since: int = 0
    until: int = 0
    activity: bool = False
    build: str = ""
    source: str = ""
    among: tuple[str, ...] = ()
    trace: str = ""

    @property
    def is_of_build(self) -> bool:
        """Whether it is about a build, not about what was deployed."""
        return bool(self.build or self.source)


@dataclass(frozen=True, slots=True)
class SourceTree:
    """What was uploaded, or lies on disk: paths with `/`, sorted, from the uploaded folder on.

    `where` names the archive (`gs://bucket/object#generation`) or the folder. `texts` are the few small files that
    say what goes where, by path: Dockerfile, ignore files, requirements, Procfile. `checksums` are the CRC-32 of the
    files, one for each path, or none at all. `cut` says that there are more paths than were read.
    """

    where: str
    paths: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    checksums: tuple[int, ...] = ()
    cut: bool = False

    def text(self, path: str) -> str:
        """Return the text of a file that was read, else an empty one."""
        return next((text for name, text in self.texts if name == path), "")


@dataclass(frozen=True, slots=True)
class Sources:
    """The source trees that are known when a boot is explained; each may be missing.

    `uploaded` is what the failed revision was built from, `good` what the last good revision (`good_revision`) was,
    `disk` the project where the operator stands.
    """

    uploaded: SourceTree | None = None
    good: SourceTree | None = None
    good_revision: str = ""
    disk: SourceTree | None = None


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
