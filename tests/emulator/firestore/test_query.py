"""Queries through Google's own client: filters, order, cursors, limits, groups, fields, aggregation."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1.base_query import And, FieldFilter, Or
from google.cloud.firestore_v1.query import Query

from tests.emulator.firestore.conftest import Served, ids

F = FieldFilter
NAN = float("nan")

MIXED: Mapping[str, object] = {
    "null": None,
    "false": False,
    "nan": NAN,
    "one": 1,
    "two": 2.0,
    "text": "a",
    "list": [1, "a"],
    "map": {"a": 1},
}
PEOPLE: Mapping[str, Mapping[str, object]] = {
    "ada": {"age": 36, "city": "London", "tags": ["math", "poet"]},
    "alan": {"age": 41, "city": "London", "tags": ["math", "run"]},
    "grace": {"age": 85, "city": "New York", "tags": ["navy"]},
    "linus": {"age": 56, "city": None},
    "nobody": {},
}


@pytest.fixture
async def mixed(served: Served) -> Any:  # noqa: ANN401
    await served.fill("mixed", {name: {"v": held} for name, held in MIXED.items()} | {"without": {}})
    return served.db.collection("mixed")


@pytest.fixture
async def people(served: Served) -> Any:  # noqa: ANN401
    await served.fill("people", PEOPLE)
    return served.db.collection("people")


async def test_an_order_goes_across_types_and_leaves_out_who_lacks_the_field(mixed: Any) -> None:  # noqa: ANN401
    assert await ids(mixed.order_by("v")) == list(MIXED)
    assert await ids(mixed.order_by("v", direction=Query.DESCENDING)) == list(MIXED)[::-1]


@pytest.mark.parametrize(
    ("op", "wanted", "found"),
    [
        ("==", 1.0, ["one"]),
        ("==", None, ["null"]),
        ("==", NAN, ["nan"]),
        ("==", [1, "a"], ["list"]),
        ("==", {"a": 1.0}, ["map"]),
        ("!=", 1, ["false", "nan", "two", "text", "list", "map"]),
        ("!=", None, ["false", "nan", "one", "two", "text", "list", "map"]),
        ("!=", NAN, ["false", "one", "two", "text", "list", "map"]),
        ("<", 2, ["one"]),
        ("<=", 2, ["one", "two"]),
        (">", 1, ["two"]),
        (">=", "", ["text"]),
        (">", {}, ["map"]),
        (">", True, []),
        ("array_contains", 1.0, ["list"]),
        ("array_contains_any", ["a", "b"], ["list"]),
        ("in", [1, "a", None], ["one", "text"]),
        ("not-in", [1, "a"], ["false", "nan", "two", "list", "map"]),
        ("not-in", [1, None], []),
    ],
)
async def test_a_filter_finds(mixed: Any, op: str, wanted: object, found: list[str]) -> None:  # noqa: ANN401
    assert await ids(mixed.where(filter=F("v", op, wanted)).order_by("v")) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (F("map.a", "==", 1), []),
        (And([F("age", ">", 36), F("city", "==", "London")]), ["alan"]),
        (Or([F("age", "==", 36), F("city", "==", "New York")]), ["ada", "grace"]),
        (And([F("tags", "array_contains", "math"), Or([F("age", "<", 40), F("age", ">", 80)])]), ["ada"]),
        (And([F("age", ">", 40), F("city", ">", "M")]), ["grace"]),
        (F("age", "!=", 41), ["ada", "linus", "grace"]),
    ],
)
async def test_filters_together_find(people: Any, where: Any, found: list[str]) -> None:  # noqa: ANN401
    assert await ids(people.where(filter=where)) == found


@pytest.mark.parametrize(
    "where",
    [
        And([F("age", "!=", 1), F("city", "!=", 2)]),
        And([F("age", "not-in", [1]), F("city", "in", [2])]),
        And([F("tags", "array_contains", 1), F("tags", "array_contains_any", [2])]),
        F("age", "in", list(range(31))),
        F("age", "in", []),
        F("age", "not-in", list(range(11))),
        And([F("age", "in", list(range(6))), F("city", "in", list(range(6)))]),
        Or([F("age", "==", number) for number in range(31)]),
        F("__x__", "==", 1),
    ],
)
async def test_a_filter_that_google_does_not_know_is_refused(people: Any, where: Any) -> None:  # noqa: ANN401
    with pytest.raises(exceptions.InvalidArgument):
        await ids(people.where(filter=where))


async def test_names_are_fields_too(people: Any) -> None:  # noqa: ANN401
    assert await ids(people.where(filter=F("__name__", ">", people.document("grace")))) == ["linus", "nobody"]
    assert await ids(people.where(filter=F("__name__", "in", [people.document("ada")]))) == ["ada"]
    with pytest.raises(exceptions.FailedPrecondition, match="descending key scans"):
        await ids(people.order_by("__name__", direction=Query.DESCENDING))


@pytest.mark.parametrize(
    ("cut", "found"),
    [
        (lambda query: query.start_at({"age": 41}), ["alan", "linus", "grace"]),
        (lambda query: query.start_after({"age": 41}), ["linus", "grace"]),
        (lambda query: query.end_at({"age": 41}), ["ada", "alan"]),
        (lambda query: query.end_before({"age": 41}), ["ada"]),
        (lambda query: query.start_at({"age": 40}).end_at({"age": 60}), ["alan", "linus"]),
        (lambda query: query.limit(2), ["ada", "alan"]),
        (lambda query: query.offset(1).limit(2), ["alan", "linus"]),
        (lambda query: query.offset(9), []),
    ],
)
async def test_a_query_is_cut(people: Any, cut: Callable[[Any], Any], found: list[str]) -> None:  # noqa: ANN401
    assert await ids(cut(people.order_by("age"))) == found


async def test_a_query_is_cut_at_a_document_in_either_direction(people: Any) -> None:  # noqa: ANN401
    alan = await people.document("alan").get()

    assert await ids(people.order_by("city").start_after(alan)) == ["grace"]
    assert await ids(people.order_by("age", direction=Query.DESCENDING).start_at(alan)) == ["alan", "ada"]


async def test_the_last_of_a_query_come_in_its_order(people: Any) -> None:  # noqa: ANN401
    found = await people.order_by("age").limit_to_last(2).get()

    assert [one.id for one in found] == ["linus", "grace"]


async def test_a_query_shows_the_fields_that_it_is_asked_for(served: Served) -> None:
    await served.fill("c", {"a": {"in": {"x": 1, "y": 2}, "odd name": 3, "z": 4}})
    query = served.db.collection("c").select(["in.x", "`odd name`"])

    assert [one.to_dict() async for one in query.stream()] == [{"in": {"x": 1}, "odd name": 3}]
    assert [one.to_dict() async for one in served.db.collection("c").select([]).stream()] == [{}]


async def test_a_collection_group_is_found_wherever_it_lies(served: Served) -> None:
    for path in ("rooms/a", "sites/x/rooms/b", "sites/x/floors/1/rooms/c", "sites/x/other/d"):
        await served.db.document(path).set({"size": len(path)})

    group = served.db.collection_group("rooms")
    assert await ids(group) == ["a", "c", "b"]
    assert await ids(group.where(filter=F("size", ">", 10))) == ["b", "c"]


async def test_everything_below_a_collection_is_found_and_deleted(served: Served) -> None:
    for path in ("c/a", "c/a/s/x", "c/b/s/y/t/z", "cc/a"):
        await served.db.document(path).set({})

    below = served.sync.collection("c")
    assert await asyncio.to_thread(served.sync.recursive_delete, below) == 3
    assert served.paths() == ["cc/a"]


async def test_answers_are_counted_and_added_up(people: Any) -> None:  # noqa: ANN401
    query = people.where(filter=F("age", ">", 40)).count("n").sum("age", "years").avg("age", "mean")

    assert {one.alias: one.value for one in (await query.get())[0]} == {"n": 3, "years": 182, "mean": 182 / 3}


@pytest.mark.parametrize(
    ("held", "total", "mean"),
    [
        ([1, 2], 3, 1.5),
        ([1, 2.5, "x", None], 3.5, 1.75),
        ([2**63 - 1, 1], 2.0**63, 2.0**62),
        ([float("inf"), 1], float("inf"), float("inf")),
        # The client itself makes 0.0 of Firestore's null.
        ([], 0.0, 0.0),
    ],
)
async def test_sums_are_integers_as_long_as_they_can_be(
    served: Served, held: list[object], total: float, mean: float
) -> None:
    await served.fill("c", {str(at): {"v": one} for at, one in enumerate(held)} | {"without": {}})

    (answer,) = await served.db.collection("c").sum("v", "total").avg("v", "mean").get()
    values = {one.alias: one.value for one in answer}

    assert values == {"total": total, "mean": mean}
    assert type(values["total"]) is type(total)


async def test_counting_can_stop_early(people: Any, served: Served) -> None:  # noqa: ANN401
    (answer,) = await people.count("n").get()
    request = {
        "parent": "projects/acme/databases/(default)/documents",
        "structured_aggregation_query": {
            "structured_query": {"from_": [{"collection_id": "people"}]},
            "aggregations": [{"count": {"up_to": 2}}],
        },
    }
    stream = await served.db._firestore_api.run_aggregation_query(request=request)
    (bounded,) = [one.result.aggregate_fields["field_1"].integer_value async for one in stream]

    assert (answer[0].value, bounded) == (5, 2)
