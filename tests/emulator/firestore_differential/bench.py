"""What a check gets to work with, and how what it found is written down so that two servers can be compared."""

import asyncio
import itertools
import os
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch
from uuid import uuid4
from zlib import crc32

import firebase_admin
from firebase_admin import firestore, firestore_async
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1 import DocumentReference, DocumentSnapshot, GeoPoint
from google.cloud.firestore_v1._helpers import ReadAfterWriteError
from google.cloud.firestore_v1.base_aggregation import AggregationResult
from google.cloud.firestore_v1.types import WriteResult
from google.cloud.firestore_v1.vector import Vector

# Google's clients answer with unions of their sync and async types, which no type checker can tell apart.
Client = Any
Collection = Any
Document = Any
Query = Any

_APPS = itertools.count()
_ENVIRONMENT = threading.Lock()
_AT_ONCE = 8
# A check that has no answer by then (seconds) is left behind: one missing method must not hide all the others.
_LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class Bench:
    """A client of the server at `address`, and a collection that only this check uses."""

    address: str
    loop: asyncio.AbstractEventLoop
    db: Client
    here: Collection

    def fill(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Write documents by their ids, at once."""
        batch = self.db.batch()
        for name, data in documents.items():
            batch.set(self.here.document(name), data)
        batch.commit()

    def one(self, **data: object) -> Document:
        """Write one document."""
        document = self.here.document("one")
        document.set(data)
        return document


_Asks = Callable[[Bench], object]
_AsksAsync = Callable[[Bench], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Check:
    """One question to a server."""

    name: str
    ask: _Asks


@dataclass(slots=True)
class Checks:
    """The checks of one topic."""

    topic: str
    all: list[Check] = field(default_factory=list)

    def add(self, ask: _Asks) -> _Asks:
        """Take a function as a check; its name says what it asks."""
        self.all.append(Check(f"{self.topic}: {ask.__name__.replace('_', ' ')}", ask))
        return ask

    def add_async(self, ask: _AsksAsync) -> _AsksAsync:
        """Take a coroutine function: it gets the async client."""

        def run(bench: Bench) -> object:
            answer = asyncio.run_coroutine_threadsafe(_with_async_client(ask, bench), bench.loop)
            return answer.result()

        self.all.append(Check(f"{self.topic}: {ask.__name__.replace('_', ' ')}, async", run))
        return ask

    def each(self, cases: Mapping[str, Any], ask: Callable[[Bench, Any], object]) -> None:
        """Take one check for each case."""

        def about(case: object) -> _Asks:
            return lambda bench: ask(bench, case)

        self.all.extend(Check(f"{self.topic}: {name}", about(case)) for name, case in cases.items())


async def answers(address: str, checks: Sequence[Check]) -> dict[str, str]:
    """Ask the Firestore at `HOST:PORT` everything, in a project that nobody has used; return the answers by name."""
    project = f"demo-{uuid4().hex[:12]}"
    # grpc.aio does not bear many loops in one process well, so this one serves all async clients.
    loop = asyncio.get_running_loop()
    with _client(address, project) as db, ThreadPoolExecutor(_AT_ONCE) as pool:
        # Each has a collection of its own, and most of the slow ones wait for somebody else's lock.
        asked = (
            loop.run_in_executor(pool, _answer, check, Bench(address, loop, db, db.collection(check.name)))
            for check in checks
        )
        told = await asyncio.gather(*asked)
    return {check.name: one.replace(project, "PROJECT") for check, one in zip(checks, told, strict=True)}


def tried(call: Callable[..., object], *of: object) -> str:
    """Return what a call of these arguments answers, or how it is refused: the exception of the client and the code of gRPC."""
    try:
        return show(call(*of))
    except GoogleAPICallError as error:
        code = error.grpc_status_code
        return f"refused {type(error).__name__} {code.name if code else None}"
    except (ValueError, TypeError, ReadAfterWriteError) as error:
        return f"refused by the client: {type(error).__name__}"


def ids(query: Query) -> list[str]:
    """Return the ids of what a query finds, in its order."""
    return [found.id for found in query.stream()]


def show(value: object) -> str:  # noqa: C901, PLR0911 - one line for each kind of value
    """Write a value so that two of them are the same text if, and only if, they are the same in type and value."""
    match value:
        case str() if len(value) > 200:
            return f"{value[:20]!r} and so on, {len(value)} letters, {crc32(value.encode()):08x}"
        case str() | None | bool() | int() | float() | bytes():
            return repr(value)
        case datetime():
            return getattr(value, "rfc3339", value.isoformat)()
        case DocumentReference():
            return f"ref({value.path})"
        case GeoPoint():
            return f"geo({value.latitude!r}, {value.longitude!r})"
        case Vector():
            return f"vector{tuple(value)!r}"
        case DocumentSnapshot():
            return f"{value.id}={show(value.to_dict())}"
        case AggregationResult():
            return f"{value.alias}={show(value.value)}"
        case WriteResult():
            return "written"
        case Mapping():
            return f"{{{', '.join(f'{key!r}: {show(value[key])}' for key in sorted(value))}}}"
        case Iterable():
            return f"[{', '.join(map(show, value))}]"
    raise TypeError(f"An answer cannot be {type(value).__name__}.")


def _answer(check: Check, bench: Bench) -> str:
    """Ask on a thread of its own, for a bounded time."""
    answer = [f"no answer in {_LIMIT:g} s"]

    def ask() -> None:
        try:
            answer[0] = tried(lambda: check.ask(bench))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
            answer[0] = f"broken: {error!r}"

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_LIMIT)
    return answer[0]


@contextmanager
def _led_to(address: str) -> Iterator[None]:
    """Have the client that is made meanwhile talk to `address`: it can be told so by the environment only."""
    with _ENVIRONMENT, patch.dict(os.environ, FIRESTORE_EMULATOR_HOST=address):
        yield


@contextmanager
def _app(project: str) -> Iterator[firebase_admin.App]:
    app = firebase_admin.initialize_app(
        AnonymousCredentials(),  # type: ignore[no-untyped-call]
        {"projectId": project},
        name=f"differential-{next(_APPS)}",
    )
    try:
        yield app
    finally:
        firebase_admin.delete_app(app)


@contextmanager
def _client(address: str, project: str) -> Iterator[Client]:
    with _app(project) as app:
        with _led_to(address):
            client = firestore.client(app)
        try:
            yield client
        finally:
            # The clients have no way of their own to be closed.
            client._firestore_api.transport.close()


async def _with_async_client(ask: _AsksAsync, bench: Bench) -> object:
    with _app(bench.db.project) as app:
        with _led_to(bench.address):
            client = firestore_async.client(app)
        try:
            return await ask(Bench(bench.address, bench.loop, client, client.collection(bench.here.id)))
        finally:
            await client._firestore_api.transport.close()
