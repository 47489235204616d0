"""Firestore: a structured query, read once and put to documents: filter, order, cursors, offset, limit, fields."""

from collections.abc import Iterable
from dataclasses import dataclass

import grpc

from buddy_tui.emulator.firestore import fields, filters, names, values
from buddy_tui.emulator.firestore.documents import Change, Scope
from buddy_tui.emulator.firestore.filters import Predicate, key_at
from buddy_tui.emulator.firestore.messages import StructuredQuery
from buddy_tui.emulator.firestore.names import NAME, FieldPath, invalid
from buddy_tui.emulator.firestore.values import Key
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message

_EVERYTHING = StructuredQuery.Filter(composite_filter={"op": StructuredQuery.CompositeFilter.AND})


@dataclass(frozen=True, slots=True)
class Order:
    """One field that a query is ordered by."""

    path: FieldPath
    descending: bool

    def key(self, document: Message) -> Key:
        """Return what sorts a document; one without the field is never sorted."""
        return key_at(document, self.path) or values.NULL


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a query: a position, by the keys of its first orders, and whether it lies just before it."""

    keys: tuple[Key, ...]
    before: bool

    def passed(self, document: Message, orders: tuple[Order, ...]) -> bool:
        """Whether a document lies behind this bound."""
        for key, order in zip(self.keys, orders, strict=False):
            found = order.key(document)
            if found != key:
                return (found < key) if order.descending else (found > key)
        return self.before


@dataclass(frozen=True, slots=True)
class Query:
    """A query of one collection or collection group. `limit` and `select` are None where all is wanted."""

    scope: Scope
    where: Predicate
    orders: tuple[Order, ...]
    start: Bound | None
    end: Bound | None
    offset: int
    limit: int | None
    select: tuple[FieldPath, ...] | None

    def matches(self, document: Message | None) -> bool:
        """Whether a document of this scope is part of the answer, offset and limit left aside."""
        return (
            document is not None
            and self.where(document)
            and all(key_at(document, order.path) is not None for order in self.orders)
            and (self.start is None or self.start.passed(document, self.orders))
            and (self.end is None or not self.end.passed(document, self.orders))
        )

    def concerned(self, change: Change) -> bool:
        """Whether a change may change the answer."""
        return self.scope.covers(change.path) and (self.matches(change.old) or self.matches(change.new))

    def answer(self, documents: Iterable[Message]) -> list[Message]:
        """Return the answer from the documents of this scope: whole documents, in order."""
        found = [document for document in documents if self.matches(document)]
        for order in reversed(self.orders):
            found.sort(key=order.key, reverse=order.descending)
        end = None if self.limit is None else self.offset + self.limit
        return found[self.offset : end]

    def shown(self, document: Message) -> Message:
        """Return a document with the fields that are asked for."""
        return document if self.select is None else fields.only(document, self.select)


def read(parent: str, wanted: Message) -> Query:
    """Read a StructuredQuery under a parent's name. Raises INVALID_ARGUMENT; FindNearest is UNIMPLEMENTED."""
    if wanted.HasField("find_nearest"):
        raise Problem(grpc.StatusCode.UNIMPLEMENTED, "Vector search is not part of this emulator.")
    where = wanted.where if wanted.HasField("where") else _EVERYTHING
    orders = _orders(wanted, where)
    return Query(
        _scope(parent, wanted.from_),
        filters.predicate(where),
        orders,
        _bound(wanted.start_at, orders[: len(wanted.order_by)]) if wanted.HasField("start_at") else None,
        _bound(wanted.end_at, orders[: len(wanted.order_by)]) if wanted.HasField("end_at") else None,
        _not_negative("offset", wanted.offset),
        _not_negative("limit", wanted.limit.value) if wanted.HasField("limit") else None,
        _select(wanted),
    )


def _scope(parent: str, selectors: Iterable[Message]) -> Scope:
    path = names.parent(parent).path
    chosen = list(selectors)
    if len(chosen) > 1:
        raise invalid("StructuredQuery.from cannot have more than one collection selector.")
    if not chosen or not chosen[0].collection_id:
        return Scope(path, "", everywhere=True)
    names.check_collection(chosen[0].collection_id)
    return Scope(path, chosen[0].collection_id, chosen[0].all_descendants)


def _orders(wanted: Message, where: Message) -> tuple[Order, ...]:
    """Return the orders that are asked for, then those that go without saying: fields of inequalities, then the name."""
    orders = [
        Order(names.field_path(one.field.field_path), one.direction == StructuredQuery.DESCENDING)
        for one in wanted.order_by
    ]
    for order in orders:
        if sum(other.path == order.path for other in orders) > 1:
            raise invalid(f"order by clause cannot contain duplicate fields {'.'.join(order.path)}")
    if any(order.path == NAME for order in orders[:-1]):
        raise invalid("order by clause cannot contain more fields after the key")
    if orders and orders[0] == Order(NAME, descending=True) and filters.by_name_alone(where):
        raise Problem(grpc.StatusCode.FAILED_PRECONDITION, "Firestore does not support descending key scans")
    last = bool(orders) and orders[-1].descending
    for path in (*filters.inequalities(where), NAME):
        if all(order.path != path for order in orders):
            orders.append(Order(path, last))
    return tuple(orders)


def _bound(cursor: Message, orders: tuple[Order, ...]) -> Bound:
    if len(cursor.values) > len(orders):
        raise invalid("Cursor has too many values.")
    for value, order in zip(cursor.values, orders, strict=False):
        if order.path == NAME and not value.HasField("reference_value"):
            raise invalid("Cursor __key__ value is not a document reference.")
    return Bound(tuple(values.key(value) for value in cursor.values), cursor.before)


def _not_negative(name: str, number: int) -> int:
    if number < 0:
        raise invalid(f"{name} is negative")
    return number


def _select(wanted: Message) -> tuple[FieldPath, ...] | None:
    if not wanted.HasField("select"):
        return None
    chosen = (names.field_path(one.field_path) for one in wanted.select.fields)
    return tuple(path for path in chosen if path != NAME)
