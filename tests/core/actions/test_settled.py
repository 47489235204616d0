"""Traffic that does not move: how long it may take, and since when it is too long."""

from datetime import timedelta
from typing import Any

import pytest

from buddy_tui.actions.settled import overdue
from buddy_tui.model import Condition, ConditionState
from tests import make

ASKED = (make.target("api-00002-bbb", 100),)


def routes(state: ConditionState, minutes: float) -> tuple[Condition, ...]:
    return (Condition("RoutesReady", state, since=make.NOW - timedelta(minutes=minutes)),)


@pytest.mark.parametrize(
    ("over", "minutes"),
    [
        ({}, 0.0),
        ({"desired": ASKED, "updated": make.NOW - timedelta(minutes=1)}, 0.0),
        ({"desired": ASKED, "updated": make.NOW - timedelta(minutes=2)}, 2.0),
        ({"desired": ASKED, "conditions": routes(ConditionState.RECONCILING, 7)}, 7.0),
        ({"desired": ASKED, "conditions": routes(ConditionState.RECONCILING, 1)}, 0.0),
        ({"desired": ASKED, "conditions": routes(ConditionState.SUCCEEDED, 1)}, 60.0),
        ({"desired": ASKED, "updated": None}, 2.0),
        ({"reconciling": True, "updated": make.NOW - timedelta(hours=1)}, 0.0),
    ],
    ids=[
        "settled",
        "settling",
        "late",
        "routes late",
        "routes settling",
        "routes ready",
        "unknown",
        "deploying",
    ],
)
def test_traffic_is_overdue_once_it_should_have_settled(over: dict[str, Any], minutes: float) -> None:
    assert overdue(make.service(**over), make.NOW) == timedelta(minutes=minutes)
