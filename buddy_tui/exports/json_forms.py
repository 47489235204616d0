"""exports: Google's LogEntry as JSON or gcloud's YAML, and the JSON that other platforms export."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from buddy_tui.clean import clean
from buddy_tui.model import LogEntry
from buddy_tui.payload import request_line, said, severity, short_log

Json = Mapping[str, Any]
_GOOGLES = ("logName", "insertId", "textPayload", "jsonPayload", "protoPayload", "httpRequest")
_MESSAGE = ("message", "msg", "log", "text", "event")
_TIME = ("timestamp", "time", "ts", "@timestamp", "date", "asctime")
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d)?$")
_INDENTED = re.compile(r"^\{\n {2,8}\"\w+\": ", re.MULTILINE)
_OPENED = re.compile(r"^[> ]*[A-Z]{4,9} \d{4}-\d\d-\d\dT", re.MULTILINE)
_MOST_WORDS = 50  # places between objects that are no JSON
_BILLION = 1_000_000_000


def as_json(text: str) -> tuple[tuple[LogEntry, ...], str] | None:
    """Read log entries out of JSON: an array, an object that holds one, JSON Lines, or objects one after another.

    `None` when it is no JSON, or JSON that holds no log entries: an application's own JSON lines are plain lines.
    """
    if text.lstrip()[:1] not in {"[", "{"} and not _is_told_of(text):
        return None
    objects: list[tuple[Json, int]] = []
    whole = _collect(text, objects)
    if not objects:
        return None
    if sum(any(key in one for key in _GOOGLES) for one, _ in objects) * 2 >= len(objects):
        entries = [google_entry(one, number) for one, number in objects]
        return in_order(entries), "LogEntry JSON"
    if whole and all(_is_record(one) for one, _ in objects):
        return in_order([_record(one, number) for one, number in objects]), "JSON records"
    return None


def as_yaml(text: str) -> tuple[tuple[LogEntry, ...], str] | None:
    """Read what `gcloud logging read` prints without `--format`: YAML documents. `None` when it is none."""
    if not re.match(r"(?:---\n)?(?:insertId|httpRequest|jsonPayload|labels|errorGroups|logName): ?", text):
        return None
    entries, number = [], 1
    for document in re.split(r"^---\n", text, flags=re.MULTILINE):
        if document.strip():
            entries.append(google_entry(_Yaml(document.split("\n")).mapping(0), number))
        number += document.count("\n") + 1
    return in_order(entries), "gcloud's YAML"


def google_entry(entry: Json, number: int = 0) -> LogEntry:
    """Return Google's LogEntry JSON as ours; `number` is the line on which it begins."""
    labels, told = _mapping(entry.get("labels")), _mapping(entry.get("resource"))
    resource = _mapping(told.get("labels"))
    payload = _mapping(entry.get("jsonPayload"))
    level = str(entry.get("severity") or "") or severity(payload)
    return LogEntry(
        when=nanoseconds(entry.get("timestamp")) or nanoseconds(entry.get("receiveTimestamp")),
        log=short_log(str(entry.get("logName", ""))),
        insert_id=clean(str(entry.get("insertId", ""))),
        text=clean(_google_text(entry, payload)),
        severity=clean(level),
        revision=clean(str(resource.get("revision_name") or _named_in(entry))),
        instance=clean(str(labels.get("instanceId", ""))),
        container=clean(str(labels.get("container_name", ""))),
        received=nanoseconds(entry.get("receiveTimestamp")),
        number=number,
    )


