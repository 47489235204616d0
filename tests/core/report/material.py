"""What a report is made of, with whatever text is wanted in every place where foreign text can be."""

from dataclasses import replace
from datetime import datetime, timedelta

from buddy_tui.finding import Cause, Confidence, Finding, Incident, Quote
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import SourceTree
from buddy_tui.report.material import Asked, Material, Requests
from buddy_tui.verify.request_log import Request
from tests import make

GOOD, BAD, WORSE, NEW = "api-00001-aaa", "api-00002-bbb", "api-00003-ccc", "api-00004-ddd"
MISSING = "ModuleNotFoundError: No module named 'Back_End'"
DEPLOY = "gcloud run deploy api --source ."


def ago(**length: float) -> datetime:
    """Return a time so long before `make.NOW`."""
    return make.NOW - timedelta(**length)


def finding(revision: str, text: str = "", **over: object) -> Finding:
    """Return a finding that the wrong folder was uploaded; `text` is added to what came from a log."""
    base = Finding(
        Cause.LOCAL_MODULE_MISSING,
        Confidence.CERTAIN,
        boots=False,
        summary=f"The wrong folder was uploaded.{text}",
        observed=f"{MISSING}{text}",
        short="uploaded from Back_End/",
        exception="ModuleNotFoundError",
        missing="Back_End",
        fix=(DEPLOY, "run it in the root"),
        evidence=(Quote(f"{MISSING}{text}", 0), Quote(f"51 files were uploaded{text}")),
        revision=revision,
    )
    return replace(base, **over)  # type: ignore[arg-type]


def incident(text: str = "") -> Incident:
    """Return two failures after a good revision, for one cause."""
    return Incident(
        failed=(BAD, WORSE),
        first_bad=BAD,
        last_good=GOOD,
        one_cause=True,
        cause=Cause.LOCAL_MODULE_MISSING,
        headline="2 revisions failed",
        story=(
            "2 revisions",
            f"{GOOD} was uploaded from the project root.",
            f"00003-ccc tried: main.py{text}",
        ),
        changed=(f"source root: project root → Back_End/{text}",),
        confidence=Confidence.CERTAIN,
    )


def failures(text: str = "") -> Material:
    """Return two deployments from the wrong folder, and traffic that somebody pinned to the good one."""
    pinned = (make.target(GOOD, 100),)
    return Material(
        make.service(desired=pinned, effective=pinned, latest_ready=GOOD, latest_created=WORSE),
        (
            make.failed(WORSE, created=ago(hours=2), creator=f"ana@example.com{text}", conditions=()),
            make.failed(BAD, created=ago(hours=3), creator="ana@example.com", conditions=()),
            make.revision(GOOD, created=ago(days=3), creator="dana@example.com"),
        ),
        make.NOW,
        findings=(finding(WORSE, text), finding(BAD)),
        incident=incident(text),
        good=SourceTree(
            "gs://b/o#1", ("Back-End/main.py", "Back_End/main.py", "backend/main.py", "docs/a.md")
        ),
        changes=(
            TrafficChange(ago(hours=1), f"dana@example.com{text}", f"gcloud{text}", "UpdateService", pinned),
            TrafficChange(ago(hours=2), "ana@example.com", "gcloud", "UpdateService", (make.latest(),)),
        ),
        requests=requests(500, 200, 200),
    )


def promotion(text: str = "") -> Material:
    """Return two promotions that gates put back."""
    pinned = (make.target(GOOD, 100),)
    notes = tuple(
        Record(
            ago(hours=hours),
            Kind.OUTCOME,
            id=f"{hours}",
            name=make.NAME,
            verb="promote",
            revision=NEW,
            who="ana@example.com",
            reason=f"a new model{text}",
            evidence=("pass: Probes: 8 of 8.", f"fail: Requests that fail: 41 of 100{text}."),
            outcome="put_back",
            sentence=f"Too many requests fail; the former traffic is back{text}.",
        )
        for hours in (5, 2)
    )
    return Material(
        make.service(desired=pinned, effective=pinned, latest_ready=NEW, latest_created=NEW),
        (make.revision(NEW, created=ago(hours=8)), make.revision(GOOD, created=ago(days=3))),
        make.NOW,
        records=notes,
        requests=requests(200, 500, revision=NEW),
        probes=requests(200, 200, 503, revision=NEW),
    )


def healthy() -> Material:
    """Return one good revision that follows LATEST."""
    effective = (make.latest(100, revision=GOOD),)
    service = make.service(desired=(), effective=effective, latest_ready=GOOD, latest_created=GOOD)
    return Material(service, (make.revision(GOOD, created=ago(days=3)),), make.NOW)


def requests(*statuses: int, revision: str = GOOD) -> Requests:
    """Return requests half an hour ago, a second each."""
    begin = ago(minutes=30)
    found = (
        Asked(revision, Request("GET", status, "/", int((begin.timestamp() + second) * 1e9)))
        for second, status in enumerate(statuses)
    )
    return Requests(ago(hours=3), ago(hours=1), tuple(found))
