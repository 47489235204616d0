"""The command of a container: from a Dockerfile or Procfile line to an argument list, without any shell."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

_VARIABLE = re.compile(
    r"\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^{}$`\\\s]*))?\})"
)
_SINGLE = re.compile(r"'[^']*'")
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
_PYTHON = re.compile(r"python(3(\.\d+)?)?")
# Console scripts that are also modules: run so, they need not stand beside the interpreter.
_MODULES = {
    "uvicorn": "uvicorn",
    "gunicorn": "gunicorn",
    "flask": "flask",
    "hypercorn": "hypercorn",
    "functions-framework": "functions_framework",
}
# Where a Python base image keeps its programs; nothing of the kind is in a layout.
_SYSTEM_FOLDERS = ("/usr/local/bin/", "/usr/bin/")
_SHELLS = frozenset(("ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh"))
_PYTHON_SCRIPT = re.compile(rb"#! *\S*/(?:env +)?(?:\S*/)?python[\d.]*\b")


@dataclass(frozen=True, slots=True)
class Command:
    """The words of a command. Where it `expands` (the shell form), `$NAME` in them is replaced when it starts."""

    words: tuple[str, ...] = ()
    expands: bool = False

    def resolved(self, env: Mapping[str, str]) -> tuple[str, ...]:
        """Return the words as they are started under `env`."""
        return tuple(expand(word, env) for word in self.words) if self.expands else self.words


def expand(text: str, env: Mapping[str, str]) -> str:
    """Return `text` with `$NAME`, `${NAME}` and `${NAME:-default}` replaced; an unknown name becomes empty.

    Raises ValueError, with a sentence, for any other use of a dollar sign.
    """
    if "$" in _VARIABLE.sub("", text):
        raise ValueError(f"the emulator knows $NAME, ${{NAME}} and ${{NAME:-default}}, not '{text}'")
    return _VARIABLE.sub(
        lambda found: env.get(found["bare"] or found["name"], "") or found["default"] or "", text
    )


def split(text: str) -> Command:
    """Read a command in shell form. A leading `exec` goes; a shell's other arts raise ValueError with a sentence.

    Only words, quotes and variables are understood: whatever a shell would do beyond that, nobody here does.
    """
    for quoted in _SINGLE.findall(text):
        if "$" in quoted:
            raise ValueError(f"a variable in single quotes, {quoted}, cannot be emulated")
    plain = _VARIABLE.sub("", text)
    trick = re.search(r"[`$\\]", plain) or re.search(r"[;&|<>()*?\[\]{}~#!\n]+", _QUOTED.sub("", plain))
    if trick:
        raise ValueError(f"'{trick[0]}' needs a shell, and the emulator runs none")
    words = shlex.split(text)
    if words[:1] == ["exec"]:
        del words[0]
    if not words:
        raise ValueError("there is no command")
    if re.match(r"[A-Za-z_]\w*=", words[0]):
        raise ValueError(
            f"the assignment '{words[0]}' before a command needs a shell, and the emulator runs none"
        )
    return Command(tuple(words), expands=True)


def check_program(words: tuple[str, ...]) -> None:
    """Raise ValueError, with a sentence, where a command starts a shell."""
    if words and PurePosixPath(words[0]).name in _SHELLS:
        raise ValueError(f"'{words[0]}' is a shell, and the emulator runs none")


def program(word: str, root: Path, workdir: Path, scripts: Path) -> tuple[str, ...]:
    """Return what starts the program `word` of an image on this machine; empty where there is no such program.

    `root` and `workdir` are folders of this machine that stand for the image's. Python and the servers written in it
    are those of the emulator's own environment, whose console scripts are in `scripts`. No other program of this
    machine is started: one of them might hand its arguments to a shell. Raises ValueError for a shell or its script.
    """
    check_program((word,))
    for folder in _SYSTEM_FOLDERS:
        word = word.removeprefix(folder)
    if _PYTHON.fullmatch(word):
        return (sys.executable,)
    if word in _MODULES:
        return (sys.executable, "-m", _MODULES[word]) if find_spec(_MODULES[word]) else ()
    if "/" in word:
        file = root / word.lstrip("/") if word.startswith("/") else workdir / word
        inside = file.is_file() and file.resolve().is_relative_to(root.resolve())
        return _started(file, word) if inside else ()
    found = shutil.which(word, path=str(scripts))
    if found is None or (sys.platform != "win32" and not _PYTHON_SCRIPT.match(_first_line(Path(found)))):
        return ()
    return (found,)


def _started(file: Path, word: str) -> tuple[str, ...]:
    """Return what starts a file of the image: a Python script with the emulator's own, for it has no other."""
    head = _first_line(file)
    if not head.startswith(b"#!"):
        return (str(file),)
    if not _PYTHON_SCRIPT.match(head):
        raise ValueError(
            f"'{word}' is a script for '{head[2:].decode(errors='replace').strip()}',"
            " and the emulator has Python alone"
        )
    return (sys.executable, str(file)) if os.access(file, os.X_OK) else (str(file),)


def _first_line(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.readline(256)
