"""Listen: through the threads of Google's sync client, and message by message."""

import asyncio
import queue
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.base_query import FieldFilter

from buddy_tui.emulator.firestore import documents
from tests.emulator.firestore.conftest import PROJECT, Served

DATABASE = f"projects/{PROJECT}/databases/(default)"
ROOT = f"{DATABASE}/documents"


class Snapshots:
    """What the sync client's listener calls back with: ids in order, and changes."""

    def __init__(self, listen: Callable[[Callable[..., None]], Any]) -> None:
        self._seen: queue.Queue[tuple[list[str], list[str]]] = queue.Queue()
        self._watch = listen(self._take)

    def _take(self, found: Any, changes: Any, _time: object) -> None:  # noqa: ANN401
        self._seen.put(([one.id for one in found], [f"{one.type.name} {one.document.id}" for one in changes]))

    async def next(self) -> tuple[list[str], list[str]]:
        return await asyncio.to_thread(self._seen.get, timeout=5)

    async def close(self) -> None:
        await asyncio.to_thread(self._watch.unsubscribe)


async def test_a_query_is_listened_to(served: Served) -> None:
    await served.fill("c", {"a": {"n": 1}, "b": {"n": 2}, "low": {"n": -1}})
    query = served.sync.collection("c").where(filter=FieldFilter("n", ">", 0)).order_by("n")
    snapshots = await asyncio.to_thread(Snapshots, query.on_snapshot)

    assert await snapshots.next() == (["a", "b"], ["ADDED a", "ADDED b"])
    await served.db.document("c/low").update({"n": 9})
    assert await snapshots.next() == (["a", "b", "low"], ["ADDED low"])
    await served.db.document("c/b").update({"n": 0})
    assert await snapshots.next() == (["a", "low"], ["REMOVED b"])
    await served.db.document("c/a").delete()
    assert await snapshots.next() == (["low"], ["REMOVED a"])

    await snapshots.close()


async def test_a_document_is_listened_to_from_before_it_is_there(served: Served) -> None:
    document = served.db.document("c/a")
    snapshots = await asyncio.to_thread(Snapshots, served.sync.document("c/a").on_snapshot)

    assert await snapshots.next() == ([], [])
    await document.set({"n": 1})
    assert await snapshots.next() == (["a"], ["ADDED a"])
    await document.set({"n": 2})
    assert await snapshots.next() == (["a"], ["MODIFIED a"])
    await document.delete()
    assert await snapshots.next() == ([], ["REMOVED a"])

    await snapshots.close()


