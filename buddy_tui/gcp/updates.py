"""gcp: one change of a service, bound to the version that was looked at.

No write is repeated here, and none is made without the etag of what was looked at: Cloud Run takes a write without one
for the last word.
"""

from typing import Any

from google.cloud.run_v2.types import GetServiceRequest, UpdateServiceRequest
from google.cloud.run_v2.types import Service as GoogleService
from google.protobuf.message import DecodeError

from buddy_tui.errors import BuddyError, ChangedUnderneath, Refused, Unreachable
from buddy_tui.gcp import convert
from buddy_tui.gcp.clients import CALL_SECONDS, RETRY
from buddy_tui.gcp.cloud import GoogleCloud
from buddy_tui.model import Service, ServiceName

# The generated classes carry no types.
Message = Any

# The client's own limit of UpdateService and CreateService.
WRITE_SECONDS = 15.0


class Updates:
    """Changes services that `cloud` looks at, over its connections; it is closed with `cloud`."""

    def __init__(self, cloud: GoogleCloud) -> None:
        self._cloud = cloud

    async def _there(self, name: ServiceName, etag: str) -> Message:
        """Read a service in Google's own form. Raises ChangedUnderneath when it is not at `etag` any more."""
        there = await self._read(name)
        if there.etag != etag:
            raise ChangedUnderneath(
                f"Somebody else changed service {name.service} since it was looked at.",
                "Look again and decide anew.",
            )
        return there

    async def _update(self, name: ServiceName, wanted: Message, mask: tuple[str, ...], noun: str) -> Service:
        """Write the fields of `mask`, of the service as it was at `wanted.etag`; `noun` says what they are."""
        if not wanted.etag:
            raise Refused(f"Service {name.service} is not changed without the version that was looked at.")
        request = UpdateServiceRequest(update_mask={"paths": mask})
        UpdateServiceRequest.pb(request).service.CopyFrom(wanted)
        with self._cloud.translated(
            name.project,
            name.region,
            f"service {name.service}",
            WRITE_SECONDS,
            permission="run.services.update",
            written=noun,
        ):
            begun: Any = await self._cloud.clients.services.update_service(
                request, retry=None, timeout=WRITE_SECONDS
            )
            return await self._accepted(name, begun, wanted, noun)

    async def _accepted(self, name: ServiceName, begun: Any, wanted: Message, noun: str) -> Service:  # noqa: ANN401 - Google's future
        """Return a service as it was accepted. Its end is not waited for: that it was is all that there is to know."""
        if begun.operation.done:
            await begun.exception()  # else Python complains of an error that nobody asked for
        if (accepted := _told(begun.operation, wanted)) is not None:
            return convert.service(accepted)
        try:
            return convert.service(await self._read(name))
        except BuddyError as error:
            raise Unreachable(
                f"Cloud Run accepted the {noun}, and then did not show service {name.service}: {error}",
                error.hint,
            ) from error

    async def _read(self, name: ServiceName) -> Message:
        with self._cloud.translated(name.project, name.region, f"service {name.service}"):
            message = await self._cloud.clients.services.get_service(
                GetServiceRequest(name=name.path), retry=RETRY, timeout=CALL_SECONDS
            )
        return type(message).pb(message)


def _told(operation: Message, wanted: Message) -> Message | None:
    """Return the service that an operation tells of, once written; that Google's metadata is always that is unverified."""
    service = GoogleService.pb()()
    try:
        told = operation.metadata.Unpack(service)
    except DecodeError:
        return None
    return service if told and service.name == wanted.name and service.etag not in ("", wanted.etag) else None
