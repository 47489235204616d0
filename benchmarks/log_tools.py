"""Programs that show log files, each in a terminal of its own: when it shows the newest line, when it answers keys."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import nan
from pathlib import Path

from log_lines import NEWEST, OLDEST, lines
from terminal import Chunk, Program

# Half a page or a page down, a line down, and back.
_KEYS = (b"\x1b[6~", b"\x1b[B", b"\x1b[5~", b"\x1b[B")
# What is not on the screen after so many seconds never will be.
_PATIENCE = 60.0
# Appends at a steady rate: file, lines a second, seconds.
_APPEND = """\
import sys, time
file, rate, seconds = open(sys.argv[1], "ab", buffering=0), int(sys.argv[2]), float(sys.argv[3])
block = sys.stdin.buffer.read().splitlines(keepends=True)
began, written = time.monotonic(), 0
while (gone := time.monotonic() - began) < seconds:
    due = int(gone * rate) - written
    if due:
        file.write(b"".join(block[(written + at) % len(block)] for at in range(due)))
        written += due
    time.sleep(0.01)
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """How a program is started, and its keys for the beginning and the end."""

    name: str
    command: tuple[str, ...]
    home: bytes = b"g"
    end: bytes = b"G"


@dataclass(frozen=True, slots=True)
class Opened:
    """Seconds from the start until the newest line was on the screen, and until a key was answered; memory in MiB."""

    shown: float
    answered: float
    memory: float


def tools() -> Iterator[Tool]:
    """Yield ours, and the others that are installed; say which are not."""
    yield Tool("ours", (sys.executable, "-m", "buddy_tui", "open"))
    for name, variable, program, home, end in (
        ("lnav", "LNAV", "lnav", b"g", b"G"),
        ("toolong", "TOOLONG", "tl", b"\x1b[H", b"\x1b[F"),
    ):
        if found := os.environ.get(variable) or shutil.which(program):
            yield Tool(name, (found,), home, end)
        else:
            print(f"{name} is not installed ({variable} may say where it is): no comparison with it")


def opened(tool: Tool, file: Path, environ: Mapping[str, str]) -> Opened:
    """Open a file, wait for its newest line, and go to the beginning until that is gone."""
    with Program((*tool.command, str(file)), environ=environ) as program:
        chunks = program.listen(quiet=0.002, timeout=_PATIENCE, until=NEWEST.encode())
        presses, answers = 0, list[Chunk]()
        shown = answered = None
        while answered is None and presses < 50:
            program.type(tool.home)
            presses += 1
            answers = program.listen(quiet=0.1, timeout=0.5)
            if shown is None:  # what it looked like is worked out when nothing is measured any more
                shown = program.when(chunks, lambda text: NEWEST in text)
            answered = program.when(answers, lambda text: bool(text.strip()) and NEWEST not in text)
        program.listen(quiet=1.0, timeout=20)
        return Opened(shown or nan, answered or nan, program.memory().rss)


def keys(tool: Tool, file: Path, environ: Mapping[str, str], rounds: int, rate: int = 0) -> list[float]:
    """Return the seconds from each key to the first change that it makes, while `rate` lines a second come in.

    It looks at the beginning of the file: there, nothing but a key changes what is shown.
    """
    seconds = 3.0 + rounds * len(_KEYS)
    with _ready(tool, file, environ) as program, _appending(file, rate, seconds):
        _typed(program, tool.home, lambda text: OLDEST in text)
        chance = random.Random(7)  # noqa: S311 - a key comes at any moment, the same ones in every run
        return [_changed(program, key, chance.uniform(0.3, 0.6)) for _ in range(rounds) for key in _KEYS]


def following(tool: Tool, file: Path, environ: Mapping[str, str], rate: int, seconds: float) -> float:
    """Return the part of one core that it takes to follow a file that grows."""
    with _ready(tool, file, environ) as program:
        _typed(program, tool.end, lambda _: True)
        with _appending(file, rate, seconds + 1.5):
            program.listen(quiet=9, timeout=1.0)
            began, used = time.monotonic(), _cpu(program.pid)
            program.listen(quiet=9, timeout=seconds)
            return (_cpu(program.pid) - used) / (time.monotonic() - began)


@contextmanager
def _ready(tool: Tool, file: Path, environ: Mapping[str, str]) -> Iterator[Program]:
    with Program((*tool.command, str(file)), environ=environ) as program:
        chunks = program.listen(quiet=0.5, timeout=_PATIENCE, until=NEWEST.encode())
        program.when(chunks, bool)
        program.when(program.listen(quiet=0.5, timeout=3), bool)
        yield program


def _changed(program: Program, key: bytes, pause: float) -> float:
    """Press a key after a pause; return the seconds until the lines of the log are others."""
    program.when(program.listen(quiet=pause, timeout=pause), lambda _: False)
    before = _middle(program.screen.text())
    return _typed(program, key, lambda text: _middle(text) != before)


def _middle(text: str) -> list[str]:
    """Return the rows of the log: what stands above and below tells how many lines there are."""
    return text.split("\n")[3:-4]


def _typed(program: Program, key: bytes, shows: Callable[[str], bool]) -> float:
    """Press a key; return the seconds until the screen shows what is expected, NaN when it does not in two seconds."""
    at, began = program.type(key), time.perf_counter()
    while time.perf_counter() < began + 2.0:
        then = program.when(program.listen(quiet=0.25, timeout=0.5), shows)
        if then is not None:
            return then - at
    return nan


@contextmanager
def _appending(file: Path, rate: int, seconds: float) -> Iterator[None]:
    """Append to a file from a process of its own; the file is as it was afterwards."""
    if not rate:
        yield
        return
    size = file.stat().st_size
    command = (sys.executable, "-c", _APPEND, str(file), str(rate), str(seconds))
    block = "".join(f"{line}\n" for line in list(lines(5002))[1:-1]).encode()
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            if process.stdin:
                process.stdin.write(block)
                process.stdin.close()
            yield
        finally:
            process.terminate()
    os.truncate(file, size)


def _cpu(pid: int) -> float:
    """Return the seconds of a core that a process has used. Only Linux tells."""
    with suppress(OSError):
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return nan
