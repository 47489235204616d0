"""Requests that the clients never send, or only when they are misused."""

from collections.abc import Mapping
from typing import Any

from tests.emulator.firestore_differential.bench import Bench, Checks, ids, tried

REFUSALS = Checks("refusal")

_NAMES: Mapping[str, str] = {
    "nothing": "",
    "a word": "word",
    "a database": "{database}",
    "all documents": "{database}/documents",
    "a collection": "{database}/documents/c",
    "a collection in a document": "{database}/documents/c/d/e",
    "an empty part": "{database}/documents/c//d/e",
    "a slash at the end": "{database}/documents/c/d/",
    "no database": "projects/p/documents/c/d",
}


def _named(bench: Bench, pattern: str) -> object:
    database, api, metadata = bench.db._database_string, bench.db._firestore_api, bench.db._rpc_metadata
    name = pattern.format(database=database)
    get = {"database": database, "documents": [name]}
    commit = {"database": database, "writes": [{"update": {"name": name, "fields": {}}}]}
    delete = {"database": database, "writes": [{"delete": name}]}
    return [
        tried(lambda: len(list(api.batch_get_documents(request=get, metadata=metadata)))),
        tried(lambda: len(api.commit(request=commit, metadata=metadata).write_results)),
        tried(lambda: len(api.commit(request=delete, metadata=metadata).write_results)),
    ]


REFUSALS.each({f"of a document called {name}": pattern for name, pattern in _NAMES.items()}, _named)

_FIELD = {"integer_value": 1}
_WRITES: Mapping[str, dict[str, Any]] = {
    "nothing": {},
    "a mask of what is not given": {"update": {"fields": {}}, "update_mask": {"field_paths": ["a", "b.c"]}},
    "a mask of a part": {
        "update": {"fields": {"a": _FIELD, "b": _FIELD}},
        "update_mask": {"field_paths": ["a"]},
    },
    "a mask of a bad path": {"update": {"fields": {}}, "update_mask": {"field_paths": ["a..b"]}},
    "a mask of an empty path": {"update": {"fields": {}}, "update_mask": {"field_paths": [""]}},
    "a mask of a reserved path": {"update": {"fields": {}}, "update_mask": {"field_paths": ["__a__"]}},
    "a mask that crosses itself": {"update": {"fields": {}}, "update_mask": {"field_paths": ["a", "a.b"]}},
    "a mask that repeats itself": {"update": {"fields": {}}, "update_mask": {"field_paths": ["a", "a"]}},
    "a value that is none": {"update": {"fields": {"a": {}}}},
    "a bad reference": {"update": {"fields": {"a": {"reference_value": "nowhere"}}}},
    "a reserved field": {"update": {"fields": {"__a__": _FIELD}}},
    "an empty field": {"update": {"fields": {"": _FIELD}}},
    "a reserved map that means something": {
        "update": {"fields": {"a": {"map_value": {"fields": {"__type__": {"string_value": "vector"}}}}}}
    },
    "a transform of nothing": {"update": {"fields": {}}, "update_transforms": [{"field_path": "a"}]},
    "a transform of one field twice": {
        "update": {"fields": {}},
        "update_transforms": [
            {"field_path": "a", "increment": _FIELD},
            {"field_path": "a", "increment": _FIELD},
        ],
    },
    "an increment by a text": {
        "update": {"fields": {}},
        "update_transforms": [{"field_path": "a", "increment": {"string_value": "x"}}],
    },
    "an increment of what is written too": {
        "update": {"fields": {"a": {"integer_value": 5}}},
        "update_transforms": [{"field_path": "a", "increment": _FIELD}],
    },
    "a transform within what is transformed": {
        "update": {"fields": {}},
        "update_transforms": [
            {"field_path": "a", "increment": _FIELD},
            {"field_path": "a.b", "increment": _FIELD},
        ],
    },
    "a time in the future": {
        "update": {"fields": {}},
        "current_document": {"update_time": {"seconds": 32503680000}},
    },
    "a condition of no kind": {"update": {"fields": {}}, "current_document": {}},
}


def _written(bench: Bench, write: dict[str, Any]) -> object:
    document = bench.one(a=1, b={"c": 2}, d=3)
    sent = dict(write)
    if "update" in sent:
        sent["update"] = {"name": document._document_path, **write["update"]}
    request = {"database": bench.db._database_string, "writes": [sent]}
    answer = tried(
        lambda: len(
            bench.db._firestore_api.commit(request=request, metadata=bench.db._rpc_metadata).write_results
        )
    )
    return [answer, document.get().to_dict()]


REFUSALS.each({f"of a write of {name}": write for name, write in _WRITES.items()}, _written)

