"""boot: what a boot log is read into. Values only; times are nanoseconds as in a LogEntry."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from buddy_tui.finding import Finding, Quote
from buddy_tui.model import LogBatch, LogEntry


class Line(NamedTuple):
    """One line of one entry: without terminal sequences and trailing blanks; what a logger put before it is kept.

    `entry` is the index in `Reading.entries`, `row` the line within that entry's text, from 0. Where a logger had
    flattened line breaks, several lines share one row.
    """

    text: str
    entry: int
    row: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a traceback. `at` is the index of its line in `Boot.lines`.

    `function` is empty for the place of a SyntaxError. `project` is false for the standard library, installed
    packages and frozen modules. `repeated` counts further turns of a recursion.
    """

    file: str
    line: int
    function: str = ""
    source: str = ""
    project: bool = True
    at: int = -1
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of a chain. `type` is as printed, dotted or not; `frames` are outermost first.

    `message` may have several lines or be empty; `notes` are PEP 678's. `at` is the index of its line in
    `Boot.lines`, -1 when that line was never seen (then `type` is empty too).
    """

    type: str
    message: str = ""
    frames: tuple[Frame, ...] = ()
    notes: tuple[str, ...] = ()
    at: int = -1

    @property
    def name(self) -> str:
        """The type without its module."""
        return self.type.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Traceback:
    """A whole chain of exceptions. `chain` is in order of what happened: the root cause first, the last raised last.

    Of an exception group the leaf comes before the group; further leaves are `siblings`. `lines` are the indices in
    `Boot.lines` that it covers, in order; they need not adjoin where two workers wrote at once. `whole` is false when
    its head or its last line was never seen. `prefix` is what a logger wrote before the header, e.g. `ERROR:`.
    """

    chain: tuple[Raised, ...]
    lines: tuple[int, ...] = ()
    whole: bool = True
    siblings: tuple[Raised, ...] = ()
    prefix: str = ""

    @property
    def root(self) -> Raised:
        """The exception that explains the others.

        The first of the chain, but for a bare cancellation or timeout: these say only that somebody waited, and the
        next one that says anything tells for what.
        """
        for raised in self.chain:
            if raised.message or raised.name not in {"CancelledError", "TimeoutError"}:
                return raised
        return self.chain[0]

    @property
    def last(self) -> Raised:
        """The exception that was raised last."""
        return self.chain[-1]


class Mark(StrEnum):
    """What an event of a boot is."""

    START = "start"  # the platform starts an instance; detail: the reason, e.g. DEPLOYMENT_ROLLOUT
    PROCESS = "process"  # a server's first words; detail: its name
    WORKER = "worker"  # a worker process was started; number: its pid
    IMPORT = "import"  # the first line or frame of the program's own code
    LISTENING = "listening"  # a server says where; detail: host, number: port
    READY = "ready"  # the program says that it is up ("Application startup complete.")
    SERVED = "served"  # a request was answered; number: the status
    PROBE_PASSED = "probe passed"  # number: port; detail: tcp, http or grpc
    PROBE_FAILED = (
        "probe failed"  # number: port; detail: CANCELLED, DEADLINE_EXCEEDED, ERROR_CONNECTION_FAILED or ""
    )
    RAISED = "raised"  # a traceback that ended the boot
    WORKER_DIED = "worker died"  # number: its exit code
    GAVE_UP = "gave up"  # a server says that it ends ("Application startup failed. Exiting.")
    SIGNAL = "signal"  # number: the signal
    MEMORY = "memory"  # the memory limit was exceeded; number: the limit in MiB
    EXIT = "exit"  # Container called exit(N); number: N
    SHUTDOWN = "shutdown"  # an orderly end: SIGTERM, scale-down, an old revision retired
    ACCEPTED = "accepted"  # Cloud Run: the revision is ready
    REJECTED = "rejected"  # Cloud Run: the revision is not; detail: its message


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a boot. `at` is the index of its line in `Boot.lines` (or `Reading.notices`)."""

    mark: Mark
    when: int
    at: int
    words: str
    detail: str = ""
    number: int = 0


class Outcome(StrEnum):
    """How a boot went."""

    UP = "up"  # it listens, was probed, served or says that it is ready, and nothing later ended it
    DIED = "died"  # the process ended, or its server gave up
    UNREACHABLE = "unreachable"  # alive, and the startup probe never got through
    LOOPING = "looping"  # workers die and are started again for ever
    NOT_STARTED = "not started"  # no process at all: image, secret, permission, architecture, command
    SILENT = "silent"  # the platform says that it failed, and the container wrote nothing
    CUT = "cut"  # the log ends inside a traceback, or its decisive part is missing
    OPEN = "open"  # nothing has decided yet


@dataclass(frozen=True, slots=True)
class Boot:
    """One attempt of one instance to boot. `lines` are all it wrote, and what the platform wrote about it, in order.

    `fatal` is the traceback that ended it; all others are in `tracebacks` too. `starter` is uvicorn, gunicorn,
    hypercorn, functions-framework, flask, django or python as far as the log tells, else empty. `target` is what
    the starter was to load, e.g. `Back_End.main:app`, where the log tells. `repeats` counts further attempts of the
    same revision that went the same way.
    """

    revision: str = ""
    instance: str = ""
    container: str = ""
    lines: tuple[Line, ...] = ()
    events: tuple[Event, ...] = ()
    tracebacks: tuple[Traceback, ...] = ()
    fatal: Traceback | None = None
    outcome: Outcome = Outcome.OPEN
    starter: str = ""
    target: str = ""
    repeats: int = 0

    def marks(self, *wanted: Mark) -> tuple[Event, ...]:
        """Return the events of these kinds, in order."""
        return tuple(event for event in self.events if event.mark in wanted)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was read out of a log.

    `entries` are in order of time. `boots` are in order of their first line. `notices` are lines of the platform
    about a revision as a whole (audit events, deployment errors), and `verdicts` what they say; `Event.at` of these
    is an index in `notices`.
    """

    entries: tuple[LogEntry, ...] = ()
    boots: tuple[Boot, ...] = ()
    notices: tuple[Line, ...] = ()
    verdicts: tuple[Event, ...] = ()

    def quote(self, line: Line) -> Quote:
        """Return a line as evidence."""
        entry = self.entries[line.entry]
        return Quote(" ".join(line.text.split()), line.entry, line.row, entry.number, entry.insert_id)


@dataclass(frozen=True, slots=True)
class BootLog:
    """What the boot log screen is fed with: new entries, and what all of them were read as.

    `reading` and `finding` are `None` when this value brings no new ones. The indices in `reading.entries` are of
    this reading alone; an entry is found again by its `key`.
    """

    batch: LogBatch
    reading: Reading | None = None
    finding: Finding | None = None
