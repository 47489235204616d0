"""Reading many documents, finding out what there is, writing and deleting in bulk; and asking for the past."""

import time
from typing import Any

from google.cloud.firestore_v1 import FieldFilter
from google.cloud.firestore_v1.bulk_writer import BulkWriterOptions, SendMode

from tests.emulator.firestore_differential.bench import Bench, Checks, ids, show, tried

READS = Checks("read")
LISTS = Checks("list")
BULKS = Checks("bulk")


@READS.add
def many_at_once(bench: Bench) -> object:
    bench.fill({name: {"v": name} for name in "abc"})
    wanted = [bench.here.document(name) for name in ("c", "nobody", "a", "b")]
    return sorted(show(found) + str(found.exists) for found in bench.db.get_all(wanted))


@READS.add
def one_of_many_asked_for_twice(bench: Bench) -> object:
    bench.fill({name: {"v": name} for name in "ab"})
    wanted = [bench.here.document(name) for name in ("a", "b", "a", "a")]
    return sorted(show(found) for found in bench.db.get_all(wanted))


@READS.add
def some_fields_of_many(bench: Bench) -> object:
    bench.fill({name: {"v": name, "m": {"x": 1, "y": 2}} for name in "ab"})
    wanted = [bench.here.document(name) for name in "ab"]
    return sorted(show(found) for found in bench.db.get_all(wanted, field_paths=["m.y"]))


@READS.add
def none_of_many(bench: Bench) -> object:
    return tried(lambda: list(bench.db.get_all([])))


@READS.add
def three_hundred_at_once(bench: Bench) -> object:
    bench.fill({f"d{number:03}": {"v": number} for number in range(300)})
    wanted = [bench.here.document(f"d{number:03}") for number in range(301)]
    found = list(bench.db.get_all(wanted))
    return [len(found), sum(one.exists for one in found), sum(one.get("v") for one in found if one.exists)]


@READS.add
def as_it_was(bench: Bench) -> object:
    document = bench.one(v=1)
    then = document.get().read_time
    time.sleep(0.01)
    document.set({"v": 2})
    bench.here.document("new").set({"v": 3})
    return [
        tried(lambda: document.get(read_time=then)),
        tried(lambda: [show(found) for found in bench.here.stream(read_time=then)]),
        tried(lambda: bench.here.document("new").get(read_time=then).exists),
    ]


@READS.add
def a_thousand_documents(bench: Bench) -> object:
    for start in range(0, 1000, 500):
        bench.fill({f"d{number:04}": {"v": number} for number in range(start, start + 500)})
    found = list(bench.here.where(filter=FieldFilter("v", ">=", 100)).stream())
    return [len(found), found[0].id, found[-1].id, sum(one.get("v") for one in found)]


@READS.add
def a_large_document(bench: Bench) -> object:
    document = bench.one(**{f"f{number}": "x" * 1000 for number in range(1000)})
    return len(document.get().to_dict())


@READS.add_async
async def two_at_once(bench: Bench) -> object:
    await bench.here.document("a").set({"v": 1})
    wanted = [bench.here.document(name) for name in "ab"]
    return sorted([show(found) async for found in bench.db.get_all(wanted)])


@READS.add_async
async def after_set_update_and_delete(bench: Bench) -> object:
    document = bench.here.document("one")
    await document.set({"v": 1, "m": {"x": 1}})
    await document.update({"m.y": 2})
    seen = [
        show(await document.get()),
        [found.id async for found in bench.here.where(filter=FieldFilter("m.y", "==", 2)).stream()],
    ]
    await document.delete()
    return [*seen, (await document.get()).exists]


@LISTS.add
def collections_of_a_document(bench: Bench) -> object:
    document = bench.here.document("one")
    for path in ("b/x", "a/x", "c/x/deep/y"):
        bench.db.document(f"{document.path}/{path}").set({"v": 1})
    return [
        [found.id for found in document.collections()],
        [found.id for found in bench.db.document(f"{document.path}/c/x").collections()],
        [found.id for found in bench.here.document("nobody").collections()],
    ]


@LISTS.add
def collections_at_the_top(bench: Bench) -> object:
    bench.one(v=1)
    bench.db.document(f"{bench.here.id} deep/a/b/c").set({"v": 1})
    return [found.id for found in bench.db.collections() if found.id.startswith(bench.here.id)]


