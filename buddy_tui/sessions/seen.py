"""sessions: what the rungs of the ladder have seen, as values that a verdict can be made of."""

from dataclasses import dataclass, field
from enum import StrEnum

from buddy_tui.gateway import Document, Place


class Created(StrEnum):
    """How the answer to `create` is to be taken. Only after `yes` is there a session to follow."""

    YES = "yes"
    REFUSED = "refused"  # it never came to the application
    UNASKED = "unasked"  # trouble on our side of the wire
    NOT_OFFERED = "not_offered"
    FAILED = "failed"
    MEANINGLESS = "meaningless"  # the service finds sessions that nobody made


class Sight(StrEnum):
    """What one read through the service says of the session. `unasked` says nothing of it."""

    FOUND = "found"
    MISSING = "missing"
    FAILED = "failed"
    UNASKED = "unasked"


class Stored(StrEnum):
    """What Firestore says. `foreign` is a document at the session's path that is not ours."""

    YES = "yes"
    NO = "no"
    FOREIGN = "foreign"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """One read. `words` say what came, e.g. `it answers 404`; `instance` is empty where the answer names none.

    `after` is in seconds since the session was made, `body` the answer's JSON. `refused` says that an `unasked` one
    was turned away before the application.
    """

    sight: Sight
    words: str = ""
    instance: str = ""
    after: float = 0.0
    trace: str = ""
    refused: bool = False
    body: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What Firestore said. `after` as in a Reading; `words` and `hint` are those of an error."""

    stored: Stored = Stored.UNKNOWN
    document: Document | None = None
    after: float = 0.0
    words: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was seen of one session.

    `words` are about `created`, and `fix` helps with that or with what is `unserved`: a sentence on why the serving
    revision could not be asked. `maker` is the instance that made the session. `early` are the reads that were made
    one after the other until one found it, `many` those that were made at once. `late` says that Firestore had the
    document only after `patience` (seconds). An `other` revision that is `idle` has no traffic. `disagree` are sentences about fields, `skew` one about clocks. `denied`
    says that the application itself was not allowed to use Firestore, and `account` as whom. `leaked` tells where the
    session still was after the service had said that it was deleted, `undeleted` what it said instead.
    """

    revision: str
    place: Place
    path: str = ""
    created: Created = Created.YES
    words: str = ""
    fix: str = ""
    maker: str = ""
    early: tuple[Reading, ...] = ()
    many: tuple[Reading, ...] = ()
    look: Look = Look()
    late: bool = False
    serving: str = ""
    across: Reading | None = None
    unserved: str = ""
    other: str = ""
    idle: bool = False
    further: Reading | None = None
    patience: float = 0.0
    disagree: tuple[str, ...] = ()
    skew: str = ""
    denied: bool = False
    account: str = ""
    leaked: str = ""
    undeleted: str = ""

    @property
    def own(self) -> tuple[Reading, ...]:
        """The reads through the probed revision."""
        return self.early + self.many

    @property
    def where(self) -> str:
        """The place in words."""
        return place_in_words(self.place)


def place_in_words(place: Place) -> str:
    """Return a database as it is told, e.g. `the default database of acme-prod`."""
    database = "the default database" if place.database == "(default)" else f"database {place.database}"
    return f"{database} of {place.project}"


def instances(readings: tuple[Reading, ...], sight: Sight) -> frozenset[str]:
    """Return the instances whose answers say so, those that can be told apart."""
    return frozenset(one.instance for one in readings if one.sight is sight and one.instance)


def count(readings: tuple[Reading, ...], sight: Sight) -> int:
    """Return how many answers say so."""
    return sum(one.sight is sight for one in readings)
