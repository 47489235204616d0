"""journal: the file itself. Appended to and never changed; read with all that is wrong with it.

The chain shows a line that was changed, or taken out of the middle; it cannot show that the end was cut off.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from buddy_tui.errors import Unwritable
from buddy_tui.journal.line import SCHEMA, Line, Unreadable, parsed, record_of, written
from buddy_tui.journal.values import Record

_TAIL = 64 << 10
_MOST_BYTES = 8 << 20  # some ten thousand records; who wants more reads the file
_PATIENCE = 10.0  # seconds for another program's line


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: every record that can be understood, the oldest first, and sentences about what is wrong."""

    records: tuple[Record, ...] = ()
    trouble: tuple[str, ...] = ()


class Held:
    """The lock of a change that is under way. Release it."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        """Give the lock back, and take its file away. Safe to call twice."""
        with suppress(OSError):
            Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()


class Journal:
    """The journal in the file `path` (none: where state is kept on this system). Several programs may share it."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or _default_path()

    def write(self, record: Record) -> Record:
        """Append a record; return it cleaned, numbered and chained, once it is safe against a loss of power.

        What was left of a line that was never finished stays, and the record begins on a line of its own. Raises
        Unwritable; then it may stand there all the same, whole or in part.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (
                FileLock(self.path.with_suffix(".lock"), timeout=_PATIENCE, mode=0o600, poll_interval=0.01),
                open(self.path, "a+b", opener=_for_its_owner) as file,
            ):
                return _append(file, record)
        except (OSError, Timeout) as error:
            why = getattr(error, "strerror", None) or "another program writes it"
            raise Unwritable(
                f"The journal cannot be written to {self.path}: {why}.",
                "Nothing is changed without a line in the journal; make room for it, or see who may write there.",
            ) from None

    def read(self) -> Reading:
        """Read the journal, its last 8 MB where it is longer. A file that is not there has no records."""
        try:
            with self.path.open("rb") as file:
                return _read(file)
        except FileNotFoundError:
            return Reading()
        except OSError as error:
            return Reading(trouble=(f"The journal in {self.path} cannot be read: {error.strerror}.",))

    def hold(self, change: str) -> Held | None:
        """Take the lock that says that the change with this id is under way; `None` while another has it.

        It goes with its program, however that ends: who gets it for an intent without an outcome knows that nobody
        works on it any more. Release it. Raises Unwritable.
        """
        folder = self.path.with_suffix(".running")
        # Whoever closes a generator may do so from another thread than the one that began it.
        lock = FileLock(folder / f"{change}.lock", timeout=0, mode=0o600, thread_local=False)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire()
        except Timeout:
            return None
        except OSError as error:
            raise Unwritable(f"Nothing can be written to {folder}: {error.strerror}.") from None
        return Held(lock)


def _default_path() -> Path:
    from platformdirs import user_state_path

    return user_state_path("buddy-tui", appauthor=False) / "journal.jsonl"


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _append(file: BinaryIO, record: Record) -> Record:
    size = file.seek(0, os.SEEK_END)
    kept, line = written(record, _last(file, size))
    file.write(line if _ends_a_line(file, size) else b"\n" + line)
    file.flush()
    os.fsync(file.fileno())
    if not size:
        _keep_name(Path(file.name).parent)
    return kept


def _keep_name(folder: Path) -> None:
    with suppress(OSError):  # Windows opens no folders, and keeps names safe by itself
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _ends_a_line(file: BinaryIO, size: int) -> bool:
    if not size:
        return True
    file.seek(size - 1)
    return file.read(1) == b"\n"


def _last(file: BinaryIO, size: int) -> Line | None:
    """Return the last line that can be read, looking further back as long as there is none."""
    length = _TAIL
    while True:
        start = max(0, size - length)
        file.seek(start)
        # What comes first may be the end of a line, unless it is the beginning of the file.
        for raw in reversed(file.read(size - start).split(b"\n")[1 if start else 0 :]):
            with suppress(Unreadable):
                return parsed(raw)
        if not start:
            return None
        length *= 8


def _read(file: BinaryIO) -> Reading:
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _MOST_BYTES)
    file.seek(start)
    lines = file.read(size - start).split(b"\n")[1 if start else 0 :]
    chain = _Chain(cut=start > 0)
    for number, raw in enumerate(lines, 1):
        if raw:
            chain.add(number, raw, is_end=number == len(lines))
    return Reading(tuple(chain.records), tuple(chain.trouble()))


class _Chain:
    """The lines of a journal, one after the other."""

    def __init__(self, *, cut: bool) -> None:
        self.records: list[Record] = []
        self._cut = cut
        self._said: list[str] = []
        self._last: Line | None = None

    def add(self, number: int, raw: bytes, *, is_end: bool) -> None:
        """Take line `number`; where it is broken say so, and show what can be read all the same."""
        try:
            line = parsed(raw)
        except Unreadable:
            # Somebody may be writing it at this very moment.
            if not is_end:
                self._said.append(f"{self._at(number)} was not written to its end, and is passed over.")
            return
        self._said.extend(f"{self._at(number)} {fault}." for fault in self._faults(line))
        self._last = line
        try:
            if line.schema == SCHEMA:
                self.records.append(record_of(line))
        except Unreadable:
            self._said.append(f"{self._at(number)} cannot be understood.")

    def trouble(self) -> Iterator[str]:
        """Yield what is wrong, in sentences."""
        if self._cut:
            yield "The journal is long: only its last 8 MB were read, and lines are counted from there."
        yield from self._said

    def _faults(self, line: Line) -> Iterator[str]:
        if line.hash != line.digest:
            yield "was changed after it was written"
        if self._last is None:
            if not self._cut and (line.previous or line.number != 1):
                yield "is not the first that was written: what came before it is missing"
        elif (line.number, line.previous) != (self._last.number + 1, self._last.hash):
            yield "does not follow from the line before it: something is missing, or was put in or changed"
        if line.schema != SCHEMA:
            yield f"was written by another version ({line.schema}), and is not shown"

    @staticmethod
    def _at(number: int) -> str:
        return f"Line {number} of the journal"
