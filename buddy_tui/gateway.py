"""What the core asks of Cloud Run. `buddy_tui.gcp` implements it; tests have fakes.

Every method raises a BuddyError and nothing else when Google says no or says nothing.
"""

from typing import Protocol

from buddy_tui.model import Revision, Service, ServiceName


class Reads(Protocol):
    """Look, never change."""

    async def regions(self, project: str) -> tuple[str, ...]:
        """Name the regions that Cloud Run offers to this project, sorted."""

    async def services(self, project: str, region: str) -> tuple[Service, ...]:
        """List the services of one region, by name. An unknown region raises NotFound."""

    async def service(self, name: ServiceName) -> Service:
        """Read one service. Raises NotFound, with near names as the hint, when there is none."""

    async def revisions(self, name: ServiceName) -> tuple[Revision, ...]:
        """List the revisions of a service, newest first, at most 1,000 (Cloud Run keeps no more)."""

    async def close(self) -> None:
        """Close the connections. Safe to call twice."""