_ONE = {"integer_value": 1}
_A = {"field_path": "a"}
_QUERIES: Mapping[str, dict[str, Any]] = {
    "no collection": {},
    "two collections": {"from_": [{"collection_id": "HERE"}, {"collection_id": "x"}]},
    "a collection with a slash": {"from_": [{"collection_id": "a/b"}]},
    "a filter of no kind": {"from_": [{"collection_id": "HERE"}], "where": {}},
    "a filter without operator": {
        "from_": [{"collection_id": "HERE"}],
        "where": {"field_filter": {"field": _A, "value": _ONE}},
    },
    "a filter without value": {
        "from_": [{"collection_id": "HERE"}],
        "where": {"field_filter": {"field": _A, "op": "EQUAL"}},
    },
    "a composite of nothing": {
        "from_": [{"collection_id": "HERE"}],
        "where": {"composite_filter": {"op": "AND", "filters": []}},
    },
    "an order by nothing": {"from_": [{"collection_id": "HERE"}], "order_by": [{}]},
    "an order without direction": {"from_": [{"collection_id": "HERE"}], "order_by": [{"field": _A}]},
    "a cursor without order": {
        "from_": [{"collection_id": "HERE"}],
        "start_at": {"values": [_ONE], "before": True},
    },
    "a cursor longer than the order": {
        "from_": [{"collection_id": "HERE"}],
        "order_by": [{"field": _A}],
        "start_at": {"values": [_ONE, _ONE, _ONE], "before": True},
    },
    "an id that is compared with a number": {
        "from_": [{"collection_id": "HERE"}],
        "where": {"field_filter": {"field": {"field_path": "__name__"}, "op": "EQUAL", "value": _ONE}},
    },
    "an order by a text after an inequality of another": {
        "from_": [{"collection_id": "HERE"}],
        "where": {"field_filter": {"field": {"field_path": "b"}, "op": "GREATER_THAN", "value": _ONE}},
        "order_by": [{"field": _A}],
    },
}


def _queried(bench: Bench, query: dict[str, Any]) -> object:
    bench.fill({name: {"a": number, "b": 5 - number} for number, name in enumerate("xyz")})
    asked = dict(query)
    asked["from_"] = [
        {"collection_id": one["collection_id"].replace("HERE", bench.here.id)}
        for one in query.get("from_", [])
    ]
    request = {"parent": f"{bench.db._database_string}/documents", "structured_query": asked}
    if not asked["from_"]:
        # Everything there is would be the documents of all checks.
        request["parent"] = bench.one(a=1)._document_path

    def found() -> list[str]:
        rows = bench.db._firestore_api.run_query(request=request, metadata=bench.db._rpc_metadata)
        return [row.document.name.rpartition("/")[2] for row in rows if row.document.name]

    return tried(found)


REFUSALS.each({f"of a query of {name}": query for name, query in _QUERIES.items()}, _queried)


@REFUSALS.add
def of_a_parent_that_is_a_collection(bench: Bench) -> object:
    api, metadata = bench.db._firestore_api, bench.db._rpc_metadata
    parent = f"{bench.db._database_string}/documents/{bench.here.id}"
    query = {"from_": [{"collection_id": "x"}]}
    return [
        tried(
            lambda: len(
                list(api.run_query(request={"parent": parent, "structured_query": query}, metadata=metadata))
            )
        ),
        tried(lambda: list(api.list_collection_ids(request={"parent": parent}, metadata=metadata))),
        tried(
            lambda: len(
                list(api.list_documents(request={"parent": parent, "collection_id": "x"}, metadata=metadata))
            )
        ),
    ]


@REFUSALS.add
def of_what_the_client_itself_refuses(bench: Bench) -> object:
    return [
        tried(lambda: bench.db.document("a")),
        tried(lambda: bench.db.document("")),
        tried(lambda: bench.db.collection("a/b")),
        tried(lambda: bench.here.document("")),
        tried(lambda: bench.here.document("x").set({"a": object()})),
        tried(lambda: bench.db.collection_group("a/b")),
    ]


@REFUSALS.add
def of_a_batch_with_one_bad_value(bench: Bench) -> object:
    nested: dict[str, Any] = {"array_value": {"values": [{"array_value": {}}]}}
    writes = [
        {"update": {"name": bench.here.document("good")._document_path, "fields": {}}},
        {"update": {"name": bench.here.document("bad")._document_path, "fields": {"a": nested}}},
    ]
    request = {"database": bench.db._database_string, "writes": writes}
    answer = tried(
        lambda: [
            one.code
            for one in bench.db._firestore_api.batch_write(
                request=request, metadata=bench.db._rpc_metadata
            ).status
        ]
    )
    return [answer, ids(bench.here)]
