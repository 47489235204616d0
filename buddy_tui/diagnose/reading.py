"""diagnose: reading and explaining, off the event loop, with Cloud Run's word above that of the log."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from buddy_tui import boot, bug
from buddy_tui.boot.values import Reading
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.model import LogEntry, Revision, RevisionState, Sources
from buddy_tui.rules.explaining import explain

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


async def read(entries: Sequence[LogEntry]) -> Reading:
    """Read a log in a thread; one that a bug of ours cannot read has no boots."""
    return await asyncio.to_thread(_survived, boot.read, tuple(entries), Reading(tuple(entries)))


async def explained(reading: Reading, revision: Revision | None, sources: Sources) -> Finding:
    """Name the cause. Of a revision that Cloud Run says has failed, no log says that it boots."""
    finding = await asyncio.to_thread(_explain, reading, revision, sources)
    if revision is None or revision.state is not RevisionState.FAILED or finding.boots is False:
        return finding
    return _overruled(finding, revision)


def _explain(reading: Reading, revision: Revision | None, sources: Sources) -> Finding:
    name = revision.name if revision else ""
    ours = Finding(
        Cause.UNKNOWN,
        Confidence.UNSURE,
        boots=None,
        summary="A bug of ours kept this log from being read; its traceback is in our log file.",
        short="our own bug",
        revision=name,
    )
    return _survived(lambda read: explain(read, revision, sources), reading, ours)


def _survived(work: Callable[[_Given], _Made], given: _Given, otherwise: _Made) -> _Made:
    """Do work on hostile text; a bug in it is written down, and must not take the dashboard with it."""
    try:
        return work(given)
    except Exception as error:  # noqa: BLE001 - whatever it is, traffic and revisions stay in sight
        with suppress(OSError):
            bug.written_down(error)
        return otherwise


def _overruled(finding: Finding, revision: Revision) -> Finding:
    """Return a finding of a revision that Cloud Run says has failed, whatever its log could tell."""
    if finding.boots is None:
        return replace(finding, boots=False)
    why = revision.message.partition("\n")[0] or revision.reason
    return replace(
        finding,
        cause=Cause.UNKNOWN,
        confidence=Confidence.UNSURE,
        boots=False,
        short="booted, and is not ready",
        summary=f"Its log shows that it booted, and Cloud Run says that it is not ready: {why}",
    )
