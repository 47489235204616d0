"""Firestore: the filters of a query, read into predicates over the fields of a document."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

from buddy_tui.emulator.firestore import names, values
from buddy_tui.emulator.firestore.fields import look_up
from buddy_tui.emulator.firestore.messages import StructuredQuery, Value
from buddy_tui.emulator.firestore.names import NAME, FieldPath, invalid
from buddy_tui.emulator.firestore.values import NAN, NULL, Key
from buddy_tui.emulator.rpc import Message

Predicate = Callable[[Message], bool]

_LISTS = {"IN": 30, "NOT_IN": 10, "ARRAY_CONTAINS_ANY": 30}
_INEQUALITIES = frozenset(
    {"LESS_THAN", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL"}
    | {"NOT_EQUAL", "NOT_IN", "IS_NOT_NULL", "IS_NOT_NAN"}
)
_WITHOUT_VALUE = frozenset({"IS_NULL", "IS_NOT_NULL", "IS_NAN", "IS_NOT_NAN"})
_MOST_ALTERNATIVES = 30
_NEGATIONS = frozenset({"NOT_EQUAL", "NOT_IN", "IS_NOT_NULL", "IS_NOT_NAN"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison: a field, an operator by its name in the API, and the value (none for IS_NULL and its like)."""

    path: FieldPath
    op: str
    value: Message


def key_at(document: Message, path: FieldPath) -> Key | None:
    """Return what sorts a document by a field, its own name included; None where it has no such field."""
    if path == NAME:
        return (6, values.reference_key(document.name))
    value = look_up(document.fields, path)
    return None if value is None else values.key(value)


def predicate(where: Message) -> Predicate:
    """Return whether a document passes a filter, as a function. Raises INVALID_ARGUMENT."""
    _check(where)
    return _compiled(where)


def inequalities(where: Message) -> list[FieldPath]:
    """Return the fields that are compared by more than equality, sorted; a query is ordered by them."""
    return sorted({leaf.path for leaf in _leaves(where) if leaf.op in _INEQUALITIES})


def by_name_alone(where: Message) -> bool:
    """Whether a filter asks for nothing but names."""
    return all(leaf.path == NAME for leaf in _leaves(where))


def _leaves(where: Message) -> Iterator[Leaf]:
    match where.WhichOneof("filter_type"):
        case "composite_filter":
            for inner in where.composite_filter.filters:
                yield from _leaves(inner)
        case "field_filter" | "unary_filter":
            yield _leaf(where)
        case _:
            raise invalid("Unknown Filter type.")


def _leaf(where: Message) -> Leaf:
    if where.HasField("field_filter"):
        one = where.field_filter
        op = StructuredQuery.FieldFilter.Operator.Name(one.op)
        if op == "OPERATOR_UNSPECIFIED":
            raise invalid("Unknown FieldFilter operator.")
        return Leaf(names.field_path(one.field.field_path), op, one.value)
    unary = where.unary_filter
    op = StructuredQuery.UnaryFilter.Operator.Name(unary.op)
    if op == "OPERATOR_UNSPECIFIED":
        raise invalid("Unknown UnaryFilter operator.")
    return Leaf(names.field_path(unary.field.field_path), op, Value())


def _has_or(where: Message) -> bool:
    one = where.composite_filter
    return one.op == StructuredQuery.CompositeFilter.OR or any(_has_or(inner) for inner in one.filters)


def _alternatives(where: Message) -> int:
    """Return how many alternatives a filter has, once its ANDs are drawn into its ORs."""
    if where.HasField("composite_filter"):
        parts = [_alternatives(inner) for inner in where.composite_filter.filters]
        return sum(parts) if where.composite_filter.op == StructuredQuery.CompositeFilter.OR else prod(parts)
    leaf = _leaf(where)
    wanted = {values.key(value) for value in leaf.value.array_value.values}
    return len(wanted) if leaf.op in {"IN", "ARRAY_CONTAINS_ANY"} else 1


def _array_filters(where: Message) -> int:
    """Return how many filters on arrays an alternative has, at most."""
    if where.HasField("composite_filter"):
        parts = [_array_filters(inner) for inner in where.composite_filter.filters]
        any_of = where.composite_filter.op == StructuredQuery.CompositeFilter.OR
        return max(parts, default=0) if any_of else sum(parts)
    return int(_leaf(where).op in {"ARRAY_CONTAINS", "ARRAY_CONTAINS_ANY"})


