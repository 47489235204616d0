"""What a listener is told, and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any

from google.cloud.firestore_v1 import FieldFilter, Or, transactional
from google.cloud.firestore_v1 import Query as FirestoreQuery

from tests.emulator.firestore_differential.bench import Bench, Checks, ids, show

LISTENERS = Checks("listener")

_SOON = 10.0
_SILENCE = 0.3


class Ear:
    """What one listener heard, snapshot by snapshot."""

    def __init__(self) -> None:
        self.heard: Queue[list[str]] = Queue()

    def take(self, documents: Any, changes: Any, _time: object) -> None:  # noqa: ANN401 - the client's own
        """Be called by the client, on a thread of its own."""
        told = [
            f"{change.type.name} {change.document.id} {change.old_index}>{change.new_index}"
            for change in changes
        ]
        self.heard.put([*map(show, documents), *told])

    def next(self) -> list[str]:
        """Return what the next snapshot tells."""
        try:
            return self.heard.get(timeout=_SOON)
        except Empty:
            return ["nothing came"]

    def silence(self) -> str:
        """Tell whether nothing more comes."""
        try:
            return str(self.heard.get(timeout=_SILENCE))
        except Empty:
            return "silence"


@contextmanager
def _listening(target: Any) -> Iterator[Ear]:  # noqa: ANN401 - document or query
    ear = Ear()
    watch = target.on_snapshot(ear.take)
    try:
        yield ear
    finally:
        watch.unsubscribe()


@LISTENERS.add
def of_a_document(bench: Bench) -> object:
    document = bench.one(n=1)
    with _listening(document) as ear:
        told = [ear.next()]
        for change in (
            lambda: document.update({"n": 2}),
            lambda: document.set({"m": 1}),
            document.delete,
            lambda: document.set({"n": 3}),
        ):
            change()
            told.append(ear.next())
        return [*told, ear.silence()]


@LISTENERS.add
def of_a_document_that_is_missing(bench: Bench) -> object:
    document = bench.here.document("nobody")
    with _listening(document) as ear:
        told = [ear.next()]
        document.set({"n": 1})
        return [*told, ear.next(), ear.silence()]


@LISTENERS.add
def of_a_collection(bench: Bench) -> object:
    bench.fill({"b": {"n": 1}, "d": {"n": 2}})
    with _listening(bench.here) as ear:
        told = [ear.next()]
        for change in (
            lambda: bench.here.document("c").set({"n": 3}),
            lambda: bench.here.document("b").update({"n": 9}),
            bench.here.document("d").delete,
            lambda: bench.here.document("a").set({}),
        ):
            change()
            told.append(ear.next())
        return told


@LISTENERS.add
def of_an_empty_collection(bench: Bench) -> object:
    with _listening(bench.here) as ear:
        told = [ear.next()]
        bench.one(n=1)
        return [*told, ear.next()]


@LISTENERS.add
def of_an_order(bench: Bench) -> object:
    bench.fill({name: {"n": number} for number, name in enumerate("abc")})
    with _listening(bench.here.order_by("n", direction=FirestoreQuery.DESCENDING)) as ear:
        told = [ear.next()]
        for change in ({"n": 10}, {"n": 1.5}, {"n": None}, {"m": 1}):
            bench.here.document("a").set(change)
            told.append(ear.next())
        return told


@LISTENERS.add
def of_a_filter(bench: Bench) -> object:
    bench.fill({"in": {"n": 5}, "out": {"n": 0}})
    with _listening(bench.here.where(filter=FieldFilter("n", ">", 1))) as ear:
        told = [ear.next()]
        bench.here.document("out").update({"n": 7})
        told.append(ear.next())
        bench.here.document("in").update({"n": 1})
        told.append(ear.next())
        bench.here.document("in").update({"n": 0})
        return [*told, ear.silence()]


@LISTENERS.add
def of_either_filter(bench: Bench) -> object:
    bench.fill({"a": {"n": 5}, "b": {"m": 5}, "c": {"k": 5}})
    with _listening(
        bench.here.where(filter=Or([FieldFilter("n", "==", 5), FieldFilter("m", "==", 5)]))
    ) as ear:
        told = [ear.next()]
        bench.here.document("c").update({"m": 5})
        return [*told, ear.next()]


@LISTENERS.add
def of_a_limit(bench: Bench) -> object:
    bench.fill({name: {"n": number} for number, name in enumerate("abcd")})
    with _listening(bench.here.order_by("n").limit(2)) as ear:
        told = [ear.next()]
        bench.here.document("x").set({"n": -1})
        told.append(ear.next())
        bench.here.document("x").delete()
        told.append(ear.next())
        bench.here.document("d").update({"n": 9})
        return [*told, ear.silence()]


@LISTENERS.add
def of_a_collection_group(bench: Bench) -> object:
    group = f"{bench.here.id} group"
    bench.db.document(f"a/a/{group}/x").set({"n": 1})
    with _listening(bench.db.collection_group(group)) as ear:
        told = [ear.next()]
        bench.db.document(f"b/b/{group}/y").set({"n": 2})
        told.append(ear.next())
        bench.db.document("b/b/other/z").set({"n": 2})
        return [*told, ear.silence()]


@LISTENERS.add
def hears_a_batch_at_once(bench: Bench) -> object:
    bench.fill({"a": {"n": 1}, "b": {"n": 1}})
    with _listening(bench.here) as ear:
        told, batch = [ear.next()], bench.db.batch()
        batch.delete(bench.here.document("a"))
        batch.update(bench.here.document("b"), {"n": 2})
        batch.set(bench.here.document("c"), {"n": 3})
        batch.commit()
        return [*told, ear.next(), ear.silence()]


@LISTENERS.add
def hears_a_transaction_at_once(bench: Bench) -> object:
    document = bench.one(n=1)

    @transactional
    def change(transaction: Any) -> None:  # noqa: ANN401
        transaction.update(document, {"n": document.get(transaction=transaction).get("n") + 1})
        transaction.set(bench.here.document("two"), {"n": 2})

    with _listening(bench.here) as ear:
        told = [ear.next()]
        change(bench.db.transaction())
        return [*told, ear.next(), ear.silence()]


@LISTENERS.add
def hears_nothing_of_others(bench: Bench) -> object:
    document = bench.one(n=1)
    with _listening(document) as ear, _listening(bench.here) as other:
        told = [ear.next(), other.next()]
        document.collection("sub").document("x").set({"n": 1})
        bench.db.collection(f"{bench.here.id} beside").document("one").set({"n": 1})
        return [*told, ear.silence(), other.silence()]


@LISTENERS.add
def hears_nothing_of_what_failed(bench: Bench) -> object:
    bench.one(n=1)
    with _listening(bench.here) as ear:
        told, batch = [ear.next()], bench.db.batch()
        batch.set(bench.here.document("two"), {"n": 1})
        batch.create(bench.here.document("one"), {"n": 1})
        try:
            batch.commit()
        except Exception as error:  # noqa: BLE001 - its name is an answer
            told.append([type(error).__name__])
        return [*told, ear.silence()]


@LISTENERS.add
def hears_nothing_where_nothing_changed(bench: Bench) -> object:
    document = bench.one(n=1)
    with _listening(bench.here) as ear:
        told = [ear.next()]
        document.set({"n": 1})
        return [*told, ear.silence()]


@LISTENERS.add
def hears_nothing_after_its_end(bench: Bench) -> object:
    document = bench.one(n=1)
    with _listening(document) as ear:
        told = [ear.next()]
    document.update({"n": 2})
    return [*told, ear.silence()]


@LISTENERS.add
def side_by_side(bench: Bench) -> object:
    document = bench.one(n=1)
    with _listening(document) as first, _listening(document) as second, _listening(bench.here) as third:
        told = [ear.next() for ear in (first, second, third)]
        document.update({"n": 2})
        return [*told, *(ear.next() for ear in (first, second, third))]


@LISTENERS.add
def hears_each_of_twenty_changes_in_order(bench: Bench) -> object:
    document = bench.one(n=0)
    with _listening(document) as ear:
        told = [ear.next()]
        for number in range(1, 21):
            document.update({"n": number})
        while told[-1][0] != "one={'n': 20}" and told[-1] != ["nothing came"]:
            told.append(ear.next())
    numbers = [int(one[0].removeprefix("one={'n': ").removesuffix("}")) for one in told]
    return [numbers == sorted(numbers), numbers[-1], ids(bench.here)]
