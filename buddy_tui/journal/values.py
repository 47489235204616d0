"""What the journal keeps of every change. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from buddy_tui.model import ServiceName, TrafficTarget


class Kind(StrEnum):
    """What a record is: what we are about to do, what became of it, or what somebody decided."""

    INTENT = "intent"
    OUTCOME = "outcome"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal. `id` joins an intent and its outcome; `plan` is the plan's hash.

    `who` is the account that gcloud names, `acting` the service account that was used instead, both empty where
    unknown. `before` and `after` are desired traffic lists. `outcome` is an `Ending` by its value, empty in an
    intent. `evidence` are sentences. `data` is what a change needs to go on with itself, as JSON in ASCII. `number` counts from 1; `previous` and `hash` chain the lines (SHA-256, hex).
    """

    at: datetime
    kind: Kind
    id: str
    name: ServiceName
    verb: str = ""
    revision: str = ""
    who: str = ""
    acting: str = ""
    reason: str = ""
    plan: str = ""
    before: tuple[TrafficTarget, ...] = ()
    after: tuple[TrafficTarget, ...] = ()
    etag: str = ""
    command: str = ""
    undo_command: str = ""
    evidence: tuple[str, ...] = ()
    outcome: str = ""
    sentence: str = ""
    data: str = ""
    number: int = 0
    previous: str = ""
    hash: str = ""
