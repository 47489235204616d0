"""Names of modules and of what brings them."""

import pytest

from buddy_tui.rules.distributions import (
    akin,
    ambiguous,
    backport,
    distribution_of,
    gone,
    in_python,
    requirement_of,
    well_known,
)

BRINGS = {
    "yaml": "PyYAML",
    "cv2": "opencv-python-headless",
    "PIL.Image": "Pillow",
    "sklearn.linear_model": "scikit-learn",
    "google.cloud.storage": "google-cloud-storage",
    "google.cloud.firestore_v1": "google-cloud-firestore",
    "google.cloud.secretmanager_v1": "google-cloud-secret-manager",
    "google.cloud.sql.connector": "cloud-sql-python-connector",
    "google.genai": "google-genai",
    "google.protobuf.runtime_version": "protobuf",
    "opentelemetry.instrumentation.fastapi": "opentelemetry-instrumentation-fastapi",
    "llama_index.llms.openai": "llama-index-llms-openai",
    "fastapi": "fastapi",
    "flask_login": "flask-login",
    "never_heard_of": "never-heard-of",
}


@pytest.mark.parametrize(("module", "name"), BRINGS.items())
def test_a_module_is_brought_by_its_distribution(module: str, name: str) -> None:
    assert distribution_of(module) == name


def test_a_line_of_requirements_may_say_more_than_the_name() -> None:
    assert requirement_of("psycopg") == "psycopg[binary]"
    assert requirement_of("pkg_resources").startswith("setuptools<81")
    assert requirement_of("stripe") == "stripe"


@pytest.mark.parametrize("module", ["boto3", "google.cloud.run", "yaml", "sqlalchemy.orm"])
def test_widely_used_packages_are_known_by_their_first_part(module: str) -> None:
    assert well_known(module)


@pytest.mark.parametrize("module", ["app", "Back_End", "settings", "utils", "whiteboard_metrics", ""])
def test_names_of_projects_own_modules_are_no_known_packages(module: str) -> None:
    assert not well_known(module)


def test_names_that_both_use_are_known_as_such() -> None:
    assert well_known("validators")
    assert ambiguous("validators")


def test_an_add_on_is_akin_to_what_it_adds_to() -> None:
    assert akin("psycopg_pool_missing") == "psycopg_pool"
    assert akin("whiteboard_metrics") == ""


def test_what_python_dropped_or_added_is_told_with_what_brings_it_back() -> None:
    assert in_python("distutils")
    assert gone("distutils.util")
    assert backport("tomllib") == "tomli"
    assert backport("imp") == ""
