"""In which order documents come."""

from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore_v1 import FieldFilter, GeoPoint, Query
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.vector import Vector

from tests.emulator.firestore_differential.bench import Bench, Checks, ids, tried

ORDER = Checks("order")

_NAN = float("nan")
_INFINITY = float("inf")
# What is told apart by its name only comes in an order that the name must not give away.
_KINDS: dict[str, tuple[Any, ...]] = {
    "all types": (
        {"a": 1},
        [1],
        Vector([1.0]),
        GeoPoint(1, 2),
        b"b",
        "s",
        datetime(2026, 1, 1, tzinfo=UTC),
        1,
        _NAN,
        False,
        None,
        {},
        [],
        "",
        b"",
        True,
    ),
    "numbers": (
        3,
        2.5,
        -1,
        _NAN,
        _INFINITY,
        -_INFINITY,
        0,
        -0.0,
        0.0,
        1,
        1.0,
        2**53,
        2.0**53,
        2**53 + 1,
        5e-324,
    ),
    "numbers at the limit": (2**63 - 1, 2.0**63, -(2**63), -(2.0**63), 9.223372036854775e18, 2**63 - 513),
    "texts": (
        "b",
        "a",
        "B",
        "",
        "aa",
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "e\N{COMBINING ACUTE ACCENT}",
        "a\0",
    ),
    "texts beyond the first plane": ("\N{FIRE}", "\N{HALFWIDTH IDEOGRAPHIC FULL STOP}", "\N{SNOWMAN}", "z"),
    "bytes": (b"b", b"", b"\xff", b"\x00", b"\x7f", b"\x80", b"bb"),
    "moments": tuple(datetime(2026, 1, day, microsecond=day % 2, tzinfo=UTC) for day in (3, 1, 2)),
    "places": (GeoPoint(1, 2), GeoPoint(1, -2), GeoPoint(-1, 5), GeoPoint(0, 0)),
    "arrays": ([2], [1, 5], [], [1], [1, 1, 1], ["a"], [None], [[1, 2][0], "x"], [{"a": 1}]),
    "maps": (
        {"b": 1},
        {"a": 2},
        {},
        {"a": 1, "b": 1},
        {"a": 1},
        {"a": 1, "c": 0},
        {"a": "x"},
        {"a": {"z": 1}},
    ),
    "vectors": (
        Vector([2.0]),
        Vector([1.0, 9.0]),
        Vector([1.0]),
        Vector([1.0, -1.0]),
        Vector([3.0, 0.0, 0.0]),
    ),
}


def _filled(bench: Bench, values: tuple[Any, ...]) -> None:
    bench.fill({f"d{place:02}": {"v": value} for place, value in enumerate(values)} | {"without": {"w": 1}})


def _both_ways(bench: Bench, values: tuple[Any, ...]) -> object:
    _filled(bench, values)
    return [ids(bench.here.order_by("v", direction=way)) for way in (Query.ASCENDING, Query.DESCENDING)]


ORDER.each({f"of {name}": values for name, values in _KINDS.items()}, _both_ways)


@ORDER.add
def of_references(bench: Bench) -> object:
    paths = ("b/1", "a/2", "a/10", "a/1/z/1", "a b/1", "a/\N{FIRE}", "a/\N{HALFWIDTH IDEOGRAPHIC FULL STOP}")
    return _both_ways(bench, tuple(bench.db.document(path) for path in paths))


@ORDER.add
def of_ids(bench: Bench) -> object:
    names = ("b", "a", "10", "9", "A", "a.b", "a b", "\N{FIRE}", "\N{HALFWIDTH IDEOGRAPHIC FULL STOP}", "-")
    bench.fill({name: {"v": 1} for name in names})
    return [ids(bench.here), ids(bench.here.order_by("__name__"))]


@ORDER.add
def of_ids_downwards(bench: Bench) -> object:
    # A scan by id goes upwards only, unless there is something to find first.
    bench.fill({name: {"v": 1} for name in "abc"})
    down = bench.here.order_by("__name__", direction=Query.DESCENDING)
    return [
        tried(ids, down),
        tried(ids, bench.db.collection_group(bench.here.id).order_by("__name__", direction=Query.DESCENDING)),
        tried(ids, down.where(filter=FieldFilter("__name__", ">", bench.here.document("a")))),
        tried(ids, down.where(filter=FieldFilter("v", "==", 1))),
        tried(lambda: [found.id for found in bench.here.order_by("__name__").limit_to_last(1).get()]),
    ]


@ORDER.add
def of_equal_values_goes_by_id(bench: Bench) -> object:
    bench.fill({name: {"v": 1, "w": name < "c"} for name in "dbca"})
    return [
        ids(bench.here.order_by("v")),
        ids(bench.here.order_by("v", direction=Query.DESCENDING)),
        ids(bench.here.order_by("v").order_by("__name__", direction=Query.DESCENDING)),
        ids(bench.here.order_by("w").order_by("v", direction=Query.DESCENDING)),
    ]


@ORDER.add
def by_two_fields(bench: Bench) -> object:
    bench.fill({f"{a}{b}": {"a": a, "b": b} for a in (1, 2) for b in (3, 4)} | {"x": {"a": 0}, "y": {"b": 0}})
    return [
        ids(bench.here.order_by("a", direction=first).order_by("b", direction=second))
        for first in (Query.ASCENDING, Query.DESCENDING)
        for second in (Query.ASCENDING, Query.DESCENDING)
    ]


@ORDER.add
def by_a_field_in_a_map(bench: Bench) -> object:
    bench.fill({"a": {"m": {"n": 2}}, "b": {"m": {"n": 1}}, "c": {"m": 5}, "d": {"m.n": 0}})
    return [ids(bench.here.order_by("m.n")), ids(bench.here.order_by("`m.n`")), ids(bench.here.order_by("m"))]


@ORDER.add
def by_a_field_with_odd_letters(bench: Bench) -> object:
    bench.fill({"a": {"x y": 2}, "b": {"x y": 1}})
    return ids(bench.here.order_by(FieldPath("x y").to_api_repr()))


@ORDER.add
def that_an_inequality_implies(bench: Bench) -> object:
    bench.fill({"a": {"v": 3}, "b": {"v": 1}, "c": {"v": 2, "w": 1}})
    return ids(bench.here.where(filter=FieldFilter("v", ">", 0)))


@ORDER.add
def that_two_inequalities_imply(bench: Bench) -> object:
    bench.fill({"a": {"v": 3, "w": 1}, "b": {"v": 1, "w": 2}, "c": {"v": 1, "w": 1}, "d": {"v": 9}})
    both = bench.here.where(filter=FieldFilter("w", ">", 0)).where(filter=FieldFilter("v", ">", 0))
    return [ids(both), ids(both.order_by("w", direction=Query.DESCENDING))]


@ORDER.add
def by_the_same_field_twice(bench: Bench) -> object:
    bench.fill({"a": {"v": 3}, "b": {"v": 1}})
    return tried(lambda: ids(bench.here.order_by("v").order_by("v", direction=Query.DESCENDING)))
