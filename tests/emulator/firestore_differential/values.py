"""Every type of value, there and back; and the names and shapes that are refused."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore_v1 import GeoPoint
from google.cloud.firestore_v1.vector import Vector

from tests.emulator.firestore_differential.bench import Bench, Checks, ids, tried

VALUES = Checks("a value comes back")
NAMES = Checks("a name")

_MAX = 2**63 - 1
_MOMENT = datetime(2026, 11, 23, 9, 30, 1, 123456, tzinfo=UTC)
_NANOSECONDS = DatetimeWithNanoseconds(2026, 1, 2, 3, 4, 5, nanosecond=123456789)  # type: ignore[no-untyped-call]

VALUES.each(
    {
        "null": None,
        "true": True,
        "false": False,
        "zero": 0,
        "the largest integer": _MAX,
        "the smallest integer": -(2**63),
        "an integer that no double holds": 2**53 + 1,
        "a double": 0.1,
        "a double without fraction": 3.0,
        "minus zero": -0.0,
        "not a number": float("nan"),
        "infinity": float("inf"),
        "minus infinity": float("-inf"),
        "the smallest double": 5e-324,
        "the largest double": 1.7976931348623157e308,
        "an empty text": "",
        "an emoji": "\N{FIRE}\N{ZERO WIDTH JOINER}\N{SNOWMAN}",
        "a text with NUL": "a\0b",
        "a text that is not normalised": "e\N{COMBINING ACUTE ACCENT}",
        "a long text": "x" * 100_000,
        "no bytes": b"",
        "all bytes": bytes(range(256)),
        "a moment with microseconds": _MOMENT,
        "a moment with nanoseconds": _NANOSECONDS,
        "a moment in another time zone": _MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30))),
        "the first moment": datetime(1, 1, 1, tzinfo=UTC),
        "the last second": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        "a moment before 1970": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        "a place": GeoPoint(48.137, 11.575),
        "the end of the earth": GeoPoint(-90, 180),
        "an empty array": [],
        "an array of all types": [None, True, 1, 1.0, "s", b"b", _MOMENT, GeoPoint(1, 2), {"a": [1]}],
        "an empty map": {},
        "an empty map in an array": [{}],
        "a deep map": {"a": {"b": {"c": {"d": {"e": [{"f": 1}]}}}}},
        "a map with odd keys": {"a.b": 1, "`": 2, " ": 3, "\N{SNOWMAN}": 4, "1": 5, "a/b": 6, "\\": 7},
        "a vector": Vector([1.0, -2.5, 0.0]),
        "a vector of whole numbers": Vector([1, 2, 3]),
    },
    lambda bench, value: bench.one(v=value).get().to_dict(),
)

VALUES.each(
    {
        "refused: an array in an array": [[1]],
        "refused: an array in an array in a map": {"a": [[]]},
        "refused: a place off the earth": GeoPoint(91, 0),
        "refused: a place beyond the date line": GeoPoint(0, -181),
        "refused: an integer of 65 bits": 2**63,
        "refused: a reserved key": {"__x__": 1},
        "refused: an empty key": {"": 1},
        "refused: a document of more than a mebibyte": "x" * 1_048_576,
        "refused: a vector of more than 2048 numbers": Vector([1.0] * 2049),
    },
    lambda bench, value: [tried(lambda: bench.one(v=value)), bench.here.document("one").get().exists],
)


def _nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"m": value}
    return value


VALUES.each(
    {f"a map {depth} deep": depth for depth in (19, 20, 21, 22)},
    lambda bench, depth: tried(lambda: bench.one(v=_nested(depth))),
)


@VALUES.add
def a_reference(bench: Bench) -> object:
    return bench.one(v=bench.here.document("x").collection("y").document("z")).get().to_dict()


@VALUES.add
def a_document_without_fields(bench: Bench) -> object:
    snapshot = bench.one().get()
    return [snapshot.exists, snapshot.to_dict()]


@VALUES.add
def a_document_that_is_missing(bench: Bench) -> object:
    snapshot = bench.here.document("nobody").get()
    return [snapshot.exists, snapshot.to_dict(), snapshot.create_time, snapshot.update_time]


@VALUES.add
def only_the_fields_asked_for(bench: Bench) -> object:
    document = bench.one(a=1, b={"c": 2, "d": 3}, **{"x.y": 4})
    return [document.get(field_paths=paths).to_dict() for paths in (["a", "b.d"], ["nothing"], ["`x.y`"])]


def _with_field(bench: Bench, name: str, value: object) -> object:
    return bench.one(**{name: value})


@VALUES.add
def fields_that_are_almost_too_large(bench: Bench) -> object:
    return [tried(_with_field, bench, "v", "x" * size) for size in (1_000_000, 1_048_000, 1_048_487)]


NAMES.each(
    {
        "of one letter": "a",
        "with blanks": " a b ",
        "in emoji": "\N{FIRE}",
        "with a dot": "a.b",
        "of three dots": "...",
        "with backticks": "`a`",
        "with a NUL": "a\0b",
        "with underscores": "__a",
        "of a number": "007",
        "of 1500 bytes": "x" * 1500,
        "of one dot": ".",
        "of two dots": "..",
        "that is reserved": "__x__",
        "of four underscores": "____",
        "of five underscores": "_____",
    },
    lambda bench, name: [
        tried(lambda: bench.here.document(name).set({"a": 1})),
        tried(lambda: bench.here.document(name).get()),
        tried(lambda: bench.here.document("p").collection(name).document("x").set({"a": 1})),
        tried(lambda: ids(bench.here)),
    ],
)


NAMES.each(
    {"of 1501 bytes": "x" * 1501, "of 1502 bytes in 502 letters": "\N{SNOWMAN}" * 500 + "ab"},
    lambda bench, name: tried(lambda: bench.here.document(name).set({"a": 1})),
)


@NAMES.add
def given_by_the_client(bench: Bench) -> object:
    _, document = bench.here.add({"a": 1})
    return [len(document.id), document.get().to_dict()]


@NAMES.add
def a_hundred_collections_deep(bench: Bench) -> object:
    document = bench.here.document("d")
    for _ in range(99):
        document = document.collection("c").document("d")
    deeper = document.collection("c").document("d")
    return [tried(lambda: document.set({"a": 1})), tried(lambda: deeper.set({"a": 1}))]


@NAMES.add
def of_a_field_that_is_long(bench: Bench) -> object:
    return [tried(_with_field, bench, "x" * size, 1) for size in (1500, 1501)]


@NAMES.add
def of_a_field_that_is_reserved(bench: Bench) -> object:
    return [tried(_with_field, bench, name, 1) for name in ("__a", "__a__", "____", "_____", "__")]
