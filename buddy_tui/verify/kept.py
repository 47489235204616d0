"""verify: the answers of every release that was looked at, kept in a file for each service and revision.

A line that a later look cannot answer stays unknown, and tells beside it what was last seen and when: nothing passes by
what was true before. What was seen of another revision of the same name (a service made anew) is never told.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from buddy_tui.clean import clean_line
from buddy_tui.errors import ExitCode, Unwritable
from buddy_tui.model import ServiceName, Trouble
from buddy_tui.verify.state_file import StateFile, default_folder, file_name
from buddy_tui.verify.ticks import Ticks
from buddy_tui.verify.values import Answered, Before, Checklist, Line

_SCHEMA = "buddy.checklist/1"
_ENDING = ".kept.json"
_LONGEST = 2000
_MOST_LINES = 100
_SEEN = frozenset((Answered.YES, Answered.NO))
_NO_ANSWER = frozenset((Answered.UNKNOWN, Answered.BY_HAND))

Clock = Callable[[], datetime]


def services_kept(folder: Path | None = None) -> tuple[ServiceName, ...]:
    """Return the services of which something is kept."""
    stems = (path.name.removesuffix(_ENDING) for path in _files(folder or default_folder(), "*"))
    parts = (tuple(map(unquote, stem.split("_"))) for stem in stems)
    return tuple(sorted({ServiceName(*one[:3]) for one in parts if len(one) == 4}, key=lambda one: one.path))


class Kept:
    """The kept checklists of one service, in files below `folder` (none: where state is kept on this system).

    They come with the ticks of today, and without what looking at them now would tell. One that cannot be read has no
    lines, and says so in its trouble.
    """

    def __init__(self, name: ServiceName, clock: Clock, folder: Path | None = None) -> None:
        self._name = name
        self._clock = clock
        self._folder = folder or default_folder()

    def path(self, revision: str) -> Path:
        """Return where the answers of a revision are kept."""
        return self._folder / f"{file_name(self._name, revision)}{_ENDING}"

    def of(self, revision: str) -> Checklist:
        """Return the answers of the last look at a revision; no lines where there was none."""
        now = self._clock()
        known = self._file(revision).read()
        if known is None:
            unread = f"The checklist in {clean_line(str(self.path(revision)))} cannot be read."
            trouble = Trouble(unread, "The next look sets that file aside.", ExitCode.USAGE, now)
            return replace(self._nothing(revision), trouble=trouble)
        return Ticks(self._name, self._folder).on(known, now)

    def all(self) -> tuple[Checklist, ...]:
        """Return the checklists of all releases that were looked at, the newest revision first."""
        begin = file_name(self._name, "")
        found = _files(self._folder, f"{begin}*")
        kept = [self.of(unquote(path.name.removeprefix(begin).removesuffix(_ENDING))) for path in found]
        return tuple(sorted(kept, key=made, reverse=True))

    def keep(self, checklist: Checklist, safe: Callable[[str], str]) -> Path | None:
        """Keep the answers of a look in place of an earlier one's; return where an unreadable file was set aside.

        `safe` returns a text without what may not be kept: secrets, tokens, addresses. Nobody's word is kept here:
        that is for the ticks. Raises Unwritable.
        """
        file = self._file(checklist.revision)
        return file.change(lambda known: _document(recalled(checklist, known), safe))

    def _nothing(self, revision: str) -> Checklist:
        return Checklist(self._name, revision, kept=True)

    def _file(self, revision: str) -> StateFile[Checklist]:
        nothing = self._nothing(revision)
        return StateFile(self.path(revision), partial(_checklist, nothing), nothing, "The checklist")


async def remembered(
    looks: AsyncGenerator[Checklist, None], kept: Kept, safe: Callable[[str], str]
) -> AsyncGenerator[Checklist, None]:
    """Yield the checklists of `looks`, which is closed, with what was last seen; the last one is kept.

    That it cannot be kept is said in the checklist's `keeping`, and is no failure of it.
    """
    earlier: Checklist | None = None
    async with aclosing(looks) as values:
        async for value in values:
            if earlier is None:
                earlier = await asyncio.to_thread(kept.of, value.revision)
            told = recalled(value, earlier)
            if told.done:
                told = replace(told, keeping=await asyncio.to_thread(_keeping, kept, told, safe))
            yield told


def recalled(checklist: Checklist, earlier: Checklist) -> Checklist:
    """Return a checklist whose lines without an answer tell what was last seen of the same revision."""
    if earlier.created != checklist.created:
        return checklist
    known = {line.id: line for line in earlier.lines}
    lines = tuple(
        replace(line, before=_seen(known[line.id]) or line.before)
        if line.answered in _NO_ANSWER and line.id in known
        else line
        for line in checklist.lines
    )
    return replace(checklist, lines=lines)


def made(checklist: Checklist) -> datetime:
    """Return when a release was made, else looked at: the order of releases."""
    return checklist.created or checklist.as_of or datetime.min.replace(tzinfo=UTC)


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    return folder.glob(f"{pattern}{_ENDING}")


def _keeping(kept: Kept, checklist: Checklist, safe: Callable[[str], str]) -> str:
    try:
        aside = kept.keep(checklist, safe)
    except Unwritable as error:
        return str(error)
    return f"The old file could not be read, and is now {clean_line(str(aside))}." if aside else ""


def _seen(line: Line) -> Before | None:
    if line.answered in _SEEN:
        return Before(line.answered, line.evidence, line.source, line.at)
    return line.before


def _document(checklist: Checklist, safe: Callable[[str], str]) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "service": checklist.name.path,
        "revision": checklist.revision,
        "created": _told(checklist.created),
        "as_of": _told(checklist.as_of),
        "lines": [
            {"id": one.id, "section": one.section, "text": one.text}
            | _answer(_measured(one, checklist.as_of), safe)
            | {"before": _answer(one.before, safe) if one.before else None}
            for one in checklist.lines
        ],
    }


def _measured(line: Line, as_of: datetime | None) -> Line:
    """Return what a look said by itself. Whose word it is beside that has a file of its own, and a time of its own."""
    by_hand = line.answered is Answered.BY_HAND
    return replace(line, answered=Answered.UNKNOWN, at=as_of) if by_hand else line


def _answer(one: Line | Before, safe: Callable[[str], str]) -> dict[str, Any]:
    evidence = safe(one.evidence)[:_LONGEST]
    return {
        "answered": one.answered.value,
        "evidence": evidence,
        "source": one.source,
        "at": _told(one.at),
    }


def _checklist(nothing: Checklist, document: Any) -> Checklist:  # noqa: ANN401 - whatever JSON holds
    """Return the checklist that a file holds. Raises what such code raises, where that is not ours."""
    told = tuple(document[key] for key in ("schema", "service", "revision"))
    if told != (_SCHEMA, nothing.name.path, nothing.revision) or len(document["lines"]) > _MOST_LINES:
        raise ValueError
    return replace(
        nothing,
        lines=tuple(map(_line, document["lines"])),
        done=True,
        as_of=_moment(document["as_of"]),
        created=_moment(document["created"]),
    )


def _line(told: dict[str, Any]) -> Line:
    identity, section, text = (clean_line(told[key])[:_LONGEST] for key in ("id", "section", "text"))
    seen = _before(told, Answered.UNKNOWN)
    before = _before(told["before"]) if told["before"] else None
    return Line(identity, section, text, seen.answered, seen.evidence, seen.source, seen.at, before=before)


def _before(told: dict[str, Any], *more: Answered) -> Before:
    answered = Answered(told["answered"])
    if answered not in {*_SEEN, *more}:
        raise ValueError
    evidence, source = (clean_line(told[key])[:_LONGEST] for key in ("evidence", "source"))
    return Before(answered, evidence, source, _moment(told["at"]))


def _told(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told).astimezone(UTC) if told else None
