"""What a change is before it is made, while it is made, and after: a plan, its progress, its end. Values only."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from buddy_tui.model import ServiceName, TrafficTarget

# A traffic list as it is on the wire, in its order; an empty one means 100 % LATEST.
Targets = tuple[TrafficTarget, ...]


class Verb(StrEnum):
    """What can be done to a service, by the names of the commands."""

    ROLL_BACK = "rollback"
    PROMOTE = "promote"
    SPLIT = "split"
    TAG = "tag"
    UNTAG = "untag"
    RESTORE_LATEST = "restore-latest"
    STAY_PINNED = "stay-pinned"  # a decision: no traffic moves
    UNDO = "undo"
    PUT_BACK = "put-back"  # by ourselves, when a gate failed
    DEPLOY = "deploy"


@dataclass(frozen=True, slots=True)
class Plan:
    """One change of a service's traffic list, made from one look at it. Nothing is done without one.

    - `title`: one line, e.g. `Roll back buddy-app to buddy-app-00028-bsx`
    - `revision`: whom it is about, empty where it is about none
    - `before`, `after`: whole desired lists, with tags and LATEST, exactly as they were and are to be on the wire
    - `etag`: the version of the service that the operator saw; `state`: a hash of all that the plan was made from
    - `also`: what else changes or does not, in sentences (`The next deployment will get 0 %.`)
    - `warnings`: what should make somebody hesitate, the gravest first
    - `irrevocable`: what undoing it will not bring back
    - `command`, `undo_command`: the gcloud commands that do the same, and that undo it
    - `needs_reason`: whether somebody must say why
    - `refusal`: why it may not be done at all, empty where it may; `hint` is then the way out
    - `rolled_back_from`: the revision that traffic is taken from by a roll-back; empty otherwise
    """

    verb: Verb
    name: ServiceName
    title: str
    before: Targets
    after: Targets
    etag: str
    state: str
    revision: str = ""
    also: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    irrevocable: tuple[str, ...] = ()
    command: str = ""
    undo_command: str = ""
    needs_reason: bool = False
    refusal: str = ""
    hint: str = ""
    rolled_back_from: str = ""

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that stand for exactly this change of exactly this state, whoever plans it."""
        told = [self.verb, self.name.path, self.revision, self.state, *map(_told, (self.before, self.after))]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def _told(targets: Targets) -> list[list[object]]:
    return [[one.revision, one.percent, one.tag, one.latest] for one in targets]


class StepState(StrEnum):
    """How far a step is."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a change. `name` is stable (JSON), `title` for people; `said` is what was seen, `took` in seconds."""

    name: str
    title: str
    state: StepState = StepState.PENDING
    began: datetime | None = None
    took: float = 0.0
    said: str = ""


class Ending(StrEnum):
    """How a change ended. Only `done` was proved: the effective traffic was read back, and is what was asked for."""

    DONE = "done"
    NOTHING_TO_DO = "nothing_to_do"
    NOT_DONE = "not_done"  # accepted, and the traffic is not where it was asked to be
    CONFLICT = "conflict"  # somebody else was first; nothing of ours was written
    PUT_BACK = "put_back"  # a gate failed, and the former list is effective again
    REFUSED = "refused"  # a guard said no; nothing was written
    DENIED = "denied"  # not allowed; nothing was written
    FAILED = "failed"  # Google said no; nothing was written
    UNKNOWN = "unknown"  # no answer, and it could not be read back either


@dataclass(frozen=True, slots=True)
class Progress:
    """A change so far; `ending` is `None` until it is over.

    `effective` is the traffic as it was last read, at `as_of`. `sentence` says how it stands, `hint` the way out.
    `moved` tells what somebody else changed meanwhile, and who where the audit log says so.
    """

    plan: Plan
    steps: tuple[Step, ...] = ()
    effective: Targets = ()
    ending: Ending | None = None
    sentence: str = ""
    hint: str = ""
    moved: tuple[str, ...] = ()
    as_of: datetime | None = None


class Standing(StrEnum):
    """What a gate says. A failure beats inconclusive beats pass; no data is inconclusive, and holds."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of a promotion. `seen` is what was measured, with its bound; `candidate` and `baseline` in numbers."""

    name: str
    title: str
    standing: Standing = Standing.INCONCLUSIVE
    seen: str = ""
    candidate: tuple[float, ...] = ()
    baseline: tuple[float, ...] = ()


class Phase(StrEnum):
    """Where a promotion is."""

    MOVING = "moving"
    BAKING = "baking"  # the gates are watched for the bake time
    WAITING = "waiting"  # paused by somebody; the gates are watched on
    HOLDING = "holding"  # too little is known to go on
    PUTTING_BACK = "putting_back"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion so far: `steps` in percent, of which `step` (from 0) is under way.

    `left` is what is left of the bake time, in seconds. `ending` and `sentence` as in a Progress, whose last one is
    `progress`. `requests` is how many the candidate answered since the step began, as far as the logs reach:
    `logs_until` is the time of their newest entry, `None` where nothing was read. They come late by some seconds.
    """

    plan: Plan
    steps: tuple[int, ...]
    step: int = 0
    phase: Phase = Phase.MOVING
    gates: tuple[Gate, ...] = ()
    progress: Progress | None = None
    left: float = 0.0
    requests: int = 0
    ending: Ending | None = None
    sentence: str = ""
    as_of: datetime | None = None
    logs_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A revision to roll back to. `good` and `bad` are what speaks for and against it, each a short sentence.

    `rank` is its place, 0 the best; `refusal` is set where it cannot be rolled back to at all (failed, image gone).
    """

    revision: str
    rank: int = 0
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    refusal: str = ""
