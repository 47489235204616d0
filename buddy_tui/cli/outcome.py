"""cli: what a run ends with. Every failure becomes one sentence on stderr, a hint, and the exit code."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from buddy_tui.errors import BuddyError, ExitCode


def concluded(work: Callable[[], int | None]) -> int:
    """Do `work` and return the exit code; `None` is 0. Never raises but for SystemExit."""
    try:
        code = work()
        sys.stdout.flush()
    except BuddyError as error:
        return _told(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough. Python would flush stdout once more at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - the last place that can turn a bug into a sentence
        return _bug(error)
    return code or ExitCode.OK


def log_file() -> Path:
    """Return where the traceback of a bug of ours goes."""
    from platformdirs import user_log_path

    return user_log_path("buddy-tui", appauthor=False) / "buddy-tui.log"


def _told(error: BuddyError) -> int:
    print(f"buddy-tui: {error}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    return error.exit_code


def _bug(error: Exception) -> int:
    try:
        where = f"the traceback is in {_logged(error)}"
    except OSError as trouble:
        where = f"and the log file cannot be written: {trouble.strerror}"
    print(f"buddy-tui: a bug of ours ({type(error).__name__}); {where}.", file=sys.stderr)
    return ExitCode.PROBLEM_FOUND


def _logged(error: Exception) -> Path:
    import traceback
    from datetime import UTC, datetime

    path = log_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Only for its owner: a traceback may hold names of projects and services.
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8"
    ) as log:
        told = "".join(traceback.format_exception(error))
        log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {' '.join(sys.argv)}\n{told}\n")
    return path
