"""Everybody who knows something is asked side by side, and whoever fails leaves only that one fact unknown."""

import asyncio
from contextlib import aclosing

from buddy_tui.actions.candidates import default_of, ranked
from buddy_tui.actions.evidence import Boots, Errors, Evidence, Known
from buddy_tui.actions.gather import gather
from buddy_tui.errors import Denied, Unreachable
from buddy_tui.model import LogEntry
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask
from tests import make
from tests.core.actions.histories.build import ago, asked, bad, done, good, name, to
from tests.fakes import FakeDoor, FakeReads

REVISIONS = (good(4, 0.1), bad(3, 1), good(2, 10))
SERVICE = make.service(
    desired=to(4),
    effective=(
        *to(4),
        make.target(name(2), tag="old", uri="https://old---api.example"),
    ),
)
CHANGES = (asked(0.1, to(4)), asked(10, to(2)))
RECORDS = (done(0.1, to(2), to(4)),)


def _cloud() -> FakeReads:
    cloud = FakeReads()
    cloud.put(SERVICE, *REVISIONS)
    cloud.changes[make.NAME] = CHANGES
    cloud.images = {one.containers[0].image: True for one in REVISIONS}
    return cloud


def _request(number: int, days: float, status: int) -> LogEntry:
    text = f"GET {status} 12ms /chat"
    when = int(ago(days).timestamp()) * 1_000_000_000 + status
    return make.entry(0, text, when=when, log="requests", revision=name(number), insert_id=str(when))


async def _all(cloud: FakeReads, door: FakeDoor | None = None, patience: float = 8.0) -> list[Known]:
    asking = gather(cloud, SERVICE, REVISIONS, RECORDS, lambda: make.NOW, door, patience=patience)
    async with aclosing(asking) as told:
        return [known async for known in told]


def _of(known: Known, number: int) -> Evidence:
    return next(one for one in known.of if one.revision.name == name(number))


def _default(known: Known) -> str:
    found = default_of(ranked(SERVICE, REVISIONS, known))
    return found.revision if found else ""


async def test_the_journal_alone_is_told_before_anybody_is_asked() -> None:
    cloud = _cloud()

    async with aclosing(gather(cloud, SERVICE, REVISIONS, RECORDS, lambda: make.NOW)) as told:
        first = await anext(told)

    assert cloud.calls == []
    assert not first.done
    assert _default(first) == name(2)


async def test_all_that_was_answered_is_told_in_the_end() -> None:
    cloud = _cloud()
    cloud.write(_request(2, 0.15, 200), _request(2, 0.2, 503), _request(2, 9, 503), _request(4, 0.05, 500))

    last = (await _all(cloud))[-1]

    assert last.done
    assert last.silent == ()
    assert _of(last, 2).spans[0].length == ago(0.1) - ago(10)
    assert _of(last, 2).errors == Errors(failed=1, of=2)
    assert _of(last, 2).image is True


async def test_who_failed_is_asked_for_nothing_and_who_serves_for_no_errors() -> None:
    cloud = _cloud()

    await _all(cloud)

    images = [about for method, about in cloud.calls if method == "image_is_there"]
    assert sorted(images) == sorted(one.containers[0].image for one in (REVISIONS[0], REVISIONS[2]))
    assert cloud.count("log_page") == 1


async def test_a_denied_audit_log_leaves_the_journal_and_says_so() -> None:
    cloud = _cloud()
    cloud.fail("traffic_changes", Denied("roles/logging.viewer is missing."))

    last = (await _all(cloud))[-1]

    assert last.silent == ("The audit log cannot be read: roles/logging.viewer is missing.",)
    assert _default(last) == name(2)
    assert _of(last, 2).image is True


async def test_a_request_log_that_cannot_be_read_leaves_errors_unknown() -> None:
    cloud = _cloud()
    cloud.fail("log_page", Unreachable("No answer."))

    last = (await _all(cloud))[-1]

    assert last.silent == ("The request log cannot be read: No answer.",)
    assert _of(last, 2).errors is None
    assert _of(last, 2).spans


async def test_a_registry_that_fails_leaves_the_image_unknown() -> None:
    cloud = _cloud()
    cloud.fail("image_is_there", Unreachable("No answer."), Unreachable("No answer."))

    last = (await _all(cloud))[-1]

    assert _of(last, 2).image is None
    assert _of(last, 2).spans
    assert last.silent == ("Images cannot be looked up: No answer.",)


async def test_the_image_of_who_served_is_looked_up_however_many_are_newer() -> None:
    cloud = _cloud()
    revisions = (*(good(number, 9 - number / 10) for number in range(30, 4, -1)), good(2, 10))
    cloud.images = {one.containers[0].image: True for one in revisions}

    async with aclosing(gather(cloud, SERVICE, revisions, (), lambda: make.NOW)) as told:
        last = [known async for known in told][-1]

    assert _of(last, 2).image is True
    assert cloud.count("image_is_there") < 15


async def test_nobody_is_waited_for_beyond_patience_and_no_task_is_left() -> None:
    cloud = _cloud()
    cloud.hold(make.NAME.region)
    before = asyncio.all_tasks()

    last = (await _all(cloud, patience=0.05))[-1]

    assert last.done
    assert last.silent == ("Not everybody answered within 0.05 s.",)
    assert _of(last, 2).image is True
    assert asyncio.all_tasks() == before


async def test_closing_it_early_leaves_no_task() -> None:
    cloud = _cloud()
    cloud.hold(make.NAME.region)
    before = asyncio.all_tasks()

    async with aclosing(gather(cloud, SERVICE, REVISIONS, RECORDS, lambda: make.NOW)) as told:
        await anext(told)
        await anext(told)

    assert asyncio.all_tasks() == before


def _status(status: int, trouble: str = "") -> FakeDoor:
    def answer(visitor: int, target: Target, ask: Ask) -> Answer:
        return Answer(make.NOW, 0.01, status, trouble=trouble, body=b"{}")

    return FakeDoor(answer)


async def test_who_has_a_tag_is_asked_whether_it_boots() -> None:
    door = _status(200)

    last = (await _all(_cloud(), door))[-1]

    assert _of(last, 2).boots == Boots(answers=True, at=make.NOW)
    assert {revision for _, revision, _ in door.asked} == {name(2)}
    assert door.open_visits == 0


async def test_who_does_not_answer_at_its_tag_is_no_default_any_more() -> None:
    told = await _all(_cloud(), _status(0, "no answer within 10 s"))

    assert _of(told[-1], 2).boots == Boots(answers=False, at=make.NOW, said="no answer within 10 s")
    assert _default(told[0]) == name(2)
    assert _default(told[-1]) == ""
