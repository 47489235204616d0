"""gcp: Google as a `gateway.Writes`. Made by `gcp.writes`, for those alone who may change something."""

from buddy_tui.errors import Refused
from buddy_tui.gateway import Document
from buddy_tui.gcp.documents import GoogleDocuments


class GoogleWrites:
    """Changes what `cloud` looks at, over its connections; it is closed with `cloud`."""

    def __init__(self, cloud: GoogleDocuments) -> None:
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
