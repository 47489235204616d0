"""source: the import graph of an entry module over an upload as it lies in the image, without running anything."""

import gc
import heapq
import posixpath
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

from buddy_tui.clean import clean_line
from buddy_tui.source.cycles import cycles_of
from buddy_tui.source.declared import Declared
from buddy_tui.source.finders import Kind, Spot
from buddy_tui.source.following import Following, Node
from buddy_tui.source.imports import Read
from buddy_tui.source.lookup import INSTALLED, Answer, Lookup
from buddy_tui.source.reading import Reader
from buddy_tui.source.standard import standard
from buddy_tui.source.values import At, Entry, Found, Graph, Image, Import, Maker, Module, Upload, When

_RANK = {when: rank for rank, when in enumerate(When)}
_AT_START = frozenset({When.START, When.GUARDED})
# Modules may add folders to the path in which others are found that add more.
_MOST_ROUNDS = 5
_SERVERS = {
    "uvicorn": "uvicorn",
    "gunicorn": "gunicorn",
    "hypercorn": "hypercorn",
    "functions-framework": "functions_framework",
    "flask": "flask",
    "django": "django",
    "fastapi": "fastapi",
    "streamlit": "streamlit",
    "daphne": "daphne",
    "granian": "granian",
    "waitress-serve": "waitress",
}
# Loaded before any folder of the program is looked at, and parts that no program means.
_NOT_HIDDEN = frozenset(sys.builtin_module_names) | {
    *(
        "os",
        "io",
        "abc",
        "codecs",
        "site",
        "stat",
        "genericpath",
        "posixpath",
        "ntpath",
        "encodings",
        "zipimport",
    ),
    *("test", "this", "antigravity", "idlelib", "turtledemo", "__main__"),
}


def graph_of(
    upload: Upload, image: Image, entry: Entry, *, declared: Declared, whole: Upload | None = None
) -> Graph:
    """Return what the entry module imports, directly and not; `whole` is the project where the upload is a part of it.

    Reads the modules that are reached and nothing else; runs nothing. A module that cannot be read is in the graph with
    its trouble. Raises nothing for what is wrong in the source.
    """
    with Reader(upload.root) as reader, _uncollected():
        files = dict(image.files) | _installed(upload, declared)
        path = (*entry.path, *(f"{INSTALLED}/{folder}".rstrip("/.") for folder in declared.folders))
        lookup = Lookup(upload, files, image.python, declared, whole, tuple(dict.fromkeys(path)))
        return _Reached(lookup, image, entry, Following(lookup, image, entry, reader)).graph()


def needed(graph: Graph) -> Iterator[tuple[Module, Import]]:
    """Yield the imports without which the entry module cannot be imported, each with the module that has it."""
    for module in graph.modules:
        if module.when is When.START:
            yield from ((module, one) for one in module.imports if one.when is When.START)


def _installed(upload: Upload, declared: Declared) -> dict[str, str]:
    """Return the files of the upload that the image installs as packages, by a place of their own."""
    folders = tuple("" if folder == "." else f"{folder}/" for folder in declared.folders)
    return (
        {f"{INSTALLED}/{file.path}": file.path for file in upload.files if file.path.startswith(folders)}
        if (folders)
        else {}
    )