class Stream:
    """One Listen stream, message by message; each is written short."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._asked: asyncio.Queue[types.ListenRequest] = asyncio.Queue()
        self.token = b""

    async def open(self) -> None:
        self.call = await self._served.db._firestore_api.listen(self._requests())
        self._answers = aiter(self.call)

    async def _requests(self) -> AsyncIterator[types.ListenRequest]:
        while True:
            yield await self._asked.get()

    def add(self, key: int, *paths: str, **target: object) -> None:
        what: dict[str, object] = {"documents": {"documents": [f"{ROOT}/{path}" for path in paths]}}
        if not paths:
            query = {"from_": [{"collection_id": "c"}], **target.pop("query", {})}  # type: ignore[dict-item]
            what = {"query": {"parent": ROOT, "structured_query": query}}
        added = {"target_id": key, **what, **target}
        self._asked.put_nowait(types.ListenRequest(database=DATABASE, add_target=added))

    def remove(self, key: int) -> None:
        self._asked.put_nowait(types.ListenRequest(database=DATABASE, remove_target=key))

    async def next(self) -> str:
        answer = await asyncio.wait_for(anext(self._answers), 5)
        change = answer.target_change
        if "target_change" in answer:
            self.token = change.resume_token or self.token
            return f"{change.target_change_type.name} {list(change.target_ids)}{change.cause.message}"
        if "document_change" in answer:
            found = answer.document_change
            return f"+ {found.document.name[len(ROOT) + 1 :]} {list(found.target_ids)}"
        gone = answer.document_delete if "document_delete" in answer else answer.document_remove
        sign = "x" if "document_delete" in answer else "-"
        return f"{sign} {gone.document[len(ROOT) + 1 :]} {list(gone.removed_target_ids)}"

    async def until_consistent(self) -> list[str]:
        """Return what is said up to the end of a snapshot, without that end."""
        said = []
        while (one := await self.next()) != "NO_CHANGE []":
            said.append(one)
        return said


@pytest.fixture
async def stream(served: Served) -> AsyncIterator[Stream]:
    one = Stream(served)
    await one.open()
    yield one
    one.call.cancel()


async def test_several_targets_share_a_stream_and_can_leave_it(served: Served, stream: Stream) -> None:
    await served.fill("c", {"a": {}})
    stream.add(1)
    assert await stream.until_consistent() == ["ADD [1]", "+ c/a [1]", "CURRENT [1]"]
    stream.add(2, "d/x", "d/none")
    await served.db.document("d/x").set({})
    said = await stream.until_consistent()
    if "+ d/x [2]" not in said:
        said += await stream.until_consistent()
    assert "x d/none [2]" in said

    await served.fill("c", {"b": {}})
    assert await stream.until_consistent() == ["+ c/b [1]"]
    stream.remove(1)
    assert await stream.next() == "REMOVE [1]"
    await served.fill("c", {"e": {}})
    await served.db.document("d/none").set({})
    assert await stream.until_consistent() == ["+ d/none [2]"]


async def test_the_first_of_an_order_make_way_and_come_back(served: Served, stream: Stream) -> None:
    await served.fill("c", {"b": {"n": 2}, "c": {"n": 3}})
    stream.add(1, query={"order_by": [{"field": {"field_path": "n"}}], "limit": 1})
    await stream.until_consistent()

    await served.fill("c", {"a": {"n": 1}})
    assert await stream.until_consistent() == ["+ c/a [1]", "- c/b [1]"]
    await served.db.document("c/a").delete()
    assert await stream.until_consistent() == ["x c/a [1]", "+ c/b [1]"]


async def test_one_commit_is_one_snapshot(served: Served, stream: Stream) -> None:
    stream.add(1)
    await stream.until_consistent()

    await served.fill("c", {"a": {}, "b": {}})

    assert await stream.until_consistent() == ["+ c/a [1]", "+ c/b [1]"]


async def test_a_target_that_is_resumed_hears_what_it_missed(served: Served, stream: Stream) -> None:
    await served.fill("c", {"a": {}, "b": {}, "c": {}})
    stream.add(1)
    await stream.until_consistent()
    await served.fill("c", {"b": {"n": 1}, "d": {}})
    await served.db.document("c/a").delete()
    await stream.until_consistent()
    stream.remove(1)
    assert await stream.next() in {"x c/a [1]", "REMOVE [1]"}
    token = stream.token

    await served.db.document("c/c").delete()
    again = Stream(served)
    await again.open()
    again.add(1, resume_token=token)
    said = await again.until_consistent()
    again.call.cancel()

    assert said[0] == "ADD [1]"
    assert "x c/c [1]" in said
    assert "+ c/b [1]" not in said


@pytest.mark.parametrize("token", [b"rubbish", b"\x7f" * 8, (1).to_bytes(8, "big")])
async def test_a_token_that_tells_nothing_starts_from_nothing(
    served: Served, stream: Stream, monkeypatch: pytest.MonkeyPatch, token: bytes
) -> None:
    monkeypatch.setattr(documents, "_HISTORY", 1)
    await served.db.document("c/a").set({})
    await served.db.document("c/b").set({})

    stream.add(1, resume_token=token)

    assert await stream.until_consistent() == [
        "ADD [1]",
        "RESET [1]",
        "+ c/a [1]",
        "+ c/b [1]",
        "CURRENT [1]",
    ]


async def test_a_target_that_cannot_be_is_removed_with_the_reason(stream: Stream) -> None:
    stream.add(1, query={"offset": -1})

    assert await stream.next() == "REMOVE [1]offset is negative"


async def test_a_listener_is_denied_as_other_calls_are(served: Served, stream: Stream) -> None:
    served.faults.firestore_denied = frozenset({"Listen"})
    stream.add(1)

    with pytest.raises(exceptions.PermissionDenied):
        await stream.next()


async def test_a_server_that_closes_sends_listeners_away_and_stops_in_peace(
    served: Served, stream: Stream
) -> None:
    stream.add(1)
    await stream.until_consistent()

    served.firestore.close()

    with pytest.raises(exceptions.ServiceUnavailable):
        await stream.next()
    await asyncio.wait_for(served.server.stop(None), 2)


async def test_a_listener_that_left_costs_nothing(served: Served, stream: Stream) -> None:
    stream.add(1)
    await stream.until_consistent()
    watchers = served.firestore._of(DATABASE).documents.watchers
    assert len(watchers) == 1

    stream.call.cancel()

    for _ in range(200):
        if not watchers:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the listener is still there")
