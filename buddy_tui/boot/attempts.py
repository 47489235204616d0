"""boot: what one source wrote -> its attempts to boot, one after the other."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from buddy_tui.boot.events import events_of, plain_lines
from buddy_tui.boot.sources import is_bare, is_output
from buddy_tui.boot.values import Event, Line, Mark, Raised, Traceback
from buddy_tui.model import LogEntry

_T = TypeVar("_T")
# What an installed program, `python -m` and `python -c` begin with: a traceback from there went all the way up.
_SCRIPTS = re.compile(r"/bin/[\w.-]+$|<frozen runpy>$|/runpy\.py$|<string>$|(?:^|/)manage\.py$")
# What loads the program when a process begins: uvicorn, hypercorn and flask do so once.
_LOADERS = frozenset({"import_from_string", "load_app", "load_application", "locate_app"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one source to boot, not yet judged. Indices are those of `lines`.

    `plain` are the lines that are the program's own words, outside of tracebacks. `output` tells that the container
    wrote anything at all, `bare` that it is a saved log of mere lines. `mild` are the first lines of the tracebacks
    that the program itself logged as less than an error.
    """

    lines: tuple[Line, ...]
    events: tuple[Event, ...]
    tracebacks: tuple[Traceback, ...]
    plain: tuple[int, ...]
    output: bool
    bare: bool
    mild: frozenset[int] = frozenset()


def went_all_the_way_up(traceback: Traceback) -> bool:
    """Whether nobody caught it: it begins in the program that starts the server."""
    return any(raised.frames and _SCRIPTS.search(raised.frames[0].file) for raised in traceback.chain)


def _is_of_a_start(traceback: Traceback) -> bool:
    """Whether a process died of it before it could serve anything."""
    functions = {frame.function for raised in traceback.chain for frame in raised.frames}
    return went_all_the_way_up(traceback) and not functions.isdisjoint(_LOADERS)


def attempts(lines: Sequence[Line], entries: Sequence[LogEntry], found: Sequence[Traceback]) -> list[Attempt]:
    """Split the lines of one source, with the tracebacks found in them, into its attempts to boot."""
    covered = {at for traceback in found for at in traceback.lines}
    quoted = covered - {at for traceback in found for at in _after_the_exception(traceback)}
    events = list(events_of(lines, entries, quoted))
    told = covered.union(event.at for event in events)
    plain = list(plain_lines(lines, entries, told, found))
    bare = bool(lines) and is_bare(entries[lines[0].entry])
    cuts = _cuts(events, found, plain, bare=bare)
    whole = Attempt(tuple(lines), tuple(events), tuple(found), tuple(plain), output=False, bare=bare)
    return [_with_levels(part, entries) for part in _parted(whole, cuts)]


def _after_the_exception(traceback: Traceback) -> tuple[int, ...]:
    """Return the last lines of a traceback. They were taken for notes, but may be somebody else's next words."""
    last = max(raised.at for raised in traceback.chain)
    return tuple(at for at in traceback.lines if at > last) if traceback.last.at >= 0 else ()


def _with_levels(part: Attempt, entries: Sequence[LogEntry]) -> Attempt:
    # Some platforms mark all that goes to stdout as info: in a saved log only a warning is sure to be the program's.
    mild = {"WARNING", "NOTICE"} if part.bare else {"WARNING", "NOTICE", "INFO", "DEBUG"}
    firsts = (traceback.lines[0] for traceback in part.tracebacks)
    return replace(
        part,
        output=any(is_output(entries[line.entry]) and line.text.strip() for line in part.lines),
        mild=frozenset(at for at in firsts if entries[part.lines[at].entry].severity in mild),
    )


def _cuts(
    events: Iterable[Event], tracebacks: Iterable[Traceback], plain: Iterable[int], *, bare: bool
) -> list[int]:
    """Return the first line of every attempt.

    A new one begins where an instance is started, or where a process speaks its first words after another one ended.
    gunicorn's workers and uvicorn's reloaded ones are no new attempts: their master lives on.
    """
    happenings: list[tuple[int, Event | Traceback]] = [(event.at, event) for event in events]
    happenings += [(traceback.lines[0], traceback) for traceback in tracebacks]
    happenings.sort(key=lambda happening: happening[0])
    heard = sorted({*plain, *(at for at, _ in happenings)})
    cuts, run = [0], _Run(bare=bare)
    for at, happening in happenings:
        if run.is_over(happening):
            after = bisect_right(heard, run.ended) if run.ended >= 0 else len(heard)
            first = heard[after] if after < len(heard) else at
            cut = at if _is_start(happening) else min(first, at)
            if cut > max(cuts[-1], heard[0]):
                cuts.append(cut)
            run = _Run(bare=bare)
        run.learn(happening)
    return cuts


