"""Firestore: what orders values, across all their types, and what a document may hold."""

from collections.abc import Callable, Mapping
from math import copysign, isnan
from typing import Any

from buddy_tui.emulator.firestore import names
from buddy_tui.emulator.firestore.names import invalid
from buddy_tui.emulator.rpc import Message

# A value as a tuple that Python compares as Firestore does: the rank of its type, then what it holds.
Key = tuple[Any, ...]

NULL: Key = (0,)
NAN: Key = (2, 0, 0)

# Ranks of types: arrays are looked into by filters.
ARRAY = 8
_NUMBER = 2
_VECTOR = "__vector__"
_LARGEST_VALUE = 1_048_487
_LARGEST_DOCUMENT = 1_048_576
_LONGEST_VECTOR = 2048
_DEEPEST = 20


def key(value: Message) -> Key:
    """Return what sorts and compares a value; equal values have equal keys, 1 and 1.0 for example."""
    return _KEYS[value.WhichOneof("value_type")](value)


def comparable(one: Key, other: Key) -> bool:
    """Whether `<` and `>` mean something: both of one type, and neither null nor NaN."""
    return one[0] == other[0] and NULL not in (one, other) and NAN not in (one, other)


def is_number(value: Message) -> bool:
    """Whether a value is an integer or a double."""
    return value.WhichOneof("value_type") in {"integer_value", "double_value"}


def number(value: Message) -> int | float:
    """Return the number that a value is; the caller has asked `is_number`."""
    held: int | float = getattr(value, value.WhichOneof("value_type"))
    return held


def _double(value: Message) -> Key:
    return NAN if isnan(value.double_value) else (_NUMBER, 1, value.double_value)


def _timestamp(value: Message) -> Key:
    return (3, value.timestamp_value.seconds, value.timestamp_value.nanos)


def _reference(value: Message) -> Key:
    return (6, reference_key(value.reference_value))


def reference_key(name: str) -> Key:
    """Return what sorts full names of documents: by project, database, then path."""
    database, _, path = name.partition("/documents/")
    return (database.encode(), names.order_key(path))


def _geo_point(value: Message) -> Key:
    # Other than elsewhere, a zero with a minus is less than one without.
    point = value.geo_point_value
    return (7, *((angle, copysign(1, angle)) for angle in (point.latitude, point.longitude)))


def _array(value: Message) -> Key:
    return (ARRAY, tuple(key(item) for item in value.array_value.values))


def _map(value: Message) -> Key:
    fields = value.map_value.fields
    if _is_vector(fields):
        numbers = fields["value"].array_value.values
        return (9, len(numbers), tuple(key(item) for item in numbers))
    return (10, tuple((name.encode(), key(fields[name])) for name in sorted(fields, key=str.encode)))


def _is_vector(fields: Message) -> bool:
    return "value" in fields and "__type__" in fields and fields["__type__"].string_value == _VECTOR


_KEYS: Mapping[str | None, Callable[[Message], Key]] = {
    "null_value": lambda _: NULL,
    "boolean_value": lambda value: (1, value.boolean_value),
    "integer_value": lambda value: (_NUMBER, 1, value.integer_value),
    "double_value": _double,
    "timestamp_value": _timestamp,
    "string_value": lambda value: (4, value.string_value.encode()),
    "bytes_value": lambda value: (5, value.bytes_value),
    "reference_value": _reference,
    "geo_point_value": _geo_point,
    "array_value": _array,
    "map_value": _map,
    # A value of no type: refused where it is written or asked for.
    None: lambda _: (-1,),
}


def checked(document: Message) -> None:
    """Hold a document, which is about to be stored, to Firestore's limits; cut its times to microseconds.

    Raises INVALID_ARGUMENT: values of no type, arrays in arrays, maps deeper than 20, names and sizes out of bounds.
    """
    names.check_new(document.name.partition("/documents/")[2])
    size = _name_size(document.name) + 32
    for name, value in document.fields.items():
        names.check_field(name)
        size += len(name.encode()) + 1 + _checked(name, value, 0)
    if size > _LARGEST_DOCUMENT:
        raise invalid(
            f"Document '{document.name}' cannot be written because its size ({size:,} bytes) "
            f"exceeds the maximum allowed size of {_LARGEST_DOCUMENT:,} bytes."
        )


