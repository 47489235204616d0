"""Firestore: field transforms: what the server itself computes while it writes."""

from collections.abc import Callable, Mapping
from math import isnan

from buddy_tui.emulator.firestore import fields, values
from buddy_tui.emulator.firestore.messages import NULL, Value, timestamp
from buddy_tui.emulator.firestore.names import FieldPath, field_path, invalid
from buddy_tui.emulator.rpc import Message

_LEAST, _MOST = -(2**63), 2**63 - 1


def transformed(document: Message, transforms: list[Message], time: int) -> list[Message]:
    """Apply transforms, in their order, to a document that is being made; return what each of them answers."""
    paths = [field_path(transform.field_path) for transform in transforms]
    _check(paths)
    return [_applied(document, path, one, time) for path, one in zip(paths, transforms, strict=True)]


def _check(paths: list[FieldPath]) -> None:
    for path in paths:
        if any(other[: len(path)] == path and other != path for other in paths):
            raise invalid(
                f"Cannot transform property {'.'.join(path)} and its nested property at the same time."
            )


def _applied(document: Message, path: FieldPath, transform: Message, time: int) -> Message:
    before = fields.look_up(document.fields, path)
    kind = transform.WhichOneof("transform_type")
    if kind == "set_to_server_value":
        # Google: with a precision of milliseconds.
        after = answer = Value(timestamp_value=timestamp(time // 1000 * 1000))
    elif kind in _ARRAYS:
        after, answer = _ARRAYS[kind](before, list(getattr(transform, kind).values)), NULL
    elif kind in _NUMBERS:
        after = answer = _number(kind, before, getattr(transform, kind))
    else:
        raise invalid("Operation type must be specified for field transformation.")
    fields.put(document.fields, path, after)
    return answer


def _number(kind: str, before: Message | None, operand: Message) -> Message:
    """Combine two numbers; where the field held none, the operand stands alone."""
    if not values.is_number(operand):
        raise invalid("Input must be int64 or double.")
    if before is None or not values.is_number(before):
        return operand
    return _NUMBERS[kind](_copy(before), operand)


def _sum(before: Message, operand: Message) -> Message:
    total = values.number(before) + values.number(operand)
    if isinstance(total, int):
        return Value(integer_value=min(max(total, _LEAST), _MOST))
    return Value(double_value=total)


def _larger(before: Message, operand: Message) -> Message:
    return operand if _nan(operand) or values.number(operand) > values.number(before) else before


def _smaller(before: Message, operand: Message) -> Message:
    return operand if _nan(operand) or values.number(operand) < values.number(before) else before


def _nan(value: Message) -> bool:
    return isnan(values.number(value))


def _appended(before: Message | None, wanted: list[Message]) -> Message:
    kept = _items(before)
    seen = {values.key(item) for item in kept}
    for item in wanted:
        if (key := values.key(item)) not in seen:
            seen.add(key)
            kept.append(item)
    return Value(array_value={"values": kept})


def _without(before: Message | None, unwanted: list[Message]) -> Message:
    keys = {values.key(item) for item in unwanted}
    return Value(array_value={"values": [item for item in _items(before) if values.key(item) not in keys]})


def _items(value: Message | None) -> list[Message]:
    return [] if value is None else [_copy(item) for item in value.array_value.values]


def _copy(value: Message) -> Message:
    """Return a copy, for a value lies inside of the document that is about to change."""
    copy = Value()
    copy.CopyFrom(value)
    return copy


_NUMBERS: Mapping[str, Callable[[Message, Message], Message]] = {
    "increment": _sum,
    "maximum": _larger,
    "minimum": _smaller,
}
_ARRAYS: Mapping[str, Callable[[Message | None, list[Message]], Message]] = {
    "append_missing_elements": _appended,
    "remove_all_from_array": _without,
}
