"""source: Docker's patterns for paths, which are those of Go and not git's; and what .dockerignore leaves out.

As moby's patternmatcher has them: `*` and `?` stay within a folder, `**` crosses folders, the last pattern that matches
a path or one of its parents decides, and `!` takes back, below an ignored folder too.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

# Patterns past these sizes could take long to match; nobody writes them.
_MOST_PATTERNS = 1_000
_LONGEST = 1_000
_MOST_DEEP = 4


@dataclass(frozen=True, slots=True)
class Ignore:
    """The patterns of a .dockerignore. `refused` are those that are too long to be matched, and are passed over."""

    patterns: tuple[tuple[re.Pattern[str], bool], ...] = ()
    refused: int = 0
    # The folders that were matched so far, each with the places of the patterns that match it or one above it.
    folders: dict[str, frozenset[int]] = field(default_factory=dict, repr=False, compare=False)

    def leaves_out(self, path: str) -> bool:
        """Tell whether a path of the build context, relative and with slashes, does not reach the build."""
        out, above = False, self._matching_above(path)
        for index, (pattern, taken_back) in enumerate(self.patterns):
            # A pattern that would not change the answer need not be matched.
            if out == taken_back and (index in above or pattern.fullmatch(path)):
                out = not taken_back
        return out

    def _matching_above(self, path: str) -> frozenset[int]:
        """Return which patterns match a folder that a path lies in; each folder is matched once, for all that it holds."""
        folder = posixpath.dirname(path)
        if folder not in self.folders:
            matching: frozenset[int] = frozenset()
            for name in _from_the_top(folder):
                if name not in self.folders:
                    fits = (at for at, (pattern, _) in enumerate(self.patterns) if pattern.fullmatch(name))
                    self.folders[name] = matching.union(fits)
                matching = self.folders[name]
        return self.folders.get(folder, frozenset())


def _from_the_top(folder: str) -> Iterator[str]:
    """Yield the folders above a folder, and itself: `a`, `a/b`, `a/b/c`."""
    steps = folder.split("/") if folder else []
    return accumulate(steps, "{}/{}".format)


def read_ignore(text: str) -> Ignore:
    """Read a .dockerignore: a pattern a line, `#` at the start of a line is a comment."""
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines() if not line.startswith("#")]
    return ignore_of(line for line in lines if line)


def ignore_of(lines: Iterable[str]) -> Ignore:
    """Return what patterns leave out, as .dockerignore and `COPY --exclude` write them."""
    patterns: list[tuple[re.Pattern[str], bool]] = []
    refused = 0
    for line in lines:
        taken_back = line.startswith("!")
        pattern = _cleaned(line[1:].strip() if taken_back else line)
        if len(patterns) >= _MOST_PATTERNS or (compiled := compiled_pattern(pattern)) is None:
            refused += 1
        elif pattern:
            patterns.append((compiled, taken_back))
    return Ignore(tuple(patterns), refused)


@cache
def compiled_pattern(pattern: str, *, deep: bool = True) -> re.Pattern[str] | None:
    """Compile a pattern for fullmatch; None where it is too long. Without `deep`, `**` is no more than `*`.

    A star is matched as short as it can be and never tried again where another follows in the same folder, so that no
    pattern takes longer than the square of the path.
    """
    pattern = re.sub(r"(?:\*\*/)+", "**/", pattern)
    if len(pattern) > _LONGEST or (deep and pattern.count("**") > _MOST_DEEP):
        return None
    pieces = _pieces(pattern, deep=deep)
    parts: list[str] = []
    for index, piece in enumerate(pieces):
        if piece == "*":
            parts.append(_star(pieces, index))
        else:
            parts.append(piece)
            if _closes(pieces, index):
                parts.append(")")
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern), re.DOTALL)


def has_wildcard(path: str) -> bool:
    """Tell whether Docker would look for matches of a COPY source, rather than for the path itself."""
    return bool(re.search(r"[*?\[\\]", path))


def _cleaned(pattern: str) -> str:
    clean = posixpath.normpath(pattern.replace("\\\\", "/")) if pattern else ""
    return "" if clean in (".", "/") else clean.lstrip("/")


def _star(pieces: list[str], index: int) -> str:
    return "(?>[^/]*?" if _next_star(pieces, index + 1) else "[^/]*"


def _next_star(pieces: list[str], index: int) -> bool:
    """Tell whether another star follows before the folder ends."""
    for piece in pieces[index:]:
        if piece == "*":
            return True
        if piece == "/" or piece.startswith(("(?:.*/)?", ".*")):
            return False
    return False


def _closes(pieces: list[str], index: int) -> bool:
    """Tell whether the group of an earlier star ends here, before the next one."""
    if pieces[index + 1 : index + 2] != ["*"]:
        return False
    for piece in reversed(pieces[: index + 1]):
        if piece == "*":
            return True
        if piece == "/" or piece.startswith(("(?:.*/)?", ".*")):
            return False
    return False


def _pieces(pattern: str, *, deep: bool) -> list[str]:
    """Return pieces of a regular expression; a star stands for itself."""
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at) and deep:
            at += 2
            if pattern.startswith("/", at):
                at += 1
            pieces.append(".*" if at == len(pattern) else "(?:.*/)?")
            continue
        if char == "*":
            if pieces[-1:] != ["*"]:
                pieces.append("*")
        elif char == "?":
            pieces.append("[^/]")
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            pieces.append(_class(pattern[at + 1 : end]))
            at = end
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            pieces.append(re.escape(pattern[at]))
        else:
            pieces.append("/" if char == "/" else re.escape(char))
        at += 1
    return pieces


def _class(inner: str) -> str:
    negated = inner.startswith("^")
    body = re.sub(r"[\[\]&|~^]", r"\\\g<0>", inner[1:] if negated else inner).replace("--", "-\\-")
    return f"(?!/)[{'^' if negated else ''}{body}]"
