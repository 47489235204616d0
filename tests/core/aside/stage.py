"""A project on disk with folders to set aside, a disk that breaks where it is told, and what must never be lost."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from buddy_tui.aside.disk import Disk
from buddy_tui.aside.doing import Outside
from buddy_tui.aside.values import Aside, Folder, Plan
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Record
from tests import make

CALLS = (
    "rename",
    "make_folder",
    "make_link",
    "copy_file",
    "copy_marks",
    "keep_names",
    "remove_file",
    "remove_folder",
)
Snapshot = dict[str, tuple[int, int, bytes]]


class Killed(BaseException):
    """The program is gone: nothing of it runs on."""


class Breaking(Disk):
    """Fails at the call with this number, counted from 1, or from then on; with `apart`, on two devices."""

    def __init__(
        self,
        root: Path,
        *,
        apart: bool = False,
        at: int = 0,
        error: BaseException | None = None,
        for_good: bool = False,
    ) -> None:
        self.calls = 0
        self._for_good = for_good
        self._root, self._apart, self._at, self._error = root, apart, at, error
        for name in CALLS:
            setattr(self, name, self._counted(name))

    def _counted(self, name: str) -> Callable[..., None]:
        call = getattr(super(), name)

        def counted(*arguments: object) -> None:
            self.calls += 1
            if self._error and (self.calls == self._at or (self._for_good and self.calls > self._at)):
                raise self._error
            if name == "rename" and self._apart and self._crosses(*arguments):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            call(*arguments)

        return counted

    def _crosses(self, *places: object) -> bool:
        return len({Path(str(one)).is_relative_to(self._root) for one in places}) == 2


class DyingJournal(Journal):
    """Dies when it writes the line with this number, before or after it is written."""

    def __init__(self, path: Path, at: int, *, after: bool) -> None:
        super().__init__(path)
        self._left, self._after = at, after

    def write(self, record: Record) -> Record:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        written = super().write(record)
        if self._left == 0:
            raise Killed
        return written


class Project:
    """A project with two folders to set aside, one of them deep and with all that a folder may hold."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.resolve() / "project"
        self.state = folder.resolve() / "state"
        self.journal = Journal(self.state / "journal.jsonl")
        for path, text in {
            "Back_End/main.py": "app = 1\n",
            "Back-End/main.py": "old = 1\n",
            "Back-End/deep/er/x\x1b[31m\n.py": "odd\n",
            "Back-End/deep/empty.txt": "",
            "old/backend/main.py": "older = 1\n",
        }.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        (self.root / "Back-End/out").symlink_to("../../elsewhere")
        (self.root / "Back-End/shared").symlink_to("../Back_End")
        (self.root / "Back-End/run.sh").write_text("#!/bin/sh\n")
        (self.root / "Back-End/run.sh").chmod(0o750)
        (self.root / "Back-End/hollow").mkdir(mode=0o700)
        for path in ("Back-End/main.py", "Back-End/deep", "Back-End"):
            os.utime(self.root / path, (1_700_000_000, 1_700_000_000))
        self.aside = Aside(
            "c0ffee", self.root, self.state / "set-aside" / "c0ffee", ("Back-End", "old/backend")
        )
        self.before = self.now

    @property
    def now(self) -> Snapshot:
        return snapshot(self.root)

    @property
    def plan(self) -> Plan:
        folders = []
        for path in self.aside.folders:
            told = (self.root / path).lstat()
            folders.append(Folder(path, 1, 1, 0.0, (told.st_dev, told.st_ino)))
        return Plan(self.aside, tuple(folders))

    def outside(self, disk: Disk | None = None, journal: Journal | None = None) -> Outside:
        return Outside(journal or self.journal, lambda: make.NOW, disk=disk or Disk())

    def breaking(self, **over: Any) -> Breaking:  # noqa: ANN401 - any option of Breaking
        return Breaking(self.root, **over)

    @property
    def leftovers(self) -> list[str]:
        """Whatever lies about that was neither there before nor belongs to the journal."""
        kept = self.state / "set-aside"
        below = [str(one.relative_to(kept)) for one in kept.rglob("*")] if kept.exists() else []
        return below + [path for path in self.now if ".buddy-tui-" in path]


def snapshot(root: Path) -> Snapshot:
    """Return mode, whole seconds and content of everything below a folder; times of folders that change are left out."""
    found: Snapshot = {}
    for path in sorted(root.rglob("*")):
        told = path.lstat()
        if stat.S_ISLNK(told.st_mode):
            found[str(path.relative_to(root))] = (0, 0, os.fsencode(path.readlink()))
        else:
            content = path.read_bytes() if stat.S_ISREG(told.st_mode) else b""
            when = 0 if path.name == "old" else int(told.st_mtime)
            found[str(path.relative_to(root))] = (stat.S_IMODE(told.st_mode), when, content)
    return found
