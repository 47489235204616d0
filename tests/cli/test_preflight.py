"""`buddy-tui preflight` and `buddy-tui modules`: documents, pages, exit codes, and what goes to stderr."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.cli import preflight as verb
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.cli.preflighted import as_json, as_text
from buddy_tui.config import Known, Settings
from buddy_tui.errors import NotFound, NotSignedIn, UsageProblem
from buddy_tui.preflight.judge import preflight as judged
from buddy_tui.preflight.values import Git, Target
from tests import make
from tests.core.preflight.made import facts, graph, image
from tests.core.preflight.trees import TREES, Tree
from tests.fakes import FakeReads


def tree(name: str) -> Tree:
    return next(tree for tree in TREES if tree.name == name)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no configuration of this machine name a service."""
    monkeypatch.setattr("buddy_tui.cli.options.settle", lambda _: Settings())


def test_a_good_project_exits_0_with_the_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree("uvicorn, own names from the root").lay(tmp_path)

    code = parse_and_run(["preflight", "--source", str(source), "--no-boot", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert document["schema"] == "buddy.preflight/1"
    assert document["verdict"] == "pass"
    assert document["root"] == str(tmp_path.resolve())
    assert document["suggested_root"] is None
    assert {"name", "verdict", "message", "fix", "evidence"} == set(document["checks"][0])


def test_the_wrong_folder_exits_1_and_names_the_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree("the seed's mistake").lay(tmp_path)
    monkeypatch.chdir(tmp_path)

    code = parse_and_run(["preflight", "--source", "shop", "--json"])

    document = json.loads(capsys.readouterr().out)
    root = document["checks"][0]
    assert code == 1
    assert document["suggested_root"] == str(tmp_path.resolve())
    assert (root["name"], root["verdict"]) == ("root", "fail")
    assert root["fix"] == "buddy-tui deploy --source .  # with gcloud: gcloud run deploy --source ."
    assert root["evidence"][0] == {"said": "starts shop.main:app", "path": "Dockerfile", "line": 5}


def test_a_warning_alone_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tree("look-alikes").lay(tmp_path)

    code = parse_and_run(["preflight", "--source", str(source), "--no-boot", "--json"])

    assert code == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "warn"


def test_the_smoke_boot_is_announced_on_stderr_and_can_be_switched_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(tree("plain script").lay(tmp_path))

    parse_and_run(["preflight", "--source", source])
    announced = capsys.readouterr()
    parse_and_run(["preflight", "--source", source, "--no-boot"])
    silent = capsys.readouterr()

    assert announced.err.startswith("buddy-tui: Smoke boot: ")
    assert "pass     boot" in announced.out
    assert silent.err == ""
    assert "skipped  boot" in silent.out


@pytest.mark.parametrize("name", ["preflight", "modules"])
def test_a_source_that_is_no_folder_is_one_clear_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="There is no folder") as caught:
        parse_and_run([name, "--source", str(tmp_path / "nothing")])

    assert caught.value.exit_code == 2


def test_the_fix_stands_whole_below_its_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = as_text(judged(facts(image=image(platform="linux/arm64")))).splitlines()

    at = next(number for number, line in enumerate(lines) if line.startswith("FAIL     architecture"))
    assert "        fix: FROM --platform=linux/amd64 ..." in "\n".join(lines[at:])
    assert lines[-1].endswith("Not to be deployed as it is.")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_but_a_fix_is_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    dirty = Git(there=True, branch="main", dirty=tuple(f"shop/file{number}.py" for number in range(30)))

    page = as_text(judged(facts(git=dirty)))

    assert max(len(line) for line in page.splitlines() if "fix:" not in line) <= columns


def test_what_is_not_known_is_null() -> None:
    document = json.loads(as_json(judged(replace(facts(), git=Git(there=True, dirty=("a",))))))

    checks = {check["name"]: check for check in document["checks"]}
    assert checks["names"]["fix"] is None
    assert checks["git"]["evidence"] == [{"said": "changed, not committed", "path": "a", "line": None}]


def test_a_service_that_is_named_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = FakeReads()
    reads.put(make.service(), make.revision())

    async def connect(_: Settings) -> FakeReads:
        return reads

    settings = Settings(project=Known("acme-prod"), regions=(Known("europe-west1"),), service=Known("api"))
    monkeypatch.setattr("buddy_tui.gcp.connect", connect)
    monkeypatch.setattr("buddy_tui.cli.options.settle", lambda _: settings)
    source = tree("plain script").lay(tmp_path)

    parse_and_run(["preflight", "--source", str(source), "--no-boot", "--json"])

    checks = {one["name"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["checks"]}
    assert (checks["names"], checks["permissions"], checks["apis"]) == ("pass", "pass", "pass")
    assert reads.closed


async def test_without_a_connection_the_files_are_judged_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(_: Settings) -> FakeReads:
        raise NotSignedIn("There are no credentials.")

    monkeypatch.setattr("buddy_tui.gcp.connect", connect)
    settings = Settings(project=Known("acme-prod"), service=Known("api"))

    result = await verb._judged(str(tree("plain script").lay(tmp_path)), settings, smoke=False)

    assert result.facts is not None
    assert result.facts.target == Target(trouble="There are no credentials.")
    assert {one.message for one in result.checks if one.name == "permissions"} == {
        "There are no credentials."
    }


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_value_that_a_command_sets_is_not_shown(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = "web: API_TOKEN=hunter2 uvicorn main:app --host 0.0.0.0 --port 8080\n"
    (tmp_path / "Procfile").write_text(started)
    (tmp_path / "main.py").write_text("app = 1\n")
    (tmp_path / "requirements.txt").write_text("uvicorn\n")

    parse_and_run(["preflight", "--source", str(tmp_path), "--no-boot", *options])

    told = capsys.readouterr().out
    assert "API_TOKEN=***" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("verb", ["preflight", "modules"])
def test_an_empty_source_is_no_folder(verb: str) -> None:
    with pytest.raises(UsageProblem, match="--source is empty"):
        parse_and_run([verb, "--source", ""])


def test_the_module_map_has_what_is_needed_and_what_comes_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tree("uvicorn, own names from the root").lay(tmp_path)

    code = parse_and_run(["modules", "--source", str(source), "--no-boot", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert (code, document["schema"], document["entry"]) == (0, "buddy.modules/1", "shop.main")
    assert {one["name"] for one in document["essential"]} == {"shop", "shop.main", "shop.state", "shop.store"}
    assert document["chain"][0] == "shop.main"
    assert document["milliseconds"] is None


def test_the_module_map_in_print_has_times_where_it_was_booted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tree("plain script").lay(tmp_path)

    assert parse_and_run(["modules", "--source", str(source)]) == 0

    out = capsys.readouterr().out
    assert "Essential, imported at start: 1" in out
    assert " ms  " in out


def test_there_is_no_map_without_an_entry_module(tmp_path: Path) -> None:
    source = tree("other language").lay(tmp_path)

    with pytest.raises(NotFound, match="There is no entry module"):
        parse_and_run(["modules", "--source", str(source)])


def test_a_project_that_nobody_understands_is_promised_nothing() -> None:
    unknown = facts(entry=replace(facts().entry, server="", unknown="It is a shell script."), graph=graph())

    assert "what it starts was not understood" in " ".join(as_text(judged(unknown)).split())
