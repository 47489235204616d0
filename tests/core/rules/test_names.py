"""Names that a module has not: circles, files in the way, versions, namespaces."""

import pytest

from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.names import circular_import, import_name_missing
from buddy_tui.rules.shadows import module_shadowed
from tests.core.rules.evidence_of import evidence_of
from tests.core.rules.raising import MACHINERY, SITE, as_a_script, under_gunicorn, under_uvicorn

CERTAIN, LIKELY, UNSURE = Confidence
CIRCLE = "(most likely due to a circular import)"
STDLIB = "/usr/local/lib/python3.11"
ROUTES = ("/app/main.py:2 from routes import bp", "/app/routes.py:2 import services")


def named(log: str) -> Finding | None:
    """Return what the three rules say, in the order in which they are asked."""
    evidence = evidence_of(log)
    rules = (module_shadowed, circular_import, import_name_missing)
    return next(filter(None, (rule(evidence) for rule in rules)), None)


CASES = {
    "a circle": (
        under_gunicorn(
            f"ImportError: cannot import name 'bp' from partially initialized module 'routes' {CIRCLE} (/app/routes.py)",
            *ROUTES,
            "/app/services.py:1 from routes import bp",
        ),
        Cause.CIRCULAR_IMPORT,
        "bp",
        CERTAIN,
    ),
    "a circle by attribute": (
        under_uvicorn(
            f"AttributeError: partially initialized module 'routes' has no attribute 'bp' {CIRCLE}",
            *ROUTES,
            "/app/services.py:4 routes.bp",
        ),
        Cause.CIRCULAR_IMPORT,
        "bp",
        CERTAIN,
    ),
    "a circle that Python 3.13 takes for a file in the way": (
        as_a_script(
            "AttributeError: module 'routes' has no attribute 'bp' (consider renaming '/app/routes.py' if it has the "
            "same name as a third-party module you intended to import)",
            *ROUTES,
            "/app/services.py:4 routes.bp",
        ),
        Cause.CIRCULAR_IMPORT,
        "bp",
        LIKELY,
    ),
    "a circle of an old Python": (
        under_uvicorn(
            "ImportError: cannot import name 'bp' from 'routes' (/app/routes.py)",
            *ROUTES,
            "/app/services.py:1 from routes import bp",
        ),
        Cause.CIRCULAR_IMPORT,
        "bp",
        LIKELY,
    ),
    "a submodule in a circle": (
        under_uvicorn(
            f"AttributeError: cannot access submodule 'models' of module 'shop' {CIRCLE}",
            "/app/shop/__init__.py:1 import shop.views",
            "/app/shop/views.py:3 shop.models.Base",
        ),
        Cause.CIRCULAR_IMPORT,
        "models",
        CERTAIN,
    ),
    "a circle inside a library": (
        under_uvicorn(
            f"ImportError: cannot import name 'x' from partially initialized module 'acme' {CIRCLE} "
            f"({SITE}/acme/__init__.py)",
            "/app/main.py:1 import acme",
            f"{SITE}/acme/__init__.py:3 from acme.core import x",
        ),
        Cause.CIRCULAR_IMPORT,
        "x",
        UNSURE,
    ),
    "a file that asks itself for the library that it hides": (
        under_uvicorn(
            f"ImportError: cannot import name 'FastAPI' from partially initialized module 'fastapi' {CIRCLE} "
            "(/app/fastapi.py)",
            "/app/fastapi.py:1 from fastapi import FastAPI",
        ),
        Cause.MODULE_SHADOWED,
        "FastAPI",
        CERTAIN,
    ),
    "a library that gets a file of the project": (
        as_a_script(
            f"ImportError: cannot import name 'G' from partially initialized module 'types' {CIRCLE} (/app/types.py)",
            "/app/main.py:1 import enum",
            "/app/types.py:1 from enum import Enum",
            f"{STDLIB}/enum.py:3 from types import G",
        ),
        Cause.MODULE_SHADOWED,
        "G",
        CERTAIN,
    ),
    "a circle of files, one of which is called like a part of Python": (
        under_uvicorn(
            f"ImportError: cannot import name 'create' from partially initialized module 'token' {CIRCLE} "
            "(/app/token.py)",
            "/app/token.py:1 from users import User",
            "/app/users.py:1 from token import create",
        ),
        Cause.MODULE_SHADOWED,
        "create",
        LIKELY,
    ),
    "Python's own hint": (
        as_a_script(
            "AttributeError: module 'random' has no attribute 'randint' (consider renaming '/app/random.py' since it "
            "has the same name as the standard library module named 'random' and the import system gives it precedence)",
            "/app/main.py:1 import random",
            "/app/random.py:2 print(random.randint(1,2))",
        ),
        Cause.MODULE_SHADOWED,
        "randint",
        CERTAIN,
    ),
    "an attribute, without a hint": (
        as_a_script(
            "AttributeError: module 'random' has no attribute 'randint'",
            "/app/dice.py:3 random.randint(1, 6)",
        ),
        Cause.MODULE_SHADOWED,
        "randint",
        LIKELY,
    ),
    "no package": (
        as_a_script(
            "ModuleNotFoundError: No module named 'celery.schedules'; 'celery' is not a package",
            "/app/celery.py:1 from celery.schedules import crontab",
        ),
        Cause.MODULE_SHADOWED,
        "celery.schedules",
        CERTAIN,
    ),
    "no package, and no file to be seen": (
        as_a_script(
            "ModuleNotFoundError: No module named 'peewee.ext'; 'peewee' is not a package",
            "/app/main.py:1 from peewee.ext import x",
        ),
        Cause.MODULE_SHADOWED,
        "peewee.ext",
        LIKELY,
    ),
    "a file and a folder of one name": (
        under_uvicorn(
            "ModuleNotFoundError: No module named 'app.core'; 'app' is not a package",
            "/srv/app.py:1 from app.core import settings",
        ),
        Cause.MODULE_SHADOWED,
        "app.core",
        LIKELY,
    ),
    "half of a package of Python": (
        as_a_script(
            "ModuleNotFoundError: No module named 'email.utils'",
            f"{SITE}/gunicorn/util.py:5 import email.utils",
        ),
        Cause.MODULE_SHADOWED,
        "email.utils",
        LIKELY,
    ),
    "an error inside the file that a library got": (
        as_a_script(
            "NameError: name 'x' is not defined",
            "/app/main.py:1 import requests",
            f"{STDLIB}/http/client.py:71 import email.parser",
            MACHINERY,
            "/app/email.py:3 x",
        ),
        Cause.MODULE_SHADOWED,
        "",
        LIKELY,
    ),
    "another version": (
        under_gunicorn(
            f"ImportError: cannot import name 'url_quote' from 'werkzeug.urls' ({SITE}/werkzeug/urls.py)",
            "/app/main.py:1 from flask import Flask",
            f"{SITE}/flask/app.py:28 from werkzeug.urls import url_quote",
        ),
        Cause.IMPORT_NAME_MISSING,
        "url_quote",
        CERTAIN,
    ),
    "another version of Python": (
        under_uvicorn(
            f"ImportError: cannot import name 'Mapping' from 'collections' ({STDLIB}/collections/__init__.py)",
            "/app/main.py:1 from collections import Mapping",
        ),
        Cause.IMPORT_NAME_MISSING,
        "Mapping",
        CERTAIN,
    ),
    "a namespace without that part": (
        under_uvicorn(
            "ImportError: cannot import name 'storage' from 'google.cloud' (unknown location)",
            "/app/main.py:1 from google.cloud import storage",
        ),
        Cause.IMPORT_NAME_MISSING,
        "storage",
        CERTAIN,
    ),
    "a folder of the project without that part": (
        under_uvicorn(
            "ImportError: cannot import name 'tasks' from 'jobs' (unknown location)",
            "/app/main.py:1 from jobs import tasks",
        ),
        Cause.IMPORT_NAME_MISSING,
        "tasks",
        LIKELY,
    ),
    "a name that the project's own module has not": (
        under_uvicorn(
            "ImportError: cannot import name 'Invoice' from 'models' (/app/models.py)",
            "/app/main.py:3 from models import Invoice",
        ),
        Cause.IMPORT_NAME_MISSING,
        "Invoice",
        LIKELY,
    ),
    "a part that a library has no more": (
        under_uvicorn(
            "ModuleNotFoundError: No module named 'langchain.text_splitter'",
            "/app/main.py:3 from langchain.text_splitter import Splitter",
        ),
        Cause.IMPORT_NAME_MISSING,
        "langchain.text_splitter",
        LIKELY,
    ),
    "pydantic's word for it": (
        under_uvicorn(
            "pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package.",
            "/app/config.py:1 from pydantic import BaseSettings",
            f"{SITE}/pydantic/_migration.py:305 raise PydanticImportError(",
        ),
        Cause.IMPORT_NAME_MISSING,
        "BaseSettings",
        LIKELY,
    ),
    "setuptools' word for it": (
        under_uvicorn(
            "pkg_resources.ContextualVersionConflict: (requests 2.1.0 (/x), Requirement.parse('requests>=2.20'), {'a'})",
            "/app/main.py:1 import pkg_resources",
        ),
        Cause.IMPORT_NAME_MISSING,
        "requests",
        LIKELY,
    ),
}


