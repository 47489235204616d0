"""source: what the words of a module tell beside its statements, and on which lines it is worth the time to look.

A search for plain words takes a small part of the time that a look at each expression would.
"""

import re
from collections.abc import Iterable

# Names may come to be in ways that no statement shows.
_OPEN = ("__getattr__", "sys.modules", "__dict__", "lazy")
_CALLS = ("globals(", "locals(", "vars(", "exec(", "setattr(")
_CALLED = re.compile(r"\b(?:globals|locals|vars|exec|setattr)\(")
_MODULES = re.compile(
    r"""sys\.modules\[\s*["']([\w.]+)["']\s*\]\s*=|sys\.modules\.setdefault\(\s*["']([\w.]+)["']"""
)
_WALRUS = re.compile(r"\b(\w++)\s*+:=")


def mentions(text: str, words: Iterable[str]) -> bool:
    """Tell whether one of some words stands anywhere in a text, be it within another word."""
    return any(map(text.__contains__, words))


def lines_with(text: str, words: Iterable[str]) -> list[int]:
    r"""Return the lines (from 1, each ends in `\n`) on which one of some words stands, in order."""
    told = [word for word in words if word in text]
    lines = enumerate(text.split("\n"), 1) if told else ()
    return [at for at, line in lines if mentions(line, told)]


def may_have_more(text: str) -> bool:
    """Tell whether a module may have names, or look for its parts, in ways that no statement shows."""
    return mentions(text, _OPEN) or (mentions(text, _CALLS) and bool(_CALLED.search(text)))


def made_in(text: str) -> frozenset[str]:
    """Return the modules that a module puts into `sys.modules` by name."""
    if "sys.modules" not in text:
        return frozenset()
    return frozenset(one or other for one, other in _MODULES.findall(text))


def walrus_names(text: str) -> list[str]:
    """Return the names before a `:=` anywhere, those in functions and in texts as well."""
    return _WALRUS.findall(text) if ":=" in text else []
