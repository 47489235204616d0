"""boot: what is to be weighed of one attempt: what proves that it was up, what ended it, whom to blame."""

import re
from collections.abc import Collection
from datetime import datetime
from functools import cached_property

from buddy_tui.boot.attempts import Attempt, went_all_the_way_up
from buddy_tui.boot.said import LOOPBACK
from buddy_tui.boot.values import Event, Mark, Traceback

# Cloud Run waits at most this long for a start, so whatever ends later ends something that ran.
_LONGEST_START = 240 * 10**9
# The program's own lines beside an exception's lone last line, where somebody copied that line to ask about it.
_FEW_WORDS = 5
# What a shell tells of a process that obeyed SIGTERM.
_TERMINATED = 143
# Frames that only a request can reach, in Starlette, Flask, Django and gunicorn's workers.
_REQUEST = frozenset(
    {
        "run_asgi",
        "wsgi_app",
        "full_dispatch_request",
        "dispatch_request",
        "handle_request",
        "get_response",
        "run_endpoint_function",
    }
)
# Frames of what loads the program: gunicorn's worker, uvicorn's and hypercorn's processes, runserver, a lifespan.
_LOADING = frozenset({"spawn_worker", "subprocess_started", "asyncio_worker", "inner_run", "lifespan"})
# gunicorn's default for a worker is 30 seconds, and it looks about every second.
_GUNICORNS_LIMIT = 35
# Which worker gunicorn tells of.
_WORKER_PID = re.compile(r"(?i:worker) (?:TIMEOUT |exiting |with )?\(?pid:? ?(\d{1,9})\b")
_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\]")
# What is printed before a traceback that somebody caught, or that nobody waited for.
_PASSED_OVER = re.compile(
    r"\(trapped\)|(?:Task|Future) exception was never retrieved|Exception ignored|--- Logging error"
)
_LOGGED = re.compile(r"\b(?:DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL)\b")
_MILD = re.compile(r"\b(?:WARN(?:ING)?|INFO|DEBUG|NOTICE)\b", re.IGNORECASE)


