"""Whether fewer sessions are written after a rollout: claimed only where chance and the night do not explain it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.sessions.falls import falls, too_little
from tests import make

HOUR = timedelta(hours=1)
BEGAN = make.NOW - 6 * HOUR
ROLLOUT = ((BEGAN, "api-00031-qux"),)


def every(minutes: float, start: datetime, end: datetime) -> list[datetime]:
    step = timedelta(minutes=minutes)
    return [start + step * at for at in range(int((end - start) / step))]


def test_the_sentence_has_rates_and_the_moment() -> None:
    moments = [*every(60 / 41, BEGAN - 6 * HOUR, BEGAN), *every(20, BEGAN, make.NOW)]

    told = falls(moments, ROLLOUT, moments[0], make.NOW)

    assert told.fell == ("After api-00031-qux began (2026-11-23 06:00) 3 sessions an hour, before 41.",)
    assert told.unsure == ()


@pytest.mark.parametrize("minutes", [5.0, 4.0, 6.5, 9.0], ids=["same", "more", "some fewer", "nearly half"])
def test_the_same_or_not_much_less_is_no_fall(minutes: float) -> None:
    moments = [*every(5, BEGAN - 6 * HOUR, BEGAN), *every(minutes, BEGAN, make.NOW)]

    told = falls(moments, ROLLOUT, moments[0], make.NOW)

    assert (told.fell, told.unsure) == ((), ())


def test_none_at_all_after_a_rollout_is_a_fall() -> None:
    moments = every(5, BEGAN - 6 * HOUR, BEGAN)

    told = falls(moments, ROLLOUT, moments[0], make.NOW)

    assert told.fell == ("After api-00031-qux began (2026-11-23 06:00) 0 sessions an hour, before 12.",)


def test_a_quiet_night_is_no_fall_where_the_night_before_was_as_quiet() -> None:
    """Given: many by day, few by night, and a rollout at dusk."""
    day = [*every(2, BEGAN - 12 * HOUR, BEGAN)]
    nights = [*every(30, BEGAN - 24 * HOUR, BEGAN - 12 * HOUR), *every(30, BEGAN, make.NOW)]
    earlier = every(2, BEGAN - 48 * HOUR, BEGAN - 24 * HOUR)

    told = falls([*earlier, *day, *nights], ROLLOUT, BEGAN - 48 * HOUR, make.NOW)

    assert told.fell == ()


def test_with_few_sessions_nothing_is_claimed_and_that_is_noted() -> None:
    moments = every(60, BEGAN - 6 * HOUR, BEGAN)

    told = falls(moments, ROLLOUT, moments[0], make.NOW)

    assert told.fell == ()
    assert told.unsure == ("api-00031-qux",)
    assert list(too_little(told.unsure)) == [
        "Too few sessions to tell whether fewer are written since api-00031-qux began."
    ]


def test_each_of_several_rollouts_is_compared_with_its_own_hours() -> None:
    middle = BEGAN + 3 * HOUR
    moments = [*every(2, BEGAN - 3 * HOUR, BEGAN), *every(30, BEGAN, middle), *every(30, middle, make.NOW)]

    told = falls(moments, ((BEGAN, "api-2"), (middle, "api-3")), moments[0], make.NOW)

    assert [sentence.split()[1] for sentence in told.fell] == ["api-2"]
    assert (told.after, told.unsure) == (("api-2",), ("api-3",))


@given(
    st.lists(st.integers(0, 10_000), max_size=200),
    st.lists(st.integers(0, 10_000), max_size=8).map(sorted),
)
def test_any_history_is_told_without_an_error(minutes: list[int], rollouts: list[int]) -> None:
    def at(ago: int) -> datetime:
        return make.NOW - timedelta(minutes=10_000 - ago)

    told = falls([at(one) for one in minutes], tuple((at(one), "api-2") for one in rollouts), at(0), make.NOW)

    assert len(told.fell) <= len(rollouts)
