"""Every failure of the story was really booted, and is found out by what it left in the log."""

import pytest
from google.cloud import run_v2

from buddy_tui import boot
from buddy_tui.finding import Confidence, Finding
from buddy_tui.gcp import convert, log_entries
from buddy_tui.model import Revision, RevisionState
from buddy_tui.rules.explaining import explain
from tests.stories.played import Played, play, short

# By revision: the exception that was printed, what is missing, and the line of the project where it happened.
BUILT_IN = {
    "00001-none": ("", "", ""),
    "00002-local-module-missing": ("ModuleNotFoundError", "shop.stock", "/app/shop/prices.py:1"),
    "00003-third-party-missing": ("ModuleNotFoundError", "stripe", "/app/shop/prices.py:1"),
    "00004-app-target-missing": ("ImportFromStringError", "application", ""),
    "00005-import-name-missing": ("ImportError", "coroutine", "/app/shop/prices.py:1"),
    "00006-circular-import": ("ImportError", "PRICES", "/app/shop/taxes.py:1"),
    "00007-module-shadowed": ("AttributeError", "randint", "/app/shop/prices.py:3"),
    "00008-syntax-error": ("SyntaxError", "", "/app/shop/prices.py:1"),
    "00009-error-at-import": ("NameError", "", "/app/shop/prices.py:1"),
    "00010-shared-object-missing": ("OSError", "libvendorprices.so.3", "/app/shop/prices.py:3"),
    "00011-env-missing": ("KeyError", "DATABASE_URL", "/app/shop/prices.py:3"),
    "00012-env-invalid": ("ValueError", "CACHE_SECONDS", "/app/shop/prices.py:3"),
    "00013-config-file-missing": ("FileNotFoundError", "config/prices.json", "/app/shop/prices.py:3"),
    "00014-credentials": ("DefaultCredentialsError", "/secrets/key.json", "/app/shop/prices.py:3"),
    "00015-database-at-startup": ("OperationalError", "", "/app/shop/prices.py:4"),
    "00016-out-of-memory": ("MemoryError", "", "/app/shop/prices.py:1"),
    "00017-exited-zero": ("", "", ""),
    "00018-permission-denied": ("", "/app/start", ""),
    "00019-exec-format": ("", "", ""),
    "00020-entrypoint-not-found": ("", "uvicorn web:app --host 0.0.0.0 --port 8080", ""),
    "00021-loopback-bind": ("", "127.0.0.1:8080", ""),
    "00022-port-mismatch": ("", "", ""),
    "00023-port-in-use": ("", "8080", ""),
    "00024-never-listened": ("", "", ""),
    "00025-probe-misconfigured": ("", "", ""),
    "00026-killed-by-signal": ("", "", ""),
    "00027-no-output": ("", "", ""),
    "00028-image-not-found": ("", "", ""),
}


@pytest.fixture(scope="module")
def played() -> Played:
    return play("failures")


@pytest.fixture(scope="module")
def revisions(played: Played) -> dict[str, Revision]:
    """Return the revisions by their suffixes."""
    found = [convert.revision(run_v2.Revision.pb(one)) for one in played.revisions]
    return {one.name.removeprefix("buddy-app-"): one for one in found}


@pytest.fixture(scope="module")
def findings(played: Played, revisions: dict[str, Revision]) -> dict[str, Finding]:
    """Return what is said of each revision, by its suffix."""
    entries = log_entries.convert([entry._pb for entry in played.entries])
    return {
        suffix: explain(boot.read([entry for entry in entries if entry.revision == one.name]), one)
        for suffix, one in revisions.items()
    }


def test_only_the_first_one_booted(played: Played, revisions: dict[str, Revision]) -> None:
    assert set(revisions) == set(BUILT_IN)
    assert [name for name, one in revisions.items() if one.state is not RevisionState.FAILED] == [
        "00001-none"
    ]
    assert short(played.services["buddy-app"].latest_ready_revision) == "buddy-app-00001-none"


@pytest.mark.parametrize("suffix", BUILT_IN)
def test_the_cause_that_was_built_in_is_named(suffix: str, findings: dict[str, Finding]) -> None:
    exception, missing, frame = BUILT_IN[suffix]
    said = findings[suffix]

    assert said.cause == suffix[6:].replace("-", "_")
    assert said.boots is (suffix == "00001-none")
    assert said.exception.rpartition(".")[2] == exception
    assert said.frame == frame
    if missing:
        assert said.missing == missing


def test_each_failure_has_a_way_out_and_says_how_sure_it_is(findings: dict[str, Finding]) -> None:
    for suffix, said in findings.items():
        assert said.summary, suffix
        assert said.evidence, suffix
        if said.boots is False:
            assert said.fix, suffix
            assert said.short, suffix
            assert said.uncertain or said.confidence is Confidence.CERTAIN, suffix


def test_no_path_of_this_machine_is_in_any_log(played: Played) -> None:
    lines = [line for one in played.revisions for line in played.lines(short(one.name))]

    assert not [line for line in lines if "sitecustomize" in line or "buddy-emulator-" in line]
