"""From logs and archives to findings: what the screens and commands are told, and when."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui import boot, bug
from buddy_tui.boot.values import BootLog
from buddy_tui.diagnose import Examiner, boot_window
from buddy_tui.diagnose.shelf import Shelf
from buddy_tui.errors import Denied, Unreachable
from buddy_tui.finding import Cause, Confidence
from buddy_tui.logs import LogDesk
from buddy_tui.model import LogEntry, LogScope, Revision, RevisionState, Snapshot, SourceTree
from tests import make
from tests.fakes import FakeReads, FakeTime

SECOND = 1_000_000_000
GOOD = make.revision(
    "api-00001-aaa", source="gs://b/good.zip#1", created=make.NOW - timedelta(days=2),
)  # fmt: skip
TRACE = """\
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/uvicorn/importer.py", line 19, in import_from_string
    module = importlib.import_module(module_str)
ModuleNotFoundError: No module named 'Back_End'"""
PROBE = (
    'Default STARTUP TCP probe failed 1 time consecutively for container "api-1" on port 8080. '
    "The instance was not started. Connection failed with status CANCELLED."
)
WHOLE = SourceTree(
    "gs://b/good.zip#1", ("Back_End/__init__.py", "Back_End/db.py", "Back_End/main.py", "Dockerfile")
)
PART = SourceTree("gs://b/2.zip#1", ("__init__.py", "db.py", "main.py"))


def failed(number: int, *, minutes_ago: int = 60) -> Revision:
    created = make.NOW - timedelta(minutes=minutes_ago)
    return make.failed(
        f"api-{number:05d}-bbb", source=f"gs://b/{number}.zip#1", created=created, conditions=()
    )


def boot_of(revision: Revision, text: str = TRACE, *, after: float = 1.0) -> tuple[LogEntry, ...]:
    assert revision.created is not None
    begun = int((revision.created.timestamp() + after) * SECOND)
    told = (
        ("system", "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting."),
        ("stderr", text),
        ("system", "Container called exit(1)."),
        ("system", PROBE),
    )  # fmt: skip
    return tuple(
        LogEntry(
            begun + at * SECOND // 10,
            log,
            f"{revision.name}{at}",
            said,
            revision=revision.name,
            instance="i1",
        )
        for at, (log, said) in enumerate(told)
    )


def cloud(*revisions: Revision) -> FakeReads:
    reads = FakeReads()
    reads.put(make.service(), *revisions)
    reads.trees = {WHOLE.where: WHOLE, PART.where: PART}
    for revision in revisions:
        if revision.state is RevisionState.FAILED:
            reads.lists_only(*boot_of(revision))
    return reads


def examiner(reads: FakeReads) -> Examiner:
    time = FakeTime()
    return Examiner(LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep), reads, clock=time)


async def snapshots(*given: Snapshot) -> AsyncGenerator[Snapshot, None]:
    for snapshot in given:
        yield snapshot
    await asyncio.Event().wait()


async def first(stream: AsyncGenerator[Snapshot, None], wanted: int) -> Snapshot:
    async with aclosing(stream) as values:
        async for value in values:
            if len(value.findings) == wanted:
                return value
    raise AssertionError("the stream ended")


async def test_a_finding_is_proved_by_the_archives_beside_the_log() -> None:
    bad = failed(2)

    _, finding = await examiner(cloud(bad, GOOD)).finding(make.NAME, bad, (bad, GOOD))

    assert (finding.cause, finding.confidence) == (Cause.LOCAL_MODULE_MISSING, Confidence.CERTAIN)
    assert finding.missing == "Back_End"
    assert finding.revision == bad.name
    assert "wrong folder" in finding.summary


async def test_an_archive_that_is_gone_leaves_the_finding_without_its_proof() -> None:
    bad = failed(2)
    reads = cloud(bad, GOOD)
    reads.trees.clear()

    _, finding = await examiner(reads).finding(make.NAME, bad, (bad, GOOD))

    assert finding.cause is Cause.LOCAL_MODULE_MISSING
    assert "wrong folder" not in finding.summary
    assert any("archive" in doubt for doubt in finding.uncertain)


async def test_an_archive_that_could_not_be_reached_is_asked_for_again_and_said_until_then() -> None:
    bad, time = failed(2), FakeTime()
    reads = cloud(bad, GOOD)
    reads.fail("source_tree", Unreachable("storage.googleapis.com cannot be reached."))
    asked = Examiner(LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep), reads, clock=time)
    snapshot = make.snapshot(revisions=(bad, GOOD))

    at_first = (await asked.told(snapshot)).finding(bad.name)
    await asked.told(snapshot)
    asked_for = reads.count("source_tree")
    time.now += timedelta(seconds=60)
    then = (await asked.told(snapshot)).finding(bad.name)

    assert at_first is not None
    assert then is not None
    assert any("cannot be reached" in doubt for doubt in at_first.uncertain)
    assert (asked_for, reads.count("source_tree")) == (2, 3)
    assert ("wrong folder" in at_first.summary, "wrong folder" in then.summary) == (False, True)
    assert then.uncertain == ()


async def test_a_log_that_came_too_late_for_the_first_look_is_read_within_seconds() -> None:
    bad, time = failed(2, minutes_ago=0), FakeTime()
    reads = FakeReads()
    reads.trees = {WHOLE.where: WHOLE, PART.where: PART}
    asked = Examiner(LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep), reads, clock=time)
    snapshot = make.snapshot(revisions=(bad, GOOD))

    before = (await asked.told(snapshot)).findings
    reads.lists_only(*boot_of(bad))
    time.now += timedelta(seconds=5)
    after = (await asked.told(snapshot)).findings

    assert [finding.cause for finding in before] != [Cause.LOCAL_MODULE_MISSING]
    assert [finding.cause for finding in after] == [Cause.LOCAL_MODULE_MISSING]


async def test_a_log_that_stays_empty_is_asked_for_more_and_more_slowly() -> None:
    bad, time = failed(2, minutes_ago=0), FakeTime()
    reads = FakeReads()
    asked = Examiner(LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep), reads, clock=time)

    for _ in range(300):
        await asked.told(make.snapshot(revisions=(bad, GOOD)))
        time.now += timedelta(seconds=1)

    assert reads.count("log_page") <= 8


async def test_a_cause_that_was_found_at_once_is_looked_at_once_more_and_outlives_a_failed_look() -> None:
    bad, time = failed(2, minutes_ago=0), FakeTime()
    reads = cloud(bad, GOOD)
    asked = Examiner(LogDesk(reads, "acme-prod", clock=time, sleep=time.sleep), reads, clock=time)
    reads.fail("log_page", None, Denied("You lack logging.logEntries.list."))

    for _ in range(10):
        told = await asked.told(make.snapshot(revisions=(bad, GOOD)))
        assert [finding.cause for finding in told.findings] == [Cause.LOCAL_MODULE_MISSING]
        time.now += timedelta(seconds=60)

    assert reads.count("log_page") == 3


async def test_what_failed_just_now_does_not_wait_for_the_older_ones() -> None:
    old = [failed(number, minutes_ago=200 - number) for number in (4, 3, 2)]
    new = failed(5, minutes_ago=20)
    reads = cloud(*old, new, GOOD)
    reads.page_most = 1  # nothing fits into the common page, so each is read by itself
    order: list[str] = []
    begun = asyncio.Event()

    async def both() -> AsyncGenerator[Snapshot, None]:
        yield make.snapshot(revisions=(*old, GOOD))
        await begun.wait()
        yield make.snapshot(revisions=(new, *old, GOOD))
        await asyncio.Event().wait()

    async with aclosing(examiner(reads).with_findings(both())) as values:
        async for value in values:
            order += [one.revision for one in value.findings if one.revision not in order]
            if order:
                begun.set()
            if len(order) == 4:
                break

    assert order.index(new.name) < order.index(old[-1].name)


async def test_source_trees_of_a_long_day_are_not_all_kept() -> None:
    bad = [failed(number, minutes_ago=1000 - number) for number in range(99, 1, -1)]
    reads = cloud(GOOD)
    reads.trees |= {one.source: replace(PART, where=one.source) for one in bad}
    shelf = Shelf(reads, lambda _: None, FakeTime())

    for one in bad:
        await shelf.tree(one.source)

    assert len(shelf.trees(bad)) < 50


async def test_archives_are_read_once_and_only_for_missing_modules() -> None:
    bad, other = failed(2), failed(3)
    reads = cloud(bad, GOOD)
    reads.lists_only(*boot_of(other, "KeyError: 'X'"))
    asked = examiner(reads)

    for revision in (bad, bad, other):
        await asked.finding(make.NAME, revision, (other, bad, GOOD))

    assert reads.count("source_tree") == 2


async def test_snapshots_pass_at_once_and_come_again_with_what_was_found() -> None:
    bad = failed(2)
    reads = cloud(bad, GOOD)
    held = reads.hold("never")
    stream = examiner(reads).with_findings(snapshots(make.snapshot(revisions=(bad, GOOD))))

    async with aclosing(stream) as values:
        at_once = await anext(values)
        later = await anext(values)

    held.set()
    assert at_once.findings == ()
    assert later.finding(bad.name) is not None
    assert later.finding(GOOD.name) is None


async def test_a_run_of_failures_is_summed_up_beside_them() -> None:
    two, three = failed(2), failed(3, minutes_ago=30)
    reads = cloud(three, two, GOOD)
    reads.trees["gs://b/3.zip#1"] = PART

    told = await first(
        examiner(reads).with_findings(snapshots(make.snapshot(revisions=(three, two, GOOD)))), 2
    )

    assert told.incident is not None
    assert told.incident.one_cause
    assert told.incident.changed == ("source root: project root → Back_End/",)


async def test_a_log_that_may_not_be_read_is_told_with_the_way_out_and_hides_no_service() -> None:
    bad = failed(2)
    reads = cloud(bad, GOOD)
    reads.fail(
        "log_page", Denied("You lack logging.logEntries.list.", "gcloud projects add-iam-policy-binding")
    )

    told = await first(examiner(reads).with_findings(snapshots(make.snapshot(revisions=(bad, GOOD)))), 1)
    finding = told.finding(bad.name)

    assert told.trouble is None
    assert finding is not None
    assert "logging.logEntries.list" in finding.summary
    assert finding.fix == ("gcloud projects add-iam-policy-binding",)
    assert finding.boots is False


async def test_a_run_of_failures_costs_one_list_call_however_long_it_is() -> None:
    bad = [failed(number, minutes_ago=100 - number) for number in range(9, 1, -1)]
    reads = cloud(*bad, GOOD)

    await first(examiner(reads).with_findings(snapshots(make.snapshot(revisions=(*bad, GOOD)))), 8)

    assert reads.count("log_page") == 1


async def test_a_boot_too_long_for_the_common_page_is_read_by_itself() -> None:
    chatty, quiet = failed(3, minutes_ago=30), failed(2)
    reads = cloud(chatty, quiet, GOOD)
    begun = int((make.NOW - timedelta(minutes=30)).timestamp()) * SECOND
    reads.lists_only(
        *(
            LogEntry(begun + at, "stdout", f"n{at}", "hello", revision=chatty.name, instance="i1")
            for at in range(1100)
        )
    )

    told = await first(
        examiner(reads).with_findings(snapshots(make.snapshot(revisions=(chatty, quiet, GOOD)))), 2
    )

    assert [finding.missing for finding in told.findings] == ["Back_End", "Back_End"]
    assert reads.count("log_page") == 3


async def test_a_log_that_may_not_be_read_is_asked_for_once_and_not_for_each_revision() -> None:
    bad = [failed(number) for number in range(9, 1, -1)]
    reads = cloud(*bad, GOOD)
    reads.fail("log_page", *[Denied("You lack logging.logEntries.list.")] * 20)

    told = await first(examiner(reads).with_findings(snapshots(make.snapshot(revisions=(*bad, GOOD)))), 8)

    assert reads.count("log_page") == 1
    assert {finding.short for finding in told.findings} == {"its log cannot be read"}


async def test_what_was_read_with_others_opens_without_another_call() -> None:
    bad = [failed(number, minutes_ago=100 - number) for number in (3, 2)]
    reads = cloud(*bad, GOOD)
    asked = examiner(reads)
    await first(asked.with_findings(snapshots(make.snapshot(revisions=(*bad, GOOD)))), 2)

    stream = asked.boot_log(LogScope(make.NAME, bad[0].name), (*bad, GOOD))
    async with aclosing(stream) as values:
        await anext(values)
        opened = await anext(values)

    assert len(opened.batch.entries) == 4
    assert reads.count("log_page") == 1


async def test_a_bug_in_the_stream_below_is_not_swallowed() -> None:
    async def broken() -> AsyncGenerator[Snapshot, None]:
        yield make.snapshot()
        raise ZeroDivisionError

    stream = examiner(cloud(GOOD)).with_findings(broken())

    with pytest.raises(ZeroDivisionError):
        async for _ in stream:
            pass


async def test_closing_the_stream_closes_the_one_below() -> None:
    ended = asyncio.Event()

    async def below() -> AsyncGenerator[Snapshot, None]:
        try:
            yield make.snapshot()
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with aclosing(examiner(cloud(GOOD)).with_findings(below())) as values:
        await anext(values)

    assert ended.is_set()


async def collected(stream: AsyncGenerator[BootLog, None], until: int) -> list[BootLog]:
    values: list[BootLog] = []
    async with aclosing(stream) as told:
        async for value in told:
            values.append(value)
            if sum(one.finding is not None for one in values) == until:
                return values
    raise AssertionError("the stream ended")


async def test_a_boot_log_brings_the_window_then_the_finding_then_its_proof() -> None:
    bad = failed(2)
    reads = cloud(bad, GOOD)
    scope = LogScope(make.NAME, bad.name)

    values = await collected(examiner(reads).boot_log(scope, (bad, GOOD)), until=2)
    findings = [value.finding for value in values if value.finding]

    assert [entry.text[:8] for value in values for entry in value.batch.entries] == [
        "Starting", "Tracebac", "Containe", "Default ",
    ]  # fmt: skip
    assert ["wrong folder" in finding.summary for finding in findings] == [False, True]


async def test_no_entry_of_the_window_comes_twice() -> None:
    bad = failed(2, minutes_ago=2)
    reads = cloud(bad, GOOD)

    values = await collected(examiner(reads).boot_log(LogScope(make.NAME, bad.name), (bad, GOOD)), until=2)
    keys = [entry.key for value in values for entry in value.batch.entries]

    assert len(keys) == len(set(keys)) == 4


async def test_what_cloud_run_says_counts_more_than_a_log_that_looks_well() -> None:
    bad = failed(2)
    reads = cloud(GOOD)
    reads.put(make.service(), bad, GOOD)
    reads.lists_only(*boot_of(bad, "INFO:     Uvicorn running on http://0.0.0.0:8080")[1:2])

    _, finding = await examiner(reads).finding(make.NAME, bad, (bad, GOOD))

    assert (finding.boots, finding.cause) == (False, Cause.UNKNOWN)
    assert "not ready" in finding.summary


async def test_a_bug_of_ours_in_the_reading_is_written_down_and_hides_no_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[Exception] = []
    monkeypatch.setattr(bug, "written_down", written.append)
    monkeypatch.setattr(boot, "read", lambda _: 1 // 0)
    bad = failed(2)

    told = await first(
        examiner(cloud(bad, GOOD)).with_findings(snapshots(make.snapshot(revisions=(bad, GOOD)))), 1
    )

    assert [type(error) for error in written] == [ZeroDivisionError]
    assert told.findings[0].boots is False


async def test_a_log_that_cannot_be_reached_is_raised_for_the_command() -> None:
    bad = failed(2)
    reads = cloud(bad, GOOD)
    reads.down(Unreachable("Cloud Logging does not answer."))

    with pytest.raises(Unreachable):
        await examiner(reads).finding(make.NAME, bad, (bad, GOOD))


def test_the_window_of_a_boot_ends_with_its_verdict() -> None:
    bad = make.failed(created=make.NOW - timedelta(hours=2), conditions=(make.ready(),))
    pending = make.revision(state=RevisionState.PENDING, created=make.NOW)
    old = make.revision(created=make.NOW - timedelta(days=30), conditions=(make.ready(),))

    since, until = (one / SECOND - make.NOW.timestamp() for one in boot_window(bad))
    assert (since, until) == (-7205, -7200 + 15 * 60 + 15)
    assert boot_window(pending)[1] == 0
    assert boot_window(old)[1] - boot_window(old)[0] < timedelta(minutes=16).total_seconds() * SECOND
    assert boot_window(Revision("x")) == (0, 0)
