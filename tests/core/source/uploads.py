"""Small project trees as uploads, every file of them taken."""

from collections.abc import Mapping
from pathlib import Path

from buddy_tui.source.values import SourceFile, Upload
from tests.core.source.trees import grow


def upload_of(root: Path, files: Mapping[str, str]) -> Upload:
    """Write files below a root and return them as an upload."""
    return read_upload(grow(root, files))


def read_upload(root: Path) -> Upload:
    """Return all files below a root as an upload."""
    root = root.resolve()
    paths = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return Upload(root, tuple(SourceFile(path) for path in sorted(paths) if "__pycache__" not in path))
