"""verify: a checklist -> an exit code."""

from buddy_tui.errors import ExitCode
from buddy_tui.verify.values import Answered, Checklist


def outcome(checklist: Checklist) -> ExitCode:
    """Return 1 when a line does not hold, 4 when one may not be looked at, 3 when one is not known, else 0.

    What somebody vouches for counts as seen.
    """
    answers = {line.answered for line in checklist.lines}
    if Answered.NO in answers:
        return ExitCode.PROBLEM_FOUND
    if not answers & {Answered.UNKNOWN, Answered.PENDING}:
        return ExitCode.OK
    denied = checklist.trouble and checklist.trouble.exit_code == ExitCode.NOT_ALLOWED
    return ExitCode.NOT_ALLOWED if denied else ExitCode.RETRYABLE
