"""Keeping a log, a report or a checklist: plain text in a new file that only its owner may read."""

import asyncio
import os
import re
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import TextIO

from buddy_tui.log_scope import rfc3339
from buddy_tui.shown import Lines, Shown

_PIECE = 2000
_LONGEST = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def folder() -> Path:
    """Return where saved files go on this system.

    Not the working directory: that is what the next deployment from source would upload, the file with it.
    """
    from platformdirs import user_state_path

    return user_state_path("buddy-tui", appauthor=False) / "saved"


def as_text(lines: Lines) -> Iterator[str]:
    """Yield the lines that are there now, piece by piece: time, severity, log, instance and text.

    Lines may come, or go at the old end, between two pieces; each is yielded once.
    """
    at, last = lines.first, None
    while at < lines.end:
        piece = [lines.line(one) for one in range(at, min(at + _PIECE, lines.end))]
        last = piece[-1].place
        yield "".join(map(_line, piece))
        found = lines.find(last)
        at = lines.first if found is None else found + 1


async def save(pieces: Iterable[str], name: str, place: Path | None = None) -> Path:
    """Write `pieces` to a new file `name` in `place` (none: the folder for saved files) and return its path.

    A name begins with what is saved (`boot-…`), so that it is none of Windows' devices, and ends with the file's kind.

    A file that is there already is never touched: the new one gets a number. Raises OSError; then nothing is left.
    """
    path, file = await asyncio.to_thread(_new, place or folder(), name)
    try:
        with file:
            for piece in pieces:
                await asyncio.to_thread(file.write, piece)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def _new(place: Path, name: str) -> tuple[Path, TextIO]:
    place.mkdir(parents=True, exist_ok=True)
    stem, _, kind = _UNSAFE.sub("_", name).rpartition(".")
    for number in count(1):
        path = place / (f"{stem[:_LONGEST]}.{kind}" if number == 1 else f"{stem[:_LONGEST]}-{number}.{kind}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        return path, os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
    raise AssertionError("there is a number that is free")


def _line(line: Shown) -> str:
    told = (rfc3339(line.when) if line.when else "", line.severity, line.log, line.instance[-8:], line.text)
    return " ".join(filter(None, told)) + "\n"
