"""Whatever happens between Cloud Logging and us: each entry once, in its place."""

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.errors import BuddyError, ServerTrouble, Unreachable
from buddy_tui.model import LogEntry, LogScope
from tests import make
from tests.core.following import REVISION, SCOPE, Following, following
from tests.fakes import FakeReads, ManyTime

BROKEN = (Unreachable("The connection was cut."), ServerTrouble("It failed."), None)


@dataclass(frozen=True)
class Written:
    """One entry: logged at `at`, there `delay` seconds later, on the tail `copies` times, in lists always."""

    at: float
    delay: float
    copies: int
    log: str
    number: int

    @property
    def entry(self) -> LogEntry:
        return make.entry(
            self.at, str(self.number), log=self.log, insert_id=f"{self.number % 7}-{self.number}"
        )


moments = st.integers(-40, 600).map(lambda tenths: tenths / 10)
written = st.builds(
    Written,
    at=moments,
    delay=st.sampled_from([0.0, 0.0, 0.0, 0.5, 3.0, 20.0]),
    copies=st.integers(0, 3),
    log=st.sampled_from(["stdout", "stderr", "system"]),
    number=st.integers(0, 10_000),
)
entries = st.lists(written, max_size=60, unique_by=lambda one: one.number)
cuts = st.lists(st.tuples(moments, st.sampled_from(BROKEN)), max_size=10)


@given(entries, cuts, st.integers(1, 9), st.sampled_from([SCOPE, REVISION]))
@settings(max_examples=120, deadline=None)
def test_every_entry_comes_once_and_in_its_place(
    plan: list[Written], broken: list[tuple[float, BuddyError | None]], page: int, scope: LogScope
) -> None:
    view = asyncio.run(_play(plan, broken, page, scope))

    assert sorted(map(str, view.entries)) == sorted(str(one.entry) for one in plan)


async def _play(
    plan: list[Written], broken: list[tuple[float, BuddyError | None]], page: int, scope: LogScope
) -> Following:
    """Follow while all of that happens, and two minutes longer."""
    reads, time = FakeReads(), ManyTime()
    reads.page_most = page
    happens = [(one.at + one.delay, number, one) for number, one in enumerate(plan)]
    ends = [(max(at, 0.0), -1 - number, error) for number, (at, error) in enumerate(broken)]
    for at, _, one in happens:
        if at < 0:
            reads.lists_only(one.entry)
    async with following(reads, time, scope, most_calls=1000) as (view,):
        now = 0.0
        for at, _, what in sorted([*ends, *(one for one in happens if one[0] >= 0)], key=lambda one: one[:2]):
            await time.passes(at - now)
            now = at
            if isinstance(what, Written):
                reads.lists_only(what.entry)
                reads.tails_only(*[what.entry] * what.copies)
            else:
                reads.break_tails(what)
        await time.passes(120)
    return view
