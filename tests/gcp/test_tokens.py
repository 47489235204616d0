"""Identity tokens: from everybody who hands them out, kept, fetched once, and never told."""

import asyncio
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import compute_engine, iam, identity_pool, impersonated_credentials
from google.auth.compute_engine import _metadata
from google.auth.credentials import AnonymousCredentials
from google.oauth2 import credentials as user
from google.oauth2 import service_account

from buddy_tui.errors import (
    ApiDisabled,
    BuddyError,
    Denied,
    NotFound,
    NotSignedIn,
    ServerTrouble,
    Unreachable,
)
from buddy_tui.gcp import gcloud
from buddy_tui.gcp.blocking import in_thread
from buddy_tui.gcp.clients import Clients
from buddy_tui.gcp.errors import About
from buddy_tui.gcp.tokens import GoogleTokens
from tests.gcp.identity_server import Identities, running, token

AUDIENCE = "https://api-abc123-ew.a.run.app"
OTHER = "https://other-abc123-ew.a.run.app"
ROBOT = "robot@acme-prod.iam.gserviceaccount.com"
DEPLOYER = "deployer@acme-prod.iam.gserviceaccount.com"
STEP = "step@acme-prod.iam.gserviceaccount.com"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
IAM = "/v1/projects/-/serviceAccounts/{}"
# What carries no types of its own.
Foreign: Any = AnonymousCredentials

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)


@asynccontextmanager
async def tokens(
    identities: Identities, credentials: object = None, account: str = ""
) -> AsyncGenerator[GoogleTokens, None]:
    nobody: Any = None
    about = About("acme-prod", host="run.googleapis.com", signed_in="user:alice@example.com")
    clients = Clients(nobody, nobody, nobody, nobody, (), credentials, identities.base, about, account)
    made = GoogleTokens(clients)
    try:
        yield made
    finally:
        await made.close()


def impersonated(delegates: list[str] | None = None) -> object:
    make: Any = impersonated_credentials.Credentials
    return make(Foreign(), DEPLOYER, SCOPES, delegates=delegates)


def iam_at(identities: Identities, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam, "_IAM_IDTOKEN_ENDPOINT", f"{identities.base}{IAM}:generateIdToken")


async def test_an_emulated_world_has_a_metadata_server_and_needs_no_credentials() -> None:
    async with running(Identities()) as identities, tokens(identities) as made:
        text = await made.identity_token(AUDIENCE)

    assert [text] == identities.issued
    assert identities.asked == [("metadata", AUDIENCE)]


async def test_a_service_account_signs_for_its_token_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    path = tmp_path / "robot.json"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    async with running(Identities()) as identities:
        info = {
            "type": "service_account",
            "client_email": ROBOT,
            "private_key": key,
            "private_key_id": "1",
            "token_uri": f"{identities.base}/token",
        }
        path.write_text(json.dumps(info), encoding="utf-8")
        load: Any = service_account.Credentials.from_service_account_file
        async with tokens(identities, load(str(path), scopes=SCOPES)) as made:
            text = await made.identity_token(AUDIENCE)

    assert [text] == identities.issued
    assert identities.asked == [(ROBOT, AUDIENCE)]


async def test_an_impersonated_account_is_named_in_its_token_and_the_chain_of_delegates_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(Identities()) as identities, tokens(identities, impersonated([STEP])) as made:
        iam_at(identities, monkeypatch)
        text = await made.identity_token(AUDIENCE)

    assert [text] == identities.issued
    assert identities.asked == [(DEPLOYER, AUDIENCE)]
    assert identities.bodies == [{"audience": AUDIENCE, "delegates": [STEP], "includeEmail": True}]


def federated(identities: Identities, subject: Path, *, acts: bool) -> object:
    info = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{identities.base}/sts",
        "credential_source": {"file": str(subject)},
    }
    if acts:
        info["service_account_impersonation_url"] = (
            f"{identities.base}{IAM.format(DEPLOYER)}:generateAccessToken"
        )
    load: Any = identity_pool.Credentials.from_info
    return load(info, scopes=SCOPES)


