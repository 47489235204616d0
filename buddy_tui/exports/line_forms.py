"""exports: plain lines, and what each tool or platform writes before them."""

import html
import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from buddy_tui.clean import clean
from buddy_tui.exports.console_forms import Copied, copied, summary
from buddy_tui.exports.json_forms import nanoseconds
from buddy_tui.model import LogEntry
from buddy_tui.payload import level, said, severity

_ISO = r"(?P<when>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
_BLANK = r"(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)(?!\.| *[,|\]])"
# By name: what follows may be glued to it, as older copies from the Logs Explorer have it.
_ZONE = (
    r"(?: (?:UTC|GMT|BST|CEST|CET|EEST|EET|WEST|WET|MSK|IST|JST|KST|SGT|HKT|AEST|AEDT|ACST|AWST|NZST|NZDT|SAST|BRT|ART"
    r"|EST|EDT|CST|CDT|MST|MDT|PST|PDT))"
)
_MONTH = r"(?P<day>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d,? \d\d:\d\d:\d\d(?:\.\d+)?)"
_LEVEL = r"(?P<level>DEFAULT|DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY)"


class Form(NamedTuple):
    """What stands before the text of a line. Named groups: when, source, level."""

    name: str
    pattern: re.Pattern[str]


# The most particular first: Heroku's and syslog's lines would pass for a mere time and a text.
FORMS = (
    Form("kubernetes", re.compile(rf"{_ISO} (?:stdout|stderr) [FP] ")),
    Form("heroku", re.compile(rf"{_ISO} (?:app|heroku)\[(?P<source>[\w.-]+)\]: ?")),
    Form("fly", re.compile(rf"{_ISO} (?:app|runner|proxy)\[(?P<source>[\w-]+)\] \w+ ?\[(?P<level>\w+)\] ?")),
    Form("railway", re.compile(rf"{_ISO} \[(?P<level>\w{{3,5}})\] {{0,2}}")),
    Form("render", re.compile(rf"{_MONTH} [AP]M(?: \[(?P<source>[\w-]+)\])? {{0,2}}")),
    Form("logs explorer", re.compile(rf"{_LEVEL}\s+{_ISO}\s+(?:\[resource\.labels[^\]]*\] ?)?")),
    Form("logs explorer", re.compile(rf"(?i:{_LEVEL})\s+{_BLANK}{_ZONE}?\s+")),
    Form("logs explorer", re.compile(rf"{_BLANK}{_ZONE}[ \t]*")),
    Form("firebase", re.compile(rf"{_ISO} [?DINWEC] (?P<source>[\w-]+): ?")),
    Form(
        "functions",
        re.compile(
            rf"(?:(?P<level>[A-Z]{{4,}}) +|[A-Z] +| {{2,}})(?P<source>[a-z][\w-]*) {{2,}}(?:[\w-]{{6,40}} {{2,}})?{_BLANK} {{2,}}"
        ),
    ),
    Form("syslog", re.compile(rf"<\d+>1 {_ISO} (?P<source>\S+) \S+ \S+ \S+ (?:-|\[[^\]]*\]) ?")),
    Form("syslog", re.compile(rf"(?:{_MONTH}|{_ISO}) (?P<source>[\w.<>-]+) [\w./-]+(?:\[\d+\])?: ?")),
    Form("docker compose", re.compile(rf"(?P<source>[a-zA-Z0-9][\w.-]*) +\| ?(?:{_ISO} ?)?")),
    Form("cloud build", re.compile(r"Step #(?P<source>\d+)(?: - \"[^\"]*\")?: ?")),
    Form("kubectl", re.compile(rf"\[pod/(?P<source>[\w./-]+)\] (?:{_ISO} ?)?")),
    Form("dozzle", re.compile(rf"\d{{13}}[ \t]+{_ISO}[ \t]+")),
    Form("times", re.compile(rf"{_ISO}[ \t]+")),
    Form("gcloud", re.compile(rf"{_BLANK}[ \t]+(?!- )")),
)
_SAMPLE = 400
_MOST_WRAPS = 3
_TABLE = re.compile(r"LEVEL +NAME +.*TIME_UTC +LOG *$")
_START, _END = "Starting new instance", ("probe failed", "Container called exit(", "Ready condition status")
# What is left around a log that was copied as a page's source.
_MARKUP = re.compile(r"</?(?:pre|font|code|span|b|p|br|div)\b[^<>\n]*>")
_CONTINUES = re.compile(r"\s|Traceback |\S+(?:Error|Exception)\b|During handling|The above exception|$")


