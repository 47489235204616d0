"""`buddy-tui verify`: the document, the page, ticks by hand, and exit codes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.cli import verify as verb
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.cli.verified import as_json, as_text
from buddy_tui.cli.verify import answered, chosen
from buddy_tui.config import Known, Settings
from buddy_tui.errors import NotFound, UsageProblem
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask
from buddy_tui.verify.plan import IDS, PLAN, answer
from buddy_tui.verify.ticks import Ticks
from buddy_tui.verify.values import Answered, Checklist
from tests import make
from tests.fakes import FakeDoor, FakeReads

LINES = (
    answer("deploys-from-root", Answered.YES, "203 files were uploaded.", "archive", make.NOW),
    replace(answer("boots", Answered.NO, "No module named yaml.", "log", make.NOW), by="bob", note="It is fine."),
    answer("error-rate", Answered.UNKNOWN, "No request came since 11:00.", "log"),
    replace(answer("monitor-fed", Answered.BY_HAND, "Nobody asked."), by="alice", note="Seen.", at=make.NOW),
)  # fmt: skip
CHECKLIST = Checklist(make.NAME, "api-00002-bbb", LINES, done=True, as_of=make.NOW)


def settings(**over: Known) -> Settings:
    base = Settings(
        project=Known("acme-prod", "--project"),
        regions=(Known("europe-west1", "--region"),),
        service=Known("api", "--service"),
    )
    return replace(base, **over)  # type: ignore[arg-type]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeReads:
    """Let the command find one service, its settings and a place for its state."""
    reads = FakeReads()
    reads.put(make.service(), make.revision("api-00002-bbb"), make.revision("api-00001-aaa"))

    async def connect(_: Settings) -> FakeReads:
        return reads

    monkeypatch.setattr("buddy_tui.gcp.connect", connect)
    monkeypatch.setattr(verb, "settle", lambda _: settings())
    monkeypatch.setattr("platformdirs.user_state_path", lambda *_, **__: tmp_path)
    return reads


def test_the_document_has_every_key_of_its_schema() -> None:
    document = json.loads(as_json(replace(CHECKLIST, lines=LINES[1:2])))

    assert document == {
        "schema": "buddy.verify/1",
        "service": {"name": "api", "project": "acme-prod", "region": "europe-west1"},
        "revision": "api-00002-bbb",
        "created": None,
        "kept": False,
        "answers": {"yes": 0, "no": 1, "unknown": 0, "by_hand": 0},
        "lines": [
            {
                "id": "boots",
                "section": "Deployment process",
                "text": "Boots without import errors",
                "answered": "no",
                "evidence": "No module named yaml.",
                "source": "log",
                "at": "2026-11-23T12:00:00Z",
                "by": "bob",
                "note": "It is fine.",
                "before": None,
            }
        ],
        "trouble": None,
        "as_of": "2026-11-23T12:00:00Z",
    }


def test_the_page_shows_sections_answers_evidence_and_whose_word_it_is() -> None:
    page = as_text(replace(CHECKLIST, trouble=make.trouble("You may not.", hint="gcloud …")))

    assert page == (
        "api-00002-bbb  acme-prod/europe-west1\n"
        "\n"
        "Deployment process\n"
        "  yes      Deployed from the project's root [deploys-from-root]\n"
        "           203 files were uploaded. (archive, 12:00:00)\n"
        "  NO       Boots without import errors [boots]\n"
        "           No module named yaml. (log, 12:00:00)\n"
        "           Ticked by bob: It is fine.\n"
        "\n"
        "Production traffic\n"
        "  unknown  Error rate [error-rate]\n"
        "           No request came since 11:00. (log)\n"
        "\n"
        "System health monitor\n"
        "  by hand  The frontend's monitor receives data [monitor-fed]\n"
        "           Nobody asked.\n"
        "           Ticked by alice, 2026-11-23 12:00 (UTC): Seen.\n"
        "\n"
        "1 yes, 1 no, 1 unknown, 1 by hand\n"
        "Vouch for what is unknown and was seen otherwise:\n"
        "buddy-tui verify api-00002-bbb --tick LINE --by NAME --note TEXT\n"
        "You may not.\n"
        "gcloud …\n"
    )


@pytest.mark.parametrize("columns", ["40", "70", "200"])
def test_no_line_is_wider_than_the_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    long = answer("boots", Answered.NO, "A sentence that goes on. " * 30, "log", make.NOW)

    page = as_text(replace(CHECKLIST, lines=(long, *PLAN)))

    assert max(map(len, page.splitlines())) <= max(60, int(columns))


async def test_a_revision_is_chosen_by_name_or_by_the_plan() -> None:
    cloud = FakeReads()
    old, new = make.revision("api-00001-aaa"), make.revision("api-00002-bbb")
    cloud.put(make.service(effective=(make.target(old.name, 100),)), new, old)

    assert (await chosen(cloud, settings(), None)).revision == new
    assert (await chosen(cloud, settings(), "aaa")).revision == old
    cloud.put(make.service(effective=()))
    with pytest.raises(NotFound, match="no revisions"):
        await chosen(cloud, settings(), None)


async def test_the_whole_plan_is_answered_read_only_without_a_session(cloud: FakeReads) -> None:
    door = FakeDoor(_good)

    told = await answered(cloud, settings(), await chosen(cloud, settings(), None), door, None)

    lines = {line.id: line for line in told.lines}
    assert (told.done, len(lines)) == (True, len(PLAN))
    assert Answered.PENDING not in {line.answered for line in told.lines}
    assert lines["creates-session"].answered is Answered.UNKNOWN
    assert "Read-only" in lines["creates-session"].evidence
    assert {ask.method for _, _, ask in door.asked if ask.path.startswith("/sessions")} == set()
    assert door.open_visits == 0


def _good(_: int, target: Target, ask: Ask) -> Answer:
    return Answer(make.NOW, 0.01, 200, body=b"{}")


def test_a_tick_is_kept_with_its_name_and_note(
    cloud: FakeReads, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = parse_and_run(["verify", "bbb", "--tick", "monitor-fed", "--by", "alice", "--note", "Seen it."])

    (tick,) = Ticks(make.NAME, tmp_path / "verify").of("api-00002-bbb")
    assert (code, tick.line, tick.by, tick.note) == (0, "monitor-fed", "alice", "Seen it.")
    assert capsys.readouterr().out == "monitor-fed of api-00002-bbb is ticked by alice: Seen it.\n"
    assert cloud.closed


def test_where_the_old_file_went_is_told(
    cloud: FakeReads, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Ticks(make.NAME, tmp_path / "verify").path("api-00002-bbb")
    path.parent.mkdir()
    path.write_text("{")

    assert parse_and_run(["verify", "bbb", "--tick", "boots", "--by", "alice", "--note", "x"]) == 0
    assert "aside-1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tick", "boots"], "a name and a note"),
        (["--tick", "boots", "--by", "alice"], "a name and a note"),
        (["--tick", "boot", "--by", "alice", "--note", "x"], 'no line "boot"'),
        (["--by", "alice"], "belong to a tick"),
        (["--tick", "boots", "--by", "alice", "--note", "x", "--json"], "prints no JSON"),
    ],
)
def test_what_cannot_be_ticked_is_told_before_anything_is_asked(
    cloud: FakeReads, arguments: list[str], words: str
) -> None:
    with pytest.raises(UsageProblem, match=words):
        parse_and_run(["verify", *arguments])

    assert cloud.calls == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [(LINES, 1), (LINES[:1], 0), (LINES[2:], 3), (LINES[3:], 0)],
    ids=["no", "yes", "?", "hand"],
)
@pytest.mark.usefixtures("cloud")
def test_the_exit_code_says_what_a_script_must_know(
    lines: tuple[object, ...],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def told(*_: object) -> Checklist:
        return replace(CHECKLIST, lines=lines)  # type: ignore[arg-type]

    monkeypatch.setattr(verb, "answered", told)
    monkeypatch.setattr(verb, "settle", lambda _: settings(read_only=Known("yes", "--read-only")))

    assert parse_and_run(["verify", "--read-only", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["schema"] == "buddy.verify/1"


def test_every_line_of_the_plan_has_an_id_that_can_be_typed() -> None:
    assert all(identity.replace("-", "").isalpha() and identity.islower() for identity in IDS)
