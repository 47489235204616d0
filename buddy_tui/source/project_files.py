"""source: what a project's own files say it requires: pyproject.toml of all kinds, setup.cfg, setup.py, Pipfile, locks."""

import ast
import configparser
import json
import posixpath
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from buddy_tui.clean import clean_line
from buddy_tui.source.requirement_files import Wanted, read_requirements
from buddy_tui.source.values import At

PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


@dataclass(slots=True)
class Project:
    """What the files of one folder tell, when `extras` of it are asked for.

    `perhaps` is required by groups and extras that nobody is seen to ask for.

    `locked` maps what a lock file has to what each of it requires; `roots` are folders, relative to the project's, in
    which its packages lie.
    """

    name: str = ""
    extras: frozenset[str] = frozenset()
    perhaps: list[Requirement] = field(default_factory=list)
    locked: dict[str, list[str]] = field(default_factory=dict)
    roots: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _File:
    """One file of a project, and where to put what it tells."""

    wanted: Wanted
    path: str
    text: str
    project: Project


def read_project(wanted: Wanted, path: str, project: Project) -> bool:
    """Take what one file of a project requires; False where the file is none that is known."""
    reader = _READERS.get(posixpath.basename(path))
    if reader is None:
        return False
    file = _File(wanted, path, wanted.read(path), project)
    try:
        reader(file)
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        SyntaxError,
        configparser.Error,
        RecursionError,
    ) as error:
        wanted.doubt(f"{clean_line(path)} cannot be read: {clean_line(str(error))[:200]}.", At(path))
    return True


def _pyproject(file: _File) -> None:
    told = tomllib.loads(file.text)
    tool, here = _table(told, "tool"), At(file.path)
    own = _table(told, "project")
    file.project.name = str(own.get("name", "") or _table(tool, "poetry").get("name", ""))
    for line in own.get("dependencies", []):
        file.wanted.take(line, here, posixpath.dirname(file.path))
    for extra, lines in _table(own, "optional-dependencies").items():
        _either(file.wanted, file.project, lines, file.path, asked=extra in file.project.extras)
    for lines in _table(told, "dependency-groups").values():
        _either(
            file.wanted, file.project, [one for one in lines if isinstance(one, str)], file.path, asked=False
        )
    for lines in _table(tool, "pdm", "dev-dependencies").values():
        _either(file.wanted, file.project, lines, file.path, asked=False)
    _setuptools(file.wanted, file.path, own, _table(tool, "setuptools"), file.project)
    _poetry(file.wanted, file.path, _table(tool, "poetry"), file.project)
    for source in _table(tool, "uv", "sources").values():
        if isinstance(source, dict) and "path" in source:
            file.wanted.take(f"./{source['path']}", here, posixpath.dirname(file.path))
    for package in _table(tool, "hatch", "build", "targets", "wheel").get("packages", []):
        file.project.roots.append(posixpath.dirname(package.rstrip("/")) or ".")


def _setuptools(
    wanted: Wanted, path: str, own: dict[str, Any], tool: dict[str, Any], project: Project
) -> None:
    dynamic, folder = _table(tool, "dynamic"), posixpath.dirname(path)
    if "dependencies" in own.get("dynamic", []):
        files = _listed(_table(dynamic, "dependencies").get("file", []))
        for file in files:
            read_requirements(wanted, posixpath.join(folder, file))
        if not files:
            _computed(wanted, path)
    project.roots += _listed(_table(tool, "packages", "find").get("where", []))
    project.roots += [str(root) for root in _table(tool, "package-dir").values()]


def _computed(wanted: Wanted, path: str) -> None:
    wanted.doubt(f"{clean_line(path)} leaves its dependencies to the build, which is not run.", At(path))


def _poetry(wanted: Wanted, path: str, poetry: dict[str, Any], project: Project) -> None:
    folder = posixpath.dirname(path)
    asked = {one for extra in project.extras for one in _table(poetry, "extras").get(extra, [])}
    for name, told in _table(poetry, "dependencies").items():
        if name == "python":
            continue
        if isinstance(told, dict) and "path" in told:
            wanted.take(f"./{told['path']}", At(path), folder)
        if requirement := _poetic(name, told):
            optional = isinstance(told, dict) and told.get("optional") and name not in asked
            (project.perhaps if optional else wanted.requirements).append(requirement)
    groups = [_table(group, "dependencies") for group in _table(poetry, "group").values()]
    for name in (one for group in [*groups, _table(poetry, "dev-dependencies")] for one in group):
        project.perhaps += [Requirement(name)]
    for package in poetry.get("packages", []):
        project.roots.append(package.get("from", "."))


def _poetic(name: str, told: object) -> Requirement | None:
    """Return a requirement of poetry's or Pipenv's own form: `"^1.2"`, or a table with extras and markers."""
    for one in told if isinstance(told, list) else [told]:
        table = one if isinstance(one, dict) else {}
        extras = ",".join(table.get("extras", []))
        marker = f"; {table['markers']}" if "markers" in table else ""
        try:
            return Requirement(f"{name}[{extras}]{marker}" if extras else f"{name}{marker}")
        except InvalidRequirement:
            continue
    return None


