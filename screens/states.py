"""States and reasons in the operator's words. Pure; every state is a glyph, a word and a tone."""

from buddy_tui import reasons
from buddy_tui.finding import Cause, Finding
from buddy_tui.model import Condition, ConditionState, Revision, RevisionState, Service
from screens.findings import hedged
from screens.words import NONE, Cell

_STATES = {
    RevisionState.READY: Cell("✓ ready", "ok"),
    RevisionState.FAILED: Cell("✗ failed", "bad"),
    RevisionState.PENDING: Cell("● pending", "warn"),
    RevisionState.RETIRED: Cell(f"{NONE} retired", "dim"),
}

_CONDITIONS = {
    ConditionState.SUCCEEDED: Cell("✓ ok", "ok"),
    ConditionState.FAILED: Cell("✗ failed", "bad"),
    ConditionState.PENDING: Cell("● pending", "warn"),
    ConditionState.RECONCILING: Cell("● at work", "warn"),
    ConditionState.UNKNOWN: Cell("! unknown", "warn"),
}


# A revision in these states may still owe an explanation.
_NOT_UP = {RevisionState.FAILED, RevisionState.PENDING}


def revision_state(revision: Revision, finding: Finding | None = None) -> Cell:
    """Return a revision's state with the reason, e.g. `✗ failed: did not start`.

    Where its log told why it failed, that says more than the word: `✗ No module named Back_End`.
    """
    state = _STATES[revision.state]
    if finding and finding.cause is not Cause.NONE and revision.state in _NOT_UP:
        glyph = "✗" if revision.state is RevisionState.FAILED else f"{state.text}:"
        return state._replace(text=f"{glyph} {hedged(finding)}")
    return _with_reason(state, revision.reason)


def condition_state(condition: Condition) -> Cell:
    """Return a condition's state with the reason; only severity `error` gates readiness, so others are dim."""
    state = _with_reason(_CONDITIONS[condition.state], condition.reason)
    return state if condition.severity == "error" or state.tone == "ok" else state._replace(tone="dim")


def service_state(service: Service) -> Cell:
    """Return a service's state; one that failed while an older revision serves on is degraded, not down."""
    ready = service.ready
    if ready.state is ConditionState.SUCCEEDED:
        return Cell("✓ ready", "ok")
    if ready.state is ConditionState.FAILED and any(target.percent for target in service.effective):
        return _with_reason(Cell("! degraded", "warn"), ready.reason)
    return condition_state(ready)


def _with_reason(state: Cell, reason: str) -> Cell:
    words = reasons.in_words(reason)
    return state._replace(text=f"{state.text}: {words}") if words else state
