"""What the server makes of a field: increments, array changes, its own time."""

from collections.abc import Mapping
from typing import Any

from google.cloud.firestore_v1 import (
    DELETE_FIELD,
    SERVER_TIMESTAMP,
    ArrayRemove,
    ArrayUnion,
    Increment,
    Maximum,
    Minimum,
)

from tests.emulator.firestore_differential.bench import Bench, Checks, tried

TRANSFORMS = Checks("transform")

_MAX = 2**63 - 1
_NAN = float("nan")
_NOTHING = object()
# What was there, and what is done to it.
_CASES: Mapping[str, tuple[Any, Any]] = {
    "integer plus integer": (1, Increment(2)),
    "integer plus double": (1, Increment(0.5)),
    "double plus integer": (0.5, Increment(1)),
    "double plus double": (0.25, Increment(0.5)),
    "integer minus": (1, Increment(-3)),
    "past the largest integer": (_MAX, Increment(1)),
    "past the smallest integer": (-_MAX, Increment(-10)),
    "largest integer plus double": (_MAX, Increment(1.0)),
    "infinity minus infinity": (float("inf"), Increment(float("-inf"))),
    "not a number plus 1": (_NAN, Increment(1)),
    "increment of nothing": (_NOTHING, Increment(5)),
    "increment of nothing by a double": (_NOTHING, Increment(1.5)),
    "increment of a text": ("text", Increment(5)),
    "increment of null": (None, Increment(5)),
    "the larger integer": (1, Maximum(2)),
    "the larger, which is there": (3, Maximum(2)),
    "the larger of equals, integer and double": (1, Maximum(1.0)),
    "the larger of equals, double and integer": (1.0, Maximum(1)),
    "the larger of double and integer": (1.5, Maximum(2)),
    "the larger of nothing": (_NOTHING, Maximum(-1)),
    "the larger of a text": ("text", Maximum(-1)),
    "the larger of not a number": (_NAN, Maximum(1)),
    "the larger with not a number": (1, Maximum(_NAN)),
    "the larger of two zeros": (-0.0, Maximum(0)),
    "the smaller integer": (1, Minimum(2)),
    "the smaller double": (1, Minimum(0.5)),
    "the smaller of equals": (1, Minimum(1.0)),
    "the smaller of nothing": (_NOTHING, Minimum(7)),
    "the smaller of null": (None, Minimum(7)),
    "the smaller with not a number": (1, Minimum(_NAN)),
    "the smaller of two zeros": (0, Minimum(-0.0)),
    "union with what is new": ([1, "a"], ArrayUnion(["b", 2])),
    "union with what is there": ([1, "a"], ArrayUnion(["a", 1])),
    "union with an equal number of another type": ([1], ArrayUnion([1.0, 2])),
    "union with itself": ([], ArrayUnion([1, 1, 1.0])),
    "union keeps doubles that were there": ([1, 1], ArrayUnion([2])),
    "union with null and not a number": ([None, _NAN], ArrayUnion([None, _NAN])),
    "union with maps": ([{"a": 1}], ArrayUnion([{"a": 1}, {"a": 2}, {"a": 1.0}])),
    "union of nothing": (_NOTHING, ArrayUnion([1, 2])),
    "union of a text": ("text", ArrayUnion([1])),
    "removal": ([1, "a", 2, 1], ArrayRemove([1])),
    "removal of an equal number of another type": ([1, 2.0, 3], ArrayRemove([1.0, 2])),
    "removal of null and not a number": ([None, _NAN, 1], ArrayRemove([None, _NAN])),
    "removal of what is not there": ([1], ArrayRemove([2])),
    "removal from nothing": (_NOTHING, ArrayRemove([1])),
    "removal from a text": ("text", ArrayRemove([1])),
    "removal of a map": ([{"a": 1}, {"a": 1, "b": 2}], ArrayRemove([{"a": 1}])),
}


def _transformed(bench: Bench, before: Any, transform: Any) -> object:  # noqa: ANN401 - any value, any transform
    document = bench.one(other=1) if before is _NOTHING else bench.one(other=1, v=before)
    document.update({"v": transform})
    return document.get().to_dict()


TRANSFORMS.each(_CASES, lambda bench, case: _transformed(bench, *case))


@TRANSFORMS.add
def the_servers_time_is_the_write_time(bench: Bench) -> object:
    document = bench.here.document("one")
    result = document.set({"at": SERVER_TIMESTAMP, "deep": {"at": SERVER_TIMESTAMP}, "v": 1})
    snapshot = document.get()
    at = snapshot.get("at")
    return [
        at.nanosecond % 1000,
        at <= snapshot.update_time,
        (snapshot.update_time - at).total_seconds() < 1,
        at == snapshot.get("deep.at"),
        snapshot.update_time == result.update_time == snapshot.create_time,
        len(result.transform_results),
    ]


@TRANSFORMS.add
def the_servers_time_alone(bench: Bench) -> object:
    document = bench.here.document("one")
    document.set({"at": SERVER_TIMESTAMP})
    return sorted(document.get().to_dict())


@TRANSFORMS.add
def the_servers_time_in_one_batch(bench: Bench) -> object:
    batch = bench.db.batch()
    documents = [bench.here.document(name) for name in "ab"]
    for document in documents:
        batch.set(document, {"at": SERVER_TIMESTAMP})
    batch.commit()
    first, second = (document.get().get("at") for document in documents)
    return first == second


@TRANSFORMS.add
def in_a_map(bench: Bench) -> object:
    document = bench.one(m={"n": 1, "k": [1]}, other=1)
    document.update({"m.n": Increment(1), "m.k": ArrayUnion([2]), "m.new": Increment(7)})
    return document.get().to_dict()


@TRANSFORMS.add
def into_what_is_no_map(bench: Bench) -> object:
    document = bench.one(m=1)
    document.update({"m.n": Increment(1)})
    return document.get().to_dict()


@TRANSFORMS.add
def results_are_told(bench: Bench) -> object:
    document = bench.one(a=1, b=2)
    result = document.update({"a": Increment(1), "b": ArrayUnion([1]), "c": Maximum(3.5)})
    return [str(one) for one in result.transform_results]


@TRANSFORMS.add
def with_set_replaces(bench: Bench) -> object:
    document = bench.one(a=1, b=2)
    document.set({"a": Increment(5)})
    return document.get().to_dict()


@TRANSFORMS.add
def with_set_and_merge(bench: Bench) -> object:
    document = bench.one(a=1, b=2)
    document.set({"a": Increment(5), "c": {"d": Increment(1)}, "b": DELETE_FIELD}, merge=True)
    return document.get().to_dict()


@TRANSFORMS.add
def of_one_document_twice_in_a_batch(bench: Bench) -> object:
    document, batch = bench.one(a=1), bench.db.batch()
    for _ in range(3):
        batch.update(document, {"a": Increment(2)})
    batch.commit()
    return document.get().to_dict()


@TRANSFORMS.add
def of_a_document_that_is_missing(bench: Bench) -> object:
    document = bench.here.document("nobody")
    return [tried(lambda: document.update({"a": Increment(1)})), document.get().exists]


@TRANSFORMS.add
def that_creates_a_document(bench: Bench) -> object:
    document = bench.here.document("new")
    document.create({"a": Increment(1), "b": ArrayUnion([1])})
    return document.get().to_dict()


@TRANSFORMS.add
def of_one_field_by_many_at_once(bench: Bench) -> object:
    from concurrent.futures import ThreadPoolExecutor

    document = bench.one(n=0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: document.update({"n": Increment(1)}), range(40)))
    return document.get().to_dict()
