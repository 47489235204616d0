"""Fields of a log entry as the Logging query language names them, and how one is compared with a value.

The rules are those of Google's page "Logging query language", sections "Missing fields", "Object and array
types", "Values and conversions" and "Comparison operators".
"""

import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, MutableSequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from google.cloud.audit.audit_log_pb2 import AuditLog
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.message import Message as AnyMessage
from google.protobuf.struct_pb2 import Struct, Value

from buddy_tui.emulator.logs.entries import Entry
from buddy_tui.emulator.rpc import Message

Test = Callable[[Any], bool]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    ":": operator.eq,
}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?)?")
_DURATION = re.compile(r"([+-]?\d+(?:\.\d*)?)(ns|us|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_NUMBER = re.compile(
    r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.ASCII | re.IGNORECASE
)
_LONGEST_PATTERN = 500
_NESTED_REPEAT = re.compile(r"[*+}][^()]*\)+[*+{]")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a log entry.

    - `values`: its values in an entry: several for an array, none where it is missing
    - `convert`: turns a written value into the field's type, ValueError where it has none; None for text and JSON
    - `defaulted`: where it is not set it is not missing but has its type's default
    """

    values: Callable[[Message], Iterable[Any]]
    convert: Callable[[str], float] | None = None
    defaulted: bool = False


def resolve(path: tuple[str, ...]) -> Field:
    """Find the field at `path`, e.g. `("resource", "labels", "service_name")`; ValueError where LogEntry has none."""
    descriptor, names = Entry.DESCRIPTOR, []
    for depth, key in enumerate(path, start=1):
        found = _named(descriptor, key)
        if found is None:
            break
        names.append(found.name)
        descriptor, rest = found.message_type, path[depth:]
        if descriptor is None or descriptor.full_name in _SCALARS:
            if rest:
                break
            return _scalar(found, attrgetter(".".join(names)))
        if descriptor.GetOptions().map_entry:
            return _label(attrgetter(".".join(names)), rest)
        if descriptor.full_name in {"google.protobuf.Struct", "google.protobuf.Any"} or not rest:
            return Field(lambda entry: _walk(entry, path))
    raise ValueError(f"Field not found: '{'.'.join(path)}'")


def test(field: Field, op: str, value: str, *, quoted: bool) -> Test:
    """Return how one of the field's values is tested; ValueError where `value` cannot be one of this field."""
    if op in {"=~", "!~"}:
        return _pattern_test(value, wanted=op == "=~")
    if field.convert is None:
        return _loose_test(op, value, quoted=quoted)
    compare, number = _COMPARE[op], field.convert(value)
    return lambda have: compare(have, number)


def fold(text: str) -> str:
    """Return the text as it is compared: Unicode NFKC, without letter case."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def texts(node: object) -> Iterator[str]:
    """Yield every value within an entry, a JSON value or a proto payload, as text; times are left out."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, bool):
        yield str(node).lower()
    elif isinstance(node, int | float):
        yield f"{node:.15g}"
    elif isinstance(node, AnyMessage):
        for found, value in _opened(node).ListFields():
            yield from _texts_of(found, value)


def _texts_of(found: Any, value: Any) -> Iterator[str]:  # noqa: ANN401 - a descriptor, and any value
    if found.enum_type is not None:
        yield (
            found.enum_type.values_by_number[value].name if value in found.enum_type.values_by_number else ""
        )
    elif found.message_type is not None and found.message_type.full_name in _SCALARS:
        return
    else:
        for item in _items(found, value):
            yield from texts(item)


def _named(descriptor: Any, key: str) -> Any:  # noqa: ANN401 - protobuf descriptors carry no types
    """Find a field by its JSON or its proto name, in any letter case."""
    wanted = key.replace("_", "").lower()
    return next((found for found in descriptor.fields if found.json_name.lower() == wanted), None)


def _items(found: Any, value: Any) -> Iterable[Any]:  # noqa: ANN401
    if found.message_type is not None and found.message_type.GetOptions().map_entry:
        return (value[key] for key in value)
    return value if isinstance(value, MutableSequence) else (value,)


def _scalar(found: Any, get: Callable[[Message], Any]) -> Field:  # noqa: ANN401
    if found.message_type is not None:
        to_time = _SCALARS[found.message_type.full_name]
        return Field(lambda entry: (get(entry).ToNanoseconds(),), to_time, defaulted=True)
    convert = _severity if found.enum_type is not None else _number if found.cpp_type in _NUMBERS else None
    return Field(lambda entry: (get(entry),), convert, defaulted=True)


