"""source: which distributions an image installs, as far as the files that it installs from tell."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError
from buddy_tui.rules.distributions import distribution_of, shared_root, well_known
from buddy_tui.source.comes_with import applies, brought_by, known, linux
from buddy_tui.source.project_files import PROJECT_FILES, Project, read_project
from buddy_tui.source.reading import read_bytes
from buddy_tui.source.requirement_files import Wanted, read_requirements
from buddy_tui.source.standard import version_of
from buddy_tui.source.values import At, Image, Maker, Unknown, Upload

# Several distributions bring the same modules.
_ALSO: Mapping[str, str] = MappingProxyType(
    {
        "beautifulsoup4": "bs4",
        "faiss-cpu": "faiss-gpu faiss",
        "kafka-python": "kafka-python-ng",
        "langchain": "langchain-classic",
        "opencv-python-headless": "opencv-python opencv-contrib-python opencv-contrib-python-headless",
        "onnxruntime": "onnxruntime-gpu",
        "pillow": "pillow-simd",
        "protobuf": "protobuf-py3",
        "psycopg2-binary": "psycopg2",
        "pycryptodome": "pycrypto",
        "pyjwt": "jwt",
        "python-dotenv": "dotenv django-dotenv",
        "python-slugify": "unicode-slugify awesome-slugify",
        "scikit-learn": "sklearn",
        "snowflake-connector-python": "snowflake",
        "sqlalchemy": "sqlalchemy2-stubs",
        "tensorflow": "tensorflow-cpu tensorflow-gpu tf-nightly tensorflow-intel",
        "websocket-client": "websocket",
    }
)
# Modules below `google` that are called otherwise than what brings them, as their wheels list them.
_GOOGLE: Mapping[str, str] = MappingProxyType(
    {
        "google.cloud.audit": "google-cloud-audit-log",
        "google.cloud.client": "google-cloud-core",
        "google.cloud.exceptions": "google-cloud-core",
        "google.cloud.extended_operations": "googleapis-common-protos",
        "google.cloud.location": "googleapis-common-protos",
        "google.cloud.sql": "cloud-sql-python-connector",
        "google.iam": "grpc-google-iam-v1",
        "google.logging": "googleapis-common-protos",
        "google.longrunning": "googleapis-common-protos",
        "google.rpc": "googleapis-common-protos",
        "google.type": "googleapis-common-protos",
    }
)
_MOST_WHEEL = 64 << 20
_PYTHON_HAS = frozenset({"setuptools", "pip", "wheel"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What is installed, by normalised names.

    - `names`: all of it, with what it brings along; `direct`: what the files name themselves
    - `opaque`: names of which is not known what they require and, but for their own name, what modules they have
    - `perhaps`: what only groups and extras ask for of which is not seen that somebody installs them
    - `modules`: top-level modules of wheels in the upload, each with its distribution
    - `files`: files of the upload that were read; `folders`: those in which packages lie that the image installs
    - `certain` is False, and `trouble` says why, where something else may be installed as well
    """

    names: frozenset[str] = frozenset()
    direct: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    modules: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    certain: bool = True
    trouble: tuple[Unknown, ...] = ()

    def distribution(self, module: str) -> str:
        """Return the installed distribution that brings a dotted module; empty where none is known to."""
        first = module.partition(".")[0]
        return self.modules.get(first, "") or _bringing(module, self.names)

    def perhaps_brings(self, module: str) -> bool:
        """Tell whether a module is one of a distribution that may be installed."""
        return bool(_bringing(module, self.perhaps))


def declared_in(upload: Upload, image: Image) -> Declared:
    """Return what an image installs, read from the files of the upload that it installs from, and nothing run.

    Where an image is not seen to install anything, what its root declares is taken, and is not certain: its base image
    may hold anything.
    """
    wanted, projects = Wanted(upload), list[Project]()
    files, nothing = image.requirements, not (image.requirements or image.installs)
    if nothing and image.maker is Maker.DOCKERFILE:
        files = tuple(file.path for file in upload.files if file.path in {"requirements.txt", *PROJECT_FILES})
        wanted.doubt("Nothing in it is seen to install anything.", At(image.file))
    for path in files:
        _take_file(wanted, path, projects)
    for written in image.installs:
        wanted.take(_relative_to(written, image), At(image.file))
    modules, folders = _locals(wanted, projects)
    return _gathered(wanted, projects, image, modules, folders)


