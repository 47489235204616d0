"""verify: what somebody vouches for with a name and a note, kept in a file for each service and revision.

A file is written whole beside the old one and put in its place, so that a reader finds one or the other. One that
cannot be read (torn, of somebody else, of a later version) is set aside and never overwritten.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote

from buddy_tui.clean import clean_line
from buddy_tui.errors import ConfigProblem, Unwritable, UsageProblem
from buddy_tui.model import ServiceName
from buddy_tui.verify.plan import IDS
from buddy_tui.verify.values import Answered, Line

_SCHEMA = "buddy.ticks/1"
_MOST_BYTES = 1 << 20
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Tick:
    """Somebody's word for a line of the plan. `at` is in UTC."""

    line: str
    by: str
    note: str
    at: datetime


def vouched(line: str, by: str, note: str, at: datetime) -> Tick:
    """Return a tick. Raises UsageProblem when the line is none of the plan's, or name or note is empty."""
    if line not in IDS:
        near = get_close_matches(line, IDS, 1)
        hint = f"Did you mean {near[0]}?" if near else f"Lines: {', '.join(IDS)}."
        raise UsageProblem(f'The plan has no line "{clean_line(line)[:80]}".', hint)
    by, note = clean_line(by)[:_LONGEST], clean_line(note)[:_LONGEST]
    if not (by and note):
        raise UsageProblem("Nothing is ticked by hand without a name and a note.", "--by NAME --note TEXT")
    return Tick(line, by, note, at)


class Ticks:
    """The ticks of one service, in files below `folder` (none: where state is kept on this system)."""

    def __init__(self, name: ServiceName, folder: Path | None = None) -> None:
        self._name = name
        self._folder = folder or _default_folder()

    def path(self, revision: str) -> Path:
        """Return where the ticks of a revision are kept."""
        parts = (self._name.project, self._name.region, self._name.service, revision)
        return self._folder / f"{'_'.join(quote(part, safe='') for part in parts)}.json"

    def of(self, revision: str) -> tuple[Tick, ...]:
        """Return the ticks of a revision. Raises ConfigProblem where their file cannot be read."""
        known = self._read(revision)
        if known is None:
            where = clean_line(str(self.path(revision)))
            raise ConfigProblem(f"The ticks in {where} cannot be read.", "The next one sets that file aside.")
        return tuple(known)

    def keep(self, revision: str, tick: Tick) -> Path | None:
        """Keep a tick in place of an earlier one of the same line; return where an unreadable file was set aside.

        Raises Unwritable when the file cannot be written.
        """
        from filelock import FileLock  # only who ticks needs it

        path = self.path(revision)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(path.with_suffix(".lock"), mode=0o600, timeout=10):
                known = self._read(revision)
                aside = _set_aside(path) if known is None else None
                kept = [one for one in known or () if one.line != tick.line]
                _write(path, self._document(revision, [*kept, tick]))
                return aside
        except (OSError, TimeoutError) as error:
            why = getattr(error, "strerror", None) or "somebody else writes it"
            raise Unwritable(f"The tick cannot be kept in {path}: {why}.") from None

    def _read(self, revision: str) -> list[Tick] | None:
        """Return the ticks; `None` where there is a file, and it cannot be read as ours."""
        try:
            with self.path(revision).open("rb") as file:
                document = json.loads(file.read(_MOST_BYTES))
            if document["schema"] != _SCHEMA or document["revision"] != revision:
                return None
            return [_tick(one) for one in document["ticks"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def _document(self, revision: str, ticks: Iterable[Tick]) -> str:
        told = [asdict(one) | {"at": one.at.astimezone(UTC).isoformat()} for one in ticks]
        document = {"schema": _SCHEMA, "service": self._name.path, "revision": revision, "ticks": told}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def ticked(line: Line, ticks: Iterable[Tick]) -> Line:
    """Return a line with whose word there is for it. Only what could not be seen is answered by a word."""
    tick = next((one for one in ticks if one.line == line.id), None)
    if tick is None:
        return line
    told = replace(line, by=tick.by, note=tick.note)
    if line.answered in {Answered.UNKNOWN, Answered.BY_HAND}:
        return replace(told, answered=Answered.BY_HAND, at=tick.at)
    return told


def _default_folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("buddy-tui", appauthor=False) / "verify"


def _tick(told: dict[str, str]) -> Tick:
    at = datetime.fromisoformat(told["at"]).astimezone(UTC)
    line, by, note = (clean_line(told[key])[:_LONGEST] for key in ("line", "by", "note"))
    return Tick(line, by, note, at)


def _set_aside(path: Path) -> Path:
    """Rename a file that cannot be read to a name that is free, and return that."""
    number = 1
    while (aside := path.with_suffix(f".aside-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside


def _write(path: Path, text: str) -> None:
    """Put a new file in the place of the old one, in one step. Only its owner may read it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".new")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
