"""preflight: folders whose names are alike: `Back-End/`, `backend/`, `Back_End/`."""

import re
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import bounded, bytes_of, counted, listed, seen
from buddy_tui.source.values import At, SourceFile, When

# What people leave out or swap. A dot between digits is part of a version: 1.1 is not 11.
_SPARE = re.compile(r"[-_ ]+|(?<!\d)\.|\.(?!\d)")
# Folders of tools, and of others' code.
_FOREIGN = frozenset({"node_modules", "site-packages", "vendor", "third_party"})


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A folder among others of the same name but for its spelling. `size` in bytes, `newest` in seconds since 1970.

    `started` is whether the service's start reaches a module in it.
    """

    path: str
    files: int
    size: int
    newest: float
    started: bool


def look_alikes(facts: Facts) -> Check:
    """Warn of them: which is started, which is stale, and what breaks on Windows and macOS."""
    groups = alike(facts)
    if not groups:
        return Check("look-alikes", Verdict.PASS, "No two folders have names that look alike.")
    stale = stale_of(groups)
    return Check(
        "look-alikes",
        Verdict.WARN,
        " ".join(_told(group) for group in groups[:3]),
        _fix(facts, stale),
        bounded([evidence for group in groups for evidence in _evidence(group)]),
    )


def alike(facts: Facts) -> tuple[tuple[LookAlike, ...], ...]:
    """Return groups of folders beside each other whose names are the same but for case, hyphens, dots and blanks."""
    files = _by_folder(facts.upload.files)
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for folder in files:
        above, _, name = folder.rpartition("/")
        if not name.startswith("."):
            groups[above, _plain(name)].append(folder)
    started = {module.at.path for module in facts.graph.modules if module.when is When.START}
    found = (
        tuple(_look_alike(folder, files[folder], started) for folder in sorted(folders))
        for folders in groups.values()
        if len(folders) > 1
    )
    return tuple(group for group in found if _confusing(group))


def stale_of(groups: tuple[tuple[LookAlike, ...], ...]) -> tuple[LookAlike, ...]:
    """Return the folders that nothing starts, of those groups of which another is started."""
    return tuple(
        one for group in groups if any(other.started for other in group) for one in group if not one.started
    )


def _confusing(group: tuple[LookAlike, ...]) -> bool:
    """Tell whether a group wants a word: one is used and another not, or only the case tells them apart."""
    return not all(one.started for one in group) or bool(_same_but_case(group))


def _by_folder(files: tuple[SourceFile, ...]) -> dict[str, list[SourceFile]]:
    """Return all files below each folder, by folder; what others wrote is left out."""
    folders: defaultdict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        parts = file.path.split("/")[:-1]
        if not _FOREIGN.isdisjoint(parts) or any(part.startswith(".") for part in parts):
            continue
        for depth in range(1, len(parts) + 1):
            folders["/".join(parts[:depth])].append(file)
    return folders


def _plain(name: str) -> str:
    return _SPARE.sub("", unicodedata.normalize("NFC", name).casefold())


def _look_alike(folder: str, files: list[SourceFile], started: set[str]) -> LookAlike:
    return LookAlike(
        path=folder,
        files=len(files),
        size=sum(one.size for one in files),
        newest=max(one.modified for one in files),
        started=any(one.path in started for one in files),
    )


def _same_but_case(group: tuple[LookAlike, ...]) -> list[str]:
    """Return the folders that are one and the same where case does not count."""
    names = [unicodedata.normalize("NFC", one.path).casefold() for one in group]
    return [one.path for one, name in zip(group, names, strict=True) if names.count(name) > 1]


def _fix(facts: Facts, stale: tuple[LookAlike, ...]) -> str:
    if not stale:
        return "Give them names that nobody confuses."
    return f"Look, then: {shlex.join(['buddy-tui', 'set-aside', '--source', clean_line(facts.source)])}"


def _told(group: tuple[LookAlike, ...]) -> str:
    names = [f"{one.path}/" for one in group]
    used = [f"{one.path}/" for one in group if one.started]
    stale = [f"{one.path}/" for one in group if not one.started]
    said = f"{listed(names, 5)} look alike"
    if used and stale:
        said += f": {listed(used)} is started, {listed(stale)} {'is' if len(stale) == 1 else 'are'} not"
    same = _same_but_case(group)
    if same:
        said += f"; on Windows and macOS {listed(f'{one}/' for one in same)} are one folder"
    return f"{said}."


def _evidence(group: tuple[LookAlike, ...]) -> Iterator[Evidence]:
    for one in group:
        state = "started" if one.started else "not started"
        changed = f", newest change {datetime.fromtimestamp(one.newest, UTC):%Y-%m-%d}" if one.newest else ""
        yield seen(
            f"{state}: {counted(one.files, 'file')}, {bytes_of(one.size)}{changed}",
            At(f"{clean_line(one.path)}/"),
        )
