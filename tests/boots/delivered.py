"""How a boot's output reaches somebody's file: deterministic transformations of recorded text.

Exports of Cloud Logging's entries, prefixes of other hosts and tools, and what copying does to a traceback.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from tests.boots.entries import HEADER, REVISION, START, STEP, Entry, Variant, entries, messages, stamp


@dataclass(frozen=True, slots=True)
class Form:
    """A form of delivery: what it is in a few words, how the file's name ends, and the transformation."""

    what: str
    ending: str
    write: Callable[[str, Variant], str]


def _array(text: str, variant: Variant) -> str:
    """Write an array as `gcloud logging read --format=json` does: newest first, unless the variant shuffles."""
    found = entries(text, variant)[::-1]
    if variant.get("shuffled"):
        Random(3).shuffle(found)  # noqa: S311 - an order, no secret
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def _json_lines(text: str, variant: Variant) -> str:
    return "".join(f"{json.dumps(entry, sort_keys=True)}\n" for entry in entries(text, variant))


def _yaml(text: str, variant: Variant) -> str:
    """Write what `gcloud logging read` prints by default, newest first."""
    return "".join(_as_yaml(entry) for entry in entries(text, variant)[::-1])


def _as_yaml(entry: Entry) -> str:
    words = entry.get("textPayload", "")
    if "\n" in words:
        shown = "|-\n" + "\n".join(f"  {line}" for line in words.split("\n"))
    elif re.search(r": |^[\[{'\"&*!|>%@`-]|^\s", words):
        shown = "'" + words.replace("'", "''") + "'"
    else:
        shown = words
    names = "".join(f"    {name}: {value}\n" for name, value in sorted(entry["resource"]["labels"].items()))
    severity = f"severity: {entry['severity']}\n" if "severity" in entry else ""
    return (
        f"---\ninsertId: {entry['insertId']}\nlabels:\n"
        + "".join(f"  {name}: {value}\n" for name, value in sorted(entry["labels"].items()))
        + f"logName: {entry['logName']}\nreceiveTimestamp: '{entry['receiveTimestamp']}'\n"
        + f"resource:\n  labels:\n{names}  type: cloud_run_revision\n{severity}"
        + f"textPayload: {shown}\ntimestamp: '{entry['timestamp']}'\n"
    )


def _gcloud_run(text: str, variant: Variant) -> str:
    """Write what `gcloud run services logs read` prints: no lines of the platform; a message keeps its lines."""
    said = [entry for entry in entries(text, variant) if entry["logName"].endswith("stderr")]
    return "".join(
        f"{entry['timestamp'][:10]} {entry['timestamp'][11:19]} {entry.get('textPayload', '')}\n"
        for entry in said
    )


def _value(text: str, variant: Variant) -> str:
    """Write what `gcloud logging read --format='value(timestamp,textPayload)'` prints, newest first."""
    return "".join(
        f"{entry['timestamp']}\t{entry.get('textPayload', '')}\n" for entry in entries(text, variant)[::-1]
    )


def _explorer(text: str, variant: Variant) -> str:
    """Write lines as they are copied out of the Logs Explorer: severity, time, text."""
    return "".join(
        f"{entry.get('severity', 'DEFAULT')} {entry['timestamp']} {entry.get('textPayload', '')}\n"
        for entry in entries(text, variant)
    )


def _console(text: str, variant: Variant) -> str:
    """Write lines as they are copied out of the Logs Explorer's older table, newest first: no blank before the text."""
    return "".join(
        f"{entry['timestamp'][:10]} {entry['timestamp'][11:23]} GMT{entry.get('textPayload', '')}\n"
        for entry in entries(text, variant)[::-1]
    )


def _deploy(_: str, variant: Variant) -> str:
    """Write what `gcloud run deploy` leaves on a terminal when the revision does not start."""
    return (
        "Deploying container to Cloud Run service [orders] in project [shop-prod] region [europe-west1]\n"
        "X Deploying... Revision failed.\n"
        f"  X Creating Revision... {variant['message']}\n"
        "  . Routing traffic...\n"
        "Deployment failed\n"
        f"ERROR: (gcloud.run.deploy) Revision '{REVISION}' is not ready and cannot serve traffic. {variant['message']}\n"
    )


def _prefixed(prefix: Callable[[datetime], str], last: str = "") -> Callable[[str, Variant], str]:
    """Put a prefix before every line; `last` is what the host itself says after the end."""

    def write(text: str, variant: Variant) -> str:
        lines = text.rstrip("\n").split("\n")
        said = [f"{prefix(START + number * STEP)}{line}" for number, line in enumerate(lines)]
        if last and "exit" in variant:
            said.append(last.format(START + len(lines) * STEP, code=variant["exit"]))
        return "\n".join(said) + "\n"

    return write


def _flattened(text: str, _: Variant) -> str:
    """Let every traceback be one line, its line breaks spaces."""
    return "".join(f"{message.replace(chr(10), ' ')}\n" for message in messages(text))


