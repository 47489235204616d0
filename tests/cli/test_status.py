"""`buddy-tui status`: what it prints, and which service it means."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui.actions.marks import RolledBack, rolled_back_values
from buddy_tui.cli.snapshot import as_json, as_text
from buddy_tui.cli.status import look
from buddy_tui.config import Known, Settings
from buddy_tui.errors import BuddyError, Denied, NotFound, UsageProblem
from buddy_tui.model import RevisionState
from tests import make
from tests.fakes import FakeReads

GOOD = make.revision("api-00001-aaa", source="gs://b/o.zip#1", created=make.NOW - timedelta(days=3))
BROKEN = make.failed("api-00002-bbb")
PINNED = make.service(
    desired=(make.target("api-00001-aaa", 100), make.target("api-00002-bbb", tag="canary")),
    effective=(
        make.target("api-00001-aaa", 100, uri="https://x.example"),
        make.target("api-00001-aaa", tag="ok"),
    ),
    latest_created="api-00002-bbb",
)


def settings(service: str = "", *regions: str) -> Settings:
    return Settings(
        project=Known("acme-prod", "--project"),
        regions=tuple(Known(region, "--region") for region in regions),
        service=Known(service, "--service") if service else Known(),
    )


def test_the_document_has_every_key_of_its_schema_and_null_for_what_is_not_known() -> None:
    document = json.loads(as_json(PINNED, (BROKEN, GOOD), make.NOW))

    assert document == {
        "schema": "buddy.status/1",
        "service": {
            "name": "api",
            "project": "acme-prod",
            "region": "europe-west1",
            "uri": "https://api-abcdefghij-ew.a.run.app",
            "etag": '"etag-1"',
        },
        "traffic": {
            "desired": [
                {"revision": "api-00001-aaa", "percent": 100, "tag": None, "latest": False},
                {"revision": "api-00002-bbb", "percent": 0, "tag": "canary", "latest": False},
            ],
            "effective": [
                {"revision": "api-00001-aaa", "percent": 100, "tag": None, "latest": False},
                {"revision": "api-00001-aaa", "percent": 0, "tag": "ok", "latest": False},
            ],
            "pinned": True,
            "diverged": True,
            "next_deploy_percent": 0,
            "rolled_back": None,
        },
        "revisions": [
            {
                "name": "api-00002-bbb",
                "state": "failed",
                "reason": "HealthCheckContainerError",
                "message": make.FAILED_MESSAGE,
                "created": "2026-11-23T11:00:00Z",
                "percent": 0,
                "tags": [],
                "source": None,
            },
            {
                "name": "api-00001-aaa",
                "state": "ready",
                "reason": None,
                "message": None,
                "created": "2026-11-20T12:00:00Z",
                "percent": 100,
                "tags": ["ok"],
                "source": "gs://b/o.zip#1",
            },
        ],
        "as_of": "2026-11-23T12:00:00Z",
    }


def test_a_service_that_follows_latest_says_so_in_the_document() -> None:
    traffic = json.loads(as_json(make.service(desired=()), (GOOD,), make.NOW))["traffic"]

    assert traffic["desired"] == []
    assert traffic["effective"] == [
        {"revision": "api-00001-aaa", "percent": 100, "tag": None, "latest": True}
    ]
    assert (traffic["pinned"], traffic["next_deploy_percent"]) == (False, 100)


@pytest.mark.parametrize("state", list(RevisionState))
def test_every_state_of_a_revision_is_a_word(state: RevisionState) -> None:
    revisions = (replace(GOOD, state=state),)

    assert json.loads(as_json(make.service(), revisions, make.NOW))["revisions"][0]["state"] == state.value
    assert f" {state.value} " in as_text(make.service(), revisions, make.NOW)


def test_the_page_tells_the_truth_first_and_the_reason_of_each_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "110")

    page = as_text(PINNED, (BROKEN, GOOD), make.NOW)

    lines = page.splitlines()
    assert lines[0] == "api  acme-prod/europe-west1  https://api-abcdefghij-ew.a.run.app"
    assert lines[1] == "PINNED to api-00001-aaa"
    assert any(line.startswith("  POISONED:") for line in lines)
    (broken,) = (line for line in lines if line.startswith("api-00002-bbb"))
    (good,) = (line for line in lines if line.startswith("api-00001-aaa"))
    assert "failed" in broken
    assert "did not start: The user-provided container" in broken
    assert "100 %" in good
    assert "3 days" in good
    assert lines[-1] == "as of 2026-11-23T12:00:00Z"
    assert "\x1b" not in page


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_the_page_keeps_to_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    page = as_text(PINNED, (BROKEN, GOOD), make.NOW)

    assert max(map(len, page.splitlines())) <= columns


def test_on_a_narrow_terminal_no_fact_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")

    page = as_text(PINNED, (BROKEN, GOOD), make.NOW)

    assert "api-00002-bbb" in page
    assert "failed" in page


def test_markup_in_foreign_text_is_printed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    revision = make.failed(message="see [/srv/app] [red]x[/] [@click=app.quit]y")

    assert "see [/srv/app] [red]x[/] [@click=app.quit]y" in as_text(make.service(), (revision,), make.NOW)


def cloud() -> FakeReads:
    reads = FakeReads(make.service(make.name("web", "us-east1")))
    reads.put(make.service(), GOOD)
    return reads


async def test_a_service_that_is_named_in_full_is_read_without_any_search() -> None:
    reads = cloud()

    found, revisions = await look(reads, settings("api", "europe-west1"))

    assert (found.name, revisions) == (make.NAME, (GOOD,))
    assert [method for method, _ in reads.calls] == ["service", "revisions"]


@pytest.mark.parametrize("regions", [(), ("us-east1", "europe-west1")])
async def test_a_name_without_its_region_is_found_in_the_one_that_has_it(regions: tuple[str, ...]) -> None:
    found, _revisions = await look(cloud(), settings("api", *regions))

    assert found.name == make.NAME


async def test_the_only_service_is_meant_when_none_is_named_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found, _revisions = await look(cloud(), settings("", "europe-west1"))

    assert found.name == make.NAME
    assert capsys.readouterr().err == "buddy-tui: api in europe-west1 is the only service.\n"


@pytest.mark.parametrize(
    ("asked", "kind", "sentence", "hint"),
    [
        (
            settings(),
            UsageProblem,
            "Which service? There are 2: api (europe-west1), web (us-east1).",
            "Name one.",
        ),
        (settings("ap"), NotFound, "There is no service ap in project acme-prod", "Did you mean api?"),
        (
            settings("zzz"),
            NotFound,
            "There is no service zzz",
            "Services: api (europe-west1), web (us-east1).",
        ),
        (
            settings("", "asia-east1"),
            NotFound,
            "There are no services in project acme-prod, in asia-east1.",
            "",
        ),
    ],
)
async def test_when_no_single_service_fits_it_says_what_there_is(
    asked: Settings, kind: type[BuddyError], sentence: str, hint: str
) -> None:
    with pytest.raises(BuddyError) as told:
        await look(cloud(), asked)

    assert type(told.value) is kind
    assert sentence in str(told.value)
    assert told.value.hint == hint


async def test_one_name_in_two_regions_is_a_question() -> None:
    reads = cloud()
    reads.put(make.service(make.name("api", "us-east1")))

    with pytest.raises(UsageProblem, match="api is in several regions: europe-west1, us-east1"):
        await look(reads, settings("api"))


async def test_a_region_that_could_not_be_asked_is_told_beside_the_find(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reads = cloud()
    reads.fail("services", None, Denied("You lack run.services.list."))

    found, _revisions = await look(reads, settings("api", "europe-west1", "us-east1"))

    assert found.name == make.NAME
    assert "us-east1 could not be asked: You lack run.services.list." in capsys.readouterr().err


async def test_not_found_is_never_guessed_from_a_region_that_could_not_be_asked() -> None:
    reads = cloud()
    reads.fail("services", Denied("You lack run.services.list."))

    with pytest.raises(Denied):
        await look(reads, settings("nope", "europe-west1", "us-east1"))


def test_a_service_that_was_rolled_back_says_so_until_somebody_decides() -> None:
    mark = RolledBack("api-00042-xez", "api-00041-kub", make.NOW, "alice@example.com")
    name, value = next(iter(rolled_back_values(mark).items()))
    pinned = make.service(desired=(make.target("api-00041-kub", 100),), annotations=((name, str(value)),))

    document = json.loads(as_json(pinned, (), make.NOW))

    assert document["traffic"]["rolled_back"]["from"] == "api-00042-xez"
    assert "ROLLED BACK from api-00042-xez to api-00041-kub" in as_text(pinned, (), make.NOW)
