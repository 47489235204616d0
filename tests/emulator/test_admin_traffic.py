"""Traffic, asked for and effective, through Google's own client."""

from datetime import timedelta

import pytest
from google.api_core import exceptions

from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.events import TrafficHeld
from tests.emulator.admin_fixture import (
    DIED,
    FAILED,
    LATEST,
    PLACE,
    RECONCILING,
    SHOP,
    SUCCEEDED,
    address,
    latest,
    pinned,
    served,
    shares,
    template,
)


async def test_an_empty_traffic_list_stays_empty_and_serves_the_latest_revision() -> None:
    async with served() as admin:
        await admin.create()
        admin.boot()

        shop = await admin.shop()

        assert list(shop.traffic) == []
        assert [(status.type_, status.revision, status.percent) for status in shop.traffic_statuses] == [
            (LATEST, "", 100)
        ]


async def test_nothing_is_served_before_the_first_revision_is_ready() -> None:
    async with served() as admin:
        await admin.create()

        shop = await admin.shop()

        assert shop.reconciling
        assert shop.terminal_condition.state == RECONCILING
        assert (list(shop.traffic_statuses), shop.latest_ready_revision, shop.observed_generation) == (
            [],
            "",
            0,
        )
        assert admin.world.route(admin.wanted()) == ()


async def test_latest_means_latest_ready_while_the_newest_is_still_booting() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()

        await admin.update("template", template=template("hello:2"))
        shop = await admin.shop()

        assert shop.latest_created_revision.endswith(admin.wanted().revision)
        assert shop.latest_ready_revision.endswith(first)
        assert [(where.revision, percent) for where, percent in admin.world.route(admin.wanted())] == [
            (first, 100)
        ]


async def test_latest_moves_to_the_newest_when_it_is_ready() -> None:
    async with served() as admin:
        await admin.create()
        admin.boot()

        second = await admin.deploy("hello:2")

        assert (await admin.shop()).latest_ready_revision.endswith(second)
        assert [(where.revision, percent) for where, percent in admin.world.route(admin.wanted())] == [
            (second, 100)
        ]


async def test_pinned_traffic_stays_pinned_when_a_new_revision_comes() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        await admin.update("traffic", traffic=[pinned(first)])

        second = await admin.deploy("hello:2")
        shop = await admin.shop()

        assert shares(shop.traffic) == shares(shop.traffic_statuses) == [(first, 100, "")]
        assert shop.latest_ready_revision.endswith(second)


async def test_a_traffic_change_makes_no_revision_and_is_done_at_once() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()

        operation = await admin.update("traffic", traffic=[pinned(first, 100, "stable")])

        assert operation.done
        assert len((await admin.revisions.list_revisions(parent=(await admin.shop()).name)).revisions) == 1
        assert (await admin.shop()).traffic_statuses[0].uri == address(admin.wanted(), "stable")


async def test_a_split_is_routed_by_percent_and_each_tag_to_its_one_revision() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        second = await admin.deploy("hello:2")

        await admin.update(
            "traffic", traffic=[pinned(first, 90), pinned(second, 10), pinned(second, 0, "next")]
        )

        where = admin.wanted()
        assert [(at.revision, part) for at, part in admin.world.route(where)] == [(first, 90), (second, 10)]
        assert [(at.revision, part) for at, part in admin.world.route(where, "next")] == [(second, 100)]


async def test_a_tag_on_latest_floats_to_each_new_ready_revision() -> None:
    async with served() as admin:
        await admin.create(traffic=[latest(100, "tip")])
        first = admin.boot()
        where = admin.wanted()
        before = admin.world.route(where, "tip")

        second = await admin.deploy("hello:2")

        assert [at.revision for at, _ in before] == [first]
        assert [at.revision for at, _ in admin.world.route(where, "tip")] == [second]


