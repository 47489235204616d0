"""`buddy-tui diagnose`: files of every kind, revisions by name, and exit codes."""

import io
import json
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from buddy_tui.cli import diagnose as verb
from buddy_tui.cli.diagnose import _looked, diagnose
from buddy_tui.cli.findings import as_json, as_text
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.cli.target import pick_revision, service_in
from buddy_tui.config import Known, Settings
from buddy_tui.errors import BuddyError, NotFound, UsageProblem
from buddy_tui.model import LogEntry
from tests import make
from tests.fakes import FakeReads

BROKEN = """\
INFO:     Will watch nothing
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    import yaml
ModuleNotFoundError: No module named 'yaml'
Container called exit(1).
"""
HEALTHY = """\
INFO:     Started server process [1]
INFO:     Application startup complete.
INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)
"""
KEYS = {
    "schema", "source", "revision", "boots", "cause", "confidence", "exception", "missing", "frame", "summary",
    "observed", "chain", "fix", "evidence", "uncertain", "timeline", "incident",
}  # fmt: skip


def saved(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "boot.log"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_a_saved_log_that_does_not_boot_is_told_with_line_numbers_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = diagnose(file=saved(tmp_path, BROKEN), json=True)

    document = json.loads(capsys.readouterr().out)
    assert code == 1
    assert set(document) == KEYS
    assert document["schema"] == "buddy.diagnosis/1"
    assert (document["boots"], document["cause"], document["missing"]) == (
        False,
        "third_party_missing",
        "yaml",
    )
    assert (document["exception"], document["frame"]) == ("ModuleNotFoundError", "/app/main.py:3")
    lines = BROKEN.splitlines()
    for quote in document["evidence"]:
        assert " ".join(lines[quote["line"] - 1].split()) == quote["text"]


def test_a_saved_log_that_boots_ends_with_exit_code_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diagnose(file=saved(tmp_path, HEALTHY), json=True) == 0
    assert json.loads(capsys.readouterr().out)["cause"] == "none"


def test_values_that_the_log_gives_away_reach_neither_page_nor_document(tmp_path: Path) -> None:
    text = (
        f"{HEALTHY.splitlines()[0]}\nTraceback (most recent call last):\n"
        '  File "/app/main.py", line 3, in <module>\n    raise RuntimeError(WHAT)\n'
        "RuntimeError: DATABASE_URL=postgres://admin:hunter2@db/x API_KEY=sk-live-123 is not set\n"
        "Container called exit(1).\n"
    )
    diagnosed = verb._of_file(saved(tmp_path, text))

    for told in (as_text(diagnosed), as_json(diagnosed)):
        assert "RuntimeError: DATABASE_URL=***" in told
        assert "hunter2" not in told
        assert "sk-live-123" not in told


def test_standard_input_is_a_file_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN.encode())))

    assert diagnose(file="-") == 1
    out = capsys.readouterr().out
    assert "third_party_missing" in out
    assert "standard input" in out


