"""cli: what a run ends with. Every failure becomes one sentence on stderr, a hint, and the exit code."""

import errno
import os
import sys
from collections.abc import Callable
from typing import TextIO

from buddy_tui.errors import BuddyError, ExitCode, Unwritable


def concluded(work: Callable[[], int | None]) -> int:
    """Do `work` and return the exit code; `None` is 0. Never raises but for SystemExit."""
    try:
        code = work()
        if sys.stdout is not None:  # closed by the caller, who wants the exit code alone
            sys.stdout.flush()
    except BuddyError as error:
        return _told(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _drop(sys.stdout)  # whoever read it has enough
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - the last place that can turn a bug into a sentence
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _drop(sys.stdout)
            return _told(
                Unwritable("The output cannot be written: no space is left.", "Make room, then try again.")
            )
        return _bug(error)
    return code or ExitCode.OK


def _drop(stream: TextIO | None) -> None:
    """Send what a stream still holds to nowhere: Python would flush it once more at exit, and complain."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _told(error: BuddyError) -> int:
    try:
        print(f"buddy-tui: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
    except BrokenPipeError:
        _drop(sys.stderr)
    return error.exit_code


def _bug(error: Exception) -> int:
    from buddy_tui import bug  # what a good run never needs

    try:
        where = f"the traceback is in {bug.written_down(error)}"
    except OSError as trouble:
        where = f"and the log file cannot be written: {trouble.strerror}"
    print(f"buddy-tui: a bug of ours ({type(error).__name__}); {where}.", file=sys.stderr)
    return ExitCode.PROBLEM_FOUND