async def test_a_failed_revision_leaves_everything_that_serves_as_it_was() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        good = await admin.shop()

        bad = await admin.deploy("hello:2", boots=False)
        shop = await admin.shop()

        assert shares(shop.traffic_statuses) == shares(good.traffic_statuses)
        assert shop.latest_ready_revision == good.latest_ready_revision
        assert shop.latest_ready_revision.endswith(first)
        assert shop.latest_created_revision.endswith(bad)
        assert (shop.generation, shop.observed_generation) == (2, 1)
        assert not shop.reconciling
        assert shop.terminal_condition.state == FAILED


async def test_a_failed_candidate_poisons_the_desired_traffic_for_the_next_change() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        candidate = template("hello:2", "shop-bad")
        await admin.update(
            "template", "traffic", template=candidate, traffic=[pinned(first), pinned("shop-bad", 0, "next")]
        )
        admin.die()

        again = await admin.update("description", description="only a word")
        shop = await admin.shop()

        assert shares(shop.traffic) == [(first, 100, ""), ("shop-bad", 0, "next")]
        assert shares(shop.traffic_statuses) == [("LATEST", 100, "")]
        assert again.error.message == f"Revision 'shop-bad' is not ready and cannot serve traffic. {DIED}"


async def test_a_good_deployment_still_reports_the_poison_and_traffic_does_not_move() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        await admin.update("traffic", traffic=[latest(100), pinned(first, 0, "old")])
        await admin.update(
            "template",
            "traffic",
            template=template("hello:2", "shop-bad"),
            traffic=[latest(100), pinned("shop-bad", 0, "next")],
        )
        admin.die()

        operation = await admin.update("template", template=template("hello:3"))
        admin.boot()

        assert "Revision 'shop-bad' is not ready" in (await admin.operation(operation)).error.message
        assert [at.revision for at, _ in admin.world.route(admin.wanted())] == [first]


async def test_naming_only_good_revisions_heals_the_service() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        await admin.deploy("hello:2", boots=False)

        operation = await admin.update("traffic", traffic=[pinned(first)])
        shop = await admin.shop()

        assert operation.done
        assert not operation.HasField("error")
        assert shop.terminal_condition.state == SUCCEEDED
        assert shop.generation == shop.observed_generation
        assert shares(shop.traffic_statuses) == [(first, 100, "")]


async def test_traffic_to_a_revision_that_is_not_there_is_an_error_of_the_operation() -> None:
    async with served() as admin:
        await admin.create()
        admin.boot()

        operation = await admin.update("traffic", traffic=[pinned("shop-gone")])

        assert operation.error.code == 9
        assert operation.error.message == (
            "Revision 'shop-gone' does not exist or is deleted. "
            "Update all traffic to route to currently available revisions."
        )
        assert shares((await admin.shop()).traffic_statuses) == [("LATEST", 100, "")]


async def test_traffic_that_is_stuck_is_accepted_and_moves_when_the_fault_ends() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        second = await admin.deploy("hello:2")
        await admin.update("traffic", traffic=[pinned(second)])
        admin.faults.traffic_stuck = True

        operation = await admin.update("traffic", traffic=[pinned(first)])
        shop = await admin.shop()

        assert not operation.done
        assert (shop.reconciling, shop.terminal_condition.state) == (True, RECONCILING)
        assert shop.generation != shop.observed_generation
        assert shares(shop.traffic) == [(first, 100, "")]
        assert shares(shop.traffic_statuses) == [(second, 100, "")]
        assert [at.revision for at, _ in admin.world.route(admin.wanted())] == [second]
        assert admin.events[-1] == TrafficHeld(PLACE)
        assert not admin.world.retry(PLACE)

        admin.faults.traffic_stuck = False

        assert admin.world.retry(PLACE)
        assert (await admin.operation(operation)).done
        shop = await admin.shop()
        assert (shop.reconciling, shop.terminal_condition.state) == (False, SUCCEEDED)
        assert shares(shop.traffic_statuses) == [(first, 100, "")]


