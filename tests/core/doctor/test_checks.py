"""Broken set-ups, each named right: by the name of the check and by its fault. And a good one that is not accused."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from buddy_tui.config import Known
from buddy_tui.doctor.checks import CHECKS
from buddy_tui.doctor.jobs import JOBS, WANTED
from buddy_tui.doctor.service import wanted_apis
from buddy_tui.doctor.values import Programs, Reached, SignedIn, Terminal, Untold
from buddy_tui.gcloud_files import ActiveConfiguration
from buddy_tui.journal.keep import Reading
from buddy_tui.journal.values import Kind, Record
from buddy_tui.preflight.values import Verdict
from tests import make
from tests.core.doctor.made import ADC, SETTINGS, environ, held, judged, machine, parts, settings

HOST = "run.googleapis.com"
PROXY = "http://alice:hunter2@proxy.acme.example:3128"
DENIED = Untold("You are not signed in to Google Cloud.", "gcloud auth application-default login")


def proxied(**over: str) -> dict[str, Any]:
    return {"machine": machine(environ=environ(**over))}


def late(seconds: float) -> dict[str, Any]:
    return {"reached": Reached(HOST, make.NOW, make.NOW - timedelta(seconds=seconds))}


# What is broken, the parts that show it, the check that must say so, its verdict, words of it, words of its fix.
BROKEN: tuple[tuple[str, dict[str, Any], str, Verdict, str, str], ...] = (
    (
        "no credentials",
        {"signed": DENIED},
        "credentials",
        Verdict.FAIL,
        "not signed in",
        "application-default login",
    ),
    (
        "expired credentials",
        {"signed": Untold("The sign-in to Google Cloud has expired or was withdrawn.", DENIED.fix)},
        "credentials",
        Verdict.FAIL,
        "expired",
        "application-default login",
    ),
    (
        "a token that is over by our clock",
        {"signed": SignedIn("user credentials", expires=make.NOW, asked=make.NOW)},
        "credentials",
        Verdict.WARN,
        "had expired",
        "",
    ),
    (
        "an ADC file that cannot be read",
        {"machine": machine(adc=replace(ADC, problem="Permission denied"))},
        "identities",
        Verdict.SKIPPED,
        "Permission denied",
        "application-default login",
    ),
    (
        "two identities",
        {"machine": machine(differences=("gcloud works as alice; Google's libraries work as bob.",))},
        "identities",
        Verdict.WARN,
        "Google's libraries work as bob",
        "application-default login",
    ),
    (
        "two identities, one of which a variable names",
        {
            "machine": machine(
                adc=replace(ADC, account="bob@example.com", origin="GOOGLE_APPLICATION_CREDENTIALS"),
                differences=("They differ.",),
            )
        },
        "identities",
        Verdict.WARN,
        "They differ.",
        "unset GOOGLE_APPLICATION_CREDENTIALS && gcloud auth application-default login",
    ),
    (
        "another project that pays",
        {"machine": machine(adc=replace(ADC, quota_project="acme-data"), differences=("They differ.",))},
        "identities",
        Verdict.WARN,
        "They differ.",
        "gcloud auth application-default set-quota-project acme-prod",
    ),
    (
        "a service account of another project",
        {"machine": machine(adc=replace(ADC, project="acme-data"), differences=("They differ.",))},
        "identities",
        Verdict.WARN,
        "They differ.",
        "--project acme-data",
    ),
    (
        "a wrong project",
        {"found": Untold("There is no project acme-pord, or it is closed to you.", "gcloud projects list")},
        "service",
        Verdict.FAIL,
        "no project acme-pord",
        "gcloud projects list",
    ),
    (
        "no project",
        {"machine": machine(settings=settings(project=Known()))},
        "context",
        Verdict.FAIL,
        "No project is set",
        "gcloud config set project",
    ),
    (
        "a setting that cannot be used",
        {"machine": machine(trouble=Untold('BUDDY_REGION: "EU West" is not a region.', "e.g. europe-west1"))},
        "context",
        Verdict.FAIL,
        "EU West",
        "europe-west1",
    ),
    (
        "a broken buddy.toml",
        {"machine": machine(toml_trouble=Untold("buddy.toml:3: `region`: Invalid value."))},
        "buddy.toml",
        Verdict.FAIL,
        "buddy.toml:3",
        "",
    ),
    (
        "an unknown region",
        {
            "regions": ("europe-west1", "europe-west4"),
            "machine": machine(settings=settings(regions=(Known("europe-west9", "--region"),))),
        },
        "region",
        Verdict.FAIL,
        "europe-west9",
        "europe-west4",
    ),
    (
        "no permission to look",
        {"held": held("run.services.get")},
        "look",
        Verdict.FAIL,
        "roles/run.viewer",
        "gcloud projects add-iam-policy-binding acme-prod --member=user:alice@example.com --role=roles/run.viewer",
    ),
    (
        "no permission for logs",
        {"held": held("logging.logEntries.list")},
        "logs",
        Verdict.FAIL,
        "logging.logEntries.list",
        "--role=roles/logging.viewer",
    ),
    (
        "actAs is missing",
        {"held": held("iam.serviceAccounts.actAs")},
        "roll-back",
        Verdict.FAIL,
        "iam.serviceAccounts.actAs on service account api@acme.example",
        "gcloud iam service-accounts add-iam-policy-binding api@acme.example",
    ),
    (
        "two roles are missing",
        {"held": held("run.services.update", "logging.logEntries.list")},
        "promote",
        Verdict.FAIL,
        "run.services.update",
        "--role=roles/run.developer && gcloud",
    ),
    (
        "a bucket that nobody was asked about",
        {"held": held("storage.objects.create")},
        "deploy",
        Verdict.WARN,
        "The bucket or the repository itself may grant it",
        "roles/storage.objectUser",
    ),
    (
        "a closed service",
        {"held": held("run.routes.invoke")},
        "probe",
        Verdict.WARN,
        "everybody may call needs none",
        "roles/run.invoker",
    ),
    (
        "no right to Firestore",
        {"held": held("datastore.entities.get")},
        "sessions",
        Verdict.FAIL,
        "datastore.entities.get",
        "roles/datastore.viewer",
    ),
    (
        "an API is off",
        {"apis": dict.fromkeys(wanted_apis(SETTINGS), True) | {"logging.googleapis.com": False}},
        "apis",
        Verdict.FAIL,
        "logging.googleapis.com",
        "gcloud services enable logging.googleapis.com --project acme-prod",
    ),
    (
        "an API that only sessions need is off",
        {"apis": {"run.googleapis.com": True, "firestore.googleapis.com": False}},
        "apis",
        Verdict.WARN,
        "firestore.googleapis.com",
        "gcloud services enable",
    ),
    ("a clock that is minutes off", late(301), "clock", Verdict.FAIL, "301 s behind", "set-ntp"),
    ("a clock that is seconds off", late(-40), "clock", Verdict.WARN, "40 s ahead of", "set-ntp"),
    (
        "a dead proxy",
        {"reached": Untold(f"{HOST} cannot be reached: connection refused.", "Check https_proxy.")},
        "network",
        Verdict.FAIL,
        "connection refused",
        "https_proxy",
    ),
    (
        "a proxy that is none",
        proxied(https_proxy="http://[::bad"),
        "proxy",
        Verdict.FAIL,
        "no address",
        "export https_proxy",
    ),
    (
        "a SOCKS proxy",
        proxied(all_proxy="socks5://alice:hunter2@127.0.0.1:1080"),
        "proxy",
        Verdict.FAIL,
        "all_proxy is a SOCKS proxy",
        "export all_proxy=http://HOST:PORT",
    ),
    (
        "a proxy whose port is no number, behind one that is right",
        proxied(https_proxy=PROXY, http_proxy="http://alice:hunter2@proxy:port"),
        "proxy",
        Verdict.FAIL,
        "http_proxy is no address",
        "export http_proxy=http://HOST:PORT",
    ),
    (
        "a proxy in capitals",
        proxied(HTTPS_PROXY=PROXY),
        "proxy",
        Verdict.WARN,
        "gRPC does not know HTTPS_PROXY",
        'export https_proxy="$HTTPS_PROXY"',
    ),
    (
        "a proxy for HTTP alone",
        proxied(http_proxy=PROXY),
        "proxy",
        Verdict.WARN,
        "Only gRPC goes through http_proxy",
        "export https_proxy",
    ),
    (
        "NO_PROXY in capitals",
        proxied(https_proxy=PROXY, NO_PROXY="localhost,.googleapis.com"),
        "proxy",
        Verdict.WARN,
        "past the proxy by some libraries",
        'export no_proxy="$NO_PROXY"',
    ),
    (
        "NO_PROXY with a star",
        proxied(https_proxy=PROXY, no_proxy="*.googleapis.com"),
        "proxy",
        Verdict.WARN,
        '"*.googleapis.com" fits no host',
        '".googleapis.com"',
    ),
    (
        "NO_PROXY with all of Google",
        proxied(https_proxy=PROXY, no_proxy="googleapis.com"),
        "proxy",
        Verdict.WARN,
        "run.googleapis.com is asked past the proxy",
        "NO_PROXY",
    ),
    (
        "certificates that are not there",
        {"machine": machine(environ=environ(SSL_CERT_FILE="/gone.pem"), lost=("SSL_CERT_FILE",))},
        "tls",
        Verdict.FAIL,
        "SSL_CERT_FILE names /gone.pem",
        "unset SSL_CERT_FILE",
    ),
    (
        "certificates that gRPC does not know",
        proxied(SSL_CERT_FILE="/ca.pem", REQUESTS_CA_BUNDLE="/ca.pem"),
        "tls",
        Verdict.WARN,
        "gRPC does not know the certificates",
        'export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH="$SSL_CERT_FILE"',
    ),
    (
        "a tiny terminal",
        {"machine": machine(terminal=Terminal("", 30, 10, "utf-8"))},
        "terminal",
        Verdict.FAIL,
        "30x10",
        "80x24",
    ),
    (
        "a small terminal",
        {"machine": machine(terminal=Terminal("", 79, 24, "utf-8"))},
        "terminal",
        Verdict.WARN,
        "79x24",
        "80x24",
    ),
    ("a dumb terminal", proxied(TERM="dumb"), "terminal", Verdict.FAIL, "TERM is dumb", "export TERM="),
    (
        "few colours",
        {"machine": machine(environ={"TERM": "vt100"})},
        "colours",
        Verdict.WARN,
        "16 colours",
        "COLORTERM",
    ),
    (
        "a terminal without Unicode",
        {"machine": machine(terminal=Terminal("", 80, 24, "ascii"))},
        "unicode",
        Verdict.WARN,
        "ASCII is drawn",
        "UTF-8",
    ),
    (
        "a clipboard behind tmux",
        proxied(TMUX="socket,1,0"),
        "clipboard",
        Verdict.WARN,
        "tmux",
        "set-clipboard on",
    ),
    (
        "gcloud's configuration cannot be read",
        {
            "machine": machine(
                gcloud=ActiveConfiguration("prod", Path("config_prod"), problem="Permission denied")
            )
        },
        "gcloud",
        Verdict.FAIL,
        "configuration prod",
        "gcloud config configurations list",
    ),
    (
        "a configuration of gcloud that is not there",
        {
            "machine": machine(
                gcloud=ActiveConfiguration("staging", Path("config_staging")), unknown_configuration=True
            )
        },
        "gcloud",
        Verdict.WARN,
        "gcloud has no configuration staging:",
        "gcloud config configurations activate default",
    ),
    (
        "a configuration that a variable chose, and that is not there",
        {
            "machine": machine(
                gcloud=ActiveConfiguration("staging", Path("config_staging")),
                environ=environ(CLOUDSDK_ACTIVE_CONFIG_NAME="staging"),
                unknown_configuration=True,
            )
        },
        "gcloud",
        Verdict.WARN,
        "gcloud has no configuration staging (CLOUDSDK_ACTIVE_CONFIG_NAME)",
        "unset CLOUDSDK_ACTIVE_CONFIG_NAME",
    ),
    (
        "gcloud is missing",
        {"machine": machine(programs=Programs())},
        "gcloud",
        Verdict.WARN,
        "not on the PATH",
        "install",
    ),
    (
        "a library is missing",
        {"machine": machine(programs=Programs((("grpcio", ""),), "/usr/bin/gcloud"))},
        "versions",
        Verdict.FAIL,
        "Not installed: grpcio",
        "Install",
    ),
    (
        "no state directory",
        {"machine": machine(state_trouble="Read-only file system")},
        "state",
        Verdict.FAIL,
        "Read-only file system",
        "XDG_STATE_HOME",
    ),
    (
        "a journal that cannot be read",
        {"journal": Reading(trouble=("The journal in x cannot be read: Permission denied.",))},
        "journal",
        Verdict.FAIL,
        "Permission denied",
        "history",
    ),
    (
        "a journal that was tampered with",
        {"journal": Reading((Record(make.NOW, Kind.INTENT, "1", make.name()),), ("Line 2 was changed.",))},
        "journal",
        Verdict.WARN,
        "Line 2 was changed",
        "history",
    ),
    (
        "no Python for the smoke boot",
        {"machine": machine(interpreter="")},
        "smoke-boot",
        Verdict.FAIL,
        "no Python",
        "",
    ),
    (
        "a virtual environment without its Python",
        {"machine": machine(broken=".venv", own=False)},
        "smoke-boot",
        Verdict.WARN,
        ".venv has no Python",
        "python -m venv .venv",
    ),
    (
        "our log reads are used up",
        {"machine": machine(meter=(12, 12))},
        "log-quota",
        Verdict.WARN,
        "12 of the 12",
        "Wait",
    ),
)


@pytest.mark.parametrize(
    ("over", "name", "verdict", "words", "fix"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_a_broken_set_up_is_named_by_its_check_and_fault(
    over: dict[str, Any], name: str, verdict: Verdict, words: str, fix: str
) -> None:
    check = judged(**over)[name]

    assert (check.verdict, check.name) == (verdict, name)
    assert words in check.message
    assert fix in check.fix


def test_each_permission_that_may_be_missing_has_a_command_that_grants_it() -> None:
    checks = judged(held=held(*WANTED))

    for job in JOBS:
        assert checks[job.name].verdict in {Verdict.FAIL, Verdict.WARN}
        assert all(one.startswith("gcloud ") for one in checks[job.name].fix.split(" && "))
        assert len(checks[job.name].evidence) == len(job.needs) - 1


def test_where_all_is_well_every_check_passes() -> None:
    checks = judged()

    assert {name: check.verdict for name, check in checks.items()} == dict.fromkeys(checks, Verdict.PASS)
    assert list(checks) == [item.name for item in CHECKS]
    assert not any(check.fix for check in checks.values())


@pytest.mark.parametrize("row", [row for row in BROKEN if row[3] is Verdict.FAIL], ids=lambda row: row[0])
def test_what_is_broken_fails_nothing_but_what_depends_on_it(row: tuple[Any, ...]) -> None:
    failed = {name for name, check in judged(**row[1]).items() if check.verdict is Verdict.FAIL}

    jobs = {"look", "logs", "roll-back", "promote", "deploy", "sessions"}
    assert failed - {row[2]} <= (jobs if "held" in row[1] else set())


def test_a_password_of_a_proxy_is_never_told() -> None:
    checks = judged(**proxied(https_proxy=PROXY))

    assert checks["proxy"].message == "https_proxy is proxy.acme.example:3128."
    assert "through the proxy proxy.acme.example:3128 (https_proxy)" in checks["network"].message
    assert "hunter2" not in repr(checks)


def test_each_value_of_the_context_is_told_with_its_origin() -> None:
    assert "region europe-west1 (--region)" in judged()["context"].evidence


def test_an_emulated_world_needs_no_credentials_no_proxy_and_no_certificates() -> None:
    emulated = settings(emulated=Known("127.0.0.1:8080", "CLOUD_RUN_EMULATOR_HOST"))
    checks = judged(
        machine=machine(settings=emulated, environ=environ(https_proxy=PROXY, SSL_CERT_FILE="/x"))
    )

    skipped = {name for name, check in checks.items() if check.verdict is Verdict.SKIPPED}
    assert skipped == {"identities", "credentials", "proxy", "tls"}
    assert "proxy" not in checks["network"].message


def test_who_only_looks_is_not_told_what_a_change_would_take() -> None:
    looking = settings(read_only=Known("yes", "--read-only"))
    checks = judged(machine=machine(settings=looking), held=held("run.services.update"))

    verdicts = {name: checks[name].verdict for name in ("look", "logs", "roll-back", "promote", "deploy")}
    assert verdicts == {
        "look": Verdict.PASS,
        "logs": Verdict.PASS,
        "roll-back": Verdict.SKIPPED,
        "promote": Verdict.SKIPPED,
        "deploy": Verdict.SKIPPED,
    }
    assert wanted_apis(looking) == ("firestore.googleapis.com", "logging.googleapis.com", HOST)


@pytest.mark.parametrize(
    ("name", "over"),
    [
        ("apis", {"apis": {HOST: None}}),
        ("roll-back", {"held": held(untold=("iam.serviceAccounts.actAs",))}),
        ("log-quota", {"machine": machine(meter=None)}),
        ("clock", {"reached": Reached(HOST, None, make.NOW)}),
        ("identities", {"machine": machine(adc=replace(ADC, account=""))}),
        ("clipboard", {"machine": machine(environ={"TERM": "xterm"})}),
        ("terminal", {"machine": machine(terminal=Terminal("stdout is no terminal"))}),
    ],
)
def test_what_nobody_can_tell_is_no_pass(name: str, over: dict[str, Any]) -> None:
    assert judged(**over)[name].verdict is Verdict.SKIPPED


@pytest.mark.parametrize("item", CHECKS, ids=lambda item: item.name)
def test_what_was_not_answered_is_no_pass_and_says_why(item: Any) -> None:  # noqa: ANN401 - an Item
    unanswered = item.check(parts(**dict.fromkeys(item.needs, Untold("There was no answer."))))
    unasked = item.check(parts(**dict.fromkeys(item.needs, Untold("Not asked.", "Say so.", tried=False))))

    assert unanswered.verdict in {Verdict.SKIPPED, Verdict.FAIL}
    assert unanswered.message == "There was no answer."
    assert (unasked.verdict, unasked.fix) == (Verdict.SKIPPED, "Say so.")
