"""Values: their order across all types, and what a document may hold."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from google.cloud.firestore_v1._helpers import encode_value

from buddy_tui.emulator.firestore.messages import Document, Value, micros, timestamp
from buddy_tui.emulator.firestore.values import checked, comparable, key
from buddy_tui.emulator.names import Problem

ROOT = "projects/acme/databases/(default)/documents"
NAN, INFINITY = float("nan"), float("inf")
START = datetime(2026, 2, 10, tzinfo=UTC)


def value(thing: object) -> Any:  # noqa: ANN401
    return encode_value(thing)._pb


def reference(path: str) -> Any:  # noqa: ANN401
    return Value(reference_value=f"{ROOT}/{path}")


def place(latitude: float, longitude: float) -> Any:  # noqa: ANN401
    return Value(geo_point_value={"latitude": latitude, "longitude": longitude})


def vector(*numbers: float) -> Any:  # noqa: ANN401
    return value({"__type__": "__vector__", "value": list(numbers)})


IN_ORDER = [
    value(None),
    value(thing=False),
    value(thing=True),
    value(NAN),
    value(-INFINITY),
    value(-1),
    value(0),
    value(0.5),
    value(2**53),
    value(2**53 + 1),
    value(INFINITY),
    value(START),
    value(START + timedelta(microseconds=1)),
    value(""),
    value("A"),
    value("a"),
    value("ab"),
    value("\uffee"),
    value("\U0001f600"),
    value(b""),
    value(b"\x00"),
    value(b"\xff"),
    reference("c/__id7__"),
    reference("c/__id12__"),
    reference("c/a"),
    reference("c/a/d/x"),
    reference("c/b"),
    place(-1, 5),
    place(-0.0, 0),
    place(0, 0),
    place(0, 1),
    value([]),
    value([None]),
    value([1]),
    value([1, 2]),
    value([2]),
    vector(9.0),
    vector(1.0, 2.0),
    vector(1.0, 3.0),
    value({}),
    value({"a": 1}),
    value({"a": 1, "b": 0}),
    value({"a": 2}),
    value({"b": 0}),
]


@pytest.mark.parametrize(("less", "more"), list(pairwise(IN_ORDER)))
def test_each_value_sorts_before_the_next(less: Any, more: Any) -> None:  # noqa: ANN401
    assert key(less) < key(more)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (0, -0.0), (NAN, NAN), ([1, 2.0], [1.0, 2]), ({"a": 1, "b": 2}, {"b": 2.0, "a": 1.0})],
)
def test_values_that_look_different_may_be_equal(one: object, other: object) -> None:
    assert key(value(one)) == key(value(other))


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (None, 0), (NAN, 1), (None, None), (NAN, NAN), (0, False)]
)
def test_values_of_two_types_and_null_and_nan_cannot_be_compared(one: object, other: object) -> None:
    assert not comparable(key(value(one)), key(value(other)))


def test_to_look_at_a_value_does_not_change_it() -> None:
    half = value({"__type__": "__vector__"})

    key(half)

    assert list(half.map_value.fields) == ["__type__"]


def nested(depth: int) -> dict[str, object]:
    return {} if depth == 1 else {"a": nested(depth - 1)}


@pytest.mark.parametrize("held", [nested(20), "y" * 1_048_487, [{"a": [1]}], {"__": 1}])
def test_a_document_may_hold(held: object) -> None:
    checked(Document(name=f"{ROOT}/c/d", fields={"x": value(held)}))


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([[1]], "Cannot convert an array value in an array value."),
        (nested(22), "Property x contains an invalid nested entity."),
        ("y" * 1_048_488, 'The value of property "x" is longer than 1048487 bytes.'),
        ({"__a__": 1}, "field name __a__ is reserved"),
        ({"": 1}, "The property.name is the empty string."),
        ({"a" * 1501: 1}, "The property.name is longer than 1500 bytes."),
        (["y" * 600_000, "z" * 600_000], "exceeds the maximum allowed size of 1,048,576 bytes."),
        ({"__type__": "__vector__", "value": ["a"]}, "Vector must only contain values of type 'double'"),
        ({"__type__": "__vector__", "value": [1.0] * 2049}, "Vectors must be at most 2048 dimensions."),
    ],
)
def test_a_document_may_not_hold(held: object, words: str) -> None:
    with pytest.raises(Problem) as refused:
        checked(Document(name=f"{ROOT}/c/d", fields={"x": value(held)}))

    assert words in refused.value.message


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (Value(), "Cannot convert firestore.v1.Value with type unset."),
        (place(91, 0), "Geo point latitude '91.0' outside permitted range -90.0 to 90.0."),
        (Value(reference_value="nowhere"), 'lacks "projects" at index 0.'),
    ],
)
def test_a_document_may_not_hold_what_is_no_value(odd: Any, words: str) -> None:  # noqa: ANN401
    with pytest.raises(Problem) as refused:
        checked(Document(name=f"{ROOT}/c/d", fields={"x": odd}))

    assert words in refused.value.message


def test_times_are_kept_to_the_microsecond() -> None:
    document = Document(
        name=f"{ROOT}/c/d", fields={"x": {"timestamp_value": {"seconds": 5, "nanos": 123456789}}}
    )

    checked(document)

    assert document.fields["x"].timestamp_value.nanos == 123456000
    assert timestamp(micros(START)).ToDatetime(UTC) == START
