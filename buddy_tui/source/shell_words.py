"""source: a line of shell, split into words and simple commands. Nothing is run."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Longer ones first, as a shell takes the longest that fits.
_OPERATOR = re.compile(r"&&|\|\||;;|\||;|&|\(|\)|\n")
_REDIRECT = re.compile(r"\d*(?:<<<|<<-?|>>|>\||[<>]&|&>>?|<>|<|>)")
_PLAIN = re.compile(r"[^\s\\'\"$`&|;()<>\n]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_NEEDS_SHELL = re.compile(r"[$`&|;()<>*?~\n]|^\s*[A-Za-z_][A-Za-z0-9_]*=")
_LONGEST = 65_536
_DEEPEST = 30


@dataclass(frozen=True, slots=True)
class Simple:
    """One command of a line: its words without quotes, and the operator that follows it.

    `writes` are the files that it redirects its output to.
    """

    words: tuple[str, ...]
    after: str = ""
    writes: tuple[str, ...] = ()


def words_of(line: str) -> tuple[str, ...]:
    """Split a line as a shell would: quotes and backslashes are gone, operators are words, `$` stays as it is."""
    return tuple(word for word, _ in _tokens(line))


def needs_shell(line: str) -> bool:
    """Tell whether something in a line is more than words: an operator, an expansion, a glob, `A=1` before a program."""
    return bool(_NEEDS_SHELL.search(re.sub(r"'[^']*'", "", line)))


def is_redirect(word: str) -> bool:
    """Tell whether a word of `words_of` is a redirection (`>`, `2>&`), which takes the word after it."""
    return bool(_REDIRECT.fullmatch(word))


def commands_of(line: str) -> tuple[Simple, ...]:
    """Return the simple commands of a line, or of a whole script, in order."""
    found: list[Simple] = []
    words: list[str] = []
    writes: list[str] = []
    redirected = ""
    for word, operator in [*_tokens(line), ("\n", True)]:
        if operator and is_redirect(word):
            redirected = word
        elif not operator and redirected:
            if ">" in redirected and not redirected.endswith("&"):
                writes.append(word)
            redirected = ""
        elif not operator:
            words.append(word)
        else:
            redirected = ""
            if words or writes:
                found.append(Simple(tuple(words), word, tuple(writes)))
            words, writes = [], []
    return tuple(found)


def rejoined(words: tuple[str, ...]) -> tuple[Simple, ...]:
    """Put the words of `words_of` into commands again; redirections are dropped."""
    found: list[Simple] = []
    rest: list[str] = []
    redirected = False
    for word in (*words, "\n"):
        if redirected or is_redirect(word):
            redirected = not redirected
        elif word in ("&&", "||", ";", "|", "&", "\n"):
            found.append(Simple(tuple(rest), word))
            rest = []
        else:
            rest.append(word)
    return tuple(one for one in found if one.words)


def assignments(words: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Split `A=1 B=2 program …` into the variables and the rest."""
    told: dict[str, str] = {}
    for index, word in enumerate(words):
        match = _ASSIGNMENT.fullmatch(word)
        if not match:
            return told, words[index:]
        told[match[1]] = match[2]
    return told, ()


def expand(text: str, known: Mapping[str, str], *, unset: str | None = None, depth: int = 0) -> str:
    """Put the values of variables in: `$x`, `${x}`, `${x:-y}`, `${x-y}`, `${x:+y}`, `${x+y}`, `${x:?y}`.

    A variable that is not known becomes `unset`; where that is None it stays as it is written, unless it has a default.
    Prefixes and suffixes (`${x#y}`) are not computed: they stay. Text past 64 KiB and defaults nested deeper than 30
    are left alone.
    """
    if "$" not in text or len(text) > _LONGEST or depth > _DEEPEST:
        return text
    parts: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        if text.startswith("${", dollar):
            end = _closing(text, dollar + 1, "{", "}")
            parts.append(_braced(text[dollar + 2 : end - 1], known, unset, depth, text[dollar:end]))
            at = end
        elif match := _NAME.match(text, dollar + 1):
            parts.append(known.get(match[0], text[dollar : match.end()] if unset is None else unset))
            at = match.end()
        else:
            parts.append("$")
            at = dollar + 1
    return "".join([*parts, text[at:]])


def expansion_end(line: str, at: int) -> int:
    """Return where `$x`, `${…}`, `$(…)` or a text in backticks ends that begins here."""
    if line[at] == "`":
        return _find(line, "`", at + 1) + 1
    if line.startswith("$(", at):
        return _closing(line, at + 1, "(", ")")
    if line.startswith("${", at):
        return _closing(line, at + 1, "{", "}")
    name = _NAME.match(line, at + 1)
    return name.end() if name else at + 1


def put_in(text: str, known: Mapping[str, str]) -> str:
    """Put the values of known variables in; all others stay as they are written, defaults and all."""
    return re.sub(
        r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-[^{}]*)?\})",
        lambda match: known.get(match[1] or match[2], match[0]),
        text,
    )


def _braced(inner: str, known: Mapping[str, str], unset: str | None, depth: int, whole: str) -> str:
    match = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])(.*))?", inner, re.DOTALL)
    if not match:
        return whole
    name, operator, other = match[1], match[2] or "", match[3] or ""
    value = known.get(name)
    there = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return expand(other, known, unset=unset, depth=depth + 1) if there else ""
    if there and value is not None:
        return value
    if operator.endswith("-"):
        return expand(other, known, unset=unset, depth=depth + 1)
    return whole if unset is None else unset


def _tokens(line: str) -> Iterator[tuple[str, bool]]:
    """Yield words (False) and operators or redirections (True)."""
    line = line[:_LONGEST].replace("\\\n", "")
    at = 0
    while at < len(line):
        if line[at] in " \t\r":
            at += 1
        elif line[at] == "#":
            at = line.find("\n", at) if "\n" in line[at:] else len(line)
        elif match := _REDIRECT.match(line, at) or _OPERATOR.match(line, at):
            yield match[0], True
            at = match.end()
        else:
            word, at = _word(line, at)
            yield word, False


def _word(line: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(line) and line[at] not in " \t\r\n&|;()<>":
        char = line[at]
        if char == "\\":
            parts.append(line[at + 1 : at + 2])
            at += 2
        elif char == "'":
            end = _find(line, "'", at + 1)
            parts.append(line[at + 1 : end])
            at = end + 1
        elif char == '"':
            text, at = _double_quoted(line, at + 1)
            parts.append(text)
        elif char in "$`":
            end = expansion_end(line, at)
            parts.append(line[at:end])
            at = end
        elif match := _PLAIN.match(line, at):
            parts.append(match[0])
            at = match.end()
        else:
            parts.append(char)
            at += 1
    return "".join(parts), at


def _double_quoted(line: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(line) and line[at] != '"':
        if line[at] == "\\" and line[at + 1 : at + 2] in ('"', "\\", "`", "$"):
            parts.append(line[at + 1])
            at += 2
        elif line[at] in "$`":
            end = expansion_end(line, at)
            parts.append(line[at:end])
            at = end
        else:
            parts.append(line[at])
            at += 1
    return "".join(parts), at + 1


def _closing(text: str, at: int, opening: str, closing: str) -> int:
    depth = 0
    for index in range(at, len(text)):
        if text[index] == opening:
            depth += 1
        elif text[index] == closing:
            depth -= 1
            if not depth:
                return index + 1
    return len(text)


def _find(text: str, what: str, at: int) -> int:
    found = text.find(what, at)
    return found if found >= 0 else len(text)
