"""aside: what the journal keeps of folders that were set aside, and what it tells of them."""

import json
from collections.abc import Iterable
from pathlib import Path

from buddy_tui.actions.values import Ending
from buddy_tui.aside.values import BRING_BACK, SET_ASIDE, Aside, Past
from buddy_tui.journal.values import Kind, Record

# The longest text that the journal keeps whole.
_LONGEST = 4000


def dumped(aside: Aside) -> str:
    """Return it as the journal keeps it, in ASCII; names need not be UTF-8."""
    return json.dumps({"root": str(aside.root), "home": str(aside.home), "folders": aside.folders})


def fits(aside: Aside) -> bool:
    """Tell whether the journal can keep it whole."""
    return len(dumped(aside)) <= _LONGEST


def pasts(records: Iterable[Record], root: Path) -> tuple[Past, ...]:
    """Return what was set aside from `root` and is not back, or not known to be, the oldest first."""
    found: dict[str, Past] = {}
    for record in records:
        if record.verb not in (SET_ASIDE, BRING_BACK):
            continue
        if record.kind is Kind.INTENT and (aside := _loaded(record)):
            found[record.id] = Past(aside, record.at, open=True)
        elif record.kind is Kind.OUTCOME and record.id in found:
            if record.verb == SET_ASIDE and record.outcome == Ending.DONE:
                found[record.id] = Past(found[record.id].aside, record.at, open=False)
            elif record.outcome != Ending.NOT_DONE:
                del found[record.id]
    return tuple(one for one in found.values() if one.aside.root == root)


def _loaded(record: Record) -> Aside | None:
    try:
        told = json.loads(record.data)
        folders = tuple(map(str, told["folders"]))
        return Aside(record.id, Path(told["root"]), Path(told["home"]), folders)
    except (ValueError, TypeError, KeyError):
        return None
