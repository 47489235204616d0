"""cli: `buddy-tui report`: what happened to a service, why, and what is left to do, as a document."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.target import find
from buddy_tui.errors import Refused, Unwritable, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud
    from buddy_tui.report.values import Report

_NO_OPTIONS = Context()
# The calendar has an end.
_LONGEST = timedelta(days=3650)


def report(
    *,
    since: Annotated[
        timedelta | None, Parameter(help="How far back, e.g. 90m, 2h, 1d; else the newest incident.")
    ] = None,
    output: Annotated[Path | None, Parameter(help="Write it to this new file instead.")] = None,
    force: Annotated[bool, Parameter(help="Overwrite that file where it is there.")] = False,
    with_names: Annotated[bool, Parameter(help="Name people; else they are operator-1 and so on.")] = False,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.report/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> None:
    """Print an incident report in Markdown: timeline, root cause, what was done, what is open.

    What only people know is left as TODO. Secrets are masked.
    """
    if force and output is None:
        raise UsageProblem("--force belongs to --output.", "--output FILE --force")
    if since is not None and not timedelta() < since <= _LONGEST:
        raise UsageProblem("--since wants a length of time.", "For example 90m, 2h, 1d.")
    if output is not None and not force and output.exists():
        raise _there(output)
    from buddy_tui.cli.reported import as_json
    from buddy_tui.report.markdown import as_markdown

    settings = with_project(settle(context.flags()))
    told = asyncio.run(_reported(settings, since, with_names=with_names))
    page = (as_json if json else as_markdown)(told)
    if output is None:
        print(page, end="")
        return
    _write(output, page, force=force)
    print(f"buddy-tui: the report is in {clean_line(str(output))}.", file=sys.stderr)


async def _reported(settings: "Settings", since: timedelta | None, *, with_names: bool) -> "Report":
    from buddy_tui import gcp

    cloud = await gcp.connect(settings)
    try:
        return await _of(cloud, settings, since, with_names=with_names)
    finally:
        await cloud.close()


async def _of(cloud: "Cloud", settings: "Settings", since: timedelta | None, *, with_names: bool) -> "Report":
    from buddy_tui.diagnose import Examiner
    from buddy_tui.diagnose.shelf import Shelf
    from buddy_tui.disk import here
    from buddy_tui.journal.keep import Journal
    from buddy_tui.logs import LogDesk
    from buddy_tui.report.gather import Sources, report_of

    name, notes = await find(cloud, settings)
    for note in notes:
        print(f"buddy-tui: {note}", file=sys.stderr)
    desk = LogDesk(cloud, name.project, clock=_now)
    try:
        sources = Sources(
            cloud,
            Examiner(desk, cloud, clock=_now, disk=here),
            Shelf(cloud, here, _now),
            await asyncio.to_thread(Journal().read),
            _now,
        )
        begin = _now() - since if since else None
        return await report_of(name, sources, since=begin, with_names=with_names)
    finally:
        await desk.close()


def _write(output: Path, page: str, *, force: bool) -> None:
    """Write the file, a new one unless forced. Raises Refused or Unwritable."""
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(page)
    except FileExistsError:
        raise _there(output) from None
    except OSError as error:
        raise Unwritable(f"{clean_line(str(output))} cannot be written: {error.strerror}.") from None


def _there(output: Path) -> Refused:
    return Refused(f"{clean_line(str(output))} is there already.", "Another name, or --force.")


def _now() -> datetime:
    return datetime.now(UTC)
