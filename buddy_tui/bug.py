"""Where a bug of ours is written down: its traceback, in a log file that only its owner may read."""

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from buddy_tui.clean import clean
from buddy_tui.redact import redact


def log_file() -> Path:
    """Return the log file's place on this system."""
    from platformdirs import user_log_path

    return user_log_path("buddy-tui", appauthor=False) / "buddy-tui.log"


def written_down(error: BaseException, path: Path | None = None) -> Path:
    """Append the traceback to `path` (none: the log file) and return where that is. Raises OSError."""
    path = path or log_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    # A traceback may hold names of projects and services, and the words of an exception all that there is.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    told = clean("".join(traceback.format_exception(error)))
    told = "\n".join(map(redact, told.split("\n")))
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n{told}\n")
    return path
