"""report: foreign text made harmless in Markdown: plain words stay as they are, any other is shown as code.

Log lines, labels and names may hold Markdown, HTML, links, images, `@mentions` and `#references`; what is inside code
is none of these to any renderer. So a word that consists of letters, digits and plain punctuation stays, and every
other one becomes code, which is how a path, a module or a revision is best shown anyway.
"""

import re
from collections.abc import Iterable, Iterator

from buddy_tui.clean import clean, clean_line

_WORD = re.compile(r"(?P<before>\(*)(?P<word>.*?)(?P<after>[.,;:)?!]*)")
_PLAIN = re.compile(r"[\"']?[^\W_](?:[^\W_]|[-.,;:()'\"/%+=→…])*|[-→…=+/%]")
# What renderers make links of: names with a dot inside (files, modules, hosts), addresses, emoji, commits, issues.
_LINKED = re.compile(
    r"\w\.[^\W\d]|[^\W\d]\.\w|:/|//|:\w+:|\bwww\b|\b(?=[a-f]*\d)[0-9a-f]{7,}\b|\bGH-\d|\b\w+:\w+:",
    re.IGNORECASE,
)
# So much is shown of a text that somebody else wrote.
_LONGEST = 1000
_MOST_LINES = 12
_TICKS = re.compile(r"`+")
# What would begin a list, where it begins a line.
_BEGINS = re.compile(r"\d+[.)]|[-→…=+/%]+")


def words(text: str) -> str:
    """Return a text as Markdown for the inside of a line, with everything that is not a plain word as code."""
    text = clean_line(text)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return " ".join(_shown(word, first=not place) for place, word in enumerate(text.split()))


def code(text: str) -> str:
    """Return a text on one line as code, fenced by more backticks than it has anywhere in a row."""
    text = clean_line(text)
    if not text:
        return ""
    ticks = "`" * (_longest_run(text) + 1)
    blank = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def fenced(lines: Iterable[str], language: str = "text") -> Iterator[str]:
    """Yield a block of code, whose fence is longer than any run of backticks inside. `language` is ours."""
    shown = [line[:_LONGEST] for text in lines for line in clean(text).splitlines()][:_MOST_LINES]
    if not shown:
        return
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    yield f"{fence}{language}"
    yield from shown
    yield fence


def _shown(word: str, *, first: bool) -> str:
    found = _WORD.fullmatch(word)
    before, inner, after = found.groups() if found else ("", word, "")
    if first and (_BEGINS.fullmatch(word) or not inner):
        return code(word)
    if not _PLAIN.fullmatch(inner) or _LINKED.search(word):
        return f"{before}{code(inner)}{after}" if inner else code(word)
    return word


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
