"""Counts, sums and averages."""

from collections.abc import Mapping
from typing import Any

from google.cloud.firestore_v1 import FieldFilter, Or

from tests.emulator.firestore_differential.bench import Bench, Checks, Query, show, tried

AGGREGATES = Checks("aggregate")

_MAX = 2**63 - 1
_VALUES: Mapping[str, list[Any]] = {
    "integers": [1, 2, 3],
    "doubles": [0.5, 0.25],
    "both kinds of number": [1, 2.5],
    "whole doubles": [1.0, 2.0],
    "numbers among others": [1, "text", None, True, [5], 2],
    "no number": ["text", None],
    "not a number": [1, float("nan")],
    "infinity": [1, float("inf")],
    "two infinities": [float("inf"), float("-inf")],
    "integers that overflow": [_MAX, 1],
    "integers that overflow downwards": [-_MAX, -5],
    "integers that overflow and come back": [_MAX, 1, -1],
    "large integers and a double": [_MAX, 1, 0.5],
    "nothing": [],
}


def _numbers(bench: Bench, values: list[Any]) -> object:
    bench.fill({f"d{place}": {"v": value} for place, value in enumerate(values)} | {"without": {"w": 1}})
    query = bench.here.sum("v", alias="sum").avg("v", alias="avg").count(alias="count")
    return sorted(show(found) for row in query.get() for found in row)


AGGREGATES.each({f"of {name}": values for name, values in _VALUES.items()}, _numbers)


@AGGREGATES.add
def count_alone_with_the_servers_alias(bench: Bench) -> object:
    bench.fill({name: {"v": 1} for name in "abc"})
    return [
        bench.here.count().get()[0],
        bench.here.limit(2).count().get()[0],
        bench.here.offset(2).count().get()[0],
    ]


@AGGREGATES.add
def of_an_empty_collection(bench: Bench) -> object:
    query = bench.here.count(alias="count").sum("v", alias="sum").avg("v", alias="avg")
    return sorted(show(found) for row in query.get() for found in row)


@AGGREGATES.add
def of_what_a_filter_finds(bench: Bench) -> object:
    bench.fill({f"d{number}": {"v": number, "even": number % 2 == 0} for number in range(10)})
    even = bench.here.where(filter=FieldFilter("even", "==", value=True))
    either = bench.here.where(filter=Or([FieldFilter("v", "<", 2), FieldFilter("v", ">", 8)]))
    return [_sum_and_count(query) for query in (even, either, even.order_by("v").limit(2))]


def _sum_and_count(query: Query) -> object:
    # They come in no particular order.
    return sorted(map(show, query.sum("v", alias="sum").count(alias="count").get()[0]))


@AGGREGATES.add
def up_to_a_number(bench: Bench) -> object:
    # The clients have no word for it.
    bench.fill({name: {"v": 1} for name in "abcde"})
    parent = bench.db._database_string + "/documents"
    return [tried(_counted_up_to, bench, parent, most) for most in (1, 3, 5, 99, 0, -1)]


def _counted_up_to(bench: Bench, parent: str, most: int) -> object:
    request = {
        "parent": parent,
        "structured_aggregation_query": {
            "structured_query": {"from_": [{"collection_id": bench.here.id}]},
            "aggregations": [{"alias": "n", "count": {"up_to": {"value": most}}}],
        },
    }
    rows = bench.db._firestore_api.run_aggregation_query(request=request, metadata=bench.db._rpc_metadata)
    return [row.result.aggregate_fields["n"].integer_value for row in rows]


@AGGREGATES.add
def of_a_field_in_a_map(bench: Bench) -> object:
    bench.fill({"a": {"m": {"n": 1}}, "b": {"m": {"n": 2}}, "c": {"m": 3}})
    return bench.here.sum("m.n", alias="sum").get()[0]


@AGGREGATES.add
def five_at_once(bench: Bench) -> object:
    bench.one(v=1)
    query = bench.here.count(alias="a0")
    for number in range(1, 5):
        query = query.count(alias=f"a{number}")
    return tried(lambda: [len(row) for row in query.get()])


@AGGREGATES.add
def one_alias_twice(bench: Bench) -> object:
    bench.one(v=1)
    return tried(bench.here.count(alias="a").sum("v", alias="a").get)


@AGGREGATES.add_async
async def of_everything(bench: Bench) -> object:
    for number in range(3):
        await bench.here.document(f"d{number}").set({"v": number})
    query = bench.here.count(alias="count").sum("v", alias="sum").avg("v", alias="avg")
    return sorted([show(found) for row in await query.get() for found in row])
