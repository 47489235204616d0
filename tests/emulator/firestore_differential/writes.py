"""Writing documents: set, merge, update, delete, preconditions, batches."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import product
from typing import Any

from google.cloud.firestore_v1 import DELETE_FIELD, LastUpdateOption
from google.cloud.firestore_v1.field_path import FieldPath

from tests.emulator.firestore_differential.bench import Bench, Checks, Document, ids, tried

WRITES = Checks("write")
CONDITIONS = Checks("precondition")
BATCHES = Checks("batch")

_BEFORE: Mapping[str, Any] = {"a": 1, "m": {"x": 1, "y": {"z": 2}}, "l": [1, 2], "o.p": 1}


def _changed(bench: Bench, change: Callable[[Document], object]) -> object:
    document = bench.here.document("one")
    document.set(_BEFORE)
    return [tried(lambda: change(document)), document.get().to_dict()]


WRITES.each(
    {
        "set replaces": lambda document: document.set({"b": 2}),
        "set nothing": lambda document: document.set({}),
        "merge": lambda document: document.set({"b": 2, "m": {"x": 9}}, merge=True),
        "merge nothing": lambda document: document.set({}, merge=True),
        "merge an empty map": lambda document: document.set({"m": {}}, merge=True),
        "merge a deletion": lambda document: document.set(
            {"a": DELETE_FIELD, "m": {"x": DELETE_FIELD}}, merge=True
        ),
        "merge into what is no map": lambda document: document.set({"a": {"deep": 1}}, merge=True),
        "merge a list": lambda document: document.set({"l": [9]}, merge=True),
        "merge named fields": lambda document: document.set({"a": 5, "m": {"x": 7, "y": 8}}, merge=["m.x"]),
        "merge a named map": lambda document: document.set({"m": {"x": 7}}, merge=["m"]),
        "merge a named field that is not given": lambda document: document.set({"b": 1}, merge=["a"]),
        "merge a key with a dot": lambda document: document.set({"o.p": 2, "q.r": 3}, merge=True),
        "update": lambda document: document.update({"a": 2, "b": 3}),
        "update by a dotted path": lambda document: document.update({"m.x": 5, "m.y.z": 6}),
        "update a whole map": lambda document: document.update({"m": {"new": 1}}),
        "update by a path in backticks": lambda document: document.update({"`o.p`": 7}),
        "update by a path with backticks within": lambda document: document.update({r"m.`a\`b`": 7}),
        "update by a field path": lambda document: document.update({FieldPath("m", "y.y").to_api_repr(): 1}),
        "update into what is no map": lambda document: document.update({"a.b.c": 1}),
        "update into what is not there": lambda document: document.update({"new.b.c": 1}),
        "update nothing": lambda document: document.update({}),
        "delete a field": lambda document: document.update({"a": DELETE_FIELD}),
        "delete a field in a map": lambda document: document.update({"m.y.z": DELETE_FIELD}),
        "delete a field that is not there": lambda document: document.update(
            {"x": DELETE_FIELD, "m.q": DELETE_FIELD}
        ),
        "delete and set": lambda document: document.update({"a": DELETE_FIELD, "b": 1}),
        "update a path and its parent": lambda document: document.update({"m": {}, "m.x": 1}),
        "update with a bad path": lambda document: document.update({"a..b": 1}),
        "create what is there": lambda document: document.create({"b": 1}),
        "delete": lambda document: [type(document.delete()).__name__, document.get().exists],
    },
    _changed,
)


def _missing(bench: Bench, change: Callable[[Document], object]) -> object:
    document = bench.here.document("nobody")
    return [tried(lambda: change(document)), document.get().to_dict()]


WRITES.each(
    {
        "set what is missing": lambda document: document.set({"a": 1}),
        "merge what is missing": lambda document: document.set({"a": 1, "m": {"x": 1}}, merge=True),
        "merge nothing into what is missing": lambda document: document.set({}, merge=True),
        "update what is missing": lambda document: document.update({"a": 1}),
        "delete what is missing": lambda document: type(document.delete()).__name__,
        "create what is missing": lambda document: document.create({"a": 1}),
        "create nothing": lambda document: document.create({}),
    },
    _missing,
)


@WRITES.add
def times_grow(bench: Bench) -> object:
    document = bench.here.document("one")
    first = document.set({"a": 1})
    before = document.get()
    second = document.update({"a": 2})
    after = document.get()
    return [
        before.create_time == before.update_time == first.update_time,
        after.create_time == before.create_time,
        after.update_time == second.update_time,
        after.update_time > before.update_time,
        after.read_time >= after.update_time,
    ]


@WRITES.add
def a_write_that_changes_nothing(bench: Bench) -> object:
    # The API says that the update time stays as it was.
    document = bench.one(a=1)
    before = document.get()
    results = [document.set({"a": 1}), document.update({"a": 1}), document.set({}, merge=True)]
    after = document.get()
    return [
        after.update_time == before.update_time,
        *(result.update_time == before.update_time for result in results),
    ]


@WRITES.add
def again_after_a_deletion(bench: Bench) -> object:
    document = bench.one(a=1)
    before = document.get()
    document.delete()
    document.set({"b": 1})
    after = document.get()
    return [after.create_time > before.create_time, after.create_time == after.update_time, after.to_dict()]


def _conditioned(
    bench: Bench, call: Callable[[Document, LastUpdateOption, LastUpdateOption], object]
) -> object:
    document = bench.one(a=1)
    right = document.get().update_time
    wrong = LastUpdateOption(right - timedelta(seconds=1))
    return [tried(lambda: call(document, LastUpdateOption(right), wrong)), document.get().to_dict()]


CONDITIONS.each(
    {
        "right time, update": lambda document, right, _: document.update({"a": 2}, option=right),
        "wrong time, update": lambda document, _, wrong: document.update({"a": 2}, option=wrong),
        "right time, delete": lambda document, right, _: type(document.delete(option=right)).__name__,
        "wrong time, delete": lambda document, _, wrong: document.delete(option=wrong),
        "right time, twice": lambda document, right, _: [
            document.update({"a": 2}, option=right),
            tried(lambda: document.update({"a": 3}, option=right)),
        ],
        "a time, of a missing document": lambda document, right, _: [
            type(document.delete()).__name__,
            tried(lambda: document.update({"a": 2}, option=right)),
            tried(lambda: document.delete(option=right)),
        ],
    },
    _conditioned,
)


@CONDITIONS.add
def it_exists(bench: Bench) -> object:
    there, missing = bench.one(a=1), bench.here.document("nobody")
    must, must_not = bench.db.write_option(exists=True), bench.db.write_option(exists=False)
    return [
        tried(lambda: type(there.delete(option=must_not)).__name__),
        tried(lambda: type(there.delete(option=must)).__name__),
        tried(lambda: missing.delete(option=must)),
        tried(lambda: type(missing.delete(option=must_not)).__name__),
        tried(lambda: there.update({"a": 1}, option=must)),
    ]


@CONDITIONS.add
def on_set_by_the_api_itself(bench: Bench) -> object:
    # The client's set() takes none.
    there = bench.one(a=1)
    missing = bench.here.document("nobody")

    def commit(document: Document, exists: object) -> object:
        write = {
            "update": {"name": document._document_path, "fields": {}},
            "current_document": {"exists": exists},
        }
        request = {"database": bench.db._database_string, "writes": [write]}
        return len(
            bench.db._firestore_api.commit(request=request, metadata=bench.db._rpc_metadata).write_results
        )

    cases = ((there, True), (there, False), (missing, True), (missing, False), (missing, False))
    return [tried(commit, document, exists) for document, exists in cases]


@BATCHES.add
def all_kinds_at_once(bench: Bench) -> object:
    bench.fill({"old": {"a": 1}, "gone": {"a": 1}})
    batch = bench.db.batch()
    batch.create(bench.here.document("new"), {"a": 1})
    batch.set(bench.here.document("old"), {"b": 1}, merge=True)
    batch.update(bench.here.document("old"), {"a": 5})
    batch.delete(bench.here.document("gone"))
    results = batch.commit()
    return [len(results), [(found.id, found.to_dict()) for found in bench.here.stream()]]


@BATCHES.add
def one_bad_write_stops_all(bench: Bench) -> object:
    batch = bench.db.batch()
    batch.set(bench.here.document("a"), {"v": 1})
    batch.update(bench.here.document("nobody"), {"v": 1})
    batch.set(bench.here.document("b"), {"v": 1})
    return [tried(batch.commit), ids(bench.here)]


@BATCHES.add
def one_bad_value_stops_all(bench: Bench) -> object:
    batch = bench.db.batch()
    batch.set(bench.here.document("a"), {"v": 1})
    batch.set(bench.here.document("b"), {"v": [[1]]})
    return [tried(batch.commit), ids(bench.here)]


@BATCHES.add
def one_document_twice(bench: Bench) -> object:
    document, batch = bench.here.document("one"), bench.db.batch()
    batch.create(document, {"v": 1})
    batch.update(document, {"w": 2})
    batch.delete(document)
    batch.set(document, {"x": 3})
    return [tried(batch.commit), document.get().to_dict()]


@BATCHES.add
def created_twice(bench: Bench) -> object:
    document, batch = bench.here.document("one"), bench.db.batch()
    batch.create(document, {"v": 1})
    batch.create(document, {"v": 2})
    return [tried(batch.commit), document.get().exists]


_STEPS: Mapping[str, Callable[[Any, Document], object]] = {
    "create": lambda batch, document: batch.create(document, {"v": 1}),
    "set": lambda batch, document: batch.set(document, {"v": 2}),
    "update": lambda batch, document: batch.update(document, {"w": 3}),
    "delete": lambda batch, document: batch.delete(document),
}


def _pairs(bench: Bench, before: Mapping[str, int] | None) -> object:
    answers = {}
    for (first, one), (second, two) in product(_STEPS.items(), repeat=2):
        document, batch = bench.here.document(f"{first} {second}"), bench.db.batch()
        if before:
            document.set(before)
        one(batch, document)
        two(batch, document)
        answers[document.id] = [tried(batch.commit), document.get().to_dict()]
    return answers


BATCHES.each({"of two writes to a document": {"old": 0}, "of two writes to a missing document": None}, _pairs)


@BATCHES.add
def of_nothing(bench: Bench) -> object:
    return tried(bench.db.batch().commit)


@BATCHES.add
def of_six_hundred(bench: Bench) -> object:
    batch = bench.db.batch()
    for number in range(600):
        batch.set(bench.here.document(f"d{number:03}"), {"v": number})
    return [tried(lambda: len(batch.commit())), bench.here.count(alias="n").get()[0]]


@BATCHES.add
def has_one_time(bench: Bench) -> object:
    batch = bench.db.batch()
    for name in "abc":
        batch.set(bench.here.document(name), {"v": 1})
    results = batch.commit()
    times = {found.update_time for found in bench.here.stream()}
    return [len(times), len({result.update_time for result in results}), batch.commit_time in times]


@BATCHES.add_async
async def of_two(bench: Bench) -> object:
    batch = bench.db.batch()
    batch.set(bench.here.document("a"), {"v": 1})
    batch.create(bench.here.document("b"), {"v": 2})
    results = await batch.commit()
    return [len(results), [(found.id, found.to_dict()) async for found in bench.here.order_by("v").stream()]]
