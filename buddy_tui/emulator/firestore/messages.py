"""Firestore: the raw protobuf classes of Firestore v1, which cost microseconds where their wrappers cost more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore_v1 import types
from google.protobuf import struct_pb2, timestamp_pb2

from buddy_tui.emulator.rpc import Message

Document: Message = types.Document.pb()
Value: Message = types.Value.pb()
Write: Message = types.Write.pb()
WriteResult: Message = types.WriteResult.pb()
StructuredQuery: Message = types.StructuredQuery.pb()

NULL = Value(null_value=struct_pb2.NULL_VALUE)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Return an aware time as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def timestamp(time: int) -> Message:
    """Return microseconds since 1970 as a protobuf Timestamp."""
    return timestamp_pb2.Timestamp(seconds=time // 1_000_000, nanos=time % 1_000_000 * 1000)


def value(thing: object) -> Message:
    """Return a Python value as a Firestore value.

    Takes None, bool, int, float, str, bytes, aware datetime, and lists and dicts of these; others are a TypeError.
    """
    if thing is None:
        return NULL
    for kind, made in _MADE:
        if isinstance(thing, kind):
            return made(thing)
    raise TypeError(f"Firestore keeps no {type(thing).__name__}.")


def _array(things: Any) -> Message:  # noqa: ANN401 - a list of what `value` takes
    return Value(array_value={"values": [value(thing) for thing in things]})


def _map(things: Any) -> Message:  # noqa: ANN401 - a dict of what `value` takes
    return Value(map_value={"fields": {name: value(thing) for name, thing in things.items()}})


# In this order: a bool is an int as well.
_MADE: tuple[tuple[type, Callable[[Any], Message]], ...] = (
    (bool, lambda thing: Value(boolean_value=thing)),
    (int, lambda thing: Value(integer_value=thing)),
    (float, lambda thing: Value(double_value=thing)),
    (str, lambda thing: Value(string_value=thing)),
    (bytes, lambda thing: Value(bytes_value=thing)),
    (datetime, lambda thing: Value(timestamp_value=timestamp(micros(thing)))),
    (list, _array),
    (tuple, _array),
    (dict, _map),
)
