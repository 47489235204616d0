"""report: promotions of ours that did not end as asked, read back from the journal. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from buddy_tui.actions.arithmetic import percents_of
from buddy_tui.actions.values import Ending, Verb
from buddy_tui.journal.values import Kind, Record

# As a promotion writes down the end of one that was put back, and its gates.
PUT_BACK = "PUT BACK. "
_FAILED = "fail: "
_BAD = {
    Ending.NOT_DONE: "without effect",
    Ending.FAILED: "refused by Google",
    Ending.REFUSED: "refused before it had any traffic",
    Ending.UNKNOWN: "of unknown end",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A promotion that ended badly: how it ended, how it began where that is on record, and the highest percent it had."""

    end: Record
    began: Record | None = None
    reached: int = 0

    @property
    def revision(self) -> str:
        """Who was promoted."""
        return self.end.revision

    @property
    def at(self) -> datetime:
        """When it was over."""
        return self.end.at

    @property
    def since(self) -> datetime:
        """When it began, as far as that is on record."""
        return self.began.at if self.began else self.end.at

    @property
    def put_back(self) -> bool:
        """Whether its own gates put the former traffic back."""
        return self.end.outcome == Ending.PUT_BACK

    @property
    def failed(self) -> tuple[str, ...]:
        """What the gates said that failed, e.g. `5xx answers: 10 of 16 …`."""
        return tuple(one.removeprefix(_FAILED) for one in self.end.evidence if one.startswith(_FAILED))

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that failed, by name."""
        return tuple(one.partition(":")[0] for one in self.failed)

    @property
    def outcome(self) -> str:
        """How it ended, in a few words, e.g. `put back at 50 %`."""
        if self.put_back:
            return f"put back at {self.reached} %" if self.reached else "put back"
        return _BAD[Ending(self.end.outcome)]

    @property
    def sentence(self) -> str:
        """What it said at its end."""
        return self.end.sentence.removeprefix(PUT_BACK)

    def covers(self, at: datetime) -> bool:
        """Tell whether something happened while it was under way."""
        return self.began is not None and self.since <= at <= self.at


def attempts(records: Iterable[Record]) -> Iterator[Attempt]:
    """Yield the promotions that ended badly, of one service, oldest first.

    A step of one has an intent of its own, and is no promotion. One that was refused counts where a gate refused it:
    any other guard is no trouble of the revision.
    """
    told = [one for one in records if one.verb == Verb.PROMOTE]
    steps = {one.id for one in told if one.kind is Kind.INTENT}
    for one in told:
        if one.id in steps or one.outcome not in {Ending.PUT_BACK, *_BAD}:
            continue
        began = next((note for note in told if note.id == one.id and not note.outcome), None)
        found = Attempt(one, began, _reached(one, began, told))
        if one.outcome != Ending.REFUSED or found.failed:
            yield found


def _reached(end: Record, began: Record | None, told: Iterable[Record]) -> int:
    if began is None:
        return 0
    done = (one for one in told if one.outcome == Ending.DONE and began.at <= one.at <= end.at)
    return max((percents_of(one.after).get(end.revision, 0) for one in done), default=0)
