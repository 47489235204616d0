"""The module is there, and the application, factory or function that a server wants is not."""

import pytest

from buddy_tui.finding import Cause, Confidence
from buddy_tui.rules.targets import app_target_missing
from tests.core.rules.evidence_of import ended, evidence_of
from tests.core.rules.raising import SITE, as_a_script, traceback, under_uvicorn

UVICORN, GUNICORN = "ImportFromStringError", "AppImportError"
SAID = {
    "uvicorn, attribute": (
        'ERROR:    Error loading ASGI app. Attribute "application" not found in module "main".',
        "application",
        UVICORN,
    ),
    "uvicorn, no colon": (
        'ERROR:    Error loading ASGI app. Import string "main" must be in format "<module>:<attribute>".',
        "main",
        UVICORN,
    ),
    "uvicorn, factory": (
        "ERROR:    Error loading ASGI app factory: create_app() missing 1 required positional argument: 'env'",
        "create_app",
        "",
    ),
    "gunicorn, attribute": ("Failed to find attribute 'app' in 'main'.", "app", GUNICORN),
    "gunicorn, unparsable": (
        "Failed to parse 'app-prod' as an attribute name or function call.",
        "app-prod",
        GUNICORN,
    ),
    "gunicorn, not callable": ("Application object must be callable.", "", GUNICORN),
    "gunicorn, a file": ("ImportError: Failed to find application, did you mean 'main:app'?", "main:app", ""),
    "flask, no application": (
        "Error: Failed to find Flask application or factory in module 'app'. Use 'app:name' to specify one.",
        "app",
        "",
    ),
    "flask, nothing named": (
        "Error: Could not locate a Flask application. Use the 'flask --app' option.",
        "",
        "",
    ),
    "flask, factory": (
        "Error: Detected factory 'create_app' in module 'shop', but could not call it without arguments.",
        "create_app",
        "",
    ),
    "flask, several": (
        "Error: Detected multiple Flask applications in module 'shop'. Use 'shop:name' to specify the correct one.",
        "shop",
        "",
    ),
    "waitress, attribute": ("1. module 'shop' has no attribute 'application'", "application", ""),
    "waitress, no colon": ("Error: Malformed application 'shop'", "shop", ""),
    "a package without __main__": (
        "python: No module named app.__main__; 'app' is a package and cannot be directly executed",
        "__main__",
        "",
    ),
}
FILES = ("    Path does not exist app/main.py", "Error: Invalid value: File does not exist: app/main.py")
FUNCTIONS, OTHER = "functions_framework.exceptions.", "Found: 'handler' instead"
RAISED = {
    "function": (
        f"{FUNCTIONS}MissingTargetException: File main.py is expected to contain a function named 'nope'. {OTHER}",
        "nope",
    ),
    "source": (
        f"{FUNCTIONS}MissingSourceException: File other.py that is expected to define function doesn't exist",
        "other.py",
    ),
    "hypercorn": (
        "hypercorn.utils.NoAppError: Cannot load application from 'main:application', application not found.",
        "application",
    ),
}


@pytest.mark.parametrize(("line", "missing", "exception"), SAID.values(), ids=SAID)
def test_a_server_says_in_one_line_what_it_did_not_find(line: str, missing: str, exception: str) -> None:
    finding = app_target_missing(evidence_of(ended(line)))

    assert finding
    assert (finding.cause, finding.missing, finding.exception, finding.confidence, finding.boots) == (
        Cause.APP_TARGET_MISSING,
        missing,
        exception,
        Confidence.CERTAIN,
        False,
    )


@pytest.mark.parametrize("line", FILES)
def test_a_file_that_a_server_was_told_to_run_is_told_by_its_path(line: str) -> None:
    finding = app_target_missing(evidence_of(ended(line)))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.APP_TARGET_MISSING,
        "app/main.py",
        Confidence.LIKELY,
    )


@pytest.mark.parametrize(("last", "missing"), RAISED.values(), ids=RAISED)
def test_an_exception_of_a_server_says_what_it_did_not_find(last: str, missing: str) -> None:
    finding = app_target_missing(evidence_of(as_a_script(last, f"{SITE}/server/load.py:9 raise error")))

    assert finding
    assert (finding.cause, finding.missing) == (Cause.APP_TARGET_MISSING, missing)
    assert finding.exception == last.partition(":")[0]


def test_the_function_that_is_there_instead_is_offered() -> None:
    last, _ = RAISED["function"]

    finding = app_target_missing(evidence_of(as_a_script(last, f"{SITE}/functions_framework/x.py:9 raise")))

    assert finding
    assert finding.fix[0].endswith("--function=handler")


def test_the_servers_exception_is_taken_where_a_lookup_before_it_is_its_root() -> None:
    first = traceback("NameError: name 'application' is not defined", "<string>:1 application")
    log = as_a_script(RAISED["hypercorn"][0], f"{SITE}/hypercorn/utils.py:108 raise NoAppError(path)")
    handling = "\n\nDuring handling of the above exception, another exception occurred:\n\n"

    finding = app_target_missing(evidence_of(log.replace("Traceback", f"{first}{handling}Traceback", 1)))

    assert finding
    assert (finding.missing, finding.exception) == ("application", "hypercorn.utils.NoAppError")


def test_a_program_that_says_the_like_in_an_exception_of_its_own_is_not_taken_for_a_server() -> None:
    last = "ValueError: Failed to find attribute 'colour' in 'paint'."

    assert app_target_missing(evidence_of(under_uvicorn(last, "/app/main.py:3 paint()"))) is None


def test_words_that_only_remind_of_a_server_do_not_hide_its_line() -> None:
    said = "Failed to find attribute 'app' in 'main'."

    finding = app_target_missing(evidence_of(ended(said, "Failed to flush the metrics: they do not exist.")))

    assert finding
    assert finding.missing == "app"


def test_a_line_before_the_traceback_that_ended_the_boot_is_not_its_cause() -> None:
    log = under_uvicorn("NameError: name 'x' is not defined", "/app/main.py:3 x")
    said = "Failed to find attribute 'plugin' in 'main'."

    assert app_target_missing(evidence_of(log.replace("Traceback", f"{said}\nTraceback", 1))) is None
