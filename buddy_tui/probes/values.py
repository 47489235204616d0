"""What a probe is made of: where to ask, what came back, what that means. Values only."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from buddy_tui.model import ServiceName, Trouble
from buddy_tui.question import Ask, Question


class Verdict(StrEnum):
    """What a cell of the matrix says. Only `pass` is good; `not_offered` counts neither way.

    `inconclusive`: too little was seen, or our own measuring failed. `refused`: the request never came to the
    application, and says nothing about it.
    """

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    REFUSED = "refused"
    NOT_OFFERED = "not_offered"


class Refusal(StrEnum):
    """Why a request never came to the application. The first four are known before anything is sent."""

    NO_ADDRESS = "no_address"  # no tag leads to the revision
    ADDRESS_DISABLED = "address_disabled"  # the service's default address is switched off
    NOT_RUNNING = "not_running"  # the revision failed or is still pending
    NO_TOKEN = "no_token"  # noqa: S105 - the service is private and no identity token could be had
    INGRESS = "ingress"  # the service takes no requests from where we are
    UNAUTHENTICATED = "unauthenticated"  # 401 of the front end: the token or its audience is not accepted
    NOT_INVOKER = "not_invoker"  # 403 of the front end: the identity lacks run.routes.invoke
    ORGANISATION_POLICY = "organisation_policy"
    FOREIGN_HOST = "foreign_host"  # it would have led to a host that is not the service's own

    @property
    def is_permission(self) -> bool:
        """Whether somebody must allow it (exit code 4) rather than something must be there (3)."""
        return self not in {Refusal.NO_ADDRESS, Refusal.ADDRESS_DISABLED, Refusal.NOT_RUNNING}


@dataclass(frozen=True, slots=True)
class Target:
    """A revision at its own address.

    `base` is that address without a path, empty where it has none. `audience` is what an identity token is asked for,
    empty where none is needed. `origins` (scheme, host and port) are the only ones that a token may go to. With a
    `refusal` nothing is sent; `reason` says why and `fix` the way out, e.g. the gcloud command that adds a tag.
    `percent` is the revision's share of effective traffic. `service` and its `ingress` give a refusal its words.
    """

    revision: str
    base: str = ""
    audience: str = ""
    origins: tuple[str, ...] = ()
    percent: int = 0
    refusal: Refusal | None = None
    reason: str = ""
    fix: str = ""
    service: ServiceName | None = None
    ingress: str = "all"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request.

    `took` is in seconds, from the first byte sent to the last one read. `status` is 0 when there was no answer;
    `trouble` then says why in words (`no answer within 10 s`). `headers` are clean, names in lower case, without
    cookies and other secrets. `body` is decoded as far as it was read (at most 1 MiB, `cut` when there was more).
    `trace` is the id (32 hexadecimal digits) that the request carried in `traceparent`. `refusal` is set when it was
    not the application that answered, with `reason` and `fix` in words. `ours` is true when the trouble lies on our
    side of the wire (no route, no name): it is no evidence against the revision.
    """

    began: datetime
    took: float = 0.0
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    cut: bool = False
    trace: str = ""
    trouble: str = ""
    ours: bool = False
    refusal: Refusal | None = None
    reason: str = ""
    fix: str = ""


class Visit(Protocol):
    """One visitor: connections and cookies of its own, as a browser that was just opened has."""

    async def send(self, target: Target, ask: Ask, *, timeout: float) -> Answer:  # noqa: ASYNC109 - for one whole answer
        """Send one request and return what came back; never raises for what a server does. Nothing is retried."""

    async def close(self) -> None:
        """Close the connections."""


class Door(Protocol):
    """The way to the outside for probes; `buddy_tui.probes.door` opens it."""

    def visit(self) -> Visit:
        """Return a new visitor, who shares nothing with the others but identity tokens. Close it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and its verdict. `number` counts from 1; 0 is the rinse, which is not counted.

    `excerpt` is the beginning of the body as clean text, for whoever looks at the details.
    """

    number: int
    began: datetime
    took: float
    verdict: Verdict
    reason: str = ""
    status: int = 0
    trace: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    excerpt: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One question put to one revision. `verdict` is `None` as long as nothing can be said.

    `passed` of `tried` counted attempts were good. `bound` says in words what that proves, e.g. `8 of 8: fewer than
    32 % of requests fail, 95 % confidence`. `p50_ms` and `p95_ms` are of the answers that came, `None` without any.
    `attempts` are the last ones (rinse included). `compared` tells how the serving revision did with the same
    question: `same` means that the fault is not this release's; empty where there is nothing to compare with.
    """

    revision: str
    question: str
    verdict: Verdict | None = None
    passed: int = 0
    tried: int = 0
    bound: str = ""
    p50_ms: float | None = None
    p95_ms: float | None = None
    reason: str = ""
    fix: str = ""
    refusal: Refusal | None = None
    compared: str = ""  # "", "same" or "worse"
    critical: bool = True
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """All that is known so far: a row for each revision, in it a cell for each question, as `targets` and `questions` say.

    `baseline` is the serving revision, empty when none could be asked. `attempts` is how many each cell is to have;
    `round` counts in continuous mode. `done` means that nothing more comes. `trouble` is set where nothing could be
    asked at all.
    """

    name: ServiceName
    targets: tuple[Target, ...] = ()
    questions: tuple[Question, ...] = ()
    cells: tuple[tuple[Cell, ...], ...] = ()
    baseline: str = ""
    attempts: int = 0
    round: int = 0
    began: datetime | None = None
    as_of: datetime | None = None
    done: bool = False
    trouble: Trouble | None = None
