"""source: what belongs to the standard library of an image's Python.

From the "What's New" pages of Python 3.9 to 3.14. Modules that no version from 3.8 on has are not listed.
"""

import sys
from collections.abc import Mapping
from types import MappingProxyType

# The first minor version of Python 3 without the module.
_REMOVED: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("_bootlocale", "dummy_threading"), 9),
        **dict.fromkeys(("formatter", "parser", "symbol"), 10),
        **dict.fromkeys(("binhex",), 11),
        **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), 12),
        **dict.fromkeys(
            ("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib"),
            13,
        ),
        **dict.fromkeys(
            (
                "nis",
                "nntplib",
                "ossaudiodev",
                "pipes",
                "sndhdr",
                "spwd",
                "sunau",
                "telnetlib",
                "uu",
                "xdrlib",
            ),
            13,
        ),
    }
)
# The first minor version with the module.
_ADDED: Mapping[str, int] = MappingProxyType(
    {"graphlib": 9, "zoneinfo": 9, "tomllib": 11, "annotationlib": 14, "compression": 14, "_pyrepl": 13}
)
_NAMES = sys.stdlib_module_names | _REMOVED.keys() | _ADDED.keys()


def version_of(python: str) -> tuple[int, int]:
    """Return `3.11.4` as `(3, 11)`; `(0, 0)` where it is empty or no version."""
    parts = python.split(".")
    if len(parts) > 1 and parts[0].isdecimal() and parts[1].isdecimal():
        return int(parts[0]), int(parts[1])
    return 0, 0


def standard(module: str, python: str) -> bool:
    """Tell whether a dotted module is in the standard library of `python` (`3.11`).

    Where the version is not known, what any version from 3.8 on has is taken to be there.
    """
    first, (_, minor) = module.partition(".")[0], version_of(python)
    if first not in _NAMES:
        return False
    return not minor or _ADDED.get(first, 0) <= minor < _REMOVED.get(first, 1000)
