"""A Markdown document to read: laid out once for a width, however long it is.

Textual's own Markdown is three widgets for every item of a list: a timeline of hundreds takes seconds to build.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from buddy_tui.clean import clean

_HEADINGS = {"h1": "bold $text-primary", "h2": "bold $text-primary", "h3": "bold"}
_BULLETS = ("• ", "- ")
_CODE = "$text-success"
_CODE_INDENT = 2
# What is left to people stands out.
_OPEN, _OPEN_TONE = re.compile(r"\bTODO\b"), "bold $text-warning"
_LEAST = 10


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, an item of a list, or a line of code.

    `mark` stands before its first line, and the others begin below its text. `gap` asks for a blank line above.
    """

    text: Content
    mark: str = ""
    indent: int = 0
    gap: bool = False
    heading: bool = False


class Document(Widget):
    """Markdown as one reads it. Only links to addresses that begin with one of `trusted` can be clicked."""

    DEFAULT_CSS = """
    Document { height: auto; link-style: underline; link-color: $text-primary; link-background: transparent; }
    """

    class Followed(Message):
        """A trusted link was clicked."""

        def __init__(self, address: str) -> None:
            super().__init__()
            self.address = address

    source: reactive[str] = reactive("", layout=True)

    def __init__(self, trusted: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._trusted = trusted

    def render(self) -> Content:
        """Lay it out in the width at hand."""
        return Content("\n").join(self.laid_out(self.size.width)[0])

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of lines in `width` cells."""
        return len(self.laid_out(width)[0])

    @property
    def headings(self) -> tuple[int, ...]:
        """The lines on which headings stand."""
        return self.laid_out(self.size.width)[1]

    def action_follow(self, number: int) -> None:
        """Tell that a link was clicked, by its number in the document."""
        self.post_message(self.Followed(addresses(self.source)[number]))

    def laid_out(self, width: int) -> tuple[tuple[Content, ...], tuple[int, ...]]:
        """Return the lines in `width` cells, and which of them are headings."""
        return _laid_out(self.source, self._trusted, width)


def addresses(source: str) -> tuple[str, ...]:
    """Return where the links of a document lead, in order."""
    children = (child for token in _parsed(source) for child in token.children or ())
    return tuple(str(child.attrs["href"]) for child in children if child.type == "link_open")


@lru_cache(8)
def _laid_out(
    source: str, trusted: tuple[str, ...], width: int
) -> tuple[tuple[Content, ...], tuple[int, ...]]:
    lines: list[Content] = []
    headings = []
    for block in _blocks(source, trusted):
        if block.gap and lines:
            lines.append(Content(""))
        if block.heading:
            headings.append(len(lines))
        before = Content.assemble(" " * block.indent, (block.mark, "$text-muted"))
        for wrapped in block.text.wrap(max(width - before.cell_length, _LEAST)):
            lines.append(before + wrapped)
            before = Content(" " * before.cell_length)
    return tuple(lines), tuple(headings)


@lru_cache(4)
def _blocks(source: str, trusted: tuple[str, ...]) -> tuple[Block, ...]:
    return tuple(_Reader(trusted).read(_parsed(source)))


@lru_cache(4)
def _parsed(source: str) -> Sequence[Token]:
    return MarkdownIt("commonmark", {"html": False}).parse(clean(source))


class _Reader:
    """Makes blocks of headings, paragraphs, lists and code; of all else only the text is taken.

    Links lead to where they say only when that is trusted.
    """

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._trusted = trusted
        self._links = 0
        self._marks: list[str] = []  # of the list items that we are in
        self._unmarked = False  # whether the innermost still has to show its mark
        self._tag = ""  # of the heading that we are in
        self._gap = self._below_heading = False

    def read(self, tokens: Sequence[Token]) -> Iterator[Block]:
        """Yield the blocks of a document."""
        for token in tokens:
            if token.level == 0 and token.nesting >= 0:
                self._gap = not self._below_heading or token.type == "heading_open"
            if token.type == "list_item_open":
                self._marks.append(f"{token.info}. " if token.info else _BULLETS[len(self._marks) > 0])
                self._unmarked = True
            elif token.type == "list_item_close":
                self._marks.pop()
            elif token.tag in _HEADINGS:
                self._tag = token.tag if token.nesting > 0 else ""
            elif token.type == "inline":
                yield self._block(self._inline(token.children or ()).stylize(_HEADINGS.get(self._tag, "")))
            elif token.type in {"fence", "code_block"}:
                yield from (
                    self._block(Content.styled(one, _CODE), _CODE_INDENT)
                    for one in token.content.splitlines()
                )

    def _block(self, text: Content, indent: int = 0) -> Block:
        mark = self._marks[-1] if self._unmarked else ""
        indent += sum(map(len, self._marks)) - len(mark)
        made = Block(text, mark, indent, self._gap, heading=bool(self._tag))
        self._below_heading, self._unmarked, self._gap = made.heading, False, False
        return made

    def _inline(self, tokens: Sequence[Token]) -> Content:
        parts: list[Content | tuple[str, str | Style]] = []
        link = Style.null()
        for one in tokens:
            if one.type == "link_open":
                link = self._link(str(one.attrs["href"]))
            elif one.type == "link_close":
                link = Style.null()
            elif one.type == "code_inline":
                parts.append((one.content, _CODE))
            elif one.type in {"softbreak", "hardbreak"}:
                parts.append((" ", ""))
            else:
                parts.append(Content.assemble((one.content, link)))
        return Content.assemble(*parts).highlight_regex(_OPEN, style=_OPEN_TONE)

    def _link(self, address: str) -> Style:
        number, self._links = self._links, self._links + 1
        if not address.startswith(self._trusted):
            return Style.null()
        return Style.from_meta({"@click": f"follow({number})"})