def _name_size(name: str) -> int:
    return 16 + sum(len(one.encode()) + 1 for one in name.partition("/documents/")[2].split("/"))


def _checked(name: str, value: Message, depth: int) -> int:
    """Check one value of the top-level field `name` and return its size in bytes, by Google's own sums."""
    kind = value.WhichOneof("value_type")
    if kind is None:
        raise invalid("Cannot convert firestore.v1.Value with type unset.")
    return _CHECKS[kind](name, value, depth)


def _checked_text(name: str, value: Message, _depth: int) -> int:
    return _bounded(name, len(value.string_value.encode())) + 1


def _checked_bytes(name: str, value: Message, _depth: int) -> int:
    return _bounded(name, len(value.bytes_value))


def _checked_reference(_name: str, value: Message, _depth: int) -> int:
    names.document(value.reference_value)
    return _name_size(value.reference_value)


def _checked_time(_name: str, value: Message, _depth: int) -> int:
    time = value.timestamp_value
    if not 0 <= time.nanos < 1_000_000_000:
        raise invalid("Timestamp nanos exceeds limit for field.")
    time.nanos -= time.nanos % 1000
    return 8


def _checked_point(_name: str, value: Message, _depth: int) -> int:
    point = value.geo_point_value
    for axis, angle, most in (("latitude", point.latitude, 90.0), ("longitude", point.longitude, 180.0)):
        if not -most <= angle <= most:
            raise invalid(f"Geo point {axis} '{angle}' outside permitted range -{most} to {most}.")
    return 16


def _checked_array(name: str, value: Message, depth: int) -> int:
    if any(item.HasField("array_value") for item in value.array_value.values):
        raise invalid("Cannot convert an array value in an array value.")
    if any(_is_vector(item.map_value.fields) for item in value.array_value.values):
        raise invalid("Cannot convert a vector value in an array value.")
    return sum(_checked(name, item, depth) for item in value.array_value.values)


def _checked_map(name: str, value: Message, depth: int) -> int:
    if depth >= _DEEPEST:
        raise invalid(f"Property {name} contains an invalid nested entity.")
    if "__type__" in value.map_value.fields:
        return _checked_vector(name, value.map_value.fields)
    size = 0
    for inner, item in value.map_value.fields.items():
        names.check_field(inner)
        size += len(inner.encode()) + 1 + _checked(name, item, depth + 1)
    return size


def _checked_vector(name: str, fields: Message) -> int:
    if fields["__type__"].string_value != _VECTOR:
        raise invalid(f"Property {name} contains an invalid nested entity.")
    if "value" not in fields:
        raise invalid("Vector map is missing key 'value'.")
    numbers = fields["value"].array_value.values
    if len(fields) > 2:
        raise invalid("Vector Value map has extraneous entries.")
    if not numbers:
        raise invalid("Cannot have a zero length vector.")
    if len(numbers) > _LONGEST_VECTOR:
        raise invalid(f"Vectors must be at most {_LONGEST_VECTOR} dimensions.")
    if not all(number.HasField("double_value") for number in numbers):
        raise invalid("Vector must only contain values of type 'double'")
    return 8 * len(numbers)


def _bounded(name: str, size: int) -> int:
    if size > _LARGEST_VALUE:
        raise invalid(f'The value of property "{name}" is longer than {_LARGEST_VALUE} bytes.')
    return size


_CHECKS: Mapping[str, Callable[[str, Message, int], int]] = {
    "null_value": lambda *_: 1,
    "boolean_value": lambda *_: 1,
    "integer_value": lambda *_: 8,
    "double_value": lambda *_: 8,
    "timestamp_value": _checked_time,
    "string_value": _checked_text,
    "bytes_value": _checked_bytes,
    "reference_value": _checked_reference,
    "geo_point_value": _checked_point,
    "array_value": _checked_array,
    "map_value": _checked_map,
}
