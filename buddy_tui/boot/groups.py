"""boot: tracebacks of exception groups, which Python writes into margins of their own."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from buddy_tui.boot import shapes
from buddy_tui.boot.parts import Part, Stage
from buddy_tui.boot.values import Line, Raised, Traceback

_BAR = re.compile(r"\s{0,200}[|+]")
_SEPARATOR = re.compile(r"(\s*)\+(-\+)?-{4,} (?:\d+|\.\.\.) -{4,}$")
_END = re.compile(r"(\s*)\+-{10,}$")

Numbered = Iterable[tuple[int, Line]]


class _Block(NamedTuple):
    """What stands in one margin: one exception of the group, or the group itself."""

    column: int
    lines: list[tuple[int, Line]]


class Group(Part):
    """A group's traceback. `read` reads the lines of one margin, which are an ordinary traceback."""

    def __init__(self, prefix: str, read: Callable[[Numbered], tuple[Traceback, ...]]) -> None:
        super().__init__(prefix)
        self.stage = Stage.GROUP
        self._read = read
        self._kept: list[tuple[int, Line]] = []
        self._has_margin: bool | None = None
        self._column = -1
        self._raised: tuple[Raised, ...] = ()
        self._siblings: tuple[Raised, ...] = ()

    def keep(self, at: int, line: Line, body: str) -> None:
        """Keep a line for when the group is complete."""
        self._kept.append((at, Line(body, line.entry, line.row)))

    def swallows(self, at: int, line: Line) -> bool:
        """Take a line if it stands in one of the group's margins."""
        if self.stage is not Stage.GROUP:
            return False
        body = self._bare(line.text)
        if body is None:
            return False
        self.take_line(at, line, body)
        column = shapes.indent(body)
        self._column = column if self._column < 0 else self._column
        self.keep(at, line, body)
        if _END.match(body) and column <= self._column + 2:
            self.close()
        return True

    def _bare(self, text: str) -> str | None:
        """Return a line without what a logger put before it, None when it is not the group's."""
        if self._has_margin is not False and self._margin:
            found = self._margin.pattern.match(text)
            if found and _BAR.match(text[found.end() :]):
                self._has_margin = True
                return text[found.end() :]
        if self._has_margin or not _BAR.match(text):
            return None
        self._has_margin = False
        return text

    def close(self) -> None:
        """Read all margins: the first leaf and the groups around it are the chain, other leaves are siblings."""
        if self.stage is Stage.DONE:
            return
        self.stage = Stage.DONE
        blocks = self._blocks()
        read = [self._raised_in(block.lines) for block in blocks]
        if not blocks:
            return
        leaves = [n for n, block in enumerate(blocks) if [*blocks[n + 1 :], block][0].column <= block.column]
        chain, column = [*read[leaves[0]]], blocks[leaves[0]].column
        for block, raised in zip(reversed(blocks[: leaves[0]]), reversed(read[: leaves[0]]), strict=True):
            if block.column < column:
                chain += raised
                column = block.column
        self._raised = tuple(chain)
        self._siblings = tuple(raised[0] for raised in (read[leaf] for leaf in leaves[1:]) if raised)
        self.type = next((raised.type for raised in chain), "")

    def _blocks(self) -> list[_Block]:
        blocks = [_Block(-1, [])]
        for at, line in self._kept:
            found = _SEPARATOR.match(line.text)
            if found:
                blocks.append(_Block(len(found[1]) + (2 if found[2] else 0), []))
            elif not _END.match(line.text):
                content = line.text.lstrip()
                content = content[2:] if content[:2] in {"| ", "+ "} else content.lstrip("|+")
                blocks[-1].lines.append((at, Line(content, line.entry, line.row)))
        return [block for block in blocks if block.lines]

    def _raised_in(self, lines: list[tuple[int, Line]]) -> tuple[Raised, ...]:
        found = self._read(lines)
        if found:
            return tuple(raised for traceback in found for raised in traceback.chain)
        for at, line in lines:
            full, message, sure = shapes.last_line(line.text.strip())
            if sure:
                return (Raised(full, message, at=at),)
        return ()

    def raised(self) -> tuple[Raised, ...]:
        """Return the chain: leaf first, then the groups around it."""
        return self._raised

    def siblings(self) -> tuple[Raised, ...]:
        """Return the root exceptions of all other leaves."""
        return self._siblings

    def is_whole(self) -> bool:
        """Tell whether every exception of it was read."""
        return bool(self._raised) and all(one.type for one in self._raised)
