"""A small process that outlives the emulator by a moment, and ends what the emulator has left running.

Run as a script it reads `+g PID`, `+p PID` and `- PID` from its standard input: start and stop watching a process
group or a process; `= FOLDER` names a folder. At the end of the input, which comes however the emulator ends, it kills
what is still watched and deletes the folders.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from typing import IO


class Reaper:
    """The emulator's end of it. Every method is quick and raises OSError when the small process is gone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the small process, away from the terminal's Ctrl-C, and wait until it stands (some 20 ms)."""
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and this file
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        if self._process.stdout:
            self._process.stdout.readline()

    def watch(self, pid: int, *, group: bool) -> None:
        """Have `pid` (and its process group) killed when this process ends."""
        self._tell(f"+{'g' if group else 'p'} {pid}\n")

    def forget(self, pid: int) -> None:
        """Stop watching `pid`: it has ended, and its number may come to mean another process."""
        self._tell(f"- {pid}\n")

    def clear(self, folder: str) -> None:
        """Have a folder of ours deleted when this process ends."""
        self._tell(f"= {folder}\n")

    def close(self) -> None:
        """End the small process; what is still watched ends with it."""
        if self._process:
            self._process.communicate()

    def _tell(self, order: str) -> None:
        if self._process is None or self._process.stdin is None:
            raise OSError("The reaper is not running.")
        self._process.stdin.write(os.fsencode(order))


def main(orders: IO[str], answers: IO[str]) -> None:
    """Say that signals no longer matter, read orders until their end, then kill."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    answers.write("ready\n")
    answers.flush()
    watched: dict[int, bool] = {}
    folders: list[str] = []
    for order in orders:
        kind, _, what = order.rstrip("\n").partition(" ")
        if kind == "=":
            folders.append(what)
        elif kind == "-":
            watched.pop(int(what), None)
        else:
            watched[int(what)] = kind == "+g"
    for pid, group in watched.items():
        with contextlib.suppress(OSError):
            kill(pid, group=group)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def kill(pid: int, *, group: bool) -> None:
    """Kill a process at once, with its group (on Windows: its tree). OSError when there is none."""
    if sys.platform == "win32":
        tree = ["/T"] if group else []
        subprocess.run(["taskkill", "/F", *tree, "/PID", str(pid)], check=False, capture_output=True)  # noqa: S603, S607
    elif group:
        os.killpg(pid, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.stdin, sys.stdout)
