"""Transactions under contention, through Google's own clients."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import Increment, async_transactional
from google.cloud.firestore_v1.base_query import FieldFilter

from buddy_tui.emulator.firestore import transactions
from tests.emulator.firestore.conftest import Served, ids


async def begun(served: Served, **options: object) -> Any:  # noqa: ANN401
    transaction = served.db.transaction(**options)
    await transaction._begin()
    return transaction


async def waits(call: Any) -> "asyncio.Task[Any]":  # noqa: ANN401
    """Start a call that has to wait for somebody."""
    task: asyncio.Task[Any] = asyncio.ensure_future(call)
    await asyncio.sleep(0.1)
    assert not task.done()
    return task


async def test_a_transaction_reads_then_writes_all_at_once(served: Served) -> None:
    document = served.db.document("c/a")
    await document.set({"n": 1})
    transaction = await begun(served)

    n = (await document.get(transaction=transaction)).get("n")
    transaction.update(document, {"n": n + 1})
    transaction.create(served.db.document("c/b"), {"n": n})
    before = served.paths()
    await transaction._commit()

    assert (before, served.paths()) == (["c/a"], ["c/a", "c/b"])
    assert (await document.get()).to_dict() == {"n": 2}


@pytest.mark.parametrize(
    "read",
    [
        lambda db, transaction: db.document("c/a").get(transaction=transaction),
        lambda db, transaction: (
            db.collection("c").where(filter=FieldFilter("n", ">", 0)).get(transaction=transaction)
        ),
        lambda db, transaction: db.collection("c").count().get(transaction=transaction),
    ],
)
async def test_who_changes_what_a_transaction_has_read_waits_for_its_end(
    served: Served, read: Callable[[Any, Any], Any]
) -> None:
    await served.fill("c", {"a": {"n": 1}})
    transaction = await begun(served)
    await read(served.db, transaction)

    outside = await waits(served.db.document("c/a").update({"n": Increment(10)}))
    transaction.update(served.db.document("c/a"), {"n": Increment(1)})
    await transaction._commit()
    await outside

    assert (await served.db.document("c/a").get()).to_dict() == {"n": 12}


async def test_a_document_that_a_query_would_find_waits_too_and_its_neighbours_do_not(served: Served) -> None:
    transaction = await begun(served)
    query = served.db.collection("c").where(filter=FieldFilter("n", ">", 5))
    assert await query.get(transaction=transaction) == []

    await served.db.document("c/small").set({"n": 1})
    large = await waits(served.db.document("c/large").set({"n": 9}))
    await transaction._rollback()
    await large

    assert served.paths() == ["c/large", "c/small"]


async def test_who_waits_too_long_is_aborted(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "_PATIENCE", 0.1)
    document = served.db.document("c/a")
    transaction = await begun(served)
    await document.get(transaction=transaction)

    with pytest.raises(exceptions.Aborted, match="Transaction lock timeout"):
        await document.set({"n": 1})

    transaction.set(document, {"n": 2})
    await transaction._commit()
    assert (await document.get()).to_dict() == {"n": 2}


async def test_of_two_that_wait_for_each_other_one_is_aborted_at_once(served: Served) -> None:
    document = served.db.document("c/a")
    await document.set({"n": 0})
    first, second = await begun(served), await begun(served)
    for number, transaction in enumerate((first, second), start=1):
        await document.get(transaction=transaction)
        transaction.update(document, {"n": number})

    waiting = await waits(first._commit())
    await second._commit()

    with pytest.raises(exceptions.Aborted):
        await waiting
    assert (await document.get()).to_dict() == {"n": 2}


async def test_of_three_in_a_circle_one_is_aborted_at_once(served: Served) -> None:
    names = ["a", "b", "c"]
    await served.fill("c", {name: {"n": 0} for name in names})
    documents = [served.db.document(f"c/{name}") for name in names]
    open_ones = [await begun(served) for _ in names]
    for at, transaction in enumerate(open_ones):
        await documents[at].get(transaction=transaction)
        transaction.update(documents[at - 1], {"n": at})

    waiting = [await waits(transaction._commit()) for transaction in open_ones[:2]]
    results = await asyncio.gather(*waiting, open_ones[2]._commit(), return_exceptions=True)

    assert sum(isinstance(result, exceptions.Aborted) for result in results) == 1


async def test_thirty_at_one_counter_are_all_counted_within_the_attempts_of_the_client(
    served: Served,
) -> None:
    document = served.db.document("c/a")
    await document.set({"n": 0})

    async def add() -> None:
        @async_transactional
        async def adding(transaction: Any) -> None:  # noqa: ANN401
            n = (await document.get(transaction=transaction)).get("n")
            transaction.update(document, {"n": n + 1})

        await adding(served.db.transaction())

    await asyncio.gather(*(add() for _ in range(30)))

    assert (await document.get()).to_dict() == {"n": 30}


async def test_one_that_only_reads_sees_one_moment_and_locks_nothing(served: Served) -> None:
    document = served.db.document("c/a")
    await document.set({"n": 1})
    transaction = await begun(served, read_only=True)

    await document.set({"n": 2})
    await served.db.document("c/b").set({})

    assert (await document.get(transaction=transaction)).to_dict() == {"n": 1}
    assert [one.id async for one in served.db.collection("c").stream(transaction=transaction)] == ["a"]


async def test_a_transaction_is_over_when_it_is_over(served: Served) -> None:
    document = served.db.document("c/a")
    transaction = await begun(served)
    key = transaction._id
    await transaction._rollback()

    transaction._id = key
    with pytest.raises(exceptions.InvalidArgument, match="Transaction is invalid or closed"):
        await document.get(transaction=transaction)
    transaction._id = b"nobody's"
    with pytest.raises(exceptions.InvalidArgument, match="Invalid transaction"):
        await document.get(transaction=transaction)


async def test_a_transaction_that_its_client_forgot_locks_nothing_for_long(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "_IDLE", 0.0)
    document = served.db.document("c/a")
    transaction = await begun(served)
    await document.get(transaction=transaction)

    await document.set({"n": 1})

    assert await ids(served.db.collection("c")) == ["a"]


async def test_a_call_can_begin_its_own_transaction(served: Served) -> None:
    database = served.db._database_string
    await served.db.document("c/a").set({"n": 1})
    request = {
        "database": database,
        "documents": [f"{database}/documents/c/a"],
        "new_transaction": {"read_write": {}},
    }

    answers = [one async for one in await served.db._firestore_api.batch_get_documents(request=request)]
    write = {"delete": f"{database}/documents/c/a"}
    commit = {"database": database, "writes": [write], "transaction": answers[0].transaction}
    await served.db._firestore_api.commit(request=commit)

    assert answers[1].found.fields["n"].integer_value == 1
    assert served.paths() == []
