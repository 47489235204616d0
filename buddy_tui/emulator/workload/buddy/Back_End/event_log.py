"""Structured log lines on standard output, as Cloud Logging reads them."""

import json
import sys
from typing import TextIO

from Back_End.instance_identity import Identity


class EventLog:
    def __init__(self, identity: Identity, out: TextIO = sys.stdout) -> None:
        self._identity = identity
        self._out = out

    def info(self, message: str, **fields: object) -> None:
        self._write("INFO", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write("WARNING", message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write("ERROR", message, fields)

    def _write(self, severity: str, message: str, fields: dict[str, object]) -> None:
        line = {"severity": severity, "message": message, "instance": self._identity.instance, **fields}
        print(json.dumps(line), file=self._out, flush=True)
