"""The endless stream of snapshots: fresh, or honestly stale."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui.errors import BuddyError, Denied, NotSignedIn, OverQuota, ServerTrouble, Unreachable
from buddy_tui.model import Directory, RevisionState, Snapshot
from buddy_tui.watch import watch, watch_directory
from tests import make
from tests.fakes import FakeReads, FakeTime


def watching(
    reads: FakeReads, time: FakeTime, wake: asyncio.Event | None = None
) -> AsyncGenerator[Snapshot, None]:
    return watch(reads, make.NAME, clock=time, sleep=time.sleep, wake=wake)


async def looks(reads: FakeReads, time: FakeTime, number: int) -> list[Snapshot]:
    async with aclosing(watching(reads, time)) as stream:
        return [await anext(stream) for _ in range(number)]


def cloud() -> FakeReads:
    reads = FakeReads()
    reads.put(make.service(), make.revision())
    return reads


async def test_the_first_snapshot_comes_at_once_and_is_whole() -> None:
    reads, time = cloud(), FakeTime()

    (first,) = await looks(reads, time, 1)

    assert first == Snapshot(make.NAME, make.service(), (make.revision(),), make.NOW, next_in=5.0)
    assert time.slept == []


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("run.googleapis.com cannot be reached: connection refused.", "Check the network."),
        OverQuota("Google's quota is used up."),
        ServerTrouble("run.googleapis.com is unavailable."),
        Denied("You lack run.services.get.", "gcloud …"),
        NotSignedIn("The sign-in has expired.", "gcloud auth application-default login"),
    ],
)
@pytest.mark.parametrize("method", ["service", "revisions"])
async def test_the_last_good_data_stays_while_looks_fail_and_the_trouble_tells_since_when(
    error: BuddyError, method: str
) -> None:
    reads, time = cloud(), FakeTime()
    async with aclosing(watching(reads, time)) as stream:
        good = await anext(stream)
        reads.put(make.service(etag='"etag-2"'), make.revision())  # so that the revisions are asked for too
        reads.fail(method, error, error, None)

        first, second, healed = await anext(stream), await anext(stream), await anext(stream)

    assert (first.service, first.revisions, first.as_of) == (good.service, good.revisions, good.as_of)
    assert first.trouble is not None
    assert (first.trouble.sentence, first.trouble.hint) == (str(error), error.hint)
    assert first.trouble.exit_code == error.exit_code
    assert second.trouble == first.trouble
    assert first.trouble.since == make.NOW + timedelta(seconds=5)
    assert (healed.trouble, healed.as_of) == (None, time.now)


async def test_a_first_look_that_fails_has_trouble_and_no_service() -> None:
    reads, time = cloud(), FakeTime()
    reads.down(Unreachable("No answer."))

    (first,) = await looks(reads, time, 1)

    assert (first.service, first.revisions, first.as_of) == (None, (), None)
    assert first.trouble is not None


async def test_looks_that_fail_slow_down_to_half_a_minute_and_the_normal_pace_comes_back() -> None:
    reads, time = cloud(), FakeTime()
    reads.fail("service", *[Unreachable("No answer.")] * 6)

    snapshots = await looks(reads, time, 8)

    assert [one.next_in for one in snapshots] == [5.0, 10.0, 20.0, 30.0, 30.0, 30.0, 5.0, 5.0]
    assert time.slept == [one.next_in for one in snapshots[:-1]]


async def test_a_rollout_is_watched_every_second() -> None:
    reads, time = FakeReads(), FakeTime()
    pending = make.revision("api-00002-bbb", state=RevisionState.PENDING, created=make.NOW)

    reads.put(make.service(reconciling=True), make.revision())
    (reconciling,) = await looks(reads, time, 1)
    reads.put(make.service(), pending)
    (starting,) = await looks(reads, time, 1)
    reads.put(make.service(), replace(pending, created=make.NOW - timedelta(hours=2)))
    (stuck,) = await looks(reads, time, 1)

    assert (reconciling.next_in, starting.next_in, stuck.next_in) == (1.0, 1.0, 5.0)


async def test_after_a_quota_error_even_a_rollout_is_not_watched_faster_for_a_minute() -> None:
    reads, time = FakeReads(), FakeTime()
    reads.put(make.service(reconciling=True), make.revision())
    reads.fail("service", OverQuota("Quota."))

    paces = [one.next_in for one in await looks(reads, time, 20)]

    assert paces[:2] == [5.0, 5.0]
    assert sum(paces[: paces.index(1.0)]) >= 60


async def test_revisions_are_listed_again_only_when_the_service_changed_or_half_a_minute_passed() -> None:
    reads, time = cloud(), FakeTime()
    async with aclosing(watching(reads, time)) as stream:
        for _ in range(6):  # 25 s
            await anext(stream)
        quiet = reads.count("revisions")
        await anext(stream)  # 30 s
        after_half_a_minute = reads.count("revisions")
        reads.put(make.service(etag='"etag-2"'), make.revision(), make.failed())
        changed = await anext(stream)

    assert (quiet, after_half_a_minute, reads.count("revisions")) == (1, 2, 3)
    assert len(changed.revisions) == 2


async def test_a_pending_revision_is_listed_until_it_is_ready() -> None:
    reads, time = FakeReads(), FakeTime()
    reads.put(make.service(), make.revision(state=RevisionState.PENDING, created=make.NOW))
    async with aclosing(watching(reads, time)) as stream:
        await anext(stream)
        reads.put(make.service(), make.revision())
        ready = await anext(stream)

    assert ready.revisions == (make.revision(),)
    assert ready.next_in == 5.0


async def test_a_clock_that_was_set_back_does_not_put_the_next_list_off() -> None:
    reads, time = cloud(), FakeTime()
    async with aclosing(watching(reads, time)) as stream:
        await anext(stream)
        time.now -= timedelta(hours=1)
        reads.put(make.service(), make.revision(), make.failed())
        after = await anext(stream)

    assert len(after.revisions) == 2


async def test_a_clock_that_was_set_back_spares_no_quota_for_longer_than_a_minute() -> None:
    reads, time = FakeReads(), FakeTime()
    reads.put(make.service(reconciling=True), make.revision())
    reads.fail("service", OverQuota("Quota."))
    async with aclosing(watching(reads, time)) as stream:
        await anext(stream)
        time.now -= timedelta(hours=1)

        assert (await anext(stream)).next_in == 1.0


async def test_a_service_that_is_deleted_stays_as_it_was_and_its_successor_is_shown_whole() -> None:
    reads, time = cloud(), FakeTime()
    successor = make.service(created=make.NOW, etag='"new"')
    async with aclosing(watching(reads, time)) as stream:
        old = await anext(stream)
        reads.remove(make.NAME)
        gone = await anext(stream)
        reads.put(successor, make.failed())
        new = await anext(stream)

    assert gone.trouble is not None
    assert gone.trouble.sentence == "There is no service api in acme-prod/europe-west1."
    assert (gone.service, gone.revisions, gone.as_of) == (old.service, old.revisions, old.as_of)
    assert (new.trouble, new.service, new.revisions) == (None, successor, (make.failed(),))


async def test_a_wake_ends_the_pause() -> None:
    reads, wake = cloud(), asyncio.Event()
    stream = watch(reads, make.NAME, clock=FakeTime(), wake=wake, pace=3600)
    async with aclosing(stream):
        await anext(stream)
        wake.set()
        async with asyncio.timeout(5):
            await anext(stream)

    assert reads.count("service") == 2


async def test_a_wake_during_a_look_makes_another_one() -> None:
    reads, wake = cloud(), asyncio.Event()
    held = reads.hold(make.NAME.region)
    stream = watch(reads, make.NAME, clock=FakeTime(), wake=wake, pace=3600)
    async with aclosing(stream):
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        wake.set()
        held.set()
        await first
        async with asyncio.timeout(5):
            await anext(stream)

    assert reads.count("service") == 2


async def test_an_unexpected_exception_is_raised_and_not_shown_as_trouble() -> None:
    reads = cloud()
    reads.fail("service", ZeroDivisionError("a bug"))

    with pytest.raises(ZeroDivisionError):
        await looks(reads, FakeTime(), 1)


async def test_a_cancelled_watch_leaves_no_task_behind() -> None:
    reads = cloud()
    stream = watch(reads, make.NAME, clock=FakeTime(), pace=3600)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await stream.aclose()
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == {asyncio.current_task()}


def directory_of(
    reads: FakeReads, regions: tuple[str, ...] = (), wake: asyncio.Event | None = None
) -> AsyncGenerator[Directory, None]:
    return watch_directory(reads, "acme-prod", regions, clock=FakeTime(), wake=wake, pace=3600)


async def until_known(stream: AsyncGenerator[Directory, None], *regions: str) -> Directory:
    async with asyncio.timeout(5):
        async for directory in stream:
            known = {view.region for view in directory.regions if view.as_of or view.trouble}
            if known >= set(regions):
                return directory
    raise AssertionError


def two_regions() -> FakeReads:
    return FakeReads(make.service(), make.service(make.name("web", "us-east1")))


async def test_every_region_comes_as_soon_as_it_is_there_and_a_slow_one_holds_nobody_up() -> None:
    reads = two_regions()
    held = reads.hold("us-east1")
    async with aclosing(directory_of(reads)) as stream:
        before = await anext(stream)
        partly = await until_known(stream, "europe-west1")
        held.set()
        whole = await until_known(stream, "europe-west1", "us-east1")

    assert [view.region for view in before.regions] == ["europe-west1", "us-east1"]
    assert [len(view.services) for view in partly.regions] == [1, 0]
    assert [len(view.services) for view in whole.regions] == [1, 1]


async def test_a_denied_region_says_so_beside_the_others() -> None:
    reads = two_regions()
    reads.fail("services", None, Denied("You lack run.services.list.", "gcloud …"))
    async with aclosing(directory_of(reads, ("europe-west1", "us-east1"))) as stream:
        directory = await until_known(stream, "europe-west1", "us-east1")

    west, east = directory.regions
    assert (len(west.services), west.trouble) == (1, None)
    assert east.trouble is not None
    assert east.trouble.sentence == "You lack run.services.list."


async def test_as_long_as_not_even_the_regions_are_known_the_directory_says_why() -> None:
    reads, time = two_regions(), FakeTime()
    reads.fail("regions", Unreachable("No answer."), Unreachable("No answer."), None)
    stream = watch_directory(reads, "acme-prod", clock=time, sleep=time.sleep, pace=10)
    async with aclosing(stream):
        first, second = await anext(stream), await anext(stream)
        known = await until_known(stream, "us-east1")

    assert first.trouble is not None
    assert second.trouble == first.trouble
    assert (first.next_in, second.next_in) == (10.0, 20.0)
    assert (known.trouble, len(known.regions)) == (None, 2)


async def test_a_wake_makes_every_region_look_again() -> None:
    reads, wake = two_regions(), asyncio.Event()
    async with aclosing(directory_of(reads, wake=wake)) as stream:
        await until_known(stream, "europe-west1", "us-east1")
        wake.set()
        async with asyncio.timeout(5):
            while reads.count("services") < 4:
                await anext(stream)


async def test_a_bug_in_one_region_is_raised_and_leaves_no_task_behind() -> None:
    reads = two_regions()
    reads.fail("services", ZeroDivisionError("a bug"))

    with pytest.raises(ZeroDivisionError):
        await until_known(directory_of(reads), "europe-west1", "us-east1")

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_closed_directory_leaves_no_task_behind() -> None:
    reads = two_regions()
    stream = directory_of(reads)
    await until_known(stream, "europe-west1")

    await stream.aclose()
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == {asyncio.current_task()}
