"""preflight: whether the folder that would be uploaded is the one from which the service starts.

Nine deployments in a row failed because a folder inside the project was uploaded, and not the project.
"""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from buddy_tui.clean import clean_line
from buddy_tui.preflight.buildpacks import barren, guessed
from buddy_tui.preflight.commands import deploy_from
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import bounded, line_at, not_followed, seen
from buddy_tui.source.values import At, Booted, Found, Import, When

_BUILD_FILES = ("Dockerfile", "Procfile")


@dataclass(frozen=True, slots=True)
class _Better:
    """A folder, relative to the root, from which it would start; `said` why, and what shows it.

    `doubtful` when what cannot be followed in the image may make this folder right all the same.
    """

    folder: str
    said: str
    evidence: tuple[Evidence, ...] = ()
    doubtful: bool = False


def root(facts: Facts) -> Check:
    """Fail when another folder is the right one, and name it; never because a dependency is missing."""
    if not facts.upload.files:
        return Check("root", Verdict.FAIL, f"There is nothing to upload in {_named(facts.upload.root)}.")
    if better := _better(facts):
        return _wrong(facts, better)
    if several := several_below(facts):
        return Check(
            "root",
            Verdict.FAIL,
            f"Nothing here can be built, and {len(several)} folders below can.",
            f"Say which: {deploy_from(facts, several[0]).partition('  #')[0]}",
            bounded([seen("can be built", At(f"{folder}/")) for folder in several]),
        )
    entry = facts.entry
    if not entry.server:
        why = clean_line(entry.unknown) or "What is started is not understood."
        return Check("root", Verdict.SKIPPED, f"{why} So it cannot be told from which folder it starts.")
    if not facts.graph.modules:
        return _not_found(facts)
    return Check(
        "root",
        Verdict.PASS,
        f"{_started(facts)} is found from here.",
        evidence=(seen(f"{_started(facts)}", facts.graph.modules[0].at),),
    )


def right_root(facts: Facts) -> Path | None:
    """Return the folder to deploy from instead, absolute; `None` where this one is right, or nobody can tell."""
    better = _better(facts)
    return _absolute(facts, better.folder) if better else None


def missing_at_start(facts: Facts) -> Iterator[Import]:
    """Yield what the start imports and what is there, but not where the image looks for it."""
    for module in facts.graph.modules:
        if module.when is When.START:
            yield from (
                one for one in module.imports if one.when is When.START and one.found is Found.ELSEWHERE
            )


def _wrong(facts: Facts, better: _Better) -> Check:
    passed = facts.boot.booted is Booted.PASSED
    right = _absolute(facts, better.folder)
    return Check(
        "root",
        Verdict.WARN if better.doubtful or passed else Verdict.FAIL,
        f"{better.said} The root is {_named(right)}, not {_named(facts.upload.root)}.",
        deploy_from(facts, better.folder),
        (*better.evidence, *(not_followed(facts.image.unknown) if better.doubtful else ())),
    )


def _not_found(facts: Facts) -> Check:
    if "." in facts.graph.roots:
        return Check(
            "root", Verdict.PASS, f"{_started(facts)} lies here, though the image looks elsewhere for it."
        )
    return Check(
        "root",
        Verdict.SKIPPED,
        f"{_started(facts)} is not where the image looks for it, and no other folder is the right one.",
    )


def _better(facts: Facts) -> _Better | None:
    """Return the right folder, where it is another and there is only one."""
    if facts.image.missing:
        return _of_copies(facts)
    if facts.entry.server and not facts.graph.modules:
        return _of_entry(facts)
    if facts.graph.modules:
        return _of_imports(facts)
    return _of_builds(facts)


def _of_copies(facts: Facts) -> _Better | None:
    """Look whether the Dockerfile copies this very folder, as it is seen from above, and all else that it misses too."""
    inside = f"{facts.upload.root.name}/"
    lines = [(one.at, line_at(facts, one.at)) for one in facts.image.missing]
    copies = [(at, _copied(line)) for at, line in lines if line.upper().startswith(("COPY", "ADD"))]
    own = next((at for at, sources in copies if any(one.startswith(inside) for one in sources)), None)
    if own is None or not all(any(_is_above_here(facts, one) for one in sources) for _, sources in copies):
        return None
    said = f"{clean_line(facts.image.file)} copies {clean_line(inside)}: this very folder, seen from above."
    return _Better("..", said, (seen(line_at(facts, own), own),))


def _copied(line: str) -> list[str]:
    """Return the sources of a COPY or ADD, without `./` before them and a slash behind."""
    return [word.removeprefix("./").rstrip("/") for word in line.split()[1:-1] if not word.startswith("--")]


def _is_above_here(facts: Facts, source: str) -> bool:
    """Tell whether the folder above, within the project, has a file or folder of that path."""
    for folder in _above(facts):
        path = f"{folder}/{source}".strip("/")
        files = facts.whole.files if facts.whole else ()
        return any(f"{file.path}/".startswith(f"{path}/") for file in files)
    return False


