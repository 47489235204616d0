"""aside: a plan to set folders aside, from one look at the tree. Changes nothing."""

import asyncio
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from buddy_tui.aside.carrying import walk
from buddy_tui.aside.past import fits
from buddy_tui.aside.values import Aside, Folder, Plan
from buddy_tui.clean import clean_line
from buddy_tui.errors import Refused
from buddy_tui.preflight.git_state import held_by_git
from buddy_tui.preflight.look_alikes import alike, stale_of
from buddy_tui.preflight.values import Facts
from buddy_tui.preflight.wording import counted, listed

_Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Used:
    """What the service imports: a file of the upload, and every folder that leads to it, as it is known on disk."""

    path: str
    folders: frozenset[_Identity]


async def plan(facts: Facts, names: Sequence[str], shelf: Path, ident: str) -> Plan:
    """Plan to set aside the folders that are named, or the stale look-alikes without a name.

    `shelf` is where folders that were set aside are kept, `ident` names this change. Whatever speaks against it is in
    the plan's refusal.
    """
    root = Path(await asyncio.to_thread(os.path.realpath, facts.upload.root))
    empty = Plan(Aside(ident, root, shelf / ident, ()))
    stale = [one.path for one in stale_of(alike(facts))]
    if not names and not stale:
        return replace(empty, nothing=True, hint=_unnamed(facts))
    try:
        folders = await asyncio.to_thread(_folders, facts, root, names or stale, shelf)
    except Refused as refused:
        return replace(empty, refusal=str(refused), hint=refused.hint)
    except OSError as error:
        name = clean_line(os.fsdecode(error.filename or root))
        return replace(empty, refusal=f"{name} cannot be looked at: {error.strerror}.")
    folders = tuple([await _with_git(root, one) for one in folders])
    planned = replace(
        empty,
        aside=replace(empty.aside, folders=tuple(one.path for one in folders)),
        folders=folders,
        used=_used_beside(facts, folders),
        needs_reason=not facts.graph.modules,
    )
    if not fits(planned.aside):
        return replace(empty, refusal="These are too many at once.", hint="Name some of them at a time.")
    return replace(planned, warnings=tuple(_warnings(planned, facts)))


def _unnamed(facts: Facts) -> str:
    groups = alike(facts)
    if not groups:
        return "No folder looks like the one that is started. Name a folder to set it aside all the same."
    alikes = listed([f"{one.path}/" for group in groups for one in group], 6)
    return f"{alikes} look alike, and which of them is stale cannot be told. Name it."


def _folders(facts: Facts, root: Path, names: Sequence[str], shelf: Path) -> tuple[Folder, ...]:
    """Look at each folder, and refuse what must stay. Raises Refused, OSError."""
    paths = list(dict.fromkeys(_path(root, name) for name in names))
    used = tuple(_used(facts, root))
    for path in paths:
        _check(root, path, used, shelf)
    for path in paths:
        above = [one for one in paths if one != path and (root / path).is_relative_to(root / one)]
        if above:
            raise Refused(f"{_named(path)} is in {_named(above[0])}, which is set aside as a whole.")
    return tuple(_looked(root, path) for path in paths)


def _path(root: Path, name: str) -> str:
    """Return a folder as it is called on disk, relative to the root; `name` is below the root, or absolute."""
    full = os.path.normpath(root / name)
    place = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))  # noqa: PTH118, PTH119, PTH120
    below = Path(full)
    if PurePath(name).is_absolute():
        below = Path(place)
    if below == root or not below.is_relative_to(root):
        where = "is the root itself" if below == root else "is not in the root"
        raise Refused(f"{_named(name)} {where}.", f"The root is {clean_line(str(root))}")
    if place != str(below):
        raise Refused(f"{_named(name)} cannot be set aside: there is a link on its way.")
    return _as_on_disk(below).relative_to(root).as_posix()


