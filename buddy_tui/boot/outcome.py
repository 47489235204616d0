"""boot: how an attempt to boot went.

A failure needs a terminal signal: scary words alone are none, and some failures have no scary word at all.
"""

import re
from collections.abc import Callable
from itertools import pairwise

from buddy_tui.boot.case import Case, clock, is_of_a_request, runs_alike
from buddy_tui.boot.platform import never_ran
from buddy_tui.boot.said import LOOPBACK
from buddy_tui.boot.values import Event, Mark, Outcome, Traceback

_LEVEL = re.compile(r"\b(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")
_SEVERE = re.compile(r"\b(?:ERROR|CRITICAL|FATAL|error|fatal|failed|exception)\b|Error\b")

_PAUSE, _SOON = 1.5, 60.0  # seconds between two workers; a master starts all of its own at once


def judge(case: Case) -> tuple[Outcome, Traceback | None]:
    """Return how the attempt went, and the traceback that ended it."""
    for decide in _DECISIONS:
        if outcome := decide(case):
            return outcome, _fatal(case, outcome)
    return Outcome.OPEN, None


def _fatal(case: Case, outcome: Outcome) -> Traceback | None:
    """Return the traceback to blame. What is alive may have handled the error that was printed last."""
    if outcome is Outcome.UNREACHABLE:
        return case.fatal if case.fatal and case.is_uncaught(case.fatal) else None
    return case.fatal if outcome in {Outcome.DIED, Outcome.LOOPING} else None


def _not_started(case: Case) -> Outcome | None:
    rejected = any(event.mark is Mark.REJECTED for event in case.events)
    refused = case.verdict is not None and never_ran(case.verdict.detail)
    wrote = case.has(Mark.PROCESS, Mark.LISTENING, Mark.READY, Mark.SERVED) or case.attempt.tracebacks
    return Outcome.NOT_STARTED if (rejected or refused) and not wrote else None


def _ended(case: Case) -> Outcome | None:
    if case.end is None:
        return None
    silent = case.end.mark is Mark.EXIT and case.end.number and not case.attempt.output
    return Outcome.SILENT if silent else Outcome.DIED


def _looping(case: Case) -> Outcome | None:
    return Outcome.LOOPING if case.is_looping else None


def _probe_failed(case: Case) -> Outcome | None:
    place = max((at for at, event in enumerate(case.events) if event.mark is Mark.PROBE_FAILED), default=-1)
    passed = max((at for at, event in enumerate(case.events) if event.mark is Mark.PROBE_PASSED), default=-1)
    if place < 0 or passed > place:
        return None
    waited = case.events[place].detail in {"DEADLINE_EXCEEDED", "ERROR_CONNECTION_FAILED"}
    if not case.attempt.output and not waited:
        return Outcome.SILENT
    exited = not waited and (case.has(Mark.EXIT) or case.events[place].detail == "CANCELLED" or case.blamed)
    return Outcome.DIED if exited else Outcome.UNREACHABLE


def _cut(case: Case) -> Outcome | None:
    """Find out whether the log ends inside a traceback; then the last whole one is not to blame."""
    if case.serves:
        return None  # cut in the midst of a request, say: that is no matter of its boot
    at = max((event.at for event in case.events), default=-1)
    open_ended = [
        one
        for one in case.attempt.tracebacks
        if not one.last.type and one.lines[-1] > at and case.is_last_word(one)
    ]
    if not open_ended:
        return None
    return Outcome.DIED if any(runs_alike(open_ended[-1], one) for one in case.candidates) else Outcome.CUT


def _died(case: Case) -> Outcome | None:
    """Find out whether a traceback is the last thing that was heard of a program that never came up."""
    return Outcome.DIED if case.blamed else None


def _loopback(case: Case) -> Outcome | None:
    """Find out whether it listens where nobody else can reach it, and nothing says that somebody did."""
    listening = [event for event in case.events if event.mark is Mark.LISTENING]
    reached = case.has(Mark.SERVED, Mark.PROBE_PASSED, Mark.SHUTDOWN, Mark.ACCEPTED)
    only = bool(listening) and all(event.detail in LOOPBACK for event in listening)
    died = case.has(Mark.WORKER_DIED) or case.blamed
    return Outcome.UNREACHABLE if only and not reached and not died else None


def _refused(case: Case) -> Outcome | None:
    """Take Cloud Run's word that the revision is not ready, though the log does not tell why."""
    if case.verdict is None or case.verdict.mark is not Mark.REJECTED or case.has(Mark.SERVED):
        return None
    if case.fatal:
        return Outcome.DIED
    if case.has(Mark.LISTENING, Mark.READY):
        return Outcome.UNREACHABLE
    if not case.has(Mark.START, Mark.PROCESS):
        return Outcome.CUT
    return Outcome.UNREACHABLE if case.attempt.output else Outcome.SILENT


def _up(case: Case) -> Outcome | None:
    accepted = case.verdict is not None and case.verdict.mark is Mark.ACCEPTED
    if case.last_up >= 0 or accepted or any(map(is_of_a_request, case.attempt.tracebacks)):
        return Outcome.UP
    if case.blamed:
        return None
    return Outcome.UP if _was_shut_down(case) or _works(case) or _goes_on(case) else None


def _was_shut_down(case: Case) -> bool:
    """Whether somebody ended it in good order, and no worker had died before."""
    for event in case.events:
        if event.mark in {Mark.SHUTDOWN, Mark.WORKER_DIED}:
            return event.mark is Mark.SHUTDOWN
    return False


def _works(case: Case) -> bool:
    """Whether gunicorn's workers live as far as the log goes: most programs say nothing more when they are up.

    Where the platform's lines are in the log, its probe will tell.
    """
    born = [event for event in case.events if event.mark is Mark.WORKER]
    workers = [event.at for event in born]
    if not workers or case.has(Mark.WORKER_DIED, Mark.SIGNAL) or _one_by_one(born):
        return False
    if any("Exception in worker process" in line.text for line in case.attempt.lines[workers[0] :]):
        return False  # the traceback may be cut off
    speaks = bool(case.attempt.plain) and case.attempt.plain[-1] > workers[-1]
    return speaks or case.attempt.bare or case.has(Mark.PROBE_PASSED) or not case.has(Mark.START)


def _one_by_one(born: list[Event]) -> bool:
    """Whether a worker was started again and again: old gunicorns do not tell that the one before it died."""
    times = [clock(event) for event in born]
    return len(times) > 2 and all(_PAUSE < after - one < _SOON for one, after in pairwise(times))


def _goes_on(case: Case) -> bool:
    """Whether the log begins and ends in the midst of a program that logs as usual, past an error it survived."""
    if case.has(Mark.START, Mark.PROCESS, Mark.LISTENING, Mark.EXIT, Mark.PROBE_FAILED, Mark.WORKER_DIED):
        return False
    texts = [case.attempt.lines[at].text for at in case.attempt.plain]
    if len(texts) < 3 or not all(map(_LEVEL.search, (texts[0], texts[-1]))):
        return False
    return any(map(_SEVERE.search, texts[:-1])) and not _SEVERE.search(texts[-1])


_DECISIONS: tuple[Callable[[Case], Outcome | None], ...] = (
    _not_started,
    _ended,
    _looping,
    _probe_failed,
    _cut,
    _died,
    _loopback,
    _refused,
    _up,
)
