"""Where a query begins and ends: cursors, limits, offsets; and which fields it brings."""

from collections.abc import Callable, Mapping
from typing import Any

from google.cloud.firestore_v1 import FieldFilter, Query
from google.cloud.firestore_v1.field_path import FieldPath

from tests.emulator.firestore_differential.bench import Bench, Checks, Collection, ids, tried

CURSORS = Checks("cursor")
LIMITS = Checks("limit")
GROUPS = Checks("collection group")

_DOWN = Query.DESCENDING
_ROWS: Mapping[str, Mapping[str, Any]] = {
    "a": {"n": 1, "m": "x", "deep": {"k": 1}},
    "b": {"n": 2, "m": "y", "deep": {"k": 2}},
    "c": {"n": 2, "m": "x", "deep": {"k": 3}},
    "d": {"n": 3, "m": "x"},
    "e": {"n": "text", "m": "z"},
    "f": {"m": "w"},
}


def _rows(bench: Bench, ask: Callable[[Collection], Query]) -> object:
    bench.fill(_ROWS)
    return ids(ask(bench.here))


CURSORS.each(
    {
        "start_at": lambda here: here.order_by("n").start_at({"n": 2}),
        "start_after": lambda here: here.order_by("n").start_after({"n": 2}),
        "end_at": lambda here: here.order_by("n").end_at({"n": 2}),
        "end_before": lambda here: here.order_by("n").end_before({"n": 2}),
        "start_at downwards": lambda here: here.order_by("n", direction=_DOWN).start_at({"n": 2}),
        "start_after downwards": lambda here: here.order_by("n", direction=_DOWN).start_after({"n": 2}),
        "end_at downwards": lambda here: here.order_by("n", direction=_DOWN).end_at({"n": 2}),
        "end_before downwards": lambda here: here.order_by("n", direction=_DOWN).end_before({"n": 2}),
        "start and end": lambda here: here.order_by("n").start_after({"n": 1}).end_before({"n": 3}),
        "end before the start": lambda here: here.order_by("n").start_at({"n": 3}).end_at({"n": 1}),
        "between values": lambda here: here.order_by("n").start_at({"n": 1.5}),
        "of another type": lambda here: here.order_by("n").start_at({"n": "a"}),
        "null": lambda here: here.order_by("n").start_at({"n": None}),
        "two orders": lambda here: here.order_by("n").order_by("m").start_at({"n": 2, "m": "y"}),
        "two orders, one value": lambda here: here.order_by("n").order_by("m").start_after([2]),
        "two orders, mixed ways": lambda here: (
            here.order_by("n").order_by("m", direction=_DOWN).start_after([2, "y"])
        ),
        "by id": lambda here: here.order_by("__name__").start_at({"__name__": here.document("c")}),
        "by id as text": lambda here: here.order_by("__name__").start_after({"__name__": "c"}),
        "by value and id": lambda here: (
            here.order_by("n").order_by("__name__").start_after([2, here.document("b")])
        ),
        "a field in a map": lambda here: here.order_by("deep.k").start_at({"deep": {"k": 2}}),
        "a list": lambda here: here.order_by("n").end_at([2]),
        "with a filter": lambda here: here.where(filter=FieldFilter("n", ">", 1)).order_by("n").end_at([2]),
        "with a limit": lambda here: here.order_by("n").start_at([2]).limit(2),
        "with an offset": lambda here: here.order_by("n").start_at([2]).offset(1),
        "without an order": lambda here: here.start_at({"n": 2}),
        "too many values": lambda here: here.order_by("n").start_at([1, 2, 3]),
    },
    _rows,
)


def _around(bench: Bench, ask: Callable[[Collection], Any]) -> object:
    bench.fill(_ROWS)
    middle = bench.here.document("c").get()
    query = ask(bench.here)
    cuts = ("start_at", "start_after", "end_at", "end_before")
    return [ids(getattr(query, cut)(middle)) for cut in cuts]


CURSORS.each(
    {
        "a document, no order": lambda here: here,
        "a document, one order": lambda here: here.order_by("n"),
        "a document, downwards": lambda here: here.order_by("n", direction=_DOWN),
        "a document, two orders": lambda here: here.order_by("n").order_by("m", direction=_DOWN),
        "a document, an inequality": lambda here: here.where(filter=FieldFilter("n", ">", 0)),
        "a document, an equality": lambda here: here.where(filter=FieldFilter("m", "==", "x")),
    },
    _around,
)