async def test_a_federated_identity_gets_the_token_of_the_account_that_it_acts_as(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = tmp_path / "subject"
    subject.write_text("somebody", encoding="utf-8")
    async with running(Identities()) as identities:
        iam_at(identities, monkeypatch)
        async with tokens(identities, federated(identities, subject, acts=True)) as made:
            text = await made.identity_token(AUDIENCE)

    assert [text] == identities.issued
    assert identities.asked == [(DEPLOYER, AUDIENCE)]


async def test_a_federated_identity_that_acts_as_nobody_has_no_token(tmp_path: Path) -> None:
    identities = Identities()

    async with tokens(identities, federated(identities, tmp_path / "none", acts=False)) as made:
        with pytest.raises(NotSignedIn, match="make no identity tokens") as told:
            await made.identity_token(AUDIENCE)

    assert "--impersonate-service-account" in told.value.hint


@pytest.mark.parametrize("answer", [None, (404, "not found")])
async def test_a_machine_asks_its_metadata_server(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str] | None
) -> None:
    async with running(Identities(answer=answer)) as identities:
        host = identities.base.removeprefix("http://")
        monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", host)
        monkeypatch.setattr(
            _metadata, "_METADATA_ROOT", f"{identities.base}/computeMetadata/v1/", raising=False
        )
        attached: Any = compute_engine.Credentials
        async with tokens(identities, attached()) as made:
            if answer is None:
                assert await made.identity_token(AUDIENCE) == identities.issued[0]
            else:
                with pytest.raises(
                    NotSignedIn, match="The metadata server of this machine gives no identity token"
                ):
                    await made.identity_token(AUDIENCE)

    assert identities.asked[0] == ("metadata", AUDIENCE)


def alice() -> object:
    make: Any = user.Credentials
    return make("made-up-access", refresh_token="made-up-refresh")  # noqa: S106 - made up


