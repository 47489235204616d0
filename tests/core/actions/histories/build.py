"""What an incident history is made of. Times are days before NOW; revisions are numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from buddy_tui.actions.evidence import Errors, Facts, Known, joined
from buddy_tui.actions.values import Ending, Targets
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import (
    Condition,
    ConditionState,
    Container,
    Revision,
    RevisionState,
    Service,
    ServiceName,
)
from tests import make

MINUTE = 1 / 24 / 60
LATEST = (make.latest(100),)


def ago(days: float) -> datetime:
    return make.NOW - timedelta(days=days)


def name(number: int) -> str:
    return f"api-{number:05}-{chr(97 + number % 26) * 3}"


def good(number: int, days: float, **over: Any) -> Revision:  # noqa: ANN401 - any field of Revision
    """Return a revision that was deployed so many days ago, and ready a minute later."""
    ready = Condition("Ready", ConditionState.SUCCEEDED, since=ago(days - MINUTE))
    image = f"europe-docker.pkg.dev/acme-prod/api/api@sha256:{number:064x}"
    plain: dict[str, Any] = {
        "created": ago(days),
        "conditions": (ready,),
        "containers": (Container("api-1", image, port=8080),),
    }
    return make.revision(name(number), **(plain | over))


def retired(number: int, days: float, **over: Any) -> Revision:  # noqa: ANN401
    return good(number, days, state=RevisionState.RETIRED, **over)


def bad(number: int, days: float) -> Revision:
    """Return a revision that never started."""
    failed = Condition("Ready", ConditionState.FAILED, "HealthCheckContainerError", since=ago(days - MINUTE))
    return replace(
        good(number, days),
        state=RevisionState.FAILED,
        reason="HealthCheckContainerError",
        conditions=(failed,),
    )


def to(*numbers: int) -> Targets:
    """Return a list with all traffic on one revision, and the others in it by a tag alone."""
    first, *others = numbers
    return (make.target(name(first), 100), *(make.target(name(one), tag=f"t{one}") for one in others))


def split(shares: Mapping[int, int]) -> Targets:
    """Return a list with these percents; number 0 is LATEST."""
    return tuple(
        make.target(name(one), percent) if one else make.latest(percent) for one, percent in shares.items()
    )


def asked(days: float, targets: Targets | None, **over: Any) -> TrafficChange:  # noqa: ANN401
    """Return a call that the audit log has."""
    return replace(TrafficChange(ago(days), "alice@example.com", "gcloud", "ReplaceService", targets), **over)


def done(days: float, before: Targets, after: Targets, **over: Any) -> Record:  # noqa: ANN401
    """Return the outcome of a change of ours that was proved."""
    record = Record(
        ago(days),
        Kind.OUTCOME,
        f"id-{days}",
        make.NAME,
        verb="rollback",
        before=before,
        after=after,
        outcome=Ending.DONE,
    )
    return replace(record, **over)


@dataclass(frozen=True)
class History:
    """An incident, and where to go back to: `default` is 0 where the operator must choose.

    `serving` is the effective list, and the desired one unless that is told. Images are there unless they are `gone`
    (False) or `unseen` (None). `behind` are candidates that must not be the default, `refused` those that cannot be.
    """

    about: str
    revisions: tuple[Revision, ...]
    serving: Targets
    default: int
    why: str
    changes: tuple[TrafficChange, ...] = ()
    records: tuple[Record, ...] = ()
    errors: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    gone: tuple[int, ...] = ()
    unseen: tuple[int, ...] = ()
    desired: Targets | None = None
    annotations: tuple[tuple[str, str], ...] = ()
    refused: tuple[int, ...] = ()
    behind: tuple[int, ...] = ()
    at: ServiceName = make.NAME

    @property
    def service(self) -> Service:
        newest = self.revisions[0].name
        ready = (one.name for one in self.revisions if one.state is not RevisionState.FAILED)
        return make.service(
            self.at,
            desired=self.serving if self.desired is None else self.desired,
            effective=self.serving,
            latest_created=newest,
            latest_ready=next(ready, ""),
            annotations=self.annotations,
        )

    @property
    def known(self) -> Known:
        absent = {name(one): False for one in self.gone} | {name(one): None for one in self.unseen}
        facts = Facts(
            changes=self.changes,
            records=self.records,
            errors={name(one): Errors(*told) for one, told in self.errors.items()},
            images={one.containers[0].image: absent.get(one.name, True) for one in self.revisions},
        )
        return joined(self.service, self.revisions, facts, make.NOW)


def on_latest(number: int) -> Targets:
    """Return an effective list in which LATEST stands for a revision."""
    return (make.latest(100, revision=name(number)),)
