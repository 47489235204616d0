"""source: what one dotted name leads to: the upload, the standard library, a dependency, another folder, or nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os.path import relpath

from buddy_tui.rules.distributions import (
    ambiguous,
    backport,
    distribution_of,
    gone,
    shared_root,
    well_known,
)
from buddy_tui.source.comes_with import comes_along, installed_here, known
from buddy_tui.source.declared import Declared
from buddy_tui.source.finders import Finder, Kind, Spot, Whereabouts
from buddy_tui.source.standard import standard
from buddy_tui.source.values import Found, Upload

# Where the packages of the upload lie that the image installs: no folder of an image is called so.
INSTALLED = "/.installed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a name leads to. `spots` are those of its parts that lie in the upload; `foreign` when none of them does."""

    found: Found
    target: str = ""
    spots: tuple[Spot, ...] = ()
    elsewhere: tuple[str, ...] = ()
    foreign: bool = False


@dataclass(slots=True)
class Lookup:
    """Answers for the names of one image. `path` are the folders of the image in which is looked, in order.

    `lost` when the program adds folders to the path that could not be followed; `made` are modules that it makes itself;
    `open` are packages that may look for their parts elsewhere.
    """

    upload: Upload
    files: Mapping[str, str]
    python: str
    declared: Declared
    whole: Upload | None = None
    path: tuple[str, ...] = ()
    lost: bool = False
    made: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    _finder: Finder = field(init=False)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _spots: dict[str, tuple[Spot, ...]] = field(default_factory=dict)
    _searched: tuple[str, ...] | None = None
    _projects: list[tuple[Upload, Whereabouts]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._finder = Finder(self.files)

    def answer(self, name: str) -> Answer:
        """Return what a dotted name leads to, as things are known by now."""
        if name not in self._answers:
            self._answers[name] = self._answer(name)
        return self._answers[name]

    def forget(self) -> None:
        """Look anew: the path or what is known of the modules has changed."""
        self._answers.clear()
        self._spots.clear()
        self._searched = None

    def spots(self, name: str) -> tuple[Spot, ...]:
        """Return what each part of a name leads to within the upload, as far as it leads."""
        if name not in self._spots:
            self._spots[name] = self._finder.find(name, self.path)
        return self._spots[name]

    def tops(self, folder: str) -> tuple[tuple[str, Spot], ...]:
        """Return the modules and packages that lie directly in a folder of the image."""
        return tuple(self._finder.tops(folder))

    def roots(self, name: str) -> tuple[str, ...]:
        """Return the folders, relative to the upload's root, from which a name would be found; the ones above first."""
        if not self._projects:
            self._projects = [(one, Whereabouts(file.path for file in one.files)) for one in self._trees()]
        found = {
            _relative(tree, root, self.upload)
            for tree, places in self._projects
            for root in places.roots(name)
        }
        return tuple(sorted(found, key=_nearness))

    def _trees(self) -> list[Upload]:
        return [self.upload, *([self.whole] if self.whole else [])]

    def _answer(self, name: str) -> Answer:
        spots, first = self.spots(name), name.partition(".")[0]
        complete = len(spots) == name.count(".") + 1
        regular = bool(spots) and spots[0].kind is not Kind.NAMESPACE
        if complete and regular:
            return Answer(Found.HERE, self._file(spots[-1]), spots)
        if standard(first, self.python):
            return Answer(Found.STANDARD)
        if not regular and (distribution := self.declared.distribution(name)):
            return Answer(Found.DECLARED, distribution)
        if complete:
            return Answer(Found.HERE, self._file(spots[-1]), spots)
        if name in self.made or first in self.made:
            return Answer(Found.HERE, "", spots)
        return self._missing(name, spots)

    def _file(self, spot: Spot) -> str:
        if spot.kind is not Kind.NAMESPACE:
            return self.files[spot.place]
        below = f"{spot.place}/"
        place = min(place for place in self.files if place.startswith(below))
        inner = place.removeprefix(below)
        return f"{self.files[place].removesuffix(inner).rstrip('/')}/"

    def _missing(self, name: str, spots: tuple[Spot, ...]) -> Answer:
        elsewhere = (*self.roots(name), *self._left_out(name))
        opened = any(".".join(name.split(".")[:count]) in self.open for count in range(1, len(spots) + 1))
        is_known = (well_known(name) or bool(installed_here(name))) and not spots
        target = self._bringing(name) if is_known or gone(name) else ""
        compiled = bool(spots) and spots[-1].kind is Kind.OPAQUE
        if self.lost or opened or compiled:
            return Answer(Found.UNSURE, target, spots, elsewhere)
        if elsewhere and (not is_known or ambiguous(name)):
            return Answer(Found.ELSEWHERE, "", spots, elsewhere)
        if spots:
            return Answer(Found.NOWHERE, "", spots)
        if not self.declared.certain or self.declared.perhaps_brings(name):
            return Answer(Found.UNSURE, target)
        if target:
            found = Found.UNSURE if self._may_come_along(name, target) else Found.UNDECLARED
            return Answer(found, target, elsewhere=elsewhere)
        return Answer(Found.NOWHERE, foreign=True)

    def _may_come_along(self, name: str, distribution: str) -> bool:
        """Tell whether something that is installed may bring a known distribution without our knowing."""
        if shared_root(name) and not known(distribution):
            root = name.partition(".")[0]
            return any(root in one.split("-") for one in self.declared.names)
        return bool(self.declared.opaque) and comes_along(distribution)

    @staticmethod
    def _bringing(name: str) -> str:
        """Name what to install for a module that is known, or that Python once had."""
        return backport(name) if gone(name) else installed_here(name) or distribution_of(name)

    def _left_out(self, name: str) -> tuple[str, ...]:
        """Return the files, left out of the upload, that would be the module if they were not."""
        inner = name.replace(".", "/")
        places = (f"{folder}{inner}{end}" for folder in self._search() for end in (".py", "/__init__.py"))
        left = tuple(one.path for one in self.upload.left_out)
        return tuple(
            place
            for place in places
            if (place in left or place.startswith(tuple(one for one in left if one.endswith("/"))))
            and (self.upload.root / place).is_file()
        )

    def _search(self) -> tuple[str, ...]:
        """Return the folders of the upload that lie on the path: each empty, or with a slash at its end."""
        if self._searched is None:
            self._searched = self._search_now()
        return self._searched

    def _search_now(self) -> tuple[str, ...]:
        found = []
        for folder in self.path:
            prefix = f"{folder.rstrip('/')}/"
            place = next((place for place in self.files if place.startswith(prefix)), "")
            file, inner = self.files.get(place, ""), place.removeprefix(prefix)
            if place and file.endswith(inner):
                found.append(file.removesuffix(inner))
        return tuple(dict.fromkeys(found))


def whole_name(name: str, taken: str) -> str:
    """Return the name that tells a distribution: below `google.cloud` and the like, what is taken counts too."""
    return f"{name}.{taken}" if shared_root(name) and taken != "*" and name.count(".") < 2 else name


def _relative(tree: Upload, root: str, upload: Upload) -> str:
    return relpath(tree.root / root, upload.root).replace("\\", "/")


def _nearness(root: str) -> tuple[bool, int, str]:
    ups = root.split("/").count("..")
    return not (root == "." or root == "/".join([".."] * ups)), root.count("/"), root
