"""Log lines on standard output, as Cloud Logging reads them: plain ones, and structured ones for what went wrong."""

import json
import sys
from contextvars import ContextVar
from typing import TextIO

from Back_End.instance_identity import Identity

# The trace that the request under way belongs to; empty outside of one.
_trace: ContextVar[str] = ContextVar("trace", default="")


def follow(project: str, traceparent: str) -> None:
    """Let what is logged from now on, for this request, name its trace: Cloud Logging then shows both together."""
    parts = traceparent.split("-")
    _trace.set(f"projects/{project}/traces/{parts[1]}" if project and len(parts) == 4 else "")


class EventLog:
    def __init__(self, identity: Identity, out: TextIO = sys.stdout) -> None:
        self._identity = identity
        self._out = out

    def say(self, message: str) -> None:
        """Write a plain line: at a structured one `gcloud run services logs read` (528) breaks off."""
        print(message, file=self._out, flush=True)

    def info(self, message: str, **fields: object) -> None:
        self._write("INFO", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write("WARNING", message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write("ERROR", message, fields)

    def _write(self, severity: str, message: str, fields: dict[str, object]) -> None:
        line = {"severity": severity, "message": message, "instance": self._identity.instance, **fields}
        if trace := _trace.get():
            line["logging.googleapis.com/trace"] = trace
        print(json.dumps(line), file=self._out, flush=True)
