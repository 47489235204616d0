"""Reads other than queries: documents, lists, collections, moments of the past."""

from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncClient

from tests.emulator.firestore.conftest import PROJECT, Served

ROOT = f"projects/{PROJECT}/databases/(default)/documents"


async def test_documents_are_read_together_and_missing_ones_are_told(served: Served) -> None:
    await served.fill("c", {"a": {"n": 1, "m": 2}, "b": {"n": 2}})
    wanted = [served.db.document(path) for path in ("c/b", "c/none", "c/a")]

    found = {one.id: one.to_dict() async for one in served.db.get_all(wanted, field_paths=["n"])}

    assert found == {"b": {"n": 2}, "none": None, "a": {"n": 1}}


async def test_one_document_is_got_by_its_name(served: Served) -> None:
    await served.fill("c", {"a": {"n": 1, "m": 2}})
    api = served.db._firestore_api

    found = await api.get_document(request={"name": f"{ROOT}/c/a", "mask": {"field_paths": ["m"]}})

    assert {name: held.integer_value for name, held in found.fields.items()} == {"m": 2}
    with pytest.raises(exceptions.NotFound, match=r'Document "projects/acme/.*/c/none" not found.'):
        await api.get_document(request={"name": f"{ROOT}/c/none"})


async def test_documents_are_listed_page_by_page_with_those_that_only_hold_others(served: Served) -> None:
    await served.fill("c", {"a": {"n": 1}, "d": {"n": 2}})
    await served.db.document("c/b/s/x/t/y").set({})

    found = [one.id async for one in served.db.collection("c").list_documents(page_size=1)]

    assert found == ["a", "b", "d"]


@pytest.mark.parametrize(
    ("order", "found"), [("", ["a", "b"]), ("n", ["b", "a"]), ("n desc", ["a", "b"]), ("none", [])]
)
async def test_a_list_has_an_order(served: Served, order: str, found: list[str]) -> None:
    await served.fill("c", {"a": {"n": 2}, "b": {"n": 1}})
    request = {"parent": ROOT, "collection_id": "c", "order_by": order}

    listed = await served.db._firestore_api.list_documents(request=request)

    assert [one.name.rpartition("/")[2] async for one in listed] == found


async def test_collections_are_told_though_only_deeper_documents_are_in_them(served: Served) -> None:
    await served.db.document("c/a").set({})
    await served.db.document("d/none/s/x").set({})

    assert [one.id async for one in served.db.collections()] == ["c", "d"]
    assert [one.id async for one in served.db.document("d/none").collections()] == ["s"]


async def test_documents_are_made_changed_and_deleted_one_by_one(served: Served) -> None:
    api, fields = served.db._firestore_api, {"n": {"integer_value": 1}, "m": {"integer_value": 2}}
    request: dict[str, Any] = {"parent": ROOT, "collection_id": "c", "document": {"fields": fields}}

    made = await api.create_document(request=request)
    await api.create_document(request={**request, "document_id": "b"})
    changed = await api.update_document(
        request={
            "document": {"name": made.name, "fields": {"n": {"integer_value": 9}}},
            "update_mask": {"field_paths": ["n"]},
            "mask": {"field_paths": ["m", "n"]},
        }
    )
    await api.delete_document(request={"name": f"{ROOT}/c/b"})

    assert len(made.name.rpartition("/")[2]) == 20
    assert changed.fields["n"].integer_value == 9
    assert [f"{ROOT}/{path}" for path in served.paths()] == [made.name]


async def test_the_past_is_read_as_it_was(served: Served) -> None:
    document = served.db.document("c/a")
    start = served.wall.time
    for n in range(3):
        served.wall.time = start + timedelta(seconds=n)
        await document.set({"n": n})
        await served.db.document(f"c/new{n}").set({})
    await document.delete()

    seen = await document.get(read_time=start + timedelta(seconds=1, milliseconds=1))
    listed = [
        one.id async for one in served.db.collection("c").stream(read_time=start + timedelta(milliseconds=1))
    ]

    assert seen.to_dict() == {"n": 1}
    assert listed == ["a", "new0"]
    with pytest.raises(exceptions.InvalidArgument, match="cannot be in the future"):
        await document.get(read_time=start + timedelta(hours=1))


async def test_a_past_that_is_forgotten_is_not_made_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buddy_tui.emulator.firestore.documents._HISTORY", 2)
    start = served.wall.time
    for n in range(4):
        served.wall.time = start + timedelta(seconds=n)
        await served.db.document("c/a").set({"n": n})

    with pytest.raises(exceptions.FailedPrecondition, match="too old"):
        await served.db.document("c/a").get(read_time=start)


async def test_databases_and_projects_are_apart(served: Served) -> None:
    await served.db.document("c/a").set({"n": 1})
    for project, database, path in ((PROJECT, "other", "c/b"), ("elsewhere", "(default)", "c/c")):
        client = AsyncClient(project, database=database)
        await client.document(path).set({"n": 1})
        await client._firestore_api.transport.close()

    assert served.paths() == ["c/a"]
    assert served.firestore.paths(PROJECT, "other") == ["c/b"]
    assert served.firestore.paths("nowhere") == []
    assert served.firestore.projects() == [PROJECT, "elsewhere"]


async def test_calls_can_be_denied_by_project_and_by_name(served: Served) -> None:
    document = served.db.document("c/a")
    served.faults.firestore_denied = frozenset({"Commit"})
    with pytest.raises(exceptions.PermissionDenied, match="Missing or insufficient permissions"):
        await document.set({"n": 1})
    assert not (await document.get()).exists

    served.faults.firestore_denied = frozenset({PROJECT})
    with pytest.raises(exceptions.PermissionDenied):
        await document.get()
    with pytest.raises(exceptions.PermissionDenied):
        [one async for one in served.db.collection("c").stream()]

    served.faults.firestore_denied = frozenset({"elsewhere"})
    await document.set({"n": 1})


async def test_a_method_that_nobody_wrote_is_unimplemented(served: Served) -> None:
    with pytest.raises(exceptions.MethodNotImplemented):
        [one async for one in served.db.collection_group("c").get_partitions(2)]
