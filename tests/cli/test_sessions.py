"""`buddy-tui sessions`: the document, the page with its chart, and exit codes."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui.cli import sessions as verb
from buddy_tui.cli.audited import as_json, as_text
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.cli.sessions import counted
from buddy_tui.config import Known, Settings
from buddy_tui.errors import Denied, NotFound, UsageProblem
from buddy_tui.gateway import Document, Place
from buddy_tui.model import Trouble
from buddy_tui.sessions.values import Audit, Hour, Kept
from tests import make
from tests.fakes import FakeReads

HOUR = timedelta(hours=1)
AUDIT = Audit(
    make.NAME,
    "acme-prod/(default)/sessions",
    kept=(
        Kept("api-00031-qux", 2, make.NOW - HOUR, make.NOW),
        Kept("api-00028-bsx", 48, make.NOW - 9 * HOUR, make.NOW - 2 * HOUR),
        Kept("(unknown)", 1),
    ),
    hours=(
        Hour(make.NOW - 9 * HOUR, "api-00028-bsx", 40),
        Hour(make.NOW - 2 * HOUR, "api-00028-bsx", 8),
        Hour(make.NOW - HOUR, "api-00031-qux", 1),
        Hour(make.NOW, "api-00031-qux", 1),
    ),
    rollouts=((make.NOW - HOUR + timedelta(minutes=5), "api-00031-qux"),),
    fell=("After api-00031-qux began (2026-11-23 11:05) 3 sessions an hour, before 41.",),
    notes=("A note.",),
    total=48_213,
    read=2000,
    cost=2049,
    cut=True,
    since=make.NOW - 9 * HOUR,
    attributed="field",
    as_of=make.NOW,
)


def settings() -> Settings:
    return Settings(
        project=Known("acme-prod", "--project"),
        regions=(Known("europe-west1", "--region"),),
        service=Known("api", "--service"),
    )


def test_the_document_has_every_key_of_its_schema() -> None:
    document = json.loads(as_json(replace(AUDIT, hours=AUDIT.hours[:1], kept=AUDIT.kept[1:])))

    assert document == {
        "schema": "buddy.sessions/1",
        "service": {"name": "api", "project": "acme-prod", "region": "europe-west1"},
        "place": "acme-prod/(default)/sessions",
        "total": 48213,
        "read": 2000,
        "cost": 2049,
        "cut": True,
        "since": "2026-11-23T03:00:00Z",
        "attributed": "field",
        "revisions": [
            {
                "revision": "api-00028-bsx",
                "count": 48,
                "oldest": "2026-11-23T03:00:00Z",
                "newest": "2026-11-23T10:00:00Z",
            },
            {"revision": "(unknown)", "count": 1, "oldest": None, "newest": None},
        ],
        "hours": [{"start": "2026-11-23T03:00:00Z", "revision": "api-00028-bsx", "count": 40}],
        "rollouts": [{"at": "2026-11-23T11:05:00Z", "revision": "api-00031-qux"}],
        "fell": list(AUDIT.fell),
        "notes": ["A note."],
        "trouble": None,
        "as_of": "2026-11-23T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("plain", "old", "new"),
    [(False, "█······▂··", "········▁▁"), (True, "8......2..", "........11")],
    ids=["blocks", "ascii"],
)
def test_the_page_has_the_cost_in_words_and_a_chart_of_hours(
    plain: bool,  # noqa: FBT001 - a row of a table
    old: str,
    new: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")

    page = as_text(AUDIT, plain=plain).splitlines()

    assert page[1] == (
        "2,000 of 48,213 documents read, back to 2026-11-23 03:00 (UTC); Google counts 2,049 reads"
    )
    assert f"api-00028-bsx  {old}" in page
    assert f"api-00031-qux  {new}" in page
    assert f"begins{' ' * 17}^" in page
    assert any(line.startswith("fell  After api-00031-qux") for line in page)
    assert not plain or "\n".join(page).isascii()


@pytest.mark.parametrize("columns", ["20", "60", "80", "300"])
def test_a_chart_is_never_wider_than_the_terminal_and_keeps_the_newest_hours(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    long_ago = Hour(make.NOW - 1000 * HOUR, "api-00028-bsx", 3)

    page = as_text(replace(AUDIT, hours=(long_ago, *AUDIT.hours)), plain=False).splitlines()

    (chart,) = (line for line in page if line.startswith("api-00028-bsx ") and "█" in line)
    assert len(chart) == max(60, int(columns))
    assert chart.endswith("█······▂··")


@pytest.mark.parametrize("name", ["n" * 63, "名" * 31])
def test_a_long_name_leaves_room_for_half_a_day(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    hours = tuple(Hour(make.NOW - at * HOUR, name, 1) for at in range(30))

    page = as_text(replace(AUDIT, kept=(Kept(name, 30, make.NOW, make.NOW),), hours=hours), plain=False)

    (chart,) = (line for line in page.splitlines() if "█" in line)
    assert chart.count("█") == 12


def test_an_hour_that_has_not_come_yet_is_not_drawn() -> None:
    later = Hour(make.NOW + 9000 * HOUR, "api-00028-bsx", 3)

    page = as_text(replace(AUDIT, hours=(*AUDIT.hours, later)), plain=False)

    assert "to 2026-11-23 12:00 (UTC)" in page
    assert "an hour each" not in as_text(replace(AUDIT, hours=(later,)), plain=False)


def test_of_very_many_revisions_the_newest_are_shown_and_the_rest_counted() -> None:
    kept = tuple(Kept(f"api-{number:05d}-aaa", 1, make.NOW, make.NOW) for number in range(50))

    page = as_text(replace(AUDIT, kept=kept, hours=()), plain=False)

    assert "and 38 more: --json" in page


def test_trouble_and_emptiness_are_sentences() -> None:
    denied = Trouble("You may not read Firestore.", "gcloud projects add-iam-policy-binding …", 4, make.NOW)

    page = as_text(Audit(make.NAME, "p/d/s", trouble=denied), plain=False)

    assert "You may not read Firestore.\n  gcloud projects" in page
    assert json.loads(as_json(Audit(make.NAME, trouble=denied)))["total"] is None
    assert "There are none." in as_text(Audit(make.NAME, "p/d/s", total=0), plain=False)


async def test_the_service_of_the_settings_is_audited_by_their_plan() -> None:
    cloud = FakeReads()
    cloud.put(make.service(), make.revision())
    cloud.keep(Document(Place("acme-prod"), "talks/1", {"created": make.NOW, "revision": "api-00001-aaa"}))
    plan = replace(settings().session, document="talks/{id}")

    told = await counted(cloud, replace(settings(), session=plan), 10)

    assert [(one.revision, one.count) for one in told.kept] == [("api-00001-aaa", 1)]


async def test_a_service_that_is_not_there_is_an_error_of_its_own() -> None:
    with pytest.raises(NotFound):
        await counted(FakeReads(), settings(), 10)


@pytest.mark.parametrize("most", ["0", "-5", "100001"])
def test_a_senseless_limit_is_refused(most: str) -> None:
    with pytest.raises(UsageProblem, match="--most"):
        parse_and_run(["sessions", "api", "--project", "acme-prod", "--most", most])


@pytest.mark.parametrize(("error", "code"), [(None, 0), (Denied("You may not read Firestore."), 4)])
def test_the_exit_code_is_that_of_the_trouble(
    error: Denied | None, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = FakeReads()
    cloud.put(make.service(), make.revision())
    if error:
        cloud.fail("documents", error)

    async def connect(_: Settings) -> FakeReads:
        return cloud

    monkeypatch.setattr("buddy_tui.gcp.connect", connect)
    monkeypatch.setattr(verb, "settle", lambda _: settings())

    assert parse_and_run(["sessions", "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert (document["trouble"] or {}).get("sentence") == (str(error) if error else None)
    assert cloud.closed
