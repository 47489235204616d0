"""cli: which service is meant, when the command line does not name it in full."""

import asyncio
import re
from collections.abc import Sequence
from difflib import get_close_matches

from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.errors import BuddyError, NotFound, UsageProblem
from buddy_tui.gateway import Reads
from buddy_tui.model import Revision, ServiceName

_MOST_NAMES = 20
# How Cloud Run itself names a revision: the service, five digits, three letters.
_REVISION = re.compile(r"(?P<service>[a-z][a-z0-9-]*)-\d{5}-[a-z0-9]{3}")


def service_in(revision: str) -> str:
    """Return the service that a revision's name begins with; empty when it is no name of Cloud Run's own making."""
    found = _REVISION.fullmatch(revision)
    return found["service"] if found else ""


def pick_revision(revisions: Sequence[Revision], wanted: str) -> Revision:
    """Return the revision of that name, or the only one that ends so or has it in its name.

    Raises NotFound with the nearest names, or UsageProblem when several fit.
    """
    for fits in (str.__eq__, str.endswith, str.__contains__):
        fitting = [one for one in revisions if fits(one.name, wanted)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            several = ", ".join(one.name for one in fitting[:_MOST_NAMES])
            raise UsageProblem(
                f"Which revision? {clean_line(wanted)} fits several: {several}.", "Give more of its name."
            )
    names = [one.name for one in revisions]
    near = get_close_matches(wanted, names, 3) or names[:3]
    hint = f"Did you mean {' or '.join(near)}?" if near else "It has no revisions yet."
    raise NotFound(f"There is no revision {clean_line(wanted)}.", hint)


async def find(reads: Reads, settings: Settings) -> tuple[ServiceName, tuple[str, ...]]:
    """Return the service that is meant, and what the operator should be told about how it was found.

    With a name and one region nothing is asked: reading the service will tell. Otherwise the regions are listed side
    by side, and exactly one service may fit. A region that could not be asked is told about; when nothing fits, its
    error is raised, for "not found" would be a guess. Raises BuddyError.
    """
    project, wanted = settings.project.value, settings.service.value
    told = tuple(region.value for region in settings.regions)
    if wanted and len(told) == 1:
        return ServiceName(project, told[0], wanted), ()
    regions = told or await reads.regions(project)
    listings = await asyncio.gather(*(_names(reads, project, region) for region in regions))
    names = [name for listing in listings if not isinstance(listing, BuddyError) for name in listing]
    failed = {
        region: listing
        for region, listing in zip(regions, listings, strict=True)
        if isinstance(listing, BuddyError)
    }
    fitting = [name for name in names if wanted in ("", name.service)]
    if len(fitting) != 1:
        raise _no_single(fitting, names, settings, failed)
    notes = [f"{region} could not be asked: {error}" for region, error in failed.items()]
    if not wanted:
        notes.append(f"{fitting[0].service} in {fitting[0].region} is the only service.")
    return fitting[0], tuple(notes)


async def _names(reads: Reads, project: str, region: str) -> list[ServiceName] | BuddyError:
    try:
        return [service.name for service in await reads.services(project, region)]
    except BuddyError as error:
        return error


def _no_single(
    fitting: list[ServiceName], names: list[ServiceName], settings: Settings, failed: dict[str, BuddyError]
) -> BuddyError:
    wanted = settings.service.value
    if fitting:
        if wanted:
            where = ", ".join(name.region for name in fitting)
            return UsageProblem(f"{wanted} is in several regions: {where}.", "Say which with --region.")
        return UsageProblem(f"Which service? There are {len(fitting)}: {_listed(fitting)}.", "Name one.")
    if failed:
        return next(iter(failed.values()))
    where = ", ".join(region.value for region in settings.regions) or "any region"
    if not names:
        return NotFound(f"There are no services in project {settings.project.value}, in {where}.")
    near = get_close_matches(wanted, sorted({name.service for name in names}), 3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Services: {_listed(names)}."
    return NotFound(f"There is no service {wanted} in project {settings.project.value}, in {where}.", hint)


def _listed(names: list[ServiceName]) -> str:
    several_regions = len({name.region for name in names}) > 1
    shown = [f"{name.service} ({name.region})" if several_regions else name.service for name in names]
    more = f" and {len(shown) - _MOST_NAMES} more" if len(shown) > _MOST_NAMES else ""
    return ", ".join(shown[:_MOST_NAMES]) + more
