"""What the core asks of Cloud Run. `buddy_tui.gcp` implements it; tests have fakes.

Every method raises a BuddyError and nothing else when Google says no or says nothing.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from buddy_tui.model import LogEntry, Revision, Service, ServiceName, SourceTree, TrafficTarget


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of entries; `token` asks for the next and is empty on the last. A page may be empty and not the last."""

    entries: tuple[LogEntry, ...] = ()
    token: str = ""


@dataclass(frozen=True, slots=True)
class Tailed:
    """What a tail delivered at once. `suppressed` counts entries held back since the last delivery."""

    entries: tuple[LogEntry, ...] = ()
    suppressed: int = 0


class Reads(Protocol):
    """Look, never change."""

    async def regions(self, project: str) -> tuple[str, ...]:
        """Name the regions that Cloud Run offers to this project, sorted."""

    async def services(self, project: str, region: str) -> tuple[Service, ...]:
        """List the services of one region, by name. An unknown region raises NotFound."""

    async def service(self, name: ServiceName) -> Service:
        """Read one service. Raises NotFound, with near names as the hint, when there is none."""

    async def revisions(self, name: ServiceName) -> tuple[Revision, ...]:
        """List the revisions of a service, newest first, at most 1,000 (Cloud Run keeps no more)."""

    async def close(self) -> None:
        """Close the connections. Safe to call twice."""


class LogReads(Protocol):
    """Look at logs. `log_filter` is in Cloud Logging's own query language."""

    async def log_page(
        self, project: str, log_filter: str, *, token: str = "", size: int = 1000, newest_first: bool = False
    ) -> LogPage:
        """List one page of entries. One call counts against the quota of the project."""

    def tail(self, project: str, log_filter: str) -> AsyncGenerator[Tailed, None]:
        """Deliver entries as they come in, until closed or broken: then it raises a BuddyError.

        Something is delivered, empty if need be, as soon as the tail is open.
        The request side is kept open: Google ends a tail whose client has finished asking.
        """

    def place(self, entry: LogEntry) -> tuple[str, str]:
        """Tell the region and the service that an entry of a page or a tail is about; empty where it does not say."""

    def raw_json(self, entry: LogEntry) -> dict[str, object]:
        """Return an entry of ours as Google's own JSON, without request bodies, responses and environment values."""


class SourceReads(Protocol):
    """Look at what was uploaded."""

    async def source_tree(self, where: str, texts: Sequence[str]) -> SourceTree:
        """List an archive, `gs://bucket/object#generation`, from its directory alone, never downloading it whole.

        `texts` are names of files (without folder) whose text is wanted, where they are small.
        """


@dataclass(frozen=True, slots=True)
class Place:
    """A Firestore database."""

    project: str
    database: str = "(default)"


@dataclass(frozen=True, slots=True)
class Document:
    """A Firestore document as it was read. `path` is relative to the database, e.g. `sessions/8f2c`.

    `fields` are plain Python values (times aware and in UTC, maps as dicts, references as their paths), not cleaned
    and never shown: what people wrote into a session is theirs. `version` is the moment of its last change as the
    server counts it, which a deletion is bound to.
    """

    place: Place
    path: str
    fields: dict[str, object] = field(default_factory=dict, repr=False)
    created: datetime | None = None
    updated: datetime | None = None
    version: object = None


class TokenReads(Protocol):
    """Prove who we are to a service."""

    async def identity_token(self, audience: str) -> str:
        """Return an identity token for `audience`, kept until shortly before it expires.

        Raises NotSignedIn when no credentials can make one, Denied when the account that we act as may not be used.
        """


class DocumentReads(Protocol):
    """Look at Firestore. Denied names the role that is missing."""

    async def document(self, place: Place, path: str) -> Document | None:
        """Read one document; `None` when there is none."""

    async def documents(
        self,
        place: Place,
        collection: str,
        *,
        equals: tuple[str, object] | None = None,
        newest_by: str = "",
        most: int = 100,
        fields: Sequence[str] = (),
    ) -> tuple[Document, ...]:
        """Read at most `most` documents of a collection: those whose field equals a value, or the newest by a field.

        Only `fields` are fetched where any are named; each document counts as one read all the same.
        """

    async def count_documents(self, place: Place, collection: str) -> int:
        """Count a collection on the server; costs one read for each thousand documents."""


@dataclass(frozen=True, slots=True)
class TrafficChange:
    """A call that changed (or tried to change) a service, as the audit log has it.

    `targets` is the traffic list that it asked for, `None` where the entry does not say or the call was about
    something else. `agent` is the program that called. `accepted` is whether Google took it.
    """

    when: datetime
    by: str = ""
    agent: str = ""
    method: str = ""
    targets: tuple[TrafficTarget, ...] | None = None
    accepted: bool = True


