"""Transactions that meet: what they lock, who waits, and who gives way."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from google.cloud.firestore_v1 import FieldFilter, transactional

from tests.emulator.firestore_differential.bench import Bench, Checks, tried
from tests.emulator.firestore_differential.transactions import begun

CONTENTION = Checks("contention")

# A lock is waited for much longer than this, and a write that need not wait is there much sooner (seconds).
_WAITS = 0.8


def _meanwhile(pool: ThreadPoolExecutor, call: Callable[[], object]) -> "tuple[str, Future[str]]":
    """Start a call; tell whether it has to wait for somebody."""
    begun = pool.submit(tried, call)
    done = wait([begun], timeout=_WAITS).done
    return "goes through" if done else "waits", begun


def _beside(bench: Bench, read: Callable[[Bench, Any], object], write: Callable[[Bench], object]) -> object:
    """Write from outside while a transaction has read something; then let the transaction go."""
    bench.fill({"a": {"n": 1}, "b": {"n": 2}})
    transaction = begun(bench.db)
    seen = read(bench, transaction)
    with ThreadPoolExecutor() as pool:
        fate, outside = _meanwhile(pool, lambda: write(bench))
        transaction._rollback()
        return [seen, fate, outside.result()]


def _emptied(bench: Bench, *names: str) -> object:
    batch = bench.db.batch()
    for name in names:
        batch.set(bench.here.document(name), {})
    return batch.commit()


def _read_a(bench: Bench, transaction: Any) -> object:  # noqa: ANN401
    return bench.here.document("a").get(transaction=transaction).to_dict()


def _read_large(bench: Bench, transaction: Any) -> object:  # noqa: ANN401
    query = bench.here.where(filter=FieldFilter("n", ">", 1))
    return [found.id for found in query.stream(transaction=transaction)]


CONTENTION.each(
    {
        "a write to what was read waits": (_read_a, lambda bench: bench.here.document("a").update({"n": 5})),
        "a write to its neighbour does not": (
            _read_a,
            lambda bench: bench.here.document("b").update({"n": 5}),
        ),
        "a deletion of what was read waits": (
            _read_a,
            lambda bench: type(bench.here.document("a").delete()).__name__,
        ),
        "what was missing and is created waits": (
            lambda bench, transaction: bench.here.document("x").get(transaction=transaction).exists,
            lambda bench: bench.here.document("x").set({"n": 5}),
        ),
        "what a query would find waits": (_read_large, lambda bench: bench.here.document("x").set({"n": 5})),
        "what a query has found waits": (
            _read_large,
            lambda bench: bench.here.document("b").update({"n": 0}),
        ),
        "what is in no queried collection does not": (
            _read_large,
            lambda bench: bench.db.collection(f"{bench.here.id} beside").document("x").set({"n": 5}),
        ),
        "what was counted waits": (
            lambda bench, transaction: bench.here.count(alias="n").get(transaction=transaction)[0],
            lambda bench: bench.here.document("x").set({"n": 5}),
        ),
        "what is there and is created waits": (
            _read_a,
            lambda bench: bench.here.document("a").create({"n": 5}),
        ),
        "a batch waits whole": (
            _read_a,
            lambda bench: _emptied(bench, "b", "a"),
        ),
        "a read does not": (_read_a, lambda bench: bench.here.document("a").get()),
    },
    lambda bench, case: _beside(bench, *case),
)


@CONTENTION.add
def a_transaction_that_only_reads_locks_nothing(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = begun(bench.db, read_only=True)
    document.get(transaction=transaction)
    with ThreadPoolExecutor() as pool:
        fate, outside = _meanwhile(pool, lambda: document.update({"n": 2}))
    return [fate, outside.result()]


@CONTENTION.add
def a_transaction_comes_before_a_write_from_outside(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = begun(bench.db)
    document.get(transaction=transaction)
    with ThreadPoolExecutor() as pool:
        fate, outside = _meanwhile(pool, lambda: document.update({"n": 2, "outside": True}))
        transaction.update(document, {"n": 1, "inside": True})
        return [fate, tried(transaction._commit), outside.result(), document.get().to_dict()]


@CONTENTION.add
def a_write_from_outside_gives_up_at_last(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = begun(bench.db)
    document.get(transaction=transaction)
    outside = tried(lambda: document.update({"n": 2}))
    transaction.update(document, {"n": 3})
    return [outside, tried(transaction._commit), document.get().to_dict()]


@CONTENTION.add
def of_two_transactions_one_gives_way(bench: Bench) -> object:
    document = bench.one(n=1)
    first, second = begun(bench.db), begun(bench.db)
    for number, transaction in enumerate((first, second)):
        document.get(transaction=transaction)
        transaction.update(document, {"n": number})
    with ThreadPoolExecutor() as pool:
        fate, one = _meanwhile(pool, first._commit)
        other = tried(second._commit)
        return [fate, one.result(), other, document.get().to_dict()]


@CONTENTION.add
def of_two_that_cross_one_gives_way(bench: Bench) -> object:
    bench.fill({"a": {"n": 1}, "b": {"n": 1}})
    a, b = bench.here.document("a"), bench.here.document("b")
    first, second = begun(bench.db), begun(bench.db)
    a.get(transaction=first)
    b.get(transaction=second)
    first.update(b, {"n": "first"})
    second.update(a, {"n": "second"})
    with ThreadPoolExecutor() as pool:
        fate, one = _meanwhile(pool, first._commit)
        other = tried(second._commit)
        return [fate, one.result(), other, a.get().to_dict(), b.get().to_dict()]


@CONTENTION.add
def a_write_that_was_not_read_waits_for_a_reader(bench: Bench) -> object:
    document = bench.one(n=1)
    reader, writer = begun(bench.db), begun(bench.db)
    document.get(transaction=reader)
    writer.update(document, {"n": "writer"})
    with ThreadPoolExecutor() as pool:
        fate, written = _meanwhile(pool, writer._commit)
        reader.update(document, {"n": "reader"})
        return [fate, tried(reader._commit), written.result(), document.get().to_dict()]


@CONTENTION.add
def a_reader_does_not_wait_behind_a_writer(bench: Bench) -> object:
    document = bench.one(n=1)
    first, second = begun(bench.db), begun(bench.db)
    document.get(transaction=first)
    with ThreadPoolExecutor() as pool:
        fate, outside = _meanwhile(pool, lambda: document.update({"n": 2}))
        read = document.get(transaction=second).to_dict()
        first._rollback()
        second._rollback()
        return [fate, read, outside.result(), document.get().to_dict()]


@CONTENTION.add
def two_that_wait_for_one_lock_come_both(bench: Bench) -> object:
    document = bench.one(n=1)
    holder = begun(bench.db)
    document.get(transaction=holder)
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(tried, document.update, {name: 1}) for name in "ab"]
        wait(waiting, timeout=_WAITS)
        holder._rollback()
        return [[one.result() for one in waiting], document.get().to_dict()]


@CONTENTION.add
def what_was_written_before_the_first_read_is_seen(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = begun(bench.db)
    document.update({"n": 2})
    n = document.get(transaction=transaction).get("n")
    transaction.update(document, {"n": n + 1})
    return [n, tried(transaction._commit), document.get().to_dict()]


@CONTENTION.add
def the_client_tries_again(bench: Bench) -> object:
    """Two transactions of the client's own loop on one counter: both come through, and both are counted."""
    document = bench.one(n=0)

    def add() -> object:
        @transactional
        def adding(transaction: Any) -> None:  # noqa: ANN401
            n = document.get(transaction=transaction).get("n")
            transaction.update(document, {"n": n + 1})

        return adding(bench.db.transaction(max_attempts=20))

    with ThreadPoolExecutor() as pool:
        results = [one.result() for one in [pool.submit(tried, add) for _ in range(2)]]
    return [results, document.get().to_dict()]


@CONTENTION.add
def attempts_run_out(bench: Bench) -> object:
    document = bench.one(n=0)
    holder = begun(bench.db)
    document.get(transaction=holder)

    @transactional
    def write(transaction: Any) -> None:  # noqa: ANN401
        transaction.update(document, {"n": 1})

    return [tried(lambda: write(bench.db.transaction(max_attempts=1))), tried(holder._rollback)]
