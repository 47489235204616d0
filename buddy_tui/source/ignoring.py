r"""source: which rules of .gcloudignore or .gitignore leave a path out, as gcloud reads them.

gcloud says that it follows gitignore's syntax, and does not quite, so that pathspec's `GitIgnoreSpec` would choose other
files. All of this is how `gcloud meta list-files-for-upload` behaves:

- only a leading slash, or a `**`, ties a pattern to the root; with a slash in its middle it matches at any depth
- a backslash only makes `#`, `!` and trailing blanks literal: `\*` is still a wildcard; `[!a]` is a class, `[^a]` is not
- `*` as the first part of a pattern matches no name that is more than one folder down, unless that folder's name is a
  single letter; it may also stand for the root, so `*/a` matches `a`
- `a/**` matches `a` itself
"""

import fnmatch
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from buddy_tui.clean import clean_line
from buddy_tui.errors import UsageProblem
from buddy_tui.source.reading import read_below
from buddy_tui.source.values import NO_PLACE, At

_GCLOUD, _GIT = ".gcloudignore", ".gitignore"
# What gcloud leaves out by itself in a folder that git knows, before what .gitignore says.
_DEFAULTS = (_GCLOUD, ".git", _GIT)
_INCLUDE = "!include:"
_MOST = 1 << 20
_MOST_LINES = 20_000
_ODD_BACKSLASHES = re.compile(r"(?<!\\)\\(\\\\)*$")


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of an ignore file. `parts` are its names, from the left: each a pattern, `None` for `**`.

    An empty first name is the root itself. `top` says that the first part is a bare `*`.
    """

    text: str
    at: At
    negated: bool
    folders_only: bool
    parts: tuple[re.Pattern[str] | None, ...]
    top: bool

    def fits(self, names: Sequence[str]) -> bool:
        """Tell whether the pattern matches a path, given as its names; it is matched from the right."""
        # How many names may be left when the parts so far have matched; -1 is when not even the root is.
        left = {len(names)}
        for place, part in enumerate(reversed(self.parts), 1):
            if self.top and place == len(self.parts):
                left = {one for one in left if one < 2 or (one == 2 and len(names[0]) == 1)}
            left.discard(-1)
            if not left:
                return False
            if part is None:
                left = set(range(max(left) + 1))
            else:
                left = {one - 1 for one in left if part.match(names[one - 1] if one else "")}
        return bool(left)


class Rules:
    """The rules of an upload; the last one that matches a path decides. `file` is where they stand."""

    def __init__(self, rules: Sequence[Rule] = (), file: str = "") -> None:
        self.file = file
        self._last_first = tuple(reversed(rules))
        lasts = {rule.parts[-1] for rule in rules}
        # Almost no path matches any rule: one pattern of all last parts tells, where none of them is `**`.
        one_of = "|".join(sorted(part.pattern for part in lasts if part)) or "(?!)"
        self._may_match = re.compile("" if None in lasts else one_of).match

    def leaving_out(self, path: str, *, folder: bool) -> Rule | None:
        """Return the rule that leaves a path (with slashes) out; its folders are known to be taken."""
        names = [os.path.normcase(name) for name in path.split("/")]
        if not self._may_match(names[-1]):
            return None
        for rule in self._last_first:
            if (folder or not rule.folders_only) and rule.fits(names):
                return None if rule.negated else rule
        return None


def rules_of(root: Path) -> Rules:
    """Read the rules for a root, which is resolved already.

    `.gcloudignore` alone where there is one; else gcloud's defaults and `.gitignore` where git knows the folder; else
    none. Raises UsageProblem where gcloud refuses (an `#!include` of what is not there or not in the root), and where
    a file of rules is no regular file of the root, no text, or endless: without its rules, anything might go along.
    Raises OSError where nothing in the root can be looked at.
    """
    text = _text(root, _GCLOUD)
    if text is not None:
        return Rules(_bounded(_rules(root, _GCLOUD, text, includes=True)), _GCLOUD)
    ignored = (root / _GIT).exists()
    if not (ignored or (root / ".git").exists()):
        return Rules()
    defaults = [rule for name in _DEFAULTS if (rule := _rule(name, NO_PLACE))]
    if not ignored:
        return Rules(defaults)
    return Rules([*defaults, *_bounded(_included(root, _GIT, NO_PLACE))], _GIT)


def _bounded(lines: Iterator[Rule | None]) -> list[Rule]:
    told = list(islice(lines, _MOST_LINES + 1))
    if len(told) > _MOST_LINES:
        raise UsageProblem(
            f"There are more than {_MOST_LINES} lines of rules, which nobody can have written."
        )
    return [rule for rule in told if rule]


def _rules(root: Path, name: str, text: str, *, includes: bool) -> Iterator[Rule | None]:
    """Yield what each line says, `None` for nothing."""
    for number, line in enumerate(text.splitlines(), 1):
        at = At(name, number)
        yield None if line.startswith("#") else _rule(line, at)
        sign, include, file = line.partition(_INCLUDE)
        if not include or sign[:1] != "#" or sign[1:].strip():
            continue
        if "/" in file:
            told = f"{clean_line(name)}:{number} includes {clean_line(file)}"
            raise UsageProblem(f"{told}, which is not beside it.")
        if includes:
            yield from _included(root, file, at)


def _included(root: Path, name: str, at: At) -> Iterator[Rule | None]:
    text = _text(root, name) if name else None
    if text is None:
        by = f", which {at.path}:{at.line} includes" if at.path else ""
        raise UsageProblem(
            f"There are no rules to read in {clean_line(name) or 'a file without a name'}{by}."
        )
    yield from _rules(root, name, text, includes=False)


def _text(root: Path, name: str) -> str | None:
    """Return the text of an ignore file; `None` where there is no file of that name."""
    try:
        real = Path(os.path.realpath(root / name, strict=True))
        kind = real.lstat().st_mode
    except OSError:
        return None
    if stat.S_ISDIR(kind):
        return None
    if not real.is_relative_to(root):
        raise UsageProblem(f"{clean_line(name)} is a link out of the folder, and is not read.")
    try:
        return read_below(root, real.relative_to(root).as_posix(), _MOST).decode()
    except UnicodeDecodeError:
        raise UsageProblem(f"{clean_line(name)} is not UTF-8, so its rules cannot be read.") from None


def _rule(line: str, at: At) -> Rule | None:
    """Return the rule of a line; `None` when it is blank or ends in a lone backslash."""
    negated = line.startswith("!")
    said = line[1:] if negated else line
    folders_only = said.endswith("/")
    said = _with_blanks(said.removesuffix("/"))
    if _ODD_BACKSLASHES.search(said):
        return None
    said = re.sub(r"\\([^\\])", r"\1", said).replace("\\\\", "\\")
    if not said:
        return None
    names = said.split("/")
    if "**" in names and names[0]:
        names.insert(0, "")
    parts = tuple(None if name == "**" else _part(name) for name in names)
    return Rule(clean_line(line), at, negated, folders_only, parts, names[0] == "*")


def _with_blanks(said: str) -> str:
    """Strip trailing blanks but an escaped one, and unescape blanks."""
    bare = said.rstrip(" ")
    if bare != said and _ODD_BACKSLASHES.search(bare):
        bare += " "
    return bare.replace("\\ ", " ")


def _part(name: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(os.path.normcase(name)))
