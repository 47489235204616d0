"""Every verb is run in a world full of canaries; in what it prints and writes none may be found.

The rule: values of environment variables, our own tokens, and what is in files, requests and documents appear nowhere.
A log is shown as it was logged, in `logs`, the boot log and a saved log, and nowhere else: what is concluded from it,
quoted as evidence, journalled or reported has its secrets masked. Addresses of people are told to the operator; in a
report and a checklist only with `--with-names`. Nothing of it ever steers a terminal.
"""

import json
import urllib.request
from collections.abc import Mapping

import pytest

from buddy_tui.cli.outcome import concluded
from buddy_tui.cli.verbs import VERBS
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from tests.canary.cases import CARRIED, CASES, OWN, Case, leaks, said
from tests.canary.conftest import Planted
from tests.canary.planted import HOSTILE, Place, found, person, secrets, steering
from tests.core.report.test_harmless import harmless

# By verb: each case, and what it printed.
Told = Mapping[str, tuple[tuple[Case, str], ...]]


@pytest.fixture(scope="module")
def told(planted: Planted) -> Told:
    """Run every case, in their order: those that change something leave a journal behind."""
    return {verb: tuple((case, said(verb, *case.words)) for case in cases) for verb, cases in CASES.items()}


@pytest.mark.parametrize("verb", [one.name for one in VERBS])
def test_a_verb_shows_no_canary(verb: str, told: Told) -> None:
    assert verb in told, f"`{verb}` is a new verb: tell in tests/canary/cases.py what of it is to be tried"

    for case, text in told[verb]:
        assert case.shows in text, f"{verb} {case.words[:2]} did not do its job: {text[:600]}"
        assert "a bug of ours" not in text
        assert leaks(text, case.may) == {}, (verb, case.words[:2])
        assert steering(text) == ""


def test_no_file_that_was_written_holds_a_canary(told: Told, planted: Planted) -> None:
    files = planted.files

    assert {"journal.jsonl", "report.md"} <= files.keys()
    assert any(PROJECT in name for name in files), "the ticks of the verification plan"
    for name, text in files.items():
        assert leaks(text, OWN) == {}, name
        assert steering(text) == "", name


def test_a_report_and_a_checklist_show_nothing_hostile_as_html(told: Told, planted: Planted) -> None:
    pages = [text for verb in ("report", "checklist") for case, text in told[verb] if case.may == CARRIED]

    for page in (*pages, planted.files["report.md"]):
        if not page.startswith("{"):
            harmless(page)


def test_a_report_that_is_written_to_a_file_tells_names_only_when_asked(told: Told, planted: Planted) -> None:
    assert person() in planted.files["report.md"]


def test_a_bug_of_ours_is_written_down_without_what_it_was_about(planted: Planted) -> None:
    def broken() -> int:
        password = secrets(Place.SIGNED_IN)
        raise RuntimeError("\n".join((*password, HOSTILE)))

    assert concluded(broken) == 1

    log = planted.files["buddy-tui.log"]
    assert "in broken" in log
    assert leaks(log, CARRIED) == {}
    assert steering(log) == ""


def test_nothing_that_an_operator_typed_is_written_into_the_service(told: Told, planted: Planted) -> None:
    address = f"{planted.endpoints['CLOUD_RUN_EMULATOR_REST']}/v2/projects/{PROJECT}/locations/{REGION}/services/{SERVICE}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address) as answer:
        service = json.load(answer)

    assert service["annotations"], "the marks of our own changes"
    assert Place.TYPED not in found(json.dumps(service))


def test_no_request_follows_a_redirect_away_or_goes_through_the_proxy(told: Told, planted: Planted) -> None:
    assert "not followed" in dict(told)["probe"][1][1]
    assert planted.stolen == []


@pytest.mark.parametrize(
    ("words", "shows"),
    [("status api", "proxy"), ("doctor api", "proxy"), ("context --json", "adc.json"), ("logs api", "proxy")],
)
def test_without_a_way_to_google_no_credential_is_told(
    words: str, shows: str, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in planted.endpoints:
        monkeypatch.delenv(name)

    text = said(*words.split(), "--project", "acme-prod", "--region", "europe-west1")

    assert shows in text
    assert "a bug of ours" not in text
    assert leaks(text, OWN) == {}
    assert leaks("\n".join(planted.stolen), CARRIED) == {}
    planted.stolen.clear()