async def test_traffic_that_is_ignored_is_accepted_and_done_and_does_not_move() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        second = await admin.deploy("hello:2")
        await admin.update("traffic", traffic=[pinned(second)])
        admin.faults.traffic_ignored = True

        operation = await admin.update("traffic", traffic=[pinned(first)])
        shop = await admin.shop()

        assert operation.done
        assert not operation.HasField("error")
        assert shares(shop.traffic) == [(first, 100, "")]
        assert shares(shop.traffic_statuses) == [(second, 100, "")]
        assert [at.revision for at, _ in admin.world.route(admin.wanted())] == [second]


async def test_annotations_that_are_written_while_traffic_is_stuck_do_not_move_it() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        await admin.deploy("hello:2")
        admin.faults.traffic_stuck = True
        await admin.update("traffic", traffic=[pinned(first)])

        await admin.update("annotations", annotations={"buddy-tui.dev/lock": "{}"})

        shop = await admin.shop()
        assert shares(shop.traffic) == [(first, 100, "")]
        assert shares(shop.traffic_statuses) == [("LATEST", 100, "")]
        assert admin.events.count(TrafficHeld(PLACE)) == 1


async def test_traffic_that_is_slow_moves_so_many_seconds_after_the_write() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        await admin.deploy("hello:2")
        admin.faults.traffic_delay = 5.0

        await admin.update("traffic", traffic=[pinned(first)])
        early = admin.world.retry(PLACE)
        admin.clock.travel(admin.clock.now() + timedelta(seconds=6))

        assert (early, admin.world.retry(PLACE)) == (False, True)
        assert shares((await admin.shop()).traffic_statuses) == [(first, 100, "")]


async def test_a_service_that_is_deleted_while_its_traffic_is_held_is_held_no_more() -> None:
    async with served() as admin:
        await admin.create()
        first = admin.boot()
        admin.faults.traffic_stuck = True
        await admin.update("traffic", traffic=[pinned(first, tag="now")])

        await admin.services.delete_service(name=SHOP)

        assert admin.world.retry(PLACE)


@pytest.mark.parametrize(
    ("traffic", "words"),
    [
        ([latest(50)], "percentages must sum to 100, but sum to 50."),
        ([latest(100), pinned("shop-a", 1)], "sum to 101"),
        ([latest(150), pinned("shop-a", -50)], "must be between 0 and 100"),
        ([pinned("", 100)], "must be set for a target of type REVISION"),
        ([latest(100, "ab")], "at least three characters"),
        ([latest(100, "Next")], "lowercase"),
        ([latest(100, "1st")], "begin with a letter"),
        ([latest(100, "tip-")], "not end with '-'"),
        ([latest(100, "tip"), pinned("shop-a", 0, "tip")], "tag 'tip' is used more than once"),
        (
            [latest(100, "a" * 43)],
            (
                f"spec.traffic.tag: traffic tag '{'a' * 43}' and service name 'shop' together are too long. "
                "Combined traffic tag and service name cannot exceed 46 characters."
            ),
        ),
    ],
)
async def test_an_impossible_traffic_list_is_refused(traffic: list[Message], words: str) -> None:
    async with served() as admin:
        await admin.create()
        admin.boot()

        with pytest.raises(exceptions.InvalidArgument, match=words.replace(".", r"\.")):
            await admin.update("traffic", traffic=traffic)


async def test_a_tag_and_service_of_46_characters_together_are_accepted() -> None:
    async with served() as admin:
        await admin.create()
        admin.boot()

        assert (await admin.update("traffic", traffic=[latest(100, "a" * 42)])).done


async def test_a_first_deployment_cannot_be_without_traffic() -> None:
    async with served() as admin:
        with pytest.raises(exceptions.InvalidArgument, match="'shop-other' does not exist or is deleted"):
            await admin.create(traffic=[pinned("shop-other")])
        with pytest.raises(exceptions.InvalidArgument, match="sum to 0"):
            await admin.create(traffic=[latest(0, "tip")])

        await admin.create(template=template(revision="shop-own"), traffic=[pinned("shop-own")])
        admin.boot()

        assert shares((await admin.shop()).traffic_statuses) == [("shop-own", 100, "")]
