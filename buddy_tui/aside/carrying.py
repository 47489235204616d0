"""aside: carries a folder from one place to another, so that wherever it is cut off, the folder is whole in one of them.

On one device that is a rename. Across devices the copy grows beside the target under a name of its own (`half`); what
was copied is put under another (`rest`) before the copy gets its name, and is deleted after. So whatever has the
folder's own name is complete, and the next one can tell by the names how far it came.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from buddy_tui.aside.disk import Disk

_CHUNK = 1 << 20


class Changed(OSError):
    """Somebody wrote into a folder while it was copied; it is where it was."""


def carry(disk: Disk, source: Path, target: Path, mark: str) -> None:
    """Move a folder, or a link to one, as a whole; `mark` is part of the names that are used on the way.

    Raises FileExistsError where something is in the way, Changed, OSError; then it is where it was.
    """
    if there(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    try:
        disk.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _carry_across(disk, source, target, mark)
    disk.keep_names(target.parent)
    disk.keep_names(source.parent)


def tidy(disk: Disk, source: Path, target: Path, mark: str) -> None:
    """Clear up after a `carry` with these very arguments that was cut off; afterwards it can be done again.

    Raises OSError.
    """
    half, rest = _half(target, mark), rest_of(source, mark)
    if there(rest):
        if there(target) and same(rest, target, part=True):
            discard(disk, rest)
        elif not there(source):
            disk.rename(rest, source)
    if there(half):
        discard(disk, half)


def rest_of(source: Path, mark: str) -> Path:
    """Return the name under which what was copied across devices waits to be deleted."""
    return source.with_name(f".buddy-tui-{mark}.rest")


def there(path: Path) -> bool:
    """Tell whether anything has this name, be it a link that leads nowhere."""
    return os.path.lexists(path)


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything below a folder, folders before what is in them; no link is followed. Raises OSError."""
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))


def same(one: Path, other: Path, *, part: bool = False) -> bool:
    """Tell whether two trees hold the same; with `part`, whether all that is in the first is in the second as well."""
    if not _alike(one, other):
        return False
    if one.is_symlink():
        return True
    names = {Path(entry.path).relative_to(one) for entry in walk(one)}
    if not part and names != {Path(entry.path).relative_to(other) for entry in walk(other)}:
        return False
    return all(_alike(one / name, other / name) for name in names)


def discard(disk: Disk, path: Path) -> None:
    """Remove a tree that is whole elsewhere. Raises OSError."""
    if path.is_symlink() or not path.is_dir():
        disk.remove_file(path)
        return
    folders = [path]
    for entry in list(walk(path)):
        if entry.is_dir(follow_symlinks=False):
            folders.append(Path(entry.path))
        else:
            disk.remove_file(Path(entry.path))
    for folder in reversed(folders):
        disk.remove_folder(folder)


def _carry_across(disk: Disk, source: Path, target: Path, mark: str) -> None:
    half, rest = _half(target, mark), rest_of(source, mark)
    try:
        _copy(disk, source, half)
        disk.rename(source, rest)
        if not same(rest, half):
            raise Changed(errno.EBUSY, "it was changed while it was copied", str(source))
        disk.rename(half, target)
    except OSError:
        with suppress(OSError):
            tidy(disk, source, target, mark)
        raise
    disk.keep_names(target.parent)
    discard(disk, rest)


def _copy(disk: Disk, source: Path, target: Path) -> None:
    if source.is_symlink():
        disk.make_link(target, source)
        return
    disk.make_folder(target)
    folders = [(source, target)]
    for entry in walk(source):
        path = Path(entry.path)
        copy = target / path.relative_to(source)
        if entry.is_symlink():
            disk.make_link(copy, path)
        elif entry.is_dir(follow_symlinks=False):
            disk.make_folder(copy)
            folders.append((path, copy))
        elif entry.is_file(follow_symlinks=False):
            disk.copy_file(path, copy)
            disk.copy_marks(path, copy)
        else:
            raise OSError(errno.EINVAL, "it is neither file, folder nor link", entry.path)
    for folder, copy in reversed(folders):
        disk.copy_marks(folder, copy)
        disk.keep_names(copy)


def _alike(one: Path, other: Path) -> bool:
    """Tell whether two entries are the same: folders by being some, links by what they say, files by their bytes."""
    try:
        first, second = one.lstat(), other.lstat()
    except FileNotFoundError:
        return False
    if stat.S_IFMT(first.st_mode) != stat.S_IFMT(second.st_mode):
        return False
    if stat.S_ISLNK(first.st_mode):
        return os.readlink(one) == os.readlink(other)  # noqa: PTH115 - as it is written
    if not stat.S_ISREG(first.st_mode):
        return stat.S_ISDIR(first.st_mode)
    return first.st_size == second.st_size and _same_bytes(one, other)


def _same_bytes(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while chunk := first.read(_CHUNK):
            if chunk != second.read(_CHUNK):
                return False
        return not second.read(1)


def _half(target: Path, mark: str) -> Path:
    return target.with_name(f".buddy-tui-{mark}.half")
