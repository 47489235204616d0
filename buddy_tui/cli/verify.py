"""cli: `buddy-tui verify`: the verification plan of a release, each line with its evidence."""

import sys
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.cli.options import Context
from buddy_tui.cli.probe import run
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.target import find, pick_revision, service_in
from buddy_tui.errors import ExitCode, NotFound, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud, Writes
    from buddy_tui.probes.values import Door
    from buddy_tui.verify.checklist import Subject
    from buddy_tui.verify.ticks import Tick
    from buddy_tui.verify.values import Checklist

_NO_OPTIONS = Context()


def verify(
    revision: str | None = None,
    /,
    *,
    tick: Annotated[str | None, Parameter(help="Vouch for this line of the plan, by its id.")] = None,
    by: Annotated[str, Parameter(help="Who vouches.")] = "",
    note: Annotated[str, Parameter(help="What was seen, and how.")] = "",
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.verify/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> int:
    """Answer the verification plan: deployment, sessions, health, traffic. Makes a session and deletes it.

    Exits 0 when every line holds, 1 when one does not, 4 when one may not be looked at, 3 when one is not known. A
    tick by hand answers only what could not be seen.

    Parameters
    ----------
    revision
        Its name or its end. Without one: the candidate, else who serves.

    """
    if tick is None and (by or note):
        raise UsageProblem("--by and --note belong to a tick.", "--tick LINE --by NAME --note TEXT")
    if tick is None:
        return run(_with_cloud(context, revision, lambda made: _verified(made, json=json)))
    if json:
        raise UsageProblem("--tick prints no JSON.", "Tick first, then: buddy-tui verify --json")
    from buddy_tui.verify.ticks import vouched

    word = vouched(tick, by, note, _now())
    return run(_with_cloud(context, revision, lambda made: _ticked(made, word)))


@dataclass(frozen=True, slots=True)
class _Verification:
    """Everything that the plan needs, for one revision."""

    cloud: "Cloud"
    settings: "Settings"
    subject: "Subject"


async def _with_cloud(
    context: Context, wanted: str | None, work: Callable[[_Verification], Coroutine[object, object, int]]
) -> int:
    flags = context.flags()
    settings = with_project(settle(flags))
    if wanted and not settings.service and (service := service_in(wanted)):
        settings = with_project(settle({**flags, "service": service}))
    from buddy_tui import gcp

    cloud = await gcp.connect(settings)
    try:
        return await work(_Verification(cloud, settings, await chosen(cloud, settings, wanted)))
    finally:
        await cloud.close()


async def chosen(cloud: "Cloud", settings: "Settings", wanted: str | None) -> "Subject":
    """Find the service and the revision that are meant. Raises BuddyError."""
    from buddy_tui.verify.checklist import Subject
    from buddy_tui.verify.plan import candidate

    name, notes = await find(cloud, settings)
    for told in notes:
        print(f"buddy-tui: {told}", file=sys.stderr)
    service, revisions = await cloud.service(name), await cloud.revisions(name)
    revision = pick_revision(revisions, wanted) if wanted else candidate(service, revisions)
    if revision is None:
        raise NotFound(f"{name.service} has no revisions in {name.region}.", "Deploy it first.")
    return Subject(service, revisions, revision, settings.session)


async def _ticked(made: _Verification, word: "Tick") -> int:
    from buddy_tui.verify.ticks import Ticks

    revision = made.subject.revision.name
    aside = Ticks(made.subject.service.name).keep(revision, word)
    if aside:
        print(f"buddy-tui: the old file could not be read, and is now {aside}.", file=sys.stderr)
    print(f"{word.line} of {revision} is ticked by {word.by}: {word.note}")
    return ExitCode.OK


async def _verified(made: _Verification, *, json: bool) -> int:
    from buddy_tui import gcp
    from buddy_tui.cli.verified import as_json, as_text
    from buddy_tui.probes.door import HttpDoor
    from buddy_tui.verify.outcome import outcome

    door = HttpDoor(made.cloud)
    writes = None if made.settings.read_only else gcp.writes(made.cloud)
    checklist = await answered(made.cloud, made.settings, made.subject, door, writes)
    print((as_json if json else as_text)(checklist), end="")
    return outcome(checklist)


async def answered(
    cloud: "Cloud", settings: "Settings", subject: "Subject", door: "Door", writes: "Writes | None"
) -> "Checklist":
    """Return the whole checklist, which is kept; a terminal is told how far it is. Without `writes` no session is made."""
    from buddy_tui.diagnose import Examiner
    from buddy_tui.diagnose.shelf import Shelf
    from buddy_tui.disk import here
    from buddy_tui.logs import LogDesk
    from buddy_tui.probes import ask
    from buddy_tui.report.checklist import keepable
    from buddy_tui.sessions.climb import climb
    from buddy_tui.verify.checklist import verify as look_at
    from buddy_tui.verify.kept import Kept, remembered
    from buddy_tui.verify.ticks import Ticks

    service, revisions, revision = subject.service, subject.revisions, subject.revision.name
    desk = LogDesk(cloud, service.name.project, clock=_now)
    ladders = climb(
        service, revisions, subject.plan, revision, door=door, cloud=cloud, writes=writes, clock=_now
    )
    looks = look_at(
        subject,
        cloud=cloud,
        examiner=Examiner(desk, cloud, clock=_now, disk=here),
        shelf=Shelf(cloud, here, _now),
        clock=_now,
        matrices=ask(service, revisions, settings.questions, door, clock=_now, wanted=(revision,)),
        ladders=ladders,
        ticks=Ticks(service.name),
    )
    try:
        stream = remembered(looks, Kept(service.name, _now), keepable)
        async with aclosing(stream) as checklists:
            checklist = await anext(checklists)
            async for checklist in checklists:
                _narrate(checklist)
        if checklist.keeping:
            print(f"buddy-tui: {checklist.keeping}", file=sys.stderr)
        return checklist
    finally:
        await desk.close()


def _narrate(checklist: "Checklist") -> None:
    """Say on a terminal how many lines are answered, on one line that the last one clears."""
    if not sys.stderr.isatty():
        return
    left = sum(line.answered == "pending" for line in checklist.lines)
    words = f"{len(checklist.lines) - left} of {len(checklist.lines)} lines are answered" if left else ""
    print(f"\r{words:<40}", end="\r", file=sys.stderr, flush=True)


def _now() -> datetime:
    return datetime.now(UTC)
