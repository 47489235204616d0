"""Kill writers of a journal, each at another call of the system: `python -m tests.core.journal.killed FILE`.

Each writer is a copy of this process, which ends itself at its k-th call: before it, or (where it writes) half-way
through it. After each the journal is read, written to and read again. What was seen is printed as JSON.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Self

from buddy_tui.journal import keep
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from tests import make


def record(change: str) -> Record:
    return Record(make.NOW, Kind.INTENT, change, make.NAME, reason="because")


class Mortal:
    """Stands in the place of `os` and `open` in the journal, and kills the process at a call of theirs."""

    def __init__(self, at: int) -> None:
        self._left = at

    def tick(self) -> bool:
        self._left -= 1
        return self._left == 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the module has it
        real = getattr(os, name)
        return self.wrapped(real) if callable(real) else real

    def wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:  # noqa: ANN401 - as the function has it
            if self.tick():
                die()
            return real(*args, **more)

        return call

    def open(self, path: Path, how: Any, *mode: int, **more: Any) -> Any:  # noqa: ANN401 - as both `open`s have it
        if isinstance(how, int):
            return self.wrapped(os.open)(path, how, *mode)
        return File(open(path, how, 0, **more), self)  # noqa: PTH123 - the journal closes it


class File:
    """A file whose every call may be the last; a write may be cut in its middle."""

    def __init__(self, file: Any, mortal: Mortal) -> None:  # noqa: ANN401 - any file
        self._file = file
        self._mortal = mortal

    def write(self, data: bytes) -> int:
        for part in (data[:1], data[1:100], data[100:-1], data[-1:]):
            if self._mortal.tick():
                die()
            self._file.write(part)
        return len(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the file has it
        real = getattr(self._file, name)
        return self._mortal.wrapped(real) if callable(real) else real

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit  # never reached: nothing catches that signal


def _child(path: Path, at: int) -> NoReturn:
    mortal = Mortal(at)
    vars(keep).update(os=mortal, open=mortal.open)
    Journal(path).write(record(f"killed-{at}"))
    os._exit(0)


def main(path: Path) -> None:
    """Kill, read, write and read, until a writer comes to its end alive."""
    seen: list[dict[str, object]] = []
    at, status = 0, 1
    while status:
        at += 1
        child = os.fork()
        if not child:
            _child(path, at)
        _, status = os.waitpid(child, 0)
        before = Journal(path).read()
        Journal(path).write(record(f"after-{at}"))
        after = Journal(path).read()
        seen.append(
            {
                "killed": f"killed-{at}" in {one.id for one in before.records},
                "before": before.trouble,
                "numbers": [one.number for one in after.records],
                "ids": [one.id for one in after.records],
                "after": after.trouble,
            }
        )
    print(json.dumps(seen))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
