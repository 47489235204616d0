"""source: a tree of files in an image or a build context, and what COPY makes of a part of it."""

import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from buddy_tui.source.docker_patterns import Ignore, compiled_pattern, has_wildcard


class Tree:
    """Files by their path below the root of the tree (no leading slash), each with its file of the upload."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self._sorted = sorted(files)
        self._folders = folders_of(self._sorted)

    def matches(self, source: str) -> tuple[str, ...]:
        """Return the files and folders that a source of COPY means; `""` is the root itself."""
        path = below_root(source)
        if not has_wildcard(path):
            found = path in self.files or path in self._folders or not path
            return (path,) if found else ()
        pattern = compiled_pattern(path, deep=False)
        if pattern is None:
            return ()
        return tuple(one for one in (*self._sorted, *sorted(self._folders)) if pattern.fullmatch(one))

    def below(self, folder: str) -> Iterator[str]:
        """Yield the files in a folder and in its folders; the file itself where it is one."""
        if folder in self.files:
            yield folder
            return
        start = f"{folder}/" if folder else ""
        for index in range(bisect_left(self._sorted, start), len(self._sorted)):
            if not self._sorted[index].startswith(start):
                return
            yield self._sorted[index]


@dataclass(frozen=True, slots=True)
class Target:
    """Where COPY writes: an absolute path of the image, and whether it means a folder."""

    path: str
    folder: bool


def copied(
    tree: Tree, match: str, target: Target, *, parents: str = "", exclude: Ignore | None = None
) -> Iterator[tuple[str, str]]:
    """Yield pairs of image path and upload file for one match of a source.

    Of a folder its contents are copied, not the folder itself. `parents` is the source of a `COPY --parents`: then the
    path of the match is kept, from its `/./` on where it has one.
    """
    is_file = match in tree.files
    kept = (
        _kept(match, parents) if parents else (posixpath.basename(match) if is_file and target.folder else "")
    )
    for path in tree.below(match):
        inner = "" if is_file else path[len(match) + 1 if match else 0 :]
        if exclude and exclude.leaves_out(inner or posixpath.basename(path)):
            continue
        yield posixpath.join(target.path, *filter(None, (kept, inner))), tree.files[path]


def below_root(path: str) -> str:
    """Return a path without what leads nowhere: slashes before it, `.` and `..`; it cannot leave the root."""
    return posixpath.normpath("/" + path.lstrip("/")).lstrip("/")


def absolute(workdir: str, path: str) -> str:
    """Return a path of the image as an absolute one, without a slash at its end."""
    return "/" + below_root(posixpath.join(workdir, path))


def folders_of(paths: Mapping[str, str] | list[str]) -> set[str]:
    """Return every folder above some files, the root left out."""
    folders: set[str] = set()
    for path in paths:
        above = posixpath.dirname(path)
        while above.strip("/") and above not in folders:
            folders.add(above)
            above = posixpath.dirname(above)
    return folders


def _kept(match: str, source: str) -> str:
    pivot = source.find("/./")
    if pivot < 0:
        return match
    depth = len([piece for piece in source[:pivot].split("/") if piece not in ("", ".")])
    return "/".join(match.split("/")[depth:])
