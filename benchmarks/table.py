"""1,000 revisions in our table against the same rows in a plain Textual DataTable: paint, keys, refresh, memory.

Each table is an app of its own in a terminal of its own; `python benchmarks/table.py --show ours` runs one by hand.
Press `r` there: every revision becomes a day older.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import nan
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from report import Promise, compared, compiling, show
from terminal import Memory, Program

if TYPE_CHECKING:
    from textual.app import App

    from screens.widgets.table import Row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REVISIONS = 1000
KEYS = (b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~")


def rows(days: int) -> "tuple[Row, ...]":
    """Return the rows of a service with 1,000 revisions, `days` after its last deployment."""
    from buddy_tui.model import Revision, RevisionState
    from buddy_tui.traffic import Share
    from screens.revisions import revision_row

    def revision(number: int) -> Revision:
        state = RevisionState.FAILED if number % 7 == 0 else RevisionState.RETIRED
        message = (
            "The user-provided container failed to start and listen on the port." if number % 7 == 0 else ""
        )
        return Revision(
            name=f"checkout-api-{number:05d}-bsx",
            service="checkout-api",
            state=state,
            reason="HealthCheckContainerError" if message else "",
            message=message,
            created=NOW - timedelta(days=REVISIONS - number),
        )

    now = NOW + timedelta(days=days)
    made = (revision(number) for number in range(REVISIONS, 0, -1))
    return tuple(revision_row(each, Share(each.name), Share(each.name), now) for each in made)


def ours() -> "App[None]":
    """Return an app that is our table and nothing else."""
    from textual.app import App, ComposeResult
    from textual.binding import Binding, BindingType

    from screens.revisions import COLUMNS
    from screens.widgets.table import KeyedTable

    class Ours(App[None]):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "refresh_rows")]
        days = 0

        def compose(self) -> ComposeResult:
            yield KeyedTable(COLUMNS, id="table")

        def on_mount(self) -> None:
            self.query_one(KeyedTable).show(rows(0))

        def action_refresh_rows(self) -> None:
            self.days += 1
            self.query_one(KeyedTable).show(rows(self.days))

    return Ours()


def plain() -> "App[None]":
    """Return an app that is a DataTable with the same rows; a refresh updates the cells that differ, by key."""
    from textual.app import App, ComposeResult
    from textual.binding import Binding, BindingType
    from textual.widgets import DataTable

    from screens.revisions import COLUMNS

    class Plain(App[None]):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "refresh_rows")]
        days = 0

        def compose(self) -> ComposeResult:
            yield DataTable[str](cursor_type="row")

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            for column in COLUMNS:
                table.add_column(column.title, key=column.title)
            self.shown = rows(0)
            for row in self.shown:
                table.add_row(*(cell.text for cell in row.cells), key=row.key)

        def action_refresh_rows(self) -> None:
            self.days += 1
            table, before, self.shown = self.query_one(DataTable), self.shown, rows(self.days)
            for old, row in zip(before, self.shown, strict=True):
                for column, was, cell in zip(COLUMNS, old.cells, row.cells, strict=True):
                    if was.text != cell.text:
                        table.update_cell(row.key, column.title, cell.text)

    return Plain()


APPS: dict[str, Callable[[], "App[None]"]] = {"ours": ours, "plain": plain}


@dataclass(frozen=True, slots=True)
class Session:
    """What one app was seen to do: seconds to its first rows, to paint after each key and each refresh; memory."""

    first: float
    keys: list[float]
    refreshes: list[float]
    memory: Memory


def observe(name: str, environ: Mapping[str, str]) -> Session:
    """Start an app, press keys in it, and see how long it takes to paint."""
    with Program((sys.executable, __file__, "--show", name), environ=environ) as program:
        chunks = program.listen(quiet=0.4, timeout=30, until=b"checkout-api-01000")
        first = program.when(chunks, lambda text: "checkout-api-01000-bsx" in text)
        if first is None:
            raise SystemExit(f"The table '{name}' never showed its rows:\n{program.screen.text()}")
        keys = [_paint(program, key) for key in KEYS * 5]
        return Session(first, keys, [_paint(program, b"r") for _ in range(5)], program.memory())


def _paint(program: Program, key: bytes) -> float:
    """Press a key; return the seconds until the last output that follows it."""
    at = program.type(key)
    chunks = program.listen(quiet=0.12, timeout=5)
    return chunks[-1].at - at if chunks else nan


def _promises(mine: Sequence[Session], other: Sequence[Session]) -> list[Promise]:
    def over(name: str, of: Callable[[Session], list[float]], unit: str = "ms") -> Promise:
        values = [[value for session in sessions for value in of(session)] for sessions in (mine, other)]
        return compared(name, *values, goal=1.0, unit=unit)

    return [
        over("start to the first rows", lambda session: [session.first]),
        over("a key to the painted row", lambda session: session.keys),
        over("a refresh of every row to its paint", lambda session: session.refreshes),
        over("resident memory", lambda session: [session.memory.rss], unit="MiB"),
        over("proportional memory", lambda session: [session.memory.pss], unit="MiB"),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", choices=APPS, help="run one of the two tables here")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    if chosen.show:
        APPS[chosen.show]().run()
        return
    seen: dict[str, list[Session]] = {name: [] for name in APPS}
    with TemporaryDirectory() as folder:
        environ = compiling(os.environ, folder)
        # A first round compiles what both import, and does not count.
        for number in range(1 + chosen.rounds):
            for name, sessions in seen.items():
                session = observe(name, environ)
                if number:
                    sessions.append(session)
    mine, other = seen["ours"], seen["plain"]
    show(f"{REVISIONS:,} revisions: our table over a plain DataTable", _promises(mine, other))


if __name__ == "__main__":
    main()
