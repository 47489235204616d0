"""The Buddy incident as model values: one revision that serves by name, and nine that never came up."""

from datetime import timedelta

from buddy_tui.model import (
    Condition,
    ConditionState,
    Container,
    Directory,
    RegionView,
    Revision,
    Service,
    ServiceName,
    Snapshot,
    Trouble,
)
from tests import make
from tests.make import NOW

NAME = ServiceName("buddy-demo", "us-central1", "buddy-app")
SERVING = "buddy-app-00028-bsx"
_SUFFIXES = ("n6b", "c5v", "y8u", "r3t", "w9e", "h4z", "x1a", "q7d", "m2k")
_MESSAGE = (
    f"{make.FAILED_MESSAGE} Logs for this revision might contain more information.\n\nLogs URL: "
    "https://console.cloud.google.com/logs/viewer?project=buddy-demo&resource=cloud_run_revision"
    "\nFor more troubleshooting guidance, see https://cloud.google.com/run/docs/troubleshooting"
)


def _container(number: int) -> Container:
    return Container(
        name="buddy-app-1",
        image=f"us-central1-docker.pkg.dev/buddy-demo/cloud-run-source-deploy/buddy-app@sha256:{number:064x}",
        command=("uvicorn", "Back_End.main:app"),
        port=8080,
        env_names=("GOOGLE_CLOUD_PROJECT", "LOG_LEVEL"),
        secret_names=("OPENAI_API_KEY",),
        cpu="1",
        memory="512Mi",
        startup_probe="TCP on port 8080, every 240 s, once",
    )


def _revision(number: int, suffix: str, *, hours: float, ok: bool) -> Revision:
    created = NOW - timedelta(hours=hours)
    name = f"buddy-app-{number:05d}-{suffix}"
    state = ConditionState.SUCCEEDED if ok else ConditionState.FAILED
    reason, message = ("", "") if ok else ("HealthCheckContainerError", _MESSAGE)
    after = [created + timedelta(seconds=seconds) for seconds in (24, 56, 59)]
    conditions = (
        Condition("Ready", state, reason, message, since=after[2]),
        Condition(
            "ContainerReady",
            ConditionState.SUCCEEDED,
            "",
            "Container image import completed in 23.22s.",
            since=after[0],
        ),
        Condition("ResourcesAvailable", ConditionState.SUCCEEDED, since=after[1]),
        Condition("ContainerHealthy", state, reason, message, since=after[2]),
    )
    made = make.revision if ok else make.failed
    return made(
        name,
        service="buddy-app",
        created=created,
        creator="micha@example.com",
        reason=reason,
        message=message,
        conditions=conditions,
        containers=(_container(number),),
        source=f"gs://run-sources-buddy-demo-us-central1/services/buddy-app/{number}.zip#17707{number}",
        service_account="buddy-run@buddy-demo.iam.gserviceaccount.com",
        max_instances=20,
        labels=(("managed-by", "gcloud"),),
    )


REVISIONS: tuple[Revision, ...] = (
    *(
        _revision(29 + at, suffix, hours=8.5 - at, ok=False)
        for at, suffix in reversed(list(enumerate(_SUFFIXES)))
    ),
    _revision(28, "bsx", hours=51, ok=True),
)
SERVICE: Service = make.service(
    NAME,
    generation=40,
    observed_generation=40,
    latest_created=REVISIONS[0].name,
    latest_ready=SERVING,
    desired=(make.target(SERVING, 100),),
    effective=(make.target(SERVING, 100),),
    last_modifier="micha@example.com",
)
SNAPSHOT = Snapshot(NAME, SERVICE, REVISIONS, NOW - timedelta(seconds=3), next_in=5.0)

OFFLINE = Trouble("Cloud Run does not answer: run.googleapis.com cannot be reached.", "", 3, NOW)
SIGNED_OUT = Trouble("There are no usable credentials.", "gcloud auth application-default login", 4, NOW)
DENIED = Trouble(
    "alice@example.com may not do that: run.revisions.list is missing on project buddy-demo.",
    "gcloud projects add-iam-policy-binding buddy-demo --member=user:alice@example.com --role=roles/run.viewer",
    4,
    NOW,
)

SPLIT = Snapshot(
    make.NAME,
    make.service(
        latest_created="api-00042-xez",
        latest_ready="api-00042-xez",
        desired=(make.target("api-00041-kub", 50), make.target("api-00042-xez", 50, "canary")),
        effective=(
            make.target("api-00041-kub", 90),
            make.target("api-00042-xez", 10, "canary", "https://canary---api-abcdefghij-ew.a.run.app"),
        ),
    ),
    (
        make.revision("api-00042-xez", commit="3f2a9c1d5b"),
        make.revision("api-00041-kub", created=NOW - timedelta(days=9)),
    ),
    NOW,
    next_in=5.0,
)

DIRECTORY = Directory(
    "acme-prod",
    (
        RegionView("europe-west1", (SPLIT.service or make.service(), make.service(make.name("worker"))), NOW),
        RegionView(
            "europe-west4",
            (),
            None,
            Trouble("run.services.list is missing.", "Ask for roles/run.viewer.", 4, NOW),
        ),
        RegionView("us-central1", (make.service(make.name("api", "us-central1")),), NOW),
    ),
    next_in=5.0,
)
