"""`buddy-tui doctor` as it is called: broken set-ups through the real program, over loopback alone."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from buddy_tui.cli.doctored import as_json, as_text
from buddy_tui.doctor.examine import worst
from buddy_tui.doctor.values import Check
from buddy_tui.preflight.values import Verdict

# Nobody listens there, and whatever would leave this machine goes there.
NOWHERE = "http://alice:hunter2@127.0.0.1:9"
NAMED = ("api", "--project", "acme-prod", "--region", "europe-west1")
TOKEN = "ya29.a-token-that-nobody-may-see"  # noqa: S105 - made up
# As long as a machine that does much else besides may take to load Google's libraries.
PATIENT = ("--json", "--timeout", "60s")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Told:
    """What a run told: its exit code, its document, and all of its output."""

    def __init__(self, code: int | None, out: str, err: str) -> None:
        self.code = code
        self.text = out + err
        self.document: dict[str, Any] = json.loads(out) if out.startswith("{") else {}
        self.checks = {one["name"]: one for one in self.document.get("checks", ())}

    def verdicts(self, verdict: str) -> set[str]:
        return {name for name, one in self.checks.items() if one["verdict"] == verdict}


async def run(place: Path, *arguments: str, **environ: str) -> Told:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "APPDATA": str(place),
        "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),
        "XDG_STATE_HOME": str(place / "state"),
        "BUDDY_CONFIG": str(place / "buddy.toml"),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "NO_GCE_CHECK": "true",
        "TERM": "xterm-256color",
        "https_proxy": NOWHERE,
    } | environ
    (place / "buddy.toml").touch()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "buddy_tui",
        *arguments,
        cwd=place,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    return Told(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def answering(handler: Handler) -> AsyncGenerator[str, None]:
    """Let `handler` answer whatever is asked; yield its host and port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def key_file(place: Path, host: str) -> str:
    """Write a service account's key whose tokens come from `host`; return its path."""
    document = {
        "type": "service_account",
        "client_email": "bot@acme-data.iam.gserviceaccount.com",
        "token_uri": f"http://{host}/token",
        "private_key": private_key(),
        "private_key_id": "1",
        "project_id": "acme-data",
    }
    path = place / "key.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def gcloud(place: Path, text: str) -> str:
    """Write gcloud's configuration; return its folder."""
    (place / "gcloud" / "configurations").mkdir(parents=True)
    (place / "gcloud" / "configurations" / "config_default").write_text(text, encoding="utf-8")
    return str(place / "gcloud")


async def test_no_credentials_a_dead_proxy_and_a_tiny_terminal_are_named_and_no_password_is(
    tmp_path: Path,
) -> None:
    told = await run(tmp_path, "doctor", *NAMED, *PATIENT, COLUMNS="30", LINES="8")

    assert (told.code, told.document["schema"], told.document["verdict"]) == (1, "buddy.doctor/1", "fail")
    assert told.verdicts("fail") == {"terminal", "credentials", "network"}
    assert "30x8" in told.checks["terminal"]["message"]
    assert told.checks["credentials"]["fix"] == "gcloud auth application-default login"
    assert told.checks["network"]["message"] == (
        "run.googleapis.com cannot be reached: connection refused. "
        "It was asked through the proxy 127.0.0.1:9 (https_proxy)."
    )
    assert "hunter2" not in told.text
    assert set(told.checks["network"]) == {"name", "verdict", "message", "fix", "evidence"}


async def test_a_machine_on_which_all_is_broken_is_told_all_of_it_at_once(tmp_path: Path) -> None:
    (tmp_path / "buddy.toml").write_text("\nregion = [", encoding="utf-8")
    (tmp_path / "state").write_text("a file in its way", encoding="utf-8")
    (tmp_path / "adc.json").write_text("{ secret", encoding="utf-8")

    told = await run(
        tmp_path,
        "doctor",
        *NAMED,
        *PATIENT,
        TERM="dumb",
        SSL_CERT_FILE=str(tmp_path / "gone.pem"),
        CLOUDSDK_CONFIG=gcloud(tmp_path, "no section"),
        GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "adc.json"),
    )

    assert told.code == 1
    assert told.verdicts("fail") == {
        "terminal",
        "buddy.toml",
        "gcloud",
        "credentials",
        "tls",
        "network",
        "state",
        "journal",
    }
    assert "buddy.toml:2" in told.checks["buddy.toml"]["message"]
    assert "adc.json" in told.checks["credentials"]["message"]
    assert "secret" not in told.text
    assert "Traceback" not in told.text


async def test_a_key_that_google_does_not_take_any_more_is_named(tmp_path: Path) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": "invalid_grant", "error_description": "expired"}, status=400)

    async with answering(refuse) as host:
        told = await run(
            tmp_path, "doctor", *NAMED, *PATIENT, GOOGLE_APPLICATION_CREDENTIALS=key_file(tmp_path, host)
        )

    assert told.verdicts("fail") == {"credentials", "network"}
    assert "has expired or was withdrawn" in told.checks["credentials"]["message"]


