"""What log payloads say, in plain text: JSON loggers, requests, and the short names of Cloud Run's logs.

Both who reads Google's API and who reads a saved file come here, so that a boot reads the same from either.
Nothing is cleaned here: that is for whoever makes a LogEntry.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote

# Where loggers put the sentence: structlog says `event`, Elastic's schema and most others `message`.
_MESSAGES = ("message", "msg", "event", "textPayload", "text", "log")
# Where they put a formatted traceback: python-json-logger, structlog, Google's agents, Elastic's schema (`error.…`).
_TRACES = (
    "exception",
    "exceptions",
    "exc_info",
    "exc_text",
    "stack_trace",
    "stack_info",
    "traceback",
    "stacktrace",
    "stack",
)
_LEVELS = ("severity", "level", "levelname", "log.level")
_SHORT = {
    "stdout": "stdout",
    "stderr": "stderr",
    "varlog/system": "system",
    "/var/log/system": "system",
    "requests": "requests",
    "system_event": "event",
    "activity": "activity",
    "cloudbuild": "build",
}
_EXCEPTION = re.compile(
    r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Group|Failure|NotFound)$"
)
_SEVERITY = {
    "WARN": "WARNING",
    "ERR": "ERROR",
    "FATAL": "CRITICAL",
    "TRACE": "DEBUG",
    "INF": "INFO",
    "WRN": "WARNING",
}


def said(payload: Mapping[str, object]) -> str:
    """Return a JSON payload in words: its message, and below it the exception as Python itself would print it.

    Understands structlog's frames, loguru's `serialize`, python-json-logger and Elastic's schema. An `error` object
    is told only when it has a traceback or names an exception that the message does not: many loggers attach an empty
    one to every line. A payload without any message is returned as JSON.
    """
    record = payload.get("record")
    if isinstance(record, Mapping) and isinstance(payload.get("text"), str):
        return str(payload["text"])  # loguru: formatted already, with its traceback
    message = next((text for key in _MESSAGES if (text := _words(payload.get(key)))), "")
    trace = _trace(payload)
    if trace and trace.strip() not in message:
        return f"{message}\n{trace}" if message else trace
    return message or json.dumps(payload, ensure_ascii=False, default=str)


def severity(payload: Mapping[str, object]) -> str:
    """Return the severity that a payload names, in Google's words, or `DEFAULT`."""
    for key in _LEVELS:
        if isinstance(name := payload.get(key), str) and name:
            return level(name)
    return "DEFAULT"


def level(name: str) -> str:
    """Return a logger's or platform's level in Google's words; an unknown one in capitals."""
    return _SEVERITY.get(name.upper(), name.upper())


def short_log(log_name: str) -> str:
    """Return the short name of a log: `projects/p/logs/run.googleapis.com%2Fstderr` is `stderr`."""
    identity = unquote(log_name.rpartition("/logs/")[2])
    name = identity.partition("/")[2] or identity
    return _SHORT.get(name, name)


def request_line(method: str, status: int, latency_seconds: float, url: str) -> str:
    """Return a request on one line, e.g. `GET 200 12ms /chat`; the query is left out, for it may hold secrets."""
    path = re.sub(r"^[a-z]+://[^/]*", "", url.partition("?")[0]) or "/"
    return f"{method} {status} {latency_seconds * 1000:.0f}ms {path}"


def _words(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _trace(payload: Mapping[str, object]) -> str:
    error = payload.get("error")
    places = [payload, error] if isinstance(error, Mapping) else [payload]
    for place in places:
        for key in _TRACES:
            if text := _formatted(place.get(key)):
                return text
    for key in ("error.stack_trace", "exc"):
        if text := _formatted(payload.get(key)):
            return text
    return _named(error, payload) if isinstance(error, Mapping) else ""


def _formatted(value: object) -> str:
    if isinstance(value, str):
        return value.strip("\n") if "\n" in value or "Traceback" in value or r"\n" in value else ""
    if isinstance(value, Sequence) and value and all(isinstance(one, Mapping) for one in value):
        return "\n".join(_stacks(value))
    if isinstance(value, Sequence) and value and all(isinstance(one, str) for one in value):
        return "".join(value) if value[0].endswith("\n") else "\n".join(value)
    return ""


def _named(error: Mapping[str, object], payload: Mapping[str, object]) -> str:
    """Return `type: value` of an error without a traceback, when it is an exception and the message lacks it."""
    kind, value = error.get("type"), error.get("value") or error.get("message")
    if not (isinstance(kind, str) and isinstance(value, str) and _EXCEPTION.match(kind)):
        return ""
    return "" if any(value in _words(payload.get(key)) for key in _MESSAGES) else f"{kind}: {value}"


def _stacks(stacks: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Write structlog's exception dictionaries, last raised first, as a traceback: root first."""
    ordered = [stack for stack in stacks if "exc_type" in stack][::-1]
    for place, stack in enumerate(ordered):
        yield from _group(stack)
        yield from _stack(stack)
        if place + 1 < len(ordered):
            yield ""
            yield (
                "The above exception was the direct cause of the following exception:"
                if stack.get("is_cause")
                else "During handling of the above exception, another exception occurred:"
            )
            yield ""


def _group(stack: Mapping[str, object]) -> Iterator[str]:
    leaves = stack.get("exceptions")
    if not isinstance(leaves, Sequence):
        return
    for leaf in leaves:
        inner = leaf.get("stacks") if isinstance(leaf, Mapping) else leaf
        if isinstance(inner, Sequence) and inner and all(isinstance(one, Mapping) for one in inner):
            yield from _stacks(inner)
            yield ""
            yield "The above exception was the direct cause of the following exception:"
            yield ""


def _stack(stack: Mapping[str, object]) -> Iterator[str]:
    yield "Traceback (most recent call last):"
    frames = stack.get("frames")
    for frame in frames if isinstance(frames, Sequence) else ():
        if isinstance(frame, Mapping):
            yield f'  File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
            if line := frame.get("line"):
                yield f"    {line}"
    place = stack.get("syntax_error")
    if isinstance(place, Mapping):
        yield f'  File "{place.get("filename")}", line {place.get("lineno")}'
        yield f"    {place.get('line')}"
    value = _words(stack.get("exc_value"))
    yield f"{stack['exc_type']}: {value}" if value else str(stack["exc_type"])
    notes = stack.get("exc_notes")
    yield from (str(note) for note in notes if note) if isinstance(notes, Sequence) else ()
