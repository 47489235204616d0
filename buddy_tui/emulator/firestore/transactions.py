"""Firestore: transactions, and the view of the documents that one call has.

They lock, as in a database whose concurrency mode is PESSIMISTIC, which server clients get by default: what
a read-write transaction has read, nobody else changes before it ends. A commit that would, from a transaction or not,
waits, two seconds at most, and is ABORTED then. Two that wait for each other need not wait for that: one is ABORTED at
once. What Google promises to a transaction that is tried again, that it keeps its spot in line, is kept by giving such
transactions their turns, one after the other: the one whose turn it is does not give way.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import grpc

from buddy_tui.emulator.firestore import names
from buddy_tui.emulator.firestore.documents import Change, Documents
from buddy_tui.emulator.firestore.messages import timestamp
from buddy_tui.emulator.firestore.names import invalid
from buddy_tui.emulator.firestore.query import Query
from buddy_tui.emulator.firestore.writes import Draft, target
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message

# How long a commit waits for locks, and a transaction that is tried again for its turn, in seconds.
_PATIENCE = 2.0
# How long a transaction lives that its client has forgotten, in seconds; Google's own limit.
_IDLE = 60.0

_READ_ONLY = "Cannot modify entities in a read-only transaction."


class Transaction:
    """An open transaction: what it has read and, once it commits, what it wants to change.

    A read-only one has the time of its snapshot, in microseconds, and locks nothing.
    """

    def __init__(self, snapshot: int | None = None) -> None:
        self.snapshot = snapshot
        self.used = 0.0
        self.paths: set[str] = set()
        self.queries: list[Query] = []
        self.wanted: tuple[Change, ...] = ()
        self.doomed = False

    def locks(self, change: Change) -> bool:
        """Whether a change would replace what has been read."""
        return change.path in self.paths or any(query.concerned(change) for query in self.queries)


class View:
    """The documents as one call sees them: now, at a time, or in a transaction, which locks what it reads.

    `time` is when, in microseconds; `begun` the id of a transaction that the call itself has begun.
    """

    def __init__(
        self, documents: Documents, at: int | None, reader: Transaction | None = None, begun: bytes = b""
    ) -> None:
        self.documents = documents
        self.time = documents.now() if at is None else at
        self.begun = begun
        self._reader = reader

    @property
    def read_time(self) -> Message:
        """`time` as a protobuf Timestamp."""
        return timestamp(self.time)

    def get(self, path: str) -> Message | None:
        """Return a document, or None."""
        if self._reader is not None:
            self._reader.paths.add(path)
        return self.documents.get(path, self.time)

    def find(self, query: Query) -> list[Message]:
        """Return the answer to a query: whole documents."""
        if self._reader is not None:
            self._reader.queries.append(query)
        return query.answer(self.documents.within(query.scope, self.time))


class Transactions:
    """The open transactions of one database, and every commit to it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._open: dict[bytes, Transaction] = {}
        self._last = 0
        self._released = asyncio.Event()
        self._turn = asyncio.Lock()
        self._holder = b""

    async def view(self, request: Message) -> View:
        """Return what a call sees that has a consistency selector: none, a time, a transaction or a new one."""
        match request.WhichOneof("consistency_selector"):
            case "read_time":
                return View(self._documents, self._past(request.read_time))
            case "transaction":
                return self._inside(request.transaction)
            case "new_transaction":
                begun = await self.begin(request.new_transaction)
                return self._inside(begun, begun)
        return View(self._documents, None)

    async def begin(self, options: Message) -> bytes:
        """Open a transaction and return its id. One that is tried again waits for its turn, two seconds at most."""
        self._last += 1
        begun = self._last.to_bytes(8, "big")
        transaction = Transaction()
        if options.HasField("read_only"):
            since = options.read_only
            transaction.snapshot = (
                self._past(since.read_time) if since.HasField("read_time") else self._documents.now()
            )
        elif options.read_write.retry_transaction:
            self._known(options.read_write.retry_transaction)
            await self._line_up(begun)
        self._open[begun] = transaction
        transaction.used = _now()
        return begun

    def end(self, key: bytes) -> None:
        """Close a transaction, whether it is open or was; an id that never was is an INVALID_ARGUMENT."""
        self._known(key)
        self._open.pop(key, None)
        self._wake()
        if key == self._holder:
            self._holder = b""
            self._turn.release()

    async def commit(self, writes: list[Message], key: bytes = b"") -> Draft:
        """Do all writes or, with a Problem, none; a transaction ends with it either way."""
        own = self._of(key) if key else Transaction()
        try:
            if own.snapshot is not None and writes:
                raise invalid(_READ_ONLY)
            draft = await self._unlocked(writes, own)
            self._documents.commit(draft.time, draft.wanted)
            return draft
        finally:
            if key:
                self.end(key)

    async def _unlocked(self, writes: list[Message], own: Transaction) -> Draft:
        """Return the draft of a commit as soon as nobody else has locked what it changes."""
        until = _now() + _PATIENCE
        own.wanted = tuple(self._touched(write) for write in writes)
        await self._locks(own, until)
        while True:
            draft = Draft(self._documents, self._documents.tick()).add(writes)
            own.wanted = tuple(draft.changes())
            if not await self._locks(own, until):
                return draft

    def _touched(self, write: Message) -> Change:
        """Return a write as a change that changes nothing: enough to wait before its precondition is judged."""
        path = names.document(target(write), self._documents.name)
        old = self._documents.get(path)
        return Change(0, path, old, old)

    async def _locks(self, own: Transaction, until: float) -> bool:
        """Wait until nobody else has locked what is wanted; return whether there was any need to."""
        waited = False
        while holders := list(self._holders(own)):
            waited = True
            self._resolve(own, holders)
            if not own.doomed:
                own.used = _now()
                await self._release(until)
            if own.doomed or _now() >= until:
                raise Problem(grpc.StatusCode.ABORTED, "Transaction lock timeout.")
        return waited

    async def _release(self, until: float) -> None:
        """Wait until some transaction has ended or is doomed, or it is too late."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._released.wait()

    def _resolve(self, own: Transaction, holders: list[Transaction]) -> None:
        """Doom one of two that wait for each other: who waited first, unless it is that one's turn."""
        for holder in holders:
            if self._waits_for(holder, own, set()):
                first = own if holder is self._open.get(self._holder) else holder
                first.doomed = True
                self._wake()

    def _waits_for(self, one: Transaction, other: Transaction, seen: set[int]) -> bool:
        if id(one) in seen or one.doomed:
            return False
        seen.add(id(one))
        holders = list(self._holders(one))
        return other in holders or any(self._waits_for(holder, other, seen) for holder in holders)

    def _holders(self, waiting: Transaction) -> Iterator[Transaction]:
        """Return who has locked what a transaction that waits wants to change."""
        oldest = _now() - _IDLE
        for key, other in list(self._open.items()):
            if other.used < oldest:
                self.end(key)
            elif other is not waiting and any(other.locks(change) for change in waiting.wanted):
                yield other

    def _wake(self) -> None:
        self._released.set()
        self._released = asyncio.Event()

    async def _line_up(self, key: bytes) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turn.acquire()
        except TimeoutError:
            return
        self._holder = key

    def _inside(self, key: bytes, begun: bytes = b"") -> View:
        transaction = self._of(key)
        reader = transaction if transaction.snapshot is None else None
        return View(self._documents, transaction.snapshot, reader, begun)

    def _of(self, key: bytes) -> Transaction:
        self._known(key)
        transaction = self._open.get(key)
        if transaction is None:
            raise invalid("Transaction is invalid or closed.")
        transaction.used = _now()
        return transaction

    def _known(self, key: bytes) -> None:
        # Ids are given out in order, so one that was is not above the last.
        if len(key) != 8 or not 0 < int.from_bytes(key, "big") <= self._last:
            raise invalid("Invalid transaction.")

    def _past(self, read_time: Message) -> int:
        time: int = read_time.ToMicroseconds()
        if time > self._documents.now():
            raise invalid("The requested 'read_time' cannot be in the future.")
        return time


def _now() -> float:
    """Return the event loop's time, which no story sends back."""
    return asyncio.get_running_loop().time()
