"""Firestore: aggregation: count, sum and average over the answer of a query."""

from collections.abc import Iterable, Mapping
from math import fsum, isfinite

from buddy_tui.emulator.firestore import values
from buddy_tui.emulator.firestore.fields import look_up
from buddy_tui.emulator.firestore.messages import NULL, Value
from buddy_tui.emulator.firestore.names import FieldPath, check_field, field_path, invalid
from buddy_tui.emulator.rpc import Message

_MOST_AGGREGATIONS = 5


def aggregate(aggregations: Iterable[Message], documents: list[Message]) -> dict[str, Message]:
    """Return the result of each aggregation by its alias. Raises INVALID_ARGUMENT.

    As Google counts, a document that lacks one of the fields that are added up counts in none of the aggregations.
    """
    named = _named(list(aggregations))
    paths = [path for path in map(_field, named.values()) if path]
    whole = [one for one in documents if all(look_up(one.fields, path) is not None for path in paths)]
    return {alias: _result(one, whole) for alias, one in named.items()}


def _named(aggregations: list[Message]) -> Mapping[str, Message]:
    if not aggregations:
        raise invalid("Aggregations can not be empty.")
    if len(aggregations) > _MOST_AGGREGATIONS:
        raise invalid(
            f"The maximum number of aggregations allowed in an aggregation query is {_MOST_AGGREGATIONS}."
        )
    named: dict[str, Message] = {}
    for number, one in enumerate(aggregations, start=1):
        alias = one.alias or f"field_{number}"
        check_field(alias)
        if alias in named:
            raise invalid(f"Aggregation aliases contain duplicate alias: {alias}.")
        named[alias] = one
    return named


def _field(one: Message) -> FieldPath:
    match one.WhichOneof("operator"):
        case "sum":
            return field_path(one.sum.field.field_path)
        case "avg":
            return field_path(one.avg.field.field_path)
        case "count":
            if one.count.up_to.value < 0:
                raise invalid(
                    "The `up_to` value in a COUNT aggregation must be greater than or equal to zero."
                )
            return ()
    raise invalid("Operator field in Aggregation is not set.")


def _result(one: Message, documents: list[Message]) -> Message:
    if one.HasField("count"):
        most = one.count.up_to.value if one.count.HasField("up_to") else len(documents)
        return Value(integer_value=min(len(documents), most))
    path = _field(one)
    found = (look_up(document.fields, path) for document in documents)
    numbers = [values.number(value) for value in found if value is not None and values.is_number(value)]
    if one.HasField("sum"):
        return _sum(numbers)
    return Value(double_value=_total(numbers) / len(numbers)) if numbers else NULL


def _sum(numbers: list[int | float]) -> Message:
    """Return an integer where all are and the sum fits, else a double."""
    total = _total(numbers)
    if isinstance(total, int) and -(2**63) <= total < 2**63:
        return Value(integer_value=total)
    return Value(double_value=float(total))


def _total(numbers: list[int | float]) -> int | float:
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    # fsum refuses to add infinities of both signs, where the answer is NaN.
    return fsum(numbers) if all(isfinite(number) for number in numbers) else sum(numbers)
