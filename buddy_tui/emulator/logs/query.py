"""The grammar of the Logging query language: from a filter's text to a tree.

It is that of Google's page "Logging query language": NOT binds tightest, then OR, then AND; between two comparisons
AND may be left out; a value may be a parenthesised combination.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc

from buddy_tui.emulator.names import Problem

LONGEST = 20_000
_DEEPEST = 50

_BLANK = re.compile(r"(?:\s|--[^\n]*)*")
_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"\'()=<>!~:,*])+', re.DOTALL)
_OPERATOR = re.compile(r"=~|!~|!=|>=|<=|[=<>:]")
_SEGMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([\w@-]+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Compare:
    """`path op value`. `quoted` tells a text from a bare word; `at` is where it stands in the filter."""

    path: tuple[str, ...]
    op: str
    value: str
    quoted: bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A single value: some field contains it."""

    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, as written."""

    name: str
    args: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The entry does not match `part`."""

    part: "Tree"


@dataclass(frozen=True, slots=True)
class And:
    """The entry matches every part."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """The entry matches one part at least."""

    parts: tuple["Tree", ...]


Tree = Compare | Text | Call | Not | And | Or


def parse(text: str) -> Tree:
    """Read a filter; a bad one is an INVALID_ARGUMENT Problem that names the place."""
    if len(text) > LONGEST:
        raise Problem(grpc.StatusCode.INVALID_ARGUMENT, f"The filter is longer than {LONGEST:,} characters.")
    return _Parser(text).whole()


class _Parser:
    """Recursive descent over the text. A leaf is what stands between the Boolean operators."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Tree:
        tree = self._all(self._restriction) if self._peek() else And(())
        if self._peek():
            raise self._unexpected()
        return tree

    def _all(self, leaf: Callable[[], Tree]) -> Tree:
        parts = [self._any(leaf)]
        while self._keyword("AND") or self._peek() not in {"", ")"}:
            parts.append(self._any(leaf))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _any(self, leaf: Callable[[], Tree]) -> Tree:
        parts = [self._unary(leaf)]
        while self._keyword("OR"):
            parts.append(self._unary(leaf))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _unary(self, leaf: Callable[[], Tree]) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._unexpected("nested too deeply")
        negated = self._keyword("NOT") or self._minus()
        tree = Not(self._unary(leaf)) if negated else self._group(leaf) if self._eat("(") else leaf()
        self._depth -= 1
        return tree

    def _group(self, leaf: Callable[[], Tree]) -> Tree:
        tree = self._all(leaf)
        if not self._eat(")"):
            raise self._unexpected("missing ')'")
        return tree

    def _restriction(self) -> Tree:
        self._skip()
        start, word = self._at, self._word()
        if self._text.startswith("(", self._at) and word.isidentifier():
            return Call(word, self._arguments(), start)
        self._skip()
        match = _OPERATOR.match(self._text, self._at)
        if match is None:
            return Text(unescape(word) if word.startswith('"') else word)
        path = self._path(word, start)
        self._at = match.end()
        return self._value(path, match[0], start)

    def _value(self, path: tuple[str, ...], op: str, start: int) -> Tree:
        def leaf() -> Tree:
            if op == ":" and self._eat("*"):
                return Compare(path, op, "*", quoted=False, at=start)
            word = self._word()
            quoted = word.startswith('"')
            return Compare(path, op, unescape(word) if quoted else word, quoted, start)

        self._skip()
        return self._group(leaf) if self._eat("(") else leaf()

    def _arguments(self) -> tuple[str, ...]:
        self._eat("(")
        args = [self._word()]
        while self._eat(","):
            args.append(self._word())
        if not self._eat(")"):
            raise self._unexpected("missing ')'")
        return tuple(args)

    def _path(self, word: str, start: int) -> tuple[str, ...]:
        path = split_path(word)
        if not path:
            raise bad(self._text, start, "not a field (quote a part that has special characters)")
        return path

    def _word(self) -> str:
        self._skip()
        match = _WORD.match(self._text, self._at)
        if match is None or match[0] in {"AND", "OR", "NOT"}:
            raise self._unexpected()
        self._at = match.end()
        return match[0]

    def _keyword(self, keyword: str) -> bool:
        self._skip()
        match = _WORD.match(self._text, self._at)
        if match is None or match[0] != keyword:
            return False
        self._at = match.end()
        return True

    def _minus(self) -> bool:
        return self._peek() == "-" and self._eat("-")

    def _eat(self, symbol: str) -> bool:
        self._skip()
        found = self._text.startswith(symbol, self._at)
        self._at += len(symbol) if found else 0
        return found

    def _peek(self) -> str:
        self._skip()
        return self._text[self._at : self._at + 1]

    def _skip(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _unexpected(self, reason: str = "syntax error") -> Problem:
        self._skip()
        return bad(self._text, self._at, reason)


def split_path(word: str) -> tuple[str, ...]:
    """Split `labels."a/b".c` at its dots; empty where it is no path."""
    segments, at = [], 0
    while match := _SEGMENT.match(word, at):
        segments.append(match[2] if match[1] is None else unescape(match[0]))
        at = match.end()
        if at == len(word):
            return tuple(segments)
        if word[at] != ".":
            break
        at += 1
    return ()


def bad(text: str, at: int, reason: str) -> Problem:
    """Return the Problem of a filter that is wrong at offset `at`."""
    row, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    rest = text[at:].split(maxsplit=1)
    token = f"token '{rest[0][:40]}'" if rest else "end of the filter"
    return Problem(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"Unparseable filter: {reason} at line {row}, column {column}, {token}",
    )


def unescape(word: str) -> str:
    """Return what a quoted word says. An escape that is not known keeps its backslash: it may be a pattern's."""

    def plain(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, match[0])

    return _ESCAPE.sub(plain, word[1:-1])
