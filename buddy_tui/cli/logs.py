"""cli: `buddy-tui logs`: the log of a revision, oldest first, with what the platform itself says."""

import asyncio
import json as jsons
import re
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.target import find, pick_revision, service_in
from buddy_tui.errors import NotFound, UsageProblem
from buddy_tui.log_scope import rfc3339
from buddy_tui.model import Link, LogBatch, LogScope, LogState

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud
    from buddy_tui.logs import LogDesk
    from buddy_tui.model import LogEntry, Revision

_NO_OPTIONS = Context()
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SINCE = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
# Cloud Logging keeps nothing for longer than ten years.
_LONGEST = 3650 * 86400.0
# Enough for any boot; whoever wants more says since when.
_MOST = 20_000
_NO_BUILD = "It has no source, and no label of a build: it was deployed as a finished image."


def logs(
    revision: str | None = None,
    /,
    *,
    follow: Annotated[bool, Parameter(name=("--follow", "-f"), help="Go on with what comes in.")] = False,
    since: Annotated[
        str | None, Parameter(help="How far back, e.g. 90s, 10m, 2h, 1d; else its boot.")
    ] = None,
    activity: Annotated[bool, Parameter(help="With the audit log: who called the API.")] = False,
    build: Annotated[bool, Parameter(help="The log of the build that made its image instead.")] = False,
    json: Annotated[bool, Parameter(help="Print JSON Lines: Google's entry, our fields as `buddy`.")] = False,
    context: Context = _NO_OPTIONS,
) -> None:
    """Print the log of a revision: its boot, or since when you say. Oldest first, platform lines included.

    Parameters
    ----------
    revision
        Its name, or the end of it. Without one: the newest.

    """
    if build and activity:
        raise UsageProblem("Which one: the log of the build, or the revision's with the audit log?")
    back = _length(since)
    flags = context.flags()
    settings = with_project(settle(flags))
    if revision and not settings.service and (service := service_in(revision)):
        settings = with_project(settle({**flags, "service": service}))
    asyncio.run(_print(settings, revision, back, follow=follow, activity=activity, build=build, json=json))


async def _print(
    settings: "Settings",
    wanted: str | None,
    back: timedelta | None,
    *,
    follow: bool,
    activity: bool,
    build: bool,
    json: bool,
) -> None:
    from buddy_tui import gcp
    from buddy_tui.diagnose import located
    from buddy_tui.logs import LogDesk

    cloud = await gcp.connect(settings)
    desk = LogDesk(cloud, settings.project.value, clock=_now)
    try:
        scope = await _scope(cloud, settings, wanted, back, activity=activity, build=build)
        async with aclosing(_batches(desk, await located(desk, scope), follow=follow)) as batches:
            teller = _Teller(cloud, json=json)
            async for batch in batches:
                teller.tell(batch)
    finally:
        await desk.close()
        await cloud.close()


async def _scope(
    cloud: "Cloud",
    settings: "Settings",
    wanted: str | None,
    back: timedelta | None,
    *,
    activity: bool,
    build: bool,
) -> LogScope:
    from buddy_tui.diagnose import boot_window
    from buddy_tui.log_scope import build_of

    name, notes = await find(cloud, settings)
    for note in notes:
        print(f"buddy-tui: {note}", file=sys.stderr)
    revisions = await cloud.revisions(name)
    if not revisions:
        raise NotFound(f"{name.service} has no revisions in {name.region}.", "Deploy it first.")
    chosen: Revision = pick_revision(revisions, wanted) if wanted else revisions[0]
    begun = int((_now() - back).timestamp()) * 1_000_000_000 if back is not None else 0
    if build:
        made = build_of(name, chosen)
        if made is None:
            raise NotFound(f"Nothing tells which build made the image of {chosen.name}.", _NO_BUILD)
        return replace(made, since=begun)
    since, until = (begun, 0) if begun else boot_window(chosen)
    return LogScope(name, chosen.name, since, until, activity=activity)


async def _batches(desk: "LogDesk", scope: LogScope, *, follow: bool) -> AsyncGenerator[LogBatch, None]:
    if follow:
        from buddy_tui.diagnose import Windows

        async with aclosing(Windows(desk, _now).follow(scope)) as batches:
            async for batch in batches:
                yield batch
        return
    entries = await desk.window(scope, most=_MOST)
    yield LogBatch(entries)
    if len(entries) == _MOST:
        print(f"buddy-tui: {_MOST:,} entries, and there are more: say --since.", file=sys.stderr)
    if not entries:
        about = f"build {scope.build}" if scope.build else scope.revision
        print(f"buddy-tui: there is no log of {about} in that time.", file=sys.stderr)


class _Teller:
    """Prints batches, and on stderr what the stream has to say about itself, once each."""

    def __init__(self, cloud: "Cloud", *, json: bool) -> None:
        self._cloud = cloud
        self._json = json
        self._told = LogState()

    def tell(self, batch: LogBatch) -> None:
        """Print one batch."""
        for line in self._notes(batch.state):
            print(f"buddy-tui: {line}", file=sys.stderr)
        self._told = batch.state
        for at, entry in enumerate(batch.entries):
            late = at in batch.late
            print(self._as_json(entry, late=late) if self._json else _as_text(entry, late=late))
        print(end="", flush=True)  # does nothing, and no harm, where stdout is closed

    def _notes(self, state: LogState) -> Iterable[str]:
        before = self._told
        if state.trouble and (before.trouble is None or before.trouble.sentence != state.trouble.sentence):
            yield f"{state.trouble.sentence} {state.trouble.hint}".strip()
        if state.reason and state.reason != before.reason and state.link is not Link.LIVE:
            yield state.reason
        if state.suppressed > before.suppressed:
            yield f"Google held back at least {state.suppressed - before.suppressed} entries."

    def _as_json(self, entry: "LogEntry", *, late: bool) -> str:
        ours = {
            "log": entry.log,
            "revision": entry.revision,
            "instance": entry.instance,
            "text": entry.text,
            "late": late,
        }
        return _harmless(self._cloud.raw_json(entry) | {"buddy": ours})


def _harmless(document: dict[str, object]) -> str:
    """Return JSON that no terminal takes for a command: Google's entry is not cleaned as ours are."""
    line = jsons.dumps(document, ensure_ascii=False)
    return line if line.isprintable() else jsons.dumps(document)


def _as_text(entry: "LogEntry", *, late: bool) -> str:
    moment = rfc3339(entry.when)[:-7].replace("T", " ")
    head = f"{moment:<23}  {entry.log:<8}"
    mark = " (late)" if late else ""
    first, *rest = entry.text.split("\n")
    indent = " " * len(head)
    return "\n".join([f"{head} {first}{mark}", *(f"{indent} {line}" for line in rest)])


def _length(told: str | None) -> timedelta | None:
    if told is None:
        return None
    found = _SINCE.fullmatch(told.strip())
    if found is None:
        raise UsageProblem(
            f"--since wants a length of time, not {clean_line(told)}.", "For example 90s, 10m, 2h, 1d."
        )
    return timedelta(seconds=min(float(found[1]) * _UNITS[found[2]], _LONGEST))


def _now() -> datetime:
    return datetime.now(UTC)
