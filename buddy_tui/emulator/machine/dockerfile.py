"""Reads a Dockerfile, as far as the emulator can do what it says; the rest is refused with line and instruction."""

import json
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import tree_sitter_containerfile
from tree_sitter import Language, Node, Parser

from buddy_tui.emulator.machine.archive import BuildFailed
from buddy_tui.emulator.machine.command import Command, check_program, expand, split

_KNOWN = "FROM, WORKDIR, COPY, ENV, CMD, ENTRYPOINT, EXPOSE and RUN pip install"
_INSTALL = re.compile(r"(?:(?:python3? -m )?pip3?|uv pip) (?:-\S+ )*install\b[^;|<>`$]*")
_NOTHING = Command()
# The base images of Python start the interpreter when nothing else is said.
_INTERPRETER = Command(("python3",))
_QUOTED = re.compile(r"""'[^']*'|"[^"$`]*\"""")
# Takes a line of a build's log.
Tell = Callable[[str], None]
_STAND_IN = " ---> Not run: the environment of the emulator stands in for what this would install."


@dataclass(frozen=True, slots=True)
class Copy:
    """One COPY: globs of the build context, and an absolute path in the image; a slash at its end means a folder.

    Without sources it only makes that folder, as WORKDIR does.
    """

    line: int
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a Dockerfile (or Procfile) comes to."""

    workdir: str = "/"
    copies: tuple[Copy, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    entrypoint: Command = _NOTHING
    command: Command = _INTERPRETER


def read(text: bytes, tell: Tell = lambda _: None) -> Recipe:
    """Read a Dockerfile and `tell` each step; BuildFailed names the line and instruction that cannot be emulated."""
    root = Parser(Language(tree_sitter_containerfile.language())).parse(text).root_node
    reader = _Reader(tell)
    steps = [node for node in root.children if node.type != "comment"]
    for number, node in enumerate(steps, 1):
        tell(f"Step {number}/{len(steps)} : {_flat(node)}")
        reader.take(node)
    if not steps:
        raise BuildFailed("The Dockerfile is empty.")
    return reader.recipe()


def web_process(procfile: str, tell: Tell = lambda _: None) -> Recipe | None:
    """Read the `web:` line of a Procfile as Google's buildpacks do: the source lies in /workspace. None without one."""
    found = re.search(r"^web:[ \t]*(\S.*?)\s*$", procfile, re.MULTILINE)
    if not found:
        return None
    tell(f"Procfile: {found[0]}")
    line = procfile.count("\n", 0, found.start()) + 1
    try:
        command = split(found[1])
        check_program(command.words)
    except ValueError as problem:
        raise BuildFailed(f"Procfile line {line}: {problem}.") from None
    return Recipe("/workspace", (Copy(line, (".",), "/workspace/"),), command=command)


