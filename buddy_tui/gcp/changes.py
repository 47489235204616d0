"""gcp: Google as a `gateway.Writes`. Made by `gcp.writes`, for those alone who may change something.

No write is repeated here, and none is made without the etag of what was looked at: Cloud Run takes a write without one
for the last word.
"""

from collections.abc import Mapping
from typing import Any

from google.cloud.run_v2.types import GetServiceRequest, UpdateServiceRequest
from google.cloud.run_v2.types import Service as GoogleService
from google.protobuf.message import DecodeError

from buddy_tui.errors import BuddyError, ChangedUnderneath, Refused, Unreachable
from buddy_tui.gateway import Document
from buddy_tui.gcp import convert
from buddy_tui.gcp.clients import CALL_SECONDS, RETRY
from buddy_tui.gcp.cloud import GoogleCloud
from buddy_tui.model import ANNOTATIONS, Service, ServiceName, TrafficTarget

# The generated classes carry no types.
Message = Any

# The client's own limit of UpdateService.
_SECONDS = 15.0
# Namespaces that v2 of the API does not take in annotations, as the field's documentation says: what they say in v1 is
# a field of its own in v2. That a mask which leaves them out leaves them alone is unverified.
_SYSTEM = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")


class GoogleWrites:
    """Changes what `cloud` looks at, over its connections; it is closed with `cloud`."""

    def __init__(self, cloud: GoogleCloud) -> None:
        self._cloud = cloud

    async def delete_document(self, document: Document) -> None:
        """Delete a document if it is still as it was read; fine when it is gone.

        Raises ChangedUnderneath when it was changed since, Refused when it was never read, else as every call.
        """
        if document.version is None:  # Firestore would take it for a deletion without any condition
            raise Refused("A document that was not read from Firestore is not deleted there.")
        database = await self._cloud.database(document.place)
        with self._cloud.told(document.place, "document", "datastore.entities.delete"):
            await database.delete(document)

    async def set_traffic(self, name: ServiceName, targets: tuple[TrafficTarget, ...], etag: str) -> Service:
        """Ask for a traffic list and nothing else, if the service is still at `etag`; return it as accepted.

        Raises as `gateway.Writes` says.
        """
        wanted = GoogleService.pb()(name=name.path, etag=etag)
        for target in targets:
            convert.asked(target, wanted.traffic.add())
        return await self._update(name, wanted, "traffic", "traffic list")

    async def annotate(self, name: ServiceName, values: Mapping[str, str | None], etag: str) -> Service:
        """Set annotations of ours, and take away those that are `None`; those of others stay as they are.

        The mask knows only the whole map, so it is read first; raises as `set_traffic`.
        """
        if not all(key.startswith(ANNOTATIONS) for key in values):
            raise Refused(f"Only annotations that begin with {ANNOTATIONS} are ours to change.")
        there = await self._read(name)
        if there.etag != etag:
            raise ChangedUnderneath(
                f"Somebody else changed service {name.service} since it was looked at.",
                "Look again and decide anew.",
            )
        kept = {
            key: value for key, value in there.annotations.items() if key.partition("/")[0] not in _SYSTEM
        }
        told = {key: value for key, value in (kept | dict(values)).items() if value is not None}
        wanted = GoogleService.pb()(name=name.path, etag=etag, annotations=told)
        return await self._update(name, wanted, "annotations", "annotations")

    async def _update(self, name: ServiceName, wanted: Message, mask: str, noun: str) -> Service:
        if not wanted.etag:
            raise Refused(f"Service {name.service} is not changed without the version that was looked at.")
        request = UpdateServiceRequest(update_mask={"paths": [mask]})
        UpdateServiceRequest.pb(request).service.CopyFrom(wanted)
        with self._cloud.translated(
            name.project,
            name.region,
            f"service {name.service}",
            _SECONDS,
            permission="run.services.update",
            written=noun,
        ):
            begun: Any = await self._cloud.clients.services.update_service(
                request, retry=None, timeout=_SECONDS
            )
            if begun.operation.done:
                await begun.exception()  # else Python complains of an error that nobody asked for
        # Its end is not waited for: that it was accepted is all that this call is to know.
        if (accepted := _accepted(begun.operation, wanted)) is None:
            return await self._looked_up(name, noun)
        return convert.service(accepted)

    async def _looked_up(self, name: ServiceName, noun: str) -> Service:
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


def _accepted(operation: Message, wanted: Message) -> Message | None:
    """Return the service that an operation tells of, once written; that Google's metadata is always that is unverified."""
    service = GoogleService.pb()()
    try:
        told = operation.metadata.Unpack(service)
    except DecodeError:
        return None
    return service if told and service.name == wanted.name and service.etag not in ("", wanted.etag) else None
