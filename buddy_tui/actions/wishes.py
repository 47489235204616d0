"""actions: what somebody wants before there is a plan, and what a screen is shown while they decide. Values only."""

from dataclasses import dataclass
from datetime import datetime

from buddy_tui.actions.values import Candidate, Plan, Verb
from buddy_tui.journal.values import Record
from buddy_tui.model import ServiceName, Trouble


@dataclass(frozen=True, slots=True)
class Wish:
    """A change that is wanted.

    `tag` is the name of a tag, `percents` are keys (revisions, or LATEST) and what each of them is to get; `evidence`
    are sentences that spoke for the revision.
    """

    name: ServiceName
    verb: Verb
    revision: str = ""
    tag: str = ""
    percents: tuple[tuple[str, int], ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The plan of a wish, and what moved since it was made: then it may not be done until it is planned anew.

    `needs_name` says that the name of the service must be typed before.
    """

    wish: Wish
    plan: Plan | None = None
    moved: tuple[str, ...] = ()
    needs_name: bool = False
    trouble: Trouble | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a service can be rolled back to, the best first; `default` is the one to offer, else `without` says why none.

    `silent` names who did not answer; more is to come until `done`.
    """

    name: ServiceName
    candidates: tuple[Candidate, ...] = ()
    default: str = ""
    without: str = ""
    silent: tuple[str, ...] = ()
    done: bool = False
    trouble: Trouble | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal tells of one service, oldest first; `faults` are sentences about what is wrong with it."""

    name: ServiceName
    records: tuple[Record, ...] = ()
    faults: tuple[str, ...] = ()
    as_of: datetime | None = None
