"""source: what pip, uv, Poetry and their like install in a RUN of a Dockerfile. Nothing is run."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from buddy_tui.source.docker_patterns import has_wildcard
from buddy_tui.source.launch import options_of
from buddy_tui.source.stage import SITE, Stage
from buddy_tui.source.tree import absolute
from buddy_tui.source.values import At

# Folders where an image keeps its system and its environments: what is put there is no file of the project.
_SYSTEM = re.compile(
    r"/(?:usr(?!/src)|etc|var(?!/(?:app|task|www))|bin|sbin|lib|lib64|tmp|run|proc|dev|root/\.\w+|opt/(?:venv|poetry|pip|uv|conda)|venv|wheels?)(?:/|$)"
    r"|/(?:site-packages|dist-packages|\.?venv|\.local|\.cache|wheels?|wheelhouse|node_modules)(?:/|$)"
)
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:\[[\w., -]*\])?\s*(?:[<>=!~@;].*)?$", re.DOTALL)
# Options of pip and uv that take no value; every other one does.
_PIP_FLAGS = frozenset(
    (
        *("-U", "--upgrade", "-q", "-qq", "--quiet", "-v", "-vv", "-vvv", "--verbose", "--user", "--system"),
        *("-I", "--ignore-installed", "--force-reinstall", "--reinstall", "--require-hashes", "--isolated"),
        *(
            "--break-system-packages",
            "--compile",
            "--compile-bytecode",
            "--prefer-binary",
            "--exact",
            "--pre",
        ),
        *("--disable-pip-version-check", "--use-pep517", "--check-build-dependencies", "--debug", "--strict"),
        *("--native-tls", "--all-extras", "--require-virtualenv", "--ignore-requires-python", "--offline"),
        *("--locked", "--frozen", "--dry-run", "-n"),
    )
)


@dataclass(slots=True)
class Installer:
    """What installs into a stage: `cwd` is where it is called, `mounts` are files that are bound for its time."""

    stage: Stage
    at: At
    cwd: str
    mounts: Mapping[str, str] = field(default_factory=dict)

    def pip(self, rest: list[str]) -> None:
        """Read `pip install`, `wheel` and `download`, and `sync` of pip-tools and uv."""
        options = options_of(rest, _PIP_FLAGS)
        verb, *packages = *options.others, ""
        if verb not in ("install", "sync", "wheel", "download"):
            return
        files = [
            value
            for name in ("-r", "--requirement", "--requirements")
            for value in options.values.get(name, ())
        ]
        for name in [*files, *(packages if verb == "sync" else ())]:
            if name:
                self._requirements(name)
        for folder in (*options.values.get("-e", ()), *options.values.get("--editable", ())):
            self._package(folder, installs=True)
        for package in packages if verb != "sync" else ():
            self._package(package, installs=verb == "install")

    def uv(self, rest: list[str]) -> None:
        """Read `uv pip …`, `uv add`, and what `uv sync`, `export` and `run` install of a project."""
        plain = [word for word in rest if not word.startswith("-")]
        if plain[:1] == ["pip"]:
            self.pip(rest[rest.index("pip") + 1 :])
        elif plain[:1] == ["add"]:
            self.pip(["install", *rest[rest.index("add") + 1 :]])
        elif plain[:1] and plain[0] in ("sync", "export", "run"):
            folder = absolute(self.cwd, option_of(rest, "--project") or option_of(rest, "--directory") or ".")
            self._exports(rest)
            quiet = {"--no-install-project", "--no-install-workspace", "--only-deps"} & set(rest)
            installs = plain[0] == "sync" and not quiet
            self._project(folder, ("pyproject.toml", "uv.lock"), installs=installs, extras=_extras(rest))

    def locked(self, rest: list[str], verbs: tuple[str, ...], names: tuple[str, ...]) -> None:
        """Read a tool that installs a whole project by one of its verbs, from files of its own names."""
        if not set(rest) & set(verbs):
            return
        folder = absolute(self.cwd, option_of(rest, "--directory") or option_of(rest, "-C") or ".")
        self._exports(rest)
        quiet = {"--no-root", "--no-self", "export"} & set(rest) or "Pipfile" in names
        self._project(folder, names, installs=not quiet, extras=_extras(rest))

    def _exports(self, rest: list[str]) -> None:
        names = (option_of(rest, option) for option in ("-o", "--output", "--output-file"))
        self.stage.exported |= {absolute(self.cwd, name) for name in names if name}

    def compile(self, rest: list[str]) -> None:
        """Read `pip-compile`: what it writes is noted by what it reads."""
        self._exports(rest)
        for name in options_of(rest, _PIP_FLAGS).others or ("requirements.in",):
            self._requirements(name)
            self.stage.exported.add(absolute(self.cwd, re.sub(r"\.in$", ".txt", name)))

    def conda(self, _rest: list[str]) -> None:
        """Say that conda is not followed."""
        self.stage.wonder("What conda installs cannot be told from the files alone.", self.at)

    def _requirements(self, name: str) -> None:
        path = absolute(self.cwd, name)
        file = self.mounts.get(path) or self.stage.files.get(path)
        if file:
            self.stage.requirements[file] = None
        elif path in self.stage.exported:
            return
        elif (
            name.startswith(("http://", "https://"))
            or "$" in name
            or has_wildcard(name)
            or not name.strip("-")
        ):
            self.stage.wonder(f"The requirements in {name or 'a file'} cannot be read from here.", self.at)
        elif self.stage.unknown or is_of_the_system(path):
            self.stage.wonder(
                f"{name}, which is installed from, is not among the files that are known.", self.at
            )
        else:
            self.stage.miss(f"{name} is installed from, and is not in the image at {path}.", self.at)

    def _package(self, word: str, *, installs: bool) -> None:
        """Take one thing to install: a folder of the image, a name, or an address."""
        egg = re.search(r"[#&]egg=([\w.-]+)", word)
        bare = re.sub(r"\[[^\]]*\]$", "", word)
        if "://" in word and not egg:
            name = re.match(r"([\w.-]+(?:\[[^\]]*\])?)\s*@", word)
            if name:
                self.stage.installs[name[1]] = None
            else:
                self.stage.wonder(
                    "Something is installed from an address, and its name is not told.", self.at
                )
        elif egg:
            self.stage.installs[egg[1]] = None
        elif bare.startswith((".", "/")) or self._is_folder(bare):
            self._project(
                absolute(self.cwd, bare), _PROJECT_FILES, installs=installs, extras=word[len(bare) :]
            )
        elif _NAME.match(word):
            self.stage.installs[word] = None

    def _is_folder(self, path: str) -> bool:
        return "/" in path and absolute(self.cwd, path) in self.stage.folders

    def _project(self, folder: str, names: tuple[str, ...], *, installs: bool, extras: str = "") -> None:
        """Note the files that declare a project's dependencies, and put its own packages where they are installed.

        `extras` as they are written, brackets and all.
        """
        seen = self.stage.files | dict(self.mounts)
        found = [file for name in names if (file := seen.get(absolute(folder, name)))]
        self.stage.requirements |= dict.fromkeys(found)
        if extras and found:
            self.stage.installs[f"./{posixpath.dirname(found[0])}{extras}"] = None
        if installs and found:
            self.stage.add(list(installed_packages(seen, folder)), self.at)


def _extras(rest: list[str]) -> str:
    """Return the extras that uv or Poetry is asked for, as a requirement has them: `[web,db]`; empty without one."""
    values = options_of(rest, _PIP_FLAGS).values
    told = " ".join(value for name in ("--extra", "--extras", "-E") for value in values.get(name, ()))
    names = re.findall(r"[\w.-]+", told)
    return f"[{','.join(names)}]" if names else ""


def is_of_the_system(path: str) -> bool:
    """Tell whether a path of an image belongs to its system or to an environment, not to a project."""
    return bool(_SYSTEM.search(path))


def installed_packages(files: Mapping[str, str], folder: str) -> list[tuple[str, str]]:
    """Return where the packages of a project lie once they are installed: those of `src`, or those beside its file."""
    start = folder.rstrip("/") + "/"
    inner = {path[len(start) :]: file for path, file in files.items() if path.startswith(start)}
    inside = {path[4:]: file for path, file in inner.items() if path.startswith("src/")} or inner
    packages = {path.split("/")[0] for path in inside if path.endswith("/__init__.py")} - {
        "tests",
        "test",
        "docs",
    }
    return [(f"{SITE}/{path}", file) for path, file in inside.items() if path.split("/")[0] in packages]


def option_of(words: list[str], name: str) -> str:
    """Return the value of an option, as `-o x` or `--name=x`."""
    for index, word in enumerate(words):
        if word == name and index + 1 < len(words):
            return words[index + 1]
        if word.startswith(f"{name}=") and name.startswith("--"):
            return word[len(name) + 1 :]
    return ""
