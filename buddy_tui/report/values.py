"""report: what an incident report tells. Values only; every text in it is clean, and may hold foreign words."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from buddy_tui.model import ServiceName, Trouble


class Status(StrEnum):
    """How the incident stands. `mitigated`: people are served, and what went wrong can go wrong again."""

    NONE = "none"
    OPEN = "open"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


class What(StrEnum):
    """What a moment is."""

    DEPLOYED = "deployed"
    FAILED = "failed"
    TRAFFIC = "traffic"
    PROBES = "probes"
    ACTION = "action"  # of ours, from the journal


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened. `by` is an account, `agent` the program that was used, `why` the reason they gave."""

    at: datetime
    what: What
    words: str
    revision: str = ""
    by: str = ""
    agent: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Impact:
    """What people noticed, as far as the request log tells, own probes left out.

    `failed` of `requests` were answered with 5xx between `since` and `until`; both are `None` where it has none.
    With `cut`, only the newest ones were read. `by_revision` says who failed them. `words` says it in sentences.
    """

    since: datetime
    until: datetime
    requests: int | None = None
    failed: int | None = None
    by_revision: tuple[tuple[str, int], ...] = ()
    cut: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Root:
    """The root cause: sentences, the `confidence` of the diagnosis (empty where there is none), and what proves it.

    `evidence` are sentences of ours, `quotes` lines as they were logged. `each` says why each failed where they have no
    cause in common, `attempts` what each repair changed.
    `unsure` is what could not be told.
    """

    words: tuple[str, ...] = ()
    cause: str = ""
    confidence: str = ""
    evidence: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    attempts: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next, in a sentence, and the command that does it, where there is one."""

    words: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of Google's console."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Report:
    """An incident report, of the time from `since` to `as_of`.

    With status `none` there is no incident: `summary` says what there is instead. `failed` are the revisions that never
    started, oldest first, `last_good` the one before them. `trigger`, `done` and `still` are sentences: what set it
    off, what was done about it, what is pinned or open now. `asked` is what only people can answer. `unread` says who
    could not be asked, and why.
    """

    name: ServiceName
    as_of: datetime
    since: datetime
    status: Status
    standing: str
    summary: tuple[str, ...]
    failed: tuple[str, ...] = ()
    last_good: str = ""
    impact: Impact | None = None
    timeline: tuple[Moment, ...] = ()
    left_out: int = 0
    root: Root = Root()
    trigger: tuple[str, ...] = ()
    detection: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    asked: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    links: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Writing:
    """A report while it is written: `reading` says what is being read for it, and is empty when nothing is any more.

    `report` is the last one that was finished; `trouble` is why there is no newer one.
    """

    name: ServiceName
    report: Report | None = None
    reading: str = ""
    trouble: Trouble | None = None

    @property
    def as_of(self) -> datetime | None:
        """When what is told was looked at."""
        return self.report.as_of if self.report else None
