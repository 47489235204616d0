"""source: which branch of an `if` the image's Python takes, as far as that is plain from its words."""

import ast
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from buddy_tui.source.standard import version_of

_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = MappingProxyType(
    {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.In: lambda left, right: left in right,
        ast.NotIn: lambda left, right: left not in right,
    }
)
# What a container on Cloud Run says of itself.
_LINUX: Mapping[str, object] = MappingProxyType(
    {
        "sys.platform": "linux",
        "os.name": "posix",
        "platform.system()": "Linux",
        "sys.implementation.name": "cpython",
        "platform.python_implementation()": "CPython",
        "os.sep": "/",
    }
)


class _NotPlainError(Exception):
    """An expression whose value depends on more than the Python that runs it."""


def for_types(test: ast.expr) -> bool:
    """Tell whether a condition is `TYPE_CHECKING`, however that was imported."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def is_main(test: ast.expr) -> bool:
    """Tell whether a condition is `__name__ == "__main__"`."""
    return isinstance(test, ast.Compare) and ast.unparse(test) in {
        "__name__ == '__main__'",
        "'__main__' == __name__",
    }


def truth(test: ast.expr, python: str) -> bool | None:
    """Return what a condition is in the image (Linux, `python` as `3.11`), or `None` where that is not plain."""
    try:
        return bool(_value(test, version_of(python)))
    except (_NotPlainError, TypeError, IndexError, RecursionError):
        return None


def _value(expression: ast.expr, version: tuple[int, int]) -> object:  # noqa: PLR0911 - one line a form
    match expression:
        case ast.Constant(value):
            return value
        case ast.Tuple(elts) | ast.List(elts) | ast.Set(elts):
            return tuple(_value(one, version) for one in elts)
        case ast.UnaryOp(ast.Not(), operand):
            return not _value(operand, version)
        case ast.BoolOp(op, values):
            return _joined(isinstance(op, ast.And), values, version)
        case ast.Compare(left, [op], [right]) if type(op) in _COMPARED:
            return _COMPARED[type(op)](_value(left, version), _value(right, version))
        case ast.Call(ast.Attribute(subject, "startswith"), [prefix], []):
            return str(_value(subject, version)).startswith(str(_value(prefix, version)))
        case ast.Attribute() | ast.Name() | ast.Call() if for_types(expression):
            return False
        case ast.Attribute() | ast.Name() | ast.Call():
            return _named(ast.unparse(expression), version)
        case ast.Subscript(value, index):
            return _part(_value(value, version), index)
    raise _NotPlainError


def _joined(every: bool, values: list[ast.expr], version: tuple[int, int]) -> bool:  # noqa: FBT001 - and, or
    """Return `a and b` or `a or b`; one side that decides is enough."""
    unknown = False
    for one in values:
        try:
            if bool(_value(one, version)) is not every:
                return not every
        except _NotPlainError:
            unknown = True
    if unknown:
        raise _NotPlainError
    return every


def _named(words: str, version: tuple[int, int]) -> object:
    if words in _LINUX:
        return _LINUX[words]
    if version == (0, 0):
        # Python 2 is nowhere on Cloud Run: the one comparison of versions that is always plain.
        if words in {"sys.version_info.major", "six.PY3", "PY3"}:
            return 3
        raise _NotPlainError
    known = {
        "sys.version_info": (*version, 0, "final", 0),
        "sys.version_info.major": version[0],
        "sys.version_info.minor": version[1],
        "six.PY2": False,
        "six.PY3": True,
        "PY2": False,
        "PY3": True,
    }
    if words not in known:
        raise _NotPlainError
    return known[words]


def _part(whole: object, index: ast.expr) -> object:
    match whole, index:
        case tuple(), ast.Constant(int(at)):
            return whole[at]
        case tuple(), ast.Slice(None, ast.Constant(int(end)), None):
            return whole[:end]
    raise _NotPlainError
