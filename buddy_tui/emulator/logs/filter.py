"""Filters of the emulated Cloud Logging: from a text in the Logging query language to a test of an entry.

Of Google's functions `log_id` and `SEARCH` are known here; the others are refused, and so is a filter that Google
would refuse: an unknown field, a value that is not of the field's type.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from buddy_tui.emulator.logs.fields import fold, resolve, test, texts
from buddy_tui.emulator.logs.query import (
    And,
    Call,
    Compare,
    Not,
    Or,
    Text,
    Tree,
    bad,
    parse,
    split_path,
    unescape,
)
from buddy_tui.emulator.rpc import Message

Predicate = Callable[[Message], bool]


def compile_filter(text: str) -> Predicate:
    """Return the test that the filter is; an empty one matches all. A bad one is an INVALID_ARGUMENT Problem."""
    return _compile(parse(text), text)


def _compile(tree: Tree, text: str) -> Predicate:
    match tree:
        case Compare():
            return _comparison(tree, text)
        case Text(value):
            folded = fold(value)
            return lambda entry: any(folded in fold(found) for found in texts(entry))
        case Call():
            return _function(tree, text)
        case Not(part):
            inner = _compile(part, text)
            return lambda entry: not inner(entry)
        case And(parts):
            return _every([_compile(part, text) for part in parts])
        case Or(parts):
            choices = [_compile(part, text) for part in parts]
            return lambda entry: any(choice(entry) for choice in choices)


def _every(parts: list[Predicate]) -> Predicate:
    def matches(entry: Message) -> bool:
        # A plain loop: this runs for every entry that is kept.
        for part in parts:  # noqa: SIM110
            if not part(entry):
                return False
        return True

    return matches


def _comparison(tree: Compare, text: str) -> Predicate:
    try:
        found = resolve(tree.path)
        if tree.op == ":" and tree.value == "*" and not tree.quoted:
            return lambda entry: any(value or not found.defaulted for value in found.values(entry))
        check = test(found, tree.op, tree.value, quoted=tree.quoted)
    except ValueError as error:
        raise bad(text, tree.at, str(error)) from None

    def matches(entry: Message) -> bool:
        for value in found.values(entry):  # noqa: SIM110 - as above
            if check(value):
                return True
        return False

    return matches


def _function(call: Call, text: str) -> Predicate:
    args = tuple(unescape(arg) if arg.startswith('"') else arg for arg in call.args)
    if call.name == "log_id" and len(args) == 1:
        return lambda entry: unquote(entry.log_name.partition("/logs/")[2]) == args[0]
    if call.name.upper() == "SEARCH" and len(args) <= 2:
        return _search(call, args, text)
    raise bad(text, call.at, f"the emulator does not know {call.name}() with {len(args)} arguments")


def _search(call: Call, args: tuple[str, ...], text: str) -> Predicate:
    """Match entries that hold every word of the query as a word; a phrase in backticks counts as one.

    Words are split where a character is neither a letter, a digit nor `_`: simpler than Google's analyser.
    """
    *paths, query = args
    wanted = [_whole(part) for part in re.findall(r"`[^`]*`|\w+", fold(query))]
    try:
        found = resolve(split_path(paths[0])) if paths else None
    except ValueError as error:
        raise bad(text, call.at, str(error)) from None

    def matches(entry: Message) -> bool:
        nodes = [entry] if found is None else found.values(entry)
        within = "\n".join(fold(part) for node in nodes for part in texts(node))
        return all(pattern.search(within) for pattern in wanted)

    return matches


def _whole(part: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(part.strip('`'))}(?!\w)")
