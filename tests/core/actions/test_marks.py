import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from buddy_tui.actions.marks import (
    LOCK,
    ROLLED_BACK,
    Lock,
    RolledBack,
    lock_of,
    lock_values,
    no_lock,
    not_rolled_back,
    rolled_back_of,
    rolled_back_values,
)
from buddy_tui.actions.values import Verb
from buddy_tui.model import Service
from tests import make

GOOD, BAD = "api-00028-bsx", "api-00038-kub"
HELD = Lock(Verb.PROMOTE, "alice@example.com", make.NOW + timedelta(minutes=5), "0123456789ab")
MARK = RolledBack(BAD, GOOD, make.NOW, "alice@example.com")


def _service(values: dict[str, str | None]) -> Service:
    told = tuple((key, value) for key, value in values.items() if value is not None)
    return make.service(annotations=told, desired=(make.target(GOOD, 100), make.target(BAD, 0, "canary")))


def _locked(**over: object) -> Service:
    told = json.loads(str(lock_values(HELD)[LOCK]))
    return _service({LOCK: json.dumps(told | over)})


def _marked(**over: object) -> Service:
    told = json.loads(str(rolled_back_values(MARK)[ROLLED_BACK]))
    return _service({ROLLED_BACK: json.dumps(told | over)})


def test_a_lock_is_read_back_as_it_was_written_by_whoever_looks() -> None:
    assert lock_of(_service(lock_values(HELD)), make.NOW) == HELD
    assert json.loads(str(lock_values(HELD)[LOCK])) == {
        "verb": "promote",
        "holder": "alice@example.com",
        "until": "2026-11-23T12:05:00+00:00",
        "plan": "0123456789ab",
    }


def test_a_roll_back_is_read_back_as_it_was_written() -> None:
    kept = replace(MARK, decided=True)

    assert rolled_back_of(_service(rolled_back_values(MARK))) == MARK
    assert rolled_back_of(_service(rolled_back_values(kept))) == kept
    assert rolled_back_of(_service(rolled_back_values(replace(MARK, by="")))) == replace(MARK, by="")


def test_both_marks_are_taken_away_by_annotations_without_a_value() -> None:
    assert no_lock() == {LOCK: None}
    assert not_rolled_back() == {ROLLED_BACK: None}
    assert lock_of(make.service(), make.NOW) is None
    assert rolled_back_of(make.service()) is None


@pytest.mark.parametrize(
    ("after", "holds"),
    [(timedelta(0), True), (timedelta(minutes=4, seconds=59), True), (timedelta(minutes=5), False)],
)
def test_a_lock_ends_by_itself(after: timedelta, holds: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (lock_of(_locked(), make.NOW + after) is not None) is holds


def test_a_lock_that_would_hold_for_ever_is_none() -> None:
    assert lock_of(_locked(until="9999-12-31T23:59:59+00:00"), make.NOW) is None


def test_a_roll_back_holds_only_as_long_as_all_traffic_goes_where_it_led() -> None:
    service = _service(rolled_back_values(MARK))

    for desired in (
        (),
        (make.latest(100),),
        (make.target(GOOD, 90), make.target(BAD, 10)),
        (make.target(BAD, 100),),
    ):
        assert rolled_back_of(replace(service, desired=desired)) is None


def test_another_time_zone_is_the_same_moment() -> None:
    east = replace(HELD, until=HELD.until.astimezone(timezone(timedelta(hours=9))))

    lock = lock_of(_service(lock_values(east)), make.NOW)

    assert lock == HELD
    assert lock.until.tzinfo is UTC


def test_a_host_with_an_odd_name_can_still_hold_a_lock() -> None:
    lock = lock_of(_service(lock_values(replace(HELD, holder="Bob's \x1b[2J laptop"))), make.NOW)
    nameless = lock_of(_service(lock_values(replace(HELD, holder=""))), make.NOW)

    assert lock is not None
    assert lock.holder == "Bob-s---2J-laptop"
    assert nameless is not None
    assert nameless.holder == "somebody"


@pytest.mark.parametrize(
    "value",
    ["", "{", "[]", "null", "1", '"x"', "[" * 990, "{}", "x" * 100_000, '{"verb": {}}', "\x00", "9" * 999],
)
def test_garbage_is_no_mark(value: str) -> None:
    service = _service({LOCK: value, ROLLED_BACK: value})

    assert lock_of(service, make.NOW) is None
    assert rolled_back_of(service) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("verb", "dance"),
        ("verb", None),
        ("verb", ["promote"]),
        ("holder", ""),
        ("holder", "alice\x1b]52;c;x\x07"),
        ("holder", "\u202ealice"),
        ("holder", "a" * 255),
        ("holder", "alice\n"),
        ("until", "soon"),
        ("until", 1),
        ("until", "2026-11-23T12:05:00"),
        ("until", "0001-01-01T00:00:00+23:59"),
        ("plan", "0123456789AB"),
        ("plan", "0123456789ab\n"),
        ("plan", ""),
    ],
)
def test_a_lock_with_one_wrong_field_is_none(key: str, value: object) -> None:
    assert lock_of(_locked(**{key: value}), make.NOW) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("from", ""),
        ("from", "LATEST"),
        ("from", "a" * 64),
        ("to", "api-00001-aaa\n"),
        ("at", "yesterday"),
        ("by", "\x9b31m"),
        ("by", {"x": 1}),
    ],
)
def test_a_roll_back_with_one_wrong_field_is_none(key: str, value: object) -> None:
    assert rolled_back_of(_marked(**{key: value})) is None


def test_a_roll_back_is_decided_only_by_a_plain_yes() -> None:
    for value in (False, None, "true", 1):
        mark = rolled_back_of(_marked(decided=value))

        assert mark is not None
        assert not mark.decided


def test_a_newer_program_may_say_more() -> None:
    assert lock_of(_locked(more=[1]), make.NOW) == HELD
    assert rolled_back_of(_marked(more=[1])) == MARK


def test_marks_keep_the_second() -> None:
    moment = datetime(2026, 11, 23, 12, 3, 4, 999_999, tzinfo=UTC)
    mark = rolled_back_of(_service(rolled_back_values(replace(MARK, at=moment))))

    assert mark is not None
    assert mark.at == moment.replace(microsecond=0)
