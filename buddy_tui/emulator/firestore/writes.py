"""Firestore: writes: preconditions, masks, transforms. A commit is computed first, then stored as a whole."""

from collections.abc import Iterable

import grpc

from buddy_tui.emulator.firestore import fields, names, transforms, values
from buddy_tui.emulator.firestore.documents import Change, Documents
from buddy_tui.emulator.firestore.messages import Document, WriteResult, timestamp
from buddy_tui.emulator.firestore.names import invalid
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message


class Draft:
    """What a commit at `time` will leave, write by write; the documents themselves do not change.

    `wanted` has the documents by path, None where one is deleted. `results` has a WriteResult for every write.
    """

    def __init__(self, documents: Documents, time: int) -> None:
        self.time = time
        self.wanted: dict[str, Message | None] = {}
        self.results: list[Message] = []
        self._documents = documents

    def changes(self) -> Iterable[Change]:
        """Return what the commit would change."""
        for path, new in self.wanted.items():
            yield Change(self.time, path, self._documents.get(path), new)

    def add(self, writes: Iterable[Message]) -> "Draft":
        """Take more writes in. Raises the Problem of the first that cannot be; then the draft is of no use."""
        writes = list(writes)
        _check_order(writes)
        for write in writes:
            self._write(write)
        return self

    def _write(self, write: Message) -> None:
        path = names.document(target(write), self._documents.name)
        old = self.wanted[path] if path in self.wanted else self._documents.get(path)
        self._hold(path, write.current_document, old)
        if write.WhichOneof("operation") == "delete":
            self.wanted[path] = None
            self.results.append(WriteResult())
            return
        new = _based_on(write, old)
        answers = transforms.transformed(new, _transforms(write), self.time)
        new = self._stamped(path, new, old)
        self.wanted[path] = new
        self.results.append(WriteResult(update_time=new.update_time, transform_results=answers))

    def _hold(self, path: str, condition: Message, old: Message | None) -> None:
        """Raise the Problem of a precondition that does not hold."""
        name = self._documents.resource(path)
        match condition.WhichOneof("condition_type"):
            case "exists" if condition.exists and old is None:
                raise Problem(grpc.StatusCode.NOT_FOUND, f"No document to update: {name}")
            case "exists" if not condition.exists and old is not None:
                raise Problem(grpc.StatusCode.ALREADY_EXISTS, f"Document already exists: {name}")
            case "update_time":
                self._hold_time(name, condition.update_time.ToMicroseconds(), old)

    def _hold_time(self, name: str, required: int, old: Message | None) -> None:
        stored = 0 if old is None else old.update_time.ToMicroseconds()
        if required > self.time:
            raise invalid(f"Invalid base version, it is greater than the stored version: {name}")
        if stored != required:
            raise Problem(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"the stored version ({stored}) does not match the required base version ({required})",
            )

    def _stamped(self, path: str, new: Message, old: Message | None) -> Message:
        """Return the document with its name and times; a write that changes nothing leaves the old one."""
        new.name = self._documents.resource(path)
        values.checked(new)
        if old is not None and new.fields == old.fields:
            return old
        now = timestamp(self.time)
        new.create_time.CopyFrom(now if old is None else old.create_time)
        new.update_time.CopyFrom(now)
        return new


def target(write: Message) -> str:
    """Return the full name of the document that a write is about."""
    match write.WhichOneof("operation"):
        case "update":
            name: str = write.update.name
        case "delete":
            name = write.delete
        case "transform":
            name = write.transform.document
        case _:
            raise invalid("empty write operation")
    return name


def _based_on(write: Message, old: Message | None) -> Message:
    """Return a new document without name and times: the write's fields, merged into the old where a mask says so."""
    new = Document()
    if old is not None and (write.HasField("transform") or write.HasField("update_mask")):
        new.fields.MergeFrom(old.fields)
    if write.HasField("update_mask"):
        for path in fields.paths(write.update_mask):
            value = fields.look_up(write.update.fields, path)
            if value is None:
                fields.remove(new.fields, path)
            else:
                fields.put(new.fields, path, value)
    elif write.HasField("update"):
        new.fields.MergeFrom(write.update.fields)
    return new


def _transforms(write: Message) -> list[Message]:
    return list(write.transform.field_transforms if write.HasField("transform") else write.update_transforms)


def _check_order(writes: list[Message]) -> None:
    """Refuse conditions about what an earlier write of the same commit makes of a document."""
    kinds: dict[str, str] = {}
    for write in writes:
        name, kind = target(write), _kind(write)
        before = kinds.get(name)
        kinds[name] = kind
        if before is None:
            continue
        if (kind == "insert" and before != "delete") or (kind == "update" and before == "delete"):
            raise invalid(f"Cannot {before} then {kind} an entity in the same request.")
        if write.current_document.HasField("update_time"):
            raise invalid("Cannot collapse mutations with different version preconditions.")


def _kind(write: Message) -> str:
    """Return what Google calls a write: by its precondition, where it does not delete."""
    if write.HasField("delete"):
        return "delete"
    if write.current_document.HasField("exists"):
        return "update" if write.current_document.exists else "insert"
    return "upsert"
