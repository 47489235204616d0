"""source: which modules a program needs to start, which it could do without, and what would make its start lighter."""

from collections.abc import Iterator
from dataclasses import dataclass

from buddy_tui.source.values import NO_PLACE, At, Boot, Booted, Found, Graph, Import, Module, When

# From here on a module is worth a word, in milliseconds.
HEAVY = 50.0
_MOST_USED = 10
_AT_START = frozenset({When.START, When.GUARDED})


@dataclass(frozen=True, slots=True)
class Part:
    """A module of the upload. `milliseconds` is its own import time, `None` where the smoke boot does not know it."""

    name: str
    at: At
    depth: int = 0
    fan_in: int = 0
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """What is imported from a dependency or the standard library, by its first part.

    `when` is its earliest moment, `importers` the modules of the upload that import it, in order; `milliseconds` is the
    time of all its modules together, `None` where that is not known.
    """

    name: str
    found: Found
    when: When
    importers: tuple[str, ...] = ()
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """What would be lighter or safer: a sentence with numbers, and what it would save at start in milliseconds."""

    said: str
    at: At = NO_PLACE
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ModuleMap:
    """The modules of an entry by how much it needs them; each tuple in order of depth and name.

    - `essential`: imported at start; `secondary`: at start as well, and it goes on without; `optional`: later, or for types
    - `outside`: what is imported from elsewhere, the most expensive first
    - `chain`: the longest way of imports at start that the graph knows, from the entry to the deepest module
    - `most_used`: modules and how many others import them
    - `milliseconds`: the whole import as far as it was timed, 0 where it was not
    """

    entry: str
    essential: tuple[Part, ...] = ()
    secondary: tuple[Part, ...] = ()
    optional: tuple[Part, ...] = ()
    outside: tuple[Outside, ...] = ()
    chain: tuple[str, ...] = ()
    most_used: tuple[tuple[str, int], ...] = ()
    advice: tuple[Advice, ...] = ()
    milliseconds: float = 0.0


def module_map(graph: Graph, boot: Boot) -> ModuleMap:
    """Return the map of a graph, with the times of a smoke boot as far as it came."""
    times = dict(boot.times)
    outside = tuple(sorted(_outside(graph, times), key=lambda one: (-(one.milliseconds or 0), one.name)))
    used = sorted((one for one in graph.modules if one.fan_in), key=lambda one: (-one.fan_in, one.name))
    return ModuleMap(
        entry=graph.entry,
        essential=_parts(graph, times, When.START),
        secondary=_parts(graph, times, When.GUARDED),
        optional=_parts(graph, times, When.LATER, When.TYPES),
        outside=outside,
        chain=_chain(graph),
        most_used=tuple((one.name, one.fan_in) for one in used[:_MOST_USED]),
        advice=(*_lazy(graph, outside, boot), *_relative(graph), *_cycles(graph)),
        milliseconds=sum(times.values()),
    )


def _parts(graph: Graph, times: dict[str, float], *moments: When) -> tuple[Part, ...]:
    return tuple(
        Part(one.name, one.at, one.depth, one.fan_in, times.get(one.name))
        for one in graph.modules
        if one.when in moments
    )


def _foreign(graph: Graph) -> Iterator[tuple[Module, Import]]:
    for module in graph.modules:
        for one in module.imports:
            if one.found in {Found.DECLARED, Found.UNDECLARED, Found.UNSURE, Found.STANDARD}:
                yield module, one


def _outside(graph: Graph, times: dict[str, float]) -> Iterator[Outside]:
    met: dict[str, list[tuple[Module, Import]]] = {}
    for module, one in _foreign(graph):
        met.setdefault(_owner(one), []).append((module, one))
    for name, uses in met.items():
        moments = [max(module.when, one.when, key=_order) for module, one in uses]
        own = [spent for timed, spent in times.items() if f"{timed}.".startswith(f"{name}.")]
        importers = tuple(sorted({module.name for module, _ in uses}))
        yield Outside(name, uses[0][1].found, min(moments, key=_order), importers, sum(own) if own else None)


def _owner(one: Import) -> str:
    """Return the part of a name that stands for all of it: `google.cloud.firestore`, and `fastapi` of all its parts."""
    parts = one.name.split(".")
    return ".".join(parts[:3]) if parts[0] == "google" else parts[0]


def _order(when: When) -> int:
    return tuple(When).index(when)


def _chain(graph: Graph) -> tuple[str, ...]:
    """Return the way from the entry to the deepest module at start, by least depths."""
    at_start = {one.name: one for one in graph.modules if one.when in _AT_START}
    if not at_start:
        return ()
    deepest = max(at_start.values(), key=lambda one: one.depth)
    way = [deepest]
    while way[-1].depth:
        above = _importer(way[-1], graph, at_start)
        if above is None:
            break
        way.append(above)
    return tuple(one.name for one in reversed(way))


def _importer(module: Module, graph: Graph, at_start: dict[str, Module]) -> Module | None:
    """Return a module one step nearer to the entry that imports this one, or a part of it."""
    nearer = (one for one in graph.modules if one.name in at_start and one.depth == module.depth - 1)
    return next(
        (
            one
            for one in nearer
            if any(
                f"{made.name}.".startswith(f"{module.name}.")
                for made in one.imports
                if made.when in _AT_START
            )
        ),
        None,
    )


def _lazy(graph: Graph, outside: tuple[Outside, ...], boot: Boot) -> Iterator[Advice]:
    """Advise to put off what is heavy and imported at start by a single module."""
    if boot.booted is not Booted.PASSED:
        return
    total = sum(spent for _, spent in boot.times)
    for one in outside:
        spent = one.milliseconds or 0.0
        if spent < HEAVY or len(one.importers) != 1 or one.when not in _AT_START or one.name == graph.entry:
            continue
        at = next(
            made.at
            for module, made in _foreign(graph)
            if _owner(made) == one.name and module.name == one.importers[0]
        )
        share = f"{100 * spent / total:.0f} % of {total:.0f} ms"
        yield Advice(
            f"{one.name} takes {spent:.0f} ms at start ({share}), and {one.importers[0]} alone imports it: "
            "imported in the functions that use it, it would not delay the start.",
            at,
            spent,
        )


def _relative(graph: Graph) -> Iterator[Advice]:
    """Advise relative imports within a package: they do not name the folder from which it has to be deployed."""
    counts: dict[str, int] = {}
    for module in graph.modules:
        package = module.name.partition(".")[0]
        inside = "." in module.name or module.at.path.endswith("__init__.py")
        own = {
            one.at
            for one in module.imports
            if inside and not one.relative and f"{one.name}.".startswith(f"{package}.")
        }
        counts[package] = counts.get(package, 0) + len(own)
    for package, count in sorted(counts.items()):
        if count:
            imports = "import" if count == 1 else "imports"
            yield Advice(
                f"{count} {imports} inside {package} {'names' if count == 1 else 'name'} {package} itself: written as "
                "`from .x import y` they hold wherever the package lies, also when its folder is renamed or the wrong "
                "one is deployed."
            )


def _cycles(graph: Graph) -> Iterator[Advice]:
    for cycle in graph.cycles:
        yield Advice(
            f"{' → '.join((*cycle, cycle[0]))} import each other at start: one of these could be put off."
        )
