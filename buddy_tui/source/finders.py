"""source: where a dotted name leads among files that are only listed, as Python's own finders would look."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

# Loaded by an image's Python, and nothing that could be read here.
_OPAQUE = (".so", ".pyc", ".pyx")
_NOT_LINUX = ("-darwin.so",)
_NOT_LOOKED_INTO = frozenset({"site-packages", "node_modules", "__pycache__"})


class Kind(StrEnum):
    """What a name leads to."""

    MODULE = "module"
    PACKAGE = "package"
    OPAQUE = "opaque"  # a module, or a package's __init__, that is compiled
    NAMESPACE = "namespace"  # folders without an __init__


@dataclass(frozen=True, slots=True)
class Spot:
    """A module: its `place` among the files, a folder for a namespace; `folders` in which its parts are looked for."""

    kind: Kind
    place: str
    folders: tuple[str, ...] = ()


class Finder:
    """Looks for modules among paths with slashes. It asks no disk, so letters' case counts as on Linux."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        # A folder of other things can be imported too, and nobody means to.
        self._folders = _above(path for path in self._paths if path.endswith((".py", *_OPAQUE)))
        self._opaque = {
            f"{folder}/{name.partition('.')[0]}": path
            for path in sorted(self._paths)
            if path.endswith(_OPAQUE) and not path.endswith(_NOT_LINUX)
            for folder, name in [posixpath.split(path)]
        }

    def find(self, name: str, folders: tuple[str, ...]) -> tuple[Spot, ...]:
        """Return what each part of a dotted name leads to, as far as it leads: as many spots as parts were found."""
        spots: list[Spot] = []
        for part in name.split("."):
            spot = self._in(folders, part)
            if spot is None:
                break
            spots.append(spot)
            folders = spot.folders
        return tuple(spots)

    def tops(self, folder: str) -> Iterator[tuple[str, Spot]]:
        """Yield the modules and packages that lie directly in a folder, by name; no namespaces."""
        prefix = f"{folder.rstrip('/')}/"
        names = {path[len(prefix) :].partition("/")[0] for path in self._paths if path.startswith(prefix)}
        for name in sorted({name.partition(".")[0] for name in names}):
            spot = self._in((folder,), name)
            if spot and spot.kind is not Kind.NAMESPACE:
                yield name, spot

    def _in(self, folders: tuple[str, ...], part: str) -> Spot | None:
        portions: list[str] = []
        for folder in folders:
            base = f"{folder.rstrip('/')}/{part}"
            if found := self._at(base):
                return found
            if base in self._folders:
                portions.append(base)
        return Spot(Kind.NAMESPACE, portions[0], tuple(portions)) if portions else None

    def _at(self, base: str) -> Spot | None:
        """Return what lies at a path without its suffix, in Python's own order."""
        if (place := f"{base}/__init__.py") in self._paths:
            return Spot(Kind.PACKAGE, place, (base,))
        if place := self._opaque.get(f"{base}/__init__", ""):
            return Spot(Kind.OPAQUE, place, (base,))
        if (place := self._opaque.get(base, "")) and place.endswith(".so"):
            return Spot(Kind.OPAQUE, place)
        if (source := f"{base}.py") in self._paths:
            return Spot(Kind.MODULE, source)
        return Spot(Kind.OPAQUE, place) if place else None


class Whereabouts:
    """Tells from which folders of a project a dotted name could be imported. `paths` lie below its root."""

    def __init__(self, paths: Iterable[str]) -> None:
        # By their last names: modules and packages, and folders, which may be namespaces.
        self._by_end: dict[str, list[str]] = {}
        self._spaces: dict[str, list[str]] = {}
        for path in paths:
            parts = path.split("/")
            if not path.endswith(".py") or any(
                one in _NOT_LOOKED_INTO or one[0] == "." for one in parts[:-1]
            ):
                continue
            whole = path.removesuffix("/__init__.py").removesuffix(".py")
            self._by_end.setdefault(posixpath.basename(whole), []).append(whole)
        for folder in _above(whole for wholes in self._by_end.values() for whole in wholes):
            self._spaces.setdefault(posixpath.basename(folder), []).append(folder)

    def roots(self, name: str) -> tuple[str, ...]:
        """Return the folders from which a dotted name is found, `.` for the root, in order of depth and name."""
        inner = name.replace(".", "/")
        last = posixpath.basename(inner)
        wholes = {*self._by_end.get(last, ()), *self._spaces.get(last, ())}
        found = {_before(whole, inner) for whole in wholes if f"/{whole}".endswith(f"/{inner}")}
        return tuple(sorted(found, key=lambda root: (root.count("/"), root != ".", root)))


def _before(whole: str, inner: str) -> str:
    return whole[: len(whole) - len(inner)].rstrip("/") or "."


def _above(paths: Iterable[str]) -> set[str]:
    """Return every folder above some paths, the root left out."""
    folders: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder != "/" and folder not in folders:
            folders.add(folder)
            folder = posixpath.dirname(folder)
    return folders
