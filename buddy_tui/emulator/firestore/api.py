"""Firestore v1 of the emulated Google Cloud over gRPC: every project and every database is there, empty at first."""

import secrets
import string
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import grpc
from google.cloud.firestore_v1 import types
from google.protobuf import empty_pb2
from google.rpc import status_pb2

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.firestore import names
from buddy_tui.emulator.firestore.documents import Documents
from buddy_tui.emulator.firestore.listen import Listener
from buddy_tui.emulator.firestore.messages import Write, WriteResult, timestamp
from buddy_tui.emulator.firestore.reads import Reads, masked
from buddy_tui.emulator.firestore.transactions import Transactions
from buddy_tui.emulator.firestore.writes import Draft, target
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Bidi, Message, Stream, Unary, service

_Committed: Message = types.CommitResponse.pb()
_Begun: Message = types.BeginTransactionResponse.pb()
_Batched: Message = types.BatchWriteResponse.pb()

_AUTO_ID = string.ascii_letters + string.digits
_DENIED = "Missing or insufficient permissions."


class Database:
    """One database: its documents, its transactions, and the calls upon it."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.documents = Documents(name, clock)
        self.transactions = Transactions(self.documents)
        self.reads = Reads(self.documents, self.transactions)

    async def begin(self, request: Message) -> Message:
        """Answer BeginTransaction."""
        return _Begun(transaction=await self.transactions.begin(request.options))

    async def rollback(self, request: Message) -> Message:
        """Answer Rollback."""
        self.transactions.end(request.transaction)
        return empty_pb2.Empty()

    async def commit(self, request: Message) -> Message:
        """Answer Commit."""
        draft = await self.transactions.commit(list(request.writes), request.transaction)
        return _Committed(write_results=draft.results, commit_time=timestamp(draft.time))

    async def batch_write(self, request: Message) -> Message:
        """Answer BatchWrite: each write on its own, with a status of its own."""
        wanted = [target(write) for write in request.writes]
        if len(set(wanted)) < len(wanted):
            raise names.invalid("the same document cannot be written more than once in a single request")
        for write in request.writes:
            self._check(write)
        answer = _Batched()
        for write in request.writes:
            result, status = await self._one(write)
            answer.write_results.append(result)
            answer.status.append(status)
        return answer

    def _check(self, write: Message) -> None:
        """Raise INVALID_ARGUMENT, before anything of a batch is written, where a write of it cannot be meant."""
        try:
            Draft(self.documents, self.documents.tick()).add([write])
        except Problem as problem:
            if problem.code is grpc.StatusCode.INVALID_ARGUMENT:
                raise

    async def _one(self, write: Message) -> tuple[Message, Message]:
        try:
            return (await self.transactions.commit([write])).results[0], status_pb2.Status()
        except Problem as problem:
            code: int = problem.code.value[0]
            return WriteResult(), status_pb2.Status(code=code, message=problem.message)

    async def create(self, request: Message) -> Message:
        """Answer CreateDocument; a document that gets no id is given one of twenty random signs."""
        if request.document.name:
            raise names.invalid("document.name must not be set")
        names.check_collection(request.collection_id)
        chosen = request.document_id or "".join(secrets.choice(_AUTO_ID) for _ in range(20))
        write = Write(update=request.document, current_document={"exists": False})
        write.update.name = f"{request.parent}/{request.collection_id}/{chosen}"
        return await self._written(write, request)

    async def update(self, request: Message) -> Message:
        """Answer UpdateDocument."""
        write = Write(update=request.document)
        for field in ("update_mask", "current_document"):
            if request.HasField(field):
                getattr(write, field).CopyFrom(getattr(request, field))
        return await self._written(write, request)

    async def delete(self, request: Message) -> Message:
        """Answer DeleteDocument."""
        await self.transactions.commit(
            [Write(delete=request.name, current_document=request.current_document)]
        )
        return empty_pb2.Empty()

    async def _written(self, write: Message, request: Message) -> Message:
        draft = await self.transactions.commit([write])
        return masked(draft.wanted[names.document(write.update.name)], request)


# How a database answers a call: at once, or by a stream.
_Answer = Callable[[Database], Callable[[Message], Awaitable[Message]]]
_Answers = Callable[[Database], Callable[[Message], AsyncIterator[Message]]]


class Firestore:
    """All databases of all projects. `handlers` goes into a grpc.aio server; `close` lets that server stop."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self._clock = clock
        self._faults = faults
        self._databases: dict[str, Database] = {}
        self._listeners: set[Listener] = set()

    def handlers(self) -> "tuple[grpc.GenericRpcHandler[Message, Message], ...]":
        """Return the handlers of `google.firestore.v1.Firestore`."""
        unary: Mapping[str, _Answer] = {
            "GetDocument": lambda database: database.reads.get,
            "ListDocuments": lambda database: database.reads.listed,
            "ListCollectionIds": lambda database: database.reads.collection_ids,
            "BeginTransaction": lambda database: database.begin,
            "Rollback": lambda database: database.rollback,
            "Commit": lambda database: database.commit,
            "BatchWrite": lambda database: database.batch_write,
            "CreateDocument": lambda database: database.create,
            "UpdateDocument": lambda database: database.update,
            "DeleteDocument": lambda database: database.delete,
        }
        streamed: Mapping[str, _Answers] = {
            "BatchGetDocuments": lambda database: database.reads.batch_get,
            "RunQuery": lambda database: database.reads.run_query,
            "RunAggregationQuery": lambda database: database.reads.run_aggregation,
        }
        methods: dict[str, Unary | Stream | Bidi] = {
            **{rpc: self._unary(rpc, of) for rpc, of in unary.items()},
            **{rpc: self._stream(rpc, of) for rpc, of in streamed.items()},
            "Listen": Bidi(types.ListenRequest.pb(), self._listen),
        }
        return (service("google.firestore.v1.Firestore", methods, self._faults),)

    def close(self) -> None:
        """End every listener, so that the server that serves them can stop in peace."""
        for listener in self._listeners:
            listener.close()

    def paths(self, project: str, database: str = "(default)") -> list[str]:
        """Return the paths of all documents of a database, sorted."""
        return self._of(f"projects/{project}/databases/{database}").documents.paths()

    def projects(self) -> list[str]:
        """Return the projects that have documents, sorted."""
        return sorted({name.split("/")[1] for name, one in self._databases.items() if one.documents.paths()})

    def _of(self, name: str) -> Database:
        if name not in self._databases:
            self._databases[name] = Database(name, self._clock)
        return self._databases[name]

    def _unary(self, rpc: str, of: _Answer) -> Unary:
        async def handle(request: Message) -> Message:
            return await of(self._admitted(rpc, request))(request)

        return Unary(_request(rpc), handle)

    def _stream(self, rpc: str, of: _Answers) -> Stream:
        def handle(request: Message) -> AsyncIterator[Message]:
            return of(self._admitted(rpc, request))(request)

        return Stream(_request(rpc), handle)

    async def _listen(self, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        first = await anext(requests, None)
        if first is None:
            return
        listener = Listener(self._admitted("Listen", first).documents)
        self._listeners.add(listener)
        try:
            async for answer in listener.answers(first, requests):
                yield answer
        finally:
            self._listeners.discard(listener)

    def _admitted(self, rpc: str, request: Message) -> Database:
        """Return the database of a request, unless the world refuses it there."""
        name = names.database(_resource(request))
        if not self._faults.firestore_denied.isdisjoint({rpc, name.split("/")[1]}):
            raise Problem(grpc.StatusCode.PERMISSION_DENIED, _DENIED)
        return self._of(name)


def _request(rpc: str) -> Message:
    return getattr(types, f"{rpc}Request").pb()


def _resource(request: Message) -> str:
    """Return the resource name that a request carries, whichever its field is called."""
    for field in ("database", "parent", "name"):
        if hasattr(request, field):
            name: str = getattr(request, field)
            return name
    document: str = request.document.name
    return document
