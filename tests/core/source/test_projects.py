"""The project that a folder belongs to."""

from pathlib import Path

import pytest

from buddy_tui.source.projects import project_of
from tests.core.source.trees import grow


@pytest.mark.parametrize(
    ("files", "root", "project"),
    [
        ({"p/.git/HEAD": "", "p/a/b/c/d/e/f/main.py": ""}, "p/a/b/c/d/e/f", "p"),
        ({"p/.git": "gitdir: elsewhere", "p/requirements.txt": "", "p/api/main.py": ""}, "p/api", "p"),
        ({"p/.git/HEAD": "", "p/api/pyproject.toml": "", "p/api/src/main.py": ""}, "p/api/src", "p"),
        ({"p/pyproject.toml": "", "p/api/.git/HEAD": ""}, "p/api", "p/api"),
        ({"p/Dockerfile": "", "p/Back_End/Dockerfile": ""}, "p/Back_End", "p"),
        ({"p/Dockerfile": "", "p/a/requirements.txt": "", "p/a/b/main.py": ""}, "p/a/b", "p/a"),
        ({"p/Dockerfile": "", "p/a/b/c/d/main.py": ""}, "p/a/b/c/d", "p"),
        ({"p/Dockerfile": "", "p/a/b/c/d/e/main.py": ""}, "p/a/b/c/d/e", "p/a/b/c/d/e"),
        ({"p/a/b/main.py": ""}, "p/a/b", "p/a/b"),
        ({"p/manage.py": ""}, "p", "p"),
    ],
)
def test_it_is_the_top_of_git_or_the_nearest_sign_above(
    files: dict[str, str | bytes], root: str, project: str, tmp_path: Path
) -> None:
    grow(tmp_path, files)

    assert project_of(tmp_path / root) == tmp_path / project


@pytest.mark.parametrize("sign", [".git/HEAD", "requirements.txt"])
def test_it_is_never_the_home_folder(sign: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home/me"
    grow(home, {sign: "", "app/main.py": ""})
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))

    assert project_of(home / "app") == home / "app"
    assert project_of(home) == home
