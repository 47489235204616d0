"""aside: folders that are set aside: before, and after. Values only."""

import hashlib
import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from buddy_tui.actions.values import Ending
from buddy_tui.clean import clean_line
from buddy_tui.model import ServiceName

# A source tree is no service: what reads the journal for one passes these records over.
NO_SERVICE = ServiceName("", "", "")
SET_ASIDE, BRING_BACK = "set-aside", "bring-back"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to set aside. `path` is relative to the root, with slashes; `size` in bytes, `newest` since 1970.

    - `link`: it is a symbolic link to a folder, and moved as one
    - `tracked`: how many of its files git knows, `changed` how many changes in it are not committed; `None` unknown
    - `identity`: device and inode, by which it is known again
    """

    path: str
    files: int
    size: int
    newest: float
    identity: tuple[int, int]
    link: bool = False
    tracked: int | None = None
    changed: int | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """Folders (relative to `root`, with slashes) and the folder of their own, `home`, that they are kept in."""

    id: str
    root: Path
    home: Path
    folders: tuple[str, ...]

    def pairs(self) -> tuple[tuple[Path, Path], ...]:
        """Return where each lies in the project, and where when it is set aside.

        Numbers keep apart what a file system may take for one name.
        """
        return tuple(
            (self.root / path, self.home / str(number) / Path(path).name)
            for number, path in enumerate(self.folders, 1)
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Folders to set aside, from one look at the tree.

    `used` are the folders beside them that the service starts from, which stay. `needs_reason` where nobody knows what
    it starts. `refusal` says why it may not be done at all, `nothing` that there is nothing to do; `hint` the way out.
    """

    aside: Aside
    folders: tuple[Folder, ...] = ()
    used: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    needs_reason: bool = False
    refusal: str = ""
    nothing: bool = False
    hint: str = ""

    @property
    def title(self) -> str:
        """What it does, in a line."""
        names = ", ".join(f"{clean_line(one.path)}/" for one in self.folders)
        return f"Set {names or 'nothing'} aside"

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that stand for these folders as they are."""
        told = [[one.path, one.files, one.size, one.newest] for one in self.folders]
        return hashlib.sha256(json.dumps([str(self.aside.root), told]).encode()).hexdigest()[:12]

    @property
    def command(self) -> str:
        """About the same by hand, in a POSIX shell."""
        folders = [str(here) for here, _ in self.aside.pairs()]
        home = str(self.aside.home)
        return clean_line(
            f"{shlex.join(('mkdir', '-p', home))} && {shlex.join(('mv', '--', *folders, home))}"
        )

    @property
    def undo_command(self) -> str:
        """The command that brings them back."""
        return undo_of(self.aside)


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal knows of one change; `open` where it was not brought to its end."""

    aside: Aside
    at: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended. `moved` are the folders that are in another place than before."""

    ending: Ending
    sentence: str
    moved: tuple[str, ...] = ()
    hint: str = ""


def undo_of(aside: Aside) -> str:
    """Return the command that brings back what was set aside last."""
    return clean_line(shlex.join(("buddy-tui", "set-aside", "--undo", "--source", str(aside.root))))
