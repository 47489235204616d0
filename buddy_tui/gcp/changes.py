"""gcp: Google as a `gateway.Writes`. Made by `gcp.writes`, for those alone who may change something."""

from collections.abc import Mapping

from google.cloud.run_v2.types import Service as GoogleService

from buddy_tui.errors import Refused
from buddy_tui.gateway import Document
from buddy_tui.gcp import convert
from buddy_tui.gcp.updates import Updates
from buddy_tui.model import ANNOTATIONS, Service, ServiceName, TrafficTarget


class GoogleWrites(Updates):
    """Changes what `cloud` looks at."""

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
        return await self._update(name, wanted, ("traffic",), "traffic list")

    async def annotate(self, name: ServiceName, values: Mapping[str, str | None], etag: str) -> Service:
        """Set annotations of ours, and take away those that are `None`; those of others stay as they are.

        The mask knows only the whole map, so it is read first; raises as `set_traffic`.
        """
        if not all(key.startswith(ANNOTATIONS) for key in values):
            raise Refused(f"Only annotations that begin with {ANNOTATIONS} are ours to change.")
        there = await self._there(name, etag)
        kept = convert.without_system_keys(there.annotations)
        told = {key: value for key, value in (kept | dict(values)).items() if value is not None}
        wanted = GoogleService.pb()(name=name.path, etag=etag, annotations=told)
        return await self._update(name, wanted, ("annotations",), "annotations")
