"""The lines of a stream of log entries, in order of time and bounded: old ones are kept compressed."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple
from weakref import WeakSet

from buddy_tui.boot.scan import Kind, Scan, find_problems
from buddy_tui.log_filter import LogFilter, severity_of
from buddy_tui.log_page import Block, Columns, Page, Row
from buddy_tui.model import LogBatch
from buddy_tui.shown import Piece, Place, Shown, Watcher

# So many unpacked blocks are remembered: what is in view, and what lies beside it.
_OPENED = 8
_BASES = {
    "system": Kind.PLATFORM,
    "event": Kind.PLATFORM,
    "activity": Kind.PLATFORM,
    "requests": Kind.REQUEST,
}
_SOURCE = attrgetter("log", "severity", "revision", "instance")
_WHEN = attrgetter("when")
_INSERT_ID = attrgetter("insert_id")
_TEXT = attrgetter("text")


class _Source(NamedTuple):
    """What many entries have in common."""

    log: str
    severity: str
    revision: str
    instance: str


class _Sources(dict[tuple[str, ...], int]):
    """Sources by what they are, numbered as they come. `readers` tell the kind of each one's next line."""

    def __init__(self) -> None:
        self.known: list[_Source] = []
        self.bases: list[int] = []
        self.readers: list[Callable[[str], int]] = []
        self._scans: dict[tuple[str, ...], Scan] = {}

    def __missing__(self, key: tuple[str, ...]) -> int:
        source, number = _Source(*key), len(self.known)
        self[key] = number
        self.known.append(source)
        self.bases.append(_BASES.get(source.log, Kind.NORMAL))
        self.readers.append(_reader(self._scans, source))
        return number

    def afresh(self) -> list[Callable[[str], int]]:
        """Return readers that have read nothing yet."""
        scans: dict[tuple[str, ...], Scan] = {}
        return [_reader(scans, source) for source in self.known]


def _reader(scans: dict[tuple[str, ...], Scan], source: _Source) -> Callable[[str], int]:
    """Return who reads a source: severities change from line to line, so they share a reader."""
    return scans.setdefault((source.log, source.revision, source.instance), Scan()).kind


