"""rules: what Python says of a name that it could not import or get from a module, in all its versions."""

import re

from buddy_tui.boot.values import Raised

NAME = re.compile(
    r"cannot import name ['\"]?(?P<name>\w+)['\"]?(?: from (?P<half>partially initialized module )?"
    r"['\"](?P<module>[\w.]+)['\"])?(?: \(most likely due to a circular import\))?(?: \((?P<path>[^)]*)\))?"
)
ATTRIBUTE = re.compile(
    r"(?P<half>partially initialized )?module ['\"](?P<module>[\w.]+)['\"](?: from '(?P<path>[^']+)')? "
    r"has no attribute ['\"](?P<name>\w+)['\"]"
)
SUBMODULE = re.compile(r"cannot access submodule '(?P<name>\w+)' of module '(?P<module>[\w.]+)'")
# Since 3.13, when the file lies in the folder that the program was started from.
RENAME = re.compile(r"consider renaming '(?P<path>[^']+)' (?P<sure>since|if) it has the same name")
CIRCLE = "most likely due to a circular import"


def file_of(module: str, raised: Raised) -> str:
    """Return the file of the project that a module came from where the traceback shows it, else an empty text."""
    tail = f"/{module.replace('.', '/')}"
    files = (frame.file for frame in raised.frames if frame.project)
    return next((file for file in files if f"/{file}".endswith((f"{tail}.py", f"{tail}/__init__.py"))), "")
