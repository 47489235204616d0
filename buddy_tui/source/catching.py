"""source: whether a failed import is caught, and the program goes on."""

import ast

_CATCHERS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def catches(kind: ast.expr | None) -> bool:
    """Tell whether an `except` of this kind catches an import that fails."""
    if kind is None:
        return True
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(ast.unparse(one).rpartition(".")[2] in _CATCHERS for one in kinds)


def gives_up(body: list[ast.stmt]) -> bool:
    """Tell whether a handler ends by raising, or by ending the program."""
    last = body[-1]
    return isinstance(last, ast.Raise) or (
        isinstance(last, ast.Expr)
        and isinstance(last.value, ast.Call)
        and ast.unparse(last.value.func) in {"sys.exit", "exit", "quit", "os._exit"}
    )


def suppresses(context: ast.expr) -> bool:
    """Tell whether the context of a `with` is `suppress(ImportError)` or more."""
    return (
        isinstance(context, ast.Call)
        and ast.unparse(context.func).rpartition(".")[2] == "suppress"
        and any(catches(one) for one in context.args)
    )