class Case:
    """All that is to be weighed of one attempt. `verdict` is what Cloud Run made of its revision after it, if told."""

    def __init__(self, attempt: Attempt, verdict: Event | None = None) -> None:
        self.attempt = attempt
        self.events = attempt.events
        self.verdict = verdict

    def has(self, *marks: Mark) -> bool:
        """Whether any of these happened."""
        return any(event.mark in marks for event in self.events)

    @cached_property
    def binds_first(self) -> bool:
        """Whether a master opens the port before the program is loaded: then neither banner nor probe prove much."""
        return any(
            event.mark is Mark.WORKER
            or "gunicorn" in event.words
            or "granian" in event.words
            or (event.mark is Mark.PROCESS and event.detail in {"parent", "reloader"})
            for event in self.events
        )

    @cached_property
    def last_up(self) -> int:
        """The position in `events` of the last one that proves that it is up, -1 without one."""
        return max((place for place, event in enumerate(self.events) if self._proves(event)), default=-1)

    def _proves(self, event: Event) -> bool:
        if event.mark in {Mark.SERVED, Mark.READY, Mark.ACCEPTED}:
            return True
        if event.mark is Mark.LISTENING:
            return not self.binds_first and event.detail not in LOOPBACK
        return event.mark is Mark.PROBE_PASSED and not self.binds_first

    @cached_property
    def serves(self) -> bool:
        """Whether it was seen to answer, or to listen with its program loaded."""
        listens = any(event.mark is Mark.LISTENING and self._proves(event) for event in self.events)
        return self.has(Mark.SERVED) or listens

    @cached_property
    def end(self) -> Event | None:
        """What ended the process, if anything did that is no orderly end and came before anything had run."""
        for place, event in enumerate(self.events):
            if place > self.last_up and self._ends(place, event):
                return None if self._had_run(event) else event
        return None

    @cached_property
    def _told_to_end(self) -> int:
        """The position in `events` from which on somebody makes the process end."""
        marks = {Mark.SHUTDOWN, Mark.PROBE_FAILED}
        told = (place for place, event in enumerate(self.events) if event.mark in marks)
        return next(told, len(self.events))

    def _ends(self, place: int, event: Event) -> bool:
        if event.mark in {Mark.GAVE_UP, Mark.MEMORY}:
            return True
        if place > self._told_to_end:
            return False
        killed = event.mark is Mark.SIGNAL and event.detail != "worker"
        return killed or (event.mark is Mark.EXIT and event.number != _TERMINATED)

    def _had_run(self, end: Event) -> bool:
        if self.has(Mark.SERVED):
            return True
        up = self.events[self.last_up] if self.last_up >= 0 else None
        return bool(up and up.when and end.when - up.when > _LONGEST_START)

    @cached_property
    def is_looping(self) -> bool:
        """Whether workers die and are started again, and none of them came up since."""
        deaths, respawns, born = 0, 0, set[int]()
        timed_out = False
        for place, event in enumerate(self.events):
            if event.mark is Mark.WORKER:
                born.add(event.number)
                respawns += place > self.last_up and deaths > 0
            elif is_of_older_worker(event, born):
                continue
            elif event.mark is Mark.WORKER_DIED or (event.mark is Mark.SIGNAL and event.detail == "worker"):
                deaths += place > self.last_up
                timed_out = timed_out or event.detail == "timeout"
        if self.has(Mark.SERVED) or (timed_out and not self._timed_out_while_loading()):
            return False
        children = sum(event.detail == "died" for event in self.events[self.last_up + 1 :])
        return respawns >= 2 or children >= 3 or (timed_out and self.last_up < 0)

    def _timed_out_while_loading(self) -> bool:
        """Whether workers hung from the start: gunicorn's own limit after they were born, or ever again as long.

        One that hangs in a request does so at any time later; most programs log no requests.
        """
        born, last, delays = dict[int, float](), 0.0, dict[float, list[float]]()
        for event in self.events:
            if event.mark is Mark.WORKER:
                last = born[event.number] = clock(event)
            elif event.detail == "timeout" and last:
                begun = born.get(_worker_of(event), last)
                delays.setdefault(begun, []).append(clock(event) - begun)
        each = [delay for one in delays.values() for delay in one]
        again = bool(delays) and max(delays) - min(delays) > 2
        alike = again and max(each) - min(each) <= 2
        return not each or min(each) <= _GUNICORNS_LIMIT or alike

    @cached_property
    def candidates(self) -> tuple[Traceback, ...]:
        """The tracebacks that may have ended the attempt: nobody caught them as far as one can tell."""
        return tuple(one for one in self.attempt.tracebacks if not self._is_harmless(one))

    def _is_harmless(self, traceback: Traceback) -> bool:
        if _MILD.search(traceback.prefix) or is_of_a_request(traceback):
            return True
        names = {raised.name for raised in traceback.chain}
        if "HaltServer" in names and names <= {"HaltServer", ""}:
            return True
        first, last = traceback.lines[0], traceback.lines[-1]
        if first in self.attempt.mild:
            return True
        head = self.attempt.lines[first].text + (self.attempt.lines[first - 1].text if first else "")
        if _PASSED_OVER.search(head) or _is_of_a_thread(traceback):
            return True
        return self.last_up >= 0 and last < self.events[self.last_up].at

    def is_last_word(self, traceback: Traceback) -> bool:
        """Whether the program said nothing more after it."""
        plain = self.attempt.plain
        return not plain or plain[-1] < traceback.lines[-1]

    @cached_property
    def fatal(self) -> Traceback | None:
        """The traceback that ended the attempt, provided that something did."""
        for is_it in (self.is_uncaught, self.is_last_word):
            found = [one for one in self.candidates if is_it(one)]
            if found:
                return self._to_its_end(found[-1])
        gave_up = any(event.mark is Mark.GAVE_UP for event in self.events)
        return self.candidates[-1] if gave_up and self.candidates else None

    def _to_its_end(self, traceback: Traceback) -> Traceback:
        """Return the like of a traceback that was cut off, if another worker's was seen to its end."""
        if traceback.last.type:
            return traceback
        return next((one for one in reversed(self.candidates) if runs_alike(traceback, one)), traceback)

    @cached_property
    def blamed(self) -> Traceback | None:
        """The traceback that says of itself that it ended the attempt, and what came after it does not deny it.

        A program that handles an error may print the like: where a platform or a master would have told of the end,
        it must have gone all the way up.
        """
        fatal = self.fatal
        if fatal is None or self.last_up >= 0 or not self._ends_with(fatal):
            return None
        lone = not any(raised.frames for raised in fatal.chain)
        if lone and len(self.attempt.plain) > _FEW_WORDS:
            return None  # a program that wrote so much may have caught it
        later = [event.mark for event in self.events if event.at > fatal.lines[-1]]
        told = self.binds_first or (self.has(Mark.START) and not self.attempt.bare)
        if not self.is_uncaught(fatal) and told and later[:1] != [Mark.WORKER_DIED]:
            return None
        return fatal if set(later) <= {Mark.WORKER_DIED, Mark.GAVE_UP, Mark.SHUTDOWN} else None

    def _ends_with(self, traceback: Traceback) -> bool:
        """Whether nothing follows a traceback but the rest of a long message, which no logger put a level before."""
        texts = [self.attempt.lines[at].text for at in self.attempt.plain if at > traceback.lines[-1]]
        return not texts or (self.is_uncaught(traceback) and not any(map(_LOGGED.search, texts)))

    def is_uncaught(self, traceback: Traceback) -> bool:
        """Whether it went up to whatever loads the program."""
        functions = {frame.function for raised in traceback.chain for frame in raised.frames}
        return went_all_the_way_up(traceback) or not functions.isdisjoint(_LOADING)


def is_of_older_worker(event: Event, born: Collection[int]) -> bool:
    """Whether gunicorn tells of a worker that was there before the log begins: that one had been up, as far as told."""
    return _worker_of(event) not in {-1, *born}


def _worker_of(event: Event) -> int:
    """Return the number of the process of the worker that gunicorn tells of, -1 where it tells none."""
    found = _WORKER_PID.search(event.words)
    return int(found[1]) if found else -1


def _is_of_a_thread(traceback: Traceback) -> bool:
    """Whether only a thread ended; that of Django's `runserver` is the program itself."""
    functions = [frame.function for raised in traceback.chain for frame in raised.frames]
    return bool({"_bootstrap_inner", "_bootstrap"}.intersection(functions[:1])) and _LOADING.isdisjoint(
        functions
    )


def runs_alike(cut: Traceback, whole: Traceback) -> bool:
    """Whether a traceback that was cut off goes the same way as one that was seen to its end."""
    way = [(frame.file, frame.line) for frame in cut.last.frames]
    before = [(frame.file, frame.line) for frame in whole.last.frames[: len(way)]]
    return bool(whole.last.type) and len(way) > 1 and way == before


def clock(event: Event) -> float:
    """Return the time of one of gunicorn's own lines in seconds, on its own clock where it tells it."""
    stamp = _STAMP.search(event.words)
    try:
        return datetime.fromisoformat(stamp[1]).timestamp() if stamp else event.when / 10**9
    except ValueError:
        return event.when / 10**9


def is_of_a_request(traceback: Traceback) -> bool:
    """Whether a request was being answered: then the program was up."""
    return any(frame.function in _REQUEST for raised in traceback.chain for frame in raised.frames)