def _of_entry(facts: Facts) -> _Better | None:
    """Look for an entry module that is not here: in a folder above, or in one below that can be built."""
    roots = facts.graph.roots
    if "." in roots:
        return None
    files = {file.path for file in facts.upload.files}
    above = sorted((one for one in roots if _is_above(one)), key=len)
    below = [one for one in roots if any(f"{one}/{name}" in files for name in _BUILD_FILES)]
    folder = next(iter(above or below), "")
    if not folder or facts.upload.cut:
        return None
    where = "one above" if above else "one below"
    return _Better(
        folder,
        f"{_started(facts)} is not found in this folder, but from {where}.",
        (
            seen(f"starts {_started(facts)}", facts.entry.at),
            seen(f"{_started(facts)} is found from {_named(_absolute(facts, folder))}"),
        ),
        doubtful=bool(facts.image.unknown),
    )


def _of_imports(facts: Facts) -> _Better | None:
    """Look whether the entry imports its own package by a name that only holds from above."""
    for one in missing_at_start(facts):
        for folder in sorted(filter(_is_above, one.elsewhere), key=len):
            if f"{one.name}.".startswith(f"{_inside(facts, folder)}."):
                return _seen_from_above(facts, one, folder)
    return next((_seen_from_above(facts, one, "..") for one in _taken_for_another(facts)), None)


def _seen_from_above(facts: Facts, one: Import, folder: str) -> _Better:
    said = f"{clean_line(one.at.path)} imports {clean_line(one.name)}: this very folder, seen from above."
    return _Better(folder, said, (seen(f"imports {one.name}", one.at),), doubtful=bool(facts.image.unknown))


def _taken_for_another(facts: Facts) -> Iterator[Import]:
    """Yield imports of this folder by its name that a distribution of a similar name only seems to answer."""
    name = facts.upload.root.name
    files = {file.path for file in facts.upload.files} if facts.whole else set[str]()
    for module in facts.graph.modules:
        for one in module.imports if module.when is When.START else ():
            inner = one.name.removeprefix(f"{name}.").replace(".", "/")
            here = inner != one.name.replace(".", "/") and {f"{inner}.py", f"{inner}/__init__.py"} & files
            similar = one.found is Found.DECLARED and canonicalize_name(one.target) != canonicalize_name(name)
            if here and similar and one.when is When.START:
                yield one


def _of_builds(facts: Facts) -> _Better | None:
    """Look for what can be built, where nothing here can, or hardly: the one folder below, or the nearest above."""
    doubtful = guessed(facts)
    if not (doubtful or barren(facts)):
        return None
    here = "Hardly anything here can be built" if doubtful else "Nothing here can be built"
    below = _builds_below(facts)
    if len(below) == 1:
        said = f"{here}; {clean_line(below[0])}/ can."
        return _Better(below[0], said, (seen("can be built", At(f"{below[0]}/")),), doubtful)
    above = "" if below else _build_above(facts)
    return _Better(above, f"{here}; the project is, from above.", doubtful=doubtful) if above else None


def several_below(facts: Facts) -> list[str]:
    """Return the folders below that can be built, where this one cannot and there is more than one."""
    if facts.entry.server or not barren(facts):
        return []
    below = _builds_below(facts)
    return below if len(below) > 1 else []


def _builds_below(facts: Facts) -> list[str]:
    """Return the outermost folders with a Dockerfile or a Procfile."""
    return _outermost(
        posixpath.dirname(file.path)
        for file in facts.upload.files
        if posixpath.basename(file.path) in _BUILD_FILES and "/" in file.path
    )


def _outermost(folders: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for folder in sorted(set(folders)):
        if not any(folder.startswith(f"{one}/") for one in kept):
            kept.append(folder)
    return kept


def _build_above(facts: Facts) -> str:
    """Return the nearest folder above, within the project, that has a Dockerfile or a Procfile; relative, or empty."""
    files = {file.path for file in facts.whole.files} if facts.whole else frozenset[str]()
    for depth, folder in enumerate(_above(facts), 1):
        if any((f"{folder}/{name}" if folder else name) in files for name in _BUILD_FILES):
            return "/".join([".."] * depth)
    return ""


def _above(facts: Facts) -> Iterator[str]:
    """Yield the folders above the root, nearest first, relative to the project; the project itself is empty."""
    try:
        folder = facts.upload.root.relative_to(facts.project).as_posix()
    except ValueError:
        return
    while folder != ".":
        folder = posixpath.dirname(folder) or "."
        yield "" if folder == "." else folder


def _is_above(folder: str) -> bool:
    return set(folder.split("/")) == {".."}


def _inside(facts: Facts, folder: str) -> str:
    """Return the upload's root as a dotted name seen from a folder above it: `Back_End` from `..`."""
    return ".".join(facts.upload.root.parts[-folder.count("..") :])


def _absolute(facts: Facts, folder: str) -> Path:
    if _is_above(folder):
        return facts.upload.root.parents[folder.count("..") - 1]
    return facts.upload.root / folder


def _started(facts: Facts) -> str:
    entry = facts.entry
    if entry.script:
        return clean_line(entry.script)
    return clean_line(f"{entry.module}:{entry.attribute}" if entry.attribute else entry.module)


def _named(folder: Path) -> str:
    return clean_line(str(folder))
