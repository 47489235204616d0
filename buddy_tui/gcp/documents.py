"""gcp: Firestore as a `gateway.DocumentReads`."""

import asyncio
import importlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from google.api_core.exceptions import FailedPrecondition, InvalidArgument

from buddy_tui.clean import clean_line
from buddy_tui.errors import UsageProblem
from buddy_tui.gateway import Document, Place
from buddy_tui.gcp.calls import Calls
from buddy_tui.gcp.clients import Clients

if TYPE_CHECKING:
    from buddy_tui.gcp.firestore import Database

_HOST = "firestore.googleapis.com"
# Read by Google's client, which has no other way to be sent to an emulator.
_EMULATOR = "FIRESTORE_EMULATOR_HOST"
_LINK = re.compile(r"https://\S+")


class GoogleDocuments(Calls):
    """Looks at Firestore through firebase-admin, which loads with the first document that is asked for."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self._databases: dict[Place, Database] = {}

    async def document(self, place: Place, path: str) -> Document | None:
        """Read one document; `None` when there is none."""
        database = await self.database(place)
        with self.told(place, "document", "datastore.entities.get"):
            return await database.document(path)

    async def documents(
        self,
        place: Place,
        collection: str,
        *,
        equals: tuple[str, object] | None = None,
        newest_by: str = "",
        most: int = 100,
        fields: Sequence[str] = (),
    ) -> tuple[Document, ...]:
        """Read at most `most` documents of a collection; names of fields may be dotted paths."""
        database = await self.database(place)
        with self.told(place, "collection", "datastore.entities.list"):
            return await database.documents(collection, equals, newest_by, most, fields)

    async def count_documents(self, place: Place, collection: str) -> int:
        """Count a collection on the server."""
        database = await self.database(place)
        with self.told(place, "collection", "datastore.entities.list"):
            return await database.count(collection)

    async def close(self) -> None:
        """Close the connections. Safe to call twice."""
        while self._databases:
            _, database = self._databases.popitem()
            await database.close()
        await super().close()

    async def database(self, place: Place) -> "Database":
        """Open a database, once. Raises UsageProblem where the environment leads to another world than ours."""
        _check_world(emulated=self.clients.credentials is None)
        if place not in self._databases:
            firestore = await asyncio.to_thread(importlib.import_module, "buddy_tui.gcp.firestore")
            if place not in self._databases:  # nobody else was faster
                self._databases[place] = firestore.Database(place, self.clients.credentials)
        return self._databases[place]

    @contextmanager
    def told(self, place: Place, noun: str, permission: str) -> Iterator[None]:
        """Raise what Firestore says as ours; `noun` is what was asked for, `permission` what that takes."""
        with self.translated(
            place.project,
            what=f"Firestore database {place.database}",
            host=os.environ.get(_EMULATOR, _HOST),
            product="Firestore",
            permission=permission,
            listing=f"gcloud firestore databases list --project {place.project}",
        ):
            try:
                yield
            except FailedPrecondition as error:
                raise _unprepared(str(error.message)) from error
            except (ValueError, InvalidArgument) as error:
                why = clean_line(str(getattr(error, "message", error)))[:300].rstrip(". ")
                raise UsageProblem(f"Firestore cannot have such a {noun}: {why}.") from error


def _check_world(*, emulated: bool) -> None:
    host = os.environ.get(_EMULATOR)
    if emulated and not host:
        raise UsageProblem(
            f"This Cloud Run is emulated, and {_EMULATOR} does not say where its Firestore is.",
            "buddy-tui emulator prints what to export.",
        )
    if not emulated and host is not None:
        raise UsageProblem(
            f"{_EMULATOR} is set ({clean_line(host)}): documents would come from there, not from Google.",
            f"unset {_EMULATOR}",
        )
    if host:
        _pass_by_proxy(host.rpartition(":")[0])


def _pass_by_proxy(host: str) -> None:
    """Let gRPC ask no proxy for an emulator: the client makes a channel that would."""
    name = "no_grpc_proxy"  # gRPC knows no other spelling
    past = os.environ.get(name) or os.environ.get("no_proxy") or ""
    if host not in past.split(","):
        os.environ[name] = ",".join(filter(None, (past, host)))


def _unprepared(text: str) -> UsageProblem:
    """Tell of an index that is missing, or of a database that is not in Firestore's native mode."""
    text = clean_line(text)
    if "requires an index" not in text:
        return UsageProblem(f"Firestore refused: {text[:300].rstrip('. ')}.")
    link = _LINK.search(text)
    return UsageProblem(
        "Firestore has no index for this question.",
        f"Create one: {link[0]}" if link else "Create one in the console.",
    )
