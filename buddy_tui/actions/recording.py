"""actions: what every line of the journal about a planned change says, and who wants the change."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from buddy_tui.actions.values import Plan
from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.journal.values import Kind, Record


@dataclass(frozen=True, slots=True)
class Author:
    """Who wants a change, as whom, why and on what evidence."""

    who: str = ""
    acting: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings, reason: str) -> "Author":
        """Return the operator as the settings know them."""
        return cls(settings.account.value, settings.impersonate.value, clean_line(reason))


def recorded(
    kind: Kind,
    change: str,
    at: datetime,
    plan: Plan,
    author: Author,
    **over: Any,  # noqa: ANN401 - any field of a Record
) -> Record:
    """Return a line about what `author` does by `plan`; `change` is the id that all lines of one change share.

    `over` are fields that only this line has, or has otherwise than the plan and its author.
    """
    record = Record(
        at,
        kind,
        change,
        plan.name,
        verb=plan.verb,
        revision=plan.revision,
        who=author.who,
        acting=author.acting,
        reason=author.reason,
        plan=plan.hash,
        before=plan.before,
        after=plan.after,
        etag=plan.etag,
        command=plan.command,
        undo_command=plan.undo_command,
        evidence=author.evidence,
    )
    return replace(record, **over)
