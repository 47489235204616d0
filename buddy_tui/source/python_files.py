"""source: what a Python file says of the server that it starts, read without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buddy_tui.source.launch import Launch

# What starts a server in a program, and what it listens on when it is told nothing, as each one documents.
_RUNNERS = {
    "uvicorn.run": ("127.0.0.1", "8000"),
    "web.run_app": ("0.0.0.0", "8080"),  # noqa: S104
    "waitress.serve": ("0.0.0.0", "8080"),  # noqa: S104
    "Flask": ("127.0.0.1", "5000"),
    "Quart": ("127.0.0.1", "5000"),
    "Dash": ("127.0.0.1", "8050"),
    "Bottle": ("127.0.0.1", "8080"),
    "Sanic": ("127.0.0.1", "8000"),
}
_PAIRS = frozenset(("HTTPServer", "ThreadingHTTPServer", "TCPServer", "ThreadingTCPServer", "WSGIServer"))
_SETTINGS = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True, slots=True)
class Started:
    """A server that a file starts itself: the module that it names as text, and what it listens on, as it is written."""

    module: str = ""
    host: str = ""
    port: str = ""


def started_by(tree: ast.Module) -> Started:
    """Return the server that a file starts: `uvicorn.run`, `app.run` of Flask, `web.run_app`, `HTTPServer`.

    A host or port that is no constant is given as its expression, one assignment followed: `int(os.environ['PORT'])`.
    """
    names = _assigned(tree)
    imported = _imported(tree)
    for call in _calls(tree):
        name = _dotted(call.func)
        name = imported.get(name, name)
        if name.rpartition(".")[2] in _PAIRS and call.args and isinstance(call.args[0], ast.Tuple):
            host, port = [*map(_written, call.args[0].elts), "", ""][:2]
            parts = [_said(part, names) for part in call.args[0].elts[:2]]
            return Started("", *(parts if len(parts) == 2 else (host, port)))
        kind = _kind(name, call, names)
        if kind is not None:
            return _run(call, names, kind)
    return Started()


def settings_of(tree: ast.Module | None) -> str:
    """Return the settings module of Django that a file sets: `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)`."""
    for call in _calls(tree) if tree else ():
        told = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
        if len(told) == 2 and told[0] == _SETTINGS and _dotted(call.func).endswith(("setdefault", "putenv")):
            return str(told[1])
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            target, value = node.targets[0], node.value
            if _SETTINGS in _written(target) and isinstance(value, ast.Constant):
                return str(value.value)
    return ""


def constants_of(tree: ast.Module | None) -> dict[str, str]:
    """Return what a file assigns to plain names at its top; what is no constant as its expression."""
    found: dict[str, str] = {}
    for node in tree.body if tree else ():
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = _said(node.value, _assigned(tree) if tree else {})
    return found


def django_modules(launch: Launch, settings: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the settings, and the apps in INSTALLED_APPS that lie in the image: Django imports them at its start."""
    tree = launch.tree(launch.module_file(settings, path)) if settings else None
    told = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)] if tree else []
    lists = [value for value in told if isinstance(value, ast.List | ast.Tuple)]
    words = [one.value for each in lists for one in each.elts if isinstance(one, ast.Constant)]
    apps = [_app(launch, str(word), path) for word in words if isinstance(word, str) and word.isascii()]
    return tuple(dict.fromkeys(one for one in (settings, *apps) if one))


def _app(launch: Launch, name: str, path: tuple[str, ...]) -> str:
    """Return the module of an entry of INSTALLED_APPS, an app's configuration class included; empty for foreign ones."""
    above = name.rpartition(".")[0]
    return next((one for one in (name, above) if one and launch.module_file(one, path)), "")


def _run(call: ast.Call, names: dict[str, ast.expr], default: tuple[str, str]) -> Started:
    told = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    host, port = told.get("host"), told.get("port")
    first = call.args[0] if call.args else told.get("app")
    module = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    return Started(
        module.partition(":")[0] if ":" in module else "",
        _said(host, names) if host else default[0],
        _said(port, names) if port else default[1],
    )


def _kind(name: str, call: ast.Call, names: dict[str, ast.expr]) -> tuple[str, str] | None:
    """Return what a call listens on by default; None where it starts no server that is known."""
    if name in _RUNNERS and "." in name:
        return _RUNNERS[name]
    owner, _, verb = name.rpartition(".")
    if verb not in ("run", "run_server") or not owner:
        return None
    made = names.get(owner)
    kind = _dotted(made.func).rpartition(".")[2] if isinstance(made, ast.Call) else ""
    if kind in _RUNNERS:
        return _RUNNERS[kind]
    told = {keyword.arg for keyword in call.keywords}
    return ("", "") if told & {"host", "port"} else None


def _said(node: ast.expr, names: dict[str, ast.expr]) -> str:
    """Return a constant as its value, anything else as its expression; a name stands for what was assigned to it."""
    if isinstance(node, ast.Name) and node.id in names:
        node = names[node.id]
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.left, ast.Constant):
        inner = _said(node.right, names)
        return f"{_said(node.left, {})}{inner if isinstance(node.right, ast.Constant) else '{' + inner + '}'}"
    if isinstance(node, ast.List) and len(node.elts) == 1:
        return _said(node.elts[0], {})
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{" + _inner(part, names) + "}"
            for part in node.values
        )
    return _written(node)


def _inner(part: ast.expr, names: dict[str, ast.expr]) -> str:
    return _said(part.value, names) if isinstance(part, ast.FormattedValue) else _written(part)


def _assigned(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        node.targets[0].id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    }


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return the whole names of what is imported from servers: `from uvicorn import run` makes `run` one."""
    return {
        one.asname or one.name: f"{node.module}.{one.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("uvicorn", "waitress")
        for one in node.names
    }


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _written(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""
