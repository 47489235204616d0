"""cli: `buddy-tui checklist`: the verification plan of a release as a task list to keep, now or as it was kept."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.cli.options import Context
from buddy_tui.cli.probe import run
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.target import service_in
from buddy_tui.cli.verify import answered, chosen
from buddy_tui.errors import ConfigProblem, ExitCode, NotFound, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buddy_tui.config import Settings
    from buddy_tui.model import ServiceName
    from buddy_tui.verify.values import Checklist

_NO_OPTIONS = Context()
_MOST_NAMES = 5


def checklist(
    revision: str | None = None,
    /,
    *,
    kept: Annotated[
        bool, Parameter(help="Print what was kept of its last look. Works offline: nobody is asked.")
    ] = False,
    list_: Annotated[
        bool, Parameter(name="--list", help="List the releases that were kept, offline.")
    ] = False,
    with_names: Annotated[
        bool, Parameter(help="Name who vouched; else they are operator-1 and so on.")
    ] = False,
    json: Annotated[
        bool, Parameter(help="Print JSON, schema buddy.verify/1; of --list buddy.checklists/1.")
    ] = False,
    context: Context = _NO_OPTIONS,
) -> int:
    """Print the verification plan of a release as a Markdown task list. Makes a session and deletes it.

    Exits 0 when every line holds (with --kept: held then), else 1: too little evidence is no pass. Every look is kept
    on this machine; what a later one cannot answer is not known, beside what was last seen. Tick by hand with
    buddy-tui verify.

    Parameters
    ----------
    revision
        Its name or its end. Without one: the candidate, else who serves; with --kept the newest that was kept.

    """
    if list_ and (revision or kept):
        raise UsageProblem("--list lists all releases that were kept.", "Say REVISION --kept for one.")
    flags = context.flags()
    settings = with_project(settle(flags))
    if revision and not settings.service and (service := service_in(revision)):
        settings = with_project(settle({**flags, "service": service}))
    if list_:
        return _listed(_kept_service(settings), json=json)
    if kept:
        return _printed(_kept_release(settings, revision), json=json, with_names=with_names)
    return run(_looked(settings, revision, json=json, with_names=with_names))


async def _looked(settings: "Settings", wanted: str | None, *, json: bool, with_names: bool) -> int:
    return _printed(await _answered(settings, wanted), json=json, with_names=with_names)


def _printed(checklist: "Checklist", *, json: bool, with_names: bool) -> int:
    from buddy_tui.cli.verified import as_json
    from buddy_tui.report.checklist import as_markdown, passes
    from buddy_tui.report.people import People, hidden_checklist

    told = hidden_checklist(checklist, People(shown=with_names))
    print((as_json if json else as_markdown)(told), end="")
    return ExitCode.OK if passes(told) else ExitCode.PROBLEM_FOUND


def _listed(name: "ServiceName", *, json: bool) -> int:
    from buddy_tui.cli.verified import releases_as_json, releases_as_text

    releases = _all_kept(name)
    if not releases:
        print(f"buddy-tui: {_nothing_kept(name)}", file=sys.stderr)
    print(releases_as_json(name, releases) if json else releases_as_text(releases), end="")
    return ExitCode.OK


def _kept_release(settings: "Settings", wanted: str | None) -> "Checklist":
    name = _kept_service(settings)
    releases = _all_kept(name)
    if not releases:
        raise NotFound(_nothing_kept(name), "buddy-tui checklist looks, and keeps what it saw.")
    found = _named(releases, wanted) if wanted else releases[0]
    if found.trouble and not found.lines:
        raise ConfigProblem(found.trouble.sentence, found.trouble.hint)
    return found


def _named(releases: "Sequence[Checklist]", wanted: str) -> "Checklist":
    """Return the release of that name, or the only one that ends so."""
    fitting = [one for one in releases if one.revision == wanted]
    fitting = fitting or [one for one in releases if one.revision.endswith(wanted)]
    names = ", ".join(clean_line(one.revision) for one in (fitting or releases)[:_MOST_NAMES])
    if not fitting:
        raise NotFound(f"Nothing was kept of a revision {clean_line(wanted)}.", f"The newest kept: {names}.")
    if len(fitting) > 1:
        raise UsageProblem(f"Which revision? {clean_line(wanted)} fits several: {names}.", "Give more of it.")
    return fitting[0]


def _kept_service(settings: "Settings") -> "ServiceName":
    """Return the service that is meant, of those that something was kept of: offline there is nobody else to ask."""
    from buddy_tui.model import ServiceName
    from buddy_tui.verify.kept import services_kept

    project, service = settings.project.value, settings.service.value
    regions = [one.value for one in settings.regions]
    if service and len(regions) == 1:
        return ServiceName(project, regions[0], service)
    fitting = [
        one
        for one in services_kept()
        if one.project == project and service in {"", one.service} and (not regions or one.region in regions)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise NotFound(
            f"Nothing was kept of {clean_line(service) or 'a service'} in project {clean_line(project)}."
        )
    names = ", ".join(f"{one.service} ({one.region})" for one in fitting[:_MOST_NAMES])
    raise UsageProblem(f"Which service? {clean_line(names)}.", "Say --service NAME --region REGION.")


def _all_kept(name: "ServiceName") -> "tuple[Checklist, ...]":
    from buddy_tui.verify.kept import Kept

    return Kept(name, lambda: datetime.now(UTC)).all()


def _nothing_kept(name: "ServiceName") -> str:
    return f"Nothing was kept of {name.service} in {name.region} yet."


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
