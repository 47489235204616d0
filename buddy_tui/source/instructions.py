"""source: a Dockerfile as its instructions, read by a grammar and as tolerantly as Docker does. Nothing is run."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import tree_sitter_containerfile
from tree_sitter import Language, Node, Parser

# A Dockerfile beyond these is no longer read; real ones stay far below.
LONGEST = 262_144
MOST_INSTRUCTIONS = 1_000
# How often the rest is read anew after a line that is no instruction.
_MOST_RESTARTS = 25
_MOST_FLAGS = 100
_KNOWN = frozenset(
    (
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
        *("MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    )
)
_DIRECTIVE = re.compile(r"#[ \t]*([a-zA-Z][a-zA-Z0-9]*)[ \t]*=[ \t]*(\S+)[ \t]*")
_FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction on one line: continuations and comments within it are gone.

    `name` is in capitals; `rest` is what follows it and its flags (`--from=build`). `exec` holds the words of the
    JSON form, and is None in the other. `heredocs` are the bodies of here-documents, in order. A line that is no
    instruction has no name.
    """

    name: str
    line: int
    rest: str = ""
    flags: tuple[tuple[str, str], ...] = ()
    exec: tuple[str, ...] | None = None
    heredocs: tuple[str, ...] = ()

    def flag(self, name: str) -> str:
        """Return the last value of a flag, empty without one."""
        return next((value for key, value in reversed(self.flags) if key == name), "")


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The instructions of a Dockerfile; `escape` is its escape character, `cut` says that it is longer than is read."""

    instructions: tuple[Instruction, ...] = ()
    escape: str = "\\"
    cut: bool = False


def read_dockerfile(text: str) -> Dockerfile:
    """Read a Dockerfile. Whatever it says is an answer: a line that is not understood is an instruction without name."""
    cut = len(text) > LONGEST
    lines = text[:LONGEST].removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    escape = _escape(lines)
    joined = "\n".join(_joined(lines, escape))
    found = tuple(
        instruction for instruction, _ in zip(_read(joined), range(MOST_INSTRUCTIONS), strict=False)
    )
    return Dockerfile(found, escape, cut or len(found) == MOST_INSTRUCTIONS)


def nested(instruction: Instruction) -> Instruction:
    """Return the instruction that ONBUILD keeps for later."""
    name, _, rest = instruction.rest.partition(" ")
    return _parsed(name, rest.strip(), instruction.line, instruction.heredocs)


def _escape(lines: list[str]) -> str:
    """Return the escape character that a directive before everything else sets."""
    for line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip())
        if not directive:
            break
        if directive[1].lower() == "escape" and directive[2] in ("`", "\\"):
            return directive[2]
    return "\\"


def _joined(lines: list[str], escape: str) -> Iterator[str]:
    """Put continued lines together as Docker does, and leave empty ones behind: each instruction keeps its line.

    The grammar is stricter: it knows neither blanks after a backslash, nor comments of any indentation between.
    """
    whole: list[str] = []
    for line in lines:
        stripped = line.rstrip(" \t")
        if line.lstrip().startswith("#") or not stripped:
            if whole:
                whole.append("")
            else:
                yield line
        elif stripped.endswith(escape):
            whole.append(stripped[: -len(escape)])
        else:
            yield "".join([*whole, line])
            yield from ("" for _ in whole)
            whole = []
    yield "".join(whole)


def _read(text: str) -> Iterator[Instruction]:
    """Yield the instructions of joined lines. What the grammar stumbles over ends with its line, not with the file."""
    data = f"{text}\n".encode()
    start = 0
    for _ in range(_MOST_RESTARTS):
        last_row = -1
        for node in _parser().parse(data[start:]).root_node.children:
            row = node.start_point.row
            if node.type == "comment" or not (node.text or b"").strip() or row == last_row:
                continue
            last_row = row
            begin = start + node.start_byte
            end = data.index(b"\n", begin)
            blocks = [child for child in node.children if child.type == "heredoc_block"]
            header = data[begin:end].decode(errors="replace")
            yield _instruction(header, data.count(b"\n", 0, begin) + 1, blocks)
            if not blocks and (node.text or b"").strip().count(b"\n"):
                start = end + 1
                break
        else:
            return
    yield Instruction("", data.count(b"\n", 0, start) + 1, "What follows so many errors")


def _instruction(header: str, line: int, blocks: list[Node]) -> Instruction:
    name, *rest = header.split(None, 1)
    if name.upper() not in _KNOWN:
        return Instruction("", line, header.strip())
    return _parsed(name, rest[0] if rest else "", line, tuple(_body(block) for block in blocks))


def _parsed(name: str, rest: str, line: int, heredocs: tuple[str, ...]) -> Instruction:
    flags: list[tuple[str, str]] = []
    while len(flags) < _MOST_FLAGS and (match := _FLAG.match(rest)):
        flags.append((match[1], match[2] or ""))
        rest = rest[match.end() :]
    return Instruction(name.upper(), line, rest.strip(), tuple(flags), _json(rest), heredocs)


def _json(text: str) -> tuple[str, ...] | None:
    """Return the strings of a JSON array. Docker takes what is no such array as words, brackets and all."""
    if not text.lstrip().startswith("["):
        return None
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_form = isinstance(words, list) and all(isinstance(word, str) for word in words)
    return tuple(words) if is_form else None


def _body(block: Node) -> str:
    content = (child.text or b"" for child in block.children if child.type == "heredoc_content")
    return b"".join(content).decode(errors="replace")


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_containerfile.language()))
