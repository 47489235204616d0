"""A served Firestore with Google's clients of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import firebase_admin
import grpc
import pytest
from firebase_admin import firestore as sync_firestore
from firebase_admin import firestore_async
from google.auth.credentials import AnonymousCredentials

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.firestore.api import Firestore

PROJECT = "acme"

# Google's clients answer with unions of their sync and async types, which no type checker can tell apart.
Client = Any


@dataclass(slots=True)
class Wall:
    """A clock on the wall: it tells the time that a test sets, so commits come in the same instant."""

    time: datetime = datetime(2026, 2, 10, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@dataclass(slots=True)
class Served:
    """A Firestore that is served, what it is made of, and Google's async and sync clients."""

    firestore: Firestore
    faults: Faults
    clock: Clock
    db: Client
    sync: Client
    server: grpc.aio.Server
    wall: Wall = field(default_factory=Wall)

    async def fill(self, collection: str, documents: Mapping[str, Mapping[str, object]]) -> None:
        """Write documents by their ids, at once."""
        batch = self.db.batch()
        for name, data in documents.items():
            batch.set(self.db.collection(collection).document(name), data)
        await batch.commit()

    def paths(self) -> list[str]:
        return self.firestore.paths(PROJECT)


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    wall = Wall()
    clock, faults = Clock(wall), Faults()
    firestore = Firestore(clock, faults)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(firestore.handlers())
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    app = firebase_admin.initialize_app(credentials, {"projectId": PROJECT}, name=uuid4().hex)
    db, sync = firestore_async.client(app), sync_firestore.client(app)
    try:
        yield Served(firestore, faults, clock, db, sync, server, wall)
    finally:
        firestore.close()
        await db._firestore_api.transport.close()
        sync.close()
        await server.stop(None)
        firebase_admin.delete_app(app)


async def ids(query: Any) -> list[str]:  # noqa: ANN401
    """Return the ids of what a query finds, in its order."""
    return [found.id async for found in query.stream()]
