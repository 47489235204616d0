"""The nine repairs of the incident: each a tree that is really uploaded, and none mends the cause."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from buddy_tui.emulator.story import Deployment
from buddy_tui.emulator.tree import Tree

_FIRST_IMPORT = "from Back_End.whiteboard_metrics import Whiteboard\n"
_OWN_COMMAND = '"Back_End.main:app"'
_BARE_COMMAND = '"main:app"'
_OWN_IMPORT = re.compile(r"^from Back_End\.(\w+) import (.+)$", re.MULTILINE)
_SYS_PATH = 'import sys\n\nsys.path.insert(0, "/app")\n'
_NO_ENV: Mapping[str, str] = MappingProxyType({})
_PYTHONPATH = MappingProxyType({"PYTHONPATH": "/app"})


def fixes(project: Tree) -> tuple[Deployment, ...]:
    """Return the nine, in order. They build on one another, as they did in those two days."""
    plain = project.inside("Back_End")
    pinned = plain.written("requirements.txt", "uvicorn==0.34.0\n")
    on_path = pinned.edited("main.py", _FIRST_IMPORT, f"{_SYS_PATH}{_FIRST_IMPORT}")
    guarded = _with_fallbacks(on_path, "main.py")
    renamed = guarded.edited("Dockerfile", _OWN_COMMAND, _BARE_COMMAND)
    deeper = _with_fallbacks(renamed, "whiteboard_metrics.py")
    restored = deeper.edited("Dockerfile", _BARE_COMMAND, _OWN_COMMAND)
    package = restored.written("__init__.py", f'"""Buddy\'s backend."""\n\n{_SYS_PATH}')
    moved = package.edited("Dockerfile", "WORKDIR /app\n", "WORKDIR /app/Back_End\n")
    return (
        _fix("00029-q7v", (6, 15, 4, 17), plain, "from inside Back_End/, which is more direct"),
        _fix("00030-h2k", (6, 15, 31, 42), pinned, "pin uvicorn; 1 GiB of memory", memory="1Gi"),
        _fix("00031-wzd", (6, 16, 12, 8), on_path, "put /app on sys.path in main.py"),
        _fix("00032-n5c", (6, 17, 40, 55), guarded, "try/except around the imports of main.py"),
        _fix("00033-x8r", (9, 14, 22, 31), renamed, "start main:app instead of Back_End.main:app"),
        _fix("00034-b4m", (9, 15, 9, 3), deeper, "try/except one level deeper"),
        _fix(
            "00035-kt6",
            (9, 16, 37, 26),
            restored,
            "Back_End.main:app again, with PYTHONPATH",
            env=_PYTHONPATH,
        ),
        _fix("00036-d9j", (9, 18, 15, 49), package, "set the path up in __init__.py", env=_PYTHONPATH),
        _fix("00037-v3f", (9, 20, 48, 12), moved, "WORKDIR /app/Back_End, without PYTHONPATH"),
    )


def _fix(
    revision: str,
    when: tuple[int, int, int, int],
    tree: Tree,
    idea: str,
    *,
    memory: str = "512Mi",
    env: Mapping[str, str] = _NO_ENV,
) -> Deployment:
    day, hour, minute, second = when
    at = datetime(2026, 2, day, hour, minute, second, tzinfo=UTC)
    return Deployment(revision, at, tree, idea, memory, env)


def _with_fallbacks(tree: Tree, path: str) -> Tree:
    """Wrap every import from `Back_End` in try/except, as those do who cannot see why it fails."""
    fallback = r"try:\n    from Back_End.\1 import \2\nexcept ModuleNotFoundError:\n    from \1 import \2"
    return tree.written(path, _OWN_IMPORT.sub(fallback, tree.files[path].decode()))