def _check(where: Message) -> None:
    leaves = list(_leaves(where))
    for leaf in leaves:
        _check_value(leaf)
    ops = [leaf.op for leaf in leaves]
    if sum(op in _NEGATIONS for op in ops) > 1:
        raise invalid(
            "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query."
        )
    if "NOT_IN" in ops and (_has_or(where) or {"IN", "ARRAY_CONTAINS_ANY"} & set(ops)):
        raise invalid("'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.")
    if leaves and (count := _alternatives(where)) > _MOST_ALTERNATIVES:
        raise invalid(
            f"Too many disjunctions after normalization. Result had {count} disjunctions which is more than "
            f"the maximum of {_MOST_ALTERNATIVES}"
        )
    if leaves and _array_filters(where) > 1:
        raise invalid("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.")


def _check_value(leaf: Leaf) -> None:
    wanted = [leaf.value]
    if leaf.op in _LISTS:
        if not leaf.value.HasField("array_value"):
            raise invalid(f"'{leaf.op}' requires an ArrayValue.")
        wanted = list(leaf.value.array_value.values)
        if not wanted:
            raise invalid(f"'{leaf.op}' requires an non-empty ArrayValue.")
        if len(wanted) > _LISTS[leaf.op]:
            raise invalid(f"'{leaf.op}' supports up to {_LISTS[leaf.op]} comparison values.")
    if leaf.op not in _WITHOUT_VALUE and any(value.WhichOneof("value_type") is None for value in wanted):
        raise invalid("Cannot convert firestore.v1.Value with type unset.")
    if leaf.path == NAME and not all(value.HasField("reference_value") for value in wanted):
        raise invalid("__key__ filter value must be a Key")


def _compiled(where: Message) -> Predicate:
    if where.HasField("composite_filter"):
        return _composite(where.composite_filter)
    return _compare(_leaf(where))


def _composite(composite: Message) -> Predicate:
    parts = [_compiled(inner) for inner in composite.filters]
    match composite.op:
        case StructuredQuery.CompositeFilter.AND:
            return lambda document: all(part(document) for part in parts)
        case StructuredQuery.CompositeFilter.OR:
            return lambda document: any(part(document) for part in parts)
    raise invalid("Unsupported CompositeFilter operator.")


def _compare(leaf: Leaf) -> Predicate:
    test = _test(leaf)

    def passes(document: Message) -> bool:
        found = key_at(document, leaf.path)
        return found is not None and test(found)

    return passes


def _test(leaf: Leaf) -> Callable[[Key], bool]:
    """Return whether a field's key passes. Null equals nothing, and NaN neither equals nor is less or more."""
    wanted = values.key(leaf.value)
    listed = [values.key(value) for value in leaf.value.array_value.values]
    some = {key for key in listed if key not in (NULL, NAN)}
    unequal = wanted not in (NULL, NAN)
    tests: dict[str, Callable[[Key], bool]] = {
        "EQUAL": lambda key: unequal and key == wanted,
        "NOT_EQUAL": lambda key: NULL not in (key, wanted) and not (unequal and key == wanted),
        "LESS_THAN": lambda key: values.comparable(key, wanted) and key < wanted,
        "LESS_THAN_OR_EQUAL": lambda key: values.comparable(key, wanted) and key <= wanted,
        "GREATER_THAN": lambda key: values.comparable(key, wanted) and key > wanted,
        "GREATER_THAN_OR_EQUAL": lambda key: values.comparable(key, wanted) and key >= wanted,
        "IN": lambda key: key in some,
        "NOT_IN": lambda key: key != NULL and NULL not in listed and key not in some,
        "ARRAY_CONTAINS": lambda key: unequal and key[0] == values.ARRAY and wanted in key[1],
        "ARRAY_CONTAINS_ANY": lambda key: key[0] == values.ARRAY and not some.isdisjoint(key[1]),
        "IS_NULL": lambda key: key == NULL,
        "IS_NOT_NULL": lambda key: key != NULL,
        "IS_NAN": lambda key: key == NAN,
        "IS_NOT_NAN": lambda key: key not in (NULL, NAN),
    }
    return tests[leaf.op]
