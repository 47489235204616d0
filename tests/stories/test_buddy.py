"""The incident, as the official clients find it afterwards."""

from datetime import UTC, datetime

import pytest
from google.cloud import run_v2
from google.cloud.logging_v2.types import LogEntry

from tests.stories.played import Played, play, short

GOOD = "buddy-app-00028-bsx"
FAILED = [f"buddy-app-{number:05d}" for number in range(37, 28, -1)]
MISSING = "ModuleNotFoundError: No module named 'Back_End'"
BY_NAME = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
SUCCEEDED = run_v2.Condition.State.CONDITION_SUCCEEDED


@pytest.fixture(scope="module")
def played() -> Played:
    return play("buddy")


def _ready(revision: run_v2.Revision) -> run_v2.Condition:
    conditions: list[run_v2.Condition] = list(revision.conditions)
    return next(one for one in conditions if one.type_ == "Ready")


def _moment(stamp: object) -> datetime:
    """Return a time of the wire as what the clients make of it, which their types do not say."""
    assert isinstance(stamp, datetime)
    return stamp


def test_ten_revisions_are_there_and_nine_never_started(played: Played) -> None:
    names = [short(one.name) for one in played.revisions]

    assert [name[:15] for name in names] == [*FAILED, GOOD[:15]]
    assert names[-1] == GOOD
    assert [_ready(one).state == SUCCEEDED for one in played.revisions] == [False] * 9 + [True]


def test_each_failure_has_the_platforms_message(played: Played) -> None:
    for revision in played.revisions[:-1]:
        ready = _ready(revision)

        assert ready.revision_reason.name == "HEALTH_CHECK_CONTAINER_ERROR"
        assert ready.message.startswith(
            "The user-provided container failed to start and listen on the port defined provided by the PORT=8080"
        )
        assert f"revision_name/{short(revision.name)}" in ready.message


def test_each_failed_boot_really_died_of_the_same_error(played: Played) -> None:
    for revision in played.revisions[:-1]:
        start, *printed, ended, probe = played.lines(short(revision.name))

        assert start.startswith("Starting new instance. Reason: DEPLOYMENT_ROLLOUT")
        assert printed[-1].startswith("Traceback (most recent call last):")
        assert printed[-1].endswith(MISSING)
        assert ended == "Container called exit(1)."
        assert probe.startswith(
            'Default STARTUP TCP probe failed 1 time consecutively for container "buddy-app-1"'
        )


def test_every_repair_was_another_upload(played: Played) -> None:
    containers = [one.containers[0] for one in played.revisions]
    sources = [one.build_info.source_location for one in containers]

    assert len({one.image for one in containers}) == 10
    assert len(set(sources)) == 10
    assert all(
        one.startswith("gs://run-sources-demo-project-us-central1/services/buddy-app/") for one in sources
    )
    assert all(one.rpartition("#")[2].isdigit() for one in sources)


def test_some_repairs_get_deeper_into_the_cascade(played: Played) -> None:
    told = {
        name[:15]: "\n".join(played.lines(name)) for name in map(short, (r.name for r in played.revisions))
    }

    assert "from Back_End.budget_tracker" in told["buddy-app-00033"]
    assert "from Back_End.cost_estimator" in told["buddy-app-00034"]
    assert "/app/main.py" not in told["buddy-app-00029"]


def test_the_dates_are_those_of_two_working_days(played: Played) -> None:
    created = [_moment(one.create_time) for one in reversed(played.revisions)]

    assert created == sorted(created)
    assert datetime(2026, 2, 5, tzinfo=UTC) < created[0]
    assert created[-1] < datetime(2026, 2, 10, tzinfo=UTC)
    assert {moment.day for moment in created[1:]} == {6, 9}
    assert all(14 <= moment.hour < 23 for moment in created)


def test_the_log_tells_each_boot_at_its_own_time(played: Played) -> None:
    created = {short(one.name): _moment(one.create_time) for one in played.revisions}
    boots = [entry for entry in played.entries if entry.resource.labels["revision_name"] in created]

    assert boots
    for entry in boots:
        age = _moment(entry.timestamp) - created[entry.resource.labels["revision_name"]]
        assert 0 <= age.total_seconds() < 60


def test_the_good_revision_is_pinned_and_serves_everything(played: Played) -> None:
    service = played.services["buddy-app"]
    desired, effective = list(service.traffic), list(service.traffic_statuses)

    assert [(one.revision, one.percent) for one in desired] == [(GOOD, 100)]
    assert [(one.revision, one.percent) for one in effective] == [(GOOD, 100)]
    assert (desired[0].type_, effective[0].type_) == (BY_NAME, BY_NAME)
    assert short(service.latest_created_revision) == "buddy-app-00037-v3f"
    assert short(service.latest_ready_revision) == GOOD


def test_the_good_revision_said_that_it_is_up(played: Played) -> None:
    up = [one for one in played.entries if "Buddy is up" in LogEntry.to_json(one)]

    assert [one.resource.labels["revision_name"] for one in up] == [GOOD]


def test_the_audit_log_has_every_deployment_and_the_rollback(played: Played) -> None:
    calls = [one for one in played.entries if one.log_name.endswith("%2Factivity")]

    assert len(calls) == 11
    assert _moment(calls[-1].timestamp).day == 9
