"""Programs that run, and cannot be reached."""

import pytest

from buddy_tui.finding import Cause, Confidence
from buddy_tui.model import Container, Revision
from buddy_tui.rules.sockets import (
    loopback_bind,
    never_listened,
    port_in_use,
    port_mismatch,
    probe_misconfigured,
)
from tests.core.rules.evidence_of import PASSED, SERVICE, START, UNREACHED, crash, ended, evidence_of

CERTAIN, LIKELY, UNSURE = Confidence
UVICORN = ("INFO:     Started server process [1]", "INFO:     Application startup complete.")
HTTP = 'STARTUP HTTP probe failed 1 time consecutively for container "api-1" on port 8080 path "/healthz". The instance was not started.'


def running(address: str) -> tuple[str, ...]:
    return (START, *UVICORN, f"INFO:     Uvicorn running on http://{address} (Press CTRL+C to quit)")


@pytest.mark.parametrize(
    ("lines", "address", "confidence"),
    [
        ((*running("127.0.0.1:8000"), UNREACHED), "127.0.0.1:8000", CERTAIN),
        (
            (START, " * Serving Flask app 'main'", " * Running on http://127.0.0.1:5000", UNREACHED),
            "127.0.0.1:5000",
            CERTAIN,
        ),
        ((" * Serving Flask app 'main'", " * Running on http://127.0.0.1:5000"), "127.0.0.1:5000", LIKELY),
        (running("127.0.0.1:8080"), "127.0.0.1:8080", LIKELY),
    ],
)
def test_a_loopback_address_alone_is_what_nobody_reaches(
    lines: tuple[str, ...], address: str, confidence: Confidence
) -> None:
    finding = loopback_bind(evidence_of(*lines))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (Cause.LOOPBACK_BIND, address, confidence)
    assert finding.boots is False
    assert "0.0.0.0" in finding.fix[0]


@pytest.mark.parametrize(
    "lines",
    [
        (*running("0.0.0.0:8080"), UNREACHED),
        (START, "   - Local:        http://localhost:3000", "   - Network:      http://0.0.0.0:3000", PASSED),
        (START, "   - Local:        http://localhost:3000", PASSED),
        (*running("127.0.0.1:8000"), 'INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK'),
        (*UVICORN, "INFO:     Uvicorn running on http://127.0.0.1:8000", "INFO:     Shutting down",
         "INFO:     Finished server process [1]"),
    ],
)  # fmt: skip
def test_a_banner_with_localhost_condemns_nobody_who_is_reached(lines: tuple[str, ...]) -> None:
    assert loopback_bind(evidence_of(*lines)) is None


def test_a_server_on_another_port_than_the_probed_one_is_told_both() -> None:
    finding = port_mismatch(evidence_of(*running("0.0.0.0:8000"), UNREACHED))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (Cause.PORT_MISMATCH, "8080", CERTAIN)
    assert finding.short == "listens on 8000, not on 8080"
    assert finding.fix[1] == f"{SERVICE} --port=8000"


@pytest.mark.parametrize("lines", [(*running("0.0.0.0:8080"), UNREACHED), (*running("0.0.0.0:8000"), PASSED)])
def test_the_probed_port_or_a_probe_that_passed_is_no_mismatch(lines: tuple[str, ...]) -> None:
    assert port_mismatch(evidence_of(*lines)) is None


@pytest.mark.parametrize(
    ("log", "port", "exception"),
    [
        ("\n".join((*UVICORN, ("ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 18096): "
                    "address already in use"), "INFO:     Application shutdown complete.")), "18096", ""),
        (ended("[2026-11-23 08:00:00 +0000] [1] [ERROR] Connection in use: ('0.0.0.0', 8080)"), "8080", ""),
        (ended("Address already in use", "Port 5000 is in use by another program."), "5000", ""),
        (ended("Error: listen EADDRINUSE: address already in use :::8080"), "8080", ""),
        (crash("serve()", "OSError: [Errno 98] Address already in use"), "", "OSError"),
    ],
)  # fmt: skip
def test_a_port_that_is_taken_is_named(log: str, port: str, exception: str) -> None:
    finding = port_in_use(evidence_of(log))

    assert finding
    assert (finding.cause, finding.missing, finding.exception) == (Cause.PORT_IN_USE, port, exception)
    assert finding.boots is False


def test_nothing_listened_is_told_as_likely_and_with_what_looks_the_same() -> None:
    evidence = evidence_of(START, "loading", UNREACHED)

    finding = never_listened(evidence)

    assert finding
    assert (finding.cause, finding.confidence, finding.missing) == (Cause.NEVER_LISTENED, LIKELY, "")
    assert finding.uncertain
    assert loopback_bind(evidence) is None


def test_a_process_that_ended_is_not_one_that_never_listened() -> None:
    assert never_listened(evidence_of(ended("bye"))) is None


def test_a_probe_path_that_is_answered_404_is_the_probes_fault() -> None:
    answered = 'INFO:     169.254.1.1:4321 - "GET /healthz HTTP/1.1" 404 Not Found'

    finding = probe_misconfigured(evidence_of(*running("0.0.0.0:8080"), answered, f"sys@30 {HTTP}"))

    assert finding
    assert (finding.cause, finding.confidence) == (Cause.PROBE_MISCONFIGURED, CERTAIN)
    assert "/healthz" in finding.summary
    assert "404" in finding.summary
    assert "--startup-probe=" in finding.fix[0]


def test_a_probe_that_gives_up_at_once_is_the_probes_fault() -> None:
    refused = f"sys@0.3 {HTTP} Connection failed with status ERROR_CONNECTION_FAILED."

    finding = probe_misconfigured(evidence_of(*(START, refused, *UVICORN), running("0.0.0.0:8080")[-1]))

    assert finding
    assert (finding.cause, finding.confidence) == (Cause.PROBE_MISCONFIGURED, LIKELY)
    assert "0.3 s" in finding.summary


def test_a_probe_on_another_port_than_the_container_was_told_is_the_probes_fault() -> None:
    revision = Revision("api-00007-abc", service="api", containers=(Container(port=9000),))
    evidence = evidence_of(*running("0.0.0.0:9000"), f"sys@30 {HTTP}", revision=revision)

    finding = probe_misconfigured(evidence)

    assert finding
    assert finding.missing == "8080"
    assert port_mismatch(evidence) is None


def test_the_default_probe_is_never_misconfigured() -> None:
    assert probe_misconfigured(evidence_of(START, "loading", UNREACHED)) is None
