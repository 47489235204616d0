"""What the screen of a report is fed with: stage by stage, again when asked, and with the old one where nobody answers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from buddy_tui.diagnose import Examiner
from buddy_tui.errors import Denied, Unreachable
from buddy_tui.gateway import Cloud
from buddy_tui.journal.keep import Journal
from buddy_tui.logs import LogDesk
from buddy_tui.report.values import Status, Writing
from buddy_tui.report_streams import ReportStreams
from tests import make
from tests.core.report import material
from tests.fakes import FakeReads


def cloud() -> FakeReads:
    made, fake = material.failures(), FakeReads()
    fake.put(made.service, *made.revisions)
    fake.changes[made.service.name] = made.changes
    return fake


@asynccontextmanager
async def streams(fake: FakeReads, folder: Path) -> AsyncIterator[ReportStreams]:
    reads = cast("Cloud", fake)
    desk = LogDesk(reads, make.NAME.project, clock=lambda: make.NOW)
    examiner = Examiner(desk, reads, clock=lambda: make.NOW)

    async def connected() -> tuple[Cloud, Examiner]:
        await fake.service(make.NAME)
        return reads, examiner

    try:
        yield ReportStreams(connected, lambda: make.NOW, lambda: Journal(folder / "journal.jsonl"))
    finally:
        await desk.close()


async def one_round(values: AsyncGenerator[Writing, None]) -> list[Writing]:
    """Take values until nothing is read any more."""
    told = [await anext(values)]
    while told[-1].reading or not (told[-1].report or told[-1].trouble):
        told.append(await anext(values))
    return told


async def test_it_says_what_it_reads_and_then_tells_with_names(tmp_path: Path) -> None:
    async with (
        streams(cloud(), tmp_path) as made,
        aclosing(made.reports(make.NAME, asyncio.Event(), since=None)) as values,
    ):
        told = await one_round(values)

    assert [one.reading for one in told] == [
        "the service and its revisions",
        "boot logs, source archives and the audit log",
        "the request log",
        "",
    ]
    report = told[-1].report
    assert report is not None
    assert (report.status, report.failed) == (Status.MITIGATED, (material.BAD, material.WORSE))
    assert "dana@example.com" in {one.by for one in report.timeline}


@pytest.mark.parametrize(("hours", "failed"), [(2.5, (material.WORSE,)), (1.0, ())])
async def test_a_window_leaves_out_what_was_before(
    hours: float, failed: tuple[str, ...], tmp_path: Path
) -> None:
    since = timedelta(hours=hours)
    async with (
        streams(cloud(), tmp_path) as made,
        aclosing(made.reports(make.NAME, asyncio.Event(), since=since)) as values,
    ):
        told = await one_round(values)

    assert told[-1].report is not None
    assert told[-1].report.failed == failed


async def test_while_nobody_answers_the_last_report_stays_and_the_next_round_goes_on(tmp_path: Path) -> None:
    fake, wake = cloud(), asyncio.Event()
    async with streams(fake, tmp_path) as made, aclosing(made.reports(make.NAME, wake, since=None)) as values:
        first = (await one_round(values))[-1]
        fake.down(Unreachable("Cloud Run does not answer."))
        wake.set()
        (down,) = await one_round(values)
        fake.up()
        wake.set()
        again = await one_round(values)

    assert (down.report, down.reading) == (first.report, "")
    assert down.trouble is not None
    assert down.trouble.sentence == "Cloud Run does not answer."
    # What was troubling is told until there is an answer.
    assert again[0].trouble == down.trouble
    assert again[-1].trouble is None


async def test_a_service_that_may_not_be_read_is_trouble_without_a_report(tmp_path: Path) -> None:
    fake = cloud()
    fake.down(Denied("You may not look.", "roles/run.viewer"))
    async with (
        streams(fake, tmp_path) as made,
        aclosing(made.reports(make.NAME, asyncio.Event(), since=None)) as values,
    ):
        (told,) = await one_round(values)

    assert told.report is None
    assert told.trouble is not None
    assert (told.trouble.sentence, told.trouble.hint) == ("You may not look.", "roles/run.viewer")
