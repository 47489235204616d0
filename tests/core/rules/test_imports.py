"""Modules that are not there: whose they are, how sure that is, and what mends it."""

from dataclasses import replace

import pytest

from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.model import Revision, Sources, SourceTree
from buddy_tui.rules.imports import local_module_missing, third_party_missing
from tests.core.rules.evidence_of import ended, evidence_of
from tests.core.rules.raising import (
    MACHINERY,
    SITE,
    as_a_script,
    traceback,
    under_gunicorn,
    under_uvicorn,
)

CERTAIN, LIKELY, UNSURE = Confidence


def no_module(name: str) -> str:
    return f"ModuleNotFoundError: No module named '{name}'"


def named(log: str) -> Finding:
    """Return the one answer of the two rules, which never both answer."""
    evidence = evidence_of(log)
    answers = [rule(evidence) for rule in (third_party_missing, local_module_missing)]
    (finding,) = [one for one in answers if one]
    return finding


OURS = {
    "the server was told to load it": (under_uvicorn(no_module("app")), "app", CERTAIN),
    "gunicorn was told to load it": (under_gunicorn(no_module("wsgi")), "wsgi", CERTAIN),
    "its package is on the stack": (
        under_uvicorn(no_module("app.core"), "/srv/app/main.py:2 from app.core.settings import settings"),
        "app.core",
        CERTAIN,
    ),
    "deep in a package of the project": (
        under_uvicorn(
            no_module("netra.services.monitoring"),
            "/app/netra/core/setup.py:8 from netra.middleware import auth",
            "/app/netra/middleware/auth.py:23 from netra.services.monitoring import report",
        ),
        "netra.services.monitoring",
        CERTAIN,
    ),
    "spelt as no package is": (
        under_uvicorn(no_module("Back_End"), "/app/main.py:14 from Back_End.whiteboard_metrics import W"),
        "Back_End",
        LIKELY,
    ),
    "called as projects call their own": (
        under_uvicorn(no_module("settings"), "/app/service/routes.py:3 from settings import DB"),
        "settings",
        LIKELY,
    ),
    "the folder is there, the path is not": (
        as_a_script(no_module("shop"), "/app/shop/main.py:1 from shop import models"),
        "shop",
        LIKELY,
    ),
    "listed in INSTALLED_APPS": (
        under_gunicorn(
            no_module("orders"),
            "/app/shop/wsgi.py:4 application = get_wsgi_application()",
            f"{SITE}/django/apps/config.py:193 import_module(entry)",
            MACHINERY,
        ),
        "orders",
        LIKELY,
    ),
    "Django's settings module": (
        under_gunicorn(
            no_module("mysite.settings.production"),
            "/app/mysite/wsgi.py:3 application = get_wsgi_application()",
            f"{SITE}/django/conf/__init__.py:217 mod = importlib.import_module(self.SETTINGS_MODULE)",
            MACHINERY,
        ),
        "mysite.settings.production",
        CERTAIN,
    ),
    "ends as modules of projects do": (
        under_uvicorn(no_module("data_loader"), "/app/main.py:2 import data_loader"),
        "data_loader",
        LIKELY,
    ),
    "ends so, and is named after a library": (
        under_uvicorn(no_module("celery_worker"), "/app/main.py:2 import celery_worker"),
        "celery_worker",
        UNSURE,
    ),
    "reached into, and widely known to nobody": (
        under_uvicorn(no_module("engines"), "/app/main.py:2 from engines.post_rejection import judge"),
        "engines",
        UNSURE,
    ),
}
THEIRS = {
    "well known": (under_uvicorn(no_module("yaml"), "/app/main.py:1 import yaml"), "yaml", "PyYAML", CERTAIN),
    "called otherwise": (
        under_uvicorn(no_module("cv2"), "/app/main.py:1 import cv2"),
        "cv2",
        "opencv-python-headless",
        CERTAIN,
    ),
    "in a namespace": (
        under_uvicorn(no_module("google.cloud.bigquery"), "/app/main.py:1 from google.cloud import bigquery"),
        "google.cloud.bigquery",
        "google-cloud-bigquery",
        CERTAIN,
    ),
    "a namespace that is not there at all": (
        under_uvicorn(no_module("google"), "/app/main.py:1 from google.cloud import secretmanager_v1"),
        "google",
        "google-cloud-secret-manager",
        CERTAIN,
    ),
    "wanted by a library": (
        under_uvicorn(
            no_module("psycopg2"),
            "/app/db.py:5 engine = create_engine(URL)",
            f"{SITE}/sqlalchemy/dialects/postgresql/psycopg2.py:690 import psycopg2",
        ),
        "psycopg2",
        "psycopg2-binary",
        CERTAIN,
    ),
    "a class of workers": (
        under_gunicorn(no_module("uvicorn")).replace("in import_app", "in load_class"),
        "uvicorn",
        "uvicorn",
        CERTAIN,
    ),
    "an app of Django that is a package": (
        under_gunicorn(
            no_module("corsheaders"),
            "/app/shop/wsgi.py:4 application = get_wsgi_application()",
            f"{SITE}/django/apps/config.py:193 import_module(entry)",
            MACHINERY,
        ),
        "corsheaders",
        "django-cors-headers",
        CERTAIN,
    ),
    "the project lives in a folder of that name": (
        under_uvicorn(no_module("redis"), "/home/me/redis/main.py:1 import redis"),
        "redis",
        "redis",
        LIKELY,
    ),
    "named like an add-on": (
        under_uvicorn(no_module("flask_fastest"), "/app/main.py:1 import flask_fastest"),
        "flask_fastest",
        "flask-fastest",
        LIKELY,
    ),
    "unknown": (under_uvicorn(no_module("quux"), "/app/main.py:1 import quux"), "quux", "quux", UNSURE),
    "gone from Python": (
        under_uvicorn(no_module("distutils"), "/app/main.py:1 from distutils.util import strtobool"),
        "distutils",
        "setuptools",
        LIKELY,
    ),
    "not yet in Python": (
        under_uvicorn(no_module("tomllib"), "/app/main.py:1 import tomllib"),
        "tomllib",
        "tomli",
        LIKELY,
    ),
}


