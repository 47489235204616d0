"""Identity tokens as Google's own libraries fetch them, and as the front end knows them again."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from google.auth import crypt, exceptions
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.identity import Identities, routes
from buddy_tui.emulator.rest import ACTING

AUDIENCE = "http://127.0.0.1:8123"
OPERATOR = "operator@example.com"
PROBER = "prober@demo.iam.gserviceaccount.com"


class Google:
    """The routes on a port, with what they share."""

    def __init__(self) -> None:
        self.identities, self.faults = Identities(), Faults()
        self.host = ""

    def whose(self, token: str) -> str:
        return self.identities.email(token, [AUDIENCE])


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    given = Google()
    app = web.Application()
    app.add_routes(routes(given.identities, given.faults, OPERATOR))
    async with TestServer(app, host="127.0.0.1") as server:
        given.host = f"127.0.0.1:{server.port}"
        yield given


class _AnyKey(crypt.Signer):
    """Signs with nothing: the emulator looks at no signature of an assertion."""

    key_id = "1"

    def sign(self, message: bytes) -> bytes:
        return b"signed"


async def _token(google: Google, audience: str | None = AUDIENCE) -> str:
    """Fetch a token as a service account with a key file does."""
    credentials: Any = service_account.IDTokenCredentials(  # type: ignore[no-untyped-call]
        _AnyKey(), PROBER, f"http://{google.host}/token", audience
    )
    await asyncio.to_thread(credentials.refresh, Request())
    return str(credentials.token)


async def test_a_service_account_gets_a_token_of_its_own(google: Google) -> None:
    token = await _token(google)

    assert google.whose(token) == PROBER
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["iss"], claims["aud"], claims["email_verified"]) == (
        "https://accounts.google.com",
        AUDIENCE,
        True,
    )


async def test_an_assertion_without_an_audience_is_refused(google: Google) -> None:
    with pytest.raises(exceptions.RefreshError, match="invalid_request"):
        await _token(google, audience=None)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x"}, "invalid_grant"),
    ],
)
async def test_another_grant_is_refused_in_oauths_words(
    google: Google, form: Mapping[str, str], error: str
) -> None:
    async with ClientSession() as http, http.post(f"http://{google.host}/token", data=form) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, error)


async def test_googles_library_finds_the_metadata_server_and_fetches_a_token(google: Google) -> None:
    code = (
        "from google.auth.transport.requests import Request; from google.oauth2.id_token import fetch_id_token;"
        f"print(fetch_id_token(Request(), {AUDIENCE!r}), end='')"
    )
    env = {**os.environ, "GCE_METADATA_HOST": google.host, "GCE_METADATA_IP": google.host}
    env.pop("GOOGLE_APPLICATION_CREDENTIALS", None)

    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )

    assert google.whose(done.stdout) == OPERATOR


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [({}, f"audience={AUDIENCE}", 403), ({"Metadata-Flavor": "Google"}, "format=full", 400)],
)
async def test_the_metadata_server_wants_its_header_and_an_audience(
    google: Google, headers: Mapping[str, str], query: str, status: int
) -> None:
    url = f"http://{google.host}/computeMetadata/v1/instance/service-accounts/default/identity?{query}"
    async with ClientSession() as http, http.get(url, headers=headers) as answer:
        assert answer.status == status


async def test_an_account_is_impersonated_unless_it_is_one_of_the_refused(google: Google) -> None:
    google.faults.refused_accounts = frozenset({"boss@example.com"})
    url = f"http://{google.host}/v1/projects/-/serviceAccounts/{{}}:generateIdToken"
    body = {"audience": AUDIENCE, "includeEmail": True}

    async with ClientSession() as http:
        async with http.post(url.format(PROBER), json=body) as answer:
            assert google.whose((await answer.json())["token"]) == PROBER
        async with http.post(url.format("boss@example.com"), json=body) as answer:
            refused = await answer.json()
        async with http.post(url.format(PROBER), json={}) as answer:
            assert answer.status == 400

    assert refused == {
        "error": {
            "code": 403,
            "message": "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).",
            "status": "PERMISSION_DENIED",
        }
    }


async def test_who_acts_as_an_account_calls_as_it_unless_it_is_one_of_the_refused(google: Google) -> None:
    google.faults.refused_accounts = frozenset({"boss@example.com"})
    url = f"http://{google.host}/v1/projects/-/serviceAccounts/{{}}:generateAccessToken"

    async with ClientSession() as http:
        async with http.post(url.format(PROBER), json={}) as answer:
            lent = await answer.json()
        async with http.post(url.format("boss@example.com"), json={}) as answer:
            status, refused = answer.status, await answer.json()

    assert lent["accessToken"] == f"{ACTING}{PROBER}"
    assert datetime.fromisoformat(lent["expireTime"]) > datetime.now(UTC)
    assert (status, "getAccessToken" in refused["error"]["message"]) == (403, True)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        Identities().sign(OPERATOR, AUDIENCE),
        jwt.encode({"aud": AUDIENCE, "email": OPERATOR}, "", algorithm="none"),
    ],
    ids=["empty", "malformed", "another signer", "unsigned"],
)
def test_a_token_that_is_not_ours_is_nobodys(token: str) -> None:
    with pytest.raises(jwt.InvalidTokenError):
        Identities().email(token, [AUDIENCE])


def test_a_token_is_good_for_its_audience_and_its_hour_only() -> None:
    identities = Identities()

    assert (
        identities.email(identities.sign(OPERATOR, AUDIENCE), ["https://other.example", AUDIENCE]) == OPERATOR
    )
    with pytest.raises(jwt.InvalidAudienceError):
        identities.email(identities.sign(OPERATOR, AUDIENCE), [f"{AUDIENCE}/"])
    with pytest.raises(jwt.ExpiredSignatureError):
        identities.email(identities.sign(OPERATOR, AUDIENCE, lifetime=-1), [AUDIENCE])
