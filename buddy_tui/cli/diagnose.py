"""cli: `buddy-tui diagnose`: why a revision, or a saved log, does not boot."""

import asyncio
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.target import find, pick_revision, service_in
from buddy_tui.errors import ExitCode, NotFound, UsageProblem
from buddy_tui.model import Revision, RevisionState, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buddy_tui.cli.findings import Diagnosed
    from buddy_tui.config import Settings
    from buddy_tui.exports import Export
    from buddy_tui.gateway import Cloud
    from buddy_tui.model import ServiceName

_NO_OPTIONS = Context()
# Of a file more than twice as large only this much of its beginning and of its end is looked at.
_MOST_BYTES = 16 << 20
# The newest boot is what counts; these take some seconds to read.
_MOST_ENTRIES = 50_000
# As many as can be listed at once within the budget of list calls.
_MOST_READ = 10


def diagnose(
    revision: str | None = None,
    /,
    *,
    file: Annotated[
        str | None,
        # Without it the parser takes `-` for an option.
        Parameter(help="A saved log instead; `-` is standard input.", allow_leading_hyphen=True),
    ] = None,
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
    if file is not None and (not file or file.startswith("--")):
        raise UsageProblem("--file wants the path of a log, or - for standard input.")
    from buddy_tui.cli.findings import as_json, as_text

    diagnosed = _of_file(file) if file is not None else asyncio.run(_of_revision(revision, context))
    print((as_json if json else as_text)(diagnosed), end="")
    return ExitCode.OK if diagnosed.finding.boots else ExitCode.PROBLEM_FOUND


def _of_file(name: str) -> "Diagnosed":
    from buddy_tui import boot
    from buddy_tui.cli.findings import Diagnosed
    from buddy_tui.rules.explaining import explain

    where = "standard input" if name == "-" else clean_line(name)
    saved = _saved(name)
    export = _newest(saved)
    reading = boot.read(export.entries[-_MOST_ENTRIES:])
    finding = explain(reading)
    if saved.rest or len(export.entries) > _MOST_ENTRIES:
        where = f"a part of {where}"
        unread = f"Of a log so large only the newest {len(reading.entries):,} entries were read."
        counted = "Line numbers count from where that part begins." if saved.rest else ""
        finding = replace(finding, uncertain=(*finding.uncertain, f"{unread} {counted}".strip()))
    return Diagnosed(finding, reading, f"{where} ({export.form})")


@dataclass(frozen=True, slots=True)
class _Saved:
    """A saved log: all of it, or its `begin` and its end, `rest`."""

    begin: bytes
    rest: bytes = b""


def _newest(saved: _Saved) -> "Export":
    """Read a log, or that end of a long one which is newer: some tools export the newest entries first."""
    from buddy_tui.exports import read_export

    if not saved.rest:
        return read_export(saved.begin)
    begin, rest = read_export(saved.begin), read_export(saved.rest, cut=True)
    return max((rest, begin), key=lambda export: max((entry.when for entry in export.entries), default=0))


def _saved(name: str) -> _Saved:
    """Read a file, or both ends of a large one. Raises NotFound or UsageProblem."""
    if name == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageProblem("Nothing is piped in.", "Pipe a log in: … | buddy-tui diagnose --file -")
        return _ends(sys.stdin.buffer)
    try:
        with Path(name).open("rb") as stream:
            size = stream.seek(0, 2) if stream.seekable() else 0
            if size <= 2 * _MOST_BYTES:
                stream.seek(0) if size else None
                return _ends(stream)
            stream.seek(0)
            begin = stream.read(_MOST_BYTES)
            stream.seek(size - _MOST_BYTES)
            return _Saved(begin, stream.read(_MOST_BYTES))
    except FileNotFoundError:
        raise NotFound(f"There is no file {clean_line(name)}.") from None
    except IsADirectoryError:
        raise UsageProblem(f"{clean_line(name)} is a folder.", "Name a log file in it.") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such name is possible"
        raise UsageProblem(f"{clean_line(name)} cannot be read: {why}.") from None


def _ends(stream: IO[bytes]) -> _Saved:
    """Read a stream to its end, keeping both ends: the first bytes, and of the others the last."""
    begin, older, newer, cut = stream.read(2 * _MOST_BYTES), b"", bytearray(), False
    while chunk := stream.read(1 << 20):
        newer += chunk
        if len(newer) >= _MOST_BYTES:
            cut, older, newer = True, bytes(newer), bytearray()
    rest = (older + bytes(newer))[-_MOST_BYTES:]
    if cut:
        return _Saved(begin[:_MOST_BYTES], rest)
    whole = begin + rest
    return (
        _Saved(whole) if len(whole) <= 2 * _MOST_BYTES else _Saved(begin[:_MOST_BYTES], whole[-_MOST_BYTES:])
    )


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
    from buddy_tui.disk import here
    from buddy_tui.logs import LogDesk

    desk = LogDesk(cloud, name.project, clock=_now)
    examiner = Examiner(desk, cloud, clock=_now, disk=here)
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


def _now() -> datetime:
    return datetime.now(UTC)
