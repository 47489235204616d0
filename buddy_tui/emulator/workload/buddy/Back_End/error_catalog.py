"""What may go wrong in a request, with its HTTP status, and how it is logged."""

from Back_End.event_log import EventLog


class Problem(Exception):
    """A request that cannot be served. The message is meant for the caller."""

    status = 400


class NotFound(Problem):
    status = 404


class Conflict(Problem):
    status = 409


class TooManyRequests(Problem):
    status = 429


class OverBudget(Problem):
    status = 503


def report(log: EventLog, path: str, problem: Problem) -> None:
    """Log a problem: the caller's mistakes as warnings, ours as errors."""
    write = log.error if problem.status >= 500 else log.warning
    write(str(problem), path=path, status=problem.status)
