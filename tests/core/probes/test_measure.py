"""What so many attempts prove."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.probes.measure import bound, failing, percentile


@pytest.mark.parametrize(
    ("passed", "tried", "words"),
    [
        (8, 8, "8 of 8: fewer than 32 % of requests fail, 95 % confidence"),
        (6, 8, "6 of 8: 25 % failed, between 7 % and 59 %, 95 % confidence"),
        (0, 8, "0 of 8: more than 68 % of requests fail, 95 % confidence"),
        (1, 1, "1 of 1: fewer than 79 % of requests fail, 95 % confidence"),
        (20, 20, "20 of 20: fewer than 16 % of requests fail, 95 % confidence"),
        (1000, 1000, "1000 of 1000: fewer than 0.4 % of requests fail, 95 % confidence"),
        (10**6, 10**6, "1000000 of 1000000: fewer than 0.1 % of requests fail, 95 % confidence"),
        (0, 10**6, "0 of 1000000: more than 99.9 % of requests fail, 95 % confidence"),
        (0, 0, ""),
    ],
)
def test_the_bound_says_in_words_what_was_proved(passed: int, tried: int, words: str) -> None:
    assert bound(passed, tried) == words


@given(st.integers(1, 5000), st.data())
def test_the_bound_holds_what_was_seen_and_never_claims_certainty(tried: int, data: st.DataObject) -> None:
    passed = data.draw(st.integers(0, tried))

    low, high = failing(passed, tried)

    assert 0 <= low <= 1 - passed / tried <= high <= 1
    assert " 0 %" not in bound(passed, tried)
    assert " 100 %" not in bound(passed, tried)


@given(st.integers(1, 1000))
def test_more_attempts_prove_more(tried: int) -> None:
    assert failing(tried + 1, tried + 1)[1] < failing(tried, tried)[1]


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [
        ([], 50, None),
        ([7.0], 95, 7.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([1.0, 2.0, 3.0, 4.0], 50, 2.0),
        ([float(one) for one in range(1, 21)], 95, 19.0),
        ([float(one) for one in range(1, 101)], 95, 95.0),
        ([1.0, 9.0], 100, 9.0),
        ([1.0, 9.0], 0, 1.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], percent: int, found: float | None
) -> None:
    assert percentile(values, percent) == found
