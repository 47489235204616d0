"""Signing in, with credentials made for the test and a token server on loopback."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import iam

from buddy_tui.config import Known, Settings
from buddy_tui.errors import BuddyError, Denied, NotSignedIn, Unreachable
from buddy_tui.gcp.clients import Clients, open_clients

ROBOT = "robot@acme-prod.iam.gserviceaccount.com"
TOKEN = {"access_token": "made-up", "expires_in": 3600, "token_type": "Bearer"}


@asynccontextmanager
async def token_server(status: int, answer: dict[str, Any]) -> AsyncGenerator[str, None]:
    async def token(_request: web.Request) -> web.Response:
        return web.json_response(answer, status=status)

    app = web.Application()
    app.router.add_post("/token", token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def key() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.fixture
def credentials(tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "robot.json"
    path.write_text(key, encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return path


def write(path: Path, token_uri: str) -> None:
    robot = {
        "type": "service_account",
        "client_email": ROBOT,
        "private_key": path.read_text(encoding="utf-8"),
        "private_key_id": "1",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(robot), encoding="utf-8")


async def opened(settings: Settings) -> Clients:
    clients = await open_clients(settings)
    for channel in clients.channels:
        await channel.close(None)
    return clients


async def test_signing_in_gives_a_token_and_tells_who_we_are(credentials: Path) -> None:
    async with token_server(200, TOKEN) as uri:
        write(credentials, uri)
        settings = Settings(
            project=Known("acme-prod"),
            account=Known("alice@example.com", "gcloud"),
            quota_project=Known("who-pays", "gcloud"),
        )

        clients = await opened(settings)

    assert clients.credentials.token == "made-up"  # noqa: S105 - made up
    assert clients.credentials.quota_project_id == "who-pays"
    assert clients.about.member == clients.about.signed_in == f"serviceAccount:{ROBOT}"
    assert (clients.rest, clients.about.host) == ("https://run.googleapis.com", "run.googleapis.com")


@pytest.mark.parametrize(
    ("status", "answer", "kind", "sentence"),
    [
        (
            400,
            {"error": "invalid_grant"},
            NotSignedIn,
            "The sign-in to Google Cloud has expired or was withdrawn.",
        ),
        (401, {"error": "disabled_client"}, NotSignedIn, "The sign-in to Google Cloud has expired"),
    ],
)
async def test_a_sign_in_that_is_refused_is_told(
    credentials: Path, status: int, answer: dict[str, Any], kind: type[BuddyError], sentence: str
) -> None:
    async with token_server(status, answer) as uri:
        write(credentials, uri)
        with pytest.raises(kind, match=sentence):
            await opened(Settings(project=Known("acme-prod")))


async def test_a_token_server_that_cannot_be_reached_is_told(credentials: Path) -> None:
    write(credentials, "http://127.0.0.1:1/token")

    with pytest.raises(Unreachable, match="Google's sign-in server cannot be reached"):
        await opened(Settings(project=Known("acme-prod")))


async def test_certificates_that_are_not_there_are_told_with_the_variables_that_name_them(
    credentials: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "lost.pem"))
    write(credentials, "https://127.0.0.1:1/token")

    with pytest.raises(Unreachable, match=r"lost\.pem") as told:
        await opened(Settings(project=Known("acme-prod")))

    assert "REQUESTS_CA_BUNDLE" in told.value.hint


def test_what_googles_libraries_say_of_an_ageing_python_does_not_reach_the_screen() -> None:
    code = (
        "import warnings\nfrom buddy_tui import gcp\ngcp.load()\n"
        "warnings.warn('You are using a Python version (3.11.7) which Google will stop supporting', FutureWarning)\n"
        "warnings.warn('You are using a non-supported Python version (3.11.7).', FutureWarning)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("", "")


async def test_an_emulated_cloud_run_needs_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file")
    monkeypatch.setenv("CLOUD_RUN_EMULATOR_REST", "127.0.0.1:8080")

    clients = await opened(Settings(emulated=Known("127.0.0.1:9", "CLOUD_RUN_EMULATOR_HOST")))

    assert (clients.credentials, clients.rest) == (None, "http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("origin", "account"),
    [
        ("CLOUDSDK_CORE_ACCOUNT", "alice@example.com"),
        ("core/account of gcloud's configuration default", "alice@example.com"),
        ("buddy.toml:3", ""),
    ],
)
async def test_gcloud_is_asked_for_the_account_that_gcloud_itself_named(origin: str, account: str) -> None:
    emulated = Known("127.0.0.1:9", "CLOUD_RUN_EMULATOR_HOST")

    clients = await opened(Settings(emulated=emulated, account=Known("alice@example.com", origin)))

    assert clients.gcloud_account == account


async def test_who_is_impersonated_is_not_who_signed_in(
    credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = {
        "error": {
            "code": 403,
            "message": "Permission 'iam.serviceAccounts.getAccessToken' denied on resource",
        }
    }
    async with token_server(200, TOKEN) as uri, token_server(403, refusal) as refusing:
        write(credentials, uri)
        monkeypatch.setattr(iam, "_IAM_ENDPOINT", refusing)
        with pytest.raises(Denied) as told:
            await opened(
                Settings(
                    project=Known("acme-prod"), impersonate=Known("boss@acme-prod.iam.gserviceaccount.com")
                )
            )

    assert "on service account boss@acme-prod.iam.gserviceaccount.com" in str(told.value)
    assert f"--member=serviceAccount:{ROBOT}" in told.value.hint
