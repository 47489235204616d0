"""What is left when no cause answers."""

from buddy_tui.boot.values import Boot, Outcome
from buddy_tui.finding import Cause, Confidence
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.verdict import booted, incomplete, no_output, unknown
from tests.core.rules.evidence_of import DIED, PASSED, START, UNREACHED, crash, ended, evidence_of

UP = (
    "INFO:     Application startup complete.",
    "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
)
EFFECT = "event Ready condition status changed to False for Revision api-00007-abc with message: The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable."


def test_a_boot_that_came_up_says_by_which_sign() -> None:
    finding = booted(evidence_of(START, *UP, PASSED, "req GET 200 /"))

    assert finding
    assert (finding.cause, finding.confidence, finding.boots) == (Cause.NONE, Confidence.CERTAIN, True)
    assert finding.observed == "It answered a request."
    assert (finding.missing, finding.exception, finding.fix) == ("", "", ())


def test_what_only_the_program_says_is_likely_at_most() -> None:
    finding = booted(evidence_of(*UP))

    assert finding
    assert (finding.confidence, finding.boots) == (Confidence.LIKELY, True)
    assert "Nobody but the program" in finding.uncertain[0]


def test_a_handled_error_does_not_break_a_boot() -> None:
    handled = "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\n    import redis\nModuleNotFoundError: No module named 'redis'"

    finding = booted(evidence_of(START, "WARNING: no redis", handled, *UP, PASSED))

    assert finding
    assert finding.boots is True
    assert finding.uncertain


def test_a_boot_that_failed_did_not_boot() -> None:
    assert booted(evidence_of(ended("bye"))) is None


def test_silence_is_a_finding_of_its_own() -> None:
    finding = no_output(evidence_of(START, "sys Container called exit(1).", DIED))

    assert finding
    assert (finding.cause, finding.boots) == (Cause.NO_OUTPUT, False)
    assert "docker run" in finding.fix[0]


def test_a_log_that_ends_inside_a_traceback_is_incomplete() -> None:
    cut = (
        crash("import yaml", "ModuleNotFoundError: No module named 'yaml'")
        .partition("ModuleNotFound")[0]
        .rstrip()
    )

    finding = incomplete(evidence_of(cut))

    assert finding
    assert (finding.cause, finding.boots) == (Cause.INCOMPLETE, None)


def test_a_log_in_which_nothing_is_decided_tells_neither() -> None:
    finding = incomplete(evidence_of(START, "loading"))

    assert finding
    assert (finding.cause, finding.boots, finding.confidence) == (Cause.INCOMPLETE, None, Confidence.LIKELY)


def test_a_platforms_message_alone_is_an_effect_and_no_cause() -> None:
    finding = unknown(evidence_of(START, "something", "sys Container called exit(7).", DIED, EFFECT))

    assert (finding.cause, finding.confidence, finding.boots) == (Cause.UNKNOWN, Confidence.UNSURE, False)
    assert "effect" in finding.observed
    assert "Looked for" in finding.uncertain[0]
    assert any(quote.text == "something" for quote in finding.evidence)


def test_an_empty_log_is_unknown_either_way() -> None:
    empty = evidence_of()

    finding = unknown(empty)

    assert (finding.cause, finding.boots) == (Cause.UNKNOWN, None)
    assert finding.observed == "The log is empty."
    assert incomplete(empty) is None


def test_nothing_is_undecided_about_a_probe_that_gave_up() -> None:
    evidence = evidence_of(START, "loading", UNREACHED)

    assert evidence.boot.outcome is Outcome.UNREACHABLE
    assert incomplete(evidence) is None


def test_a_cut_boot_with_a_terminal_line_did_not_boot() -> None:
    told = evidence_of(START, "loading", "sys Container called exit(1).")
    cut = Boot(told.boot.revision, lines=told.boot.lines, events=told.boot.events, outcome=Outcome.CUT)

    finding = incomplete(Evidence(told.reading, cut))

    assert finding
    assert finding.boots is False
