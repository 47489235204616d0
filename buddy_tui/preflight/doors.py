"""preflight: where a script says that it listens, read from its calls. Nothing is run, and a doubt is no answer."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from buddy_tui.preflight.values import Facts
from buddy_tui.source.values import NO_PLACE, At

# What stands for a port that is taken from the environment.
FROM_PORT = "$PORT"
# How far an assignment is followed from name to name.
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Door:
    """Where a process listens: `host` and `port` as they are written; an empty one is not known, and no fault.

    `by` says who decided: a server by itself or as the command says, or a call in the script. It is `sure` unless it may
    be a door beside another, such as one for health checks alone.
    """

    host: str = ""
    port: str = ""
    by: str = ""
    at: At = NO_PLACE
    sure: bool = True


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that listens: where its host and port stand among the positions, and what they are when not said.

    `pair` says that both are one tuple at position `host_at`; `sure` as in a Door.
    """

    host: str = ""
    port: str = ""
    host_at: int = -1
    port_at: int = -1
    pair: bool = False
    sure: bool = True


_PAIR = _Call(host_at=0, pair=True, sure=False)
# By the last name of what is called. Defaults as their documentation says.
_CALLS: Mapping[str, _Call] = MappingProxyType(
    {
        "uvicorn.run": _Call("127.0.0.1", "8000"),
        "web.run_app": _Call("0.0.0.0", "8080"),  # noqa: S104 - aiohttp's default
        "bottle.run": _Call("127.0.0.1", "8080"),
        "waitress.serve": _Call("0.0.0.0", "8080"),  # noqa: S104 - waitress's default
        "HTTPServer": _PAIR,
        "ThreadingHTTPServer": _PAIR,
        "TCPServer": _PAIR,
        "ThreadingTCPServer": _PAIR,
        "WSGIServer": _PAIR,
        "make_server": _Call(host_at=0, port_at=1, sure=False),
        "start_server": _Call(host_at=1, port_at=2, sure=False),
        "add_insecure_port": _Call(sure=False),
        "add_secure_port": _Call(sure=False),
        "Flask().run": _Call("127.0.0.1", "5000", 0, 1),
        "Quart().run": _Call("127.0.0.1", "5000", 0, 1),
    }
)
_MADE = ("Flask", "Quart")


def told_by_script(facts: Facts) -> Door | None:
    """Return where the entry script listens; `None` where it does not say it plainly, or says it in several ways."""
    path = _script(facts)
    try:
        tree = ast.parse(facts.texts.get(path, ""))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    doors = {(door.host, door.port): door for door in _doors(tree, path)}
    return next(iter(doors.values())) if len(doors) == 1 else None


def _script(facts: Facts) -> str:
    if facts.entry.script:
        return facts.image.files.get(facts.entry.script, "")
    return next((module.at.path for module in facts.graph.modules), "")


def _doors(tree: ast.Module, path: str) -> Iterator[Door]:
    values, origins = _assigned(tree), _from(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node.func, values, origins)
        call = _CALLS.get(name) or _CALLS.get(name.rpartition(".")[2] if "run" not in name else "")
        if call:
            host, port = _told(node, call, values)
            yield Door(host, port, f"{ast.unparse(node.func)}()", At(path, node.lineno), sure=call.sure)


def _told(node: ast.Call, call: _Call, values: Mapping[str, ast.expr]) -> tuple[str, str]:
    if call.pair:
        pair = node.args[call.host_at] if node.args else None
        if not isinstance(pair, ast.Tuple) or len(pair.elts) < 2:
            return "", ""
        return _value(pair.elts[0], values), _value(pair.elts[1], values)
    said = {one.arg: one.value for one in node.keywords if one.arg}
    if len(said) < len(node.keywords) or any(isinstance(one, ast.Starred) for one in node.args):
        return "", ""  # `**options` may say anything
    for key, at in (("host", call.host_at), ("port", call.port_at)):
        if 0 <= at < len(node.args):
            said.setdefault(key, node.args[at])
    host = _value(said["host"], values) if "host" in said else call.host
    port = _value(said["port"], values) if "port" in said else call.port
    return host, port


def _value(node: ast.expr, values: Mapping[str, ast.expr], depth: int = 0) -> str:
    """Return a constant as text, `$PORT` for what is read from that variable, empty for anything else."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name) and node.id in values and depth < _DEEPEST:
        return _value(values[node.id], values, depth + 1)
    words = {
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    return FROM_PORT if "PORT" in words else ""


def _called(func: ast.expr, values: Mapping[str, ast.expr], origins: Mapping[str, str]) -> str:
    """Return what is called as a key of the table: `uvicorn.run`, `Flask().run`, `HTTPServer`."""
    if isinstance(func, ast.Name):
        return origins.get(func.id, func.id)
    if not isinstance(func, ast.Attribute):
        return ""
    owner = func.value
    if isinstance(owner, ast.Name):
        made = values.get(owner.id)
        maker = made.func if isinstance(made, ast.Call) else None
        kind = (
            maker.attr
            if isinstance(maker, ast.Attribute)
            else maker.id
            if isinstance(maker, ast.Name)
            else ""
        )
        return f"{kind}().{func.attr}" if kind in _MADE else f"{origins.get(owner.id, owner.id)}.{func.attr}"
    return func.attr


def _assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Return names that are assigned once, with what; a name that is assigned twice may be either."""
    values: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for node in ast.walk(tree):
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                twice.update({target.id} & values.keys())
                values[target.id] = value
    return {name: value for name, value in values.items() if name not in twice}


def _from(tree: ast.Module) -> dict[str, str]:
    """Return what imported names stand for: `serve` -> `waitress.serve`, `web` -> `web`."""
    origins: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            origins |= {one.asname: one.name for one in node.names if one.asname}
        elif isinstance(node, ast.ImportFrom) and node.module in {"uvicorn", "waitress", "bottle"}:
            origins |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return origins
