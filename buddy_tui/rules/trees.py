"""rules: what source trees prove: where a module lies, which folder was uploaded, what an ignore file left out."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pathspec import GitIgnoreSpec

from buddy_tui.model import SourceTree

# What says where things go, and what is left out.
TEXTS = (
    "Dockerfile",
    "Procfile",
    ".gcloudignore",
    ".gitignore",
    ".dockerignore",
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.py",
    "setup.cfg",
)
_REQUIREMENTS = ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg")
# Two trees are one folder in two versions when so much of the smaller one is in the other.
_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Ignored:
    """The line of an ignore file that leaves a path out; `number` counts from 1."""

    file: str
    number: int
    pattern: str
    path: str


@dataclass(frozen=True, slots=True)
class Layout:
    """What a Dockerfile's last stage does with the source: `(from, to)` of each COPY, and where the process starts."""

    copies: tuple[tuple[str, str], ...] = ()
    workdir: str = "/"
    pythonpath: tuple[str, ...] = ()
    command: str = ""


def has_module(tree: SourceTree, module: str, root: str = "") -> bool:
    """Tell whether `import module` would find something, were `root` (a folder of the tree) on the path."""
    path = f"{root}/{module.replace('.', '/')}".lstrip("/")
    return any(name == f"{path}.py" or name.startswith(f"{path}/") for name in tree.paths)


def roots_of(tree: SourceTree, module: str) -> tuple[str, ...]:
    """Return the folders from which the module resolves, nearest to the top first; `""` is the top itself."""
    tail = module.replace(".", "/")
    found = {
        name[: at and at - 1]
        for name in tree.paths
        for at in _starts(name, tail)
        if PurePosixPath(name).suffix in {".py", ".pyi", ".so", ".pyd"}
    }
    return tuple(sorted(found, key=lambda root: (root.count("/") if root else -1, root)))


def folder_in(small: SourceTree, large: SourceTree) -> str:
    """Return the folder of `large` that `small` is a version of, empty when it is none, or the whole."""
    if not small.paths:
        return ""
    rare = max(small.paths, key=lambda path: (path.count("/"), path))
    votes = Counter(
        path[: -len(name) - 1]
        for name in {rare, *small.paths[:200]}
        for path in large.paths
        if path.endswith(f"/{name}")
    )
    have = set(large.paths)
    at_top = sum(path in have for path in small.paths)
    for folder, _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0].count("/"), vote[0])):
        inside = sum(f"{folder}/{path}" in have for path in small.paths)
        if inside > at_top and inside >= _ALIKE * len(small.paths):
            return folder
    return ""


def holds(large: SourceTree, small: SourceTree) -> bool:
    """Tell whether `small` is a version of `large`, or of a folder of it, and not of some other project."""
    have = set(large.paths)
    common = sum(path in have for path in small.paths)
    return common >= _ALIKE * len(small.paths) or bool(folder_in(small, large))


def ignored(tree: SourceTree, path: str, *files: str) -> Ignored | None:
    """Return the line of an ignore file of the tree's top that leaves `path` out.

    Ignore files follow gitignore; `.dockerignore` differs in details (it has no `!`-less directory rules), which
    do not matter for naming the line.
    """
    for name in files:
        lines = tree.text(name).splitlines()
        result = GitIgnoreSpec.from_lines(lines).check_file(path)
        if result.include and result.index is not None:
            return Ignored(name, result.index + 1, lines[result.index].strip(), path)
    return None


def declared(tree: SourceTree, distribution: str) -> str:
    """Return the file that declares a distribution, empty when none does; names compare as PyPI's do (PEP 503)."""
    wanted = _normal(distribution)
    for path, text in tree.texts:
        if declares(path):
            names = {_normal(name) for name in re.findall(r"[A-Za-z0-9][\w.-]*", text)}
            if wanted in names:
                return path
    return ""


def has_requirements(tree: SourceTree) -> bool:
    """Tell whether any file that declares dependencies was read."""
    return any(declares(path) for path, _ in tree.texts)


def declares(path: str) -> bool:
    """Tell whether a file of that name declares dependencies."""
    return PurePosixPath(path).name in _REQUIREMENTS


def layout(tree: SourceTree) -> Layout | None:
    """Read the Dockerfile at the tree's top; `None` when there is none."""
    text = tree.text("Dockerfile")
    if not text:
        return None
    copies: list[tuple[str, str]] = []
    workdir, command = "/", ""
    pythonpath: tuple[str, ...] = ()
    for name, rest in _instructions(text):
        if name == "FROM":
            copies, workdir, pythonpath, command = [], "/", (), ""
        elif name == "WORKDIR":
            workdir = _joined(workdir, rest.strip().strip("\"'"))
        elif name in {"COPY", "ADD"} and "--from=" not in rest:
            words = [word for word in rest.split() if not word.startswith("--")]
            words = [word.strip('[]",') for word in words]
            copies += [(source.strip("./") or "", _target(source, words, workdir)) for source in words[:-1]]
        elif name == "ENV" and (found := re.search(r"PYTHONPATH[= ]\"?([^\s\"]+)", rest)):
            pythonpath = tuple(part for part in found[1].split(":") if part.startswith("/"))
        elif name in {"CMD", "ENTRYPOINT"}:
            command = f"{command} {rest}".strip()
    return Layout(tuple(copies), workdir, pythonpath, command)


def _target(source: str, words: list[str], workdir: str) -> str:
    target = _joined(workdir, words[-1])
    is_file = "." in PurePosixPath(source).name.lstrip(".") and not source.endswith("/")
    into_folder = words[-1].endswith("/") or words[-1] in {".", "./"} or len(words) > 2
    return f"{target.rstrip('/')}/{PurePosixPath(source).name}" if is_file and into_folder else target


def lands_in(plan: Layout, folder: str) -> tuple[str, ...]:
    """Return where in the image a folder of the source ends up; a COPY of a folder copies what is in it."""
    found = []
    for source, target in plan.copies:
        if source in ("", folder) or folder.startswith(f"{source}/"):
            rest = folder[len(source) :].strip("/")
            found.append(_joined(target, rest) if rest else target)
    return tuple(found)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    joined = re.sub(r"\\\r?\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    for line in joined.splitlines():
        name, _, rest = line.strip().partition(" ")
        if name:
            yield name.upper(), rest.strip()


def _joined(base: str, path: str) -> str:
    if path.startswith("/"):
        return path.rstrip("/") or "/"
    rest = "/".join(part for part in path.split("/") if part not in ("", "."))
    return f"{base.rstrip('/')}/{rest}".rstrip("/") or "/"


def _starts(name: str, tail: str) -> Iterator[int]:
    at = name.find(tail)
    while at >= 0:
        before, after = name[at - 1 : at], name[at + len(tail) : at + len(tail) + 1]
        if before in ("", "/") and after in ("/", "."):
            yield at
        at = name.find(tail, at + 1)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
