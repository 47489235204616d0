"""Identity tokens, and whose they are."""

import base64
import json

import pytest

from buddy_tui.errors import NotSignedIn
from buddy_tui.probes.front_end import Pass
from buddy_tui.probes.passes import Passes, email_in
from tests.fakes import FakeReads

AUDIENCE = "https://api.run.app"


def token(payload: object) -> str:
    claims = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"header.{claims}.signature"


@pytest.mark.parametrize(
    ("given", "email"),
    [
        (token({"email": "bot@acme.iam.gserviceaccount.com"}), "bot@acme.iam.gserviceaccount.com"),
        (token({"email": "bot\x1b[2J@acme.com"}), "bot@acme.com"),
        (token({"sub": "1"}), ""),
        (token(["email"]), ""),
        ("no token", ""),
        ("a.%%%.c", ""),
        ("a.\xff.c", ""),
    ],
)
def test_the_account_is_read_from_the_token_where_it_says(given: str, email: str) -> None:
    assert email_in(given) == email


async def test_credentials_that_could_not_be_had_are_looked_for_again_after_a_minute() -> None:
    reads, now = FakeReads(), 0.0
    reads.fail("identity_token", NotSignedIn("No credentials.", "gcloud auth login"))
    passes = Passes(reads, lambda: now)

    first = await passes.for_audience(AUDIENCE)
    now = 59.0
    soon = await passes.for_audience(AUDIENCE)
    now = 61.0
    later = await passes.for_audience(AUDIENCE)

    assert first == soon == Pass(trouble="No credentials.", hint="gcloud auth login")
    assert later.token == f"token-for-{AUDIENCE}"
    assert reads.count("identity_token") == 2
