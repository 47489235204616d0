"""What the session probe and the session audit tell. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from buddy_tui.model import ServiceName, Trouble
from buddy_tui.probes.values import Refusal, Verdict


class Survival(StrEnum):
    """What became of the session. Only `persisted` is good; the last three say that we cannot tell."""

    PERSISTED = "persisted"
    MEMORY_OF_ONE_INSTANCE = "memory_of_one_instance"
    LOST_BETWEEN_REVISIONS = "lost_between_revisions"
    WRONG_PROJECT_OR_DATABASE = "wrong_project_or_database"
    PERMISSION_DENIED = "permission_denied"
    NOT_READ_BACK_IN_TIME = "not_read_back_in_time"
    NOT_STORED = "not_stored"  # created, and never seen again by anybody
    FIELDS_DISAGREE = "fields_disagree"
    CLOCK_SKEW = "clock_skew"
    LEAKED = "leaked"  # deleted, and still there
    CREATE_FAILED = "create_failed"
    REFUSED = "refused"
    INCONCLUSIVE = "inconclusive"
    NOT_OFFERED = "not_offered"  # the service has no such path


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder. `name` is stable (JSON), `title` is for people. `verdict` is `None` while it runs.

    `began` and `took` (seconds) are its times, `reason` what was seen in one sentence. `traces` are the ids of its
    requests.
    """

    name: str
    title: str
    verdict: Verdict | None = None
    began: datetime | None = None
    took: float = 0.0
    reason: str = ""
    traces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """The session probe of `revision` so far; `survival` is `None` until it is over.

    `serving` and `other` are the revisions that the session was read through as well, empty where there was none.
    `left` tells what could not be removed, in words, empty when nothing was left. `swept` tells what of earlier,
    killed probes was removed at the start. `refusal` is set where the revision could not be asked at all.
    """

    name: ServiceName
    revision: str = ""
    serving: str = ""
    other: str = ""
    steps: tuple[Step, ...] = ()
    survival: Survival | None = None
    reason: str = ""
    fix: str = ""
    left: str = ""
    swept: str = ""
    refusal: Refusal | None = None
    began: datetime | None = None
    as_of: datetime | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Hour:
    """How many sessions a revision wrote in the hour that begins at `start` (UTC)."""

    start: datetime
    revision: str
    count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The sessions of one revision that are there now, newest and oldest by their own time of creation."""

    revision: str
    count: int
    oldest: datetime | None = None
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """What is in the collection of sessions. `read` documents of `total` were looked at (`total` -1: not known).

    `cost` is how many document reads Google counts for it, an upper bound. `cut` says that older ones were not read,
    back to `since`. `attributed` tells how a session was given to a revision: `field` or `time` (by who served then).
    `rollouts` are the moments at which a revision began that serves, that wrote some of them, or after which fewer
    were written: any other need never have had traffic. `fell` are sentences about rollouts after which fewer were
    written, `notes` whatever else must be known to read the numbers honestly.
    """

    name: ServiceName
    place: str = ""
    kept: tuple[Kept, ...] = ()
    hours: tuple[Hour, ...] = ()
    rollouts: tuple[tuple[datetime, str], ...] = ()
    fell: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    total: int = -1
    read: int = 0
    cost: int = 0
    cut: bool = False
    since: datetime | None = None
    attributed: str = ""
    as_of: datetime | None = None
    trouble: Trouble | None = None
