"""Firestore: the raw protobuf classes of Firestore v1, which cost microseconds where their wrappers cost more."""

from datetime import UTC, datetime, timedelta

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
