"""source: the upload set of a root: exactly the files that `gcloud run deploy --source` would send, and why others stay.

What gcloud would stumble over is named and not taken: devices, links that lead out of the root or round in a circle. A
link to a folder is followed, as `gcloud meta list-files-for-upload` does; gcloud's own archive has an empty folder there.
"""

import os
import stat
from collections import deque
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path

from buddy_tui.clean import clean_line
from buddy_tui.errors import NotFound, UsageProblem
from buddy_tui.source.ignoring import Rules, rules_of
from buddy_tui.source.values import LeftOut, NotTaken, SourceFile, Upload

_MOST_TOLD = 1000
# Of so many entries for each file that may be taken; a folder of ignored data may be larger than what goes along.
_ENTRIES = 10
_SPECIAL = {
    stat.S_IFIFO: "It is a pipe, and no file.",
    stat.S_IFSOCK: "It is a socket, and no file.",
    stat.S_IFCHR: "It is a device, and no file.",
    stat.S_IFBLK: "It is a device, and no file.",
}


def upload_set(root: Path, *, most: int = 100_000) -> Upload:
    """List what would be uploaded from `root`, at most `most` files; folders that are left out are not walked.

    Reads names, sizes and ignore files, nothing else, and nothing outside the root. Raises NotFound when there is no
    such folder, and UsageProblem when it cannot be listed or its ignore files cannot be followed.
    """
    told = clean_line(str(root))
    try:
        top = Path(os.path.realpath(root, strict=True))
        with os.scandir(top):
            return _Walk(top, rules_of(top), most).upload()
    except FileNotFoundError:
        raise NotFound(f"There is no folder {told}.") from None
    except NotADirectoryError:
        raise UsageProblem(f"{told} is no folder.") from None
    except (OSError, ValueError) as error:
        raise UsageProblem(f"{told} cannot be listed: {getattr(error, 'strerror', '') or error}.") from None


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to look at: where it is in the upload, and where it really lies; both are empty for the root."""

    path: str = ""
    real: str = ""
    above: "_Folder | None" = None

    def came_by(self, real: str) -> bool:
        """Tell whether this is, or was reached through, the folder that lies at `real`."""
        folder: _Folder | None = self
        while folder and folder.real != real:
            folder = folder.above
        return folder is not None


class _Odd(Exception):
    """Something that is not taken; its text is the sentence that says why."""


class _Walk:
    """A walk, level by level and in the order of names: what lies high is told first where not all is told."""

    def __init__(self, top: Path, rules: Rules, most: int) -> None:
        self._top = top
        self._rules = rules
        self._most = most
        self._entries = most * _ENTRIES
        self._pending = deque([_Folder()])
        self._files: list[SourceFile] = []
        self._empty: list[str] = []
        self._left_out: list[LeftOut] = []
        self._not_taken: list[NotTaken] = []

    def upload(self) -> Upload:
        """Walk as much of the tree as is looked at."""
        while self._pending and self._entries >= 0 and len(self._files) <= self._most:
            self._look(self._pending.popleft())
        by_path = attrgetter("path")
        return Upload(
            self._top,
            tuple(sorted(self._files[: self._most], key=by_path)),
            self._rules.file,
            tuple(sorted(self._left_out, key=by_path)),
            tuple(sorted(self._not_taken, key=by_path)),
            cut=bool(self._pending) or self._entries < 0 or len(self._files) > self._most,
            folders=tuple(sorted(self._empty)),
        )

    def _look(self, folder: _Folder) -> None:
        try:
            with os.scandir(self._top / folder.real) as found:
                entries = sorted(islice(found, self._entries + 1), key=attrgetter("name"))
        except OSError as error:
            self._refuse(folder.path, f"It cannot be opened: {error.strerror}.")
            return
        self._entries -= len(entries)
        taken = [entry for entry in entries if self._takes(folder, entry)]
        if not taken and folder.path:
            self._empty.append(folder.path)

    def _takes(self, folder: _Folder, entry: os.DirEntry[str]) -> bool:
        path = _below(folder.path, entry.name)
        try:
            return self._takes_at(path, folder, entry)
        except _Odd as odd:
            self._refuse(path, str(odd))
        except UnicodeEncodeError:
            self._refuse(path, "Its name is not UTF-8, as names in an archive are.")
        except OSError as error:
            self._refuse(path, f"It cannot be looked at: {error.strerror}.")
        return False

    def _takes_at(self, path: str, folder: _Folder, entry: os.DirEntry[str]) -> bool:
        path.encode()
        if rule := self._rules.leaving_out(path, folder=_is_folder(entry)):
            if len(self._left_out) < _MOST_TOLD:
                self._left_out.append(LeftOut(path + "/" * _is_folder(entry), rule.text, rule.at))
            return False
        real, found = _below(folder.real, entry.name), entry.stat(follow_symlinks=False)
        # On Windows, a junction leads elsewhere as well, and is no symbolic link.
        linked = entry.is_symlink() or bool(getattr(found, "st_reparse_tag", 0))
        if linked:
            real = self._led_to(real)
            found = (self._top / real).lstat()
        if stat.S_ISDIR(found.st_mode):
            if linked and folder.came_by(real):
                raise _Odd("It is a link back to a folder that it lies in.")
            self._pending.append(_Folder(path, real, folder))
        elif stat.S_ISREG(found.st_mode):
            executable = bool(found.st_mode & stat.S_IXUSR)
            link = real if real != path else ""
            self._files.append(SourceFile(path, found.st_size, found.st_mtime, executable, link))
        else:
            raise _Odd(_SPECIAL.get(stat.S_IFMT(found.st_mode), "It is no file."))
        return True

    def _led_to(self, real: str) -> str:
        try:
            target = Path(os.path.realpath(self._top / real, strict=True))
        except FileNotFoundError:
            raise _Odd("It is a link that leads nowhere.") from None
        except OSError:
            raise _Odd("It is a link that cannot be followed.") from None
        if not target.is_relative_to(self._top):
            raise _Odd("It is a link out of the folder that is uploaded.")
        inside = target.relative_to(self._top).as_posix()
        return "" if inside == "." else inside

    def _refuse(self, path: str, why: str) -> None:
        if len(self._not_taken) < _MOST_TOLD:
            self._not_taken.append(NotTaken(clean_line(path), why))


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether it is a folder or a link to one; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
