"""cli: `buddy-tui checklist`: the verification plan of a release as a task list to keep."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.cli.options import Context
from buddy_tui.cli.probe import run
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.target import service_in
from buddy_tui.cli.verify import answered, chosen
from buddy_tui.errors import ExitCode

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.verify.values import Checklist

_NO_OPTIONS = Context()


def checklist(
    revision: str | None = None,
    /,
    *,
    with_names: Annotated[
        bool, Parameter(help="Name who vouched; else they are operator-1 and so on.")
    ] = False,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.verify/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> int:
    """Print the verification plan of a release as a Markdown task list. Makes a session and deletes it.

    Exits 0 when every line holds, else 1: too little evidence is no pass. Tick by hand with buddy-tui verify.

    Parameters
    ----------
    revision
        Its name or its end. Without one: the candidate, else who serves.

    """
    flags = context.flags()
    settings = with_project(settle(flags))
    if revision and not settings.service and (service := service_in(revision)):
        settings = with_project(settle({**flags, "service": service}))
    return run(_printed(settings, revision, json=json, with_names=with_names))


async def _printed(settings: "Settings", wanted: str | None, *, json: bool, with_names: bool) -> int:
    from buddy_tui.cli.verified import as_json
    from buddy_tui.report.checklist import as_markdown, passes
    from buddy_tui.report.people import People, hidden_checklist

    told = hidden_checklist(await _answered(settings, wanted), People(shown=with_names))
    print((as_json if json else as_markdown)(told), end="")
    return ExitCode.OK if passes(told) else ExitCode.PROBLEM_FOUND


async def _answered(settings: "Settings", wanted: str | None) -> "Checklist":
    from buddy_tui import gcp
    from buddy_tui.probes.door import HttpDoor

    cloud = await gcp.connect(settings)
    try:
        subject = await chosen(cloud, settings, wanted)
        writes = None if settings.read_only else gcp.writes(cloud)
        return await answered(cloud, settings, subject, HttpDoor(cloud), writes)
    finally:
        await cloud.close()
