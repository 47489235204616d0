"""Images and secrets that Cloud Run could not read: in conditions, in audit events, in gcloud's words."""

from collections.abc import Callable

import pytest

from buddy_tui.finding import Cause, Confidence
from buddy_tui.model import Condition, ConditionState, Revision
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.image import image_not_found, image_permission, secret_permission
from tests.core.rules.evidence_of import PASSED, REVISION, START, evidence_of

IMAGE = "europe-west1-docker.pkg.dev/acme-build/apps/api:v2"
AGENT = "service-12345@serverless-robot-prod.iam.gserviceaccount.com"
ACCOUNT = "run@acme-prod.iam.gserviceaccount.com"
NO_IMAGE = f"Image '{IMAGE}' not found."
REFUSED = f"Google Cloud Run Service Agent {AGENT} must have permission to read the image, {IMAGE}. Ensure that it has."
SECRETS = " ".join(
    f"spec.template.spec.containers[0].env[{number}].value_from.secret_key_ref.name: Permission denied on secret: "
    f"projects/12345/secrets/{name}/versions/latest for Revision service account {ACCOUNT}. The service account used "
    "must be granted the 'Secret Manager Secret Accessor' role."
    for number, name in enumerate(("db-password", "stripe"))
)


def by_event(message: str) -> Evidence:
    return evidence_of(
        f"event Ready condition status changed to False for Revision {REVISION} with message: {message}"
    )


def by_condition(message: str) -> Evidence:
    ready = Condition("Ready", ConditionState.FAILED, message=message)
    return evidence_of(revision=Revision(REVISION, service="api", message=message, conditions=(ready,)))


BOTH = pytest.mark.parametrize("told", [by_event, by_condition])


@BOTH
def test_an_image_that_is_not_there_is_looked_for_in_its_repository(told: Callable[[str], Evidence]) -> None:
    finding = image_not_found(told(NO_IMAGE))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.IMAGE_NOT_FOUND,
        IMAGE,
        Confidence.CERTAIN,
    )
    assert finding.boots is False
    assert finding.fix[0] == (
        "gcloud artifacts docker images list europe-west1-docker.pkg.dev/acme-build/apps --include-tags"
    )
    assert "not found" in finding.evidence[0].text


@BOTH
def test_the_service_agent_is_granted_the_repository(told: Callable[[str], Evidence]) -> None:
    finding = image_permission(told(REFUSED))

    assert finding
    assert (finding.cause, finding.missing) == (Cause.IMAGE_PERMISSION, IMAGE)
    assert finding.fix == (
        (
            "gcloud artifacts repositories add-iam-policy-binding apps --location=europe-west1 --project=acme-build "
            f"--member=serviceAccount:{AGENT} --role=roles/artifactregistry.reader"
        ),
    )


@BOTH
def test_every_secret_that_was_refused_gets_its_grant(told: Callable[[str], Evidence]) -> None:
    finding = secret_permission(told(SECRETS))

    assert finding
    assert (finding.cause, finding.missing) == (Cause.SECRET_PERMISSION, "db-password")
    assert finding.fix == tuple(
        f"gcloud secrets add-iam-policy-binding {name} --project=12345 --member=serviceAccount:{ACCOUNT} "
        "--role=roles/secretmanager.secretAccessor"
        for name in ("db-password", "stripe")
    )
    assert "stripe" in finding.observed


def test_a_secret_that_does_not_exist_is_told_as_such() -> None:
    finding = secret_permission(
        by_condition("Secret projects/12345/secrets/db/versions/latest was not found")
    )

    assert finding
    assert finding.summary == "The secret db, or a version of it, does not exist."


def test_an_old_registry_is_granted_by_its_project() -> None:
    finding = image_permission(by_event(REFUSED.replace(IMAGE, "gcr.io/acme-build/api")))

    assert finding
    assert finding.fix[0].startswith("gcloud projects add-iam-policy-binding acme-build --member=")


def test_what_was_refused_to_another_revision_is_not_held_against_this_one() -> None:
    other = (
        f"event Ready condition status changed to False for Revision api-00006-old with message: {NO_IMAGE}"
    )

    assert image_not_found(evidence_of(other, START, "loading", "sys Container called exit(3).")) is None


def test_a_program_that_came_up_was_not_refused_its_image() -> None:
    assert image_not_found(evidence_of(START, PASSED, NO_IMAGE)) is None
