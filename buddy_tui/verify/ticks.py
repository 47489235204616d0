"""verify: what somebody vouches for with a name and a note, kept in a file for each service and revision."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from buddy_tui.clean import clean_line
from buddy_tui.errors import ConfigProblem, UsageProblem
from buddy_tui.model import ServiceName, Trouble
from buddy_tui.redact import redact
from buddy_tui.verify.plan import IDS
from buddy_tui.verify.state_file import StateFile, default_folder, file_name
from buddy_tui.verify.values import Answered, Checklist, Line

_SCHEMA = "buddy.ticks/1"
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
    by, note = clean_line(by)[:_LONGEST], redact(clean_line(note))[:_LONGEST]
    if not (by and note):
        raise UsageProblem("Nothing is ticked by hand without a name and a note.", "--by NAME --note TEXT")
    return Tick(line, by, note, at)


class Ticks:
    """The ticks of one service, in files below `folder` (none: where state is kept on this system)."""

    def __init__(self, name: ServiceName, folder: Path | None = None) -> None:
        self._name = name
        self._folder = folder or default_folder()

    def path(self, revision: str) -> Path:
        """Return where the ticks of a revision are kept."""
        return self._folder / f"{file_name(self._name, revision)}.json"

    def of(self, revision: str) -> tuple[Tick, ...]:
        """Return the ticks of a revision. Raises ConfigProblem where their file cannot be read."""
        known = self._file(revision).read()
        if known is None:
            where = clean_line(str(self.path(revision)))
            raise ConfigProblem(f"The ticks in {where} cannot be read.", "The next one sets that file aside.")
        return known

    def keep(self, revision: str, tick: Tick) -> Path | None:
        """Keep a tick in place of an earlier one of the same line; return where an unreadable file was set aside.

        Raises Unwritable when the file cannot be written.
        """
        return self._file(revision).change(
            lambda known: self._document(revision, [*(one for one in known if one.line != tick.line), tick])
        )

    def on(self, checklist: Checklist, at: datetime) -> Checklist:
        """Return a checklist with whose word there is for its lines; that they cannot be read is its trouble."""
        try:
            words = self.of(checklist.revision)
        except ConfigProblem as error:
            return replace(checklist, trouble=checklist.trouble or Trouble.of(error, at))
        return replace(checklist, lines=tuple(ticked(line, words) for line in checklist.lines))

    def _file(self, revision: str) -> StateFile[tuple[Tick, ...]]:
        def parse(document: Any) -> tuple[Tick, ...]:  # noqa: ANN401 - whatever JSON holds
            if document["schema"] != _SCHEMA or document["revision"] != revision:
                raise ValueError
            return tuple(_tick(one) for one in document["ticks"])

        return StateFile(self.path(revision), parse, (), "The tick")

    def _document(self, revision: str, ticks: Iterable[Tick]) -> dict[str, Any]:
        told = [asdict(one) | {"at": one.at.astimezone(UTC).isoformat()} for one in ticks]
        return {"schema": _SCHEMA, "service": self._name.path, "revision": revision, "ticks": told}


def ticked(line: Line, ticks: Iterable[Tick]) -> Line:
    """Return a line with whose word there is for it. Only what could not be seen is answered by a word."""
    tick = next((one for one in ticks if one.line == line.id), None)
    if tick is None:
        return line
    told = replace(line, by=tick.by, note=tick.note)
    if line.answered in {Answered.UNKNOWN, Answered.BY_HAND}:
        return replace(told, answered=Answered.BY_HAND, at=tick.at)
    return told


def _tick(told: dict[str, str]) -> Tick:
    at = datetime.fromisoformat(told["at"]).astimezone(UTC)
    line, by, note = (clean_line(told[key])[:_LONGEST] for key in ("line", "by", "note"))
    return Tick(line, by, note, at)