def test_a_dash_is_standard_input_on_the_command_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN.encode())))

    assert parse_and_run(["diagnose", "--file", "-", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["cause"] == "third_party_missing"


@pytest.mark.parametrize("arguments", [["--file", "--json"], ["--file", ""], ["--file="], ["--file"]])
def test_a_file_without_a_name_is_a_mistake_of_the_command_line(arguments: list[str]) -> None:
    with pytest.raises(UsageProblem, match="--file"):
        parse_and_run(["diagnose", *arguments])


def test_the_page_for_people_keeps_commands_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    diagnosed = verb._of_file(saved(tmp_path, BROKEN))
    long = "gcloud run deploy " + "--label=x " * 20
    finding = replace(diagnosed.finding, fix=(long.strip(),))

    page = as_text(replace(diagnosed, finding=finding))

    assert any(long.strip() in line for line in page.splitlines())


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "_MOST_BYTES", 4096)
    monkeypatch.setattr(verb, "_MOST_ENTRIES", 100)


@pytest.mark.usefixtures("small_limits")
def test_of_a_large_file_the_newest_end_is_read_and_that_is_said(tmp_path: Path) -> None:
    name = saved(tmp_path, "half a line\n" * 10_000 + BROKEN)

    document = json.loads(as_json(verb._of_file(name)))

    assert document["cause"] == "third_party_missing"
    assert document["source"].startswith("a part of ")
    assert any("newest 100 entries" in doubt for doubt in document["uncertain"])


@pytest.mark.usefixtures("small_limits")
def test_of_a_large_export_with_the_newest_first_the_beginning_is_read(tmp_path: Path) -> None:
    texts = [*BROKEN.splitlines()[::-1], *(f"older {number}" for number in range(500))]
    lines = [
        json.dumps({"timestamp": f"2025-09-16T{23 - at // 3600:02d}:{59 - at // 60 % 60:02d}:{59 - at % 60:02d}Z",
                    "insertId": str(at), "textPayload": text})
        for at, text in enumerate(texts)
    ]  # fmt: skip

    assert verb._of_file(saved(tmp_path, "\n".join(lines))).finding.missing == "yaml"


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("size", [0, 1, 4095, 8192, 8193, 12_288, 1 << 20, (1 << 21) + 5])
def test_of_a_stream_both_ends_are_kept_within_bounds(size: int) -> None:
    whole = bytes(range(1, 251)) * (size // 250 + 1)
    kept = verb._ends(io.BytesIO(whole[:size]))

    if size <= 8192:
        assert (kept.begin, kept.rest) == (whole[:size], b"")
    else:
        assert (kept.begin, kept.rest) == (whole[:4096], whole[:size][-4096:])


@pytest.mark.parametrize(
    ("make_it", "sentence"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.write_bytes(b"\x7fELF\0\0\0\0" * 100), "binary"),
    ],
    ids=["missing", "folder", "empty", "binary"],
)  # fmt: skip
def test_what_cannot_be_read_is_one_clear_sentence(tmp_path: Path, make_it: "object", sentence: str) -> None:
    path = tmp_path / "it"
    make_it(path)  # type: ignore[operator]

    with pytest.raises(UsageProblem, match=sentence):
        diagnose(file=str(path))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_text("x")
    path.chmod(0)

    with pytest.raises(UsageProblem, match="cannot be read"):
        diagnose(file=str(path))


def test_a_revision_and_a_file_are_one_too_many() -> None:
    with pytest.raises(UsageProblem, match="Which one"):
        diagnose("api-00001-aaa", file="x")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("api-00002-bbb", "api-00002-bbb"), ("00002", "api-00002-bbb"), ("bbb", "api-00002-bbb"), ("-aaa", "api-00001-aaa")],
)  # fmt: skip
def test_a_revision_is_found_by_a_part_of_its_name(wanted: str, name: str) -> None:
    revisions = (make.failed("api-00002-bbb"), make.revision("api-00001-aaa"))

    assert pick_revision(revisions, wanted).name == name


@pytest.mark.parametrize(("wanted", "kind"), [("0000", UsageProblem), ("zzz\x1b[2J", NotFound)])
def test_a_name_that_fits_none_or_several_is_told_with_names(wanted: str, kind: type[BuddyError]) -> None:
    revisions = (make.failed("api-00002-bbb"), make.revision("api-00001-aaa"))

    with pytest.raises(kind) as caught:
        pick_revision(revisions, wanted)

    assert "\x1b" not in str(caught.value)
    assert "api-0000" in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("revision", "service"), [("buddy-app-00028-bsx", "buddy-app"), ("api-blue", ""), ("00028-bsx", "")]
)
def test_a_full_name_names_the_service_as_well(revision: str, service: str) -> None:
    assert service_in(revision) == service


def settings() -> Settings:
    return Settings(
        project=Known("acme-prod", "--project"),
        regions=(Known("europe-west1", "--region"),),
        service=Known("api", "--service"),
    )


async def test_without_a_name_the_newest_failed_revision_is_diagnosed_with_its_incident() -> None:
    good = make.revision("api-00001-aaa", created=make.NOW - timedelta(days=1))
    bad = [make.failed(f"api-0000{number}-bbb", conditions=()) for number in (3, 2)]
    reads = FakeReads()
    reads.put(make.service(), *bad, good)
    for revision in bad:
        assert revision.created is not None
        when = int(revision.created.timestamp() + 1) * 1_000_000_000
        text = BROKEN.removesuffix("Container called exit(1).\n")
        reads.lists_only(
            LogEntry(when, "stderr", revision.name, text, revision=revision.name, instance="i"),
            LogEntry(
                when + 1,
                "system",
                revision.name,
                "Container called exit(1).",
                revision=revision.name,
                instance="i",
            ),
        )

    diagnosed = await _looked(reads, settings(), None)

    assert diagnosed.finding.revision == "api-00003-bbb"
    assert diagnosed.incident is not None
    assert diagnosed.incident.failed == ("api-00002-bbb", "api-00003-bbb")
    assert json.loads(as_json(diagnosed))["incident"]["one_cause"] is True


async def test_a_service_without_revisions_says_so() -> None:
    reads = FakeReads()
    reads.put(make.service())

    with pytest.raises(NotFound, match="no revisions"):
        await _looked(reads, settings(), None)
