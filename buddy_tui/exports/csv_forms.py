"""exports: tables of log entries with a comma between the cells, as the Logs Explorer and gcloud write them."""

import csv
import re
from typing import Any

from buddy_tui.exports.json_forms import google_entry, in_order
from buddy_tui.model import LogEntry

_HEAD = re.compile(
    r"(?:[\w.\"/@-]+,)*\"?(?:text_?payload|json_?payload\.message)\"?(?:,[\w.\"/@-]+)*$", re.IGNORECASE
)
# gcloud's own spelling of the columns, where it differs from the fields'.
_NAMES = {"text_payload": "textPayload", "log_name": "logName", "insert_id": "insertId"}
_LONGEST_CELL = 10_000_000


def as_csv(text: str) -> tuple[tuple[LogEntry, ...], str] | None:
    """Read a table whose columns are fields of LogEntry, dotted where they lie deeper. `None` when it is none."""
    head = text.partition("\n")[0].rstrip("\r")
    if "," not in head or not _HEAD.match(head):
        return None
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(text.splitlines(keepends=True))
    names = [_NAMES.get(name.lower(), name) for name in next(rows)]
    entries, number = [], 2
    try:
        for row in rows:
            if any(row):
                entries.append(_entry(dict(zip(names, row, strict=False)), number))
            number = rows.line_num + 1
    except csv.Error:
        return None
    return in_order(entries), "CSV"


def _entry(cells: dict[str, str], number: int) -> LogEntry:
    entry = google_entry(_nested(cells), number)
    # Without the log's name nobody knows the platform's words from the program's: they are mere lines then.
    return entry if entry.log else entry._replace(log="stdout", revision="", instance="", container="")


def _nested(cells: dict[str, str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, cell in cells.items():
        *path, last = name.split(".")
        place = nested
        for part in path:
            inner = place.setdefault(part, {})
            place = inner if isinstance(inner, dict) else {}
        if cell:
            place[last] = int(cell) if last == "status" and cell.isdigit() else cell
    return nested
