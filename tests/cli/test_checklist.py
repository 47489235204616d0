"""`buddy-tui checklist`: what was kept of each release, printed and listed without asking anybody."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from buddy_tui.cli import checklist as verb
from buddy_tui.cli import verify as verify_verb
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.cli.verified import as_text
from buddy_tui.config import Known, Settings
from buddy_tui.errors import ConfigProblem, NotFound, UsageProblem
from buddy_tui.model import ServiceName
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask
from buddy_tui.report.checklist import as_markdown
from buddy_tui.verify.kept import Kept
from buddy_tui.verify.plan import PLAN, answer
from buddy_tui.verify.ticks import Ticks, vouched
from buddy_tui.verify.values import Answered, Before, Checklist
from tests import make
from tests.fakes import FakeDoor, FakeReads

SETTINGS = Settings(
    project=Known("acme-prod", "--project"),
    regions=(Known("europe-west1", "--region"),),
    service=Known("api", "--service"),
)
OLD, NEW = "api-00001-aaa", "api-00002-bbb"
ALL_GOOD = tuple(answer(one.id, Answered.YES, "It was seen.", "probe", make.NOW) for one in PLAN)
LAST_SEEN = Before(Answered.YES, "It was seen.", "probe", make.NOW - timedelta(hours=2))
UNSEEN = replace(ALL_GOOD[-1], answered=Answered.UNKNOWN, evidence="Nobody may look.", before=LAST_SEEN)


def release(revision: str, hours: int, *lines: object, name: ServiceName = make.NAME) -> Checklist:
    created = make.NOW - timedelta(hours=hours)
    return Checklist(name, revision, lines, done=True, as_of=make.NOW, created=created)  # type: ignore[arg-type]


GOOD, UNSURE = release(OLD, 9, *ALL_GOOD), release(NEW, 1, *ALL_GOOD[:-1], UNSEEN)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the command keep its state in a folder of the test, and reach nobody."""

    async def connect(_: Settings) -> FakeReads:
        raise AssertionError("nobody is asked for what was kept")

    monkeypatch.setattr("buddy_tui.gcp.connect", connect)
    monkeypatch.setattr("platformdirs.user_state_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr(verb, "settle", lambda _: SETTINGS)
    return tmp_path / "verify"


def keep(*releases: Checklist) -> None:
    for one in releases:
        Kept(one.name, lambda: make.NOW).keep(one, str)


@pytest.mark.parametrize(
    ("words", "revision", "code"),
    [((), NEW, 1), ((OLD,), OLD, 0), (("aaa",), OLD, 0), ((NEW,), NEW, 1)],
    ids=["newest", "name", "end", "unknown-line"],
)
def test_what_was_kept_is_printed_and_says_that_nothing_was_asked_anew(
    words: tuple[str, ...], revision: str, code: int, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(GOOD, UNSURE)

    assert parse_and_run(["checklist", *words, "--kept"]) == code

    page = capsys.readouterr().out
    assert page.startswith(f"# Release checklist: `{revision}`\n")
    assert "- As of: 2026-11-23 12:00:00 UTC; kept from then, nothing was asked anew\n" in page


def test_what_was_last_seen_is_told_below_and_is_no_pass(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(UNSURE)

    assert parse_and_run(["checklist", "--kept", "--json"]) == 1

    document = json.loads(capsys.readouterr().out)
    assert document["kept"] is True
    assert document["lines"][-1]["answered"] == "unknown"
    assert document["lines"][-1]["before"] == {
        "answered": "yes",
        "evidence": "It was seen.",
        "source": "probe",
        "at": "2026-11-23T10:00:00Z",
    }
    assert "  - Last seen **yes**: It was seen. (probe, 2026-11-23 10:00:00 UTC)\n" in as_markdown(UNSURE)
    assert "Last seen: yes, 2026-11-23 10:00 (UTC): It was seen.\n" in as_text(UNSURE)


def test_a_tick_of_today_is_in_what_was_kept_without_its_name(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(UNSURE)
    Ticks(make.NAME).keep(NEW, vouched(PLAN[-1].id, "alice@example.com", "I looked.", make.NOW))

    assert parse_and_run(["checklist", "--kept"]) == 0
    hidden = capsys.readouterr().out
    assert parse_and_run(["checklist", "--kept", "--with-names"]) == 0

    assert "Vouched for by operator-1" in hidden
    assert "alice" not in hidden
    assert "alice@example.com" in capsys.readouterr().out


def test_kept_releases_are_listed_with_date_and_verdict(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(GOOD, UNSURE)
    Kept(make.NAME, lambda: make.NOW).path("api-torn").write_text("{", encoding="utf-8")

    assert parse_and_run(["checklist", "--list"]) == 0
    newest, older, torn = capsys.readouterr().out.splitlines()
    assert newest == f"{NEW}  2026-11-23 12:00 UTC  no pass; 13 of 14 hold, 1 not known"
    assert older == f"{OLD}  2026-11-23 12:00 UTC  pass; 14 of 14 hold"
    assert torn.startswith("api-torn       The checklist in ")

    assert parse_and_run(["checklist", "--list", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "buddy.checklists/1"
    assert document["service"] == {"name": "api", "project": "acme-prod", "region": "europe-west1"}
    assert document["releases"][0] == {
        "revision": NEW,
        "created": "2026-11-23T11:00:00Z",
        "as_of": "2026-11-23T12:00:00Z",
        "passes": False,
        "answers": {"yes": 13, "no": 0, "unknown": 1, "by_hand": 0},
        "trouble": None,
    }
    assert [one["passes"] for one in document["releases"]] == [False, True, False]


def test_an_empty_list_is_no_error(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_and_run(["checklist", "--list"]) == 0

    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "buddy-tui: Nothing was kept of api in europe-west1 yet.\n")


@pytest.mark.parametrize(
    ("words", "error", "told"),
    [
        (("zzz", "--kept"), NotFound, "Nothing was kept of a revision zzz"),
        (("api", "--kept"), NotFound, "Nothing was kept of a revision api"),
        (("a", "--kept"), UsageProblem, "fits several"),
        (("torn", "--kept"), ConfigProblem, "cannot be read"),
        ((NEW, "--list"), UsageProblem, "--list lists all releases"),
        (("--kept", "--list"), UsageProblem, "--list lists all releases"),
    ],
    ids=["unknown", "beginning", "several", "torn", "list-of-one", "both"],
)
def test_what_cannot_be_printed_says_why(
    words: tuple[str, ...], error: type[Exception], told: str, state: Path
) -> None:
    keep(GOOD, release("api-00003-caa", 1, *ALL_GOOD))
    Kept(make.NAME, lambda: make.NOW).path("api-torn").write_text("{", encoding="utf-8")

    with pytest.raises(error, match=told):
        parse_and_run(["checklist", *words])


def test_where_nothing_was_kept_it_says_how_that_changes(state: Path) -> None:
    with pytest.raises(NotFound, match="Nothing was kept of api") as caught:
        parse_and_run(["checklist", "--kept"])

    assert caught.value.hint == "buddy-tui checklist looks, and keeps what it saw."


@pytest.mark.parametrize("service", ["api", ""])
def test_offline_the_only_service_that_fits_is_meant(
    service: str, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loose = replace(SETTINGS, regions=(), service=Known(service, "test"))
    monkeypatch.setattr(verb, "settle", lambda _: loose)
    keep(GOOD, release("web-1", 1, *ALL_GOOD, name=make.name(project="other", service="web")))

    assert parse_and_run(["checklist", "--list"]) == 0
    assert OLD in capsys.readouterr().out

    keep(release("api-1", 1, *ALL_GOOD, name=make.name(region="us-central1")))
    with pytest.raises(UsageProblem, match="Which service"):
        parse_and_run(["checklist", "--list"])


def test_of_a_service_that_nobody_looked_at_nothing_was_kept(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb, "settle", lambda _: replace(SETTINGS, regions=()))

    with pytest.raises(NotFound, match="Nothing was kept of api in project acme-prod"):
        parse_and_run(["checklist", "--kept"])


def _ok(_: int, target: Target, ask: Ask) -> Answer:
    return Answer(make.NOW, 0.01, 200, body=b"{}")


async def look(reads: FakeReads) -> Checklist:
    subject = await verify_verb.chosen(reads, SETTINGS, None)
    return await verify_verb.answered(reads, SETTINGS, subject, FakeDoor(_ok), None)


@pytest.fixture
def reads() -> FakeReads:
    cloud = FakeReads()
    cloud.put(make.service(), make.revision(NEW), make.revision(OLD))
    return cloud


async def test_every_look_is_kept_read_only_as_well(state: Path, reads: FakeReads) -> None:
    looked = await look(reads)

    (kept,) = Kept(make.NAME, lambda: make.NOW).all()
    assert (kept.revision, kept.created) == (NEW, looked.created)
    assert [(one.id, one.answered) for one in kept.lines] == [(one.id, one.answered) for one in looked.lines]


@pytest.fixture
def no_folder(state: Path) -> None:
    """Let a file stand where the folder of the state would be."""
    state.write_text("no folder")


@pytest.mark.usefixtures("no_folder")
async def test_a_state_folder_that_cannot_be_written_is_told_once_and_fails_nothing(
    reads: FakeReads, capsys: pytest.CaptureFixture[str]
) -> None:
    looked = await look(reads)

    assert looked.done
    assert capsys.readouterr().err.count("cannot be kept") == 1
