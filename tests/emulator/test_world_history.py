"""Histories that a story writes into the world, and what is read of long ones."""

from datetime import UTC, timedelta

import pytest

from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.run.conditions import broke, find
from buddy_tui.emulator.run.events import (
    RevisionGone,
)
from buddy_tui.emulator.run.messages import LATEST, REVISION, Service
from buddy_tui.emulator.run.rollout import MOST_REVISIONS
from tests.emulator.admin_fixture import BORN, DIED, PARENT, PLACE, SHOP, Stand, address, history, service


def test_a_route_to_an_unknown_service_or_tag_is_not_found() -> None:
    stand = Stand()
    stand.world.adopt(service(), history(1))

    for where, tag in ((Where(PLACE.project, PLACE.region, "nobody"), ""), (PLACE, "nobody")):
        with pytest.raises(Problem, match="does not exist"):
            stand.world.route(where, tag)


def test_an_adopted_history_is_that_of_a_good_life_where_it_says_nothing() -> None:
    stand = Stand()

    stand.world.adopt(Service(name=SHOP), history(3))
    adopted = stand.world.get_service(SHOP)
    newest = stand.world.get_revision(f"{SHOP}/revisions/shop-00003")
    oldest = stand.world.get_revision(f"{SHOP}/revisions/shop-00001")

    assert stand.events == []
    assert adopted.latest_ready_revision == adopted.latest_created_revision == newest.name
    assert adopted.template.containers[0].image == "hello:3"
    assert (adopted.uri, adopted.generation, adopted.observed_generation) == (address(PLACE, ""), 3, 3)
    assert [(status.type_, status.percent) for status in adopted.traffic_statuses] == [(LATEST, 100)]
    assert newest.create_time.ToDatetime(UTC) == BORN + timedelta(minutes=3)
    active, retired = find(newest, "Active"), find(oldest, "Active")
    assert active is not None
    assert retired is not None
    assert (active.message, retired.message) == ("", "Revision retired.")


def test_an_adopted_service_goes_on_where_its_history_ends() -> None:
    stand = Stand()
    stand.world.adopt(Service(name=SHOP), history(3))

    stand.world.update_service(service("hello:4"), ["template"])

    assert stand.boot().startswith("shop-00004-")


@pytest.mark.parametrize(("told", "wanted"), [(0, 39), (7, 39), (52, 52)])
def test_the_generation_of_an_adopted_service_is_not_behind_the_numbers_of_its_revisions(
    told: int, wanted: int
) -> None:
    stand = Stand()
    first, last = history(2)
    last.name = f"{SHOP}/revisions/shop-00039-z4t"

    stand.world.adopt(Service(name=SHOP, generation=told), [first, last])

    adopted = stand.world.get_service(SHOP)
    assert (adopted.generation, adopted.observed_generation) == (wanted, wanted)


def test_the_generation_follows_a_number_that_a_new_revision_is_given() -> None:
    stand = Stand()
    stand.world.adopt(Service(name=SHOP), history(3))
    named = service("hello:4")
    named.template.revision = "shop-00040-abc"

    stand.world.update_service(named, ["template"])

    assert stand.boot() == "shop-00040-abc"
    told = stand.world.get_service(SHOP)
    assert (told.generation, told.observed_generation) == (40, 40)


def test_an_adopted_failure_keeps_what_the_history_says_is_served() -> None:
    stand = Stand()
    *good, bad = history(3)
    broke(bad, "HealthCheckContainerError", DIED, BORN)
    adopted = Service(name=SHOP)
    adopted.traffic_statuses.add(type_=LATEST, percent=100)

    stand.world.adopt(adopted, [*good, bad])

    told = stand.world.get_service(SHOP)
    assert [(where.revision, percent) for where, percent in stand.world.route(PLACE)] == [("shop-00002", 100)]
    assert told.terminal_condition.message.endswith(DIED)
    assert told.observed_generation < told.generation


def test_the_oldest_revision_that_nothing_needs_makes_room_for_the_thousand_and_first() -> None:
    stand = Stand()
    adopted = service(traffic=[{"type_": REVISION, "revision": "shop-00001", "percent": 100}])
    stand.world.adopt(adopted, history(MOST_REVISIONS))

    stand.world.update_service(service("hello:new"), ["template"])

    gone = [event.where.revision for event in stand.events if isinstance(event, RevisionGone)]
    assert gone == ["shop-00002"]


def test_regions_with_services_are_offered_beside_those_that_all_have() -> None:
    stand = Stand()
    stand.world.create_service(PARENT.replace("us-central1", "europe-west4"), "shop", service())

    assert stand.world.regions("projects/demo-project") == (
        "asia-east1",
        "europe-west1",
        "europe-west4",
        "us-central1",
    )
    with pytest.raises(Problem, match="denied"):
        stand.world.regions("projects/other")


@pytest.mark.parametrize(("size", "token"), [(-1, ""), (0, "no token!")])
def test_a_page_that_cannot_be_is_refused(size: int, token: str) -> None:
    stand = Stand()

    with pytest.raises(Problem, match="page_"):
        stand.world.list_services(PARENT, size, token)


def test_pages_neither_repeat_nor_leave_out_when_a_revision_comes_between() -> None:
    stand = Stand()
    stand.world.adopt(service(), history(4))
    first = stand.world.list_revisions(SHOP, 2)
    stand.world.update_service(service("hello:new"), ["template"])

    second = stand.world.list_revisions(SHOP, 2, first.next_page_token)

    names = [one.name.rpartition("/")[2] for one in (*first.revisions, *second.revisions)]
    assert names == ["shop-00004", "shop-00003", "shop-00002", "shop-00001"]
    assert second.next_page_token == ""
