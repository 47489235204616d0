"""Firestore: fields of documents by their paths: looked up, put, removed, or left over by a mask."""

from collections.abc import Iterable

from buddy_tui.emulator.firestore.messages import Document, Value
from buddy_tui.emulator.firestore.names import FieldPath, field_path
from buddy_tui.emulator.rpc import Message


def look_up(fields: Message, path: FieldPath) -> Message | None:
    """Return the value at `path` in a map of fields, or None where there is no such field."""
    for name in path[:-1]:
        inner = fields.get(name)
        if inner is None or not inner.HasField("map_value"):
            return None
        fields = inner.map_value.fields
    return fields.get(path[-1])


def put(fields: Message, path: FieldPath, value: Message) -> None:
    """Set the value at `path`, making the maps on the way; what is no map there gives way to one."""
    for name in path[:-1]:
        inner = fields[name]
        if not inner.HasField("map_value"):
            inner.CopyFrom(Value(map_value={}))
        fields = inner.map_value.fields
    fields[path[-1]].CopyFrom(value)


def remove(fields: Message, path: FieldPath) -> None:
    """Remove the value at `path`, where there is one."""
    holder = fields
    if len(path) > 1:
        inner = look_up(fields, path[:-1])
        if inner is None or not inner.HasField("map_value"):
            return
        holder = inner.map_value.fields
    holder.pop(path[-1], None)


def paths(mask: Message) -> list[FieldPath]:
    """Return the paths of a DocumentMask."""
    return [field_path(text) for text in mask.field_paths]


def only(document: Message, wanted: Iterable[FieldPath]) -> Message:
    """Return a copy of a document with no other fields than the wanted."""
    some = Document(name=document.name, create_time=document.create_time, update_time=document.update_time)
    for path in wanted:
        value = look_up(document.fields, path)
        if value is not None:
            put(some.fields, path, value)
    return some
