"""sessions: a ladder -> an exit code. Pure."""

from buddy_tui.errors import ExitCode
from buddy_tui.sessions.values import Ladder, Survival

# What was not tried, or not seen to its end, says nothing against the application.
_OPEN = frozenset((None, Survival.INCONCLUSIVE, Survival.NOT_OFFERED))


def outcome(ladder: Ladder) -> ExitCode:
    """Return what a script should know: only `persisted` is good, and what could not be told is no failure."""
    if ladder.trouble:
        return ExitCode(ladder.trouble.exit_code)
    if ladder.survival is Survival.PERSISTED:
        return ExitCode.OK
    if ladder.survival is Survival.REFUSED:
        lacks_something = ladder.refusal is not None and not ladder.refusal.is_permission
        return ExitCode.RETRYABLE if lacks_something else ExitCode.NOT_ALLOWED
    return ExitCode.RETRYABLE if ladder.survival in _OPEN else ExitCode.PROBLEM_FOUND