def nanoseconds(told: object) -> int:
    """Return an RFC 3339 time (nine digits of a second are kept) or a count of seconds as nanoseconds; 0 for neither."""
    if isinstance(told, int | float):
        # Milliseconds since 1970 have been above 10^12 since 2001, seconds will not be for ages.
        return int(told * 1_000_000) if told > 1e11 else int(told * _BILLION)
    found = _RFC3339.match(told.strip()) if isinstance(told, str) else None
    if found is None:
        return 0
    moment, fraction, zone = found.groups()
    zone = "+00:00" if zone in (None, "Z") else zone
    try:
        whole = datetime.fromisoformat(f"{moment}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return 0
    return int(whole.timestamp()) * _BILLION + int((fraction or "0").ljust(9, "0")[:9])


def _is_told_of(text: str) -> bool:
    """Tell whether entries stand below somebody's words about them, and not each below its own line."""
    return bool(_INDENTED.search(text)) and '"logName"' in text and not _OPENED.search(text)


def _collect(text: str, into: list[tuple[Json, int]]) -> bool:
    """Read every JSON object and its line; tell whether there was nothing but JSON up to the end."""
    decoder, at, number, end = json.JSONDecoder(), 0, 1, len(text)
    others = 0
    while True:
        while at < end and (text[at].isspace() or text[at] in ",[]"):
            number += text[at] == "\n"
            at += 1
        if at >= end:
            return not others
        try:
            value, after = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            others += 1
            after = text.find("\n{\n", at) + 1
            if not after or others > _MOST_WORDS:
                return False
            value = None
        into.extend(_flattened(value, number))
        number += text.count("\n", at, after)
        at = after


def _flattened(value: object, number: int) -> Iterator[tuple[Json, int]]:
    if isinstance(value, list):
        for one in value:
            yield from _flattened(one, number)
    elif isinstance(value, dict):
        inner = value.get("entries") or value.get("logs") or value.get("raw_logs")
        if isinstance(inner, list) and not any(key in value for key in _GOOGLES):
            yield from _flattened(inner, number)
        else:
            yield value, number


def _google_text(entry: Json, payload: Json) -> str:
    if payload:
        return said(payload)
    request, proto = _mapping(entry.get("httpRequest")), _mapping(entry.get("protoPayload"))
    if proto:
        return _audit(proto)
    text = str(entry.get("textPayload") or "")
    if request:
        latency = str(request.get("latency", "0")).rstrip("s")
        seconds = float(latency) if re.fullmatch(r"\d+(\.\d+)?", latency) else 0.0
        status = request.get("status")
        line = request_line(
            str(request.get("requestMethod", "")),
            status if isinstance(status, int) else 0,
            seconds,
            str(request.get("requestUrl", "")),
        )
        return f"{line}\n{text}" if text else line
    return text


def _audit(proto: Json) -> str:
    """Say who did what, or what became of it. The request's body holds environment values and is never told."""
    message = _mapping(proto.get("status")).get("message")
    if message:
        return str(message)
    who = _mapping(proto.get("authenticationInfo")).get("principalEmail", "")
    return f"{proto.get('methodName', '')} {f'by {who}' if who else ''}".strip()


def _named_in(entry: Json) -> str:
    """Return the revision that an audit entry is about: its label may be empty."""
    name = str(_mapping(entry.get("protoPayload")).get("resourceName", ""))
    return name.rpartition("/revisions/")[2] if "/revisions/" in name else ""


def _is_record(one: Json) -> bool:
    return any(key in one for key in _MESSAGE) and any(key in one for key in _TIME)


def _record(one: Json, number: int) -> LogEntry:
    when = next((at for key in _TIME if (at := nanoseconds(one.get(key)))), 0)
    return LogEntry(when, "stdout", "", clean(said(one)), severity(one), number=number)


def in_order(entries: list[LogEntry]) -> tuple[LogEntry, ...]:
    """Sort by time. Tools export newest first: then entries of one moment are in reverse as well."""
    times = [entry.when for entry in entries if entry.when]
    if len(times) > 1 and times[0] > times[-1]:
        entries.reverse()
    return tuple(sorted(entries, key=lambda entry: entry.when))


def _mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


class _Yaml:
    """The little YAML that gcloud prints: nested mappings, lists, quoted and block scalars. Not more."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0

    def mapping(self, indent: int) -> dict[str, Any]:
        """Read the mapping whose keys stand at this indent."""
        found: dict[str, Any] = {}
        while self._at < len(self._lines):
            line = self._lines[self._at]
            key, colon, value = line.strip().partition(":")
            if not line.strip() or _indent(line) > indent:
                self._at += 1
                continue
            if _indent(line) < indent or not colon:
                break
            self._at += 1
            found[key] = self._value(value.strip(), indent)
        return found

    def _value(self, told: str, indent: int) -> Any:  # noqa: ANN401 - whatever YAML says
        if told in {"|", "|-", "|+", ">", ">-"}:
            return self._block()
        if not told:
            following = self._lines[self._at] if self._at < len(self._lines) else ""
            if following.strip() and _indent(following) > indent and not following.lstrip().startswith("- "):
                return self.mapping(_indent(following))
            return ""
        while self._at < len(self._lines) and self._continues(told, indent):
            told = f"{told} {self._lines[self._at].strip()}"
            self._at += 1
        return _scalar(told)

    def _continues(self, told: str, indent: int) -> bool:
        line = self._lines[self._at]
        if told[0] in "'\"" and (len(told) == 1 or told[-1] != told[0]):
            return True
        return bool(line.strip()) and _indent(line) > indent

    def _block(self) -> str:
        lines: list[str] = []
        indent = _indent(self._lines[self._at]) if self._at < len(self._lines) else 0
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and _indent(line) < indent:
                break
            lines.append(line[indent:])
            self._at += 1
        return "\n".join(lines).rstrip("\n")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _scalar(told: str) -> Any:  # noqa: ANN401 - a text or a number
    if told[:1] == told[-1:] == "'" and len(told) > 1:
        return told[1:-1].replace("''", "'")
    if told[:1] == told[-1:] == '"' and len(told) > 1:
        try:
            return json.loads(re.sub(r"\\ ", " ", told))
        except ValueError:
            return told[1:-1]
    return int(told) if re.fullmatch(r"\d{1,9}", told) else told
