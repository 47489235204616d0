"""source: modules that a call imports by a name that stands in it."""

import ast
import re
from collections.abc import Iterator

from buddy_tui.source.search_path import own_parts

CALLS = ("import_module", "__import__")


def imported_by_name(statement: ast.stmt) -> Iterator[tuple[str, int, int]]:
    """Yield what `import_module("x")` and `__import__("x")` import, statements inside this one left out.

    Each is a name without leading dots, its line, and how many dots stood before it. What is computed cannot be known.
    """
    for call in (node for part in own_parts(statement) for node in ast.walk(part)):
        if isinstance(call, ast.Call) and call.args and ast.unparse(call.func).endswith(CALLS):
            name = call.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield from _constant(name.value, call)


def _constant(name: str, call: ast.Call) -> Iterator[tuple[str, int, int]]:
    bare = name.lstrip(".")
    dots = len(name) - len(bare)
    package = (
        call.args[1]
        if len(call.args) > 1
        else next((one.value for one in call.keywords if one.arg == "package"), None)
    )
    if dots and isinstance(package, ast.Constant):
        bare, dots = f"{package.value!s}.{bare}", 0
    elif dots and not (package and ast.unparse(package) in {"__package__", "__name__"}):
        return
    if re.fullmatch(r"\w+(\.\w+)*", bare):
        yield bare, call.lineno, dots
