"""actions: which traffic list stood before the last change, and who says so. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.values import Ending, Targets, Verb
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import Service

# What the journal calls a change that is there: proved when it was made, or found when that was looked into.
_MADE = frozenset((Ending.DONE.value, Ending.PUT_BACK.value, Ending.NOT_DONE.value, "found"))


@dataclass(frozen=True, slots=True)
class Former:
    """The list that stood before the last change. `by` made that change, empty for ourselves; `source` says so."""

    targets: Targets
    by: str
    source: str


def former_of(service: Service, records: Sequence[Record], changes: Sequence[TrafficChange]) -> Former | None:
    """Return what stood before the list that is asked for now; `None` where nobody tells.

    `records` are in the journal's order, `changes` newest first. The journal is believed only where the list that
    it led to still stands: after that, somebody else has changed it, and the audit log knows.
    """
    for record in reversed(records):
        if record.name == service.name and _made(record):
            if same(record.after, service.desired):
                return Former(record.before, "", "the journal")
            break
    lists = [(one, one.targets) for one in changes if one.accepted and one.targets is not None]
    if len(lists) < 2 or not same(lists[0][1], service.desired):
        return None
    last, older = (
        lists[0][0],
        next((targets for _, targets in lists if not same(targets, service.desired)), None),
    )
    return Former(older, last.by, "the audit log") if older is not None else None


def _made(record: Record) -> bool:
    """Tell whether a record is of a change that is there; a promotion that is through is one, and its steps are not."""
    if record.kind is Kind.NOTE:
        return record.verb == Verb.PROMOTE and record.outcome == Ending.DONE
    return record.kind is Kind.OUTCOME and record.outcome in _MADE
