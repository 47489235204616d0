"""What people left in Firestore in a story's past, written over the wire."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

import grpc
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from google.cloud.firestore_v1.types import CommitRequest, Document, Value, Write

from buddy_tui.emulator.story import Kept

# No more writes fit into one commit, as Firestore had it for long.
_MOST = 500


async def write(host: str, project: str, documents: Iterable[Kept]) -> None:
    """Write `documents` into the default database of `project`."""
    database = f"projects/{project}/databases/(default)"
    async with grpc.aio.insecure_channel(host, options=(("grpc.enable_http_proxy", 0),)) as channel:
        client = FirestoreAsyncClient(transport=FirestoreGrpcAsyncIOTransport(channel=channel))
        rest = iter(documents)
        while some := tuple(islice(rest, _MOST)):
            writes = [Write(update=_document(database, one)) for one in some]
            await client.commit(CommitRequest(database=database, writes=writes))


def _document(database: str, kept: Kept) -> Document:
    fields = {name: _value(value) for name, value in kept.fields.items()}
    return Document(name=f"{database}/documents/{kept.path}", fields=fields)


def _value(value: str | datetime) -> Value:
    return Value(string_value=value) if isinstance(value, str) else Value(timestamp_value=value)