LIMITS.each(
    {
        "two": lambda here: here.order_by("n").limit(2),
        "none at all": lambda here: here.order_by("n").limit(0),
        "more than there are": lambda here: here.order_by("n").limit(100),
        "a negative one": lambda here: here.order_by("n").limit(-1),
        "no order": lambda here: here.limit(2),
        "an offset": lambda here: here.order_by("n").offset(2),
        "an offset and a limit": lambda here: here.order_by("n").offset(1).limit(2),
        "an offset past the end": lambda here: here.order_by("n").offset(99),
        "a negative offset": lambda here: here.order_by("n").offset(-1),
    },
    _rows,
)


@LIMITS.add
def to_the_last(bench: Bench) -> object:
    bench.fill(_ROWS)
    queries = (
        bench.here.order_by("n").limit_to_last(2),
        bench.here.order_by("n", direction=_DOWN).limit_to_last(2),
        bench.here.order_by("n").end_before([3]).limit_to_last(2),
        bench.here.order_by("n").order_by("m").limit_to_last(3),
        bench.here.order_by("n").start_at([2]).limit_to_last(2),
    )
    return [[found.id for found in query.get()] for query in queries]


@LIMITS.add
def of_pages_that_go_on_after_a_document(bench: Bench) -> object:
    bench.fill({f"d{number:02}": {"n": number % 3} for number in range(10)})
    query, pages = bench.here.order_by("n").limit(4), []
    page = query.get()
    while page:
        pages.append([found.id for found in page])
        page = query.start_after(page[-1]).get()
    return pages


@LIMITS.add
def of_fields(bench: Bench) -> object:
    bench.fill(_ROWS)
    chosen: tuple[list[str], ...] = (
        ["n"],
        ["deep.k"],
        ["m", "n"],
        ["nothing"],
        [],
        ["__name__"],
        [FieldPath("m").to_api_repr()],
    )
    return [
        [[found.id, found.to_dict()] for found in bench.here.select(fields).stream()] for fields in chosen
    ]


@LIMITS.add
def of_fields_with_an_order(bench: Bench) -> object:
    bench.fill(_ROWS)
    return [found.to_dict() for found in bench.here.select(["m"]).order_by("n").stream()]


@LIMITS.add
def of_nothing_in_an_empty_collection(bench: Bench) -> object:
    return [ids(bench.here), ids(bench.here.order_by("n").limit(1)), bench.here.get()]


def _tree(bench: Bench) -> str:
    """Write documents into collections of one name at several depths; return that name."""
    group = f"{bench.here.id} group"
    for path in (
        f"{group}/a",
        f"p/x/{group}/b",
        f"p/y/{group}/c",
        f"p/x/q/z/{group}/d",
        f"p/x/{group}/b/other/e",
    ):
        bench.db.document(path).set({"n": len(path), "path": path})
    return group


@GROUPS.add
def finds_at_every_depth(bench: Bench) -> object:
    query = bench.db.collection_group(_tree(bench))
    return [found.reference.path for found in query.stream()]


@GROUPS.add
def filters_and_orders(bench: Bench) -> object:
    query = bench.db.collection_group(_tree(bench))
    return [
        ids(query.where(filter=FieldFilter("n", ">", 0)).order_by("n", direction=_DOWN)),
        ids(query.order_by("n").limit(2)),
        query.count().get()[0],
    ]


@GROUPS.add
def filters_by_id(bench: Bench) -> object:
    group = _tree(bench)
    middle = bench.db.document(f"p/x/{group}/b")
    query = bench.db.collection_group(group)
    return [ids(query.where(filter=FieldFilter("__name__", op, middle))) for op in ("==", ">", "<=")]


@GROUPS.add
def is_not_confused_by_a_prefix(bench: Bench) -> object:
    bench.db.document(f"{bench.here.id}2/a").set({"n": 1})
    bench.one(n=1)
    return ids(bench.db.collection_group(bench.here.id))


@GROUPS.add
def of_no_collection(bench: Bench) -> object:
    return tried(lambda: ids(bench.db.collection_group("nobody has this")))