def _literal(text: str, _: Variant) -> str:
    """Let every traceback be one line, its line breaks written out."""
    return "".join(f"{message.replace(chr(10), chr(92) + 'n')}\n" for message in messages(text))


def _unindented(text: str, _: Variant) -> str:
    return "".join(f"{line.strip()}\n" for line in text.splitlines())


def _records(text: str, _: Variant) -> str:
    """Write one JSON record a message, as loggers for containers do."""
    shown = []
    for number, message in enumerate(messages(text)):
        severity = "ERROR" if message.startswith(HEADER) else "INFO"
        shown.append(
            json.dumps({"time": stamp(START + number * STEP), "level": severity, "message": message})
        )
    return "\n".join(shown) + "\n"


def _cut(text: str, variant: Variant) -> str:
    """Keep the first so many lines, as a window does that ends too early."""
    return "".join(text.splitlines(keepends=True)[: variant["lines"]])


def _headless(text: str, variant: Variant) -> str:
    """Drop the first so many lines, as a window does that begins too late."""
    return "".join(text.splitlines(keepends=True)[variant["lines"] :])


def _workers(text: str, _: Variant) -> str:
    """Interleave two workers that fail at the same time, line by line: every traceback is there twice."""
    head, header, rest = text.partition(HEADER)
    lines = f"{header}{rest}".splitlines(keepends=True)
    return head + "".join(line for pair in zip(lines, [*lines[2:], "", ""], strict=True) for line in pair)


def _neighbours(text: str, _: Variant) -> str:
    """Write docker compose's log of three containers; one of the others has an error of its own."""
    others = (
        "db-1     | 2026-11-23 14:33:09.871 UTC [1] LOG:  database system is ready to accept connections",
        'db-1     | 2026-11-23 14:33:10.102 UTC [61] FATAL:  role "root" does not exist',
        "redis-1  | 1:M 23 Nov 2026 14:33:09.744 * Ready to accept connections tcp",
        "redis-1  | 1:M 23 Nov 2026 14:33:09.750 # WARNING Memory overcommit must be enabled!",
    )
    shown = []
    for number, line in enumerate(text.splitlines()):
        shown.append(f"api-1    | {line}")
        if number % 4 == 1 and number // 4 < len(others):
            shown.append(others[number // 4])
    return "\n".join(shown) + "\n"


def _windows(text: str, _: Variant) -> str:
    return "\ufeff" + text.replace("\n", "\r\n")


def _stamped(pattern: str) -> Callable[[datetime], str]:
    return lambda at: at.strftime(pattern)


FORMS: Mapping[str, Form] = {
    "entries": Form("LogEntry array, newest first", ".entries.json", _array),
    "entry-lines": Form("LogEntry objects, one a line", ".jsonl", _json_lines),
    "gcloud-yaml": Form("what gcloud logging read prints", ".txt", _yaml),
    "gcloud-run": Form("what gcloud run services logs read prints", ".txt", _gcloud_run),
    "gcloud-value": Form("timestamp and text, newest first", ".txt", _value),
    "explorer": Form("copied out of the Logs Explorer", ".txt", _explorer),
    "console": Form("copied out of the older Logs Explorer, newest first", ".txt", _console),
    "deploy": Form("what gcloud run deploy prints", ".txt", _deploy),
    "workers": Form("two workers write at once", ".txt", _workers),
    "neighbours": Form("docker compose logs of three containers", ".txt", _neighbours),
    "compose": Form(
        "docker compose logs", ".txt", _prefixed(lambda _: "api-1  | ", "api-1 exited with code {code}")
    ),
    "heroku": Form(
        "heroku logs",
        ".txt",
        _prefixed(
            _stamped("%Y-%m-%dT%H:%M:%S.%f+00:00 app[web.1]: "),
            "{:%Y-%m-%dT%H:%M:%S.%f}+00:00 heroku[web.1]: Process exited with status {code}",
        ),
    ),
    "railway": Form("Railway's log", ".txt", _prefixed(_stamped("%Y-%m-%dT%H:%M:%S.%f000Z [err]  "))),
    "render": Form(
        "Render's log",
        ".txt",
        _prefixed(_stamped("%b %d %I:%M:%S %p  "), "{:%b %d %I:%M:%S %p}  ==> Exited with status {code}"),
    ),
    "syslog": Form("a syslog", ".txt", _prefixed(_stamped("%b %d %H:%M:%S web-1 orders[4711]: "))),
    "kubernetes": Form(
        "a node's container log", ".txt", _prefixed(_stamped("%Y-%m-%dT%H:%M:%S.%f123Z stderr F "))
    ),
    "flattened": Form("line breaks of tracebacks became spaces", ".txt", _flattened),
    "literal": Form("line breaks of tracebacks were written out", ".txt", _literal),
    "unindented": Form("indentation was lost", ".txt", _unindented),
    "records": Form("JSON records with a message", ".jsonl", _records),
    "cut": Form("the window ends inside the boot", ".txt", _cut),
    "headless": Form("the window begins inside the boot", ".txt", _headless),
    "windows": Form("with a byte order mark and Windows' line ends", ".txt", _windows),
}
