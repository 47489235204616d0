"""Transactions: what they see, and when they are over."""

from collections.abc import Callable
from typing import Any

from google.cloud.firestore_v1 import FieldFilter, async_transactional, transactional

from tests.emulator.firestore_differential.bench import Bench, Checks, Client, Document, ids, show, tried

TRANSACTIONS = Checks("transaction")


def begun(db: Client, **options: object) -> Any:  # noqa: ANN401 - the client's own
    """Begin a transaction without the client's loop around it."""
    transaction = db.transaction(**options)
    transaction._begin()
    return transaction


@TRANSACTIONS.add
def reads_and_writes(bench: Bench) -> object:
    document = bench.one(n=1)

    @transactional
    def double(transaction: Any) -> int:  # noqa: ANN401
        n = document.get(transaction=transaction).get("n")
        transaction.update(document, {"n": n * 2})
        transaction.create(bench.here.document("new"), {"from": n})
        return int(n)

    return [double(bench.db.transaction()), [show(found) for found in bench.here.stream()]]


@TRANSACTIONS.add
def is_rolled_back_by_an_exception(bench: Bench) -> object:
    document = bench.one(n=1)

    @transactional
    def fail(transaction: Any) -> None:  # noqa: ANN401
        transaction.update(document, {"n": 5})
        raise ValueError("no")

    return [tried(lambda: fail(bench.db.transaction())), document.get().to_dict()]


@TRANSACTIONS.add
def may_not_read_after_a_write(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = begun(bench.db)
    transaction.update(document, {"n": 5})
    refused = tried(lambda: document.get(transaction=transaction))
    transaction._rollback()
    return [refused, document.get().to_dict()]


@TRANSACTIONS.add
def reads_a_query_and_many(bench: Bench) -> object:
    bench.fill({name: {"n": number} for number, name in enumerate("abc")})
    transaction = begun(bench.db)
    query = bench.here.where(filter=FieldFilter("n", ">", 0))
    seen = [
        [found.id for found in transaction.get(query)],
        sorted(
            show(found) for found in transaction.get_all([bench.here.document("a"), bench.here.document("z")])
        ),
        bench.here.count(alias="n").get(transaction=transaction)[0],
    ]
    transaction._rollback()
    return seen


@TRANSACTIONS.add
def of_reads_alone(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = begun(bench.db)
    return [document.get(transaction=transaction).to_dict(), tried(transaction._commit)]


@TRANSACTIONS.add
def of_nothing(bench: Bench) -> object:
    return tried(begun(bench.db)._commit)


@TRANSACTIONS.add
def fails_whole(bench: Bench) -> object:
    transaction = begun(bench.db)
    transaction.set(bench.here.document("a"), {"n": 1})
    transaction.update(bench.here.document("nobody"), {"n": 1})
    return [tried(transaction._commit), ids(bench.here)]


@TRANSACTIONS.add
def that_only_reads_sees_one_moment(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = begun(bench.db, read_only=True)
    document.set({"n": 2})
    bench.here.document("new").set({"n": 3})
    seen = [
        document.get(transaction=transaction).to_dict(),
        [found.id for found in bench.here.stream(transaction=transaction)],
    ]
    document.set({"n": 4})
    return [*seen, document.get(transaction=transaction).to_dict(), tried(transaction._commit)]


@TRANSACTIONS.add
def that_only_reads_may_not_write(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = begun(bench.db, read_only=True)
    client = tried(lambda: transaction.update(document, {"n": 2}))
    return [client, _commit(bench.db, transaction._id, document), document.get().to_dict()]


def _commit(db: Client, transaction: bytes, document: Document) -> str:
    """Commit the deletion of a document, past the client's own rules."""
    request = {
        "database": db._database_string,
        "transaction": transaction,
        "writes": [{"delete": document._document_path}],
    }
    return tried(
        lambda: len(db._firestore_api.commit(request=request, metadata=db._rpc_metadata).write_results)
    )


def _ended(bench: Bench, end: Callable[[Any], object]) -> object:
    """End a transaction, then try to go on with it."""
    document = bench.one(n=1)
    transaction = begun(bench.db)
    key = transaction._id
    answers = [tried(lambda: end(transaction))]
    for go_on in (lambda: document.get(transaction=transaction), transaction._commit, transaction._rollback):
        transaction._write_pbs, transaction._id = [], key
        answers.append(tried(go_on))
    return answers


TRANSACTIONS.each(
    {
        "is over after a commit": lambda transaction: transaction._commit(),
        "is over after a rollback": lambda transaction: transaction._rollback(),
        "that nobody began": lambda transaction: None,
    },
    _ended,
)


@TRANSACTIONS.add
def is_over_after_a_commit_that_failed(bench: Bench) -> object:
    def fail(transaction: Any) -> object:  # noqa: ANN401
        transaction.update(bench.here.document("nobody"), {"n": 1})
        return transaction._commit()

    return _ended(bench, fail)


@TRANSACTIONS.add
def of_an_unknown_id(bench: Bench) -> object:
    document = bench.one(n=1)
    transaction = bench.db.transaction()
    transaction._id = b"unknown"
    read = tried(lambda: document.get(transaction=transaction))
    return [read, _commit(bench.db, b"unknown", document), document.get().exists]


@TRANSACTIONS.add_async
async def reads_and_writes_too(bench: Bench) -> object:
    document = bench.here.document("one")
    await document.set({"n": 1})

    @async_transactional
    async def double(transaction: Any) -> int:  # noqa: ANN401
        n = (await document.get(transaction=transaction)).get("n")
        transaction.update(document, {"n": n * 2})
        return int(n)

    return [await double(bench.db.transaction()), show(await document.get())]
