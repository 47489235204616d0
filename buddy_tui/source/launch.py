"""source: a command on its way to being understood: its words, where it runs, and the files that it can see."""

import ast
import posixpath
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from buddy_tui.errors import UsageProblem
from buddy_tui.source.reading import read_source, read_text
from buddy_tui.source.shell_words import expand, put_in
from buddy_tui.source.stage import SITE
from buddy_tui.source.tree import absolute
from buddy_tui.source.values import At, Entry, Image, Upload

# What a program of the project could be written in; larger files are not read for the sake of a port.
_MOST = 1 << 20
_ADDRESS = re.compile(r"(.*?):(\$.*|\{.*|\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Launch:
    """A command: `in_shell` says that a shell splits it, so that `$x` means something.

    `set_here` are variables that a script, or `A=1` before a program, has set; they win over those of the image. `own`
    are the arguments of the script that is being read, which is what `"$@"` stands for. With `module` it is run by
    `python -m`, which puts the working directory first.
    """

    image: Image
    upload: Upload
    words: tuple[str, ...]
    cwd: str
    at: At
    in_shell: bool = False
    set_here: Mapping[str, str] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    module: bool = False

    def env(self, name: str) -> str:
        """Return a variable of the process, empty where it has none."""
        return self.set_here.get(name) or self.image.env.get(name, "")

    def value(self, word: str) -> str:
        """Return a word with the values of what is known to the process, where a shell sees it."""
        return expand(word, {**self.image.env, **self.set_here}) if self.in_shell else word

    def said(self, word: str) -> str:
        """Return a host or port as it is told: `$PORT` stays, what a script has put together itself does not."""
        return put_in(word, self.set_here) if self.in_shell else word

    def place(self, path: str) -> str:
        """Return a path as an absolute one of the image."""
        return absolute(self.cwd, self.value(path) or ".")

    def file(self, path: str) -> str:
        """Return the file of the upload that lies at a path of the image; empty where none is known."""
        return self.image.files.get(self.place(path), "")

    def text(self, path: str) -> str:
        """Return the text of a file of the image, empty where it cannot be read."""
        try:
            return read_text(self.upload, self.file(path), _MOST) if self.file(path) else ""
        except UsageProblem:
            return ""

    def tree(self, path: str) -> ast.Module | None:
        """Return the syntax of a Python file of the image, None where there is none that can be read."""
        if not self.file(path):
            return None
        try:
            with warnings.catch_warnings(action="ignore"):
                return ast.parse(read_source(self.upload, self.file(path), _MOST))
        except (UsageProblem, SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def search(self, *first: str) -> tuple[str, ...]:
        """Return `sys.path`: `first`, PYTHONPATH, and the project itself where it is installed; each once."""
        told = [one for one in self.set_here.get("PYTHONPATH", "").split(":") if one]
        mine = [self.place(one) for one in told] if told else list(self.image.python_path)
        site = [SITE] if any(path.startswith(f"{SITE}/") for path in self.image.files) else []
        return tuple(dict.fromkeys([*first, *([self.cwd] if self.module else []), *mine, *site]))

    def entry(self, server: str, **told: str | tuple[str, ...]) -> Entry:
        """Return an entry at the place of this command."""
        return Entry(server=server, at=self.at, **told)  # type: ignore[arg-type]

    def unknown(self, said: str) -> Entry:
        """Return the entry of a command that is not understood."""
        return Entry(at=self.at, unknown=said)

    def module_file(self, module: str, path: Iterable[str]) -> str:
        """Return where in the image a module lies that is looked for in some folders; empty where it does not."""
        inner = module.replace(".", "/")
        for folder in path:
            for name in (f"{inner}/__init__.py", f"{inner}.py"):
                whole = posixpath.join(folder, name)
                if whole in self.image.files:
                    return whole
        return ""


@dataclass(frozen=True, slots=True)
class Options:
    """Words of a command line, sorted: options with their values, and the others."""

    values: Mapping[str, tuple[str, ...]]
    others: tuple[str, ...]

    def last(self, *names: str) -> str:
        """Return the last value of an option under any of its names."""
        return next((self.values[name][-1] for name in names if self.values.get(name)), "")

    def has(self, name: str) -> bool:
        """Tell whether an option is there at all."""
        return name in self.values


def options_of(words: Iterable[str], flags: frozenset[str]) -> Options:
    """Sort the words behind a program. An option takes a value unless it is among `flags` or begins with `--no-`."""
    values: dict[str, list[str]] = {}
    others: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            others.extend(rest)
        elif not word.startswith("-") or word == "-":
            others.append(word)
        else:
            name, value = _option(word, rest, flags)
            values.setdefault(name, []).append(value)
    return Options({name: tuple(told) for name, told in values.items()}, tuple(others))


def _option(word: str, rest: Iterator[str], flags: frozenset[str]) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if word.startswith("--"):
        return (
            (name, value) if equals or name in flags or name.startswith("--no-") else (name, next(rest, ""))
        )
    short = word[:2]
    if short in flags:
        return short, ""
    return short, word[2:].removeprefix("=") or next(rest, "")


def bound(address: str) -> tuple[str, str]:
    """Split `HOST:PORT`; a port may be a variable with a default, which has a colon of its own."""
    match = _ADDRESS.fullmatch(address)
    if not match and re.search(r"['\"(]", address):
        # An expression of a configuration file that is no plain text: it is about the port.
        return "", address
    return (match[1], match[2]) if match else (address, "")