def _take_file(wanted: Wanted, path: str, projects: list[Project]) -> None:
    folder = posixpath.dirname(path) or "."
    beside = {posixpath.join(folder, name).removeprefix("./") for name in PROJECT_FILES}
    if posixpath.basename(path) in {*PROJECT_FILES, "uv.lock", "poetry.lock"}:
        wanted.local.append((folder, frozenset()))
    project = Project()
    if read_project(wanted, path, project) and path not in beside:
        projects.append(project)
    elif path not in beside:
        read_requirements(wanted, path)


def _relative_to(written: str, image: Image) -> str:
    """Return a requirement with a path of the image as one of the upload: `/app/libs/x` -> `./libs/x`."""
    if not written.startswith("/"):
        return written
    below = f"{written.partition('[')[0].rstrip('/')}/"
    for place, path in sorted(image.files.items()):
        if place == below[:-1]:
            return f"./{path}"
        if place.startswith(below):
            inner = place.removeprefix(below)
            return f"./{path.removesuffix(inner).rstrip('/')}{written[len(below) - 1 :].rstrip('/')}"
    return written


def _locals(wanted: Wanted, projects: list[Project]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Take the folders and wheels of the upload that are installed, and those that these install in turn."""
    modules: dict[str, str] = {}
    folders: list[str] = []
    paths = {file.path for file in wanted.upload.files}
    done: set[tuple[str, frozenset[str]]] = set()
    # The list grows while it is gone through.
    for path, extras in wanted.local:
        if (path, extras) in done:
            continue
        done.add((path, extras))
        if path.endswith(".whl"):
            modules |= _wheel(wanted, path)
        elif path in paths:
            wanted.doubt(f"{clean_line(path)} is not looked into.", At(path))
        else:
            folders += _folder(wanted, path, extras, projects, paths)
    return modules, tuple(dict.fromkeys(folders))


def _folder(
    wanted: Wanted, path: str, extras: frozenset[str], projects: list[Project], paths: set[str]
) -> list[str]:
    project = Project(extras=extras)
    prefix = "" if path == "." else f"{path}/"
    found = [f"{prefix}{name}" for name in PROJECT_FILES if f"{prefix}{name}" in paths]
    for file in found:
        if file in wanted.files:
            wanted.files.remove(file)
        read_project(wanted, file, project)
    if not found:
        wanted.doubt(f"{clean_line(path)} is installed, and no project is there.", At(path))
    projects.append(project)
    roots = [*project.roots, "src", "."]
    return [posixpath.normpath(f"{prefix}{root}") for root in roots if _holds(f"{prefix}{root}", paths)]


def _holds(folder: str, paths: Iterable[str]) -> bool:
    normal = posixpath.normpath(folder)
    return normal == "." or any(path.startswith(f"{normal}/") for path in paths)


def _wheel(wanted: Wanted, path: str) -> dict[str, str]:
    """Return the top-level modules of a wheel in the upload, by its distribution, and take what it requires."""
    try:
        name = str(parse_wheel_filename(posixpath.basename(path))[0])
        with zipfile.ZipFile(io.BytesIO(read_bytes(wanted.upload, path, _MOST_WHEEL))) as wheel:
            inside = wheel.namelist()
            metadata = next((one for one in inside if one.endswith(".dist-info/METADATA")), "")
            told = wheel.read(metadata).decode("utf-8", "replace") if metadata else ""
    except (BuddyError, InvalidWheelFilename, zipfile.BadZipFile, OSError, RuntimeError) as error:
        wanted.doubt(f"{clean_line(path)} cannot be read: {clean_line(str(error))}.", At(path))
        return {}
    wanted.files.append(path)
    wanted.requirements.append(Requirement(name))
    for line in re.findall(r"^Requires-Dist: (.+)$", told, re.MULTILINE):
        wanted.take(line.strip(), At(path))
    tops = {one.partition("/")[0].partition(".")[0] for one in inside if ".dist-info/" not in one}
    return dict.fromkeys(tops, name)


def _gathered(
    wanted: Wanted,
    projects: list[Project],
    image: Image,
    modules: Mapping[str, str],
    folders: tuple[str, ...],
) -> Declared:
    environment = linux(image.python)
    direct = [one for one in wanted.requirements if applies(one, environment)]
    locked = {name: needs for project in projects for name, needs in project.locked.items()}
    names, opaque = _closure(direct, locked, image.python)
    if version_of(image.python) < (3, 12):
        names |= _PYTHON_HAS
    own = {canonicalize_name(project.name) for project in projects if project.name}
    perhaps = [one for project in projects for one in project.perhaps]
    return Declared(
        names=frozenset(names),
        direct=frozenset(canonicalize_name(one.name) for one in direct),
        opaque=frozenset(opaque - own - set(modules.values())),
        perhaps=frozenset(_closure(perhaps, locked, image.python)[0] - names),
        modules=MappingProxyType(dict(modules)),
        files=tuple(dict.fromkeys(wanted.files)),
        folders=folders,
        certain=not wanted.trouble,
        trouble=tuple(wanted.trouble),
    )


def _closure(
    direct: Iterable[Requirement], locked: Mapping[str, list[str]], python: str
) -> tuple[set[str], set[str]]:
    """Return the names of what is installed with all that it brings along, and of those what is not known to bring."""
    environment = linux(python)
    waiting = list(direct)
    done: set[tuple[str, frozenset[str]]] = set()
    opaque: set[str] = set()
    while waiting:
        one = waiting.pop()
        name, extras = canonicalize_name(one.name), frozenset(one.extras)
        if (name, extras) in done:
            continue
        done.add((name, extras))
        if name in locked:
            waiting += [Requirement(needed) for needed in locked[name]]
            continue
        brought = brought_by(name, extras, environment)
        if brought is not None:
            waiting += brought
        elif not known(name) and not well_known(name.replace("-", "_")):
            opaque.add(name)
    return {name for name, _ in done}, opaque


def _bringing(module: str, names: frozenset[str]) -> str:
    if not names:
        return ""
    if shared_root(module):
        return _sharing(module, names)
    expected = canonicalize_name(distribution_of(module))
    for name in (expected, *_ALSO.get(expected, "").split(), canonicalize_name(module.partition(".")[0])):
        if name in names:
            return name
    return "" if well_known(module) else _alike(module.partition(".")[0], names)


def _sharing(module: str, names: frozenset[str]) -> str:
    """Answer for `google.cloud.storage` and the like: the longest name that fits, or for a bare root any of its own."""
    expected = canonicalize_name(distribution_of(module))
    if expected in names:
        return expected
    for prefix, name in _GOOGLE.items():
        if f"{module}.".startswith(f"{prefix}.") and name in names:
            return name
    stem = canonicalize_name(module.replace(".", "-"))
    fitting = [name for name in names if f"{stem}-".startswith(f"{name}-") and "-" in name]
    below = [name for name in names if name.startswith(f"{stem}-")] if module.count(".") < 2 else []
    return max(fitting, key=len, default="") or min(below, default="")


def _alike(first: str, names: frozenset[str]) -> str:
    """Return a distribution that is called nearly as its module: `linebot` and `line-bot-sdk`, `usb` and `pyusb`.

    One of its words begins as the module does: `log` is not in `structlog`.
    """
    squashed = re.sub(r"[-_.]", "", first.lower())
    if len(squashed) < 3:
        return ""
    return min((name for name in names if _begins(name, squashed)), key=len, default="")


def _begins(name: str, squashed: str) -> bool:
    words = name.split("-")
    tails = ["".join(words[place:]) for place in range(len(words))]
    return any(one.startswith(squashed) for tail in tails for one in (tail, tail.removeprefix("py")))