@LISTS.add
def collections_that_were_emptied(bench: Bench) -> object:
    document = bench.here.document("one")
    document.collection("c").document("x").set({"v": 1})
    document.collection("c").document("x").delete()
    return [found.id for found in document.collections()]


@LISTS.add
def documents_missing_ones_too(bench: Bench) -> object:
    bench.fill({"b": {"v": 1}})
    bench.db.document(f"{bench.here.id}/a/sub/x").set({"v": 1})
    bench.db.document(f"{bench.here.id}/c/sub/x/deeper/y").set({"v": 1})
    return [[found.id for found in bench.here.list_documents()], ids(bench.here)]


@LISTS.add
def documents_page_by_page(bench: Bench) -> object:
    bench.fill({f"d{number}": {"v": 1} for number in range(7)})
    return [found.id for found in bench.here.list_documents(page_size=3)]


@LISTS.add
def documents_of_nothing(bench: Bench) -> object:
    return [found.id for found in bench.here.list_documents()]


@LISTS.add
def everything_below_a_document(bench: Bench) -> object:
    for path in ("one", "one/a/x", "one/a/x/b/y", "one/c/z", "two/a/x", "one1/a/x"):
        bench.db.document(f"{bench.here.id}/{path}").set({"v": 1})
    deleted = bench.db.recursive_delete(bench.here.document("one"))
    left = [found.id for found in bench.here.list_documents()]
    return [deleted, left, [found.id for found in bench.here.document("two").collections()]]


@LISTS.add
def everything_below_a_collection(bench: Bench) -> object:
    for path in ("one", "one/a/x", "two/a/x/b/y"):
        bench.db.document(f"{bench.here.id}/{path}").set({"v": 1})
    bench.db.document(f"{bench.here.id} beside/x").set({"v": 1})
    deleted = bench.db.recursive_delete(bench.here)
    return [
        deleted,
        [found.id for found in bench.here.list_documents()],
        ids(bench.db.collection(f"{bench.here.id} beside")),
    ]


def _in_bulk(bench: Bench, mode: SendMode) -> object:
    bench.fill({"old": {"v": 1}, "gone": {"v": 1}})
    failed: list[tuple[str, int]] = []
    done: list[str] = []

    def gave_up(error: Any, _writer: object) -> bool:  # noqa: ANN401 - the client's own
        failed.append((error.operation.reference.id, error.code))
        return False

    writer = bench.db.bulk_writer(options=BulkWriterOptions(mode=mode))
    writer.on_write_error(gave_up)
    writer.on_write_result(lambda reference, _result, _writer: done.append(reference.id))
    writer.create(bench.here.document("new"), {"v": 1})
    writer.create(bench.here.document("old"), {"v": 2})
    writer.update(bench.here.document("nobody"), {"v": 2})
    writer.delete(bench.here.document("gone"))
    for number in range(30):
        writer.set(bench.here.document(f"d{number:02}"), {"v": number})
    writer.flush()
    writer.close()
    return [sorted(failed), sorted(done), ids(bench.here)]


BULKS.each(
    {"writes, one after the other": SendMode.serial, "writes, side by side": SendMode.parallel}, _in_bulk
)


@BULKS.add
def one_document_twice(bench: Bench) -> object:
    # The client would send two requests.
    name = bench.here.document("one")._document_path
    write = {"update": {"name": name, "fields": {}}}
    request = {"database": bench.db._database_string, "writes": [write, write]}
    return tried(lambda: _codes(bench, request))


@BULKS.add
def each_write_has_its_own_status(bench: Bench) -> object:
    there, missing = bench.one(v=1)._document_path, bench.here.document("nobody")._document_path
    writes = [
        {"update": {"name": there, "fields": {}}, "current_document": {"exists": False}},
        {"update": {"name": missing, "fields": {}}, "current_document": {"exists": True}},
        {"update": {"name": bench.here.document("new")._document_path, "fields": {}}},
        {"delete": bench.here.document("other")._document_path},
    ]
    return [_codes(bench, {"database": bench.db._database_string, "writes": writes}), ids(bench.here)]


def _codes(bench: Bench, request: dict[str, object]) -> list[int]:
    answer = bench.db._firestore_api.batch_write(request=request, metadata=bench.db._rpc_metadata)
    return [status.code for status in answer.status]