class LogStore:
    """Entries of one view, line by line. At most `most_lines` are kept, in at most `most_bytes` once compressed.

    It implements `Lines`. The numbers begin with 0.
    """

    complete = True

    def __init__(self, *, most_lines: int = 1_000_000, most_bytes: int = 64 << 20) -> None:
        self.dropped = 0
        self._most_lines = most_lines
        self._most_bytes = most_bytes
        self._blocks: list[Block] = []
        self._tail = Page()
        self._starts = [0]  # the first line of each block, and last of the tail
        self._weight = 0
        self._newest = 0
        self._sources = _Sources()
        self._opened: deque[Block] = deque()
        self._watchers: WeakSet[Watcher] = WeakSet()

    @property
    def instances(self) -> int:
        """How many instances have said something."""
        return len({source.instance for source in self._sources.known if source.instance})

    @property
    def first(self) -> int:
        """The number of the oldest line."""
        return self._starts[0]

    @property
    def end(self) -> int:
        """One past the number of the newest line."""
        return self._starts[-1] + len(self._tail.texts)

    def __len__(self) -> int:
        return self.end - self.first

    def watch(self, watcher: Watcher) -> None:
        """Tell this watcher when numbers change, for as long as it lives."""
        self._watchers.add(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell this watcher nothing any more."""
        self._watchers.discard(watcher)

    def append(self, batch: LogBatch) -> None:
        """Take new entries. Those older than what is there go where they belong; equal times keep their order."""
        columns = self._columns(batch)
        if columns.whens and (columns.whens[0] < self._newest or columns.whens != sorted(columns.whens)):
            rows = sorted(columns.rows(), key=_WHEN)
            early = bisect_left(rows, self._newest, key=_WHEN)
            self._insert(rows[:early])
            columns = Columns.of(rows[early:])
        for piece in columns.pieces():
            self._put(piece)
        self._forget()

    def _columns(self, batch: LogBatch) -> Columns:
        entries = batch.entries
        whens = list(map(_WHEN, entries))
        if not all(whens):  # one without a time stays behind what came before it
            whens = list(accumulate(whens, lambda last, when: when or last, initial=self._newest))[1:]
        tags = [self._sources[key] << 1 for key in map(_SOURCE, entries)]
        for late in batch.late:
            tags[late] |= 1
        return Columns(whens, tags, list(map(_INSERT_ID, entries)), list(map(_TEXT, entries)))

    def _put(self, columns: Columns) -> None:
        """Put entries at the end."""
        tail = self._tail
        tail.kinds += self._kinds(tail.extend(columns), self._sources.readers)
        self._newest = columns.whens[-1]
        if tail.is_full:
            self._blocks.append(Block.of(tail))
            self._tail = Page()
            self._weight += self._blocks[-1].weight
            self._starts.append(self._starts[-1] + len(tail.texts))

    def _kinds(self, lines: Iterable[tuple[int, str]], readers: list[Callable[[str], int]]) -> bytes:
        bases = self._sources.bases
        return bytes([readers[tag >> 1](text) or bases[tag >> 1] for tag, text in lines])

    def line(self, at: int) -> Shown:
        """Return one line. Raises IndexError outside `first` … `end`."""
        number, row = self._locate(at)
        page = self._page(number)
        entry = page.entry_of(row)
        tag, when = page.tags[entry], page.whens[entry]
        source = self._sources.known[tag >> 1]
        place = (source.log, when, page.ids[entry]), row - page.starts[entry]
        return Shown(
            page.texts[row],
            Kind(page.kinds[row]),
            when,
            source.severity,
            source.log,
            source.revision,
            source.instance,
            bool(tag & 1),
            place,
        )

    def kind(self, at: int) -> int:
        """Return the `Kind` of one line, as a number."""
        number, row = self._locate(at)
        return (self._blocks[number] if number < len(self._blocks) else self._tail).kinds[row]

    def search(self, wanted: LogFilter | None, start: int, step: int) -> Piece:
        """Search one block of lines."""
        if not self.first <= start < self.end:
            return Piece([], None)
        number, row = self._locate(start)
        hits = [hit for hit in self._hits(number, wanted) if (hit - row) * step >= 0]
        on = self._starts[number] - 1 if step < 0 else self._starts[number] + self._size(number)
        more = self.first <= on < self.end
        return Piece([self._starts[number] + hit for hit in hits[::step]], on if more else None)

    def find(self, place: Place) -> int | None:
        """Return the number of a line by its place, or None when it is not there."""
        if isinstance(place, int):
            return None
        key, row = place
        number = self._block_for(key[1])
        while number >= 0:
            page = self._page(number)
            for entry in range(bisect_left(page.whens, key[1]), bisect_right(page.whens, key[1])):
                if (self._sources.known[page.tags[entry] >> 1].log, key[1], page.ids[entry]) == key:
                    return self._starts[number] + page.starts[entry] + row
            if not page.whens or page.whens[0] < key[1]:
                return None
            number -= 1  # entries of one time may begin in an earlier block
        return None

    def recent(self, span: int) -> int:
        """Return the first line that is at most `span` nanoseconds older than the newest."""
        number = self._block_for(self._newest - span - 1)
        return self._starts[number] + self._page(number).line_at(self._newest - span - 1)

    def _insert(self, rows: list[Row]) -> None:
        """Put entries where they belong, the newest first: that leaves the numbers of what is older as they are."""
        rows.sort(key=_WHEN)
        if self.dropped and rows:
            forgotten = bisect_left(rows, self._oldest(0), key=_WHEN)
            self.dropped += sum(row.text.count("\n") + 1 for row in rows[:forgotten])
            del rows[:forgotten]
        while rows:
            number = self._block_for(rows[-1].when)
            cut = bisect_left(rows, self._oldest(number), key=_WHEN) if number else 0
            self._merge(number, rows[cut:])
            del rows[cut:]

    def _merge(self, number: int, rows: list[Row]) -> None:
        page, start = self._page(number), self._starts[number]
        shifts = [(start + page.line_at(row.when), row.text.count("\n") + 1) for row in reversed(rows)]
        pages = self._paged(sorted([*page.rows(), *rows], key=_WHEN))
        if number == len(self._blocks):
            self._tail = pages.pop()
        self._blocks[number : number + 1] = map(Block.of, pages)
        self._weight = sum(block.weight for block in self._blocks)
        self._starts = list(accumulate((block.size for block in self._blocks), initial=self._starts[0]))
        for watcher in self._watchers:
            for at, count in shifts:
                watcher.shifted(at, count)

    def _paged(self, rows: list[Row]) -> list[Page]:
        """Return entries as pages; what their lines are is read anew, as far as they alone tell it."""
        pages, readers = list[Page](), self._sources.afresh()
        for columns in Columns.of(rows).pieces():
            pages.append(Page())
            pages[-1].kinds += self._kinds(pages[-1].extend(columns), readers)
        return pages

    def _size(self, number: int) -> int:
        return self._blocks[number].size if number < len(self._blocks) else len(self._tail.texts)

    def _forget(self) -> None:
        """Drop the oldest blocks as long as there is too much; the tail always stays."""
        gone = 0
        while gone < len(self._blocks) and (
            self.end - self._starts[gone] > self._most_lines or self._weight > self._most_bytes
        ):
            self._weight -= self._blocks[gone].weight
            self.dropped += self._blocks[gone].size
            gone += 1
        del self._blocks[:gone], self._starts[:gone]

    def _locate(self, at: int) -> tuple[int, int]:
        """Return the block of a line (the tail is the one after the last) and its row there."""
        if not self.first <= at < self.end:
            raise IndexError(at)
        number = bisect_right(self._starts, at) - 1
        return number, at - self._starts[number]

    def _block_for(self, when: int) -> int:
        """Return the last block that begins at or before a time; the first one for what is older than all."""
        count = len(self._blocks) + bool(self._tail.whens)
        return max(0, bisect_right(range(count), when, key=self._oldest) - 1)

    def _oldest(self, number: int) -> int:
        return self._blocks[number].oldest if number < len(self._blocks) else self._tail.whens[0]

    def _page(self, number: int) -> Page:
        if number == len(self._blocks):
            return self._tail
        block = self._blocks[number]
        if block.page is None:
            block.page = block.opened()
            self._opened.append(block)
            if len(self._opened) > _OPENED:
                self._opened.popleft().page = None
        return block.page

    def _hits(self, number: int, wanted: LogFilter | None) -> list[int]:
        """Return the rows of a block that pass, in order."""
        block = None if number == len(self._blocks) else self._blocks[number]
        if wanted is None:
            return find_problems(block.kinds if block else self._tail.kinds)
        text = block.text() if block else "\n".join(self._tail.texts)
        return wanted.rows(text, lambda name, row: self._told(number, name, row))

    def _told(self, number: int, name: str, row: int) -> str:
        """Return a field of a line, as a filter asks for it."""
        page = self._page(number)
        source = self._sources.known[page.tags[page.entry_of(row)] >> 1]
        if name == "sev":
            return severity_of(page.texts[row], page.kinds[row], source.severity)
        return {"log": source.log, "rev": source.revision, "inst": source.instance}[name]
