"""source: what a RUN of a Dockerfile installs, and whether it puts files where nobody can see them. Nothing is run."""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from buddy_tui.source.docker_patterns import compiled_pattern, has_wildcard
from buddy_tui.source.installing import Installer, is_of_the_system, option_of
from buddy_tui.source.instructions import Instruction
from buddy_tui.source.shell_words import Simple, assignments, commands_of, expand
from buddy_tui.source.stage import Stage
from buddy_tui.source.tree import absolute, below_root
from buddy_tui.source.values import At

# Programs that put no file of the project anywhere: they install for the system, look, or change modes.
_HARMLESS = frozenset(
    (
        *("apt", "apt-get", "apk", "yum", "dnf", "microdnf", "zypper", "dpkg"),
        *("update-ca-certificates", "ldconfig", "locale-gen", "adduser", "addgroup", "useradd"),
        *("groupadd", "usermod", "chown", "chmod", "chgrp", "mkdir", "rmdir", "touch", "ls", "cat"),
        *("echo", "printf", "true", "false", "test", "[", ":", "set", "export", "unset", "find"),
        *("which", "command", "sleep", "date", "env", "id", "whoami", "uname", "sed", "awk", "grep"),
        *("sort", "head", "tail", "tee", "xargs", "if", "then", "else", "elif", "fi", "for", "do"),
        *("done", "while", "case", "esac", "!", "{", "}", ".", "source", "pwd", "hash", "playwright"),
        *("nltk", "spacy", "corepack", "pyenv", "virtualenv", "compileall", "getcap", "setcap", "gpg"),
        *("install-packages", "debconf-set-selections", "strip", "upx", "pip-audit", "pytest", "ruff"),
        *("mypy",),
    )
)
# Each one looks at every file.
_MOST_REMOVALS = 100
# Words before a program that change nothing of it.
_BEFORE = frozenset(("sudo", "exec", "time", "then", "do", "else", "!", "command", "{", "if", "uvx"))
# They write requirements from what a project declares.
_EXPORTERS = frozenset(("poetry", "pdm", "pipenv", "uv", "pip-compile"))
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*$")
# Below `python -m`: everything else may write what it likes.
_QUIET_MODULES = frozenset(
    ("venv", "virtualenv", "ensurepip", "compileall", "spacy", "nltk", "nltk.downloader", "site")
)
_QUIET_MANAGE = frozenset(
    ("collectstatic", "compilemessages", "migrate", "check", "compress", "createcachetable", "makemigrations")
)


@dataclass(slots=True)
class Run(Installer):
    """One RUN while it is read: `cwd` follows its `cd`."""

    def read(self, lines: str) -> None:
        """Follow each command of a shell line or a script."""
        commands = commands_of(lines)
        for index, command in enumerate(commands):
            piped = command.after == "|" or (index > 0 and commands[index - 1].after == "|")
            self._follow(command, piped=piped)

    def exec(self, words: tuple[str, ...]) -> None:
        """Follow the one command of a JSON form, or the script that it gives to a shell."""
        if (
            len(words) > 2
            and posixpath.basename(words[0]) in ("sh", "bash", "ash")
            and words[1].endswith("c")
        ):
            self.read(words[2])
        else:
            self._follow(Simple(words), piped=False)

    def _follow(self, command: Simple, *, piped: bool) -> None:
        exports = posixpath.basename((command.words or ("",))[0]) in _EXPORTERS
        for written in command.writes:
            if exports:
                self.stage.exported.add(absolute(self.cwd, written))
            else:
                self._put(written, "redirects its output to")
        words = tuple(expand(word, self.stage.variables) for word in command.words)
        _, words = assignments(words)
        while words and words[0] in _BEFORE:
            _, words = assignments(words[1:])
        if not words:
            return
        program, rest = posixpath.basename(words[0]), list(words[1:])
        if _PYTHON.match(program):
            program, rest = _python(rest)
        reader = self._readers().get(program)
        if reader:
            reader(rest)
        elif program in ("curl", "wget"):
            self._download(program, rest, piped=piped)
        elif program and program not in _HARMLESS and not (piped and program in ("sh", "bash")):
            self.stage.wonder(
                f"`RUN {program}` may put files into the image that cannot be seen from here.", self.at
            )

    def _readers(self) -> dict[str, Callable[[list[str]], None]]:
        return {
            "cd": lambda rest: setattr(self, "cwd", absolute(self.cwd, rest[0] if rest else "/root")),
            "rm": self._remove,
            "mv": self._move,
            "cp": lambda rest: self._put(_last(rest), "copies to"),
            "ln": lambda rest: self._put(_last(rest), "links to"),
            "unzip": lambda rest: self._put(option_of(rest, "-d") or self.cwd, "unpacks to"),
            "tar": lambda rest: self._put(option_of(rest, "-C") or self.cwd, "unpacks to"),
            "pip": self.pip,
            "pip3": self.pip,
            "pip-sync": lambda rest: self.pip(["sync", *rest]),
            "pip-compile": self.compile,
            "uv": self.uv,
            "poetry": lambda rest: self.locked(
                rest, ("install", "sync", "export"), ("pyproject.toml", "poetry.lock")
            ),
            "pdm": lambda rest: self.locked(
                rest, ("install", "sync", "export"), ("pyproject.toml", "pdm.lock")
            ),
            "pipenv": lambda rest: self.locked(
                rest, ("install", "sync", "requirements", "lock"), ("Pipfile", "Pipfile.lock")
            ),
            "conda": self.conda,
            "mamba": self.conda,
            "micromamba": self.conda,
        }

    def _remove(self, rest: list[str]) -> None:
        for word in rest:
            if word.startswith("-"):
                continue
            self.stage.removals += 1
            if self.stage.removals > _MOST_REMOVALS:
                self.stage.wonder("More is removed than is followed.", self.at)
                return
            path = absolute(self.cwd, word)
            pattern = compiled_pattern(path, deep=False) if has_wildcard(path) else None
            for one in [*self.stage.files]:
                if one == path or one.startswith(f"{path}/") or (pattern and _is_below(pattern, one)):
                    del self.stage.files[one]

    def _move(self, rest: list[str]) -> None:
        self._put(_last(rest), "moves to")
        known = [absolute(self.cwd, word) for word in rest[:-1]]
        if any(path in self.stage.files or path in self.stage.folders for path in known):
            self.stage.wonder("`RUN mv` moves files that were copied.", self.at)

    def _download(self, program: str, rest: list[str], *, piped: bool) -> None:
        target = (
            option_of(rest, "-o")
            or option_of(rest, "--output")
            or (option_of(rest, "-O") if program == "wget" else "")
        )
        if target == "-" or (piped and not target):
            return
        saves = program == "wget" or any(re.match(r"-[a-zA-Z]*O|--remote-name", word) for word in rest)
        if target or saves:
            self._put(target or self.cwd, "downloads to")

    def _put(self, target: str, does: str) -> None:
        """Note a file that is written outside of the folders that belong to the system."""
        path = absolute(self.cwd, expand(target, self.stage.variables))
        if target and not is_of_the_system(path):
            self.stage.wonder(f"RUN {does} {path}: what lies there cannot be seen from here.", self.at)


