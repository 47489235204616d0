"""The state of the emulated Cloud Run: what it tells, and what stays its own."""

import copy
from datetime import UTC, timedelta

import pytest

from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.run.events import (
    BootWanted,
    CallRefused,
    OperationDone,
    ReadyChanged,
    RevisionGone,
    ServiceCalled,
)
from buddy_tui.emulator.run.messages import REVISION, CreateServiceRequest, UpdateServiceRequest
from tests.emulator.admin_fixture import BORN, DIED, PARENT, PLACE, SHOP, Stand, history, service


def test_a_good_deployment_tells_the_call_the_boot_and_both_ready_changes_in_order() -> None:
    stand = Stand()

    operation = stand.world.create_service(PARENT, "shop", service())
    name = stand.boot()

    called, wanted, revision, ready, done = stand.events
    where = Where(PLACE.project, PLACE.region, "shop", name)
    asked = CreateServiceRequest(parent=PARENT, service_id="shop", service=service())
    assert called == ServiceCalled(PLACE, asked)
    assert wanted == BootWanted(where)
    assert isinstance(revision, ReadyChanged)
    assert (revision.where, revision.ready) == (where, True)
    assert revision.message == "Deploying revision succeeded in 59.13s."
    assert revision.resource_pb.name == where.revision_path
    assert isinstance(ready, ReadyChanged)
    assert (ready.where, ready.ready, ready.resource_pb.name) == (PLACE, True, SHOP)
    assert done == OperationDone(operation.name)


def test_a_failed_deployment_tells_both_ready_changes_with_their_messages() -> None:
    stand = Stand()
    stand.world.create_service(PARENT, "shop", service())

    name = stand.die()

    changes = [event for event in stand.events if isinstance(event, ReadyChanged)]
    assert [(change.ready, change.message) for change in changes] == [
        (False, DIED),
        (False, f"Revision '{name}' is not ready and cannot serve traffic. {DIED}"),
    ]


def test_a_traffic_change_of_a_ready_service_tells_no_ready_change() -> None:
    stand = Stand()
    stand.world.create_service(PARENT, "shop", service())
    name = stand.boot()
    before = len(stand.events)

    stand.world.update_service(
        service(traffic=[{"type_": REVISION, "revision": name, "percent": 100}]), ["traffic"]
    )

    assert [type(event) for event in stand.events[before:]] == [ServiceCalled, OperationDone]


def test_a_stale_write_is_told_with_code_10_and_leaves_no_other_trace() -> None:
    stand = Stand()
    stand.world.create_service(PARENT, "shop", service())
    stand.boot()
    before, state = len(stand.events), stand.world.get_service(SHOP)
    stale = service("hello:2")
    stale.etag = '"stale"'

    with pytest.raises(Problem) as refusal:
        stand.world.update_service(stale)

    asked = UpdateServiceRequest(service=stale, update_mask={})
    assert stand.events[before:] == [CallRefused(PLACE, asked, 10, refusal.value.message)]
    assert stand.world.get_service(SHOP) == state


def test_deleting_a_service_stops_each_of_its_revisions() -> None:
    stand = Stand()
    stand.world.adopt(service(), history(3))

    stand.world.delete_service(SHOP)

    gone = [event.where.revision for event in stand.events if isinstance(event, RevisionGone)]
    assert gone == ["shop-00001", "shop-00002", "shop-00003"]


def test_deleting_a_revision_stops_it() -> None:
    stand = Stand()
    stand.world.adopt(service(), history(3))

    stand.world.delete_revision(f"{SHOP}/revisions/shop-00002")

    assert RevisionGone(Where(PLACE.project, PLACE.region, "shop", "shop-00002")) in stand.events


def test_news_of_a_boot_that_nobody_waits_for_changes_nothing() -> None:
    stand = Stand()
    stand.world.create_service(PARENT, "shop", service())
    stand.boot()
    where, before = stand.wanted(), len(stand.events)
    state = stand.world.get_revision(where.revision_path)

    stand.world.boot_failed(where, "HealthCheckContainerError", DIED)
    stand.world.boot_succeeded(Where(PLACE.project, PLACE.region, "nobody", "nobody-1"), 1.0)

    assert len(stand.events) == before
    assert stand.world.get_revision(where.revision_path) == state


def test_what_is_handed_out_is_a_copy() -> None:
    stand = Stand()
    stand.world.create_service(PARENT, "shop", service())
    stand.boot()

    stand.world.get_service(SHOP).Clear()
    stand.world.get_revision(stand.wanted().revision_path).Clear()
    ready = [event for event in stand.events if isinstance(event, ReadyChanged)][-1]
    ready.resource_pb.Clear()

    assert stand.world.get_service(SHOP).name == SHOP
    assert stand.world.get_revision(stand.wanted().revision_path).service == "shop"


def test_a_copied_world_lives_its_own_life() -> None:
    told: list[object] = []
    stand = Stand()
    stand.world.create_service(PARENT, "shop", service())
    where = stand.wanted()

    # A bound method would be copied with all that it is bound to.
    stand.world._emit = told.append
    other = copy.deepcopy(stand.world)
    other.boot_failed(where, "HealthCheckContainerError", DIED)
    stand.world.boot_succeeded(where, 1.0)

    assert other.get_service(SHOP).terminal_condition.message.endswith(DIED)
    assert stand.world.get_service(SHOP).latest_ready_revision == where.revision_path
    assert other.get_service(SHOP).latest_ready_revision == ""
    (operation,) = stand.world.list_operations(PARENT).operations
    (theirs,) = other.list_operations(PARENT).operations
    assert operation.HasField("response")
    assert theirs.HasField("error")


def test_the_same_seed_gives_the_same_names() -> None:
    names = []
    for _ in range(2):
        stand = Stand()
        stand.world.create_service(PARENT, "shop", service())
        names.append(stand.wanted().revision)

    assert names[0] == names[1]


def test_versions_move_forward_though_the_clock_goes_back() -> None:
    stand = Stand()
    stand.world.create_service(PARENT, "shop", service())
    later = stand.world.get_service(SHOP).update_time.ToDatetime(UTC)
    stand.clock.travel(BORN)

    stand.world.update_service(service("hello:2"))

    assert stand.world.get_service(SHOP).update_time.ToDatetime(UTC) > later


def test_dates_are_those_of_the_clock() -> None:
    stand = Stand()
    stand.clock.travel(BORN)

    stand.world.create_service(PARENT, "shop", service())

    made = stand.world.get_revision(stand.wanted().revision_path)
    for moment in (stand.world.get_service(SHOP).create_time, made.create_time):
        assert abs(moment.ToDatetime(UTC) - BORN) < timedelta(minutes=1)


def test_numbers_in_names_go_on_from_a_name_that_was_given() -> None:
    stand = Stand()
    named = service()
    named.template.revision = "shop-00037-abc"
    stand.world.create_service(PARENT, "shop", named)

    stand.world.update_service(service("hello:2"), ["template"])

    assert stand.wanted().revision.startswith("shop-00038-")


@pytest.mark.parametrize("name", ["", "shop", PARENT, f"{SHOP}/revisions/a", f"{SHOP}/revisions"])
def test_a_name_of_another_kind_is_refused(name: str) -> None:
    stand = Stand()

    with pytest.raises(Problem, match="name"):
        stand.world.get_service(name)
