"""The build of a revision: by its label, or by the source that it fetched."""

from contextlib import aclosing
from datetime import timedelta

import pytest

from buddy_tui.boot.values import BootLog
from buddy_tui.diagnose import Examiner, located
from buddy_tui.errors import NotFound, Unreachable
from buddy_tui.log_scope import build_of
from buddy_tui.logs import LogDesk
from buddy_tui.model import LogEntry, LogScope, Revision
from tests import make
from tests.fakes import FakeReads, FakeTime

SOURCE = "gs://run-sources-acme-prod-europe-west1/services/api/1.zip#1770738000000001"
REVISION = make.failed("api-00002-bbb", source=SOURCE, created=make.NOW - timedelta(hours=1))


def built(identity: str, *, hours_ago: float, source: str = SOURCE) -> tuple[LogEntry, ...]:
    """Return the log of a build."""
    begun = int((make.NOW - timedelta(hours=hours_ago)).timestamp()) * 1_000_000_000
    lines = (f'starting build "{identity}"', f"Fetching storage object: {source}", "BUILD", "DONE")
    return tuple(
        LogEntry(begun + at, "build", f"{identity}{at}", line, instance=identity)
        for at, line in enumerate(lines)
    )


def scope_of(revision: Revision) -> LogScope:
    scope = build_of(make.NAME, revision)
    assert scope is not None
    return scope


def desk_over(*logs: tuple[LogEntry, ...]) -> tuple[FakeReads, LogDesk]:
    reads, time = FakeReads(), FakeTime()
    for log in logs:
        reads.lists_only(*log)
    return reads, LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep)


def test_a_label_names_the_build_before_the_source_is_asked() -> None:
    labelled = make.revision(source=SOURCE, labels=(("gcb-build-id", "b-1"),))

    assert scope_of(labelled) == LogScope(make.NAME, labelled.name, build="b-1")


@pytest.mark.parametrize("source", ["", "https://github.com/acme/api"])
def test_a_finished_image_leads_to_no_build(source: str) -> None:
    assert build_of(make.NAME, make.revision(source=source)) is None


async def test_a_build_is_found_by_the_source_that_it_fetched_with_one_list_call() -> None:
    reads, desk = desk_over(
        built("b-1", hours_ago=2), built("b-2", hours_ago=2, source=SOURCE.replace("#", "0#"))
    )

    scope = await located(desk, scope_of(REVISION))

    assert scope == LogScope(make.NAME, REVISION.name, build="b-1")
    assert reads.count("log_page") == 1
    assert [entry.text for entry in await desk.window(scope)][-2:] == ["BUILD", "DONE"]


async def test_of_several_builds_of_a_source_the_newest_before_the_revision_made_it() -> None:
    _, desk = desk_over(*(built(f"b-{hours}", hours_ago=hours) for hours in (3, 2, 0.5)))

    assert (await located(desk, scope_of(REVISION))).build == "b-2"


async def test_a_build_that_is_known_is_not_looked_for() -> None:
    reads, desk = desk_over()
    known = LogScope(make.NAME, build="b-1")

    assert await located(desk, known) == known
    assert reads.calls == []


async def test_where_no_build_log_is_left_that_is_told_with_the_reasons() -> None:
    _, desk = desk_over(built("b-1", hours_ago=2, source="gs://other/1.zip#1"))

    with pytest.raises(NotFound, match="No build log was found for gs://run-sources") as caught:
        await located(desk, scope_of(REVISION))

    assert "30 days" in caught.value.hint
    assert "bucket only" in caught.value.hint


async def followed(reads: FakeReads, desk: LogDesk) -> list[BootLog]:
    stream = Examiner(desk, reads, clock=FakeTime()).boot_log(scope_of(REVISION), (REVISION,))
    values = []
    async with aclosing(stream) as logs:
        async for value in logs:
            values.append(value)
            if value.batch.entries:
                break
    return values


async def test_the_log_of_a_build_streams_without_a_finding_of_its_own() -> None:
    log = built("b-1", hours_ago=2)

    *_, last = await followed(*desk_over(log))

    assert last.batch.entries == log
    assert (last.reading, last.finding) == (None, None)


@pytest.mark.parametrize(
    ("trouble", "raised"), [((), NotFound), ((Unreachable("No answer."),) * 3, Unreachable)]
)
async def test_a_build_that_cannot_be_found_is_no_silence(
    trouble: tuple[Exception, ...], raised: type[Exception]
) -> None:
    reads, desk = desk_over()
    reads.fail("log_page", *trouble)

    with pytest.raises(raised):
        await followed(reads, desk)
