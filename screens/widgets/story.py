"""A boot as a story over its log: the finding, the import tree beside it, and the timeline below."""

from collections.abc import Callable, Iterator

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from buddy_tui.boot.values import Reading
from buddy_tui.finding import Finding, Quote
from buddy_tui.model import LogEntry
from buddy_tui.shown import Place
from screens.findings import finding_facts
from screens.widgets.facts import Fact
from screens.widgets.finding import FindingPanel
from screens.widgets.import_chain import ImportChain
from screens.widgets.timeline import Timeline, boot_of, steps, timeline_facts


def place_in_stream(entry: LogEntry, row: int) -> Place:
    """Return where a line of an entry stands in a `LogStore`."""
    return entry.key, row


class BootStory(Vertical):
    """What a log was read as; nothing but words as long as there is no reading.

    `place_of` tells where a line of an entry, counted from 0, stands in the log.
    """

    DEFAULT_CSS = """
    BootStory {
        height: auto; padding: 0 1; background: $surface;
        #why { height: auto; }
        ImportChain { display: none; }

        &.-chained ImportChain { display: block; }
        &.-beside {
            #why { layout: horizontal; }
            FindingPanel { width: 3fr; }
            ImportChain { width: 2fr; padding-left: 2; }
        }
        &.-brief ImportChain, &.-brief Timeline { display: none; }
    }
    """

    def __init__(self, place_of: Callable[[LogEntry, int], Place] = place_in_stream) -> None:
        super().__init__()
        self._place_of = place_of
        self.finding: Finding | None = None
        self._reading = Reading()

    def compose(self) -> ComposeResult:
        """Put why above what happened."""
        with Container(id="why"):
            yield FindingPanel()
            yield ImportChain()
        yield Timeline()

    def tell(self, reading: Reading, finding: Finding | None) -> None:
        """Tell a reading; a new one takes the place of the old."""
        self._reading, self.finding = reading, finding
        chain = finding.chain if finding and len(finding.chain) > 1 else ()
        self.query_one(FindingPanel).finding = finding
        self.query_one(ImportChain).chain = chain
        self.query_one(Timeline).story = steps(reading, boot_of(reading, finding))
        self.set_class(bool(chain), "-chained")

    def say(self, words: str) -> None:
        """Set the words that stand in for the finding."""
        self.query_one(FindingPanel).words = words

    def fit(self, most: int, *, beside: bool, brief: bool) -> None:
        """Take at most `most` lines for the finding, with the imports `beside` it; `brief` leaves all else out."""
        self.query_one(FindingPanel).most = most
        self.query_one(ImportChain).most = most if beside else 1
        self.set_class(beside, "-beside")
        self.set_class(brief, "-brief")

    @property
    def evidence(self) -> tuple[Quote, ...]:
        """What proves the finding."""
        return self.finding.evidence if self.finding else ()

    def place(self, quote: Quote) -> Place | None:
        """Return where a piece of evidence stands in the log; some stands elsewhere, e.g. in a condition."""
        if not 0 <= quote.entry < len(self._reading.entries):
            return None
        return self._place_of(self._reading.entries[quote.entry], quote.row)

    def places(self) -> frozenset[Place]:
        """Return all lines that prove the finding."""
        return frozenset(place for quote in self.evidence if (place := self.place(quote)) is not None)

    def failing_lines(self) -> Iterator[Place]:
        """Yield where to look first: the line that the root exception ends with, then what proves the finding."""
        boot = boot_of(self._reading, self.finding)
        if boot and boot.fatal and boot.fatal.root.at >= 0:
            line = boot.lines[boot.fatal.root.at]
            yield self._place_of(self._reading.entries[line.entry], line.row)
        yield from (place for quote in self.evidence if (place := self.place(quote)) is not None)

    def next_evidence(self, by: int) -> int | None:
        """Return the position of the evidence after (or before, -1) the one pointed at, round and round."""
        there = [at for at, quote in enumerate(self.evidence) if self.place(quote) is not None]
        pointed = self.query_one(FindingPanel).pointed
        if not there:
            return None
        now = there.index(pointed) if pointed in there else -1 if by > 0 else 0
        return there[(now + by) % len(there)]

    def point(self, at: int) -> None:
        """Mark a piece of evidence as the one that was jumped to last."""
        self.query_one(FindingPanel).pointed = at

    def facts(self) -> tuple[Fact, ...]:
        """Return the whole finding and the whole timeline."""
        told = finding_facts(self.finding) if self.finding else ()
        return (*told, *timeline_facts(self.query_one(Timeline).story))
