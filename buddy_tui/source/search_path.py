"""source: the folders that a program adds to `sys.path`, as far as their words are plain."""

import ast
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_ADDS = frozenset({"sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir"})
_PATHS = frozenset({"sys.path", "sys.path[:]", "sys.path[0:0]", "sys.path[:0]"})
_SAME = frozenset(
    {"str", "Path", "pathlib.Path", "PurePath", "pathlib.PurePath", "fspath", "os.fspath"}
    | {
        f"{path}{name}"
        for path in ("os.path.", "path.", "osp.", "")
        for name in ("abspath", "realpath", "normpath")
    }
)
_JOINS = frozenset({"os.path.join", "path.join", "osp.join", "join"})
_PARENTS = frozenset({"os.path.dirname", "path.dirname", "osp.dirname", "dirname"})
_HERE = frozenset({"os.getcwd", "getcwd", "Path.cwd", "pathlib.Path.cwd"})
_UNCHANGED = frozenset({"resolve", "absolute", "as_posix", "__str__"})
_DEEPEST = 40


class _NotPlainError(Exception):
    """An expression that cannot be followed."""


@dataclass(slots=True)
class Folders:
    """What one module adds to the path. `place` is where it lies in the image, `workdir` where the process runs.

    `added` are absolute folders of the image, `lost` is set when one could not be followed.
    """

    place: str
    workdir: str
    assigned: Mapping[str, ast.expr] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    lost: bool = False

    def look_at(self, statement: ast.stmt | ast.expr) -> None:
        """Take the folders that a statement without others inside it adds."""
        for expression in _additions(statement):
            try:
                self.added.append(self._absolute(self._text(expression, 0)))
            except _NotPlainError:
                self.lost = True

    def _absolute(self, folder: str) -> str:
        return posixpath.normpath(posixpath.join(self.workdir, folder))

    def _text(self, one: ast.expr, depth: int) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a form
        """Return an expression's path. Raises _NotPlainError where that depends on more than this file."""
        if depth > _DEEPEST:
            raise _NotPlainError
        match one:
            case ast.Constant(str(value)):
                return value
            case ast.Name("__file__"):
                return self.place
            case ast.Name(name) if name in self.assigned:
                return self._text(self.assigned[name], depth + 1)
            case ast.Attribute(value, "parent"):
                return posixpath.dirname(self._text(value, depth + 1))
            case ast.Attribute(_, "sep"):
                return "/"
            case ast.Attribute(_, "pardir"):
                return ".."
            case ast.Subscript(ast.Attribute(value, "parents"), ast.Constant(int(times))):
                return self._up(self._text(value, depth + 1), times + 1)
            case ast.BinOp(left, ast.Div(), right):
                return posixpath.join(self._text(left, depth + 1), self._text(right, depth + 1))
            case ast.BinOp(left, ast.Add(), right):
                return self._text(left, depth + 1) + self._text(right, depth + 1)
            case ast.JoinedStr(values):
                return "".join(self._text(part, depth + 1) for part in values)
            case ast.FormattedValue(value):
                return self._text(value, depth + 1)
            case ast.Call():
                return self._called(one, depth + 1)
        raise _NotPlainError

    def _called(self, call: ast.Call, depth: int) -> str:
        name = ast.unparse(call.func)
        if name in _HERE:
            return self.workdir
        if name in _SAME and len(call.args) == 1:
            return self._whole(self._text(call.args[0], depth), name)
        if name in _PARENTS and len(call.args) == 1:
            return posixpath.dirname(self._text(call.args[0], depth))
        if name in _JOINS and call.args:
            return posixpath.join(*(self._text(part, depth) for part in call.args))
        if isinstance(call.func, ast.Attribute):
            if call.func.attr in _UNCHANGED:
                return self._whole(self._text(call.func.value, depth), "resolve")
            if call.func.attr == "joinpath":
                return posixpath.join(
                    self._text(call.func.value, depth), *(self._text(part, depth) for part in call.args)
                )
        raise _NotPlainError

    def _whole(self, path: str, how: str) -> str:
        """Return the path as `abspath`, `normpath` or `resolve` would; `str` and `Path` change nothing."""
        if how.endswith(("abspath", "realpath", "resolve")):
            return self._absolute(path)
        return posixpath.normpath(path) if how.endswith("normpath") else path

    @staticmethod
    def _up(path: str, times: int) -> str:
        for _ in range(min(times, _DEEPEST)):
            path = posixpath.dirname(path)
        return path


def _additions(statement: ast.stmt | ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions of the folders that a statement puts on the path."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in _ADDS:
            yield from _elements(node.args[-1])
    if isinstance(statement, ast.AugAssign) and ast.unparse(statement.target) in _PATHS:
        yield from _elements(statement.value)
    if isinstance(statement, ast.Assign) and any(ast.unparse(one) in _PATHS for one in statement.targets):
        yield from _elements(statement.value)


def _elements(value: ast.expr) -> Iterator[ast.expr]:
    """Yield what a list holds, what the lists of a sum hold, and else the value itself; `sys.path` adds nothing."""
    if isinstance(value, ast.List | ast.Tuple):
        for one in value.elts:
            if not isinstance(one, ast.Starred):
                yield one
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and _lists(value):
        yield from _elements(value.left)
        yield from _elements(value.right)
    elif ast.unparse(value) not in _PATHS:
        yield value


def _lists(total: ast.BinOp) -> bool:
    return any(isinstance(one, ast.List) or ast.unparse(one) in _PATHS for one in (total.left, total.right))


def assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that statements assign to, each with its expression."""
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            yield statement.targets[0].id, statement.value


def own_parts(statement: ast.stmt) -> Iterator[ast.stmt | ast.expr]:
    """Yield a statement without others inside it as it is, and of another its expressions alone."""
    if isinstance(getattr(statement, "body", None), list) or isinstance(statement, ast.Match):
        for _, value in ast.iter_fields(statement):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.expr):
                    yield one
                elif isinstance(one, ast.withitem):
                    yield one.context_expr
    else:
        yield statement
