"""cli: `buddy-tui diagnose`: why a revision, or a saved log, does not boot."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import settle, with_project, working_directory
from buddy_tui.cli.target import find, pick_revision, service_in
from buddy_tui.errors import ExitCode, NotFound, UsageProblem
from buddy_tui.model import Revision, RevisionState, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buddy_tui.cli.findings import Diagnosed
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud
    from buddy_tui.model import ServiceName, SourceTree

_NO_OPTIONS = Context()
# The newest boot is at the end: of a larger file only so much of its end is read.
_MOST_BYTES = 64 << 20
# As many as can be listed at once within the budget of list calls.
_MOST_READ = 10


def diagnose(
    revision: str | None = None,
    /,
    *,
    file: Annotated[str | None, Parameter(help="A saved log instead; `-` is standard input.")] = None,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.diagnosis/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> int:
    """Name the cause of a boot that failed, with evidence and fix. Exits 0 when it boots, 1 when it does not.

    Parameters
    ----------
    revision
        Its name, or the end of it. Without one: the newest that failed, or else the newest.

    """
    if file is not None and revision is not None:
        raise UsageProblem(f"Which one: revision {revision}, or the log in {file}?")
    from buddy_tui.cli.findings import as_json, as_text

    diagnosed = _of_file(file) if file is not None else asyncio.run(_of_revision(revision, context))
    print((as_json if json else as_text)(diagnosed), end="")
    return ExitCode.OK if diagnosed.finding.boots else ExitCode.PROBLEM_FOUND


def _of_file(name: str) -> "Diagnosed":
    from buddy_tui import boot
    from buddy_tui.cli.findings import Diagnosed
    from buddy_tui.exports import read_export
    from buddy_tui.rules import explain

    data, cut = _bytes_of(name)
    export = read_export(data, cut=cut)
    reading = boot.read(export.entries)
    finding = explain(reading)
    whole = "the end of " if cut else ""
    if cut:
        unread = f"Only the last {_MOST_BYTES >> 20} MiB were read; line numbers count from there."
        finding = replace(finding, uncertain=(*finding.uncertain, unread))
    where = "standard input" if name == "-" else clean_line(name)
    return Diagnosed(finding, reading, f"{whole}{where} ({export.form})")


def _bytes_of(name: str) -> tuple[bytes, bool]:
    """Return what a file holds, or its end, and whether that is not all. Raises NotFound or UsageProblem."""
    if name == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageProblem("Nothing is piped in.", "Pipe a log in: … | buddy-tui diagnose --file -")
        return _last_bytes(sys.stdin.buffer)
    try:
        with Path(name).open("rb") as stream:
            size = stream.seek(0, 2) if stream.seekable() else 0
            stream.seek(max(0, size - _MOST_BYTES)) if size else None
            return _last_bytes(stream) if not size else (stream.read(_MOST_BYTES), size > _MOST_BYTES)
    except FileNotFoundError:
        raise NotFound(f"There is no file {clean_line(name)}.") from None
    except IsADirectoryError:
        raise UsageProblem(f"{clean_line(name)} is a folder.", "Name a log file in it.") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such name is possible"
        raise UsageProblem(f"{clean_line(name)} cannot be read: {why}.") from None


def _last_bytes(stream: IO[bytes]) -> tuple[bytes, bool]:
    """Read a stream to its end, keeping the end: two halves of the limit, the older one given up."""
    older, newer, cut = b"", bytearray(), False
    while chunk := stream.read(1 << 20):
        newer += chunk
        if len(newer) >= _MOST_BYTES // 2:
            cut, older, newer = cut or bool(older), bytes(newer), bytearray()
    return older + bytes(newer), cut


async def _of_revision(wanted: str | None, context: Context) -> "Diagnosed":
    flags = context.flags()
    settings = with_project(settle(flags))
    if wanted and not settings.service and (service := service_in(wanted)):
        settings = with_project(settle({**flags, "service": service}))
    from buddy_tui import gcp

    cloud = await gcp.connect(settings)
    try:
        return await _looked(cloud, settings, wanted)
    finally:
        await cloud.close()


async def _looked(cloud: "Cloud", settings: "Settings", wanted: str | None) -> "Diagnosed":
    name, notes = await find(cloud, settings)
    for note in notes:
        print(f"buddy-tui: {note}", file=sys.stderr)
    revisions = await cloud.revisions(name)
    if not revisions and wanted is None:
        raise NotFound(f"{name.service} has no revisions in {name.region}.", "Deploy it first.")
    chosen = pick_revision(revisions, wanted) if wanted else _first_of_interest(revisions)
    return await _diagnosed(cloud, name, chosen, revisions)


async def _diagnosed(
    cloud: "Cloud", name: "ServiceName", chosen: Revision, revisions: "Sequence[Revision]"
) -> "Diagnosed":
    from buddy_tui.cli.findings import Diagnosed
    from buddy_tui.diagnose import Examiner
    from buddy_tui.logs import LogDesk

    desk = LogDesk(cloud, name.project, clock=_now)
    examiner = Examiner(desk, cloud, clock=_now, disk=_disk)
    try:
        reading, finding = await examiner.finding(name, chosen, revisions)
        incident = None
        if chosen.state is RevisionState.FAILED:
            told = await examiner.told(Snapshot(name, None, tuple(revisions)), most=_MOST_READ)
            incident = told.incident if told.incident and chosen.name in told.incident.failed else None
    finally:
        await desk.close()
    place = f"the log of {chosen.name} in {name.project}/{name.region}, {len(reading.entries)} entries"
    return Diagnosed(finding, reading, place, incident)


def _first_of_interest(revisions: "Sequence[Revision]") -> Revision:
    """Return the newest revision that failed, unless a newer one is ready; else the newest."""
    for revision in revisions:
        if revision.state is RevisionState.FAILED:
            return revision
        if revision.state is not RevisionState.PENDING:
            break
    return revisions[0]


def _disk() -> "SourceTree | None":
    from buddy_tui.disk import project_tree
    from buddy_tui.rules.trees import TEXTS

    return project_tree(working_directory(), TEXTS)


def _now() -> datetime:
    return datetime.now(UTC)
