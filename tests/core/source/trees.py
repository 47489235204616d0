"""Small project trees on the disk."""

from collections.abc import Mapping
from pathlib import Path


def grow(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a root, their folders too, and return the root; a text keeps its line ends."""
    for path, content in files.items():
        whole = root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(content.encode() if isinstance(content, str) else content)
    return root
