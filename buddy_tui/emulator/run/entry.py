"""World: one service, all that belongs to it, and where its traffic really goes."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from buddy_tui.emulator import callers
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import conditions, wording
from buddy_tui.emulator.run.messages import LATEST, Service, TrafficTarget


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the effective traffic. LATEST is resolved; a share of 0 percent has a tag."""

    revision: str
    percent: int
    tag: str


@dataclass(slots=True)
class Entry:
    """A service as the world keeps it. All revision names in here are short ones.

    - `revisions`: oldest first
    - `effective`: what `traffic_statuses` says, resolved
    - `pending`: operations under way, each with the revision that it made (or none: "")
    - `fresh`: the revision that the last write made; "" if it made none
    - `held`: traffic should move, and a fault of the world holds it
    - `deployed`: the number of the last revision: how many were made, or more if a given name says so
    - `version`: microseconds since 1970 of the last write; never the same twice
    - `boot_seconds`: what the steps of a boot under way took so far
    - `policy`: the IAM policy (google.iam.v1 Policy), None as long as nobody set one
    """

    where: Where
    service: Message = field(default_factory=Service)
    revisions: dict[str, Message] = field(default_factory=dict)
    effective: tuple[Share, ...] = ()
    pending: dict[str, str] = field(default_factory=dict)
    fresh: str = ""
    held: bool = False
    deployed: int = 0
    version: int = 0
    boot_seconds: dict[str, float] = field(default_factory=dict)
    policy: Message | None = None

    def at(self, revision: str) -> Where:
        """Return the place of one of its revisions."""
        return replace(self.where, revision=revision)

    @property
    def latest_created(self) -> str:
        """The newest revision, ready or not."""
        return short(self.service.latest_created_revision)

    @property
    def latest_ready(self) -> str:
        """What LATEST stands for in the effective traffic."""
        return short(self.service.latest_ready_revision)

    def desired(self) -> tuple[Message, ...]:
        """Return the targets that were asked for; none asked for means all to LATEST."""
        return tuple(self.service.traffic) or (TrafficTarget(type_=LATEST, percent=100),)

    def depends_on(self) -> tuple[str, ...]:
        """Return the revisions that must be ready before the desired traffic can be; LATEST waits for the newest."""
        return tuple(target.revision or self.latest_created for target in self.desired())

    def is_ready(self, revision: str) -> bool:
        """Tell whether `revision` exists and has booted."""
        return (
            revision in self.revisions and conditions.state(self.revisions[revision]) == conditions.SUCCEEDED
        )

    def is_undecided(self, revision: str) -> bool:
        """Tell whether `revision` exists and its boot is still under way."""
        return (
            revision in self.revisions
            and conditions.state(self.revisions[revision]) == conditions.RECONCILING
        )

    def count(self, revision: str) -> None:
        """Go on counting from a new revision, so that numbers in names only rise.

        The generation of the service is never behind: gcloud takes the next one as the number of the next revision.
        """
        number = re.match(r"-(\d{5})\b", revision.removeprefix(self.where.service))
        self.deployed = max(self.deployed + 1, int(number[1]) if number else 0)
        self.service.generation = max(self.service.generation, self.deployed)

    def stamp(self, micros: int, principal: str) -> None:
        """Note a write at `micros` by who calls, or else by `principal`: the etag moves, and never back."""
        self.version = max(micros, self.version + 1)
        self.service.etag = wording.etag(self.version, self.where.service_path)
        self.service.update_time.FromMicroseconds(self.version)
        self.service.last_modifier = callers.current().email or principal

    def introduce(self, identity: Callable[[], str]) -> None:
        """Fill in who made the service, when, and its identity, as far as it is not told."""
        service = self.service
        service.uid = service.uid or identity()
        service.creator = service.creator or service.last_modifier
        if not service.HasField("create_time"):
            service.create_time.CopyFrom(service.update_time)

    def untag(self, revision: str) -> bool:
        """Drop the targets of `revision`, and tell whether there were any."""
        kept = [target for target in self.service.traffic if target.revision != revision]
        dropped = len(kept) < len(self.service.traffic)
        statuses = [status for status in self.service.traffic_statuses if status.revision != revision]
        _refill(self.service.traffic, kept)
        _refill(self.service.traffic_statuses, statuses)
        self.effective = tuple(share for share in self.effective if share.revision != revision)
        return dropped


def short(name: str) -> str:
    """Return the last part of a resource name."""
    return name.rpartition("/")[2]


def _refill(repeated: Message, kept: list[Message]) -> None:
    del repeated[:]
    repeated.extend(kept)
