"""gcp: one Firestore database through firebase-admin. Loads in half a second, so only when a document is asked for.

Google's exceptions come out as they are; ValueError means a path, a field or a value that the client cannot have.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import firebase_admin
from firebase_admin import firestore_async
from google.api_core.exceptions import FailedPrecondition, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1 import (
    AsyncClient,
    AsyncDocumentReference,
    AsyncQuery,
    DocumentSnapshot,
    FieldFilter,
    GeoPoint,
    LastUpdateOption,
)
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.vector import Vector

from buddy_tui.errors import ChangedUnderneath
from buddy_tui.gateway import Document, Place
from buddy_tui.gcp.clients import CALL_SECONDS, RETRY, Credentials

_Value = TypeVar("_Value")


class Database:
    """A Firestore database, in the event loop of its first call. `credentials` are `None` for an emulator."""

    def __init__(self, place: Place, credentials: Credentials) -> None:
        # Apps are known by name to the whole process.
        self._app = firebase_admin.initialize_app(
            credentials or AnonymousCredentials(),  # type: ignore[no-untyped-call]
            {"projectId": place.project},
            name=uuid4().hex,
        )
        self._client: AsyncClient = firestore_async.client(self._app, place.database)
        self._place = place

    async def document(self, path: str) -> Document | None:
        """Read one document; `None` when there is none."""
        snapshot = await _bounded(self._client.document(path).get)
        return self._document(snapshot) if snapshot.exists else None

    async def documents(
        self,
        collection: str,
        equals: tuple[str, object] | None,
        newest_by: str,
        most: int,
        fields: Sequence[str],
    ) -> tuple[Document, ...]:
        """Ask the server for at most `most` documents, as `gateway.DocumentReads` says."""
        query: AsyncQuery = self._client.collection(collection).limit(most)
        if equals:
            query = query.where(filter=FieldFilter(_field(equals[0]), "==", equals[1]))
        if newest_by:
            query = query.order_by(_field(newest_by), direction=AsyncQuery.DESCENDING)
        if fields:
            query = query.select(list(map(_field, fields)))

        async def found(**limits: Any) -> list[Document]:  # noqa: ANN401 - Google's own
            # One by one as they come: two thousand at once would hold a screen up.
            return [self._document(one) async for one in query.stream(**limits)]

        return tuple(await _bounded(found))

    async def count(self, collection: str) -> int:
        """Count a collection on the server."""
        counting: Any = self._client.collection(collection).count()  # type: ignore[no-untyped-call]
        counted = await _bounded(counting.get)
        return int(counted[0][0].value)

    async def delete(self, document: Document) -> None:
        """Delete a document if it is still as it was read. Raises ChangedUnderneath when it is not."""
        reference = self._client.document(document.path)
        unchanged = LastUpdateOption(document.version)
        try:
            await _bounded(lambda **limits: reference.delete(unchanged, **limits))
        except NotFound:
            return
        except FailedPrecondition as error:
            # Said of a document that is gone, too.
            if await self.document(document.path) is not None:
                raise ChangedUnderneath(
                    "The document was changed since it was read; it was not deleted."
                ) from error

    async def close(self) -> None:
        """Close the connection, and let firebase-admin forget the app."""
        firebase_admin.delete_app(self._app)
        # The client has no way of its own to be closed.
        await self._client._firestore_api.transport.close()  # noqa: SLF001

    def _document(self, snapshot: DocumentSnapshot[Any]) -> Document:
        return Document(
            self._place,
            snapshot.reference.path,
            {name: _plain(value) for name, value in (snapshot.to_dict() or {}).items()},
            _moment(snapshot.create_time),
            _moment(snapshot.update_time),
            snapshot.update_time,
        )


async def _bounded(call: Callable[..., Awaitable[_Value]]) -> _Value:
    # The library's own policy goes on for five minutes, whatever `timeout` says.
    return await RETRY(call)(retry=None, timeout=CALL_SECONDS)


def _field(path: str) -> str:
    """Quote the parts of a dotted path that need it."""
    return FieldPath(*path.split(".")).to_api_repr()


def _moment(value: datetime | None) -> datetime | None:
    """Return a plain datetime for Google's, which has nanoseconds."""
    return value and datetime.combine(value.date(), value.timetz()).astimezone(UTC)


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever a document holds
    match value:
        case datetime():
            return _moment(value)
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list() | Vector():
            return [_plain(one) for one in value]
        case GeoPoint():
            return (value.latitude, value.longitude)
        case AsyncDocumentReference():
            return value.path
        case _:
            return value
