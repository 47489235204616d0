"""boot: the lines of one source -> what happened, and which lines are the program's own words."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from buddy_tui.boot.platform import probe_status, said_by_platform
from buddy_tui.boot.said import Said
from buddy_tui.boot.servers import is_chatter, said_by_server
from buddy_tui.boot.sources import is_bare, is_output
from buddy_tui.boot.values import Event, Line, Mark, Traceback
from buddy_tui.model import LogEntry

_MOST_MESSAGES = 200
_WORD = re.compile(r"\w")
# A request that the program itself answered: 429 and 5xx may come from the platform.
_ANSWERED = re.compile(r"^[A-Z]+ ((?!429)[1-4]\d\d)\b")


def events_of(lines: Sequence[Line], entries: Sequence[LogEntry], quoted: Collection[int]) -> Iterator[Event]:
    """Tell what happened, line by line. The `quoted` lines are those of tracebacks: they quote code.

    But for gunicorn's own last exception, which some versions print instead of a reason.
    """
    for at, line in enumerate(lines):
        if at in quoted and "HaltServer '" not in line.text:
            continue
        entry = entries[line.entry]
        if said := _said(line, entry):
            event = Event(said.mark, entry.when, at, line.text.strip(), said.detail, said.number)
            follows = lines[at + 1].text if at + 1 < len(lines) else ""
            if said.mark is Mark.PROBE_FAILED and not said.detail and (status := probe_status(follows)):
                event = replace(event, detail=status)
            yield event


def plain_lines(
    lines: Sequence[Line],
    entries: Sequence[LogEntry],
    told: Collection[int],
    tracebacks: Sequence[Traceback],
) -> Iterator[int]:
    """Tell which lines are the program's own words: none of a traceback, of a server or of the platform.

    gunicorn repeats the message of an exception after its traceback, and two workers that write at once may lose
    the line of one to the other: these are none either.
    """
    raised = [raised for one in tracebacks for raised in one.chain]
    parts = (
        part for one in raised for part in (*one.message.split("\n"), one.type and f"{one.type}: ") if part
    )
    repeated = tuple(dict.fromkeys(parts))[:_MOST_MESSAGES]
    for at, line in enumerate(lines):
        text = line.text.strip()
        if at in told or not is_output(entries[line.entry]) or not _WORD.search(text):
            continue
        if not text.startswith(repeated) and not is_chatter(text) and not probe_status(text):
            yield at


def _said(line: Line, entry: LogEntry) -> Said | None:
    if entry.log == "requests":
        answered = _ANSWERED.match(line.text) if line.row == 0 else None
        return Said(Mark.SERVED, "", int(answered[1])) if answered else None
    if is_bare(entry):
        return said_by_platform(line.text) or said_by_server(line.text)
    return said_by_platform(line.text) if entry.log == "system" else said_by_server(line.text)