def _is_start(happening: Event | Traceback) -> bool:
    return isinstance(happening, Event) and happening.mark is Mark.START


class _Run:
    """What is known of the running process while the lines go by. `ended` is the line that ended it, or -1.

    Only in a `bare` log can one instance have several processes without the platform saying so.
    """

    def __init__(self, *, bare: bool) -> None:
        self.ended = -1
        self._bare = bare
        self._exited = False
        self._serves = False
        self._master = ""

    def is_over(self, happening: Event | Traceback) -> bool:
        """Whether this can only come from another process than what came before."""
        if isinstance(happening, Traceback):
            return self._bare and (self._exited or (self._serves and _is_of_a_start(happening)))
        if happening.mark is Mark.PROCESS:
            return self.ended >= 0 or (self._master == "gunicorn" and "Starting gunicorn" in happening.words)
        return happening.mark is Mark.START or (happening.mark is Mark.EXIT and self._exited and self._bare)

    def learn(self, happening: Event | Traceback) -> None:
        """Take in what happened next."""
        if isinstance(happening, Traceback):
            if went_all_the_way_up(happening) and not self._master:
                self.ended = happening.lines[-1]
        elif happening.mark is Mark.PROCESS:
            self._master = self._master or _master(happening)
        elif happening.mark in {Mark.SERVED, Mark.READY}:
            self._serves = not self._master
        elif self._ends(happening):
            self.ended = happening.at

    def _ends(self, event: Event) -> bool:
        if event.mark is Mark.EXIT or (event.mark is Mark.SIGNAL and event.detail != "worker"):
            self._exited = True
            return True
        if self._master == "gunicorn":
            return "Shutting down: Master" in event.words or event.detail.startswith(("Worker f", "App f"))
        if self._master:
            return "Stopping " in event.words
        return event.mark is Mark.GAVE_UP or "Finished server process" in event.words


def _master(first_words: Event) -> str:
    """Return what outlives the processes that load the program, if this is its first word."""
    if "Starting gunicorn" in first_words.words:
        return "gunicorn"
    return first_words.detail if first_words.detail in {"parent", "reloader"} else ""


def _parted(whole: Attempt, cuts: Sequence[int]) -> list[Attempt]:
    """Give every line to its attempt. A traceback stays whole where two processes write at once."""
    if len(cuts) == 1:
        return [whole]
    number = [bisect_right(cuts, at) - 1 for at in range(len(whole.lines))]
    for traceback in whole.tracebacks:
        for at in traceback.lines:
            number[at] = number[traceback.lines[0]]
    mine = _by_number(range(len(whole.lines)), lambda at: number[at], len(cuts))
    new = {at: place for group in mine for place, at in enumerate(group)}
    events = _by_number(whole.events, lambda event: number[event.at], len(cuts))
    tracebacks = _by_number(whole.tracebacks, lambda traceback: number[traceback.lines[0]], len(cuts))
    plain = _by_number(whole.plain, lambda at: number[at], len(cuts))
    return [
        Attempt(
            tuple(whole.lines[at] for at in group),
            tuple(replace(event, at=new[event.at]) for event in events[place]),
            tuple(_moved(traceback, new) for traceback in tracebacks[place]),
            tuple(new[at] for at in plain[place]),
            output=False,
            bare=whole.bare,
        )
        for place, group in enumerate(mine)
        if group
    ]


def _by_number(items: Iterable[_T], number: Callable[[_T], int], count: int) -> list[list[_T]]:
    groups: list[list[_T]] = [[] for _ in range(count)]
    for item in items:
        groups[number(item)].append(item)
    return groups


def _moved(traceback: Traceback, new: Mapping[int, int]) -> Traceback:
    return replace(
        traceback,
        chain=tuple(_raised(raised, new) for raised in traceback.chain),
        siblings=tuple(_raised(raised, new) for raised in traceback.siblings),
        lines=tuple(new[at] for at in traceback.lines),
    )


def _raised(raised: Raised, new: Mapping[int, int]) -> Raised:
    frames = tuple(replace(frame, at=new.get(frame.at, -1)) for frame in raised.frames)
    return replace(raised, frames=frames, at=new.get(raised.at, -1))
