"""verify: the plan itself: four sections, a line for each thing that must be seen, and which revision it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from buddy_tui.model import Revision, RevisionState, Service
from buddy_tui.traffic import truth
from buddy_tui.verify.values import Answered, Line

_DEPLOYMENT = "Deployment process"
_PERSISTENCE = "Session persistence"
_HEALTH = "System health monitor"
_TRAFFIC = "Production traffic"

PLAN = (
    Line("deploys-from-root", _DEPLOYMENT, "Deployed from the project's root"),
    Line("boots", _DEPLOYMENT, "Boots without import errors"),
    Line("endpoints", _DEPLOYMENT, "Endpoints respond"),
    Line("creates-session", _PERSISTENCE, "Create a session"),
    Line("closes-browser", _PERSISTENCE, "Close the browser completely"),
    Line("reopens", _PERSISTENCE, "Reopen, the session is still there"),
    Line("in-firestore", _PERSISTENCE, "Its data is in Firestore, not in local memory alone"),
    Line("system-health", _HEALTH, "/system/health works"),
    Line("test-flow", _HEALTH, "/system/test-flow works"),
    Line("monitor-fed", _HEALTH, "The frontend's monitor receives data"),
    Line("all-traffic", _TRAFFIC, "100 % of the traffic on this revision"),
    Line("error-rate", _TRAFFIC, "Error rate"),
    Line("session-logs", _TRAFFIC, "Sessions are created and retrieved in production"),
    Line("no-data-loss", _TRAFFIC, "No data loss against the last good revision"),
)
IDS = tuple(line.id for line in PLAN)
_OF = {line.id: line for line in PLAN}


def answer(
    identity: str, answered: Answered, evidence: str, source: str = "", at: datetime | None = None
) -> Line:
    """Return the line of that id with its answer."""
    return replace(_OF[identity], answered=answered, evidence=evidence, source=source, at=at)


def candidate(service: Service, revisions: Sequence[Revision]) -> Revision | None:
    """Return the revision that the plan is about: the newest ready one that is newer than who serves, else who serves.

    `revisions` are newest first. A retired one is no candidate: it had traffic, or nobody wants it. Without anybody
    who serves it is the newest ready one, else the newest; `None` when there is none at all.
    """
    serving = _serving(service)
    for revision in revisions:
        if revision.name in serving[:1] or revision.state is RevisionState.READY:
            return revision
    return revisions[0] if revisions else None


def last_good(service: Service, revisions: Sequence[Revision], revision: Revision) -> Revision | None:
    """Return whom `revision` is to replace: who serves, else the newest before it that worked."""
    names = [one.name for one in revisions]
    older = revisions[names.index(revision.name) + 1 :] if revision.name in names else ()
    serving = _serving(service)
    return next(
        (one for one in older if one.name in serving),
        next((one for one in older if one.state in {RevisionState.READY, RevisionState.RETIRED}), None),
    )


def _serving(service: Service) -> list[str]:
    """Name who has traffic, the largest share first."""
    return [share.revision for share in truth(service, ()).effective if share.percent]
