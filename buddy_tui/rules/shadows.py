"""rules: a file of the project that is called like a library or a part of Python, and is imported instead of it."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath
from typing import NamedTuple

from buddy_tui.boot.frames import is_project
from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.distributions import ambiguous, gone, in_python, well_known
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.origin import missing_module
from buddy_tui.rules.sayings import ATTRIBUTE, NAME, RENAME, file_of
from buddy_tui.rules.source_root import deploy_command
from buddy_tui.rules.words import blamed, flat, inside, is_machinery, told

_NO_PACKAGE = re.compile(r"No module named '(?P<name>[\w.]+)'; '(?P<module>[\w.]+)' is not a package")
# Parts of Python that are one file: nothing can lie below them, whoever comes first.
_PLAIN = frozenset(["calendar", "code", "platform", "queue", "statistics", "token", "types"])
# Packages of Python whose parts came and went with its versions, so that a missing one shows nothing.
_MOVING = frozenset(["compression", "importlib", "test", "tkinter", "unittest", "xml"])
# What projects call files of their own so often that a missing attribute is seldom Python's doing.
_OFTEN_WORDS = """
    abc bisect calendar cmd code copy csv enum glob heapq json logging math numbers operator profile queue random
    secrets select selectors signal site socket ssl statistics struct test threading time token tokenize traceback
    types uuid weakref
"""
_OFTEN = frozenset(_OFTEN_WORDS.split())
_SUBMODULES = frozenset([("logging", "config"), ("logging", "handlers"), ("json", "tool"), ("time", "clock")])


class _Shadow(NamedTuple):
    """What is hidden (`module`), what was asked of it (`name`), and by which file, as far as that is printed."""

    module: str
    name: str
    path: str
    sure: bool


def module_shadowed(evidence: Evidence) -> Finding | None:
    """Answer when a file of the project hides a library or a part of Python."""
    raised = blamed(evidence)
    if raised is None:
        return None
    message = flat(raised.message, 2000)
    for look in (_hinted, _no_package, _half_a_package, _asked_by_name, _often, _imported_by_a_library):
        if shadow := look(message, raised):
            return told(evidence, raised, _finding(shadow, evidence))
    return None


def _hinted(message: str, _raised: Raised) -> _Shadow | None:
    """Read Python's own hint. Where no part of Python is meant, it may be a circle: then the name decides."""
    hint, found = RENAME.search(message), NAME.search(message) or ATTRIBUTE.search(message)
    if hint is None or found is None:
        return None
    sure = hint["sure"] == "since"
    if not sure and not _foreign(PurePosixPath(hint["path"]).stem):
        return None
    return _Shadow(found["module"] or PurePosixPath(hint["path"]).stem, found["name"], hint["path"], sure)


def _no_package(message: str, raised: Raised) -> _Shadow | None:
    found = _NO_PACKAGE.search(message)
    if found is None:
        return None
    module = found["module"]
    path = file_of(module, raised)
    proven = bool(path) or (in_python(module) and "." not in module)
    return _Shadow(module, found["name"], path, _foreign(module) and module not in _PLAIN and proven)


def _half_a_package(_message: str, raised: Raised) -> _Shadow | None:
    """Notice that a part of one of Python's packages is missing: then it is not Python's package."""
    name = missing_module(raised)
    first = name.partition(".")[0]
    if "." not in name or not in_python(name) or gone(name) or first in _MOVING:
        return None
    return _Shadow(first, name, file_of(first, raised), sure=False)


def _asked_by_name(message: str, raised: Raised) -> _Shadow | None:
    found = NAME.search(message) or ATTRIBUTE.search(message)
    if found is None or not found["module"] or not _foreign(found["module"]):
        return None
    path = found["path"] or file_of(found["module"], raised)
    if not path or not is_project(path) or not _is_file_of(found["module"], path):
        return None
    told_where = bool(found["path"] or found["half"])
    sure = told_where and "." not in found["module"] and _not_in_a_circle(path, raised)
    return _Shadow(found["module"], found["name"], path, sure)


def _often(message: str, _raised: Raised) -> _Shadow | None:
    """Notice an attribute that a part of Python has not, where projects often have a file of that name."""
    found = ATTRIBUTE.search(message)
    if found is None or found["module"] not in _OFTEN or (found["module"], found["name"]) in _SUBMODULES:
        return None
    return _Shadow(found["module"], found["name"], "", sure=False)


def _imported_by_a_library(message: str, raised: Raised) -> _Shadow | None:
    """Notice that a library got a file of the project by an import: it never meant that, whatever failed in it."""
    frames = [frame for frame in raised.frames if not is_machinery(frame)]
    for asked, given in pairwise(frames):
        path = PurePosixPath(given.file)
        name = path.parent.name if path.stem == "__init__" else path.stem
        if asked.project or not given.project or given.function != "<module>" or not _foreign(name):
            continue
        if re.search(rf"\bimport\b.*\b{re.escape(name)}\b|\bfrom {re.escape(name)}\b", asked.source):
            asked_for = NAME.search(message) or ATTRIBUTE.search(message)
            missing = asked_for["name"] if asked_for else missing_module(raised)
            return _Shadow(name, missing, given.file, sure=False)
    return None


def _foreign(module: str) -> bool:
    return in_python(module) or (well_known(module) and not ambiguous(module))


def _is_file_of(module: str, path: str) -> bool:
    """Tell whether a path is that of a top-level module of this name: `/app/types.py`, `/app/flask/__init__.py`."""
    file = PurePosixPath(inside(path))
    return module.partition(".")[0] in (file.stem, *file.parent.parts[:1], file.parent.name)


def _not_in_a_circle(path: str, raised: Raised) -> bool:
    """Tell whether the file asked for itself, or a library asked for it: two modules of the project may be a circle."""
    after = list(_after(path, raised))
    return any(not project for _, project in after) or all(file == path for file, _ in after)


def _after(path: str, raised: Raised) -> Iterator[tuple[str, bool]]:
    """Yield file and kind of the frames from the first of this file on."""
    begun = False
    for frame in raised.frames:
        begun = begun or frame.file == path
        if begun and not is_machinery(frame):
            yield frame.file, frame.project


def _finding(shadow: _Shadow, evidence: Evidence) -> Finding:
    module = shadow.module
    file = inside(shadow.path) if shadow.path else f"{module.partition('.')[0]}.py"
    what = "a part of Python" if in_python(module) else "a package" if well_known(module) else "a folder"
    return Finding(
        Cause.MODULE_SHADOWED,
        Confidence.CERTAIN if shadow.sure else Confidence.LIKELY,
        boots=False,
        summary=f"{file} is called like {module}, {what}, and is imported instead of it.",
        short=f"{file} hides {module}",
        missing=shadow.name,
        fix=(
            f"git mv {file.removesuffix('/__init__.py')} {_other_name(file)}  # and the imports of it",
            deploy_command(evidence.revision),
        ),
        uncertain=() if shadow.sure else (_doubt(module, shadow),),
    )


def _doubt(module: str, shadow: _Shadow) -> str:
    if not shadow.path:
        return (
            f"That the project has a {module}.py or a folder {module}/ is inferred: its path is not printed."
        )
    return f"Two modules of the project that import each other, one of them called {module}, look alike."


def _other_name(file: str) -> str:
    """Return a name to call a file, or the folder whose `__init__.py` it is, instead."""
    whole = file.removesuffix("/__init__.py")
    stem = whole.removesuffix(".py")
    return f"{stem}_own{whole[len(stem) :]}"