@pytest.mark.parametrize(("log", "missing", "confidence"), OURS.values(), ids=OURS)
def test_a_module_of_the_project_is_told_as_such(log: str, missing: str, confidence: Confidence) -> None:
    finding = named(log)

    assert (finding.cause, finding.missing, finding.confidence, finding.exception, finding.boots) == (
        Cause.LOCAL_MODULE_MISSING,
        missing,
        confidence,
        "ModuleNotFoundError",
        False,
    )
    assert finding.chain[-1] == missing
    assert confidence is CERTAIN or any("looks alike" in doubt for doubt in finding.uncertain)


@pytest.mark.parametrize(("log", "missing", "line", "confidence"), THEIRS.values(), ids=THEIRS)
def test_a_package_that_is_not_installed_is_told_with_the_line_that_brings_it(
    log: str, missing: str, line: str, confidence: Confidence
) -> None:
    finding = named(log)

    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.THIRD_PARTY_MISSING,
        missing,
        confidence,
    )
    assert finding.fix[0] == f"requirements.txt: add the line {line}"
    assert bool(finding.uncertain) == (confidence is not CERTAIN)


EXTRAS = {
    "fastapi": (
        'RuntimeError: Form data requires "python-multipart" to be installed. ',
        "python-multipart",
        CERTAIN,
    ),
    "starlette's forms": (
        "AssertionError: The `python-multipart` library must be installed to use form parsing.",
        "python-multipart",
        CERTAIN,
    ),
    "starlette's templates": (
        "AssertionError: jinja2 must be installed to use Jinja2Templates",
        "jinja2",
        CERTAIN,
    ),
    "starlette's test client": (
        "RuntimeError: The starlette.testclient module requires the httpx package to be installed.",
        "httpx",
        CERTAIN,
    ),
    "pydantic": (
        "ImportError: email-validator is not installed, run `pip install 'pydantic[email]'`",
        "email-validator",
        CERTAIN,
    ),
    "httpx": (
        "ImportError: Using http2=True, but the 'h2' package is not installed.",
        "h2",
        CERTAIN,
    ),
    "pandas": (
        "ImportError: Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.",
        "openpyxl",
        CERTAIN,
    ),
    "metadata": (
        "importlib.metadata.PackageNotFoundError: No package metadata was found for acme-sdk",
        "acme-sdk",
        LIKELY,
    ),
    "sqlalchemy": (
        "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:snowflake",
        "snowflake",
        LIKELY,
    ),
    "any other": (
        "ImportError: Could not import tiktoken python package. Please install it with `pip install tiktoken`.",
        "tiktoken",
        LIKELY,
    ),
}


@pytest.mark.parametrize(("last", "missing", "confidence"), EXTRAS.values(), ids=EXTRAS)
def test_what_a_library_says_that_it_misses_is_taken_from_its_words(
    last: str, missing: str, confidence: Confidence
) -> None:
    finding = named(
        under_uvicorn(last, "/app/main.py:3 app.include_router(routes)", f"{SITE}/lib/x.py:1 check()")
    )

    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.THIRD_PARTY_MISSING,
        missing,
        confidence,
    )
    assert finding.frame == "/app/main.py:3"


def test_the_librarys_own_name_for_a_package_goes_before_the_modules() -> None:
    first = traceback(no_module("email_validator"), f"{SITE}/pydantic/networks.py:9 import email_validator")
    log = under_uvicorn(
        "ImportError: email-validator is not installed, run `pip install 'pydantic[email]'`",
        "/app/main.py:5 class User(BaseModel):",
    )
    cause = "\n\nThe above exception was the direct cause of the following exception:\n\n"

    finding = named(log.replace("Traceback", f"{first}{cause}Traceback", 1))

    assert (finding.missing, finding.exception) == ("email-validator", "ModuleNotFoundError")


