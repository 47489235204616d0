"""Firestore: Listen: targets of one stream, and what changed for each of them since the stream last spoke.

A commit costs a listener nothing but a look at the paths that it touched. Only then are these documents judged again,
or, where the target's query has a limit, the query is put again. A listener that lags gets the last state, not every
one in between, so it holds at most one entry for each document that its targets cover.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import grpc
from google.cloud.firestore_v1 import types
from google.rpc import status_pb2

from buddy_tui.emulator.firestore import names, query
from buddy_tui.emulator.firestore.documents import Change, Documents
from buddy_tui.emulator.firestore.messages import timestamp
from buddy_tui.emulator.firestore.query import Query
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message

_Answer: Message = types.ListenResponse.pb()
_Kind = types.TargetChange.pb().TargetChangeType


@dataclass(slots=True)
class Target:
    """One thing that is listened to: a query, or documents by their paths.

    `known` is what the client has been told of, by path; `touched` are the paths that may have changed since.
    """

    key: int
    query: Query | None = None
    paths: frozenset[str] = frozenset()
    known: dict[str, Message] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def covers(self, path: str) -> bool:
        """Whether a change of this document may matter."""
        return path in self.paths if self.query is None else self.query.scope.covers(path)

    def shown(self, document: Message) -> Message:
        """Return a document with the fields that are asked for."""
        return document if self.query is None else self.query.shown(document)

    def all(self, documents: Documents, at: int | None = None) -> dict[str, Message]:
        """Return everything that belongs to the target by path, now or at a time."""
        if self.query is None:
            return _by_path(documents, (documents.get(path, at) for path in self.paths))
        return _by_path(documents, self.query.answer(documents.within(self.query.scope, at)))

    def some(self, documents: Documents) -> dict[str, Message]:
        """Return what belongs to the target of what has been touched."""
        found = _by_path(documents, (documents.get(path) for path in self.touched))
        return {path: one for path, one in found.items() if self.query is None or self.query.matches(one)}


def _by_path(documents: Documents, found: Iterable[Message | None]) -> dict[str, Message]:
    start = len(documents.resource(""))
    return {document.name[start:]: document for document in found if document is not None}


class Listener:
    """One Listen stream on the documents of one database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._targets: dict[int, Target] = {}
        self._asked: list[Message] = []
        self._bell = asyncio.Event()
        self._hung_up = False
        self._closed = False

    def close(self) -> None:
        """End the stream, as a server does that goes away: clients come back by themselves."""
        self._closed = True
        self._bell.set()

    async def answers(self, first: Message, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        """Answer until the client hangs up, or `close` ends the stream as UNAVAILABLE."""
        self._ask(first)
        reading = asyncio.ensure_future(self._read(requests))
        self._documents.watchers.append(self._hear)
        try:
            while True:
                await self._bell.wait()
                self._bell.clear()
                if self._closed:
                    raise Problem(grpc.StatusCode.UNAVAILABLE, "The service is shutting down.")
                if self._hung_up:
                    return
                for answer in self._news():
                    yield answer
        finally:
            self._documents.watchers.remove(self._hear)
            reading.cancel()

    def _ask(self, request: Message) -> None:
        self._asked.append(request)
        self._bell.set()

    async def _read(self, requests: AsyncIterator[Message]) -> None:
        try:
            async for request in requests:
                self._ask(request)
        finally:
            self._hung_up = True
            self._bell.set()

    def _hear(self, changes: tuple[Change, ...]) -> None:
        for target in self._targets.values():
            touched = {change.path for change in changes if target.covers(change.path)}
            if touched:
                target.touched |= touched
                self._bell.set()

    def _news(self) -> list[Message]:
        """Return what there is to say now; the whole of it is one consistent state."""
        asked, self._asked = self._asked, []
        news = [answer for request in asked for answer in self._answered(request)]
        for target in self._targets.values():
            if target.touched:
                news.extend(self._updates(target))
        if any(answer.target_change.target_change_type != _Kind.REMOVE for answer in news):
            news.append(self._change(_Kind.NO_CHANGE, timed=True))
        return news

    def _answered(self, request: Message) -> Iterator[Message]:
        if request.WhichOneof("target_change") == "remove_target":
            if self._targets.pop(request.remove_target, None) is not None:
                yield self._change(_Kind.REMOVE, request.remove_target)
            return
        key = request.add_target.target_id or 1
        try:
            target = self._target(key, request.add_target)
            answers = list(self._opened(target, request.add_target))
        except Problem as problem:
            yield self._refused(key, problem)
            return
        self._targets[key] = target
        yield from answers

    def _target(self, key: int, wanted: Message) -> Target:
        if wanted.HasField("query"):
            return Target(key, query.read(wanted.query.parent, wanted.query.structured_query))
        if wanted.HasField("documents"):
            home = self._documents.name
            return Target(
                key, paths=frozenset(names.document(name, home) for name in wanted.documents.documents)
            )
        raise names.invalid("A target names neither a query nor documents.")

    def _opened(self, target: Target, wanted: Message) -> Iterator[Message]:
        """Say what a new target holds: all of it, or what changed since its client was cut off."""
        yield self._change(_Kind.ADD, target.key)
        since = _resumed(wanted)
        if since is not None and not self._remembers(since):
            yield self._change(_Kind.RESET, target.key)
            since = None
        if since is not None:
            target.known = target.all(self._documents, since)
        found = target.all(self._documents)
        yield from self._told(target, found, {*target.known, *found})
        if since is None:
            missing = (path for path in target.paths if path not in found)
            yield from (self._gone(target, path) for path in missing)
        yield self._change(_Kind.CURRENT, target.key, timed=True)

    def _remembers(self, since: int) -> bool:
        """Whether a time is one that can be told about; a token that never was ours may hold anything."""
        return since <= self._documents.now() and self._documents.changes_since(since) is not None

    def _updates(self, target: Target) -> Iterator[Message]:
        if target.query is not None and (target.query.limit is not None or target.query.offset):
            found = target.all(self._documents)
            paths = {*target.known, *found}
        else:
            found, paths = target.some(self._documents), target.touched
        target.touched = set()
        yield from self._told(target, found, paths)

    def _told(self, target: Target, found: Mapping[str, Message], paths: Iterable[str]) -> Iterator[Message]:
        """Say how these paths changed for a target, and remember that it is known now."""
        for path in sorted(paths):
            new, old = found.get(path), target.known.pop(path, None)
            if new is not None:
                target.known[path] = new
                if new is not old:
                    changed = {"document": target.shown(new), "target_ids": [target.key]}
                    yield _Answer(document_change=changed)
            elif old is not None:
                yield self._gone(target, path)

    def _gone(self, target: Target, path: str) -> Message:
        kind = "document_delete" if self._documents.get(path) is None else "document_remove"
        removed = {
            "document": self._documents.resource(path),
            "removed_target_ids": [target.key],
            "read_time": timestamp(self._documents.now()),
        }
        return _Answer(**{kind: removed})

    def _change(self, kind: int, key: int = 0, *, timed: bool = False) -> Message:
        answer = _Answer(target_change={"target_change_type": kind, "target_ids": [key] if key else []})
        if timed:
            now = self._documents.now()
            answer.target_change.read_time.CopyFrom(timestamp(now))
            answer.target_change.resume_token = now.to_bytes(8, "big")
        return answer

    def _refused(self, key: int, problem: Problem) -> Message:
        answer = self._change(_Kind.REMOVE, key)
        code: int = problem.code.value[0]
        answer.target_change.cause.CopyFrom(status_pb2.Status(code=code, message=problem.message))
        return answer


def _resumed(wanted: Message) -> int | None:
    """Return the time since which a target wants to know, in microseconds; None for one that is new."""
    match wanted.WhichOneof("resume_type"):
        case "resume_token" if wanted.resume_token:
            return int.from_bytes(wanted.resume_token, "big")
        case "read_time":
            since: int = wanted.read_time.ToMicroseconds()
            return since
    return None
