"""A machine on which all is well, and the parts that a doctor finds there."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from buddy_tui.config import Known, Settings
from buddy_tui.doctor.checks import CHECKS
from buddy_tui.doctor.conclude import conclude
from buddy_tui.doctor.jobs import WANTED
from buddy_tui.doctor.service import wanted_apis
from buddy_tui.doctor.values import (
    Check,
    Examination,
    Found,
    Held,
    Machine,
    Programs,
    Reached,
    SignedIn,
    Terminal,
)
from buddy_tui.gcloud_files import ActiveConfiguration, AdcFile
from buddy_tui.gcp.permissions import missing
from buddy_tui.journal.keep import Reading
from buddy_tui.preflight.values import Verdict
from tests import make

ALICE = "alice@example.com"
SETTINGS = Settings(
    project=Known("acme-prod", "--project"),
    regions=(Known("europe-west1", "--region"),),
    service=Known("api", "--service"),
    account=Known(ALICE, "core/account of gcloud's configuration default"),
)
ADC = AdcFile(Path("adc.json"), "gcloud auth application-default login", "authorized_user", ALICE)


def machine(**over: Any) -> Machine:  # noqa: ANN401 - any field of Machine
    """Return a machine on which all is well."""
    base = Machine(
        SETTINGS,
        ActiveConfiguration("default", Path("config_default")),
        environ={"TERM": "xterm-256color", "COLORTERM": "truecolor", "KITTY_WINDOW_ID": "1"},
        terminal=Terminal("", 120, 40, "utf-8"),
        programs=Programs((("buddy-tui", "1"), ("Python", "3.11.9")), "/usr/bin/gcloud", "528.0.0"),
        adc=ADC,
        journal=Path("state", "journal.jsonl"),
        interpreter="/project/.venv/bin/python",
        own=True,
        meter=(0, 12),
    )
    return replace(base, **over)


def settings(**over: Any) -> Settings:  # noqa: ANN401 - any field of Settings
    return replace(SETTINGS, **over)


def environ(**over: str) -> dict[str, str]:
    return dict(machine().environ) | over


def held(*lacking: str, untold: tuple[str, ...] = (), account: str = "api@acme.example") -> Held:
    """Return all permissions but these, with Google's commands for them."""
    on = {"iam.serviceAccounts.actAs": account}
    grants = {one: missing(one, f"user:{ALICE}", "acme-prod", on.get(one, "")) for one in lacking}
    return Held(WANTED - {*lacking, *untold}, frozenset(untold), grants)


def parts(**over: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of what is found
    """Return all that is found where all is well."""
    return {
        "machine": machine(),
        "journal": Reading(),
        "reached": Reached("run.googleapis.com", make.NOW, make.NOW, 0.02),
        "signed": SignedIn("user credentials", "", f"user:{ALICE}", make.NOW + timedelta(hours=1), make.NOW),
        "regions": ("europe-west1", "us-central1"),
        "found": Found(make.name(), make.service(), "api@acme.example"),
        "apis": dict.fromkeys(wanted_apis(SETTINGS), True),
        "held": held(),
    } | over


def judged(**over: Any) -> dict[str, Check]:  # noqa: ANN401 - any part of what is found
    """Return every check by its name."""
    found = parts(**over)
    checks = [item.check(found) for item in CHECKS]
    return {check.name: check for check in checks if check}


def examination(*pending: str, took: float = 1.2, **over: Any) -> Examination:  # noqa: ANN401 - any part of what is found
    """Return a look at what `judged` finds, in which the checks named `pending` are still to come."""
    told = {name: check for name, check in judged(**over).items() if name not in pending}
    checks = tuple(told.get(item.name) or Check(Verdict.SKIPPED, "", name=item.name) for item in CHECKS)
    conclusion = conclude(tuple(told.values()), done=not pending)
    return Examination(checks, frozenset(pending), conclusion, took, make.NOW)
