"""source: modules that import each other while they are imported."""

from collections import deque
from collections.abc import Iterable, Mapping


def cycles_of(edges: Mapping[str, frozenset[str]]) -> tuple[tuple[str, ...], ...]:
    """Return import cycles, each once and from its smallest name, so that each module on any is on one that is told.

    All cycles of a tangle can be more than its modules many times over; what is told are shortest ones.
    """
    core = _core(edges)
    found: list[tuple[str, ...]] = []
    covered: set[str] = set()
    for name in sorted(core):
        if name not in covered and (cycle := _shortest(name, core)):
            covered.update(cycle)
            found.append(_turned(cycle))
    return tuple(sorted(set(found)))


def _core(edges: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Take away, again and again, what imports nothing that is left and what nothing that is left imports."""
    there = {name: targets & edges.keys() for name, targets in edges.items()}
    back: dict[str, set[str]] = {name: set() for name in there}
    for name, targets in there.items():
        for target in targets:
            back[target].add(name)
    left = _peeled(_peeled(set(there), there, back), back, there)
    return {name: there[name] & left for name in left}


def _peeled(
    names: set[str], ahead: Mapping[str, Iterable[str]], behind: Mapping[str, Iterable[str]]
) -> set[str]:
    """Return the names without those from which every way ahead ends."""
    left = set(names)
    counts = {name: len(left.intersection(ahead[name])) for name in left}
    ends = [name for name, count in counts.items() if not count]
    while ends:
        name = ends.pop()
        left.discard(name)
        for before in left.intersection(behind[name]):
            counts[before] -= 1
            if not counts[before]:
                ends.append(before)
    return left


def _shortest(start: str, edges: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    came: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        for target in sorted(edges[name]):
            if target == start:
                return _way(start, name, came)
            if target not in came:
                came[target] = name
                waiting.append(target)
    return ()


def _way(start: str, name: str, came: Mapping[str, str]) -> tuple[str, ...]:
    way = [name]
    while name != start:
        name = came[name]
        way.append(name)
    return tuple(reversed(way))


def _turned(cycle: tuple[str, ...]) -> tuple[str, ...]:
    at = cycle.index(min(cycle))
    return cycle[at:] + cycle[:at]