@pytest.fixture
def fake_gcloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a gcloud on the PATH that runs this Python code; it writes its arguments into the file that is returned."""

    def install(code: str) -> Path:
        script, seen = tmp_path / "gcloud.py", tmp_path / "arguments.json"
        noted = (
            f"import json, pathlib, sys\npathlib.Path({str(seen)!r}).write_text(json.dumps(sys.argv[1:]))\n"
        )
        script.write_text(noted + code, encoding="utf-8")
        if os.name == "nt":
            (tmp_path / "gcloud.cmd").write_text(f'@"{sys.executable}" "{script}" %*\n', encoding="utf-8")
        else:
            program = tmp_path / "gcloud"
            program.write_text(f'#!/bin/sh\n"{sys.executable}" "{script}" "$@"\n', encoding="utf-8")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
        return seen

    return install


@pytest.mark.parametrize(
    ("account", "named"),
    [("alice@example.com", ["--account=alice@example.com"]), ("", []), ("alice@example.com&calc", [])],
)
async def test_a_user_account_has_gclouds_token_for_every_audience(
    fake_gcloud: Callable[[str], Path], account: str, named: list[str]
) -> None:
    text = token("gcloud's own")
    seen = fake_gcloud(f"print({text!r})")

    async with tokens(Identities(), alice(), account) as made:
        assert await made.identity_token(AUDIENCE) == text
        seen.rename(seen.with_suffix(".first"))
        assert await made.identity_token(OTHER) == text

    assert not seen.exists()
    told = json.loads(seen.with_suffix(".first").read_text(encoding="utf-8"))
    assert told == ["auth", "print-identity-token", "--quiet", *named]


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        (
            "sys.exit('ERROR: (gcloud.auth.print-identity-token) \\x1b[2JYou have no account.\\nPlease run:\\n  $ gcloud auth login')",
            NotSignedIn,
            "gcloud gives no identity token: You have no account.",
        ),
        ("sys.exit(3)", NotSignedIn, "gcloud gives no identity token: it does not say why."),
        (
            "sys.exit('ERROR: Max retries exceeded: [Errno 111] Connection refused')",
            Unreachable,
            "gcloud gives no identity token: connection refused.",
        ),
        ("print('no token at all')", ServerTrouble, "What came instead of an identity token cannot be read."),
    ],
)
async def test_what_gcloud_cannot_do_is_told(
    fake_gcloud: Callable[[str], Path], code: str, kind: type[BuddyError], sentence: str
) -> None:
    fake_gcloud(code)

    async with tokens(Identities(), alice()) as made:
        with pytest.raises(kind) as told:
            await made.identity_token(AUDIENCE)

    assert str(told.value) == sentence


@pytest.mark.parametrize("path", ["", "."])
async def test_without_gcloud_a_user_is_told_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    (tmp_path / "gcloud").write_text("#!/bin/sh\necho hostile\n", encoding="utf-8")
    (tmp_path / "gcloud").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path)

    async with tokens(Identities(), alice()) as made:
        with pytest.raises(NotSignedIn, match="without gcloud, and it is not installed") as told:
            await made.identity_token(AUDIENCE)

    assert "--impersonate-service-account" in told.value.hint


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups here")
async def test_a_gcloud_that_hangs_is_ended_with_all_that_it_started(
    fake_gcloud: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pid"
    fake_gcloud(f"import os, time\npathlib.Path({str(note)!r}).write_text(str(os.getpid()))\ntime.sleep(60)")
    monkeypatch.setattr(gcloud, "_SECONDS", 1.0)

    async with tokens(Identities(), alice()) as made:
        with pytest.raises(Unreachable, match=r"gcloud gave no identity token within 1 s\."):
            await made.identity_token(AUDIENCE)

    # It is somebody else's child, who reaps it when they do.
    for _ in range(100):
        if _gone(int(note.read_text(encoding="utf-8"))):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the hanging gcloud is still there")


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].startswith("Z")
    except FileNotFoundError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(("lifetime", "fetches"), [(3600.0, 1), (330.0, 1), (290.0, 2)])
async def test_a_token_is_kept_until_five_minutes_before_it_expires(lifetime: float, fetches: int) -> None:
    async with running(Identities(lifetime)) as identities, tokens(identities) as made:
        first = await made.identity_token(AUDIENCE)
        second = await made.identity_token(AUDIENCE)

    assert [first, second] == [identities.issued[0], identities.issued[-1]]
    assert len(identities.asked) == fetches


async def test_each_audience_has_a_token_of_its_own() -> None:
    async with running(Identities()) as identities, tokens(identities) as made:
        texts = {await made.identity_token(one) for one in (AUDIENCE, OTHER, AUDIENCE)}

    assert len(texts) == 2
    assert identities.asked == [("metadata", AUDIENCE), ("metadata", OTHER)]


async def test_who_asks_at_once_shares_one_fetch_and_one_who_leaves_disturbs_nobody() -> None:
    async with running(Identities()) as identities, tokens(identities) as made:
        waiting = [asyncio.create_task(made.identity_token(AUDIENCE)) for _ in range(20)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        done = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(done[0], asyncio.CancelledError)
    assert set(map(str, done[1:])) == set(identities.issued)
    assert len(identities.issued) == 1


async def test_a_failure_is_shared_and_not_remembered() -> None:
    async with running(Identities(answer=(500, "no"))) as identities, tokens(identities) as made:
        told = await asyncio.gather(
            *(made.identity_token(AUDIENCE) for _ in range(5)), return_exceptions=True
        )
        identities.answer = None
        text = await made.identity_token(AUDIENCE)

    assert {type(one) for one in told} == {ServerTrouble}
    assert [text] == identities.issued[1:]


async def test_closing_ends_a_fetch_that_is_under_way() -> None:
    async with running(Identities()) as identities, tokens(identities) as made:
        waiting = asyncio.create_task(made.identity_token(AUDIENCE))
        await asyncio.sleep(0)
        await made.close()

        with pytest.raises(asyncio.CancelledError):
            await waiting


LACKING = (
    f"You lack iam.serviceAccounts.getOpenIdToken on service account {DEPLOYER}; "
    "roles/iam.serviceAccountOpenIdTokenCreator has it."
)
GRANT = (
    f"gcloud iam service-accounts add-iam-policy-binding {DEPLOYER} --member=user:alice@example.com "
    "--role=roles/iam.serviceAccountOpenIdTokenCreator"
)


def refusal(code: int, message: str) -> tuple[int, Any]:
    return code, {"error": {"code": code, "message": message, "status": "NO"}}


@pytest.mark.parametrize(
    ("answer", "kind", "sentence", "hint"),
    [
        (
            refusal(
                403,
                "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).",
            ),
            Denied,
            LACKING,
            GRANT,
        ),
        (
            refusal(403, "It's said: Permission 'iam.serviceAccounts.getOpenIdToken' \"denied\"."),
            Denied,
            LACKING,
            GRANT,
        ),
        (
            refusal(
                403,
                "IAM Service Account Credentials API has not been used in project 123456 before or it is disabled.",
            ),
            ApiDisabled,
            "Project 123456 has not enabled iamcredentials.googleapis.com.",
            "gcloud services enable iamcredentials.googleapis.com --project 123456",
        ),
        (
            refusal(404, f"Not found; Gaia id not found for email {DEPLOYER}"),
            NotFound,
            f"There is no service account {DEPLOYER}.",
            "gcloud iam service-accounts list",
        ),
        (
            (200, "no JSON"),
            ServerTrouble,
            "What came instead of an identity token cannot be read.",
            "Try again.",
        ),
        (
            (502, "<html>"),
            ServerTrouble,
            "What came instead of an identity token cannot be read.",
            "Try again.",
        ),
    ],
)
async def test_a_refused_impersonation_is_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any], kind: type[BuddyError], sentence: str, hint: str
) -> None:
    async with running(Identities(answer=answer)) as identities, tokens(identities, impersonated()) as made:
        iam_at(identities, monkeypatch)
        with pytest.raises(kind) as told:
            await made.identity_token(AUDIENCE)

    assert (str(told.value), told.value.hint) == (sentence, hint)


async def test_nobody_who_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Identities(base="http://127.0.0.1:1")
    iam_at(nowhere, monkeypatch)

    async with tokens(nowhere, impersonated()) as made, tokens(nowhere) as emulated:
        with pytest.raises(
            Unreachable, match="identity server cannot be reached, or did not answer within 10 s"
        ):
            await made.identity_token(AUDIENCE)
        with pytest.raises(Unreachable, match="cannot be reached"):
            await emulated.identity_token(AUDIENCE)


SECRET = "eyJzZWNyZXQ"  # noqa: S105 - made up


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"token": f"{SECRET}.{SECRET}"}),
        (200, {"token": f"{SECRET}.{SECRET}.{SECRET}"}),
        (200, {"tokens": f"{SECRET}.{SECRET}.{SECRET}"}),
        (200, SECRET),
        (403, {"error": {"message": SECRET}}),
    ],
)
async def test_a_token_is_in_no_error_and_in_nothing_that_an_error_came_from(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answer: tuple[int, Any]
) -> None:
    caplog.set_level(logging.WARNING)
    async with running(Identities(answer=answer)) as identities, tokens(identities, impersonated()) as made:
        iam_at(identities, monkeypatch)
        with pytest.raises(BuddyError) as told:
            await made.identity_token(AUDIENCE)

    assert (told.value.__cause__, told.value.__context__) == (None, None)
    assert SECRET not in "".join(traceback.format_exception(told.value)) + told.value.hint + caplog.text


async def test_what_keeps_tokens_does_not_show_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "asyncio")
    async with running(Identities()) as identities, tokens(identities) as made:
        text = await made.identity_token(AUDIENCE)
        shown = repr(made) + repr(vars(made))

    assert text not in shown + caplog.text


async def test_a_blocking_call_is_not_waited_for_beyond_its_limit() -> None:
    started = time.monotonic()

    with pytest.raises(TimeoutError):
        await in_thread(lambda: time.sleep(2), 0.05)

    assert time.monotonic() - started < 1
