"""source: what the command of an image starts: the module or file that is imported first, and from where.

Wrappers and shell scripts of the upload are followed down to a server; nothing is run.
"""

import posixpath
import re
from dataclasses import replace

from buddy_tui.clean import clean_line
from buddy_tui.source.frameworks import manage
from buddy_tui.source.launch import Launch
from buddy_tui.source.project_scripts import script_of
from buddy_tui.source.python_files import django_modules, settings_of, started_by
from buddy_tui.source.servers import SERVERS
from buddy_tui.source.shell_words import Simple, assignments, commands_of, put_in, rejoined
from buddy_tui.source.values import At, Entry, Image, Upload

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh"))
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*$")
# Programs that do nothing but start what follows them.
_PLAIN_WRAPPERS = frozenset(("exec", "nohup", "command", "time", "eval", "setsid", "builtin"))
# Programs with options of their own before the program that they start.
_WRAPPERS = frozenset(
    (
        *(
            "tini",
            "dumb-init",
            "catatonit",
            "env",
            "nice",
            "stdbuf",
            "timeout",
            "gosu",
            "su-exec",
            "setpriv",
            "sudo",
        ),
        *(
            "opentelemetry-instrument",
            "ddtrace-run",
            "newrelic-admin",
            "poetry",
            "pipenv",
            "uv",
            "pdm",
            "rye",
            "hatch",
        ),
        *(
            "conda",
            "micromamba",
            "xvfb-run",
            "doppler",
            "infisical",
            "chamber",
            "debugpy",
            "coverage",
            "scalene",
        ),
    )
)
# The last words of these are no command that could be followed.
_CONTROL = frozenset(
    ("fi", "done", "esac", "}", "then", "else", "do", "if", "for", "while", "case", "until", ";;")
)
_PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_PYTHON_VALUES = frozenset(("-W", "-X", "--check-hash-based-pycs"))
_DEEPEST = 12


def entry_of(image: Image, upload: Upload) -> Entry:
    """Return what an image starts; `unknown` says why where that cannot be told. Nothing is raised."""
    if not image.command:
        return Entry(at=image.at, unknown="Nothing in the files says what is started.")
    launch = Launch(image, upload, image.command, image.workdir, image.at, in_shell=image.shell)
    entry = _chain(launch, rejoined(image.command)) if image.shell else _followed(launch)
    return replace(entry, unknown=clean_line(entry.unknown))


def _followed(launch: Launch, depth: int = 0) -> Entry:
    """Follow one command through whatever only starts another."""
    variables, words = assignments(launch.words) if launch.in_shell else ({}, launch.words)
    told = {name: put_in(value, launch.set_here) for name, value in variables.items()}
    launch = replace(launch, words=words, set_here={**launch.set_here, **told})
    if not words or depth > _DEEPEST:
        return launch.unknown("The command comes to nothing that can be followed.")
    first = launch.value(words[0])
    program = posixpath.basename(first)
    if program in SERVERS:
        return SERVERS[program](launch)
    if _PYTHON.match(program):
        return _python(launch, depth)
    for programs, follow in ((_PLAIN_WRAPPERS, _plain), (_SHELLS, _shell), (_WRAPPERS, _wrapped)):
        if program in programs:
            return follow(launch, depth)
    return _own(launch, first, depth)


def _plain(launch: Launch, depth: int) -> Entry:
    return _followed(replace(launch, words=launch.words[1:]), depth + 1)


def _own(launch: Launch, first: str, depth: int) -> Entry:
    """Follow a program of the project: a script of the upload, or a console script of its pyproject.toml."""
    if script := _script_path(launch, first):
        return _script(launch, script, launch.words[1:], depth)
    if "/" not in first and (told := script_of(launch, first)):
        module, _, attribute = told.partition(":")
        return launch.entry("python", module=module, attribute=attribute, path=launch.search())
    if first in ("npm", "node", "yarn", "pnpm", "java", "go", "ruby", "php", "nginx"):
        return launch.unknown(f"`{first}` is started, which is not Python.")
    return launch.unknown(f"`{first}` is started, and what it starts in turn is not known.")


