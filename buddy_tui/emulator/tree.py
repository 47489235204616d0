"""A source tree as it is uploaded: files by path, changed without touching the disk."""

import io
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

# What Python leaves behind where the project was run.
_NEVER_UPLOADED = "__pycache__"
_EXECUTABLE = stat.S_IFREG | 0o755


@dataclass(frozen=True, slots=True)
class Tree:
    """`files` maps paths (relative, with slashes) to contents; `programs` are those with an executable bit.

    Every method returns a new tree.
    """

    files: Mapping[str, bytes]
    programs: frozenset[str] = frozenset()

    def inside(self, folder: str) -> "Tree":
        """Keep what `gcloud run deploy` uploads when it is called from inside `folder`."""
        prefix = f"{folder}/"
        return Tree(
            {path[len(prefix) :]: data for path, data in self.files.items() if path.startswith(prefix)},
            frozenset(path[len(prefix) :] for path in self.programs if path.startswith(prefix)),
        )

    def written(self, path: str, text: str) -> "Tree":
        """Add or replace one file."""
        return replace(self, files={**self.files, path: text.encode()})

    def program(self, path: str, content: bytes) -> "Tree":
        """Add or replace one file that can be executed."""
        return Tree({**self.files, path: content}, self.programs | {path})

    def edited(self, path: str, old: str, new: str) -> "Tree":
        """Replace the one `old` in a file by `new`; a ValueError when there is not exactly one."""
        text = self.files[path].decode()
        if text.count(old) != 1:
            raise ValueError(f"{path} has {text.count(old)} times: {old}")
        return self.written(path, text.replace(old, new))

    def archive(self) -> bytes:
        """Return the ZIP that gcloud would upload. The same tree gives the same bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in sorted(self.files.items()):
                entry = zipfile.ZipInfo(path)
                if path in self.programs:
                    entry.external_attr = _EXECUTABLE << 16
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()


def read(folder: Path) -> Tree:
    """Read all files below `folder`."""
    paths = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    kept = (path for path in paths if _NEVER_UPLOADED not in path.parts)
    return Tree({str(PurePosixPath(path)): (folder / path).read_bytes() for path in kept})