@dataclass(slots=True)
class _Reader:
    """The state of an image while its Dockerfile is read from top to bottom."""

    tell: Tell
    workdir: str = "/"
    copies: list[Copy] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    entrypoint: Command = _NOTHING
    command: Command = _INTERPRETER
    based: bool = False

    def take(self, node: Node) -> None:
        readers: dict[str, Callable[[Node], None]] = {
            "from_instruction": self._from,
            "workdir_instruction": self._workdir,
            "copy_instruction": self._copy,
            "env_instruction": self._env,
            "cmd_instruction": self._cmd,
            "entrypoint_instruction": self._entrypoint,
            "run_instruction": self._run,
            "expose_instruction": lambda _: None,  # a remark for people; Cloud Run ignores it too
        }
        try:
            self._check(node, known=node.type in readers)
            readers[node.type](node)
        except ValueError as problem:
            raise BuildFailed(f"Dockerfile line {_line(node)}: {_flat(node)}: {problem}.") from None

    def _check(self, node: Node, *, known: bool) -> None:
        if node.has_error:
            raise ValueError("cannot be read")
        if not known:
            raise ValueError(f"is not among what the emulator knows: {_KNOWN}")
        if any(_of_type(node, "heredoc_block")):
            raise ValueError("a here-document cannot be emulated")
        if not self.based and node.type != "from_instruction":
            raise ValueError("comes before FROM, which must be first")

    def recipe(self) -> Recipe:
        if self.command.expands and self.entrypoint.words:
            raise BuildFailed(
                "A CMD in shell form beside an ENTRYPOINT needs a shell, and the emulator runs none."
            )
        return Recipe(
            self.workdir,
            tuple(self.copies),
            tuple(self.env.items()),
            self.entrypoint,
            self.command,
        )

    def _from(self, node: Node) -> None:
        base = next(_text(child) for child in node.children if child.type == "image_spec")
        if self.based:
            raise ValueError("a second stage is more than the emulator can do")
        if "$" in base or not base.rpartition("/")[2].startswith("python"):
            raise ValueError("the emulator has Python and no other base image")
        self.based = True

    def _workdir(self, node: Node) -> None:
        self.workdir = self._absolute(_text(node.children[-1])).rstrip("/") or "/"
        self.copies.append(Copy(_line(node), (), self.workdir))

    def _copy(self, node: Node) -> None:
        for param in _of_type(node, "param"):
            if not _text(param).startswith(("--chown=", "--link")):
                raise ValueError(f"the emulator does not know {_text(param)}")
        paths = [_text(path) for path in _of_type(node, "path")] or _strings(node)
        if len(paths) < 2:
            raise ValueError("it needs a source and a destination")
        sources = tuple(expand(path, self.env) for path in paths[:-1])
        target = self._absolute(paths[-1])
        self.copies.append(
            Copy(_line(node), sources, target if len(sources) == 1 else target.rstrip("/") + "/")
        )

    def _env(self, node: Node) -> None:
        # A line sees the values from before it, not those of its own pairs, as Docker documents.
        before = dict(self.env)
        for pair in _of_type(node, "env_pair"):
            name, *rest = [part for part in pair.children if part.type != "="]
            self.env[_text(name)] = "".join(_value(part, before) for part in rest)

    def _cmd(self, node: Node) -> None:
        self.command = _command(node)

    def _entrypoint(self, node: Node) -> None:
        # An ENTRYPOINT forgets the CMD of the base image; one in shell form takes no arguments at all.
        self.entrypoint = _command(node)
        if self.command == _INTERPRETER or self.entrypoint.expands:
            self.command = _NOTHING

    def _run(self, node: Node) -> None:
        words = " ".join(_strings(node)) or " ".join(_text(part) for part in _of_type(node, "shell_command"))
        parts = [" ".join(part.split()) for part in _QUOTED.sub("quoted", words).split("&&")]
        if not all(_INSTALL.fullmatch(part) for part in parts):
            raise ValueError("the emulator runs nothing while it builds; it only passes over pip install")
        self.tell(_STAND_IN)

    def _absolute(self, path: str) -> str:
        whole = posixpath.join(self.workdir, expand(path, self.env))
        # Two leading slashes would stay in normpath, as POSIX has it.
        normal = posixpath.normpath("/" + whole.lstrip("/"))
        return normal.rstrip("/") + "/" if path.endswith(("/", "/.")) or path == "." else normal


def _command(node: Node) -> Command:
    if any(child.type == "json_string_array" for child in node.children):
        command = Command(tuple(_strings(node)))
    else:
        command = split(" ".join(_text(part) for part in _of_type(node, "shell_command")))
    check_program(command.words)
    return command


def _strings(node: Node) -> list[str]:
    """Return the strings of an exec form; none where the instruction has another form."""
    return [
        json.loads(_text(string))
        for array in _of_type(node, "json_string_array")
        for string in array.named_children
    ]


def _value(part: Node, env: dict[str, str]) -> str:
    text = _text(part)
    if part.type == "single_quoted_string":
        return text[1:-1]
    if "\\$" in text:
        raise ValueError("a dollar sign after a backslash cannot be emulated")
    inner = text[1:-1] if part.type == "double_quoted_string" else text
    return re.sub(r"\\(.)", r"\1", expand(inner, env))


def _of_type(node: Node, kind: str) -> Iterator[Node]:
    return (child for child in node.children if child.type == kind)


def _text(node: Node) -> str:
    """Return the text of a node, on one line: comment lines within it and continuations are gone."""
    text = (node.text or b"").decode(errors="replace")
    return re.sub(r"\\[ \t]*\n(?:\s*#[^\n]*\n)*", " ", text).strip()


def _flat(node: Node) -> str:
    return " ".join(_text(node).split())


def _line(node: Node) -> int:
    return node.start_point.row + 1
