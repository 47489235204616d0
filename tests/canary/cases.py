"""What of every verb is tried: words that make it say, and write, as much as it can."""

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from buddy_tui.cli.outcome import concluded
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.emulator.story import SERVICE
from tests.canary.planted import HOSTILE, Place, found, person, secrets
from tests.canary.world import BAD, GOOD, LEAKY, WORSE

# A log is the operator's own, and shown as it was logged: with what the container and its callers wrote into it.
RAW = frozenset({Place.LOGGED, Place.ASKED, Place.PERSON})
# Who did what is told where only the operator looks.
OWN = frozenset({Place.PERSON})
# What is handed on to others tells nobody's name.
CARRIED: frozenset[Place] = frozenset()

_AT = ("--service", SERVICE)
_WHY = ("--reason", f"{secrets(Place.TYPED)[0]} {HOSTILE} {secrets(Place.TYPED)[5]}")
_DO = (*_AT, "--yes", *_WHY)


@dataclass(frozen=True, slots=True)
class Case:
    """The words behind a verb, a word that proves that it did its job, and the places whose canaries it may show."""

    words: tuple[str, ...]
    shows: str
    may: frozenset[Place] = OWN


CASES = {
    "status": (Case((SERVICE,), GOOD), Case((SERVICE, "--json"), "buddy.status/1")),
    "logs": (
        Case((WORSE, *_AT), "could not connect", RAW),
        Case((WORSE, *_AT, "--json", "--since", "10h", "--activity"), "textPayload", RAW),
        Case((GOOD, *_AT, "--build"), "Step", RAW),
    ),
    "diagnose": (
        Case((WORSE, *_AT), "does not boot"),
        Case((BAD, *_AT, "--json"), "buddy.diagnosis/1"),
        Case(("--file", "../home/boot.log"), "API_TOKEN=***"),
    ),
    "probe": (
        Case((*_AT, "--attempts", "1"), LEAKY),
        Case((LEAKY, *_AT, "--attempts", "1", "--session", "--json"), "buddy.probe/1"),
    ),
    "sessions": (Case((SERVICE,), "documents read"), Case((SERVICE, "--json"), "buddy.sessions/1")),
    "verify": (
        Case((LEAKY, *_AT, "--tick", "monitor-fed", "--by", person(), "--note", _WHY[1]), "is ticked by"),
        Case((LEAKY, *_AT), "Endpoints respond"),
        Case((WORSE, *_AT, "--read-only", "--json"), "buddy.verify/1"),
    ),
    "checklist": (
        Case((LEAKY, *_AT, "--read-only"), "- [", CARRIED),
        Case((LEAKY, *_AT, "--read-only", "--json"), "operator-1", CARRIED),
        Case((LEAKY, *_AT, "--read-only", "--with-names"), person()),
    ),
    "report": (
        Case(_AT, "# Incident report", CARRIED),
        Case((*_AT, "--json"), "buddy.report/1", CARRIED),
        Case((*_AT, "--with-names", "--output", "../home/state/report.md"), ""),
    ),
    "preflight": (
        Case((*_AT, "--no-boot"), "credentials.json"),
        Case(("--source", "../chatty", *_AT, "--json"), "buddy.preflight/1"),
    ),
    "modules": (
        Case(("--no-boot",), "Back_End"),
        Case(("--source", "../chatty", "--json"), "buddy.modules/1"),
    ),
    "set-aside": (
        Case(("--dry-run", "--json"), "buddy.set_aside/1"),
        Case(("--yes", *_WHY), "Back-End"),
        Case(("--undo", "--yes"), "Back-End"),
    ),
    # The walk through the screens does it: it takes seconds.
    "deploy": (Case(("--source", ".", "--dry-run", *_DO, "--json"), "buddy.deployment/1"),),
    "promote": (
        Case((LEAKY, "--steps", "50,100", "--bake", "1", "--least", "1", "--patience", "1", *_DO), LEAKY),
    ),
    "restore-latest": (Case(_DO, "LATEST"),),
    "split": (Case((f"{LEAKY}=10", f"{GOOD}=90", *_DO), LEAKY),),
    "tag": (Case(("candidate", GOOD, *_DO), "candidate"),),
    "untag": (Case(("candidate", *_DO, "--json"), "buddy.change/1"),),
    "rollback": (Case((WORSE, *_AT, "--dry-run", "--json"), "buddy.change/1"), Case((GOOD, *_DO), GOOD)),
    "stay-pinned": (Case(_DO, "stays"),),
    "undo": (Case(_DO, GOOD),),
    "history": (Case((), "split"), Case(("--json",), "buddy.history/1")),
    "open": (Case(("../home/boot.log",), "cannot be shown", CARRIED),),
    "context": (Case((), "project"), Case(("--json",), "buddy.context/1")),
    "doctor": (Case((SERVICE,), "credentials"), Case((SERVICE, "--json"), "buddy.doctor/1")),
    "demo": (Case(("--story", "empty"), "NOTHING SERVES", CARRIED),),
    "emulator": (Case(("--story", "empty", "--", sys.executable, "-c", ""), "", CARRIED),),
    "help": (Case(("env",), "BUDDY_PROJECT", CARRIED),),
}


def said(*words: str) -> str:
    """Run the command line in this process, and return all that it printed. What it sets in the environment ends."""
    out, err = io.StringIO(), io.StringIO()
    with patch.dict(os.environ), redirect_stdout(out), redirect_stderr(err):
        concluded(lambda: parse_and_run(list(words)))
    return out.getvalue() + err.getvalue()


def leaks(text: str, may: frozenset[Place]) -> dict[str, str]:
    """Return what was found and may not be there."""
    return {place: where for place, where in found(text).items() if place not in may}
