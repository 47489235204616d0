"""report: what everybody said, before anything is made of it. Values only."""

from dataclasses import dataclass
from datetime import datetime

from buddy_tui.actions.served import Span, served
from buddy_tui.finding import Finding, Incident
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Record
from buddy_tui.model import Revision, RevisionState, Service, SourceTree
from buddy_tui.verify.request_log import Request


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a revision, as the request log has it."""

    revision: str
    request: Request


@dataclass(frozen=True, slots=True)
class Requests:
    """What was asked of the service between two moments; with `cut`, the newest of it."""

    since: datetime
    until: datetime
    found: tuple[Asked, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """All that is known of a service at `now`. `revisions` are newest first, `changes` too, `records` oldest first.

    `good` is what the last revision before the failures was built from, where that was readable. `requests` are other
    people's, `probes` our own; `None` where the request log could not be read. `unread` says who could not be asked.
    """

    service: Service
    revisions: tuple[Revision, ...]
    now: datetime
    findings: tuple[Finding, ...] = ()
    incident: Incident | None = None
    good: SourceTree | None = None
    changes: tuple[TrafficChange, ...] = ()
    records: tuple[Record, ...] = ()
    requests: Requests | None = None
    probes: Requests | None = None
    unread: tuple[str, ...] = ()

    def spans(self) -> tuple[Span, ...]:
        """Return who is known to have served, the latest first."""
        return served(self.service, self.revisions, self.changes, self.records, self.now)

    def failures(self) -> tuple[Revision, ...]:
        """Return the newest run of revisions that failed, oldest first."""
        run: list[Revision] = []
        for revision in self.revisions:
            if revision.state is RevisionState.FAILED:
                run.append(revision)
            elif revision.state is not RevisionState.PENDING and run:
                break
        return tuple(run[::-1])

    def finding(self, revision: str) -> Finding | None:
        """Return what was found out about a revision, if anything."""
        return next((one for one in self.findings if one.revision == revision), None)

    def revision(self, name: str) -> Revision | None:
        """Return the revision of that name, if it is still there."""
        return next((one for one in self.revisions if one.name == name), None)
