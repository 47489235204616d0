"""Some hundred log entries together: open to be read line by line, or sealed and compressed."""

import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, repeat
from typing import NamedTuple

# So many lines are compressed together: enough to be worth it, few enough to be unpacked within a millisecond.
_FULL = 1024
# Stands between insert ids; a clean text has none.
_GAP = "\0"


class Row(NamedTuple):
    """One entry. `tag` tells its source; `text` may have several lines."""

    when: int
    tag: int
    insert_id: str
    text: str


class Columns(NamedTuple):
    """Entries on their way into pages: by the hundred thousand a second, so as columns."""

    whens: list[int]
    tags: list[int]
    ids: list[str]
    texts: list[str]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Columns":
        """Return entries as columns."""
        whens, tags, ids, texts = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(list(whens), list(tags), list(ids), list(texts))

    def rows(self) -> Iterator[Row]:
        """Return them one by one."""
        return map(Row, *self)

    def pieces(self) -> Iterator["Columns"]:
        """Return them in pieces that a page can take."""
        if len(self.whens) <= _FULL:
            return iter([self] if self.whens else [])
        starts = range(0, len(self.whens), _FULL)
        return map(self._piece, (slice(start, start + _FULL) for start in starts))

    def _piece(self, part: slice) -> "Columns":
        return Columns(self.whens[part], self.tags[part], self.ids[part], self.texts[part])


class Page:
    """Entries in order of time, as columns. `starts` has the first line of each entry, `kinds` a byte for each line."""

    __slots__ = ("ids", "kinds", "starts", "tags", "texts", "whens")

    def __init__(self) -> None:
        self.whens: list[int] = []
        self.tags: list[int] = []
        self.ids: list[str] = []
        self.starts: list[int] = []
        self.texts: list[str] = []
        self.kinds = bytearray()

    @property
    def is_full(self) -> bool:
        """Whether it is time to seal it."""
        return len(self.texts) >= _FULL

    def extend(self, columns: Columns) -> Iterator[tuple[int, str]]:
        """Put entries at the end; return the tag and the text of each new line, whose kinds are still to be put in."""
        whens, tags, ids, texts = columns
        lines = "\n".join(texts).split("\n")
        start = len(self.texts)
        self.whens += whens
        self.tags += tags
        self.ids += ids
        self.texts += lines
        if len(lines) == len(texts):
            self.starts += range(start, start + len(lines))
            return zip(tags, lines, strict=True)
        counts = [text.count("\n") + 1 for text in texts]
        self.starts += accumulate(counts[:-1], initial=start)
        return zip(chain.from_iterable(map(repeat, tags, counts)), lines, strict=True)

    def entry_of(self, line: int) -> int:
        """Return which entry a line belongs to."""
        return bisect_right(self.starts, line) - 1

    def rows(self) -> Iterator[Row]:
        """Yield the entries."""
        ends = [*self.starts[1:], len(self.texts)]
        texts = ("\n".join(self.texts[start:end]) for start, end in zip(self.starts, ends, strict=True))
        return map(Row, self.whens, self.tags, self.ids, texts)

    def line_at(self, when: int) -> int:
        """Return the line before which an entry of that time belongs: behind all of the same time."""
        entry = bisect_right(self.whens, when)
        return self.starts[entry] if entry < len(self.starts) else len(self.texts)


@dataclass(slots=True)
class Block:
    """A page that was sealed. `size` is in lines, `oldest` the time of its first entry."""

    size: int
    oldest: int
    kinds: bytes
    _text: bytes
    _ids: bytes
    _whens: "array[int]"
    _tags: "array[int]"
    _starts: "array[int] | None"  # None where every entry has one line
    page: Page | None = field(default=None, repr=False)

    @classmethod
    def of(cls, page: Page) -> "Block":
        """Compress a page that is not empty. Insert ids stay as they are: they shrink little for the time it takes."""
        return cls(
            len(page.texts),
            page.whens[0],
            bytes(page.kinds),
            zlib.compress("\n".join(page.texts).encode(), 1),
            _GAP.join(page.ids).encode(),
            array("q", page.whens),
            array("H" if max(page.tags) < 1 << 16 else "Q", page.tags),
            array("L", page.starts) if len(page.starts) < len(page.texts) else None,
        )

    @property
    def weight(self) -> int:
        """How many bytes it takes, about."""
        columns = (self.kinds, self._text, self._ids, memoryview(self._whens), memoryview(self._tags))
        return sum(memoryview(column).nbytes for column in columns)

    def text(self) -> str:
        """Return all its lines."""
        return zlib.decompress(self._text).decode()

    def opened(self) -> Page:
        """Return it as a page."""
        page = Page()
        page.whens, page.tags = self._whens.tolist(), self._tags.tolist()
        page.ids = self._ids.decode().split(_GAP)
        page.starts = list(range(self.size) if self._starts is None else self._starts)
        page.texts = self.text().split("\n")
        page.kinds = bytearray(self.kinds)
        return page
