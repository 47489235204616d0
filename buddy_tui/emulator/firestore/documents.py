"""Firestore: the documents of one database, now and a while ago, and who watches them change."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import grpc

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.firestore.messages import micros
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message

# How many changes can be undone to see documents as they were.
_HISTORY = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """A document before and after a commit; None where there is none. `time` is the commit's, in microseconds."""

    time: int
    path: str
    old: Message | None
    new: Message | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where documents are looked for: the collection of that id under `parent`, or all of that id below it.

    An empty `parent` is the root of all. An empty `collection` stands for every id.
    """

    parent: str
    collection: str
    everywhere: bool = False

    def covers(self, path: str) -> bool:
        """Whether a document of this path is looked at."""
        return self.holds(path.rpartition("/")[0])

    def holds(self, collection: str) -> bool:
        """Whether the documents of the collection with this path are looked at."""
        above, _, name = collection.rpartition("/")
        if self.collection not in {"", name}:
            return False
        if self.everywhere:
            return not self.parent or f"{above}/".startswith(f"{self.parent}/")
        return above == self.parent


class Documents:
    """Raw protobuf documents by path; one that is stored is never changed, only replaced.

    Times are microseconds since 1970 and strictly increase from commit to commit: they are the clock's, or, where a
    story has sent the clock back, one more than the last. So a document that a running revision writes while
    a story plays has the story's date, and no later write ever seems to be older than what it replaces.

    Memory grows with the documents, and with what the last 10 000 changes replaced: these are kept so that
    reads see documents as they were.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.watchers: list[Callable[[tuple[Change, ...]], None]] = []
        self._clock = clock
        self._last = 0
        self._collections: dict[str, dict[str, Message]] = {}
        self._history: deque[Change] = deque()
        self._forgotten = 0

    def resource(self, path: str) -> str:
        """Return the full name of a document."""
        return f"{self.name}/documents/{path}"

    def now(self) -> int:
        """Return the time of a read: every commit up to now is seen, and none to come will have this time."""
        self._last = max(micros(self._clock.now()), self._last)
        return self._last

    def tick(self) -> int:
        """Return the time of a commit: later than every read and commit before."""
        self._last = max(micros(self._clock.now()), self._last + 1)
        return self._last

    def get(self, path: str, at: int | None = None) -> Message | None:
        """Return a document as it is, or was at a time; None where there is none."""
        if at is not None:
            for change in self._since(at):
                if change.path == path:
                    return change.old
        return self._collections.get(path.rpartition("/")[0], {}).get(path)

    def within(self, scope: Scope, at: int | None = None) -> list[Message]:
        """Return all documents of a scope, in no particular order, as they are or were at a time."""
        found = {
            path: document
            for collection, documents in self._collections.items()
            if scope.holds(collection)
            for path, document in documents.items()
        }
        was: dict[str, Message | None] = {}
        for change in self._since(at) if at is not None else ():
            if scope.covers(change.path):
                was.setdefault(change.path, change.old)
        return [document for document in (found | was).values() if document is not None]

    def paths(self) -> list[str]:
        """Return the paths of all documents, sorted."""
        return sorted(path for documents in self._collections.values() for path in documents)

    def commit(self, time: int, wanted: Mapping[str, Message | None]) -> None:
        """Put documents in their places (None deletes) at a time that `tick` gave, and tell the watchers."""
        changes = tuple(
            Change(time, path, old, new) for path, new in wanted.items() if (old := self.get(path)) is not new
        )
        for change in changes:
            self._place(change.path, change.new)
            self._remember(change)
        if changes:
            for watcher in list(self.watchers):
                watcher(changes)

    def changes_since(self, at: int) -> Iterable[Change] | None:
        """Return what was committed after a time, newest last; None where that is no longer known."""
        return None if at < self._forgotten else reversed(list(self._newest(at)))

    def _place(self, path: str, document: Message | None) -> None:
        collection = path.rpartition("/")[0]
        if document is not None:
            self._collections.setdefault(collection, {})[path] = document
            return
        documents = self._collections[collection]
        del documents[path]
        if not documents:
            del self._collections[collection]

    def _remember(self, change: Change) -> None:
        self._history.append(change)
        if len(self._history) > _HISTORY:
            self._forgotten = self._history.popleft().time

    def _since(self, at: int) -> Iterable[Change]:
        """Return what was committed after a time, oldest first; a time that is forgotten is a Problem."""
        changes = self.changes_since(at)
        if changes is None:
            raise Problem(grpc.StatusCode.FAILED_PRECONDITION, "The requested snapshot version is too old.")
        return changes

    def _newest(self, at: int) -> Iterator[Change]:
        for change in reversed(self._history):
            if change.time <= at:
                return
            yield change