def _wrapped(launch: Launch, depth: int) -> Entry:
    """Follow a wrapper to the first word that is a program which is known, or that its own rule names."""
    program, rest = posixpath.basename(launch.value(launch.words[0])), launch.words[1:]
    variables: dict[str, str] = {}
    if program == "env":
        rest = tuple(word for word in rest if not word.startswith("-"))
        variables, rest = assignments(rest)
    start = next((index for index, word in enumerate(rest) if _is_program(launch, word)), None)
    if program in ("uv", "python", "rye", "debugpy", "coverage") and start is None:
        start = next((index for index, word in enumerate(rest) if word == "-m" or word.endswith(".py")), None)
        rest = rest if start is None else (*rest[:start], "python", *rest[start:])
    if start is None:
        words = [word for word in rest if not word.startswith("-") and word != "run"]
        if not words:
            return launch.unknown(f"`{program}` is told no program.")
        start = rest.index(words[0])
    told = {**launch.set_here, **variables}
    return _followed(replace(launch, words=rest[start:], set_here=told), depth + 1)


def _is_program(launch: Launch, word: str) -> bool:
    name = posixpath.basename(word)
    known = name in SERVERS or name in _SHELLS or name in _WRAPPERS or bool(_PYTHON.match(name))
    return known or (not word.startswith("-") and word != "run" and bool(_script_path(launch, word)))


def _shell(launch: Launch, depth: int) -> Entry:
    """Follow `sh -c LINE` and `sh SCRIPT`."""
    rest = launch.words[1:]
    while rest and rest[0].startswith(("-", "+")):
        option, rest = rest[0], rest[1:]
        if option.startswith("-") and not option.startswith("--") and "c" in option and rest:
            inner = replace(launch, in_shell=True, own=rest[2:])
            return _chain(inner, commands_of(rest[0]), depth + 1)
        if option in ("-o", "+o"):
            rest = rest[1:]
    if not rest:
        return launch.unknown("A shell is started, and it is told nothing.")
    script = launch.place(rest[0])
    return _script(launch, script, rest[1:], depth, is_shell=True)


def _script(
    launch: Launch, script: str, own: tuple[str, ...], depth: int, *, is_shell: bool = False
) -> Entry:
    """Follow a script of the upload by the program that its first line names."""
    file = launch.file(script)
    text = launch.text(script)
    if not text:
        return launch.unknown(
            f"The script {script} is not among the files that are known to be in the image."
        )
    first, _, rest = text.partition("\n")
    if not is_shell and "python" in first:
        return _run_file(launch, script)
    if not is_shell and first.startswith("#!") and not re.search(r"\b(?:ba|da|a|z)?sh\b", first):
        return launch.unknown(f"The script {script} is none that a shell reads: {first}")
    at = At(file, _line_of(text))
    inner = replace(launch, in_shell=True, own=own, at=at)
    return _chain(inner, commands_of(rest if first.startswith("#!") else text), depth + 1)


def _chain(launch: Launch, commands: tuple[Simple, ...], depth: int = 0) -> Entry:
    """Follow the last command of a script; what stands before it changes the folder or sets variables."""
    commands = tuple(one for one in commands if one.words and one.words[0] != "wait")
    # `server || exit 1` and `server | tee log`: it is the first that serves.
    last = len(commands) - 1
    while last > 0 and commands[last - 1].after in ("||", "|"):
        last -= 1
    if last < 0:
        return launch.unknown("The shell is told nothing that can be followed.")
    if depth > _DEEPEST:
        return launch.unknown("Script calls script, deeper than is followed.")
    for command in commands[:last]:
        launch = _after(launch, command)
    words = commands[last].words
    if words[0] in _CONTROL:
        return launch.unknown("The script ends with a condition or a loop, which is not followed.")
    spread = [part for word in words for part in (launch.own if word in ("$@", "${@}", "$*") else (word,))]
    return _followed(replace(launch, words=tuple(spread)), depth + 1)