def _label(get: Callable[[Message], Any], rest: tuple[str, ...]) -> Field:
    if len(rest) != 1:
        raise ValueError(
            "Labels are compared one by one: name one key, in quotes where it has a dot or a slash"
        )
    (key,) = rest

    def values(entry: Message) -> tuple[str, ...]:
        labels = get(entry)
        return (labels[key],) if key in labels else ()

    return Field(values)


def _walk(node: Any, keys: tuple[str, ...]) -> Iterator[Any]:  # noqa: ANN401
    """Yield what lies at `keys` below a message or a JSON value; an array stands for each of its items."""
    if isinstance(node, Value):
        kind = node.WhichOneof("kind")
        if kind == "list_value":
            for item in node.list_value.values:
                yield from _walk(item, keys)
            return
        node = None if kind in {None, "null_value"} else getattr(node, kind)
    if not keys:
        yield node
    elif isinstance(node, Struct):
        if keys[0] in node.fields:
            yield from _walk(node.fields[keys[0]], keys[1:])
    elif isinstance(node, AnyMessage):
        yield from _walk_message(node, keys)


def _walk_message(node: Any, keys: tuple[str, ...]) -> Iterator[Any]:  # noqa: ANN401
    if keys == ("@type",) and node.DESCRIPTOR.full_name == "google.protobuf.Any":
        yield node.type_url
        return
    opened = _opened(node)
    wanted = _named(opened.DESCRIPTOR, keys[0])
    for found, value in opened.ListFields():
        if found is wanted:
            for item in _items(found, value):
                yield from _walk(item, keys[1:])


def _opened(node: Any) -> Any:  # noqa: ANN401
    """Return what an Any holds where that is an audit log, else the message itself."""
    if node.DESCRIPTOR.full_name != "google.protobuf.Any" or not node.Is(AuditLog.DESCRIPTOR):
        return node
    audit = AuditLog()
    node.Unpack(audit)
    return audit


def _loose_test(op: str, value: str, *, quoted: bool) -> Test:
    """Test a value whose type is known only when it is seen: text, JSON number, JSON bool, null or object."""
    compare, text = _COMPARE[op], fold(value)
    number = _or_none(_number, value)
    flag = {"true": True, "false": False}.get(text)
    null = value == "NULL_VALUE" and not quoted and op == "="

    def loose(have: Any) -> bool:  # noqa: ANN401
        if isinstance(have, str):
            return text in fold(have) if op == ":" else compare(fold(have), text)
        if isinstance(have, bool):
            return flag is not None and compare(have, flag)
        if isinstance(have, int | float):
            return number is not None and compare(have, number)
        if have is None:
            return null
        return op == ":" and any(text in fold(found) for found in texts(have))

    return loose


def _pattern_test(pattern: str, *, wanted: bool) -> Test:
    """Search text by a regular expression.

    Google runs RE2, whose time is linear; this is Python's `re`. So a pattern that is long, or that repeats a
    group which itself repeats, is refused, and so are POSIX classes, which Python reads otherwise.
    """
    if len(pattern) > _LONGEST_PATTERN or _NESTED_REPEAT.search(pattern) or "[[:" in pattern:
        raise ValueError(
            "The emulator does not run this regular expression: too long, nested repeats or [[:class:]]"
        )
    try:
        search = re.compile(pattern).search
    except re.error as error:
        raise ValueError(f"Invalid regular expression '{pattern}': {error}") from None
    return lambda have: isinstance(have, str) and (search(have) is not None) is wanted


def _number(value: str) -> float:
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"Not a number: '{value}'")
    return int(value) if value.lstrip("+-").isdecimal() else float(value)


def _severity(value: str) -> float:
    """Return the rank of a severity's name, or of its number."""
    ranks = dict(LogSeverity.items())
    return ranks[value.upper()] if value.upper() in ranks else _number(value)


def _time(value: str) -> float:
    """Return nanoseconds since 1970 of an RFC 3339 time, or of a date alone."""
    match = _TIME.fullmatch(value)
    if match is None:
        raise ValueError(f"Not a time: '{value}'")
    date, clock, fraction, zone = match.groups()
    whole = datetime.fromisoformat(f"{date}T{clock or '00:00:00'}{(zone or 'Z').upper()}")
    return int(whole.timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0"))


def _duration(value: str) -> float:
    """Return nanoseconds of a duration such as `1.5s`."""
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError(f"Not a duration: '{value}'")
    return float(match[1]) * _UNITS[match[2]]


def _or_none(convert: Callable[[str], float], value: str) -> float | None:
    try:
        return convert(value)
    except ValueError:
        return None


_SCALARS = {"google.protobuf.Timestamp": _time, "google.protobuf.Duration": _duration}
_NUMBERS = range(1, 7)
