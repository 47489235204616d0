"""README is true: it is short, and its two commands are what runs. `tests/docs` has what is true of every page."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO, TESTS = re.findall(r"^ {4}(pip install uv && .+)$", README, re.MULTILINE)


def test_readme_is_short_and_begins_with_a_picture() -> None:
    lines = README.splitlines()

    assert len(lines) < 150
    assert [line for line in lines[:12] if line.startswith("![")]


def test_there_are_exactly_two_set_up_commands_and_both_start_from_pip() -> None:
    assert DEMO == "pip install uv && uv run buddy-tui demo"
    assert TESTS == "pip install uv && uv run pytest"


def test_the_demo_command_names_an_installed_program() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]

    assert DEMO.split()[-2] in scripts


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are written for a POSIX shell")
@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_the_demo_command_tells_the_story_without_a_terminal(tmp_path: Path) -> None:
    quiet = {"PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NO_SYNC": "1"}
    env = os.environ | quiet | {"HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "uv")}

    done = subprocess.run(
        ["bash", "-c", DEMO], cwd=ROOT, env=env, capture_output=True, text=True, timeout=110, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "PINNED to buddy-app-00028-bsx" in done.stdout


def test_ci_runs_the_very_test_command() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert TESTS in ci
    assert "README.md" in ci
