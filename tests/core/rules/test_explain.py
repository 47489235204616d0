"""The rules as a whole: their order, what is filled in, and that nothing makes them fail."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buddy_tui.boot import read
from buddy_tui.boot.values import Reading
from buddy_tui.finding import Cause, Confidence
from buddy_tui.model import Condition, ConditionState, LogEntry, Revision, Sources, SourceTree
from buddy_tui.rules.explaining import RULES, explain
from tests.core.rules.evidence_of import REVISION, START, ended, evidence_of
from tests.core.rules.raising import SITE, traceback, under_gunicorn, under_uvicorn

NO_YAML = under_uvicorn("ModuleNotFoundError: No module named 'yaml'", "/app/main.py:1 import yaml")


def reading_of(*lines: str) -> Reading:
    return evidence_of(*lines).reading


def chained(first: str, log: str) -> str:
    handling = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    return log.replace("Traceback", f"{first}{handling}Traceback", 1)


ORDER = {
    "what is up booted, whatever it logged before": (
        "\n".join(
            (
                START,
                "WARNING: redis is not installed",
                traceback("ModuleNotFoundError: No module named 'redis'", "/app/main.py:4 import redis"),
                "INFO:     Application startup complete.",
                "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
            )
        ),
        Cause.NONE,
    ),
    "a traceback goes before what the platform made of it": (NO_YAML, Cause.THIRD_PARTY_MISSING),
    "the file in the way goes before the circle": (
        under_uvicorn(
            "ImportError: cannot import name 'Flask' from partially initialized module 'flask' (most likely due to a "
            "circular import) (/app/flask.py)",
            "/app/flask.py:1 from flask import Flask",
        ),
        Cause.MODULE_SHADOWED,
    ),
    "a version goes before a package": (
        under_uvicorn(
            "ModuleNotFoundError: No module named 'langchain.chat_models'",
            "/app/main.py:1 from langchain.chat_models import ChatOpenAI",
        ),
        Cause.IMPORT_NAME_MISSING,
    ),
    "a library of the system goes before the package that looked for it": (
        chained(
            traceback(
                "ModuleNotFoundError: No module named '_libvips'", f"{SITE}/pyvips/__init__.py:19 import"
            ),
            under_uvicorn(
                "OSError: libvips.so.42: cannot open shared object file: No such file or directory",
                "/app/main.py:1 import pyvips",
                f"{SITE}/pyvips/__init__.py:71 vips_lib = ffi.dlopen(name)",
            ),
        ),
        Cause.SHARED_OBJECT_MISSING,
    ),
    "an extra goes before a setting of which its words remind": (
        under_uvicorn(
            'RuntimeError: Form data requires "python-multipart" to be installed.', "/app/main.py:3 x"
        ),
        Cause.THIRD_PARTY_MISSING,
    ),
    "a setting goes before an error of the code": (
        under_uvicorn("KeyError: 'DATABASE_URL'", '/app/main.py:3 os.environ["DATABASE_URL"]'),
        Cause.ENV_MISSING,
    ),
    "an old name of a dialect is a setting, not a package": (
        under_uvicorn(
            "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres",
            '/app/main.py:3 create_engine(os.environ["DATABASE_URL"])',
        ),
        Cause.ENV_INVALID,
    ),
    "a target goes before the exit": (
        ended("Failed to find attribute 'app' in 'main'."),
        Cause.APP_TARGET_MISSING,
    ),
    "the error of the code comes last of the tracebacks": (
        under_gunicorn("NameError: name 'x' is not defined", "/app/main.py:5 x"),
        Cause.ERROR_AT_IMPORT,
    ),
}


@pytest.mark.parametrize(("log", "cause"), ORDER.values(), ids=ORDER)
def test_the_specific_goes_before_the_general(log: str, cause: Cause) -> None:
    assert explain(reading_of(log)).cause is cause


def test_an_empty_log_is_an_unknown_and_no_failure() -> None:
    finding = explain(Reading())

    assert (finding.cause, finding.boots, finding.confidence) == (Cause.UNKNOWN, None, Confidence.UNSURE)


def test_without_a_log_the_revisions_own_condition_is_enough() -> None:
    message = "Image 'europe-docker.pkg.dev/acme/api/api:v9' not found."
    condition = Condition("Ready", ConditionState.FAILED, "ContainerMissing", message)

    finding = explain(Reading(), Revision(REVISION, service="api", message=message, conditions=(condition,)))

    assert (finding.cause, finding.revision) == (Cause.IMAGE_NOT_FOUND, REVISION)


def test_the_revision_is_filled_in() -> None:
    assert explain(reading_of(NO_YAML)).revision == REVISION


def test_what_the_sources_prove_is_told_instead_of_what_the_log_suggests() -> None:
    log = under_uvicorn(
        "ModuleNotFoundError: No module named 'Back_End'",
        "/app/main.py:14 from Back_End.budget import Budget",
    )
    files = ("budget.py", "main.py", "Dockerfile")
    whole = tuple(f"Back_End/{file}" for file in files)
    sources = Sources(SourceTree("gs://b/o#2", files), SourceTree("gs://b/o#1", whole), "api-00006-xyz")

    guessed, proven = explain(reading_of(log)), explain(reading_of(log), None, sources)

    assert (guessed.cause, guessed.confidence) == (Cause.LOCAL_MODULE_MISSING, Confidence.LIKELY)
    assert (proven.cause, proven.confidence) == (Cause.LOCAL_MODULE_MISSING, Confidence.CERTAIN)
    assert "wrong folder" in proven.summary


def test_the_same_evidence_gives_the_same_finding() -> None:
    assert explain(reading_of(NO_YAML)) == explain(reading_of(NO_YAML))


def test_every_rule_is_listed_once() -> None:
    assert len(set(RULES)) == len(RULES)


FRAGMENTS = (
    "Traceback (most recent call last):",
    '  File "/app/main.py", line 3, in <module>',
    '  File "", line 0, in ',
    "    import yaml",
    "ModuleNotFoundError: No module named ''",
    "ModuleNotFoundError: No module named '...'",
    "ImportError: cannot import name 'x'",
    "ImportError: cannot import name 'x' from 'y' ()",
    "AttributeError: module 'x' has no attribute 'y' (consider renaming '/' since it has the same name as",
    "ImportError: attempted relative import with no known parent package",
    "SyntaxError: ",
    "KeyError",
    "During handling of the above exception, another exception occurred:",
    'Error loading ASGI app. Could not import module "',
    "Failed to find attribute '{0}' in '{x}'.",
    "Failed to parse '{}' as an attribute name or function call.",
    "File {name} that is expected to define function doesn't exist",
    "Container called exit(1).",
    "",
)
LINES = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=40)), max_size=12)


@given(LINES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_that_a_log_says_makes_it_fail(lines: list[str]) -> None:
    entries = [LogEntry(number, "stderr", str(number), line) for number, line in enumerate(lines, 1)]

    finding = explain(read(entries))

    assert finding.summary
    assert len(finding.short) <= 40
    assert finding.confidence is not Confidence.CERTAIN or finding.cause is not Cause.UNKNOWN
