"""`buddy-tui report` and `buddy-tui checklist`: documents, files, and exit codes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.cli import checklist as checklist_verb
from buddy_tui.cli import report as verb
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.cli.reported import as_json
from buddy_tui.config import Known, Settings
from buddy_tui.errors import Denied, NotFound, Refused, Unwritable, UsageProblem
from buddy_tui.model import LogEntry
from buddy_tui.report.checklist import as_markdown, passes
from buddy_tui.report.conclusion import report
from buddy_tui.report.people import People, hidden_checklist
from buddy_tui.verify.plan import PLAN, answer
from buddy_tui.verify.values import Answered, Checklist
from tests import make
from tests.core.report import material
from tests.fakes import FakeReads

SETTINGS = Settings(
    project=Known("acme-prod", "--project"),
    regions=(Known("europe-west1", "--region"),),
    service=Known("api", "--service"),
)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeReads:
    """Let the command find a service whose two newest revisions failed, and a place for its state."""
    made = material.failures()
    reads = FakeReads()
    reads.put(made.service, *made.revisions)
    reads.changes[made.service.name] = made.changes

    async def connect(_: Settings) -> FakeReads:
        return reads

    monkeypatch.setattr("buddy_tui.gcp.connect", connect)
    monkeypatch.setattr(verb, "settle", lambda _: SETTINGS)
    monkeypatch.setattr(verb, "_now", lambda: make.NOW)
    monkeypatch.setattr("buddy_tui.disk.here", lambda _: None)
    monkeypatch.setattr("platformdirs.user_state_path", lambda *_, **__: tmp_path / "state")
    return reads


def run(*words: str) -> int:
    return int(parse_and_run(["report", *words]) or 0)


def test_the_report_is_printed_as_markdown(cloud: FakeReads, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0

    page = capsys.readouterr().out
    assert page.startswith("# Incident report: `api`, 2026-11-23\n")
    for heading in ("Summary", "Impact", "Timeline (UTC)", "Root cause", "Action items", "Lessons learned"):
        assert f"\n## {heading}\n" in page


def test_json_is_one_document_with_its_schema(cloud: FakeReads, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "buddy.report/1"
    assert told["service"] == {"name": "api", "project": "acme-prod", "region": "europe-west1"}
    assert told["failed"] == [material.BAD, material.WORSE]
    assert told["last_good"] == material.GOOD
    assert told["timeline"][0]["at"] == "2026-11-20T12:00:00Z"


def test_the_document_has_every_key_of_its_schema() -> None:
    told = json.loads(as_json(report(material.failures())))

    assert list(told) == [
        "schema", "service", "as_of", "since", "status", "standing", "summary", "failed", "last_good", "impact",
        "timeline", "timeline_left_out", "root_cause", "trigger", "detection", "done", "still", "actions", "todo",
        "unread", "links",
    ]  # fmt: skip
    assert told["actions"][0] == {
        "words": "Deploy from the project's root, the folder that holds Back_End/, without traffic.",
        "command": material.DEPLOY,
    }
    assert told["impact"]["requests"] == 3
    assert [one["title"] for one in told["links"][:2]] == ["Service", "Revisions"]


def test_a_service_that_is_misspelt_is_told_what_is_near_whoever_answers_first(cloud: FakeReads) -> None:
    cloud.fail("revisions", NotFound("There is no service api."))
    cloud.fail("service", NotFound("There is no service api.", "Did you mean apis?"))

    with pytest.raises(NotFound) as raised:
        run()

    assert raised.value.hint == "Did you mean apis?"


def test_since_is_a_length_of_time(cloud: FakeReads, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--since", "30m") == 0

    assert capsys.readouterr().out.startswith("# No incident")


@pytest.mark.parametrize("told", ["-2h", "0s", "99999d"])
def test_a_since_that_cannot_be_is_a_usage_problem(cloud: FakeReads, told: str) -> None:
    with pytest.raises(UsageProblem, match="--since"):
        run(f"--since={told}")


def test_a_file_is_written_once_and_kept(
    cloud: FakeReads, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "incident report.md"

    assert run("--output", str(path)) == 0
    first = capsys.readouterr()
    with pytest.raises(Refused, match="is there already"):
        run("--output", str(path))

    assert first.out == ""
    assert path.read_text(encoding="utf-8").startswith("# Incident report")


def test_force_overwrites_a_file(cloud: FakeReads, tmp_path: Path) -> None:
    path = tmp_path / "incident.md"
    path.write_text("old" * 100_000, encoding="utf-8")

    assert run("--output", str(path), "--force", "--json") == 0

    assert json.loads(path.read_text(encoding="utf-8"))["schema"] == "buddy.report/1"


def test_force_without_a_file_is_a_usage_problem(cloud: FakeReads) -> None:
    with pytest.raises(UsageProblem, match="--force"):
        run("--force")


def test_a_file_in_no_folder_is_said_in_a_sentence(cloud: FakeReads, tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match="cannot be written"):
        run("--output", str(tmp_path / "missing" / "incident.md"))


def test_logs_that_may_not_be_read_are_named_and_stop_nothing(
    cloud: FakeReads, capsys: pytest.CaptureFixture[str]
) -> None:
    denied = Denied("You may not read logs.", "roles/logging.viewer")
    cloud.fail("log_page", *[denied] * 20)
    cloud.fail("traffic_changes", denied)

    assert run() == 0

    page = capsys.readouterr().out
    assert "## What could not be read" in page
    lacks = "so the timeline lacks who changed the traffic, when and with what"
    assert f"The audit log cannot be read, {lacks}: You may not read logs. `roles/logging.viewer`" in page
    assert "so how many requests failed cannot be told: You may not read logs." in page
    assert "Requests that failed: not known; the request log could not be read." in page


def test_a_service_that_is_not_there_is_an_error(cloud: FakeReads) -> None:
    cloud.remove(make.NAME)

    with pytest.raises(NotFound):
        run()


def test_requests_of_the_time_are_counted(cloud: FakeReads, capsys: pytest.CaptureFixture[str]) -> None:
    begin = int(material.ago(hours=2, minutes=30).timestamp()) * 10**9
    for number, status in enumerate((200, 503, 200)):
        cloud.write(
            LogEntry(
                begin + number, "requests", f"r{number}", f"GET {status} 12ms /chat", revision=material.GOOD,
                raw=("europe-west1", "api"),
            )
        )  # fmt: skip

    assert run() == 0

    assert f"1 of 3 requests were answered with 5xx: 1 by {material.GOOD}." in capsys.readouterr().out


ALL_GOOD = tuple(answer(one.id, Answered.YES, "It was seen.", "probe", make.NOW) for one in PLAN)
VOUCHED = replace(
    ALL_GOOD[-1], answered=Answered.BY_HAND, by="alice@example.com", note="Seen by bob@example.com."
)
UNSEEN = replace(ALL_GOOD[-1], answered=Answered.UNKNOWN, evidence="Nobody asked.")


def plan(*lines: object, done: bool = True) -> Checklist:
    return Checklist(make.NAME, "api-00002-bbb", lines, done=done, as_of=make.NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "good"),
    [
        (plan(*ALL_GOOD), True),
        (plan(*ALL_GOOD[:-1], VOUCHED), True),
        (plan(*ALL_GOOD[:-1], UNSEEN), False),
        (plan(*ALL_GOOD[:-1], replace(UNSEEN, answered=Answered.NO)), False),
        (plan(*ALL_GOOD, done=False), False),
    ],
    ids=["all", "vouched", "unknown", "no", "unfinished"],
)
def test_too_little_evidence_is_no_pass(
    made: Checklist, monkeypatch: pytest.MonkeyPatch, *, good: bool
) -> None:
    async def answered(*_: object) -> Checklist:
        return made

    monkeypatch.setattr(checklist_verb, "settle", lambda _: SETTINGS)
    monkeypatch.setattr(checklist_verb, "_answered", answered)

    assert passes(made) is good
    assert parse_and_run(["checklist"]) == (0 if good else 1)


def test_a_checklist_has_evidence_times_and_nobody_s_name() -> None:
    made = hidden_checklist(plan(ALL_GOOD[0], VOUCHED, UNSEEN), People())

    assert as_markdown(made) == (
        "# Release checklist: `api-00002-bbb`\n"
        "\n"
        "- Service: `api` in `acme-prod/europe-west1`\n"
        "- As of: 2026-11-23 12:00:00 UTC\n"
        "- Verdict: no pass; 2 of 3 hold, 1 not known\n"
        "\n"
        "## Deployment process\n"
        "\n"
        "- [x] Deployed from the project's root\n"
        "  - It was seen. (probe, 2026-11-23 12:00:00 UTC)\n"
        "\n"
        "## Production traffic\n"
        "\n"
        "- [x] No data loss against the last good revision\n"
        "  - It was seen. (probe)\n"
        "  - Vouched for by operator-1, 2026-11-23 12:00:00 UTC: Seen by operator-2.\n"
        "- [ ] No data loss against the last good revision\n"
        "  - **not known**: Nobody asked. (probe, 2026-11-23 12:00:00 UTC)\n"
    )
