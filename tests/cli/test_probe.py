"""`buddy-tui probe`: the page at the terminal's width, rounds, exit codes, and how it ends."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace

import pytest

from buddy_tui.cli import probe as verb
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.cli.probe import run
from buddy_tui.cli.probed import Probed, as_text
from buddy_tui.config import Known, Settings
from buddy_tui.errors import ExitCode, UsageProblem
from buddy_tui.model import Service
from buddy_tui.probes.values import Answer, Cell, Matrix, Refusal, Target, Verdict
from buddy_tui.question import Ask, Question
from buddy_tui.sessions.values import Ladder, Step, Survival
from tests import make
from tests.fakes import FakeDoor, FakeReads

OLD, NEW = "api-00001-aaa", "api-00002-bbb"
HEALTH = Question("health", Ask("GET", "/health"))
BOUND = "8 of 8: fewer than 32 % of requests fail, 95 % confidence"
ADDRESS = "https://next---api-abcdefghij-ew.a.run.app"
SETTINGS = Settings(
    project=Known("acme-prod", "--project"),
    regions=(Known("europe-west1", "--region"),),
    service=Known("api", "--service"),
    questions=(HEALTH,),
)


def addressed() -> Service:
    """Return a service of which the old revision serves and both have an address."""
    targets = (
        make.target(OLD, 100, "stable", "https://stable---api-abcdefghij-ew.a.run.app"),
        make.target(NEW, 0, "next", ADDRESS),
    )
    return make.service(desired=targets, effective=targets)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeReads:
    """Let the command find one service, and let everything that it asks answer well."""
    reads = FakeReads()
    reads.put(addressed(), make.revision(NEW), make.revision(OLD))

    async def connect(_: Settings) -> FakeReads:
        return reads

    monkeypatch.setattr("buddy_tui.gcp.connect", connect)
    monkeypatch.setattr("buddy_tui.probes.door.HttpDoor", lambda _: FakeDoor(_good))
    monkeypatch.setattr(verb, "settle", lambda _: SETTINGS)
    return reads


def _good(_: int, target: Target, ask: Ask) -> Answer:
    return Answer(make.NOW, 0.01, 200, body=b"{}")


def matrix(*cells: Cell, revision: str = NEW) -> Matrix:
    questions = tuple(Question(cell.question) for cell in cells)
    return Matrix(make.NAME, (Target(revision, ADDRESS),), questions, (cells,), baseline=OLD)


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_no_line_of_the_page_is_wider_than_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    cells = (
        Cell(NEW, "health", Verdict.PASS, 8, 8, BOUND, 5.0, 9.0),
        Cell(
            NEW, "n" * 40, Verdict.FAIL, 0, 8, BOUND, 5.0, 9.0, "503 Service Unavailable, expected 200 to 299"
        ),
    )
    steps = (Step("create", "create a session", Verdict.PASS, make.NOW, 0.1, "it answers 201. " * 9),)
    ladder = Ladder(make.NAME, NEW, steps=steps, survival=Survival.PERSISTED, reason="It is there. " * 12)

    page = as_text(Probed(make.NAME, make.NOW, matrix(*cells), (ladder,)))

    assert max(map(len, page.splitlines())) <= columns
    assert any(line.endswith(ADDRESS) for line in page.splitlines())


def test_a_refusal_that_all_questions_share_is_told_once() -> None:
    cells = tuple(
        Cell(NEW, name, Verdict.REFUSED, reason="You may not.", fix="gcloud …", refusal=Refusal.NOT_INVOKER)
        for name in ("health", "chat")
    )

    page = as_text(Probed(make.NAME, make.NOW, matrix(*cells))).splitlines()

    assert page[-2:] == ["  refused: You may not.", "  fix: gcloud …"]
    assert sum("You may not." in line for line in page) == 1


def test_where_nothing_is_offered_the_way_out_is_told() -> None:
    missing = Cell(NEW, "chat", Verdict.NOT_OFFERED, reason="/chat is not offered")
    good = Cell(NEW, "health", Verdict.PASS, 8, 8, BOUND)

    assert "[[probe]] in buddy.toml" in as_text(Probed(make.NAME, make.NOW, matrix(missing)))
    assert "[[probe]]" not in as_text(Probed(make.NAME, make.NOW, matrix(missing, good)))


def test_a_step_that_nobody_came_to_has_no_verdict_and_no_time() -> None:
    untried = Step("delete", "delete it", Verdict.INCONCLUSIVE, reason="not tried")
    ladder = Ladder(make.NAME, NEW, steps=(untried,), survival=Survival.REFUSED, reason="No tag leads to it.")

    page = as_text(Probed(make.NAME, make.NOW, ladders=(ladder,)))

    assert page.splitlines()[-1].split() == ["-", "delete", "it:", "not", "tried"]


@pytest.mark.usefixtures("cloud")
def test_the_document_has_a_result_for_each_revision_and_question(capsys: pytest.CaptureFixture[str]) -> None:
    code = parse_and_run(["probe", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert (code, document["schema"], document["baseline"]) == (0, "buddy.probe/1", OLD)
    assert (document["session"], document["sessions"]) == (None, [])
    assert [(one["revision"], one["probe"], one["verdict"]) for one in document["results"]] == [
        (OLD, "health", "pass"),
        (NEW, "health", "pass"),
    ]
    assert set(document["results"][0]) == {
        "revision", "probe", "verdict", "attempts", "passed", "bound", "p50_ms", "p95_ms", "reason",
        "fix", "refusal", "compared", "critical",
    }  # fmt: skip


def test_newer_revisions_that_are_not_asked_are_named(
    cloud: FakeReads, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("api-00004-ddd", "api-00003-ccc", NEW, OLD)
    cloud.put(addressed(), *map(make.revision, names))

    assert parse_and_run(["probe"]) == 0
    assert "not asked: api-00004-ddd and 1 more." in capsys.readouterr().err
    assert parse_and_run(["probe", "bbb"]) == 0
    assert capsys.readouterr().err == ""


def test_a_watch_that_can_ask_nobody_says_so_and_ends(
    cloud: FakeReads, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.put(make.service(desired=(), effective=()), make.revision(NEW))

    assert parse_and_run(["probe", "--watch"]) == ExitCode.RETRYABLE
    assert "there is nobody to ask" in " ".join(capsys.readouterr().out.split())
    assert parse_and_run(["probe", "bbb", "--watch", "--json"]) == ExitCode.RETRYABLE
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["results"][0]["refusal"] == "no_address"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.usefixtures("cloud")
def test_each_round_of_a_watch_is_told_at_once_until_it_is_ended(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages: list[str] = []

    def third(page: str, **_: object) -> None:
        pages.append(page)
        if len(pages) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(verb, "print", third, raising=False)
    with pytest.raises(KeyboardInterrupt):
        parse_and_run(["probe", "--watch", "--every", "0.3", *(["--json"] if form == "json" else [])])

    assert capsys.readouterr().out == ""
    if form == "json":
        assert [json.loads(page)["schema"] for page in pages] == ["buddy.probe/1"] * 3
        assert [page.count("\n") for page in pages] == [1] * 3
    else:
        assert [page.partition(",")[0] for page in pages] == ["Round 1", "Round 2", "Round 3"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--every", "3"], "--every belongs to --watch"),
        (["--session", "--watch"], "Which one"),
        (["--attempts", "0"], "nothing to do"),
        (["--attempts", "1001"], "at most 1,000"),
    ],
)
def test_options_that_do_not_go_together_are_told_before_anything_is_asked(
    cloud: FakeReads, arguments: list[str], words: str
) -> None:
    with pytest.raises(UsageProblem, match=words):
        parse_and_run(["probe", *arguments])

    assert cloud.calls == []


@pytest.mark.usefixtures("cloud")
def test_read_only_makes_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(SETTINGS, read_only=Known("yes", "--read-only"))
    monkeypatch.setattr(verb, "settle", lambda _: settings)

    with pytest.raises(UsageProblem, match="--read-only says that nothing may be changed"):
        parse_and_run(["probe", "--session"])


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM there")
def test_sigterm_ends_it_after_what_was_made_is_removed() -> None:
    told: list[str] = []

    async def work() -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0)
            told.append("removed")
        return 0

    assert run(work()) == ExitCode.INTERRUPTED
    assert told == ["removed"]