def read_run(stage: Stage, instruction: Instruction, at: At, context: Mapping[str, str]) -> None:
    """Follow a RUN, here-documents included; `context` are the files of the build context, for bind mounts."""
    run = Run(stage, at, stage.workdir, _mounts(stage, instruction, context))
    words = commands_of(instruction.rest)
    if instruction.exec:
        run.exec(instruction.exec)
    elif instruction.heredocs and (not words or _takes_script(words)):
        for body in instruction.heredocs:
            run.read(body.split("\n", 1)[-1] if body.startswith("#!") else body)
    else:
        run.read(instruction.rest)


def _takes_script(commands: tuple[Simple, ...]) -> bool:
    return all(posixpath.basename((one.words or ("sh",))[0]) in ("sh", "bash") for one in commands)


def _mounts(stage: Stage, instruction: Instruction, context: Mapping[str, str]) -> dict[str, str]:
    """Return the files of the build context that `--mount=type=bind` shows to a RUN."""
    found: dict[str, str] = {}
    for name, value in instruction.flags:
        told = dict(part.partition("=")[::2] for part in value.split(","))
        if name != "mount" or told.get("type", "bind") != "bind" or told.get("from"):
            continue
        source = below_root(told.get("source", told.get("src", "")))
        target = absolute(stage.workdir, told.get("target", told.get("dst", told.get("destination", "."))))
        if source in context:
            found[target] = context[source]
        else:
            start = f"{source}/" if source else ""
            found |= {
                f"{target}/{path[len(start) :]}": file
                for path, file in context.items()
                if path.startswith(start)
            }
    return found


def _python(rest: list[str]) -> tuple[str, list[str]]:
    """Return what `python …` comes to: `pip` for `-m pip`, nothing for what only downloads or checks."""
    rest = [word for word in rest if word not in ("-u", "-B", "-I", "-s", "-E", "-O")]
    if rest[:1] == ["-m"] and len(rest) > 1:
        return ("", []) if rest[1] in _QUIET_MODULES else (rest[1], rest[2:])
    # Code on the command line downloads a model or checks something.
    if not rest or rest[0] in ("-c", "-", "--version", "-V"):
        return "", []
    if posixpath.basename(rest[0]) == "manage.py" and len(rest) > 1 and rest[1] in _QUIET_MANAGE:
        return "", []
    return f"python {rest[0]}", rest[1:]


def _is_below(pattern: re.Pattern[str], path: str) -> bool:
    pieces = path.split("/")
    return any(pattern.fullmatch("/".join(pieces[:count])) for count in range(2, len(pieces) + 1))


def _last(words: list[str]) -> str:
    plain = [word for word in words if not word.startswith("-")]
    return plain[-1] if plain else ""