def as_lines(text: str, first_line: int = 1) -> tuple[tuple[LogEntry, ...], str]:
    """Return lines as entries, without what their tool wrote before them, and the name of that tool's form.

    Times are believed only when they all run one way; newest-first lines are turned round, each with the lines that
    continue it. A line that is a JSON object is told in words.
    """
    if "&quot;" in text and ("&lt;" in text or "File &quot;" in text):
        text = html.unescape(_MARKUP.sub("", text))
    lines = _unwrapped(text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n"))
    if _TABLE.match(lines[0]):
        lines[0] = ""
    page = copied(lines)
    form = form_of(
        [line for at, line in enumerate(page.lines) if at not in page.spent] if page.spent else lines
    )
    parts = list(_parts(page, form, first_line))
    times = [part.when for part in parts if part.own and part.when]
    if any(earlier > later for earlier, later in pairwise(times)):
        if all(earlier >= later for earlier, later in pairwise(times)):
            parts = list(_turned(parts))
        else:
            parts = [part._replace(when=0) for part in parts]
    elif len(set(times)) == 1 and _ends_first(parts):
        parts = list(_turned(parts))
    known = {first_line + at: entry for at, entry in (page.entries or {}).items()}
    entries = (
        known[part.number]._replace(number=part.number) if part.number in known else _entry(part)
        for part in parts
    )
    return tuple(entries), form.name if form else "plain lines"


def _unwrapped(lines: list[str]) -> list[str]:
    """Return lines without what a paste has around every one of them: quote marks, a box, backticks, an indent."""
    for _ in range(_MOST_WRAPS):
        written = [line for line in lines if line and not line.isspace()]
        if not written:
            break
        if mark := next((one for one in (">", "│") if all(line.startswith(one) for line in written)), ""):
            lines = [line.removeprefix(mark).removeprefix(" ") for line in lines]
        elif all(len(line) > 1 and line[0] == line[-1] == "`" for line in written):
            lines = [line.removeprefix("`").removesuffix("`") for line in lines]
        elif (depth := min(len(line) - len(line.lstrip(" ")) for line in written)) and any(
            line.startswith("Traceback (", depth) for line in written
        ):
            lines = [line[depth:] for line in lines]
        else:
            break
    return lines


def form_of(lines: Sequence[str]) -> Form | None:
    """Return the form that most lines have, those left out that may continue another; `None` when there is none."""
    sample = [line for line in lines[:_SAMPLE] if line.strip()]
    for form in FORMS:
        hits = sum(form.pattern.match(line) is not None for line in sample)
        if hits and hits >= 4 * _strangers(sample, form):
            return form
    return None


def _strangers(sample: Sequence[str], form: Form) -> int:
    """Count the lines that neither have the form nor continue the one before, or another that does."""
    strangers, continuing = 0, False
    for line in sample:
        if form.pattern.match(line):
            continuing = False
        elif not continuing:
            continuing = _CONTINUES.match(line) is not None
            strangers += not continuing
    return strangers


class _Part(NamedTuple):
    number: int
    text: str
    when: int
    source: str
    level: str
    own: bool


def _parts(page: Copied, form: Form | None, first_line: int) -> Iterator[_Part]:
    when, source, name = 0, "", "DEFAULT"
    for number, line in enumerate(page.lines, first_line):
        if number - first_line in page.spent:
            continue
        found = form.pattern.match(line) if form else None
        if found is None:
            yield _Part(number, line, when, source, name, own=False)
            continue
        told = found.groupdict()
        when, source = nanoseconds(told.get("when")), told.get("source") or ""
        name = level(told.get("level") or "DEFAULT")
        yield _Part(number, line[found.end() :], when, source, name, own=True)


def _ends_first(parts: Sequence[_Part]) -> bool:
    """Tell whether lines of one second stand the newest first: an instance ends above where it is started."""
    own = [part.text for part in parts if part.own]
    return _START in own[-1] and any(word in own[0] for word in _END)


def _turned(parts: Sequence[_Part]) -> Iterator[_Part]:
    """Put the oldest first; lines that continue another stay behind it."""
    starts = [at for at, part in enumerate(parts) if part.own or at == 0]
    for start, end in zip(reversed(starts), [len(parts), *reversed(starts[1:])], strict=True):
        yield from parts[start:end]


def _entry(part: _Part) -> LogEntry:
    (text, log), name = summary(part.text), part.level
    if text.startswith("{") and (payload := _object(text)) is not None:
        text, name = said(payload), severity(payload)
    return LogEntry(
        part.when,
        log or "stdout",
        "",
        clean(text),
        clean(name),
        instance=clean(part.source),
        number=part.number,
    )


def _object(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
