"""The parts of a log view by themselves: what is merged, who may call, and what a query says."""

import asyncio
from dataclasses import replace

import pytest

from buddy_tui.log_scope import at, filter_of, within
from buddy_tui.logs.merge import Inbox
from buddy_tui.logs.quota import Meter
from buddy_tui.model import LogScope
from tests import make
from tests.fakes import ManyTime

AUDIT = "projects/acme-prod/logs/cloudaudit.googleapis.com%2F"
LABEL = "resource.labels.revision_name"
SERVICE = LogScope(make.NAME)
REVISION = LogScope(make.NAME, "api-00001-aaa")
BUILD = LogScope(make.NAME, build="b-1")
BUILDS = LogScope(make.NAME, source="gs://b/o.zip#7")
FETCHING = "Fetching storage object: gs://b/o.zip#"


def test_entries_come_out_in_order_of_time_then_insert_id_then_log() -> None:
    inbox = Inbox()
    first, second = make.entry(1, insert_id="a"), make.entry(1, insert_id="b")
    third, last = make.entry(1, insert_id="b", log="system"), make.entry(2, insert_id="0")

    assert inbox.add([last, third, second, first]) == 4

    assert inbox.take() == ((first, second, third, last), frozenset())


def test_the_same_entry_counts_once_and_the_same_id_in_another_log_twice() -> None:
    inbox = Inbox()
    entry = make.entry(1)

    assert inbox.add([entry, entry._replace(text="as JSON")]) == 1
    inbox.take()
    assert inbox.add([entry, entry._replace(log="stderr")]) == 1


def test_only_what_belongs_before_earlier_batches_is_late() -> None:
    inbox = Inbox()
    inbox.add([make.entry(5)])
    inbox.take()
    inbox.add([make.entry(6), make.entry(4), make.entry(3)])

    entries, late = inbox.take()

    assert [entry.when for entry in entries] == [make.entry(at).when for at in (3, 4, 6)]
    assert late == {0, 1}


def test_memory_is_bounded_and_says_from_when_on_it_is_good() -> None:
    inbox = Inbox(memory=100)
    inbox.add(make.entry(number) for number in range(101))
    before = inbox.crowded

    inbox.forget(make.entry(10).when)
    assert inbox.floor == make.entry(10).when
    inbox.shrink()

    assert (before, inbox.crowded) == (True, False)
    assert inbox.floor == make.entry(51).when
    assert inbox.add([make.entry(51), make.entry(100)]) == 0


async def test_a_dozen_calls_go_through_at_once_and_the_next_when_the_first_is_a_minute_old() -> None:
    time = ManyTime()
    meter = Meter(time, time.sleep, 12)
    for _ in range(12):
        await meter.turn()
    assert (meter.calls, meter.free) == (12, False)

    waiting = asyncio.create_task(meter.turn())
    await time.passes(59)
    assert not waiting.done()
    await time.passes(1)

    assert waiting.done()
    assert meter.calls == 1


async def test_who_has_patience_lets_the_others_by_and_leaves_them_a_third() -> None:
    time = ManyTime()
    meter = Meter(time, time.sleep, 3)
    done: list[str] = []
    for _ in range(3):
        await meter.turn()

    async def take(name: str, *, patient: bool) -> None:
        await meter.turn(patient=patient)
        done.append(name)

    tasks = [
        asyncio.create_task(take(name, patient=name.startswith("heal")))
        for name in ("heal 1", "heal 2", "heal 3", "first 1", "first 2", "first 3", "first 4")
    ]
    await time.passes(60)
    assert done == ["first 1", "first 2", "first 3"]
    await time.passes(60)
    assert done[3:] == ["first 4", "heal 1"]
    await time.passes(60)

    assert done[5:] == ["heal 2", "heal 3"]
    assert all(task.done() for task in tasks)


async def test_who_gives_up_waiting_leaves_the_line() -> None:
    time = ManyTime()
    meter = Meter(time, time.sleep, 1)
    await meter.turn()
    gone, next_one = (asyncio.create_task(meter.turn()) for _ in range(2))
    await time.passes(30)

    gone.cancel()
    await time.passes(31)

    assert next_one.done()