def _as_on_disk(path: Path) -> Path:
    """Return the name that is on disk, where another spelling leads to it too."""
    if not os.path.lexists(path):
        raise Refused(f"There is no folder {clean_line(str(path))}.")
    names = os.listdir(path.parent)  # noqa: PTH208 - names are wanted
    if path.name in names:
        return path
    wanted = _identity(path)
    return next((one for name in names if _identity(one := path.parent / name) == wanted), path)


def _check(root: Path, path: str, used: Iterable[_Used], shelf: Path) -> None:
    """Refuse what must stay where it is. Raises Refused."""
    folder = root / path
    if any(part.casefold() == ".git" for part in PurePath(path).parts):
        raise Refused(f"{_named(path)} is git's own.")
    if not folder.is_dir():
        raise Refused(f"{_named(path)} is no folder.")
    if Path(os.path.realpath(shelf)).is_relative_to(folder):
        raise Refused(f"{_named(path)} holds the state of buddy-tui, where it would be moved to.")
    identity = _identity(folder)
    if one := next((one for one in used if identity in one.folders), None):
        raise Refused(
            f"{_named(path)} is used: the service imports {clean_line(one.path)}.",
            "Only a folder that nothing of the service imports from is set aside.",
        )


def _used(facts: Facts, root: Path) -> Iterator[_Used]:
    """Yield every file that is imported, at start or later, by its own name and by where a link leads."""
    links = {file.path: file.link for file in facts.upload.files}
    for module in facts.graph.modules:
        for path in filter(None, (module.at.path, links.get(module.at.path, ""))):
            above = [root / one for one in PurePath(path).parents if one.parts]
            yield _Used(path, frozenset(_identity(one) for one in above if os.path.lexists(one)))


def _identity(path: Path) -> _Identity:
    found = path.lstat()
    return found.st_dev, found.st_ino


def _looked(root: Path, path: str) -> Folder:
    """Measure a folder. Raises Refused for what cannot be carried: devices, pipes, sockets."""
    folder = root / path
    found = folder.lstat()
    identity = (found.st_dev, found.st_ino)
    if folder.is_symlink():
        return Folder(path, 0, 0, found.st_mtime, identity, link=True)
    files, size, newest = 0, 0, 0.0
    for entry in walk(folder):
        told = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(told.st_mode):
            continue
        if not (stat.S_ISREG(told.st_mode) or stat.S_ISLNK(told.st_mode)):
            raise Refused(f"{clean_line(entry.path)} is neither file, folder nor link.")
        files, size, newest = files + 1, size + told.st_size, max(newest, told.st_mtime)
    return Folder(path, files, size, newest or found.st_mtime, identity)


async def _with_git(root: Path, folder: Folder) -> Folder:
    held = await held_by_git(root, folder.path)
    return replace(folder, tracked=held[0], changed=held[1]) if held else folder


def _used_beside(facts: Facts, folders: Iterable[Folder]) -> tuple[str, ...]:
    """Return the folders that are started, of the look-alikes of those that go."""
    going = {one.path for one in folders}
    groups = (group for group in alike(facts) if any(one.path in going for one in group))
    return tuple(one.path for group in groups for one in group if one.started)


def _warnings(plan: Plan, facts: Facts) -> Iterator[str]:
    if plan.needs_reason:
        said = clean_line(facts.entry.unknown) or "The module that is started was not found."
        yield f"What the service starts is not known: {said} Nobody can say that it does without these."
    for one in plan.folders:
        if one.tracked and one.changed:
            yield f"{_named(one.path)} has {counted(one.changed, 'change')} that {_is(one.changed)} not committed."
        if one.tracked == 0 and not one.link:
            yield f"{_named(one.path)} is not in git: what is set aside is the only copy."
        if os.path.lexists(plan.aside.root / one.path / ".git"):
            yield f"{_named(one.path)} is a repository of its own, or a submodule."


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _named(path: str) -> str:
    return f"{clean_line(path).rstrip('/')}/"
