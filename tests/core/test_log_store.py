"""Entries of a stream as lines: in order, compressed, bounded."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.boot.scan import Kind
from buddy_tui.log_filter import LogFilter
from buddy_tui.log_store import LogStore
from buddy_tui.model import LogBatch, LogEntry

CRASH = "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\n    import yaml\nModuleNotFoundError: No module named 'yaml'"


def entry(
    when: int, text: str = "", *, log: str = "stderr", instance: str = "9f2c", severity: str = "DEFAULT"
) -> LogEntry:
    return LogEntry(when, log, f"id-{when}", text or f"line {when}", severity, "api-00001-bsx", instance)


def store_of(*entries: LogEntry) -> LogStore:
    store = LogStore()
    store.append(LogBatch(entries))
    return store


def texts(store: LogStore) -> list[str]:
    return [store.line(at).text for at in range(store.first, store.end)]


class Note:
    """Writes down what it is told, and moves its own number as a view does."""

    def __init__(self, at: int) -> None:
        self.at = at

    def shifted(self, at: int, count: int) -> None:
        self.at += count * (at <= self.at)

    def restarted(self) -> None:
        raise AssertionError


def test_an_entry_of_several_lines_is_shown_line_by_line_and_each_knows_its_place() -> None:
    one = entry(5, CRASH)
    store = store_of(entry(1), one, entry(9))

    assert texts(store) == ["line 1", *CRASH.split("\n"), "line 9"]
    assert [store.line(at).place for at in (1, 4)] == [(one.key, 0), (one.key, 3)]
    assert [store.find((one.key, row)) for row in (0, 3)] == [1, 4]
    assert store.line(4).kind is Kind.IMPORT_ERROR
    assert store.line(4).severity == "DEFAULT"


def test_what_is_not_there_is_not_found() -> None:
    store = store_of(entry(1), entry(9))

    assert store.find((("stderr", 5, "id-5"), 0)) is None
    assert store.find((("stdout", 9, "id-9"), 0)) is None
    assert store.find(7) is None
    with pytest.raises(IndexError):
        store.line(2)


def test_a_store_without_lines_answers_everything() -> None:
    store = LogStore()
    store.append(LogBatch())

    assert (store.first, store.end, len(store), store.instances) == (0, 0, 0, 0)
    assert store.search(LogFilter("x"), 0, 1) == ([], None)
    assert store.find((("stderr", 5, "id-5"), 0)) is None
    assert store.recent(60) == 0


@pytest.mark.parametrize("log", ["system", "event", "requests"])
def test_what_the_platform_says_is_of_its_own_kind_unless_it_is_a_problem(log: str) -> None:
    store = store_of(
        entry(1, "Starting new instance.", log=log), entry(2, "Container called exit(1).", log=log)
    )

    assert store.line(0).kind is (Kind.REQUEST if log == "requests" else Kind.PLATFORM)
    assert store.line(1).kind is Kind.EXIT


def test_tracebacks_of_two_instances_that_crash_at_once_are_told_apart() -> None:
    lines = CRASH.split("\n")
    entries = [
        entry(at * 2 + one, lines[at], instance=f"i{one}") for at in range(len(lines)) for one in (0, 1)
    ]

    store = store_of(*entries)

    wanted = [Kind.HEADER, Kind.PROJECT, Kind.PROJECT_SOURCE, Kind.IMPORT_ERROR]
    assert [store.line(at).kind for at in range(store.end)] == [kind for kind in wanted for _ in range(2)]
    assert store.instances == 2


def test_a_late_entry_goes_where_it_belongs_and_views_are_told() -> None:
    store = store_of(*(entry(when) for when in range(10, 5000, 10)))
    above, below = Note(store.find((("stderr", 2000, "id-2000"), 0)) or 0), Note(3)
    for note in (above, below):
        store.watch(note)

    store.append(LogBatch((entry(1995, "late\nby far"),), late=frozenset({0})))

    assert texts(store)[below.at] == "line 40"
    assert texts(store)[above.at - 2 : above.at + 1] == ["late", "by far", "line 2000"]
    assert [store.line(above.at - shift).late for shift in (0, 1, 2)] == [False, True, True]


def test_a_view_that_left_is_told_nothing() -> None:
    store, note = store_of(entry(10)), Note(0)
    store.watch(note)
    store.unwatch(note)

    store.append(LogBatch((entry(5),), late=frozenset({0})))

    assert note.at == 0


def test_entries_without_a_time_stay_behind_what_came_before_them() -> None:
    store = store_of(entry(10), entry(0, "untimed"), entry(20))
    store.append(LogBatch((entry(0, "more"), entry(15, "late"))))

    assert texts(store) == ["line 10", "untimed", "late", "line 20", "more"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=80),
    st.integers(1, 9),
    st.randoms(use_true_random=False),
)
def test_however_entries_arrive_they_stand_in_order_and_none_is_lost(
    whens: list[int], size: int, chance: random.Random
) -> None:
    entries = [LogEntry(when, "stderr", f"{at}", f"{when}" * (1 + at % 2)) for at, when in enumerate(whens)]
    chance.shuffle(entries)
    store = LogStore()

    for start in range(0, len(entries), size):
        part = sorted(entries[start : start + size], key=lambda one: one.when)
        store.append(LogBatch(tuple(part)))

    shown = [store.line(at) for at in range(store.first, store.end)]
    assert [line.when for line in shown] == sorted(whens)
    assert sorted(str(line.place) for line in shown) == sorted(str((one.key, 0)) for one in entries)
    assert all(store.find(line.place) == at for at, line in enumerate(shown))


def test_twenty_thousand_shuffled_entries_stand_in_order() -> None:
    entries = [entry(when, CRASH if when % 100 == 0 else "") for when in range(1, 20_001)]
    random.Random(7).shuffle(entries)  # noqa: S311 - the same order every time
    store = LogStore()

    for start in range(0, len(entries), 2000):
        store.append(LogBatch(tuple(sorted(entries[start : start + 2000], key=lambda one: one.when))))

    assert texts(store) == [line for one in sorted(entries) for line in one.text.split("\n")]


def test_old_lines_are_forgotten_and_counted_and_numbers_stay() -> None:
    store = LogStore(most_lines=3000)
    for start in range(1, 10_000, 500):
        store.append(LogBatch(tuple(entry(when) for when in range(start, start + 500))))

    assert len(store) <= 3000 + 1024
    assert store.dropped == store.first > 0
    assert store.line(store.first).text == f"line {store.first + 1}"
    assert store.line(9999).text == "line 10000"


def test_what_is_older_than_all_that_is_kept_is_forgotten_at_once() -> None:
    store = LogStore(most_lines=1000)
    store.append(LogBatch(tuple(entry(when) for when in range(1, 5000))))
    dropped = store.dropped

    store.append(LogBatch((entry(2, "too late"),), late=frozenset({0})))

    assert store.dropped == dropped + 1
    assert "too late" not in texts(store)


def test_text_that_cannot_be_compressed_is_bounded_too() -> None:
    store = LogStore(most_bytes=500_000)
    chance = random.Random(7)  # noqa: S311 - the same text every time
    for start in range(1, 20_000, 1000):
        store.append(
            LogBatch(tuple(entry(when, chance.randbytes(100).hex()) for when in range(start, start + 1000)))
        )

    assert store.dropped > 10_000
    assert len(store) > 500


@pytest.mark.parametrize("step", [1, -1])
def test_a_search_goes_piece_by_piece_to_the_end_and_finds_every_hit_once(step: int) -> None:
    store = store_of(*(entry(when, "needle" if when % 700 == 0 else "") for when in range(1, 5001)))
    at: int | None = 0 if step > 0 else store.end - 1
    hits = list[int]()
    while at is not None:
        found, at = store.search(LogFilter("needle"), at, step)
        hits += found

    assert hits == [699, 1399, 2099, 2799, 3499, 4199, 4899][::step]


def test_a_search_for_problems_begins_where_it_is_told() -> None:
    store = store_of(entry(1, CRASH), entry(2), entry(3, "Container called exit(1).", log="system"))

    assert store.search(None, 0, 1).hits == [3, 5]
    assert store.search(None, 4, 1).hits == [5]
    assert store.search(None, 4, -1).hits == [3]


def test_fields_are_searched_in_compressed_blocks_too() -> None:
    entries = [
        entry(when, instance="abcd" if when == 5 else "9f2c", severity="INFO" if when > 5 else "ERROR")
        for when in range(1, 3000)
    ]
    store = store_of(*entries)

    assert store.search(LogFilter("inst:abcd"), 0, 1).hits == [4]
    assert store.search(LogFilter("sev:error"), 1000, -1).hits == [4, 3, 2, 1, 0]


def test_the_last_minutes_begin_at_the_first_line_within_them() -> None:
    store = store_of(*(entry(when * 1_000_000_000) for when in range(1, 4000)))

    assert store.line(store.recent(60_000_000_000)).when == (3999 - 60) * 1_000_000_000
    assert store.recent(10**15) == 0
