"""source: the import statements of one module, read from its text and never run."""

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from buddy_tui.source.by_name import CALLS, imported_by_name
from buddy_tui.source.catching import catches, gives_up, suppresses
from buddy_tui.source.conditions import for_types, is_main, truth
from buddy_tui.source.module_text import lines_with, made_in, may_have_more, mentions, walrus_names
from buddy_tui.source.search_path import Folders, assignments, own_parts
from buddy_tui.source.values import When

_ORDER = tuple(When)
# What counts in a function as well as outside of one: a statement without these is soon done with.
_COUNTING = ("import", "global")
# Only then is it worth the time to look into expressions, as for CALLS.
_PATH = ("sys.path", "addsitedir")
# Syntax that a newer Python than this one may know: type parameters, nested f-strings, bare `except a, b`, t-strings.
_NEWER = re.compile(
    r"^\s*type\s+\w|\b(?:def|class)\s+\w+\s*\[|\b[rR]?[fFtT][rR]?[\"']|\bexcept\*?\s[^:(]*,|\blazy\s"
)


def newer_syntax(line: str, message: str) -> bool:
    """Tell whether a line that this Python cannot read may be good in a newer one; `message` is the SyntaxError's."""
    return bool(_NEWER.search(line)) or "f-string" in message


def later_of(*moments: When) -> When:
    """Return the latest of some moments: what is imported for types within a function is for types."""
    return max(moments, key=_ORDER.index)


@dataclass(frozen=True, slots=True)
class Statement:
    """One import. `level` counts the dots before `name`; `taken` are the names after `from … import`, else empty."""

    name: str
    line: int
    when: When = When.START
    level: int = 0
    taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """What the text of a module tells.

    - `bound`: names that it has once it is imported, those of `import *` excepted
    - `open`: it may have others, or change where its parts are looked for, in ways that no statement shows
    - `folders`: what it adds to `sys.path`, absolute in the image; `lost` when that could not be followed
    - `made`: modules that it puts into `sys.modules` by name
    - `trouble`, `line`: why it cannot be read; both empty where only a newer Python could tell
    """

    statements: tuple[Statement, ...] = ()
    bound: frozenset[str] = frozenset()
    open: bool = False
    folders: tuple[str, ...] = ()
    lost: bool = False
    made: frozenset[str] = frozenset()
    trouble: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a module is read for: its `place` in the image, the process's `workdir`, the image's `python` (`3.11`).

    `main` when it is run as `__main__`; `called` are functions that somebody calls at start, such as an app factory.
    """

    place: str = ""
    workdir: str = "/"
    python: str = ""
    main: bool = False
    called: frozenset[str] = frozenset()


def read_imports(text: str, setting: Setting = Setting()) -> Read:
    r"""Return what a module's text imports, binds and adds to the path; its lines end in `\n`.

    Raises nothing: trouble is in the result.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return _unreadable(error, text)
    except (ValueError, RecursionError, MemoryError) as error:
        return Read(open=True, trouble=f"{type(error).__name__}: {error}")
    return _Reader(text, tree, setting).read()


def _unreadable(error: SyntaxError, text: str) -> Read:
    line = error.lineno or 0
    lines = text.splitlines()
    told = lines[line - 1] if 0 < line <= len(lines) else ""
    if newer_syntax(told, error.msg):
        return Read(open=True)
    return Read(open=True, trouble=f"{type(error).__name__}: {error.msg}", line=line)


@dataclass(frozen=True, slots=True)
class _Block:
    """Statements that run at one moment; `module` when the names that they bind are the module's."""

    body: list[ast.stmt]
    when: When
    module: bool


