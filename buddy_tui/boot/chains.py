"""boot: parts of tracebacks -> chains, where two workers may have written theirs at once."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from buddy_tui.boot.parts import Part, Place
from buddy_tui.boot.values import Raised, Traceback

FARTHEST = 300
"""How many lines may lie between two lines of one traceback."""

MOST_AT_ONCE = 12
"""How many tracebacks may be written at one time."""

_NEAR = 50  # lines: a lone header so near to frames is one of theirs


class Marker(NamedTuple):
    """A line that says that the next traceback followed from `before`."""

    at: int
    key: str
    text: str
    before: Part


def _link(markers: list[Marker], parts: list[Part]) -> None:
    """Link each part that a marker follows on to what followed from it. No chain begins twice at the same place."""
    begun = sorted(parts, key=lambda part: part.begun)
    start = 0
    linked: deque[Part] = deque(maxlen=MOST_AT_ONCE)
    for marker in markers:
        while start < len(begun) and begun[start].begun <= marker.at:
            start += 1
        chain = [*islice(_back(marker.before), MOST_AT_ONCE)]
        near = [
            part
            for part in begun[start : start + MOST_AT_ONCE]
            if part.begun - marker.at <= FARTHEST
            and part.before is None
            and not any(map(part.begins_like, chain))
        ]
        if near:
            after = max(near, key=lambda part: _likelihood(marker, part, linked))
            after.before, marker.before.is_followed = marker.before, False
            linked.append(after)


def _likelihood(marker: Marker, part: Part, linked: Iterable[Part]) -> tuple[int, ...]:
    """Say how likely a part followed: same writer, as with another worker, by where the first was caught, near."""
    alike = any(
        one.before is not None and one.before.is_like(marker.before) and part.begins_like(one)
        for one in linked
    )
    return part.key == marker.key, alike, part.passes(marker.before), -part.begun


def _back(part: Part | None) -> Iterator[Part]:
    """Go back through a chain."""
    while part:
        yield part
        part = part.before


def tracebacks_of(parts: list[Part], markers: list[Marker]) -> tuple[Traceback, ...]:
    """Make tracebacks of parts, in order of their first line, and leave out what says nothing of its own."""
    _link(markers, parts)
    for part in parts:
        part.close()
    followed = {id(part.before) for part in parts}
    busy = {at // _NEAR for part in parts if part.frames or part.type for at in part.lines}
    complete: dict[Place, set[frozenset[Place]]] = {}
    for part in parts:
        if part.type:
            for place in part.places:
                complete.setdefault(place, set()).add(part.places)
    chains = [[*_back(part)][::-1] for part in parts if id(part) not in followed and not part.stack]
    told = [chain for chain in chains if len(chain) > 1 or not _is_noise(chain[0], busy, complete)]
    return tuple(sorted(map(_traceback, told), key=lambda one: one.lines[0]))


def _is_noise(part: Part, busy: set[int], complete: dict[Place, set[frozenset[Place]]]) -> bool:
    """Tell whether nothing is lost without it: a lone header beside frames, or frames that another one has too."""
    if part.type:
        return False
    if part.frames:
        whole = complete.get(min(part.places), set())
        return not part.headed and (len(part.frames) == 1 or any(part.places <= other for other in whole))
    near = part.last // _NEAR
    return not part.headed or bool({near - 1, near, near + 1} & busy)


def _traceback(chain: list[Part]) -> Traceback:
    raised = tuple(one for part in chain if part.frames or part.type for one in part.raised())
    return Traceback(
        chain=raised or (Raised(""),),
        lines=tuple(sorted({at for part in chain for at in part.lines})),
        whole=bool(raised) and all(part.is_whole() for part in chain) and not chain[-1].is_followed,
        siblings=tuple(one for part in chain for one in part.siblings()),
        prefix=chain[0].prefix.strip() if chain[0].headed else "",
    )