@dataclass(slots=True)
class _Settled:
    node: Node
    when: When
    depth: int
    read: Read
    imports: tuple[Import, ...] = ()
    targets: frozenset[str] = frozenset()
    at_start: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Reached:
    """The modules that were reached so far."""

    lookup: Lookup
    image: Image
    entry: Entry
    following: Following
    settled: dict[str, _Settled] = field(default_factory=dict)

    def graph(self) -> Graph:
        """Follow the imports, again where modules have added folders to the path, and put it all together."""
        start = self._start()
        if start is None:
            return self._not_found()
        with warnings.catch_warnings():
            # What the compiler thinks of escapes in somebody's strings is not asked here.
            warnings.simplefilter("ignore")
            for _ in range(_MOST_ROUNDS):
                self._walk(start)
                if not self._learned():
                    break
        return Graph(
            entry=start.name,
            modules=self._modules(),
            cycles=cycles_of({name: one.at_start for name, one in self.settled.items()}),
            shadows=tuple(self._shadows()),
        )

    def _start(self) -> Node | None:
        """Return the entry module, or None where it is not in the upload as the image has it."""
        if self.entry.script:
            if self.entry.script not in self.lookup.files:
                return None
            name = posixpath.basename(self.entry.script).removesuffix(".py")
            return Node(name, Spot(Kind.MODULE, self.entry.script), "", main=True)
        name, main = self.entry.module, self.entry.server == "python -m"
        node = self.following.node(name) if name else None
        if main and (node is None or node.spot.kind is Kind.PACKAGE):
            node = self.following.node(f"{name}.__main__")
        return replace(node, main=True) if node and main else node

    def _not_found(self) -> Graph:
        """Answer for an entry that is not in the upload: it may be installed, or lie elsewhere in the project."""
        if self.entry.script:
            inner = posixpath.relpath(self.entry.script, self.image.workdir)
            name = inner.removesuffix(".py").replace("/", ".")
            return Graph(self.entry.script, roots=() if inner.startswith("..") else self.lookup.roots(name))
        name = self.entry.module
        answer = self.lookup.answer(name) if name else Answer(Found.NOWHERE)
        if answer.found in {Found.STANDARD, Found.DECLARED, Found.UNDECLARED}:
            imported = Import(name, self.entry.at, found=answer.found, target=answer.target)
            return Graph(name, (Module(name, self.entry.at, imports=(imported,)),))
        return Graph(name, roots=self.lookup.roots(name) if name else ())

    def _walk(self, start: Node) -> None:
        """Settle each module at its earliest moment and, of that, at its least depth."""
        self.settled.clear()
        waiting = [(0, 0, start.name)]
        nodes: dict[str, Node | None] = {start.name: start}
        while waiting:
            rank, depth, name = heapq.heappop(waiting)
            node = nodes[name] if name in nodes else nodes.setdefault(name, self.following.node(name))
            if node is None or name in self.settled:
                continue
            when = tuple(When)[rank]
            one = self.settled[name] = _Settled(node, when, depth, self.following.read(node))
            for moment, target in self._settle(one):
                for parent in _with_parents(target):
                    if parent not in self.settled:
                        heapq.heappush(waiting, (max(rank, _RANK[moment]), depth + 1, parent))

    def _settle(self, one: _Settled) -> list[tuple[When, str]]:
        """Note a module's imports; return the modules of the upload that they lead to, each with its moment."""
        imports: dict[Import, str] = {}
        for statement in one.read.statements:
            for imported, leads_to in self.following.imports(one.node, statement):
                imports.setdefault(imported, leads_to)
        if one.depth == 0:
            imports |= {made: made.name if made.found is Found.HERE else "" for made in self._servers()}
        one.imports = tuple(imports)
        reached = [(imported.when, to) for imported, to in imports.items() if to and to != one.node.name]
        one.targets = frozenset(to for _, to in reached)
        one.at_start = frozenset(to for when, to in reached if when in _AT_START)
        return reached + [(When.START, parent) for parent in _with_parents(one.node.name)[:-1]]

    def _learned(self) -> bool:
        """Take up what the modules do to the path and to the modules; tell whether that may change an answer."""
        reads = [one.read for one in self.settled.values()]
        path = tuple(
            dict.fromkeys((*self.lookup.path, *(folder for read in reads for folder in read.folders)))
        )
        made = {name for read in reads for name in read.made}
        opened = {name for name, one in self.settled.items() if one.read.open and one.node.spot.folders}
        lost = any(read.lost for read in reads)
        before = (self.lookup.path, self.lookup.made, self.lookup.open, self.lookup.lost)
        self.lookup.path, self.lookup.made, self.lookup.open, self.lookup.lost = path, made, opened, lost
        self.lookup.forget()
        return before != (path, made, opened, lost)

    def _servers(self) -> Iterator[Import]:
        """Yield what is taken beside the entry module: its server and worker, what these load, and what is served.

        The server that a buildpack chooses is one that it installs.
        """
        worker = self.entry.worker
        if worker.rpartition(".")[2][:1].isupper():
            worker = worker.rpartition(".")[0]
        server = "" if self.image.maker is Maker.BUILDPACK else _SERVERS.get(self.entry.server, "")
        for name in (server, worker if "." in worker else "", *self.entry.also):
            if name and name != self.entry.module:
                answer = self.lookup.answer(name)
                yield Import(name, self.entry.at, When.START, answer.found, answer.target, answer.elsewhere)
        module, served = self.entry.module, self.entry.served
        if module in self.settled and served and not self.following.has(module, served.partition(".")[0]):
            yield Import(f"{module}.{served}", self.entry.at)

    def _modules(self) -> tuple[Module, ...]:
        fan_in: dict[str, int] = {}
        for one in self.settled.values():
            for target in one.targets:
                fan_in[target] = fan_in.get(target, 0) + 1
        answered = {
            made.target
            for one in self.settled.values()
            for made in one.imports
            if made.found is Found.DECLARED
        }
        unsure = bool(self.lookup.declared.opaque - answered)
        modules = (
            Module(
                name,
                At(self.lookup.files[one.node.spot.place], one.read.line),
                one.depth,
                one.when,
                fan_in.get(name, 0),
                tuple(self._doubted(made) if unsure else made for made in one.imports),
                clean_line(one.read.trouble),
            )
            for name, one in self.settled.items()
        )
        return tuple(sorted(modules, key=lambda one: (one.depth, one.name)))

    def _doubted(self, imported: Import) -> Import:
        """Take back a `nowhere` that a dependency may answer whose modules are not known."""
        foreign = imported.found is Found.NOWHERE and self.lookup.answer(imported.name).foreign
        return replace(imported, found=Found.UNSURE) if foreign else imported

    def _shadows(self) -> Iterator[tuple[str, At]]:
        told = set()
        # What is installed comes after the standard library, and hides nothing.
        for folder in (one for one in self.entry.path if not one.endswith("-packages")):
            for name, spot in self.lookup.tops(folder):
                hides = standard(name, self.image.python) or self.lookup.declared.distribution(name)
                if hides and name not in _NOT_HIDDEN and name not in told:
                    told.add(name)
                    yield name, At(self.lookup.files[spot.place])


@lru_cache(maxsize=10_000)
def _with_parents(name: str) -> tuple[str, ...]:
    """Return a dotted name and those of its packages, the outermost first."""
    parts = name.split(".")
    return tuple(".".join(parts[:count]) for count in range(1, len(parts) + 1))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles away: it would go through all that was read, again and again, and find none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
