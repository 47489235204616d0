"""Google's errors in our words, where no server is needed to make them."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.api_core import exceptions as api_exceptions
from google.auth import exceptions as auth_exceptions

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.errors import ApiDisabled, BuddyError, Denied, NotSignedIn, ServerTrouble, Unreachable
from buddy_tui.gcp.errors import SIGN_IN, About, translate

# Their constructors carry no types.
api: Any = api_exceptions
auth: Any = auth_exceptions

DEPLOYER = "deployer@acme-prod.iam.gserviceaccount.com"
RUNTIME = "123-compute@developer.gserviceaccount.com"
ABOUT = About(
    project="acme-prod",
    region="europe-west1",
    what="service api",
    member="user:alice@example.com",
    service_account=DEPLOYER,
    signed_in="user:bob@example.com",
    seconds=8.0,
)
REFUSED = {
    "error": {"code": 403, "message": "Permission 'iam.serviceAccounts.getAccessToken' denied on resource"}
}


@pytest.mark.parametrize(
    ("error", "kind", "sentence", "hint"),
    [
        (
            auth.DefaultCredentialsError("none"),
            NotSignedIn,
            "You are not signed in to Google Cloud.",
            SIGN_IN,
        ),
        (auth.RefreshError("invalid_grant"), NotSignedIn, "The sign-in to Google Cloud has expired", SIGN_IN),
        (
            auth.TransportError("no route"),
            Unreachable,
            "Google's sign-in server cannot be reached.",
            "network",
        ),
        (
            auth.RefreshError("Permission 'iam.serviceAccounts.getAccessToken' denied on resource"),
            Denied,
            f"You lack iam.serviceAccounts.getAccessToken on service account {DEPLOYER}",
            f"{DEPLOYER} --member=user:bob@example.com --role=roles/iam.serviceAccountTokenCreator",
        ),
        (
            auth.RefreshError("Unable to acquire impersonated credentials", json.dumps(REFUSED)),
            Denied,
            f"You lack iam.serviceAccounts.getAccessToken on service account {DEPLOYER}",
            f"{DEPLOYER} --member=user:bob@example.com --role=roles/iam.serviceAccountTokenCreator",
        ),
        (
            auth.RefreshError("Error getting ID token: API has not been used in project 12345 before"),
            ApiDisabled,
            "Project 12345 has not enabled iamcredentials.googleapis.com.",
            "gcloud services enable iamcredentials.googleapis.com --project 12345",
        ),
        (
            api.ServiceUnavailable("Getting metadata from plugin failed with error: invalid_grant: expired"),
            NotSignedIn,
            "The sign-in to Google Cloud has expired",
            SIGN_IN,
        ),
        (
            api.ServiceUnavailable("Getting metadata from plugin failed with error: Max retries exceeded"),
            Unreachable,
            "Google's sign-in server cannot be reached.",
            "network",
        ),
        (
            api.RetryError("Timeout of 2.0s exceeded", api.ServiceUnavailable("DNS resolution failed for x")),
            Unreachable,
            "run.googleapis.com cannot be reached: its name does not resolve.",
            "https_proxy",
        ),
        (
            api.DeadlineExceeded("Deadline Exceeded"),
            Unreachable,
            "run.googleapis.com did not answer within 8 s.",
            "https_proxy",
        ),
        (httpx.ConnectTimeout("slow"), Unreachable, "run.googleapis.com did not answer within 8 s.", ""),
        (httpx.RemoteProtocolError("odd"), Unreachable, "run.googleapis.com cannot be reached", ""),
        (
            api.Forbidden("Permission 'iam.serviceaccounts.actAs' denied on resource (or it may not exist)."),
            Denied,
            "You lack iam.serviceAccounts.actAs on project acme-prod; roles/iam.serviceAccountUser has it.",
            "--member=user:alice@example.com --role=roles/iam.serviceAccountUser",
        ),
        (
            api.Forbidden(f"Permission 'iam.serviceAccounts.actAs' denied on service account {RUNTIME}."),
            Denied,
            f"You lack iam.serviceAccounts.actAs on service account {RUNTIME}",
            f"add-iam-policy-binding {RUNTIME} --member=user:alice@example.com",
        ),
        (
            api.BadGateway("<html>"),
            ServerTrouble,
            "run.googleapis.com failed: <html>",
            "status.cloud.google.com",
        ),
    ],
)
def test_an_error_becomes_one_sentence_and_the_way_out(
    error: Exception, kind: type[BuddyError], sentence: str, hint: str
) -> None:
    told = translate(error, ABOUT)

    assert type(told) is kind
    assert sentence in str(told)
    assert hint in told.hint


def test_an_exception_that_is_not_googles_is_raised_again() -> None:
    with pytest.raises(ZeroDivisionError):
        translate(ZeroDivisionError("a bug"), ABOUT)


def test_an_api_that_is_disabled_is_the_one_that_was_called_where_google_does_not_name_it() -> None:
    error = api.Forbidden("Cloud Firestore API has not been used in project 123 before or it is disabled.")

    told = translate(error, About("acme-prod", host="firestore.googleapis.com"))

    assert told.hint == "gcloud services enable firestore.googleapis.com --project acme-prod"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "there is no such file"),
        ("no JSON", "its text cannot be understood"),
        (json.dumps({"type": "authorized_user"}), "The file of Application Default Credentials is broken."),
        (json.dumps({"type": "no_such_type"}), "You are not signed in to Google Cloud."),
    ],
)
async def test_credentials_that_cannot_be_used_are_told_with_the_way_to_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, sentence: str
) -> None:
    path = tmp_path / "adc.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))

    with pytest.raises(NotSignedIn) as told:
        await gcp.connect(Settings(project=Known("acme-prod")))

    assert sentence in str(told.value)
    assert told.value.hint == SIGN_IN
