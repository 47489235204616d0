"""`buddy-tui demo` without a terminal: the same story, in words."""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from buddy_tui.cli.demo import _Child
from buddy_tui.cli.parser import parse_and_run
from buddy_tui.errors import ServerTrouble, UsageProblem


def _demo(tmp_path: Path, *arguments: str) -> str:
    """Run it with an empty home, no configuration, and a working directory that cannot be written."""
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir(mode=0o500)
    done = subprocess.run(
        [sys.executable, "-m", "buddy_tui", "demo", *arguments],
        cwd=here,
        env={"HOME": str(home), "PATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    assert not list(home.iterdir())
    return done.stdout


def test_the_incident_is_told_in_words(tmp_path: Path) -> None:
    told = _demo(tmp_path)

    assert told.startswith("Nine deployments from the wrong folder, and a rollback.\n")
    assert told.count("did not start: The") == 9
    assert "PINNED to buddy-app-00028-bsx" in told
    assert told.count(" 0 %        failed ") == 9


def test_many_services_are_told_in_a_line_each(tmp_path: Path) -> None:
    told = _demo(tmp_path, "--story", "many").splitlines()

    assert len(told) == 1 + 40
    assert any("account-api" in line and line.endswith("412 revisions") for line in told)


def test_an_unknown_story_names_those_that_are() -> None:
    with pytest.raises(UsageProblem, match="There is no story 'budy'"):
        parse_and_run(["demo", "--story", "budy"])


def test_an_emulator_that_does_not_start_is_told_with_its_own_words() -> None:
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.exit('no room')"], stdout=subprocess.PIPE, stderr=errors
        ) as process,
        pytest.raises(ServerTrouble) as trouble,
    ):
        _Child(process, errors).endpoints()

    assert trouble.value.hint == "no room"


def test_several_who_wait_for_the_emulator_all_learn_where_it_is() -> None:
    program = 'import sys; sys.stdin.readline(); print(\'{"HOST": "here"}\')'
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        ) as process,
        ThreadPoolExecutor(2) as threads,
    ):
        child = _Child(process, errors)
        asked = [threads.submit(child.endpoints) for _ in range(2)]
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()

        assert [one.result(timeout=60) for one in asked] == [{"HOST": "here"}] * 2


def test_a_firestore_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "buddy_tui", "demo", "--story", "empty", "--firestore", "official"],
        env={"HOME": str(tmp_path), "PATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )

    assert (done.returncode, done.stdout) == (3, "")
    assert "There is no official Firestore emulator: it needs Java" in done.stderr
