"""Log views: one tail and one budget for all of them, and nothing lost."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from buddy_tui.errors import BuddyError, Denied, OverQuota, ServerTrouble, Unreachable
from buddy_tui.gateway import LogPage
from buddy_tui.log_scope import filter_of
from buddy_tui.logs import LogDesk
from buddy_tui.model import Link, LogBatch, LogScope, LogState
from tests import make
from tests.core.following import REVISION, SCOPE, Following, following
from tests.fakes import FakeReads, FakeTime, ManyTime, settle

CUT = Unreachable("The connection was cut.")
DENIED = Denied(
    "You lack logging.logEntries.list on project acme-prod; roles/logging.viewer has it.", "gcloud …"
)
SCOPE_FILTER = filter_of(SCOPE)
OTHER = LogScope(make.name("web"), since=SCOPE.since)


class TimedReads(FakeReads):
    """Knows when each list call was made."""

    def __init__(self, time: ManyTime) -> None:
        super().__init__()
        self.time = time
        self.moments: list[datetime] = []

    async def log_page(
        self, project: str, log_filter: str, *, token: str = "", size: int = 1000, newest_first: bool = False
    ) -> LogPage:
        self.moments.append(self.time())
        return await super().log_page(project, log_filter, token=token, size=size, newest_first=newest_first)

    def most_in_a_minute(self) -> int:
        """Return the most calls that lie within any one minute."""
        return max(
            sum(0 <= (other - one).total_seconds() < 60 for other in self.moments) for one in self.moments
        )

    def since(self, moment: datetime) -> int:
        return sum(one >= moment for one in self.moments)


async def test_a_view_begins_empty_then_tells_what_there_was_then_what_comes_in() -> None:
    reads, time = FakeReads(), ManyTime()
    reads.write(make.entry(-2, "before"), make.entry(-60, "long ago"))

    async with following(reads, time, SCOPE) as (view,):
        reads.write(make.entry(1, "after"))
        await settle()

    assert view.batches[0] == LogBatch(state=LogState())
    assert view.texts == ["before", "after"]
    assert (view.state.link, view.state.reason, view.state.complete) == (Link.LIVE, "", True)
    assert (view.state.calls, view.state.most_calls, view.state.trouble) == (1, 12, None)


async def test_the_tail_is_open_before_the_list_is_read() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE):
        pass

    assert [method for method, _ in reads.calls][:2] == ["tail", "log_page"]


async def test_lines_of_the_tail_wait_for_the_list_so_that_they_do_not_come_late() -> None:
    reads, time = FakeReads(), ManyTime()
    reads.page_most = 2
    reads.write(*(make.entry(-4 + number / 10, str(number)) for number in range(7)))
    go_on = reads.hold(SCOPE_FILTER)
    async with following(reads, time, SCOPE) as (view,):
        reads.write(make.entry(0, "live"))
        await settle()
        assert view.entries == []
        go_on.set()
        await settle()

    assert [entry.text for entry in view.entries] == [*map(str, range(7)), "live"]
    assert all(not batch.late for batch in view.batches)


async def test_a_late_line_is_told_with_its_place() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE) as (view,):
        reads.write(make.entry(2, "second"))
        await settle()
        reads.write(make.entry(1, "first"), make.entry(3, "third"))
        await settle()

    assert [entry.text for entry in view.batches[-1].entries] == ["first", "third"]
    assert view.batches[-1].late == {0}


async def test_closing_a_view_while_entries_pour_in_closes_the_call() -> None:
    reads, time = FakeReads(), ManyTime()
    desk = LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)
    stream = desk.follow(SCOPE)
    await anext(stream)
    await settle()
    reads.write(*(make.entry(number / 1000, str(number)) for number in range(5000)))
    await anext(stream)
    assert reads.open_tails == 1

    await stream.aclose()

    assert reads.open_tails == 0
    assert len(asyncio.all_tasks()) == 1


async def test_a_view_that_is_cancelled_closes_the_call() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE) as (view,):
        assert reads.open_tails == 1
        await view.stop()

        assert reads.open_tails == 0


async def test_closing_the_desk_ends_its_views() -> None:
    reads, time = FakeReads(), ManyTime()
    desk = LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)
    stream = desk.follow(SCOPE)
    await anext(stream)

    await desk.close()
    await desk.close()

    assert [batch async for batch in stream if batch.entries] == []
    assert reads.open_tails == 0


async def test_all_views_share_one_tail_that_closes_with_the_last() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE, REVISION, SCOPE) as views:
        assert (reads.open_tails, len(reads.tail_filters)) == (1, 1)
        reads.write(make.entry(1, "ours"), make.entry(1, "other", revision="api-00002-bbb"))
        await settle()
        for view in views[:2]:
            await view.stop()
        assert reads.open_tails == 1

    assert reads.open_tails == 0
    assert [view.texts for view in views] == [["other", "ours"], ["ours"], ["other", "ours"]]


async def test_a_service_that_joins_begins_the_tail_anew_and_nothing_is_lost() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE, OTHER) as (first, second):
        assert reads.open_tails == 1
        # What fell into the gap between two tails.
        reads.lists_only(make.entry(0.5, "gap"))
        reads.write(
            make.entry(1, "api"), make.entry(1, "web", raw=("europe-west1", "web"), revision="web-00001-aaa")
        )
        await time.passes(10)

    assert first.texts == ["gap", "api"]
    assert second.texts == ["web"]
    assert first.state.reconnects == 0


async def test_four_views_stay_within_twelve_calls_a_minute_and_all_get_everything() -> None:
    time = ManyTime()
    reads = TimedReads(time)
    reads.mute = True
    scopes = [replace(SCOPE, revision=f"api-0000{number}-aaa") for number in range(4)]
    rows = [
        make.entry(number - 4, str(number), revision=f"api-0000{number % 4}-aaa") for number in range(600)
    ]
    reads.page_most = 20
    reads.write(*rows[:300])

    async with following(reads, time, *scopes) as views:
        for row in rows[300:]:
            reads.write(row)
            await time.passes(1)
        await time.passes(300)

    assert reads.most_in_a_minute() == 12
    assert [len(view.entries) for view in views] == [150] * 4
    assert max(batch.state.calls for view in views for batch in view.batches) <= 12


async def test_quiet_views_with_a_sound_tail_ask_seldom() -> None:
    time = ManyTime()
    reads = TimedReads(time)

    async with following(reads, time, SCOPE, REVISION):
        await time.passes(600)

    assert reads.since(make.NOW) <= 2 * (600 / 30 + 3)


async def test_a_flood_over_a_sound_tail_is_not_listed_again() -> None:
    time = ManyTime()
    reads = TimedReads(time)

    async with following(reads, time, SCOPE) as (view,):
        for second in range(60):
            reads.write(*(make.entry(second + number / 300, f"{second}-{number}") for number in range(300)))
            await time.passes(1)
        before = time()
        await time.passes(60)

    assert len(view.entries) == 60 * 300
    assert reads.since(before) <= 3 * 6
    assert view.state.reason == ""


async def test_a_reader_that_rests_gets_it_all_later_and_bounded_meanwhile() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE, most_calls=1000) as (view,):
        view.going.clear()
        for second in range(30):
            reads.write(*(make.entry(second + number / 1000, f"{second}-{number}") for number in range(1000)))
            await time.passes(1)
        view.going.set()
        await time.passes(60)

    assert max(len(batch.entries) for batch in view.batches) <= 21_000
    assert len(view.entries) == len(set(view.entries)) == 30_000


async def test_more_than_can_be_remembered_after_a_break_is_said_and_nothing_comes_twice() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE) as (view,):
        reads.break_tails(CUT)
        await time.passes(2)
        for second in range(6):
            reads.write(
                *(make.entry(second + number / 10_000, f"{second}-{number}") for number in range(10_000))
            )
            await time.passes(1)
        await time.passes(60)

    assert view.state.reason == "More came in than can be checked: some entries may be missing."
    assert len(view.entries) == len(set(view.entries)) == 60_000


async def test_a_list_that_fails_in_a_flood_begins_again_where_it_was() -> None:
    reads, time = FakeReads(), ManyTime()
    reads.write(*(make.entry(number / 1000, str(number)) for number in range(3000)))
    reads.fail("log_page", None, CUT, CUT)

    async with following(reads, time, SCOPE, most_calls=1000) as (view,):
        for second in range(1, 9):
            reads.write(
                *(make.entry(second * 5 + number / 1000, f"{second}-{number}") for number in range(5000))
            )
            await time.passes(0.5)
        await time.passes(60)

    assert len(view.entries) == len(set(view.entries)) == 43_000
    assert view.state.complete


async def test_ten_broken_tails_in_a_row_lose_nothing_and_are_told() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE) as (view,):
        for number in range(10):
            reads.break_tails(CUT)
            await settle()
            assert view.state.link is Link.BROKEN
            assert view.state.reason == "The connection was cut. Trying again in 1 s."
            reads.lists_only(make.entry(number * 2, f"{number} lost"))
            await time.passes(2)
            reads.write(make.entry(number * 2 + 1, f"{number} live"))
            await settle()
        await time.passes(10)

    assert view.texts == [f"{number} {kind}" for number in range(10) for kind in ("lost", "live")]
    assert (view.state.link, view.state.reason, view.state.reconnects) == (Link.LIVE, "", 10)


async def test_a_tail_that_breaks_at_once_is_tried_less_and_less_often() -> None:
    reads, time = FakeReads(), ManyTime()
    reads.fail("tail", *[CUT] * 100)

    async with following(reads, time, SCOPE) as (view,):
        await time.passes(300)

    assert reads.count("tail") <= 5 + 300 / 30
    assert view.state.link is Link.BROKEN
    assert view.state.reason == "The connection was cut. Trying again in 30 s."


@pytest.mark.parametrize("error", [DENIED, OverQuota("No log tail is to be had: ten are open.")])
async def test_a_tail_that_may_not_be_opened_is_told_and_lists_bring_the_entries(error: BuddyError) -> None:
    reads, time = FakeReads(), ManyTime()
    reads.fail("tail", *[error] * 100)

    async with following(reads, time, SCOPE) as (view,):
        await time.passes(1)
        reads.write(make.entry(1, "polled"))
        await time.passes(10)
        assert view.texts == ["polled"]
        await time.passes(290)

    assert view.state.link is Link.POLLING
    assert view.state.reason.startswith(f"{error} Trying again in ")
    assert reads.count("tail") <= 4


async def test_a_tail_that_never_says_a_word_is_told_after_a_while() -> None:
    reads, time = FakeReads(), ManyTime()
    reads.mute = True

    async with following(reads, time, SCOPE) as (view,):
        reads.write(make.entry(1, "polled"))
        await time.passes(10)
        assert (view.texts, view.state.link) == (["polled"], Link.CONNECTING)
        await time.passes(20)

    assert view.state.link is Link.POLLING
    assert view.state.reason == "The tail has delivered nothing for 20 s; looking every 10 s."


async def test_a_tail_that_loses_everything_is_told_and_trusted_again_when_it_delivers() -> None:
    time = ManyTime()
    reads = TimedReads(time)

    async with following(reads, time, SCOPE) as (view,):
        for second in range(40):
            reads.lists_only(make.entry(second, str(second)))
            await time.passes(1)
        assert view.state.link is Link.POLLING
        await time.passes(10)
        assert view.texts == [str(second) for second in range(40)]
        reads.write(make.entry(60, "live"))
        await settle()

    assert (view.state.link, view.state.reason) == (Link.LIVE, "")
    assert view.texts[-1] == "live"


async def test_a_list_that_was_a_moment_faster_than_the_tail_is_no_reason_to_doubt_it() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE) as (view,):
        await time.passes(59)
        reads.lists_only(make.entry(59, "quick"))
        await time.passes(31)
        reads.tails_only(make.entry(59, "quick"))
        await settle()

    assert view.texts == ["quick"]
    assert {batch.state.link for batch in view.batches[2:]} == {Link.LIVE}


async def test_a_tail_that_has_nothing_to_say_is_live() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE) as (view,):
        await time.passes(600)

    assert (view.state.link, view.state.reason) == (Link.LIVE, "")


async def test_what_google_held_back_is_counted_and_fetched() -> None:
    reads, time = FakeReads(), ManyTime()

    async with following(reads, time, SCOPE) as (view,):
        reads.lists_only(make.entry(1, "held back"))
        reads.tails_only(suppressed=3)
        await settle()
        assert view.state.suppressed == 3
        await time.passes(10)

    assert view.texts == ["held back"]


async def test_a_used_up_quota_slows_down_with_a_notice_and_what_was_told_stays() -> None:
    time = ManyTime()
    reads = TimedReads(time)
    refused = OverQuota("Google's quota is used up: 60 a minute.", "Looking again more slowly helps.")

    async with following(reads, time, SCOPE) as (view,):
        reads.fail("log_page", refused, refused)
        await time.passes(10)
        assert view.state.trouble is not None
        assert view.state.trouble.sentence == "Google's quota is used up: 60 a minute."
        assert view.state.complete
        await time.passes(1)
        begun = time()
        await time.passes(55)
        assert reads.since(begun) == 1
        await time.passes(30)

    assert view.state.trouble is None


async def test_who_may_not_list_logs_is_told_how_and_asked_for_seldom() -> None:
    reads, time = FakeReads(), ManyTime()
    reads.fail("log_page", *[DENIED] * 100)
    reads.fail("tail", *[DENIED] * 100)

    async with following(reads, time, SCOPE) as (view,):
        await time.passes(600)

    assert reads.count("log_page") <= 5
    assert view.state.trouble is not None
    assert (view.state.trouble.sentence, view.state.trouble.hint) == (str(DENIED), "gcloud …")
    assert (view.state.trouble.since, view.state.trouble.exit_code) == (make.NOW, 4)
    assert not view.state.complete


async def test_an_outage_in_the_middle_of_the_list_ends_without_a_gap() -> None:
    reads, time = FakeReads(), ManyTime()
    reads.page_most = 3
    reads.write(*(make.entry(number / 10, str(number)) for number in range(20)))
    reads.fail("log_page", None, None, CUT, None, ServerTrouble("It failed."))

    async with following(reads, time, SCOPE, most_calls=60) as (view,):
        await time.passes(60)

    assert view.texts == list(map(str, range(20)))
    assert view.state.complete


async def test_a_wake_lists_at_once() -> None:
    reads, time = FakeReads(), ManyTime()
    wake = asyncio.Event()
    desk = LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)
    view = Following(desk.follow(SCOPE, wake=wake))
    await settle()
    reads.lists_only(make.entry(1, "there"))
    assert view.texts == []

    wake.set()
    await settle()

    assert view.texts == ["there"]
    await view.stop()


async def test_a_window_with_an_end_needs_no_tail_and_says_when_all_of_it_was_read() -> None:
    time = ManyTime()
    reads = TimedReads(time)
    window = replace(SCOPE, until=make.entry(30).when)
    reads.write(make.entry(1, "in"), make.entry(31, "after"))

    async with following(reads, time, window) as (view,):
        assert (view.state.link, view.state.reason) == (Link.POLLING, "Looking every 10 s.")
        await time.passes(60)
        reads.write(make.entry(29, "late"))
        await time.passes(50)
        assert view.state.reason == "All of this window was read."
        begun = time()
        await time.passes(600)

    assert view.texts == ["in", "late"]
    assert reads.tail_filters == []
    assert reads.since(begun) == 0


async def test_a_clock_that_is_set_back_does_not_stop_the_looking() -> None:
    time = ManyTime()
    reads = TimedReads(time)
    reads.mute = True

    async with following(reads, time, SCOPE) as (view,):
        await time.passes(5)
        time.wrong -= timedelta(hours=3)
        reads.write(make.entry(1, "there"))
        await time.passes(20)

    assert view.texts == ["there"]


@pytest.mark.parametrize("method", ["tail", "log_page"])
async def test_a_bug_of_ours_is_raised_to_who_follows(method: str) -> None:
    reads, time = FakeReads(), ManyTime()
    reads.fail(method, ZeroDivisionError("a bug"))
    desk = LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)

    with pytest.raises(ZeroDivisionError):
        async for _ in desk.follow(SCOPE):
            pass

    assert reads.open_tails == 0


async def read(reads: FakeReads, scope: LogScope = SCOPE, most: int = 5000) -> list[str]:
    time = FakeTime()
    desk = LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)
    return [entry.text for entry in await desk.window(scope, most=most)]


async def test_a_window_is_read_once_in_order_and_each_entry_once() -> None:
    reads = FakeReads()
    reads.page_most = 2
    reads.write(*(make.entry(number, str(number)) for number in (4, 2, 0, 1, 3, 2)))

    assert await read(reads) == ["0", "1", "2", "3", "4"]
    assert await read(reads, most=3) == ["0", "1", "2"]
    assert reads.count("tail") == 0


async def test_a_window_without_a_beginning_has_the_newest_entries() -> None:
    reads = FakeReads()
    reads.write(*(make.entry(number, str(number)) for number in range(9)))

    assert await read(reads, replace(SCOPE, since=0), most=3) == ["6", "7", "8"]


async def test_a_window_is_tried_again_where_that_may_help_and_else_its_error_is_raised() -> None:
    reads = FakeReads()
    reads.write(make.entry(0, "there"))

    reads.fail("log_page", CUT, CUT)
    assert await read(reads) == ["there"]
    reads.fail("log_page", CUT, CUT, CUT)
    with pytest.raises(Unreachable):
        await read(reads)
    reads.fail("log_page", DENIED)
    with pytest.raises(Denied):
        await read(reads)


async def test_windows_share_the_budget() -> None:
    time = ManyTime()
    reads = TimedReads(time)
    reads.page_most = 1
    reads.write(*(make.entry(number, str(number)) for number in range(30)))
    desk = LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)

    windows = [asyncio.create_task(desk.window(SCOPE)) for _ in range(2)]
    await time.passes(300)

    assert [len(window.result()) for window in windows] == [30, 30]
    assert reads.most_in_a_minute() == 12
