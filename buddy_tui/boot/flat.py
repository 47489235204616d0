r"""boot: tracebacks whose line breaks a logger took away, one line again for each of theirs.

Line breaks become blanks, nothing at all, or a literal `\n` (rsyslog: `#012`); indentation may be lost with them. Only a line that
holds a traceback is touched.
"""

import re

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "", '"': '"', "'": "'", "\\": "\\", "/": "/"}

_HEADER = "Traceback (most recent call last)"
_QUOTED = re.compile(r'[{=]"')
_STRING = re.compile(r'(?:[^"\\]|\\.)*')

_LITERAL = re.compile(r'(?:last\):\s?|", line \d{1,9}(?:, in [^\s\\#]{1,300})?)(?:(?:\\+r)?\\+n|#012)')

_MOST_ESCAPED = 4  # a string in a string in a string

# What begins a line of a traceback wherever it stands.
_BEGIN = re.compile(
    r"""
      (?P<header>(?:\+\ )?(?:Exception\ Group\ )?Traceback\ \(most\ recent\ call\ last\):)
    | (?P<frame>File\ "[^"\n]{1,1000}",\ line\ \d{1,9}(?:,\ in\ (?:init\ (?=\w+\.))?[^\s\\\#]{1,300})?)
    | (?P<marker>During\ handling\ of\ the\ above\ exception,\ another\ exception\ occurred:
        | The\ above\ exception\ was\ the\ direct\ cause\ of\ the\ following\ exception:)
    | (?P<repeated>\[Previous\ line\ repeated\ \d{1,9}\ more\ times?\])
    """,
    re.VERBOSE,
)
_KNOWN = r"(?:Error|Exception|Exit|Interrupt|Warning|Group|Timeout|Failure|Expired|NotFound|DoesNotExist|Configured)"
# The exception's own line after the source: `…  import y ModuleNotFoundError: No module named 'y'`.
_LAST = re.compile(
    rf"(?<![\w.(\[\"'])(?<!raise )(?<!except )(?P<name>(?:[A-Za-z_]\w{{0,80}}\.){{0,8}}[A-Z]\w{{0,80}}?{_KNOWN})(?=:\s|\s*$)"
)
_ANY_LAST = re.compile(
    r"(?<![\w.(\[\"'])(?P<name>(?:[A-Za-z_]\w{0,80}\.){1,8}[A-Za-z_]\w{0,80}|_?[A-Z][a-z]\w{0,80})(?=:\s|\s*$)"
)
_GLUED = re.compile(rf"(?P<name>[A-Z][a-z]+(?:[A-Z][a-z]+){{0,8}}{_KNOWN})(?=:\s)")
_CARETS = re.compile(r"\s[~^]{2,}(?=\s|$)|\s\^(?=\s|$)")


def is_flat(row: str) -> bool:
    """Tell whether a line holds more than one line of a traceback. Meant for lines with a header or a frame."""
    if _LITERAL.search(row):
        return True
    found = _BEGIN.search(row)
    if found is None:
        return False
    rest = row[found.end() :]
    if found["header"]:
        return bool(rest.strip(" \t\"'`,}])─-+|╮"))
    return bool(found["frame"] and rest.strip() and rest[0].isspace() and not rest.startswith(" in "))


def unfold(row: str) -> list[str]:
    r"""Return the lines of a traceback that stands in one line; literal `\n` and blanks both count as breaks.

    In a line of JSON or logfmt what follows the string that holds it becomes a line of its own.
    """
    if not _LITERAL.search(row):
        return _split(row)
    row, tail = _cut(row)
    row = row.replace("#012", "\\n")
    for _ in range(_MOST_ESCAPED):
        row = _ESCAPE.sub(_unescaped, row) if _LITERAL.search(row) else row
    lines = row.split("\n")
    return [part for line in lines for part in (_split(line) if is_flat(line) else [line])] + tail


def _cut(row: str) -> tuple[str, list[str]]:
    start = row.find(_HEADER)
    if start < 0 or not _QUOTED.search(row, 0, start):
        return row, []
    found = _STRING.match(row, start)
    end = found.end() if found else len(row)
    return row[:end], [row[end:]]


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[1], found[0])


def _split(row: str) -> list[str]:
    lines: list[str] = []
    begins = [*_BEGIN.finditer(row)]
    lead = row[: begins[0].start()]
    for here, after in zip(begins, [*begins[1:], None], strict=True):
        rest = row[here.end() : after.start() if after else len(row)]
        last = after is None or bool(after["header"] or after["marker"])
        if here["header"] or here["marker"]:
            lines.append(lead + here[0])
            lines += [rest.strip()] if rest.strip() else []
        else:
            lines.append(f"  {here[0]}")
            lines += _body(rest, last=last)
        lead = ""
    return lines


def _body(rest: str, *, last: bool) -> list[str]:
    """Split what follows a frame: its source, carets, and after the last frame the exception."""
    end = _end(rest) if last else len(rest)
    source = _CARETS.split(rest[:end], maxsplit=1)[0].strip()
    found = [f"    {source}"] if source else []
    return [*found, rest[end:].strip()] if rest[end:].strip() else found


def _end(rest: str) -> int:
    """Return where the exception's line begins: behind the source's carets, but a message may have its own."""
    carets = [*_CARETS.finditer(rest)]
    found = _LAST.search(rest)
    if found and carets and found.end() < carets[0].start():
        return found.start()
    for pattern in (_LAST, _ANY_LAST, _GLUED):
        found = pattern.search(rest, carets[-1].end() if carets else 0)
        if found:
            return found.start()
    return len(rest)
