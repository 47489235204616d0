"""The log store: order, pages, duplicates, lateness, capacity, and tails that lag."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import grpc
import pytest

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.store import LogStore, Query, Subscription
from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message

WHERE = Where("acme", "us-central1", "shop", "shop-00001-abc")
START = datetime(2026, 2, 10, 8, 0, tzinfo=UTC)
ALL = Query(("projects/acme",))


def entry(second: float, text: str = "", where: Where = WHERE) -> Message:
    at = START + timedelta(seconds=second)
    return entries.line(where, "00ff", "stdout", text or f"line {second:g}", at)


def store(faults: Faults | None = None, capacity: int = 200_000) -> LogStore:
    return LogStore(Clock(lambda: START), faults or Faults(), capacity)


async def texts(kept: LogStore, query: Query = ALL) -> list[str]:
    found, _ = await kept.list_entries(query)
    return [each.text_payload for each in found]


async def test_entries_are_listed_by_time_however_they_arrive() -> None:
    kept = store()
    for second in (3, 1, 2):
        kept.write(entry(second))

    assert await texts(kept) == ["line 1", "line 2", "line 3"]
    assert await texts(kept, Query(ALL.resource_names, order_by="timestamp desc")) == [
        "line 3",
        "line 2",
        "line 1",
    ]


async def test_entries_of_one_moment_are_listed_by_insert_id() -> None:
    kept = store()
    for text, identity in (("second", "bb"), ("first", "aa")):
        twin = entry(1, text)
        twin.insert_id = identity
        kept.write(twin)

    assert await texts(kept) == ["first", "second"]


@pytest.mark.parametrize("order", ["", "timestamp desc"])
@pytest.mark.parametrize("size", [1, 3, 7, 1000])
async def test_pages_hold_every_entry_once_even_while_others_arrive(order: str, size: int) -> None:
    kept, seen, token = store(), list[str](), ""
    for second in range(0, 40, 2):
        kept.write(entry(second))
    before = await texts(kept, Query(ALL.resource_names, "", order, 1000))

    while True:
        query = Query(ALL.resource_names, 'textPayload:"line"', order, size, token)
        page, token = await kept.list_entries(query)
        seen += [each.text_payload for each in page]
        kept.write(entry(41 if order == "" else -1, f"later {len(seen)}"))
        if not token:
            break

    assert [text for text in seen if text in before] == before
    assert len(set(seen)) == len(seen)


async def test_a_page_has_fifty_entries_unless_asked_otherwise() -> None:
    kept = store()
    for second in range(60):
        kept.write(entry(second))

    page, token = await kept.list_entries(ALL)

    assert len(page) == 50
    assert token


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (Query(()), "resource_names"),
        (Query(("acme",)), "resource_names"),
        (Query(("projects/",)), "resource_names"),
        (Query(ALL.resource_names, page_size=-1), "page_size"),
        (Query(ALL.resource_names, page_size=1001), "page_size"),
        (Query(ALL.resource_names, order_by="severity"), "order_by"),
        (Query(ALL.resource_names, "", "", 0, "nonsense"), "page_token doesn't match"),
        (Query(ALL.resource_names, "", "", 0, "NQ=="), "page_token doesn't match"),
        (Query(ALL.resource_names, filter="thud=1"), "Field not found"),
    ],
)
async def test_a_bad_question_is_refused(query: Query, words: str) -> None:
    with pytest.raises(Problem, match=words) as caught:
        await store().list_entries(query)

    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_token_is_good_for_its_own_question_only() -> None:
    kept = store()
    kept.write(entry(1))
    kept.write(entry(2))
    _, token = await kept.list_entries(Query(ALL.resource_names, page_size=1))

    with pytest.raises(Problem, match="page_token doesn't match"):
        await kept.list_entries(Query(ALL.resource_names, "boot", page_size=1, page_token=token))


async def test_another_projects_entries_are_not_seen() -> None:
    kept = store()
    kept.write(entry(1, "ours"))
    kept.write(entry(2, "theirs", Where("acme-two", "us-central1", "shop")))

    assert await texts(kept) == ["ours"]
    assert await texts(kept, Query(("projects/acme/locations/l/buckets/b/views/v",))) == ["ours"]
    assert kept.log_names(["projects/acme-two"]) == ["projects/acme-two/logs/run.googleapis.com%2Fstdout"]


async def test_an_entry_that_arrives_twice_is_listed_once_and_tailed_twice() -> None:
    kept = store(Faults(log_double_share=1.0))
    with kept.subscribe(["projects/acme"], "") as tail:
        kept.write(entry(1))
        batch = await tail.take(0)

    assert len(batch.entries) == 2
    assert await texts(kept) == ["line 1"]


async def test_a_late_entry_keeps_its_time_and_tells_when_it_was_received() -> None:
    kept = store(Faults(log_delay=0.02))
    kept.write(entry(1, "late"))
    assert await texts(kept) == []

    with kept.subscribe(["projects/acme"], "") as tail:
        (arrived,) = (await tail.take(0)).entries

    assert arrived.timestamp.ToDatetime(UTC) == START + timedelta(seconds=1)
    assert arrived.receive_timestamp.ToDatetime(UTC) == START + timedelta(seconds=0.02)
    assert await texts(kept) == ["late"]


async def test_only_a_share_of_the_entries_is_late() -> None:
    kept = store(Faults(log_delay=60, log_late_share=0.5))
    for second in range(40):
        kept.write(entry(second))

    assert 5 < len(await texts(kept)) < 35


async def test_an_entry_without_time_or_id_is_given_both() -> None:
    kept = store()
    kept.write(entries.Entry(log_name="projects/acme/logs/mine", text_payload="bare"))

    (found,), _ = await kept.list_entries(ALL)

    assert found.timestamp.ToDatetime(UTC) == START
    assert len(found.insert_id) == 24


async def test_the_oldest_entries_make_room() -> None:
    kept = store(capacity=100)
    for second in range(250):
        kept.write(entry(second))

    left = await texts(kept, Query(ALL.resource_names, page_size=1000))

    assert 95 <= len(left) <= 100
    assert left[-1] == "line 249"


async def test_long_entries_make_room_before_there_are_many() -> None:
    kept = LogStore(Clock(lambda: START), Faults(), room=20_000)
    for second in range(100):
        kept.write(entry(second, f"{second:03d}{'x' * 1000}"))

    left = await texts(kept, Query(ALL.resource_names, page_size=1000))

    assert 12 <= len(left) < 20
    assert left[-1].startswith("099")


async def test_a_long_scan_lets_others_run() -> None:
    kept = store()
    for second in range(8_000):
        kept.write(entry(second))
    beats = list[float]()

    async def beat() -> None:
        while True:
            beats.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    await kept.list_entries(Query(ALL.resource_names, '"nowhere to be found"'))
    beating.cancel()

    assert len(beats) > 5
    assert max(after - before for before, after in pairwise(beats)) < 1


async def test_a_tail_sees_what_matches_and_arrives_after_it_began() -> None:
    kept = store()
    kept.write(entry(1, "boot before"))
    with kept.subscribe(["projects/acme"], "boot") as tail:
        kept.write(entry(3, "boot second"))
        kept.write(entry(2, "boot first"))
        kept.write(entry(4, "other"))

        batch = await tail.take(0)

    assert [each.text_payload for each in batch.entries] == ["boot first", "boot second"]


async def test_a_window_waits_for_entries_that_belong_before() -> None:
    kept = store()
    with kept.subscribe(["projects/acme"], "") as tail:
        kept.write(entry(2))
        asyncio.get_running_loop().call_later(0.01, kept.write, entry(1))

        batch = await tail.take(0.05)

    assert [each.text_payload for each in batch.entries] == ["line 1", "line 2"]


async def test_closing_the_store_ends_a_tail_at_once() -> None:
    kept = store()
    tail = kept.subscribe(["projects/acme"], "")
    kept.write(entry(1))
    waiting = asyncio.create_task(tail.take(60))
    await asyncio.sleep(0)

    kept.close()

    await asyncio.wait_for(waiting, 1)
    assert tail.closed


async def test_a_project_has_ten_tails_at_most() -> None:
    kept = store()
    tails = [kept.subscribe(["projects/acme"], "") for _ in range(10)]

    with pytest.raises(Problem) as caught:
        kept.subscribe(["projects/acme"], "")
    kept.subscribe(["projects/other"], "")
    tails[0].close()
    kept.subscribe(["projects/acme"], "")

    assert caught.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_reader_that_lags_is_told_what_it_missed() -> None:
    tail = Subscription([], ("projects/acme/logs/",), lambda _: True, depth=3)
    for second in range(5):
        tail.offer(entry(second))

    first = await tail.take(0)
    tail.offer(entry(9))
    second_batch = await tail.take(0)

    assert (len(first.entries), first.not_consumed) == (3, 2)
    assert (len(second_batch.entries), second_batch.not_consumed) == (1, 0)


async def test_a_tail_hands_out_so_many_entries_a_minute() -> None:
    tail = Subscription([], ("projects/acme/logs/",), lambda _: True, rate=4)
    batches = []
    for _ in range(2):
        for second in range(3):
            tail.offer(entry(second))
        batches.append(await tail.take(0))

    assert [(len(batch.entries), batch.rate_limited) for batch in batches] == [(3, 0), (1, 2)]
