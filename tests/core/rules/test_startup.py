"""Servers that start, and whose workers never come to serve."""

import pytest

from buddy_tui.finding import Cause, Confidence
from buddy_tui.rules.startup import respawn_loop, slow_start, wrong_worker_class
from tests.core.rules.evidence_of import PASSED, SERVICE, START, UNREACHED, crash, evidence_of

GUNICORN = (
    START,
    "[2026-11-23 08:00:00 +0000] [1] [INFO] Starting gunicorn 23.0.0",
    "[2026-11-23 08:00:00 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)",
    "[2026-11-23 08:00:00 +0000] [2] [INFO] Booting worker with pid: 2",
)
TIMEOUT = "[2026-11-23 08:00:30 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:2)"
LOOP = tuple(
    line
    for pid in range(2, 8)
    for line in (
        f"[2026-11-23 08:00:01 +0000] [{pid}] [INFO] Booting worker with pid: {pid}",
        f"[2026-11-23 08:00:01 +0000] [{pid}] [INFO] Worker exiting (pid: {pid})",
        f"[2026-11-23 08:00:01 +0000] [1] [ERROR] Worker (pid:{pid}) exited with code 1.",
    )
)
CALL = (
    "TypeError: FastAPI.__call__() missing 1 required positional argument: 'send'",
    "TypeError: Flask.__call__() missing 1 required positional argument: 'start_response'",
)


def test_a_worker_that_takes_too_long_to_import_is_a_slow_start() -> None:
    finding = slow_start(
        evidence_of(
            *GUNICORN,
            TIMEOUT,
            "[2026-11-23 08:00:30 +0000] [2] [INFO] Worker exiting (pid: 2)",
            "[2026-11-23 08:00:31 +0000] [1] [ERROR] Worker (pid:2) was sent SIGABRT!",
            "[2026-11-23 08:00:31 +0000] [3] [INFO] Booting worker with pid: 3",
            TIMEOUT.replace("pid:2", "pid:3"),
            "[2026-11-23 08:00:31 +0000] [4] [INFO] Booting worker with pid: 4",
            TIMEOUT.replace("pid:2", "pid:4"),
            "[2026-11-23 08:00:31 +0000] [5] [INFO] Booting worker with pid: 5",
        )
    )

    assert finding
    assert finding.cause is Cause.SLOW_START
    assert "--timeout 0" in finding.fix[0]
    assert finding.fix[1] == f"{SERVICE} --cpu-boost"


def test_a_timeout_after_a_request_was_served_is_no_slow_start() -> None:
    served = "req GET 200 /health"

    assert slow_start(evidence_of(*GUNICORN, PASSED, served, TIMEOUT)) is None


def test_what_came_up_after_the_probe_gave_up_is_a_slow_start_with_the_time_it_took() -> None:
    up = "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)"

    finding = slow_start(evidence_of(START, "loading the model", UNREACHED, up))

    assert finding
    assert finding.cause is Cause.SLOW_START
    assert "240 s" in finding.summary
    assert any("failureThreshold" in fix for fix in finding.fix)


@pytest.mark.parametrize(("last", "worker"), [(CALL[0], "UvicornWorker"), (CALL[1], "gunicorn --bind")])
def test_an_application_under_the_wrong_kind_of_server_boots_and_fails_every_request(
    last: str, worker: str
) -> None:
    finding = wrong_worker_class(evidence_of(*GUNICORN, PASSED, "[ERROR] Error handling request /", last))

    assert finding
    assert (finding.cause, finding.boots, finding.exception) == (Cause.WRONG_WORKER_CLASS, True, "TypeError")
    assert finding.confidence is Confidence.CERTAIN
    assert worker in finding.fix[0]
    assert finding.uncertain


def test_it_does_not_boot_where_that_ended_it() -> None:
    finding = wrong_worker_class(evidence_of(crash("app()", CALL[1])))

    assert finding
    assert finding.boots is False


def test_workers_that_die_for_ever_without_a_word_are_a_respawn_loop() -> None:
    finding = respawn_loop(evidence_of(*GUNICORN[:3], *LOOP))

    assert finding
    assert (finding.cause, finding.confidence, finding.boots) == (
        Cause.RESPAWN_LOOP,
        Confidence.LIKELY,
        False,
    )
    assert "6 ended" in finding.observed
    assert "--preload" in finding.fix[0]


def test_a_worker_that_came_up_is_no_loop() -> None:
    assert respawn_loop(evidence_of(*GUNICORN, PASSED)) is None
