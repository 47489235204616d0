"""Reading a boot: log entries -> lines of each instance -> tracebacks -> boots on a timeline.

    lines       entries -> lines: terminal sequences, flattened line breaks and loggers' prefixes undone
    tracebacks  lines -> tracebacks, in all the shapes that loggers leave them in
    frames      which frames are the project's own
    servers     what uvicorn, gunicorn and the others say
    platform    what Cloud Run itself says
    timeline    all of it -> boots
    values      what comes out

Deterministic and pure; order is by timestamp, never by severity.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from buddy_tui.boot.values import Reading
    from buddy_tui.model import LogEntry


def read(entries: "Sequence[LogEntry]") -> "Reading":
    """Read a log. Entries may come in any order; those without a time stay where they are.

    Meant for one boot window: some ten thousand entries take about a second. Never raises, whatever the text.
    """
    from buddy_tui.boot.timeline import timeline

    return timeline(entries)
