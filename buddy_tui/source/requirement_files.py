"""source: what requirements files say is installed, as pip reads them; foreign lines that say nothing are told of."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError
from buddy_tui.source.reading import read_text
from buddy_tui.source.values import At, Unknown, Upload

_COMMENT = re.compile(r"(^|\s)#.*$")
# Options of one requirement that may follow it.
_TRAILING = re.compile(r"\s+--(?:hash|global-option|config-settings?|install-option)\b.*$")
_INCLUDE = re.compile(r"^(?:-r|--requirement)(?:\s+|=|(?<=-r))(.+)$")
_EDITABLE = re.compile(r"^(?:-e|--editable)(?:\s+|=)(.+)$")
_EGG = re.compile(r"[#&]egg=([\w.-]+)(?:\[([\w.,-]*)\])?")
_EXTRAS = re.compile(r"\[([\w.,\s-]*)\]$")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2")
_MOST_FILES = 100


@dataclass(slots=True)
class Wanted:
    """What was said to be installed so far.

    `requirements` as they are written; `local` are folders and wheels of the upload with the extras that are asked for;
    `trouble` is what could not be followed.
    """

    upload: Upload
    requirements: list[Requirement] = field(default_factory=list)
    local: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    trouble: list[Unknown] = field(default_factory=list)

    def read(self, path: str) -> str:
        """Return the text of a file that is read for what it installs; empty where it cannot be read."""
        if path in self.files or len(self.files) >= _MOST_FILES:
            return ""
        self.files.append(path)
        try:
            return read_text(self.upload, path)
        except BuddyError as error:
            self.doubt(str(error), At(path))
            return ""

    def doubt(self, said: str, at: At) -> None:
        """Note something that cannot be known."""
        self.trouble.append(Unknown(said, at))

    def take(self, written: str, at: At, folder: str = "") -> None:
        """Take one requirement as pip's command line or a line of a file has it, relative to a folder of the upload."""
        written = _unquoted(written)
        if "://" in written and " @ " not in written:
            self._take_address(written, at)
        elif _is_path(written):
            self._take_path(written.removeprefix("file:"), at, folder)
        else:
            try:
                self.requirements.append(Requirement(written))
            except InvalidRequirement:
                self.doubt(f"{clean_line(written)} is no requirement that can be understood.", at)

    def _take_address(self, address: str, at: At) -> None:
        """Take what is installed from an address: named after `#egg=`, or as its file or its repository is called."""
        if egg := _EGG.search(address):
            extras = f"[{egg[2]}]" if egg[2] else ""
            self.take(f"{egg[1]}{extras}", at)
            return
        end = posixpath.basename(address.partition("#")[0].rstrip("/"))
        name = end.partition("@")[0].removesuffix(".git")
        try:
            name = str(parse_wheel_filename(end)[0])
        except InvalidWheelFilename:
            name = re.sub(r"-\d.*$", "", name)
        if re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
            self.take(name, at)
        else:
            self.doubt(f"What {clean_line(address)} installs cannot be told.", at)

    def _take_path(self, written: str, at: At, folder: str) -> None:
        extras = _EXTRAS.search(written)
        asked = frozenset(one.strip() for one in extras[1].split(",")) if extras else frozenset()
        path = posixpath.normpath(posixpath.join(folder, _EXTRAS.sub("", written).split(";")[0].strip()))
        if path.startswith(("..", "/")):
            self.doubt(f"{clean_line(written)} is installed from outside of the upload.", at)
        else:
            self.local.append((path, asked))


def read_requirements(wanted: Wanted, path: str) -> None:
    """Take all that a requirements file and the files that it includes install; constraints install nothing."""
    folder = posixpath.dirname(path)
    for number, line in _lines(wanted.read(path)):
        at = At(path, number)
        if included := _INCLUDE.match(line):
            _include(wanted, _unquoted(included[1]), at, folder)
        elif editable := _EDITABLE.match(line):
            target = editable[1].strip()
            wanted.take(target if "://" in target or _is_path(target) else f"./{target}", at, folder)
        elif not line.startswith("-"):
            wanted.take(line, at, folder)


def _include(wanted: Wanted, target: str, at: At, folder: str) -> None:
    path = posixpath.normpath(posixpath.join(folder, target))
    if path in {file.path for file in wanted.upload.files}:
        read_requirements(wanted, path)
    else:
        wanted.doubt(f"{clean_line(target)} is included and not in the upload.", at)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines without comments, those that end with a backslash joined, each with the number of its first."""
    whole, start = "", 0
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        start = start if whole else number
        whole += line.removesuffix("\\").rstrip("\r") if line.endswith("\\") else line
        if line.endswith("\\"):
            continue
        told = _TRAILING.sub("", _COMMENT.sub("", whole)).strip()
        if told:
            yield start, told
        whole = ""


def _unquoted(written: str) -> str:
    written = written.strip()
    quoted = len(written) > 1 and written[0] in "\"'" and written[0] == written[-1]
    return written[1:-1] if quoted else written


def _is_path(written: str) -> bool:
    if " @ " in written:
        return False
    bare = _EXTRAS.sub("", written.split(";", maxsplit=1)[0].strip())
    return bare in {".", ".."} or bare.startswith(("./", "../", "/", "file:")) or bare.endswith(_ARCHIVES)
