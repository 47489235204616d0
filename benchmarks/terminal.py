"""A terminal of a fixed size for benchmarks: starts a program in it, stamps its output, types, and reads its screen.

POSIX only. The clock runs while bytes are read and nothing else is done: what the output looks like is worked out
afterwards, so that the emulation costs the program under test nothing.
"""

import codecs
import contextlib
import fcntl
import math
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

# What a terminal is asked, and what this one answers: device attributes, cursor position, modes.
_ANSWERS = (
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[\?(2026)\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?(2048)\$p"), b"\x1b[?2048;0$y"),
)
# Sequences that pyte does not know and would print.
_NOISE = re.compile(
    r"\x1b\[[<>=][0-9;:]*[A-Za-z]|\x1b\[\??[0-9;]*\$[a-z]|\x1b[P_^X][^\x1b\x07]*(?:\x1b\\|\x07)|\x1b\[[0-9;]*[tq]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:?<>=$ ]*|[\]P_^X][^\x1b\x07]*\x1b?)?$")


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one read brought, and when: seconds since the program was started."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of one process in MiB: resident, and its fair share of what it shares. NaN where nobody tells."""

    rss: float
    pss: float


class Screen:
    """What a terminal shows after the bytes that it was fed."""

    def __init__(self, columns: int = 120, rows: int = 40) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes) -> None:
        """Take output; a sequence that is cut off waits for its rest."""
        text = self._held + self._decoder.decode(data)
        cut = _UNFINISHED.search(text)
        self._held = text[cut.start() :] if cut else ""
        self._stream.feed(_NOISE.sub("", text[: cut.start()] if cut else text))

    def text(self) -> str:
        """Return the rows, one a line."""
        return "\n".join(self._screen.display)


class Program:
    """A program in a terminal. Use it with `with`: it is ended, by its own id, at the end."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = Screen(columns, rows)
        environment = {**(environ if environ is not None else os.environ)}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        size = struct.pack("HHHH", rows, columns, 0, 0)
        self._began = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], command, environment)  # noqa: S606 - no shell is the point
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def listen(self, *, quiet: float, timeout: float, until: bytes = b"") -> list[Chunk]:
        """Collect output until nothing came for `quiet` seconds (after `until` was seen, if given).

        It ends after `timeout` seconds too, and when the program ends.
        """
        chunks = list[Chunk]()
        began = last = time.perf_counter()
        seen = not until
        tail = b""
        while (now := time.perf_counter()) - began < timeout and not (
            chunks and seen and now - last >= quiet
        ):
            if not select.select([self._master], [], [], min(quiet, 0.05))[0]:
                continue
            data = self._read()
            last = time.perf_counter()
            if not data:
                break
            chunks.append(Chunk(last - self._began, data))
            tail = tail[-len(until) :] + data
            seen = seen or until in tail
            self._answer(data)
        return chunks

    def type(self, keys: bytes) -> float:
        """Press keys; return when: seconds since the program was started."""
        at = time.perf_counter() - self._began
        os.write(self._master, keys)
        return at

    def when(self, chunks: Iterable[Chunk], shows: Callable[[str], bool]) -> float | None:
        """Replay the chunks on the screen; return when it first showed it, or None if it never did."""
        found = None
        for chunk in chunks:
            self.screen.feed(chunk.data)
            if found is None and shows(self.screen.text()):
                found = chunk.at
        return found

    def memory(self) -> Memory:
        """Return its memory now. Only Linux tells."""
        rollup = Path(f"/proc/{self.pid}/smaps_rollup")
        if not rollup.exists():
            return Memory(math.nan, math.nan)
        sizes = dict(re.findall(r"^(Rss|Pss): +(\d+) kB", rollup.read_text(), re.MULTILINE))
        return Memory(int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024)

    def stop(self) -> None:
        """End the program, first politely, and wait until it is gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if self._gone(within=2.0):
                break
        os.close(self._master)

    def _gone(self, within: float) -> bool:
        until = time.perf_counter() + within
        while time.perf_counter() < until:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            # A program that is leaving may still have to write: nobody reads, nobody leaves.
            if select.select([self._master], [], [], 0.02)[0]:
                self._read()
        return False

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 1 << 16)
        except OSError:
            # Linux's way to say that the other side is closed.
            return b""

    def _answer(self, data: bytes) -> None:
        for question, answer in _ANSWERS:
            for _ in question.findall(data):
                os.write(self._master, answer)
