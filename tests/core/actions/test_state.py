from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.state import revised, state_of
from buddy_tui.model import ConditionState
from tests import make

OLD, NEW = "api-00001-aaa", "api-00002-bbb"
BENEATH = "The traffic list is as it was, and what it stands on has moved:"
SERVICE = make.service(
    desired=(make.latest(90), make.target(OLD, 10, "stable")),
    effective=(make.latest(90, revision=NEW), make.target(OLD, 10, "stable", "https://stable---api")),
    latest_created=NEW,
    latest_ready=NEW,
)
PLAN = roll_back(SERVICE, [make.revision(NEW), make.revision(OLD)], OLD, Terms(make.NOW))


@pytest.mark.parametrize(
    "over",
    [
        {"etag": '"etag-2"'},
        {"annotations": (("buddy-tui.dev/lock", "{}"),)},
        {"generation": 2, "observed_generation": 2},
        {"reconciling": True, "ready": make.ready(ConditionState.RECONCILING)},
        {"updated": make.NOW, "last_modifier": "bob@example.com"},
        {"labels": (("team", "a"),)},
        {"desired": SERVICE.desired[::-1], "effective": SERVICE.effective[::-1]},
        {"effective": tuple(replace(one, uri="") for one in SERVICE.effective)},
    ],
)
def test_what_our_own_marks_move_is_no_other_state(over: dict[str, Any]) -> None:
    now = replace(SERVICE, **over)

    assert state_of(now) == state_of(SERVICE) == PLAN.state
    assert revised(PLAN, now) == ()


def test_an_empty_list_and_100_percent_latest_are_one_state() -> None:
    assert state_of(make.service(desired=())) == state_of(make.service(desired=(make.latest(100),)))


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (
            {"desired": (make.latest(50), make.target(OLD, 50, "stable"))},
            (
                "LATEST was to get 90 %, and is to get 50 % now.",
                f"{OLD} was to get 10 %, and is to get 50 % now.",
            ),
        ),
        (
            {"desired": (make.latest(90), make.target(OLD, 10), make.target(NEW, 0, "stable"))},
            (f"Tag stable was on {OLD}, and is on {NEW} now.",),
        ),
        (
            {"desired": (make.latest(90), make.target(OLD, 10))},
            (f"Tag stable was on {OLD}, and is on nothing now.",),
        ),
        (
            {"latest_created": "api-00003-ccc"},
            (
                f"{BENEATH} effective is {NEW} 90 %, {OLD} 10 %, LATEST means {NEW}, and the newest revision is api-00003-ccc.",
            ),
        ),
        (
            {"latest_ready": "", "effective": ()},
            (f"{BENEATH} effective is nothing, LATEST means nothing, and the newest revision is {NEW}.",),
        ),
        (
            {"desired": (make.target(OLD, 0, "stable"), make.target(OLD, 100))},
            (
                "LATEST was to get 90 %, and is to get 0 % now.",
                f"{OLD} was to get 10 %, and is to get 100 % now.",
                "It asks for what this plan was to ask for.",
            ),
        ),
    ],
)
def test_what_moved_is_told_in_words(over: dict[str, Any], said: tuple[str, ...]) -> None:
    now = replace(SERVICE, **over)

    assert state_of(now) != PLAN.state
    assert revised(PLAN, now) == said


def test_who_moved_it_is_told_where_it_is_known() -> None:
    when = make.NOW + timedelta(minutes=3, seconds=4)
    now = replace(SERVICE, desired=(), last_modifier="bob@example.com", updated=when)

    assert revised(PLAN, now)[-1] == "The last change was made by bob@example.com at 2026-11-23 12:03:04 UTC."


def test_a_percent_that_moves_between_effective_targets_is_another_state() -> None:
    moved = (make.latest(80, revision=NEW), make.target(OLD, 20, "stable"))

    assert state_of(replace(SERVICE, effective=moved)) != PLAN.state