async def test_two_identities_are_named_and_the_token_is_not_shown(tmp_path: Path) -> None:
    async def grant(_: web.Request) -> web.StreamResponse:
        return web.json_response({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})

    async with answering(grant) as host:
        told = await run(
            tmp_path,
            "doctor",
            *NAMED,
            *PATIENT,
            CLOUDSDK_CONFIG=gcloud(tmp_path, "[core]\naccount = alice@example.com\n"),
            GOOGLE_APPLICATION_CREDENTIALS=key_file(tmp_path, host),
        )

    assert told.checks["identities"]["verdict"] == "warn"
    assert "gcloud works as alice@example.com" in told.checks["identities"]["message"]
    assert "belong to project acme-data; you look at acme-prod" in told.checks["identities"]["message"]
    assert told.checks["credentials"]["verdict"] == "pass"
    assert "the access token holds until" in told.checks["credentials"]["message"]
    assert told.verdicts("fail") == {"network"}
    assert told.checks["service"]["message"].endswith("See network.")
    assert TOKEN not in told.text


async def test_a_clock_that_is_off_is_named(tmp_path: Path) -> None:
    async def yesterday(_: web.Request) -> web.StreamResponse:
        then = datetime.now(UTC) - timedelta(days=1)
        return web.Response(headers={"date": format_datetime(then, usegmt=True)})

    async with answering(yesterday) as host:
        told = await run(
            tmp_path,
            "doctor",
            *NAMED,
            *PATIENT,
            CLOUD_RUN_EMULATOR_HOST="127.0.0.1:9",
            CLOUD_RUN_EMULATOR_REST=f"http://{host}",
        )

    assert told.checks["network"]["verdict"] == "pass"
    assert told.checks["clock"]["verdict"] == "fail"
    assert "ahead of" in told.checks["clock"]["message"]
    assert told.verdicts("pass") >= {"state", "journal", "versions", "smoke-boot"}


async def test_nobody_waits_for_a_server_that_hangs(tmp_path: Path) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with answering(hang) as host:
        told = await run(
            tmp_path,
            "doctor",
            *NAMED,
            "--json",
            GOOGLE_APPLICATION_CREDENTIALS=key_file(tmp_path, host),
            https_proxy=f"http://{host}",
        )

    assert told.verdicts("fail") == {"network"}
    assert told.checks["credentials"]["verdict"] == "skipped"
    assert told.checks["credentials"]["message"] == "There was no answer within 3.4 s. See network."
    assert not any(told.document["jobs"].values())


async def test_in_an_emulated_world_missing_permissions_and_apis_come_with_commands(tmp_path: Path) -> None:
    faults = (
        "--fault",
        "denied=run.services.update,iam.serviceAccounts.actAs",
        "--fault",
        "apis_off=logging.googleapis.com",
    )
    doctor = (sys.executable, "-m", "buddy_tui", "doctor", *PATIENT)

    told = await run(tmp_path, "emulator", "--story", "empty", *faults, "--", *doctor)

    assert told.code == 1
    assert told.verdicts("fail") == {"apis", "roll-back", "promote", "deploy"}
    assert (
        told.checks["apis"]["fix"] == "gcloud services enable logging.googleapis.com --project demo-project"
    )
    assert told.document["jobs"] == {
        "look": True,
        "logs": False,
        "probe": True,
        "roll-back": False,
        "promote": False,
        "deploy": False,
        "sessions": True,
    }
    assert "--role=roles/run.developer" in told.checks["roll-back"]["fix"]
    assert told.checks["identities"]["verdict"] == "skipped"


CHECKS = (
    Check(Verdict.PASS, "All is well.", name="versions"),
    Check(Verdict.WARN, "gcloud is \x1b[31mred.", "one\ntwo", ("a: b",), name="gcloud"),
    Check(Verdict.SKIPPED, "Not asked.", name="log-quota"),
)


def test_a_warning_is_no_failure_and_nothing_steers_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    lines = as_text(CHECKS, 1.23).splitlines()
    document = json.loads(as_json(CHECKS, worst(CHECKS), 1.23))

    assert lines[0] == "pass     versions     All is well."
    assert lines[-1] == "1 to look at, 1 passed, 1 skipped, in 1.2 s."
    assert all(line.isprintable() for line in lines)
    assert sum("fix: " in line for line in lines) == 1
    assert (document["verdict"], document["seconds"]) == ("warn", 1.23)
    assert document["checks"][0]["fix"] is None
    assert "\\u001b" not in json.dumps(document)


def test_what_can_be_done_is_said_in_one_sentence_and_job_by_job() -> None:
    checks = (
        Check(Verdict.PASS, "You have run.services.get.", name="look"),
        Check(Verdict.FAIL, "You lack run.builds.create.", name="deploy", stops=("deploy",)),
        Check(Verdict.SKIPPED, "It cannot be told.", name="sessions"),
    )

    lines = as_text(checks, 1.23).splitlines()
    document = json.loads(as_json(checks, worst(checks), 1.23))

    assert "You can look; you cannot deploy; whether you can audit sessions is not known." in lines
    assert document["jobs"] == {"look": True, "deploy": False, "sessions": None}