class HistoryReads(Protocol):
    """Look at what was, and at what a way back depends on."""

    async def traffic_changes(self, name: ServiceName, since: datetime) -> tuple[TrafficChange, ...]:
        """List who changed the service since then, newest first, bounded. Denied names the role for audit logs."""

    async def image_is_there(self, image: str) -> bool | None:
        """Tell whether the registry still has an image (by digest); `None` where it cannot be told."""

    async def permissions(self, name: ServiceName, wanted: Sequence[str]) -> frozenset[str]:
        """Return which of these permissions on a service we hold (`testIamPermissions`)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An uploaded archive: `where` is `gs://bucket/object#generation`, `size` in bytes, `checksum` its CRC32C (base64)."""

    where: str
    size: int = 0
    checksum: str = ""


class BuildState(StrEnum):
    """How far a build is, by Cloud Build's own words; `unknown` is any other."""

    QUEUED = "QUEUED"
    WORKING = "WORKING"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Build:
    """A build. `name` is `projects/…/locations/…/builds/ID`; `image` by its digest, once it succeeded.

    `source` is the archive as in Stored.where; `said` why it failed; `log_url` a page of the console.
    """

    name: str
    state: BuildState = BuildState.UNKNOWN
    image: str = ""
    source: str = ""
    said: str = ""
    log_url: str = ""

    @property
    def id(self) -> str:
        """The last part of its name, which the entries of its log bear."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Rollout:
    """A new revision, and the traffic list that comes with it, in one change.

    `revision` is its whole name, `image` by its digest. `source` is the archive that it was built from and `build` the
    name of that build, both empty for an image that was there before; they are written down where gcloud writes them.
    """

    revision: str
    image: str
    traffic: tuple[TrafficTarget, ...]
    source: str = ""
    build: str = ""


class DeployReads(Protocol):
    """Look at what a deployment leaves on its way, and at what it needs."""

    async def stored(self, name: ServiceName, object_name: str) -> Stored | None:
        """Find an archive that was uploaded for a service; `None` when there is none (or it was never finished)."""

    async def build(self, name: str) -> Build:
        """Read one build. Raises NotFound."""

    async def builds_from(self, name: ServiceName, source: str) -> tuple[Build, ...]:
        """List the builds of one archive (`Stored.where`), newest first: finds one whose submission was not answered."""

    async def apis(self, project: str, wanted: Sequence[str]) -> Mapping[str, bool | None]:
        """Tell which APIs (`run.googleapis.com`) are enabled; `None` where that cannot be told. Enables nothing."""

    async def project_permissions(self, project: str, wanted: Sequence[str]) -> frozenset[str] | None:
        """Return which of these permissions we hold on the project (`testIamPermissions`), `None` where it cannot be told."""

    async def may_act_as(self, account: str) -> bool | None:
        """Tell whether we may run a service as this account (`iam.serviceAccounts.actAs`), `None` where it cannot be told."""


class Cloud(Reads, LogReads, SourceReads, TokenReads, DocumentReads, HistoryReads, DeployReads, Protocol):
    """Everything that there is to look at, over one connection."""


class Writes(Protocol):
    """Change. Held by the app and by commands alone; with `--read-only` there is none."""

    async def delete_document(self, document: Document) -> None:
        """Delete a document if it is still as it was read; ChangedUnderneath when it is not, fine when it is gone."""

    async def set_traffic(self, name: ServiceName, targets: tuple[TrafficTarget, ...], etag: str) -> Service:
        """Ask for a traffic list, and for nothing else, of the service as it was at `etag`; return it as accepted.

        That it was accepted does not mean that traffic has moved: read it back. Raises ChangedUnderneath when the
        service is not at `etag` any more, Denied, Refused when Google will not have the list, and Unreachable when no
        answer came: it may have been written all the same.
        """

    async def annotate(self, name: ServiceName, values: Mapping[str, str | None], etag: str) -> Service:
        """Set annotations of the service, and take away those that are `None`; raises as `set_traffic`."""


class Deploys(Protocol):
    """Deploy. Held by the app and by commands alone, as Writes."""

    async def upload(
        self, name: ServiceName, archive: Path, object_name: str, tell: Callable[[int], None]
    ) -> Stored:
        """Upload an archive, in pieces that are resumed by themselves; `tell` is called with the bytes that are there.

        The bucket is the one that gcloud uses for sources of this project and region, made where there is none.
        An object of that name is never overwritten: what is there already is returned when its checksum is the same,
        else Refused is raised. Raises Unreachable when the connection is lost for good: nothing half-written is there.
        """

    async def submit_build(self, name: ServiceName, source: Stored, *, image: str, dockerfile: bool) -> Build:
        """Begin to build an archive into `image` (without tag or digest), with its Dockerfile or with buildpacks."""

    async def cancel_build(self, name: str) -> Build:
        """Ask that a build end; returns it as it then is."""

    async def roll_out(self, name: ServiceName, rollout: Rollout, etag: str) -> Service:
        """Change image, revision name and traffic list in one update of the service as it was at `etag`.

        Everything else of its template stays. Returns the service as accepted: that is not that the revision boots.
        Raises as `Writes.set_traffic`.
        """

    async def create(self, name: ServiceName, rollout: Rollout) -> Service:
        """Create a service with its first revision, which then serves all. Raises ChangedUnderneath when it is there."""
