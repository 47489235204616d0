"""source: what would be uploaded, what an image makes of it, and what its modules import. Values only.

Paths of the upload are relative to its root, with slashes on every system; paths of the image are absolute POSIX paths.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class At:
    """A place in the upload. `line` counts from 1; 0 is the file as a whole."""

    path: str
    line: int = 0


# No place in the upload.
NO_PLACE = At("")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that would be uploaded. `size` in bytes, `modified` in seconds since the epoch.

    `link` is where the file really lies, relative to the root, when a symbolic link leads to it or to its folder.
    """

    path: str
    size: int = 0
    modified: float = 0.0
    executable: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or a folder (its path ends with a slash), that is not uploaded, and the rule that says so."""

    path: str
    rule: str
    at: At


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Something in the root that is no file to upload: `why` is a sentence (a device, a link out of the root …)."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Upload:
    """The upload set of a root, as gcloud computes it; files sorted by path.

    `ignore_file` is whose rules hold: `.gcloudignore`, `.gitignore`, or empty where everything is uploaded.
    `left_out` and `not_taken` are bounded; `cut` says that more files were found than are looked at. `folders` are
    those that go along although nothing in them does, which a COPY may ask for.
    """

    root: Path
    files: tuple[SourceFile, ...] = ()
    ignore_file: str = ""
    left_out: tuple[LeftOut, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()
    cut: bool = False
    folders: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The sum of all files, in bytes."""
        return sum(one.size for one in self.files)


class Maker(StrEnum):
    """What makes the image."""

    DOCKERFILE = "Dockerfile"
    PROCFILE = "Procfile"
    BUILDPACK = "buildpack"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that cannot be known from the files alone; `said` is a sentence."""

    said: str
    at: At


@dataclass(frozen=True, slots=True)
class Image:
    """What a build makes of an upload, as far as its files tell.

    - `files`: where each file lies in the image -> the file of the upload; only what is known to be copied
    - `workdir`, `env`, `python_path`: as the process is started with them; `env` without secrets' values is not
      promised, so it is never shown
    - `command`: the words of the process (ENTRYPOINT and CMD together); a shell form is split as a shell would,
      with `shell` set when it needs one (`&&`, `$(…)`); `at` is where it stands
    - `python`: `3.11` or so, empty where it cannot be told; `platform` as in `FROM --platform`
    - `requirements`: files of the upload from which dependencies are installed (`requirements.txt`, `pyproject.toml`,
      `uv.lock` …), and `installs` what is installed by name (`pip install flask`)
    - `missing`: sources of COPY that nothing in the upload matches
    - `unknown`: what could not be followed (`COPY --from` another image, RUN that moves files …); then a file that is
      not in `files` may be there all the same
    """

    maker: Maker
    file: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    command: tuple[str, ...] = ()
    shell: bool = False
    at: At = NO_PLACE
    python: str = ""
    python_at: At = NO_PLACE
    platform: str = ""
    requirements: tuple[str, ...] = ()
    installs: tuple[str, ...] = ()
    missing: tuple[Unknown, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    @property
    def python_path(self) -> tuple[str, ...]:
        """The folders of PYTHONPATH in the image, absolute ones as they are, others below `workdir`."""
        told = [one for one in self.env.get("PYTHONPATH", "").split(":") if one]
        return tuple(one if one.startswith("/") else f"{self.workdir.rstrip('/')}/{one}" for one in told)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the command of an image starts.

    - `server`: `uvicorn`, `gunicorn`, `hypercorn`, `functions-framework`, `flask`, `django`, `python -m`, `python`;
      empty where the command is not understood, and then `unknown` says why
    - `module`: the dotted module that is imported first (`Back_End.main`); `attribute`: what is taken from it (`app`)
    - `script`: the file in the image that is run instead (`/app/main.py`), empty where a module is
    - `path`: the folders of the image in which its imports are looked for, in order (working directory, `--chdir`,
      `--app-dir`, the script's own folder, PYTHONPATH), each once
    - `host`, `port`: as the command says them, `$PORT` and all; empty where it does not, which is the server's default
    - `worker`: gunicorn's `-k`, dotted; more modules that the server imports are in `also`
    """

    server: str = ""
    module: str = ""
    attribute: str = ""
    script: str = ""
    path: tuple[str, ...] = ()
    host: str = ""
    port: str = ""
    worker: str = ""
    also: tuple[str, ...] = ()
    at: At = NO_PLACE
    unknown: str = ""

    @property
    def served(self) -> str:
        """The name, dotted perhaps, that is taken from the module: `create_app` of `create_app()`; may be empty."""
        return self.attribute.partition("(")[0].strip()


class Found(StrEnum):
    """Where an import leads."""

    HERE = "here"  # a module of the upload, as it lies in the image
    STANDARD = "standard"  # the standard library of the image's Python
    DECLARED = "declared"  # a dependency that is installed
    UNDECLARED = "undeclared"  # known as a distribution (or installed here), and nobody declares it
    ELSEWHERE = "elsewhere"  # in the upload or the project, and not where the image would look for it
    UNSURE = "unsure"  # may come with a dependency, or lie on a path, that cannot be read from files
    NOWHERE = "nowhere"


class When(StrEnum):
    """When an import happens."""

    START = "start"  # while its module is imported
    GUARDED = "guarded"  # at start as well, and its failure is caught
    LATER = "later"  # in a function, when that is called
    TYPES = "types"  # for type checkers alone


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement (or `import_module` of a constant) for one module.

    `name` is the dotted name that is looked for; `target` the file of the upload, or the distribution, that answers.
    `elsewhere` are folders (from which it would be found) and files, relative to the root. `relative` is `from . import`.
    """

    name: str
    at: At
    when: When = When.START
    found: Found = Found.NOWHERE
    target: str = ""
    elsewhere: tuple[str, ...] = ()
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Module:
    """A module that the entry reaches. `depth` counts imports from the entry, 0 for itself.

    `when` is the earliest moment at which it is imported: `START` when it is needed to boot. `fan_in` is how many
    modules of the upload import it. `trouble` says why it cannot be read (syntax, with the line in `at`).
    """

    name: str
    at: At
    depth: int = 0
    when: When = When.START
    fan_in: int = 0
    imports: tuple[Import, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """What the entry module imports, directly and not, without running anything. Modules in order of depth and name.

    `entry` is the module that was asked for. When it is not where the image looks for it, `modules` is empty and
    `roots` are the folders of the project (relative to the root, `..` upwards, `.` for the root itself) from which it
    would be found. `cycles` are import cycles at start, each from its smallest name; `shadows` modules of the upload
    that hide one of the standard library or of a dependency.
    """

    entry: str
    modules: tuple[Module, ...] = ()
    roots: tuple[str, ...] = ()
    cycles: tuple[tuple[str, ...], ...] = ()
    shadows: tuple[tuple[str, At], ...] = ()


class Booted(StrEnum):
    """How a smoke boot ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not_tried"  # switched off, no interpreter, or a dependency is not installed here


@dataclass(frozen=True, slots=True)
class Boot:
    """The entry module, imported in a copy of the image's files by a clean process.

    `said` is one sentence; `traceback` the cleaned end of what it wrote to stderr; `missing` what is not installed here;
    `times` are modules and their own import times in milliseconds, the slowest first; `took` in seconds.
    """

    booted: Booted
    said: str = ""
    interpreter: str = ""
    missing: tuple[str, ...] = ()
    traceback: str = ""
    times: tuple[tuple[str, float], ...] = ()
    took: float = 0.0