@dataclass(slots=True)
class _Reader:
    """Goes through the statements of a module; of those that bind no name of its own, only where something counts."""

    text: str
    tree: ast.Module
    setting: Setting
    statements: list[Statement] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)
    called: frozenset[str] = frozenset()
    lines: list[int] = field(default_factory=list)

    def read(self) -> Read:
        text, body = self.text, self.tree.body
        folders = Folders(self.setting.place, self.setting.workdir)
        dynamic, path = mentions(text, CALLS), mentions(text, _PATH)
        if path:
            folders.assigned = dict(assignments(body))
        self.called = self.setting.called | frozenset(_called(body))
        self.lines = lines_with(text, (*_COUNTING, *(_PATH if path else ())))
        # A stack, and no recursion: a long chain of elif is as deep as it is long.
        blocks = [_Block(body, When.START, module=True)]
        while blocks:
            block = blocks.pop()
            for statement in block.body:
                counts = self._counts(statement)
                if counts or block.module:
                    blocks += self._inside(statement, block)
                if counts and dynamic:
                    self.statements += (
                        Statement(name, line, block.when, level)
                        for name, line, level in imported_by_name(statement)
                    )
                if counts and path:
                    for one in own_parts(statement):
                        folders.look_at(one)
        return Read(
            statements=tuple(sorted(self.statements, key=lambda one: (one.line, one.name))),
            # Too many names do no harm.
            bound=frozenset(self.bound.union(walrus_names(text))),
            open=may_have_more(text),
            folders=tuple(dict.fromkeys(folders.added)),
            lost=folders.lost,
            made=made_in(text),
        )

    def _counts(self, statement: ast.stmt) -> bool:
        """Tell whether something may stand in a statement, or in its decorators, that counts in a function as well."""
        decorators = getattr(statement, "decorator_list", None)
        at = bisect_left(self.lines, decorators[0].lineno if decorators else statement.lineno)
        return at < len(self.lines) and self.lines[at] <= (statement.end_lineno or 0)

    def _inside(self, statement: ast.stmt, block: _Block) -> Iterator[_Block]:
        """Note what a statement imports and binds, and yield the blocks inside it."""
        when, module = block.when, block.module
        match statement:
            case ast.Import() | ast.ImportFrom():
                self._imported(statement, block)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._bind(block, statement.name)
                if self._counts(statement):
                    yield _Block(statement.body, self._moment(statement, block), module=False)
            case ast.If():
                yield from self._branches(statement, block)
            case ast.Try() | ast.TryStar():
                yield from _tried(statement, block)
            case ast.With() | ast.AsyncWith():
                self._bind_targets(block, [one.optional_vars for one in statement.items if one.optional_vars])
                caught = any(suppresses(one.context_expr) for one in statement.items)
                yield _Block(statement.body, later_of(when, When.GUARDED) if caught else when, module)
            case ast.For() | ast.AsyncFor() | ast.While():
                if not isinstance(statement, ast.While):
                    self._bind_targets(block, [statement.target])
                yield _Block(statement.body, when, module)
                yield _Block(statement.orelse, when, module)
            case ast.Match():
                self._bind_patterns(block, statement)
                guarded = later_of(when, When.GUARDED)
                yield from (_Block(case.body, guarded, module) for case in statement.cases)
            case _:
                self._simple(statement, block)

    def _moment(
        self, statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, block: _Block
    ) -> When:
        """Return when the body of a class or a function runs."""
        at_once = isinstance(statement, ast.ClassDef) or (block.module and statement.name in self.called)
        return block.when if at_once else later_of(block.when, When.LATER)

    def _branches(self, statement: ast.If, block: _Block) -> Iterator[_Block]:
        when, module, unlikely = block.when, block.module, later_of(block.when, When.GUARDED)
        if not self._counts(statement):
            # Nobody will ask for the moment of what is bound there.
            yield _Block(statement.body, when, module)
            yield _Block(statement.orelse, when, module)
            return
        if is_main(statement.test):
            moment = when if self.setting.main else later_of(when, When.LATER)
            yield _Block(statement.body, moment, module)
            yield _Block(statement.orelse, when, module)
            return
        known = truth(statement.test, self.setting.python)
        body, other = (unlikely, unlikely) if known is None else (when, when)
        if known is False or for_types(statement.test):
            body = When.TYPES
        elif known is True:
            other = When.TYPES
        yield _Block(statement.body, body, module)
        yield _Block(statement.orelse, other, module)

    def _imported(self, statement: ast.Import | ast.ImportFrom, block: _Block) -> None:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                self._bind(block, alias.asname or alias.name.partition(".")[0])
                self.statements.append(Statement(alias.name, statement.lineno, block.when))
            return
        if statement.module == "__future__":
            return
        for alias in statement.names:
            if alias.name != "*":
                self._bind(block, alias.asname or alias.name)
        taken = tuple(alias.name for alias in statement.names)
        self.statements.append(
            Statement(statement.module or "", statement.lineno, block.when, statement.level, taken)
        )

    def _simple(self, statement: ast.stmt, block: _Block) -> None:
        """Note the names that a statement without others inside it binds."""
        match statement:
            case ast.Assign(targets):
                self._bind_targets(block, targets)
            case ast.AnnAssign(target):
                self._bind_targets(block, [target])
            case ast.Global(names):
                self.bound.update(names)
            case _ if type(statement).__name__ == "TypeAlias":
                self._bind_targets(block, [getattr(statement, "name")])  # noqa: B009 - of Python 3.12

    def _bind(self, block: _Block, name: str) -> None:
        if block.module:
            self.bound.add(name)

    def _bind_targets(self, block: _Block, targets: Iterable[ast.expr]) -> None:
        if block.module:
            for target in targets:
                nodes = (target,) if isinstance(target, ast.Name) else ast.walk(target)
                self.bound.update(node.id for node in nodes if isinstance(node, ast.Name))

    def _bind_patterns(self, block: _Block, statement: ast.Match) -> None:
        for node in (node for case in statement.cases for node in ast.walk(case.pattern)):
            name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
            if name:
                self._bind(block, name)


def _tried(statement: ast.Try | ast.TryStar, block: _Block) -> Iterator[_Block]:
    """Yield the blocks of a `try`: guarded where a failed import is caught and does not end the program after all."""
    caught = any(catches(handler.type) and not gives_up(handler.body) for handler in statement.handlers)
    guarded = later_of(block.when, When.GUARDED)
    body = guarded if caught else block.when
    yield _Block(statement.body, body, block.module)
    yield _Block(statement.orelse, body, block.module)
    yield _Block(statement.finalbody, block.when, block.module)
    for handler in statement.handlers:
        yield _Block(handler.body, guarded, block.module)


def _called(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the functions that a module calls by their bare names while it is imported: `app = create_app()`."""
    for statement in body:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            yield value.func.id
