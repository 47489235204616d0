"""probes: JSON pointers (RFC 6901)."""

import re
from typing import Final

from buddy_tui.question import Scalar

_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")


class Missing:
    """Nothing is there: unlike `None`, which is JSON's null."""


MISSING: Final = Missing()


def pointed(document: object, pointer: str) -> object:
    """Return what `pointer` leads to in a parsed JSON document, or `MISSING`. An empty one means the whole document."""
    found = document
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and _INDEX.fullmatch(name) and int(name) < len(found):
            found = found[int(name)]
        else:
            return MISSING
    return found if not pointer or pointer.startswith("/") else MISSING


def equal(found: object, expected: Scalar) -> bool:
    """Compare as JSON does: 1 is 1.0, and it is neither true nor "1"."""
    return isinstance(found, bool) is isinstance(expected, bool) and found == expected