STATED = {
    "uvicorn": (
        'ERROR:    Error loading ASGI app. Could not import module "main".',
        "main",
        "ImportFromStringError",
        CERTAIN,
    ),
    "flask": ("Error: Could not import 'server'.", "server", "", CERTAIN),
    "python -m, one level deep": (
        "python: Error while finding module specification for 'app.m' (ModuleNotFoundError: No module named 'app')",
        "app",
        "ModuleNotFoundError",
        CERTAIN,
    ),
    "waitress": ("Error: No module named 'shop'", "shop", "", LIKELY),
    "python -m": ("/usr/local/bin/python: No module named worker", "worker", "", LIKELY),
}


@pytest.mark.parametrize(("line", "missing", "exception", "confidence"), STATED.values(), ids=STATED)
def test_a_server_that_says_in_one_line_what_it_could_not_load_is_believed(
    line: str, missing: str, exception: str, confidence: Confidence
) -> None:
    finding = named(ended(line))

    assert (finding.cause, finding.missing, finding.exception, finding.confidence) == (
        Cause.LOCAL_MODULE_MISSING,
        missing,
        exception,
        confidence,
    )
    assert [quote.text for quote in finding.evidence] == [" ".join(line.split())]


def test_a_program_that_python_itself_does_not_find_is_a_package() -> None:
    finding = named(ended("/usr/local/bin/python3: No module named gunicorn"))

    assert (finding.cause, finding.missing) == (Cause.THIRD_PARTY_MISSING, "gunicorn")


def test_a_library_asked_by_a_file_that_lies_in_its_own_package_is_not_the_servers_target() -> None:
    frame = f"{SITE}/flask/cli.py:20 import click"

    finding = named(as_a_script(no_module("click"), frame))

    assert finding.cause is Cause.THIRD_PARTY_MISSING


def test_a_relative_import_without_a_package_was_started_a_folder_too_deep() -> None:
    last = "ImportError: attempted relative import with no known parent package"

    finding = named(under_uvicorn(last, "/app/main.py:3 from .routes import router"))

    assert (finding.cause, finding.missing, finding.exception, finding.confidence) == (
        Cause.LOCAL_MODULE_MISSING,
        "",
        "ImportError",
        LIKELY,
    )


def test_after_a_relative_import_the_absolute_one_that_was_tried_next_has_the_name() -> None:
    first = traceback(
        "ImportError: attempted relative import with no known parent package",
        "/app/main.py:4 from .routes import router",
    )
    log = under_uvicorn(no_module("routes"), "/app/main.py:6 from routes import router")
    handling = "\n\nDuring handling of the above exception, another exception occurred:\n\n"

    finding = named(log.replace("Traceback", f"{first}{handling}Traceback", 1))

    assert (finding.cause, finding.missing) == (Cause.LOCAL_MODULE_MISSING, "routes")


def test_a_lookup_that_a_library_caught_does_not_hide_the_import_that_failed_after_it() -> None:
    first = traceback("KeyError: 'stripe'", f"{SITE}/lib/cache.py:9 return modules[name]")
    log = under_uvicorn(no_module("stripe"), "/app/main.py:2 import stripe")
    handling = "\n\nDuring handling of the above exception, another exception occurred:\n\n"

    finding = named(log.replace("Traceback", f"{first}{handling}Traceback", 1))

    assert (finding.missing, finding.exception) == ("stripe", "ModuleNotFoundError")


def test_what_the_sources_hold_is_the_projects_own_whatever_its_name_suggests() -> None:
    evidence = evidence_of(under_uvicorn(no_module("quux"), "/app/main.py:1 import quux"))
    tree = SourceTree("gs://b/o#1", ("main.py", "lib/quux/__init__.py"))

    finding = local_module_missing(replace(evidence, sources=Sources(disk=tree)))

    assert finding
    assert finding.confidence is CERTAIN


def test_the_fix_names_the_service_and_where_to_start_from() -> None:
    log = as_a_script(no_module("shop"), "/app/shop/main.py:1 from shop import models")
    revision = Revision("api-00007-abc", service="api")

    finding = local_module_missing(replace(evidence_of(log), revision=revision))

    assert finding
    assert finding.fix[0] == "start from /app as shop.main, or Dockerfile: ENV PYTHONPATH=/app"
    assert any(fix.startswith("gcloud run deploy api --source .") for fix in finding.fix)


def test_an_import_that_another_rule_explains_is_left_to_it() -> None:
    evidence = evidence_of(under_uvicorn("NameError: name 'x' is not defined", "/app/main.py:1 x"))

    assert third_party_missing(evidence) is None
    assert local_module_missing(evidence) is None
