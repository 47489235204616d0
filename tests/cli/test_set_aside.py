"""`buddy-tui set-aside`: the plan, the guards, the document, and the way back."""

import io
import json
from pathlib import Path

import pytest

from buddy_tui.aside.past import dumped
from buddy_tui.aside.values import NO_SERVICE, SET_ASIDE, Aside
from buddy_tui.cli import set_aside as verb
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.config import Known, Settings
from buddy_tui.errors import ExitCode, Refused, UsageProblem
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from tests import make
from tests.core.preflight.trees import TREES


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class World:
    """A project with look-alikes, and a state directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.resolve() / "project"
        self.root.mkdir()
        next(one for one in TREES if one.name == "look-alikes").lay(self.root)
        self.state = folder.resolve() / "state"
        self.journal = Journal(self.state / "journal.jsonl")

    def run(self, *words: str) -> int | None:
        return parse_and_run(["set-aside", *words, "--source", str(self.root)])

    @property
    def folders(self) -> list[str]:
        return sorted(one.name for one in self.root.iterdir() if one.is_dir())

    def cut_off(self) -> None:
        """Leave an intent of which one folder was moved."""
        aside = Aside("c0ffee", self.root, self.state / "set-aside" / "c0ffee", ("Back-End", "backend"))
        record = Record(make.NOW, Kind.INTENT, aside.id, NO_SERVICE, verb=SET_ASIDE, data=dumped(aside))
        self.journal.write(record)
        here, kept = aside.pairs()[0]
        kept.parent.mkdir(parents=True)
        here.rename(kept)


ALL = ["Back-End", "Back_End", "backend"]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    monkeypatch.setattr("platformdirs.user_state_path", lambda *_, **__: made.state)
    monkeypatch.setattr(verb, "settle", lambda _: Settings(account=Known("alice@example.com")))
    return made


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = world.run("--dry-run")

    page = capsys.readouterr().out
    assert code == ExitCode.OK
    assert page.startswith(
        "Set Back-End/, backend/ aside\nmove      Back-End/: 1 file, 6 Bytes, newest change "
    )
    assert "\nstays     Back_End/, which the service starts from\n" in page
    assert f"\nundo      buddy-tui set-aside --undo --source {world.root}\n" in page
    assert f" to {world.state}/set-aside/" in page
    assert world.folders == ALL
    assert not world.state.exists()


def test_it_is_done_journalled_and_undone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code = world.run("--yes", "--reason", "stale", "--json")
    done = json.loads(capsys.readouterr().out)
    left = world.folders
    back = world.run("--undo", "--yes", "--json")
    undone = json.loads(capsys.readouterr().out)

    assert (code, back, left, world.folders) == (ExitCode.OK, ExitCode.OK, ["Back_End"], ALL)
    assert (done["schema"], done["verb"], done["ending"]) == ("buddy.set_aside/1", "set-aside", "done")
    assert done["stays"] == ["Back_End"]
    assert [(one["path"], one["files"], one["link"]) for one in done["folders"]] == [
        ("Back-End", 1, False),
        ("backend", 1, False),
    ]
    assert (undone["verb"], undone["ending"], undone["moved"]) == (
        "bring-back",
        "done",
        ["Back-End", "backend"],
    )
    assert undone.keys() == done.keys()
    records = world.journal.read().records
    assert [(one.verb, one.kind.value) for one in records] == [
        ("set-aside", "intent"),
        ("set-aside", "outcome"),
        ("bring-back", "intent"),
        ("bring-back", "outcome"),
    ]
    assert {(one.who, one.name.service) for one in records} == {("alice@example.com", "")}
    assert records[0].reason == "stale"


def test_without_a_terminal_it_wants_a_yes(world: World) -> None:
    with pytest.raises(Refused, match="Nobody can be asked") as caught:
        world.run()

    assert caught.value.hint == "--yes"
    assert world.folders == ALL


@pytest.mark.parametrize(("typed", "left"), [("\n", ALL), ("y\n", ALL), ("yes\n", ["Back_End"])])
def test_nothing_but_a_yes_is_a_yes(
    world: World, typed: str, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("sys.stderr", Terminal())

    if left == ALL:
        with pytest.raises(Refused, match="Not confirmed; nothing was changed"):
            world.run()
    else:
        assert world.run() == ExitCode.OK
    assert world.folders == left


def test_read_only_moves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "settle", lambda _: Settings(read_only=Known("yes", "buddy.toml")))

    with pytest.raises(Refused, match=r"buddy\.toml says that nothing may be changed"):
        world.run("--yes")

    assert world.folders == ALL


def test_the_started_folder_is_refused_with_5(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code = world.run("Back_End", "--yes", "--json")

    told = json.loads(capsys.readouterr().out)
    assert (code, told["ending"], world.folders) == (ExitCode.REFUSED, "refused", ALL)
    assert told["refusal"] == "Back_End/ is used: the service imports Back_End/main.py."


def test_what_is_worse_without_it_is_put_back_with_1(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    dockerfile = world.root / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("COPY . .", "COPY . .\nCOPY backend /old"))

    code = world.run("backend", "--yes")

    assert (code, world.folders) == (ExitCode.PROBLEM_FOUND, ALL)
    assert "Everything is where it was." in " ".join(capsys.readouterr().out.split())


def test_without_look_alikes_there_is_nothing_to_do(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.run("--yes")
    capsys.readouterr()

    assert world.run("--json") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["ending"] == "nothing_to_do"


def test_a_second_undo_has_nothing_to_do(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.run("--undo", "--json") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["ending"] == "nothing_to_do"
    assert world.run("--undo") == ExitCode.OK
    assert capsys.readouterr().out == f"Nothing of {world.root} is set aside.\n"


def test_an_undo_says_what_is_in_the_way(world: World) -> None:
    world.run("--yes")
    (world.root / "backend").mkdir()

    with pytest.raises(Refused, match="backend is in the way"):
        world.run("--undo", "--yes")

    assert world.folders == ["Back_End", "backend"]


def test_a_dry_undo_says_what_is_where(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.run("--yes")
    capsys.readouterr()

    assert world.run("--undo", "--dry-run") == ExitCode.OK
    assert f"Bring back to {world.root} what was set aside at " in capsys.readouterr().out
    assert world.folders == ["Back_End"]


def test_what_was_cut_off_is_brought_back_before_anything_else(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.cut_off()

    dry = world.run("--dry-run")
    said = " ".join(capsys.readouterr().err.split())
    code = world.run("backend", "--yes")

    assert dry == ExitCode.UNFINISHED
    assert "did not come to its end: bring it back" in said
    assert f"Back-End/ is in {world.state}/set-aside/c0ffee/1/Back-End." in said
    assert (code, world.folders) == (ExitCode.OK, ["Back-End", "Back_End"])


def test_an_undo_brings_back_what_was_cut_off(world: World) -> None:
    world.cut_off()

    assert world.run("--undo", "--yes") == ExitCode.OK
    assert world.folders == ALL


def test_only_what_was_set_aside_from_here_comes_back(world: World, tmp_path: Path) -> None:
    world.run("--yes")
    other = tmp_path / "other"
    other.mkdir()

    assert parse_and_run(["set-aside", "--undo", "--yes", "--source", str(other)]) == ExitCode.OK
    assert world.folders == ["Back_End"]


def test_history_tells_of_folders_and_not_of_traffic(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run("--yes")
    capsys.readouterr()

    assert parse_and_run(["history"]) == ExitCode.OK

    page = capsys.readouterr().out
    assert "Z  set-aside  outcome  done\n  by alice@example.com\n  2 folders set aside in " in page
    assert "LATEST" not in page


@pytest.mark.parametrize("words", [["--undo", "backend"], ["--source", " "]])
def test_what_makes_no_sense_is_said(words: list[str]) -> None:
    with pytest.raises(UsageProblem):
        parse_and_run(["set-aside", *words])
