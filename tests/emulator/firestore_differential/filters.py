"""What each filter finds, alone and with others."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore_v1 import And, FieldFilter, GeoPoint, Or, Query

from tests.emulator.firestore_differential.bench import Bench, Checks, Collection, ids, show, tried

FILTERS = Checks("filter")
COMPOSITES = Checks("composite filter")

_NAN = float("nan")
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_WORLD: Mapping[str, Mapping[str, Any]] = {
    "array": {"v": [1, "a", None]},
    "array2": {"v": [2.0, {"a": 1}]},
    "array3": {"v": []},
    "bytes": {"v": b"a"},
    "double": {"v": 1.5},
    "false": {"v": False},
    "int": {"v": 1},
    "int-as-double": {"v": 1.0},
    "map": {"v": {"a": 1}},
    "map-more": {"v": {"a": 1, "b": 2}},
    "missing": {"w": 1},
    "moment": {"v": _MOMENT},
    "nan": {"v": _NAN},
    "null": {"v": None},
    "place": {"v": GeoPoint(1, 2)},
    "text": {"v": "a"},
    "text-b": {"v": "b"},
    "true": {"v": True},
    "two": {"v": 2},
}
_OPERANDS: Mapping[str, Any] = {
    "null": None,
    "nan": _NAN,
    "true": True,
    "1": 1,
    "1.5": 1.5,
    "a text": "a",
    "bytes": b"a",
    "a moment": _MOMENT,
    "a place": GeoPoint(1, 2),
    "an array": [1, "a", None],
    "a map": {"a": 1},
}
_LISTS: Mapping[str, list[Any]] = {
    "1 and a text": [1, "a"],
    "null": [None],
    "null and 1": [None, 1],
    "nan and 1": [_NAN, 1],
    "one twice": [1, 1.0, 1],
    "an array": [[1, "a", None]],
    "a map": [{"a": 1}],
    "nothing": [],
    "ten": list(range(10)),
    "eleven": list(range(11)),
    "thirty": list(range(30)),
    "thirty-one": list(range(31)),
}


def _found(bench: Bench, op: str, value: object, path: str = "v") -> object:
    bench.fill(_WORLD)
    return ids(bench.here.where(filter=FieldFilter(path, op, value)))


FILTERS.each(
    {
        f"{op} {name}": (op, value)
        for op in ("==", "!=", "<", "<=", ">", ">=", "array_contains")
        for name, value in _OPERANDS.items()
    },
    lambda bench, case: _found(bench, *case),
)
FILTERS.each(
    {
        f"{op} {name}": (op, values)
        for op in ("in", "not-in", "array_contains_any")
        for name, values in _LISTS.items()
    },
    lambda bench, case: _found(bench, *case),
)
FILTERS.each(
    {
        "in what is no list": ("in", 1),
        "not-in what is no list": ("not-in", 1),
        "array_contains_any of 1": ("array_contains_any", 1),
    },
    lambda bench, case: _found(bench, *case),
)


def _named(bench: Bench, op: str, names: tuple[str, ...]) -> object:
    bench.fill({name: {"v": 1} for name in "abcd"})
    documents = [bench.here.document(name) for name in names]
    return ids(
        bench.here.where(filter=FieldFilter("__name__", op, documents if "in" in op else documents[0]))
    )


FILTERS.each(
    {
        f"by id {op}": (op, names)
        for op, names in {
            "==": ("b",),
            "!=": ("b",),
            "<": ("c",),
            ">=": ("c",),
            "in": ("d", "a", "x"),
            "not-in": ("d", "a"),
        }.items()
    },
    lambda bench, case: _named(bench, *case),
)


@FILTERS.add
def by_id_with_a_text(bench: Bench) -> object:
    bench.fill({name: {"v": 1} for name in "ab"})
    return tried(lambda: ids(bench.here.where(filter=FieldFilter("__name__", "==", "a"))))


@FILTERS.add
def by_a_reference(bench: Bench) -> object:
    bench.fill({name: {"v": bench.db.document(f"x/{name}")} for name in "abc"})
    return [
        ids(bench.here.where(filter=FieldFilter("v", op, bench.db.document("x/b"))))
        for op in ("==", "<", ">=")
    ]


@FILTERS.add
def by_a_field_in_a_map(bench: Bench) -> object:
    bench.fill({"a": {"m": {"n": 1, "x-y": 2}}, "b": {"m": {"n": 2}}, "c": {"m": 1}, "d": {"m.n": 1}})
    return [
        ids(bench.here.where(filter=FieldFilter(path, ">", 0))) for path in ("m.n", "m.`x-y`", "`m.n`", "m")
    ]


@FILTERS.add
def by_an_impossible_path(bench: Bench) -> object:
    return [tried(_found, bench, "==", 1, path) for path in ("", ".", "a..b", "__x__", "a-b", "`a")]


_People: Mapping[str, Mapping[str, Any]] = {
    f"{name}-{age}": {"name": name, "age": age, "tags": tags, "city": city}
    for name, age, tags, city in (
        ("ada", 36, ["math", "poet"], "London"),
        ("alan", 41, ["math", "run"], "London"),
        ("grace", 85, ["navy", "math"], "New York"),
        ("linus", 56, ["run", "dive"], None),
        ("margaret", 87, [], "Boston"),
    )
} | {"nobody": {"name": "nobody"}}

_a = FieldFilter


def _people(ask: Callable[[Collection], object]) -> Callable[[Bench], object]:
    def filled(bench: Bench) -> object:
        bench.fill(_People)
        return ask(bench.here)

    return filled


_YOUNG, _OLD = _a("age", "<", 50), _a("age", ">", 60)
_LONDON, _MATH = _a("city", "==", "London"), _a("tags", "array_contains", "math")
_COMBINED: Mapping[str, Any] = {
    "two equalities": And([_LONDON, _a("name", "==", "ada")]),
    "equality and inequality": And([_LONDON, _OLD]),
    "a range": And([_a("age", ">", 36), _a("age", "<=", 85)]),
    "an empty range": And([_OLD, _YOUNG]),
    "inequalities of two fields": And([_YOUNG, _a("name", ">", "ada")]),
    "inequality and array_contains": And([_MATH, _YOUNG]),
    "two array_contains": And([_MATH, _a("tags", "array_contains", "run")]),
    "array_contains and array_contains_any": And([_MATH, _a("tags", "array_contains_any", ["run", "navy"])]),
    "two in": And([_a("city", "in", ["London", "Boston"]), _a("name", "in", ["ada", "margaret"])]),
    "in and not-in": And([_a("city", "in", ["London"]), _a("name", "not-in", ["ada"])]),
    "two not-in": And([_a("city", "not-in", ["London"]), _a("name", "not-in", ["ada"])]),
    "two unequal": And([_a("city", "!=", "London"), _a("name", "!=", "ada")]),
    "unequal twice of one field": And([_a("name", "!=", "ada"), _a("name", "!=", "alan")]),
    "unequal and not-in": And([_a("name", "!=", "ada"), _a("age", "not-in", [41])]),
    "unequal and greater of one field": And([_a("age", "!=", 41), _a("age", ">", 36)]),
    "two texts of one field": And([_a("name", "==", "ada"), _a("name", "==", "alan")]),
    "either": Or([_YOUNG, _OLD]),
    "either of two fields": Or([_a("name", "==", "ada"), _a("age", "==", 41)]),
    "either, both true": Or([_LONDON, _MATH]),
    "either, one side missing": Or([_a("name", "==", "nobody"), _a("age", ">", 80)]),
    "either in": Or([_a("name", "in", ["ada", "nobody"]), _a("age", "in", [41, 87])]),
    "either, with not-in": Or([_a("name", "not-in", ["ada"]), _a("age", "==", 36)]),
    "either, with unequal": Or([_a("name", "!=", "ada"), _a("age", "==", 36)]),
    "either of both": Or([And([_LONDON, _OLD]), And([_MATH, _YOUNG])]),
    "both of either": And([Or([_LONDON, _a("city", "==", "Boston")]), Or([_MATH, _OLD])]),
    "either null": Or([_a("city", "==", None), _a("age", "==", 36)]),
    "one alone in or": Or([_LONDON]),
    "thirty alternatives": Or([_a("age", "==", age) for age in range(30, 60)]),
    "more alternatives than thirty": Or([_a("age", "==", age) for age in range(30, 61)]),
    "thirty-six alternatives by two in": And(
        [_a("age", "in", list(range(36, 42))), _a("name", "in", ["ada", "alan", "b", "c", "d", "e"])]
    ),
    "either array_contains": Or([_MATH, _a("tags", "array_contains", "dive")]),
    "either array_contains_any": Or([_a("tags", "array_contains_any", ["navy", "dive"]), _YOUNG]),
}


def _combined(bench: Bench, asked: Any) -> object:  # noqa: ANN401 - And and Or share no public type
    bench.fill(_People)
    return ids(bench.here.where(filter=asked))


COMPOSITES.each(_COMBINED, _combined)
COMPOSITES.each(
    {
        "ordered by another field": lambda here: here.where(filter=_YOUNG).order_by(
            "name", direction=Query.DESCENDING
        ),
        "ordered by its own field downwards": lambda here: here.where(filter=_YOUNG).order_by(
            "age", direction=Query.DESCENDING
        ),
        "either, ordered": lambda here: here.where(filter=Or([_LONDON, _OLD])).order_by("age"),
        "either, limited": lambda here: here.where(filter=Or([_LONDON, _OLD])).limit(2),
        "in, ordered": lambda here: here.where(filter=_a("city", "in", ["London", "Boston"])).order_by("age"),
        "equal, ordered by its field": lambda here: here.where(filter=_LONDON).order_by("city"),
        "not-in, ordered by another field": lambda here: here.where(
            filter=_a("city", "not-in", ["London"])
        ).order_by("age"),
        "in, with ids": lambda here: here.where(filter=_LONDON).where(
            filter=_a("__name__", ">", here.document("ada-36"))
        ),
    },
    lambda bench, ask: _people(lambda here: ids(ask(here)))(bench),
)


@COMPOSITES.add
def what_is_found_is_whole(bench: Bench) -> object:
    bench.fill(_People)
    return [show(found) for found in bench.here.where(filter=Or([_LONDON, _OLD])).stream()]