def _setup_cfg(file: _File) -> None:
    told = configparser.RawConfigParser()
    told.read_string(file.text)
    file.project.name = file.project.name or told.get("metadata", "name", fallback="")
    _take_lines(file.wanted, told.get("options", "install_requires", fallback=""), file.path)
    if told.has_section("options.extras_require"):
        for extra, lines in told.items("options.extras_require"):
            _either(
                file.wanted, file.project, lines.split("\n"), file.path, asked=extra in file.project.extras
            )
    where = told.get("options.packages.find", "where", fallback="")
    folders = told.get("options", "package_dir", fallback="")
    file.project.roots += [where] if where else []
    file.project.roots += [line.partition("=")[2].strip() for line in folders.split("\n") if "=" in line]


def _take_lines(wanted: Wanted, lines: str, path: str) -> None:
    folder = posixpath.dirname(path)
    for line in filter(None, map(str.strip, lines.split("\n"))):
        if line.startswith("file:"):
            for file in line.removeprefix("file:").split(","):
                read_requirements(wanted, posixpath.join(folder, file.strip()))
        elif not line.startswith("#"):
            wanted.take(line, At(path), folder)


def _setup_py(file: _File) -> None:
    tree = ast.parse(file.text)
    names = {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _named_setup(node))
    for keyword in (keyword for call in calls for keyword in call.keywords):
        value = keyword.value
        if isinstance(value, ast.Name):
            value = names.get(value.id, value)
        if keyword.arg == "install_requires":
            _constants(file.wanted, file.path, value)
        elif keyword.arg == "package_dir" and isinstance(value, ast.Dict):
            file.project.roots += [
                one.value
                for one in value.values
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
        elif keyword.arg == "extras_require" and isinstance(value, ast.Dict):
            for key, lines in zip(value.keys, value.values, strict=True):
                asked = isinstance(key, ast.Constant) and key.value in file.project.extras
                _either(file.wanted, file.project, _strings(lines), file.path, asked=asked)


def _named_setup(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"setup", "setuptools.setup", "core.setup"}


def _constants(wanted: Wanted, path: str, value: ast.expr) -> None:
    if isinstance(value, ast.List | ast.Tuple) and all(isinstance(one, ast.Constant) for one in value.elts):
        for line in _strings(value):
            wanted.take(line, At(path), posixpath.dirname(path))
        return
    _computed(wanted, path)
    beside = posixpath.join(posixpath.dirname(path), "requirements.txt")
    if beside in {file.path for file in wanted.upload.files}:
        read_requirements(wanted, beside)


def _strings(value: ast.expr) -> list[str]:
    return [
        one.value for one in ast.walk(value) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def _pipfile(file: _File) -> None:
    told = tomllib.loads(file.text)
    for name, said in _table(told, "packages").items():
        if isinstance(said, dict) and "path" in said:
            file.wanted.take(f"./{said['path']}", At(file.path), posixpath.dirname(file.path))
        elif requirement := _poetic(name, said):
            file.wanted.requirements.append(requirement)
    file.project.perhaps += [Requirement(name) for name in _table(told, "dev-packages")]


def _pipfile_lock(file: _File) -> None:
    told = json.loads(file.text)
    for name, said in told.get("default", {}).items():
        if requirement := _poetic(name, said):
            file.wanted.requirements.append(requirement)
            file.project.locked.setdefault(canonicalize_name(name), [])


def _pylock(file: _File) -> None:
    for package in tomllib.loads(file.text).get("packages", []):
        marker = f"; {package['marker']}" if "marker" in package else ""
        file.wanted.take(f"{package['name']}{marker}", At(file.path))
        file.project.locked.setdefault(canonicalize_name(package["name"]), [])


def _lock(file: _File) -> None:
    """Take what uv.lock or poetry.lock says each package requires; what of it is installed, pyproject.toml says."""
    for package in tomllib.loads(file.text).get("package", []):
        needs = package.get("dependencies", {})
        names = [one["name"] for one in needs] if isinstance(needs, list) else list(needs)
        extra_needs = package.get("optional-dependencies", {})
        names += [one["name"] for lines in extra_needs.values() for one in lines if isinstance(one, dict)]
        file.project.locked.setdefault(canonicalize_name(package["name"]), []).extend(names)


_READERS: Mapping[str, Callable[[_File], None]] = MappingProxyType(
    {
        "pyproject.toml": _pyproject,
        "setup.cfg": _setup_cfg,
        "setup.py": _setup_py,
        "Pipfile": _pipfile,
        "Pipfile.lock": _pipfile_lock,
        "pylock.toml": _pylock,
        "uv.lock": _lock,
        "poetry.lock": _lock,
    }
)


def _either(wanted: Wanted, project: Project, lines: Iterable[str], path: str, *, asked: bool) -> None:
    """Take lines that are asked for, and keep the others as what may be installed."""
    for line in filter(None, map(str.strip, lines)):
        if asked:
            wanted.take(line, At(path), posixpath.dirname(path))
        else:
            project.perhaps += _requirement(line)


def _requirement(line: str) -> Iterator[Requirement]:
    try:
        yield Requirement(line)
    except InvalidRequirement:
        return


def _table(told: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return a table inside tables, empty where there is none."""
    found: Any = told
    for key in keys:
        found = found.get(key, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def _listed(value: object) -> list[str]:
    return (
        [value] if isinstance(value, str) else [str(one) for one in value] if isinstance(value, list) else []
    )