async def test_a_refusal_shuts_the_line_longer_each_time_until_an_answer() -> None:
    time = ManyTime()
    meter = Meter(time, time.sleep, 12)
    for seconds in (20, 40, 60, 60):
        meter.refused()
        waiting = asyncio.create_task(meter.turn())
        await time.passes(seconds - 1)
        assert not waiting.done()
        await time.passes(1)
        assert waiting.done()

    meter.answered()

    assert meter.free


@pytest.mark.parametrize(
    ("scope", "parts"),
    [
        (
            SERVICE,
            [
                'resource.type="cloud_run_revision"',
                'resource.labels.location="europe-west1"',
                '(resource.labels.service_name="api" OR protoPayload.resourceName=~"/(services/api$|revisions/api-)")',
                f'logName!="{AUDIT}data_access"',
                f'NOT logName="{AUDIT}activity"',
            ],
        ),
        (
            replace(REVISION, since=1_795_435_200_000_000_001, until=1_795_435_201_000_000_000),
            [
                'resource.type="cloud_run_revision"',
                'resource.labels.location="europe-west1"',
                f'({LABEL}="api-00001-aaa" OR protoPayload.resourceName=~"/revisions/api-00001-aaa$")',
                f'logName!="{AUDIT}data_access"',
                f'NOT logName="{AUDIT}activity"',
                'timestamp>="2026-11-23T12:00:00.000000001Z"',
                'timestamp<="2026-11-23T12:00:01.000000000Z"',
            ],
        ),
        (BUILD, ['resource.type="build"', 'resource.labels.build_id="b-1"']),
        (BUILDS, ['resource.type="build"', f'textPayload:"{FETCHING}7"']),
    ],
)
def test_a_scope_is_a_query(scope: LogScope, parts: list[str]) -> None:
    assert filter_of(scope) == " AND ".join(parts)


def test_a_revision_with_api_calls_has_those_of_its_service() -> None:
    text = filter_of(replace(REVISION, activity=True))

    assert f'OR (logName="{AUDIT}activity" AND (resource.labels.service_name="api" OR ' in text
    assert "NOT" not in text


@pytest.mark.parametrize(
    ("scope", "over", "wanted"),
    [
        (SERVICE, {}, True),
        (SERVICE, {"revision": ""}, True),
        (SERVICE, {"log": "activity"}, False),
        (replace(REVISION, activity=True), {"log": "activity", "revision": ""}, True),
        (REVISION, {"revision": "api-00002-bbb"}, False),
        (REVISION, {"log": "build", "instance": "b-1"}, False),
        (BUILD, {"log": "build", "instance": "b-1"}, True),
        (BUILD, {"log": "build", "instance": "b-2"}, False),
        (BUILDS, {"log": "build", "instance": "b-1", "text": f"{FETCHING}7"}, True),
        (BUILDS, {"log": "build", "instance": "b-1", "text": f"{FETCHING}8"}, False),
        (BUILDS, {"text": f"{FETCHING}7"}, False),
        (replace(SERVICE, since=make.entry(1).when), {}, False),
        (replace(SERVICE, until=make.entry(-1).when), {}, False),
    ],
)
def test_a_tails_entry_is_sorted_as_the_query_would(
    scope: LogScope, over: dict[str, str], *, wanted: bool
) -> None:
    assert within(scope, make.entry(**over)) is wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("region", "service", "revision", "wanted"),
    [
        ("europe-west1", "api", "", True),
        ("europe-west1", "api-v2", "api-v2-00001-aaa", False),
        ("us-east1", "api", "", False),
        ("", "api", "", True),
        ("europe-west1", "", "api-00001-aaa", True),
        ("europe-west1", "", "web-00001-aaa", False),
    ],
)
def test_a_place_is_a_scopes_own(region: str, service: str, revision: str, *, wanted: bool) -> None:
    assert at(SERVICE, make.entry(revision=revision), region, service) is wanted
