"""Credentials that are not there, or no good."""

import pytest

from buddy_tui.finding import Cause, Confidence
from buddy_tui.rules.credentials import credentials
from tests.core.rules.evidence_of import SERVICE, crash, evidence_of

AUTH = "google.auth.exceptions."
TOLD = [
    (
        f"{AUTH}DefaultCredentialsError: File /app/key.json was not found.",
        "/app/key.json",
        Confidence.CERTAIN,
    ),
    (f"{AUTH}DefaultCredentialsError: Your default credentials were not found.", "", Confidence.CERTAIN),
    (f"{AUTH}RefreshError: ('invalid_grant: Invalid JWT Signature.', {{}})", "", Confidence.CERTAIN),
    (f"{AUTH}TransportError: Failed to retrieve http://metadata.google.internal/x", "", Confidence.LIKELY),
    ('ValueError: Invalid certificate argument: "None"', "", Confidence.LIKELY),
    ("ValueError: Failed to initialize a certificate credential.", "", Confidence.LIKELY),
    ("botocore.exceptions.NoCredentialsError: Unable to locate credentials", "", Confidence.CERTAIN),
]


@pytest.mark.parametrize(("last", "path", "confidence"), TOLD, ids=[one[0][:60] for one in TOLD])
def test_missing_credentials_are_recognised(last: str, path: str, confidence: Confidence) -> None:
    finding = credentials(evidence_of(crash("initialize()", last)))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (Cause.CREDENTIALS, path, confidence)
    assert finding.exception == last.partition(":")[0]


def test_a_key_file_that_is_not_there_is_not_needed_on_cloud_run() -> None:
    finding = credentials(evidence_of(crash("initialize()", TOLD[0][0])))

    assert finding
    assert finding.fix[0] == f"{SERVICE} --remove-env-vars=GOOGLE_APPLICATION_CREDENTIALS"


def test_a_key_that_was_given_in_place_of_a_path_is_not_repeated() -> None:
    last = (
        """google.auth.exceptions.DefaultCredentialsError: File {"private_key": "hunter2"} was not found."""
    )

    finding = credentials(evidence_of(crash("initialize()", last)))

    assert finding
    assert finding.missing == ""
    assert "hunter2" not in repr(finding)


def test_other_errors_are_none_of_ours() -> None:
    assert (
        credentials(evidence_of(crash("initialize()", "ValueError: The default Firebase app exists.")))
        is None
    )
