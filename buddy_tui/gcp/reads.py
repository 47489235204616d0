"""gcp: Cloud Run as a `gateway.Reads`. Every call has its deadline; every listing is followed to its end."""

from collections.abc import Awaitable, Callable, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from google.cloud.run_v2.types import (
    GetServiceRequest,
    ListRevisionsRequest,
    ListServicesRequest,
)

from buddy_tui.errors import BuddyError, NotFound
from buddy_tui.gcp import convert
from buddy_tui.gcp.calls import Calls
from buddy_tui.gcp.clients import CALL_SECONDS, RETRY
from buddy_tui.gcp.regions import regions
from buddy_tui.model import Revision, Service, ServiceName

# Cloud Run's own limits are 1,000 services in a region and 1,000 revisions of a service.
_MOST = 1000
_PAGE_SIZE = 250
_MOST_PAGES = 50
_Value = TypeVar("_Value", Service, Revision)


class GoogleReads(Calls):
    """Looks at Cloud Run through the official async clients."""

    async def regions(self, project: str) -> tuple[str, ...]:
        """Name the regions that Cloud Run offers to this project, sorted."""
        with self.translated(project, what="list of regions"):
            return await regions(self.clients, project)

    async def services(self, project: str, region: str) -> tuple[Service, ...]:
        """List the services of one region, by name. An unknown region raises NotFound, with near ones."""
        try:
            return await self._services(project, region)
        except NotFound as error:
            if error.hint:
                raise
            raise await self._with_near_regions(error, project, region) from error.__cause__

    async def service(self, name: ServiceName) -> Service:
        """Read one service. Raises NotFound, with near names as the hint, when there is none."""
        request = GetServiceRequest(name=name.path)
        try:
            with self.translated(name.project, name.region, f"service {name.service}"):
                message = await self.clients.services.get_service(request, retry=RETRY, timeout=CALL_SECONDS)
        except NotFound as error:
            if error.hint:
                raise
            raise await self._with_near_services(error, name) from error.__cause__
        return convert.service(type(message).pb(message))

    async def revisions(self, name: ServiceName) -> tuple[Revision, ...]:
        """List the revisions of a service, newest first, at most 1,000."""
        request = ListRevisionsRequest(parent=name.path, page_size=_PAGE_SIZE)
        with self.translated(name.project, name.region, f"service {name.service}"):
            found = await _pages(
                self.clients.revisions.list_revisions, request, "revisions", convert.revision
            )
        return tuple(sorted(found, key=_birth, reverse=True))

    async def _services(self, project: str, region: str) -> tuple[Service, ...]:
        request = ListServicesRequest(parent=f"projects/{project}/locations/{region}", page_size=_PAGE_SIZE)
        with self.translated(project, region, f"region {region}"):
            found = await _pages(self.clients.services.list_services, request, "services", convert.service)
        return tuple(sorted(found, key=lambda one: one.name))

    async def _with_near_services(self, error: NotFound, name: ServiceName) -> BuddyError:
        """Add what there is instead. No second error hides the first."""
        try:
            names = [one.name.service for one in await self._services(name.project, name.region)]
        except NotFound as no_region:
            return await self._with_near_regions(no_region, name.project, name.region)
        except BuddyError:
            return NotFound(str(error), f"gcloud run services list --project {name.project}")
        if names:
            return NotFound(str(error), _near(name.service, names, "Services there"))
        nothing = NotFound(str(error), f"There are no services in {name.project}/{name.region}.")
        return await self._with_near_regions(nothing, name.project, name.region)

    async def _with_near_regions(self, error: NotFound, project: str, region: str) -> BuddyError:
        try:
            known = await self.regions(project)
        except BuddyError:
            known = ()
        if not known:
            return NotFound(str(error), error.hint or f"gcloud run regions list --project {project}")
        if region in known:
            return error
        return NotFound(f"Cloud Run has no region {region}.", _near(region, known, "Regions"))


async def _pages(
    call: Callable[..., Awaitable[Any]],
    request: Any,  # noqa: ANN401 - a proto-plus message
    field: str,
    converted: Callable[[Any], _Value],
) -> list[_Value]:
    """Convert page by page: a thousand at once would hold a screen up for a tenth of a second."""
    found: list[_Value] = []
    pages = 0
    pager = await call(request, retry=RETRY, timeout=CALL_SECONDS)
    async for page in pager.pages:
        pages += 1
        found.extend(map(converted, getattr(type(page).pb(page), field)))
        if pages == _MOST_PAGES or len(found) >= _MOST:
            break
    return found[:_MOST]


def _birth(revision: Revision) -> tuple[float, str]:
    return (revision.created.timestamp() if revision.created else 0.0, revision.name)


def _near(wanted: str, names: Sequence[str], title: str) -> str:
    if close := get_close_matches(wanted, names, 3):
        return f"Did you mean {' or '.join(close)}?"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"{title}: {', '.join(names[:10])}{more}."
