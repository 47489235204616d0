"""The project on this disk, as a source tree: paths, and the few small files that say what goes where."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from buddy_tui.clean import clean, clean_line
from buddy_tui.model import SourceTree

# A folder with one of these is somebody's project, not a home folder.
_SIGNS = ("Dockerfile", "Procfile", "requirements.txt", "pyproject.toml", "setup.py", "manage.py", ".git")
_NEVER = {
    ".git",
    ".hg",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    ".mypy_cache",
    ".tox",
    "site-packages",
}
_MOST_PATHS = 5_000
_MOST_TEXT = 1 << 16


def here(texts: Sequence[str]) -> SourceTree | None:
    """List the project around the working directory; `None` when there is none, or no such directory any more."""
    try:
        return project_tree(Path.cwd(), texts)
    except OSError:
        return None


def project_tree(folder: Path, texts: Sequence[str]) -> SourceTree | None:
    """List the project around `folder`: the nearest folder upwards that looks like one; `None` when none does.

    At most 5,000 files; links are not followed; what cannot be read is left out.
    """
    top = next(
        (one for one in (folder, *folder.parents) if any((one / sign).exists() for sign in _SIGNS)), None
    )
    if top is None:
        return None
    found: list[Path] = []
    for path in _files(top):
        found.append(path)
        if len(found) > _MOST_PATHS:
            break
    kept = sorted(found[:_MOST_PATHS])
    told = tuple((_name(path, top), _text(path)) for path in kept if path.name in texts)
    names = tuple(_name(path, top) for path in kept)
    return SourceTree(clean_line(str(top)), names, told, (), cut=len(found) > len(kept))


def _files(top: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(set(folders) - _NEVER)
        yield from (Path(folder, name) for name in sorted(files))


def _name(path: Path, top: Path) -> str:
    return clean_line(path.relative_to(top).as_posix())


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return clean(file.read(_MOST_TEXT).decode("utf-8", "replace"))
    except OSError:
        return ""
