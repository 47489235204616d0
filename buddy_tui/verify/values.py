"""What the checklist tells. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from buddy_tui.model import ServiceName, Trouble


class Answered(StrEnum):
    """How a line stands. `unknown` says why; `by_hand` has a name and a note; `pending` is being looked at."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    BY_HAND = "by_hand"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Before:
    """What was last seen of a line that cannot be answered now: `yes` or `no`, with evidence, source and time.

    It tells what was, and answers nothing: the line stays unknown.
    """

    answered: Answered
    evidence: str
    source: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plan. `id` is stable, e.g. `deploys-from-root`; `section` is its heading.

    `evidence` is what was seen, in one sentence, or why nothing could be; `source` says where: `probe`, `log`,
    `snapshot`, `firestore` or `archive`. `at` is when. `by` and `note` are whose word it is when it was ticked by hand.
    `before` is there only where nothing is seen now, and something was in an earlier look.
    """

    id: str
    section: str
    text: str
    answered: Answered = Answered.PENDING
    evidence: str = ""
    source: str = ""
    at: datetime | None = None
    by: str = ""
    note: str = ""
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """The plan for one revision (the candidate, else who serves) so far; `done` when every line was looked at.

    `created` is when the revision was made. `kept` tells that nobody looked now: it is from the disk, as it was at
    `as_of`. `keeping` is what is to be said about keeping it, where that went wrong; no line depends on it.
    """

    name: ServiceName
    revision: str = ""
    lines: tuple[Line, ...] = ()
    done: bool = False
    as_of: datetime | None = None
    trouble: Trouble | None = None
    created: datetime | None = None
    kept: bool = False
    keeping: str = ""
