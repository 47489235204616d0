"""cli: `buddy-tui history`: what was changed from this machine, by whom and why, and what became of it."""

import json as to_json
import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from buddy_tui.cli.changed import in_words
from buddy_tui.errors import ExitCode

if TYPE_CHECKING:
    from buddy_tui.journal.values import Record


def history(
    service: str | None = None,
    *,
    most: Annotated[PositiveInt, Parameter(help="The newest so many.")] = 50,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.history/1.")] = False,
) -> int:
    """Print the journal of this machine, newest first. Exits 1 when it was tampered with or is torn.

    Parameters
    ----------
    service
        Only what was done to this one.

    """
    from buddy_tui.journal.keep import Journal

    reading = Journal().read()
    records = [one for one in reading.records if service in (None, one.name.service)][-most:][::-1]
    if json:
        document = {
            "schema": "buddy.history/1",
            "records": [_told(one) for one in records],
            "trouble": list(reading.trouble),
        }
        print(to_json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print("\n".join(line for one in records for line in _lines(one)) or "Nothing was changed yet.")
        for trouble in reading.trouble:
            print(f"buddy-tui: {trouble}", file=sys.stderr)
    return ExitCode.PROBLEM_FOUND if reading.trouble else ExitCode.OK


def _lines(record: "Record") -> list[str]:
    who = " as ".join(filter(None, (record.who or "somebody", record.acting)))
    what = (record.name.service, record.verb, record.kind.value)
    head = "  ".join((f"{record.at:%Y-%m-%d %H:%M:%S}Z", *filter(None, what)))
    lines = [
        f"{head}  {record.outcome}".rstrip(),
        f"  by {who}{f': {record.reason}' if record.reason else ''}",
    ]
    if record.name.service:
        lines += [f"  from {in_words(record.before)}", f"  to   {in_words(record.after)}"]
    lines += [f"  {record.sentence}"] if record.sentence else []
    return [*lines, f"  {record.command}"] if record.command else lines


def _told(record: "Record") -> dict[str, Any]:
    targets = {
        key: [
            {
                "revision": one.revision or None,
                "percent": one.percent,
                "tag": one.tag or None,
                "latest": one.latest,
            }
            for one in getattr(record, key)
        ]
        for key in ("before", "after")
    }
    return {
        "number": record.number,
        "at": f"{record.at:%Y-%m-%dT%H:%M:%SZ}",
        "kind": record.kind.value,
        "id": record.id,
        "project": record.name.project or None,
        "region": record.name.region or None,
        "service": record.name.service or None,
        "verb": record.verb,
        "revision": record.revision or None,
        "who": record.who or None,
        "acting": record.acting or None,
        "reason": record.reason or None,
        "plan": record.plan or None,
        **targets,
        "command": record.command or None,
        "undo_command": record.undo_command or None,
        "evidence": list(record.evidence),
        "outcome": record.outcome or None,
        "sentence": record.sentence or None,
        "hash": record.hash,
    }
