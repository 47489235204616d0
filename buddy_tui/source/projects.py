"""source: the project that a folder belongs to."""

import os
from collections.abc import Iterator
from pathlib import Path

_SIGNS = (
    "pyproject.toml",
    "requirements.txt",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "Dockerfile",
    "Procfile",
    "manage.py",
    "cloudbuild.yaml",
    ".gcloudignore",
    ".gitignore",
)
_HIGHEST = 4


def project_of(root: Path) -> Path:
    """Return the project as a whole: the same folder as `root`, resolved, or one above it.

    It is the top of the git repository; without one, the nearest of the four folders above that has a sign of a
    project; else the root itself. Never the home folder or what it lies in, nor the top of the file system.
    """
    folder = Path(os.path.realpath(root))
    above = list(_above(folder))
    if top := next((one for one in (folder, *above) if os.path.lexists(one / ".git")), None):
        return top
    return next((one for one in above[:_HIGHEST] if _has_sign(one)), folder)


def _above(folder: Path) -> Iterator[Path]:
    """Yield the folders above, upwards, that may be somebody's project."""
    home = _home()
    for one in folder.parents:
        if one.parent == one or home.is_relative_to(one):
            return
        yield one


def _home() -> Path:
    try:
        return Path(os.path.realpath(Path.home()))
    except RuntimeError:
        return Path()


def _has_sign(folder: Path) -> bool:
    return any(os.path.lexists(folder / sign) for sign in _SIGNS)
