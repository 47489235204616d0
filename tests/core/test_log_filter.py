"""What `/` understands in a log, and how matches are found piece by piece."""

import pytest

from buddy_tui.boot.scan import Kind
from buddy_tui.log_filter import LogFilter, severity_of
from buddy_tui.log_store import LogStore
from buddy_tui.matches import Matches
from buddy_tui.model import LogBatch, LogEntry

LINES = (
    "GET /healthz 200",
    "Timeout of the database",
    "timeout of the cache",
    "POST /orders 500 timeout",
    "",
)
FIELDS = {
    "sev": ("INFO", "ERROR", "WARNING", "CRITICAL", "DEFAULT"),
    "inst": ("9f2c", "9F2C", "77aa", "77aa", ""),
    "log": ("requests", "stderr", "stdout", "requests", "system"),
    "rev": ("api-00001-bsx",) * 5,
}


def rows(query: str) -> list[int]:
    return LogFilter(query).rows("\n".join(LINES), lambda name, row: FIELDS[name][row])


@pytest.mark.parametrize(
    ("query", "passing"),
    [
        ("timeout", [1, 2, 3]),
        ("Timeout", [1]),
        ("timeout of", [1, 2]),
        ("of timeout cache", [2]),
        ("!timeout", [0, 4]),
        ("timeout !database", [2, 3]),
        ("sev:error", [1, 3]),
        ("sev:warn", [1, 2, 3]),
        ("!sev:info", [4]),
        ("sev:nonsense", []),
        ("inst:9f2c", [0, 1]),
        ("log:req timeout", [3]),
        ("rev:00001 !log:requests", [1, 2, 4]),
        ("color:red", []),
        ("!", []),
        ("nothing", []),
    ],
)
def test_every_term_must_hold(query: str, passing: list[int]) -> None:
    assert rows(query) == passing


def test_an_empty_filter_is_none_and_passes_everything() -> None:
    assert not LogFilter("  ")
    assert rows("") == [0, 1, 2, 3, 4]


def test_letters_that_change_their_number_when_made_small_do_not_shift_lines() -> None:
    assert LogFilter("needle").rows("İİİİ\nİ needle\nİ", lambda *_: "") == [1]


def test_words_are_told_for_lighting_them_up() -> None:
    assert LogFilter("a B !c sev:error").words() == (("a", False), ("B", True))


@pytest.mark.parametrize(
    ("text", "kind", "told", "severity"),
    [
        ("anything", Kind.NORMAL, "NOTICE", "NOTICE"),
        ("INFO:     Started", Kind.NORMAL, "DEFAULT", "INFO"),
        ("[2026-11-23] [7] [ERROR] Reason: Worker failed to boot.", Kind.NORMAL, "", "ERROR"),
        ("level=warn msg=slow", Kind.NORMAL, "", "WARNING"),
        ("INFO uvicorn.error: GET /", Kind.NORMAL, "", "INFO"),
        ("ValueError: x", Kind.EXCEPTION, "DEFAULT", "ERROR"),
        ("plain", Kind.NORMAL, "", "DEFAULT"),
    ],
)
def test_a_line_without_a_severity_has_the_one_it_speaks_of(
    text: str, kind: Kind, told: str, severity: str
) -> None:
    assert severity_of(text, kind, told) == severity


def batch(start: int, stop: int) -> LogBatch:
    return LogBatch(
        tuple(LogEntry(1 + at * 10, "stderr", f"{at}", f"{at % 10} line") for at in range(start, stop))
    )


def found(matches: Matches) -> list[int]:
    while not matches.is_done:
        matches.look()
    return [matches[at] for at in range(len(matches))]


def test_matches_are_found_from_the_newest_on_and_told_in_order() -> None:
    store = LogStore()
    store.append(batch(0, 5000))
    matches = Matches(store, LogFilter("7"))

    matches.look()

    assert not matches.is_done
    assert matches[len(matches) - 1] == 4997
    assert found(matches) == list(range(7, 5000, 10))
    assert matches.index(4997) == 499
    assert matches.index(4998) == 500


def test_matches_follow_what_comes_in_and_forget_what_was_dropped() -> None:
    store = LogStore(most_lines=3000)
    store.append(batch(0, 2000))
    matches = Matches(store, LogFilter("7"))
    found(matches)

    store.append(batch(2000, 6000))
    matches.grew()

    assert found(matches) == [at for at in range(store.first, 6000) if at % 10 == 7]


def test_matches_are_looked_for_anew_from_where_lines_were_put_in() -> None:
    store = LogStore()
    store.append(batch(0, 3000))
    matches = Matches(store, LogFilter("7"))
    found(matches)

    store.append(LogBatch((LogEntry(15_000, "stderr", "late", "7 late"),), late=frozenset({0})))
    matches.forget_from(1500)

    assert found(matches) == [at for at in range(3001) if "7" in store.line(at).text.split()[0]]