def _after(launch: Launch, command: Simple) -> Launch:
    """Return the state after a command that is not the last: `cd`, `export A=1` and `A=1` count."""
    words = command.words[1:] if command.words[0] in ("export", "declare", "readonly") else command.words
    if command.words[0] == "cd" and len(command.words) == 2:
        return replace(launch, cwd=launch.place(command.words[1]))
    variables, rest = assignments(words)
    if rest:
        return launch
    # `PORT=${PORT:-8080}` says no more than the variable itself.
    told = {name: put_in(value, launch.set_here) for name, value in variables.items()}
    return replace(launch, set_here={**launch.set_here, **told})


def _python(launch: Launch, depth: int) -> Entry:
    """Follow `python FILE`, `python -m MODULE`; what `-c` says is not read."""
    words = iter(enumerate(launch.words[1:], 1))
    for index, word in words:
        if word == "-m" and index + 1 < len(launch.words):
            return _module(launch, launch.words[index + 1 :], depth)
        if word in _PYTHON_VALUES:
            next(words, None)
        elif word.startswith("-c"):
            return launch.unknown("`python -c` runs code of the command line, which is not followed.")
        elif not word.startswith("-"):
            return _file(launch, launch.words[index:])
    return launch.unknown("Python is started, and it is told nothing to run.")


def _file(launch: Launch, words: tuple[str, ...]) -> Entry:
    script = launch.place(words[0])
    if posixpath.basename(script) == "manage.py":
        return manage(replace(launch, words=words[1:]), script)
    if posixpath.basename(script) in SERVERS:
        # `python /usr/local/bin/gunicorn …`
        return SERVERS[posixpath.basename(script)](replace(launch, words=words))
    return _run_file(launch, script)


def _run_file(launch: Launch, script: str) -> Entry:
    """Return a file that is run; a folder is run by its `__main__.py`, and is looked in itself."""
    if f"{script}/__main__.py" in launch.image.files:
        script = f"{script}/__main__.py"
    tree = launch.tree(script)
    path = launch.search(posixpath.dirname(script))
    started = started_by(tree) if tree else None
    settings = launch.env("DJANGO_SETTINGS_MODULE") or settings_of(tree)
    also = ((started.module,) if started and started.module else ()) + django_modules(launch, settings, path)
    host, port = (started.host, started.port) if started else ("", "")
    return launch.entry("python", script=script, path=path, host=host, port=port, also=also)


def _module(launch: Launch, words: tuple[str, ...], depth: int) -> Entry:
    """Return what `python -m` runs: a server by its module, else a module or the `__main__` of a package."""
    name = launch.value(words[0])
    server = {"gunicorn.app.wsgiapp": "gunicorn", "waitress": "waitress-serve"}.get(name, name)
    launch = replace(launch, words=words, module=True)
    if server in SERVERS:
        return SERVERS[server](launch)
    if name in _WRAPPERS:
        return _wrapped(launch, depth)
    path = launch.search(launch.cwd)
    if not re.fullmatch(r"[\w.]+", name):
        return launch.unknown(f"`python -m {name}` names no module that is known.")
    package = launch.module_file(f"{name}.__main__", path)
    file = package or launch.module_file(name, path)
    tree = launch.tree(file) if file else None
    started = started_by(tree) if tree else None
    return launch.entry(
        "python -m",
        module=f"{name}.__main__" if package else name,
        path=path,
        host=started.host if started else "",
        port=started.port if started else "",
        also=(started.module,) if started and started.module else (),
    )


def _script_path(launch: Launch, word: str) -> str:
    """Return where in the image a script lies that a word names, by its path or as a program; empty without one."""
    word = launch.value(word)
    if "/" in word:
        return launch.place(word) if launch.file(word) else ""
    return next(
        (f"{folder}/{word}" for folder in _PROGRAM_FOLDERS if f"{folder}/{word}" in launch.image.files), ""
    )


def _line_of(text: str) -> int:
    """Return the line of the last thing that a script says."""
    lines = text.splitlines()
    said = [
        number for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")
    ]
    said = [number for number in said if lines[number - 1].strip() != "wait"]
    while len(said) > 1 and lines[said[-1] - 2].rstrip().endswith("\\"):
        said.pop()
    return said[-1] if said else 1
