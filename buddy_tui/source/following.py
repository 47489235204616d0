"""source: what the statements of one module ask for, and which modules of the upload they lead to."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from buddy_tui.errors import BuddyError
from buddy_tui.source.finders import Kind, Spot
from buddy_tui.source.imports import Read, Setting, Statement, read_imports
from buddy_tui.source.lookup import Answer, Lookup, whole_name
from buddy_tui.source.reading import Reader, as_source, listed
from buddy_tui.source.standard import standard
from buddy_tui.source.values import At, Entry, Found, Image, Import, When


@dataclass(frozen=True, slots=True)
class Node:
    """A module on the way. `place` is where it lies; `package` the package that its relative imports start from."""

    name: str
    spot: Spot
    package: str
    main: bool = False


@dataclass(slots=True)
class Following:
    """Reads modules, each once, and follows their statements as `lookup` knows things by now."""

    lookup: Lookup
    image: Image
    entry: Entry
    reader: Reader
    reads: dict[tuple[str, bool], Read] = field(default_factory=dict)

    def node(self, name: str) -> Node | None:
        """Return a module of the upload, or None where there is none or only a namespace."""
        spots = self.lookup.spots(name)
        if len(spots) <= name.count(".") or spots[-1].kind is Kind.NAMESPACE:
            return None
        spot = spots[-1]
        return Node(name, spot, name if spot.folders else name.rpartition(".")[0])

    def imports(self, node: Node, statement: Statement) -> Iterator[tuple[Import, str]]:
        """Yield what one statement imports, each with the module of the upload that it leads to, or nothing."""
        at = At(self.lookup.files[node.spot.place], statement.line)
        base = _absolute(node, statement)
        if not base:
            written = "." * statement.level + statement.name
            yield Import(written, at, statement.when, relative=True), ""
            return
        relative = statement.level > 0
        for name, base_too in self._names(base, statement):
            answer = self.lookup.answer(name)
            if answer.found is Found.NOWHERE and base_too:
                yield Import(name, at, statement.when, relative=relative), base
            else:
                here = answer.found is Found.HERE
                yield (
                    Import(name, at, statement.when, answer.found, answer.target, answer.elsewhere, relative),
                    name if here else _part_found(name, answer),
                )

    def read(self, node: Node) -> Read:
        """Return what a module's text tells."""
        key = (node.spot.place, node.main)
        if key not in self.reads:
            self.reads[key] = self._read_now(node)
        return self.reads[key]

    def has(self, module: str, name: str) -> bool:
        """Tell whether a module of the upload has a name once it is imported, or may have."""
        inner = f"{module}.{name}"
        return self._may_have(module, name, set()) or len(self.lookup.spots(inner)) > inner.count(".")

    def _names(self, base: str, statement: Statement) -> Iterator[tuple[str, bool]]:
        """Yield the modules that a statement asks for, and whether one is a name that its module has not."""
        answer = self.lookup.answer(base)
        if not statement.taken or answer.found is not Found.HERE or not answer.spots:
            for taken in statement.taken or ("*",):
                yield whole_name(base, taken), False
            return
        for taken in statement.taken:
            inner = f"{base}.{taken}"
            if taken == "*" or self._binds(base, taken):
                yield base, False
            elif len(self.lookup.spots(inner)) == inner.count(".") + 1:
                yield inner, False
            elif self._may_have(base, taken, set()) or statement.when is When.TYPES:
                yield base, False
            else:
                yield inner, True

    def _binds(self, base: str, name: str) -> bool:
        node = self.node(base)
        return node is not None and name in self.read(node).bound

    def _may_have(self, base: str, name: str, asked: set[str]) -> bool:
        """Tell whether a module of the upload has a name, or may have: only a plain no is one."""
        asked.add(base)
        node = self.node(base)
        if node is None:
            return False
        read = self.read(node)
        if name in read.bound or read.open or name.startswith("__") or standard(base, self.image.python):
            return True
        for statement in read.statements:
            if statement.taken == ("*",):
                source = _absolute(node, statement)
                here = bool(source) and self.lookup.answer(source).found is Found.HERE
                if not here or (source not in asked and self._may_have(source, name, asked)):
                    return True
        return False

    def _read_now(self, node: Node) -> Read:
        if node.spot.kind is Kind.OPAQUE:
            return Read(open=True)
        called = (
            frozenset({self.entry.attribute.partition("(")[0]} - {""})
            if node.name == self.entry.module
            else (frozenset())
        )
        setting = Setting(node.spot.place, self.image.workdir, self.image.python, node.main, called)
        try:
            file = listed(self.lookup.upload, self.lookup.files[node.spot.place])
            return read_imports(as_source(self.reader.read(file), file.path), setting)
        except BuddyError as error:
            return Read(open=True, trouble=str(error))


def _part_found(name: str, answer: Answer) -> str:
    """Return as much of a dotted name as lies in the upload."""
    return ".".join(name.split(".")[: len(answer.spots)]) if answer.spots else ""


def _absolute(node: Node, statement: Statement) -> str:
    """Return the whole name of what a statement imports from; empty for a relative import that leads out of the top."""
    if not statement.level:
        return statement.name
    package = node.package.split(".") if node.package else []
    if statement.level > len(package):
        return ""
    return ".".join(
        [*package[: len(package) - statement.level + 1], *([statement.name] if statement.name else [])]
    )