@pytest.mark.parametrize(("log", "cause", "missing", "confidence"), CASES.values(), ids=CASES)
def test_a_name_that_is_not_there_is_told_by_its_cause(
    log: str, cause: Cause, missing: str, confidence: Confidence
) -> None:
    finding = named(log)

    assert finding
    assert (finding.cause, finding.missing, finding.confidence, finding.boots) == (
        cause,
        missing,
        confidence,
        False,
    )
    assert len(finding.short) <= 40


NO_CASE = {
    "a missing module": ("ModuleNotFoundError: No module named 'yaml'", "/app/main.py:1 import yaml"),
    "a missing part of the project": (
        "ModuleNotFoundError: No module named 'redis.keys'",
        "/app/redis/main.py:1 from redis.keys import KEY",
    ),
    "a removed part of Python": (
        "ModuleNotFoundError: No module named 'distutils.util'",
        "/app/main.py:1 from distutils.util import strtobool",
    ),
    "a submodule that nobody imported": (
        "AttributeError: module 'logging' has no attribute 'config'",
        "/app/main.py:2 logging.config.dictConfig(CONFIG)",
    ),
    "an attribute of an object": (
        "AttributeError: 'Flask' object has no attribute 'before_first_request'",
        "/app/main.py:5 @app.before_first_request",
    ),
}


@pytest.mark.parametrize(("last", "frame"), NO_CASE.values(), ids=NO_CASE)
def test_what_is_no_missing_name_is_left_to_other_rules(last: str, frame: str) -> None:
    assert named(under_uvicorn(last, frame)) is None


def test_a_known_change_of_a_library_is_told_with_what_mends_it() -> None:
    log, *_ = CASES["another version"]

    finding = named(log)

    assert finding
    assert finding.fix[0] == "requirements.txt: Flask>=2.3, or Werkzeug<3"


def test_a_circle_is_told_by_its_way_and_by_what_breaks_it() -> None:
    log, *_ = CASES["a circle"]

    finding = named(log)

    assert finding
    assert finding.chain == ("main.py:2", "routes.py:2", "services.py:1", "bp")
    assert finding.fix[0] == "services.py:1: move the import into the function that uses bp"


def test_a_folder_in_the_way_is_to_be_renamed_as_a_whole() -> None:
    path = "/app/celery/__init__.py"
    last = f"ImportError: cannot import name 'X' from partially initialized module 'celery' {CIRCLE} ({path})"

    finding = named(under_uvicorn(last, f"{path}:1 from celery import X"))

    assert finding
    assert finding.fix[0].startswith("git mv celery celery_own")
