"""Lays an image out: from a build context and a recipe to a folder that stands for the image's `/`."""

import hashlib
import posixpath
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from buddy_tui.emulator.machine.archive import BuildFailed, check_links, walk
from buddy_tui.emulator.machine.dockerfile import Copy, Recipe

_MAGIC = re.compile(r"[*?\[]")


def inside(root: Path, path: str) -> Path:
    """Return where the absolute path `path` of an image lies, the image's `/` being `root`; never outside of it."""
    return root / posixpath.normpath("/" + path).lstrip("/")


def lay_out(context: Path, recipe: Recipe, root: Path) -> None:
    """Do the COPYs and WORKDIRs of `recipe` below `root`; BuildFailed where a source is missing or a link escapes."""
    context = context.resolve()
    check_links(context)
    hidden = _Ignored(context)
    root.mkdir(parents=True)
    for copy in recipe.copies:
        _copy(context, copy, root, hidden)
        # A link that was harmless where it came from may lead out from where it went.
        check_links(root)
    inside(root, recipe.workdir).mkdir(parents=True, exist_ok=True)


def digest(root: Path, recipe: Recipe) -> str:
    """Return `sha256:…` of what an image holds and does: paths, contents, executable bits, and how it starts."""
    total = hashlib.sha256(repr((recipe.workdir, recipe.env, recipe.entrypoint, recipe.command)).encode())
    for path in walk(root):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            total.update(f"link {name}\0{path.readlink()}\0".encode())
        elif path.is_dir():
            total.update(f"folder {name}\0".encode())
        else:
            executable = bool(path.stat().st_mode & 0o100)
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"file {name}\0{executable}\0{content}\0".encode())
    return f"sha256:{total.hexdigest()}"


def seal(root: Path) -> None:
    """Make a layout read-only: every instance of the image starts from this one copy."""
    for path in (root, *walk(root)):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)


def _copy(context: Path, copy: Copy, root: Path, hidden: "_Ignored") -> None:
    target = inside(root, copy.target)
    if not copy.sources:
        target.mkdir(parents=True, exist_ok=True)
    for source in copy.sources:
        into = copy.target.endswith("/") or target.is_dir()
        for found in _find(context, source, copy.line, hidden):
            if found.is_dir():
                _merge(found.resolve(), target, hidden)
            else:
                _place(found.resolve(), target / found.name if into else target)


def _find(context: Path, source: str, line: int, hidden: "_Ignored") -> list[Path]:
    """Return what a source of a COPY names; a folder stands for its contents."""
    name = posixpath.normpath(source.lstrip("/") or ".")
    if name.startswith(".."):
        raise BuildFailed(f"Dockerfile line {line}: COPY {source}: forbidden path outside the build context.")
    found = sorted(context.glob(name)) if _MAGIC.search(name) else [context / name]
    found = [path for path in found if path.exists() and not hidden.hides(path)]
    if not found:
        raise BuildFailed(
            f"Dockerfile line {line}: COPY failed: file not found in build context"
            f" or excluded by .dockerignore: stat {source}: file does not exist."
        )
    return found


def _merge(folder: Path, target: Path, hidden: "_Ignored") -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in walk(folder):
        if hidden.hides(path):
            continue
        place = target / path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            place.mkdir(parents=True, exist_ok=True)
        else:
            _place(path, place)


def _place(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # An earlier COPY may have put a link there, which must be replaced and not written through.
    target.unlink(missing_ok=True)
    shutil.copy(path, target, follow_symlinks=False)


class _Ignored:
    """The .dockerignore of a build context: patterns from its root, `**` over folders, `!` takes back, the last wins."""

    def __init__(self, context: Path) -> None:
        self._context = context
        file = context / ".dockerignore"
        lines = file.read_text(errors="replace").splitlines() if file.is_file() else []
        self._rules = tuple(_rules(lines))

    def hides(self, path: Path) -> bool:
        name = path.relative_to(self._context).as_posix()
        hidden = False
        for takes_back, pattern in self._rules:
            if pattern.fullmatch(name):
                hidden = not takes_back
        return hidden


def _rules(lines: Iterable[str]) -> Iterator[tuple[bool, re.Pattern[str]]]:
    for line in map(str.strip, lines):
        pattern = posixpath.normpath(line.removeprefix("!").strip()).lstrip("/")
        if line and not line.startswith("#") and pattern != ".":
            yield line.startswith("!"), re.compile(_translate(pattern) + "(/.*)?", re.DOTALL)


def _translate(pattern: str) -> str:
    pieces = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(pieces.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern))
