"""Saved logs as LogEntries: Google's JSON in every usual wrapping, and plain lines as tools and platforms print them.

read_export   the one door: bytes in, entries and the name of the form out
json_forms    LogEntry JSON: one array, JSON Lines, objects one after another, gcloud's YAML
csv_forms     tables with a comma between the cells
line_forms    plain lines: what each tool writes before them
console_forms what is copied out of Google's console, brought to one line an entry
"""

import re
from dataclasses import dataclass

from buddy_tui.errors import UsageProblem
from buddy_tui.exports import csv_forms, json_forms, line_forms
from buddy_tui.model import LogEntry

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LOOKED_AT = 65536
_ENTRY = re.compile(r"^ {0,4}\{$(?=\s+\"\w+\":)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Export:
    """`entries` are in order of time as far as times are known; `form` names what the bytes were taken for."""

    entries: tuple[LogEntry, ...]
    form: str


def read_export(data: bytes, *, cut: bool = False, first_line: int = 1) -> Export:
    """Read a saved log, guessing its form. Raises UsageProblem when it is empty or no text.

    With `cut`, the bytes are the end of something longer: a half first line is dropped, and `first_line` is the
    number of the first whole one.
    """
    text = _decoded(data)
    if cut:
        text = _first_whole(text)
    if not text.strip():
        raise UsageProblem(
            "There is no log in it: it is empty.", "Export the log again, or name another file."
        )
    for read in (json_forms.as_json, json_forms.as_yaml, csv_forms.as_csv):
        if found := read(text):
            return Export(*found)
    return Export(*line_forms.as_lines(text, first_line))


def _first_whole(text: str) -> str:
    """Return the text from its first whole line on, or from the first whole object of an indented JSON array."""
    begun = _ENTRY.search(text)
    return text[begun.start() :] if begun and '"insertId"' in text else text.partition("\n")[2]


def _decoded(data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace")
    if b"\0" in data[:_LOOKED_AT]:
        raise UsageProblem(
            "This is no log but a binary file.", "Unpack or export it as text or JSON, then try again."
        )
    return data.decode("utf-8", "replace")
