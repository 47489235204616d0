"""What is measured of logs without a terminal: reading entries and files, finding lines, memory."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from log_lines import RARE
from report import Promise

from buddy_tui.file_lines import FileLines
from buddy_tui.log_filter import LogFilter
from buddy_tui.log_store import LogStore
from buddy_tui.model import LogBatch
from buddy_tui.shown import Lines

# Looked for among all lines: often there, seldom there, a field, and lines by what they have not.
_WANTED = ("orders", RARE, "sev:error", "!INFO !DEBUG")
_SCREENFUL = 40
_ENTRIES = 200_000
_BATCH = 1_000
_INSTANCES = 3
# Prints by how many MiB a process grows while it keeps the lines of a file as log entries.
_KEEP = """\
import sys
from pathlib import Path
from random import Random
from buddy_tui.log_store import LogStore
from buddy_tui.model import LogBatch, LogEntry

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

store, before, number, chance = LogStore(), resident(), 0, Random(7)
with open(sys.argv[1], encoding="utf-8") as file:
    while block := file.readlines(100_000):
        entries = []
        for line in block:
            number += 1
            insert_id = f"{number:012x}{chance.getrandbits(32):08x}"
            entries.append(LogEntry(number * 1_000_000, "stderr", insert_id, line[:-1], "DEFAULT", "shop-00029-nep", "9f2c"))
        store.append(LogBatch(tuple(entries)))
print(resident() - before)
"""


def memory(file: Path) -> float:
    """Return the MiB that the lines of a file take as log entries."""
    command = (sys.executable, "-c", _KEEP, str(file))
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def promises(file: Path) -> Iterator[Promise]:
    """Measure on one core, in processor time."""
    yield entries(file)
    shown = FileLines(file)
    shown.counted(60)
    yield plain_lines(file)
    store = LogStore()
    for batch in converted(file, sys.maxsize):
        store.append(batch)
    for words, found in (("file", shown), ("entries kept", store)):
        yield from (first_hits(found, words, query) for query in _WANTED)
    shown.close()


def entries(file: Path) -> Promise:
    """Tell what it takes to decode, assemble, classify and store one log entry."""
    answers = _answers(file, _ENTRIES)

    def run() -> int:
        store = LogStore()
        for batch in _converted(answers):
            store.append(batch)
        return len(store)

    return _each("decode, assemble, classify, store an entry", run, 5.0)


def plain_lines(file: Path) -> Promise:
    """Tell what it takes to count, read, decode and classify one line of a file."""

    def run() -> int:
        shown = FileLines(file)
        shown.counted(60)
        at: int | None = shown.end - 1
        while at is not None:
            at = shown.search(None, at, -1).on
        shown.close()
        return len(shown)

    return _each("count, read, decode, classify a line of a file", run, 1.0)


def first_hits(found: Lines, words: str, query: str) -> Promise:
    """Tell how long it takes until there is a screenful of hits, the newest first, or all that there are."""
    wanted, hits, at = LogFilter(query), 0, found.end - 1
    began = time.perf_counter()
    first, on = 0.0, at if found.end > found.first else None
    enough = 0.0
    while on is not None:
        piece = found.search(wanted, on, -1)
        hits, on = hits + len(piece.hits), piece.on
        first = first or (time.perf_counter() - began if hits else 0.0)
        enough = enough or (time.perf_counter() - began if hits >= _SCREENFUL else 0.0)
    everything = time.perf_counter() - began
    note = f"a screenful after {enough * 1000:.0f} ms, all {hits:,} after {everything * 1000:.0f} ms"
    return Promise(f"first hits for {query!r}, {words}", first * 1000, 50, "ms", note)


def converted(file: Path, most: int) -> Iterator[LogBatch]:
    """Yield a file's lines as batches of log entries, as they come from Google."""
    return _converted(_answers(file, most))


def _converted(answers: Iterator[bytes] | list[bytes]) -> Iterator[LogBatch]:
    from buddy_tui import gcp

    gcp.load()
    from google.cloud.logging_v2.types import TailLogEntriesResponse

    from buddy_tui.gcp.log_entries import convert

    message = TailLogEntriesResponse.pb()
    for answer in answers:
        yield LogBatch(convert(message.FromString(answer).entries))


def _answers(file: Path, most: int) -> list[bytes]:
    """Return answers of a tail on the wire: each line an entry of one of a few instances."""
    from google.cloud.logging_v2.types import LogEntry, TailLogEntriesResponse

    answers = list[bytes]()
    with file.open(encoding="utf-8") as text:
        number = 0
        while block := list(islice(text, min(_BATCH, most - number))):
            answer = TailLogEntriesResponse.pb()()
            for line in block:
                number += 1
                entry = answer.entries.add()
                entry.log_name = "projects/shop-prod/logs/run.googleapis.com%2Fstderr"
                entry.timestamp.seconds, entry.timestamp.nanos = divmod(
                    number * 1_000_000 + 1_764_000_000_000_000_000, 10**9
                )
                entry.receive_timestamp.CopyFrom(entry.timestamp)
                entry.insert_id = f"{number:012x}{number * 2_654_435_761 % 2**32:08x}"
                entry.text_payload = line[:-1]
                entry.resource.type = "cloud_run_revision"
                for name, value in (
                    ("project_id", "shop-prod"),
                    ("location", "europe-west1"),
                    ("service_name", "shop"),
                    ("revision_name", "shop-00029-nep"),
                    ("configuration_name", "shop"),
                ):
                    entry.resource.labels[name] = value
                entry.labels["instanceId"] = f"0069a9{number // 200 % _INSTANCES:0130x}"
            answers.append(answer.SerializeToString())
    del LogEntry
    return answers


def _each(name: str, run: Callable[[], int], goal: float) -> Promise:
    """Return the microseconds of processor time that one takes, the best of three runs."""
    best, count = float("inf"), 0
    for _ in range(3):
        began = time.process_time()
        count = run()
        best = min(best, time.process_time() - began)
    each = best / count * 1e6
    return Promise(name, each, goal, "µs", f"{count / best:,.0f} a second on one core, best of 3")
