"""What is said of a log: why nothing of it is there, and how it was read. Pure."""

from datetime import timedelta

from buddy_tui.log_scope import filter_of
from buddy_tui.model import LogScope, LogState, Revision, RevisionState
from screens.states import revision_state
from screens.widgets.facts import Fact
from screens.words import Cell, span

_PATIENCE = timedelta(seconds=2)
_NOT_HEALTHY = "That does not say that it is healthy: Cloud Logging forgets entries, by default after 30 days"
_NOT_LOGGED = "Cloud Logging forgets entries, by default after 30 days,\nand a build may log to a bucket only"


def nothing_there(state: LogState, scope: LogScope, revision: Revision, waited: timedelta) -> tuple[str, str]:
    """Return what stands in for the lines, and what for the finding, as long as there are none."""
    kind, name = ("build log", scope.build or revision.name) if scope.is_of_build else ("log", revision.name)
    if state.trouble:
        return "Nothing was read yet", "! Not known: the log could not be read"
    if not state.complete:
        patience = f" {span(waited)}" if waited >= _PATIENCE else ""
        return f"Reading the {kind} of {name} …{patience}", f"● Reading the {kind}: no verdict yet"
    if scope.is_of_build:
        return (
            f"There is nothing in the build log of {name}\n{_NOT_LOGGED}",
            "● The build log is shown: no verdict yet",
        )
    if revision.state is RevisionState.PENDING:
        return f"Waiting for the first line of {name}", "● Nothing tells yet whether it boots"
    return (
        f"There is nothing in the log of {name}\n{_NOT_HEALTHY}",
        "! Not known: nothing tells whether it boots",
    )


def log_facts(
    revision: Revision, scope: LogScope, state: LogState, *, kept: int, dropped: int, late: int
) -> tuple[Fact, ...]:
    """Return how a log was read: `kept` and `dropped` are lines, `late` entries."""
    told = {
        "reaches us": ": ".join(filter(None, (state.link.value, state.reason))),
        "lines": f"{kept:,} kept, {dropped:,} forgotten",
        "late": f"{late:,} entries",
        "held back": f"{state.suppressed:,} entries at least",
        "asked": filter_of(scope),
    }
    facts = (Fact(label, (Cell(words),)) for label, words in told.items())
    return (Fact("Log"), Fact("revision", (revision_state(revision),)), *facts)
