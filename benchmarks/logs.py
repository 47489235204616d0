"""Logs: opening, keys and following in a terminal, beside lnav and toolong; reading, finding and memory by themselves.

Run it as `uv run python benchmarks/logs.py`. lnav and toolong are compared where they are found: as `lnav` and `tl` on
the PATH, or where LNAV and TOOLONG say. `--rounds 1 --lines 100000` is the short way to see that it works.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

import log_inside
import log_tools
from log_lines import lines
from log_tools import Tool
from report import Promise, compared, compiling, show

Seen = TypeVar("Seen")
FLOOD = 5_000
KEY = 0.007


def side_by_side(
    tools: Sequence[Tool], rounds: int, measure: Callable[[Tool], Seen]
) -> dict[str, list[Seen]]:
    """Measure A, B, A, B …, so that neighbours in time share the machine's noise."""
    seen: dict[str, list[Seen]] = {tool.name: [] for tool in tools}
    for _ in range(rounds):
        for tool in tools:
            seen[tool.name].append(measure(tool))
    return seen


def openings(
    tools: Sequence[Tool], rounds: int, file: Path, environ: Mapping[str, str], goals: Mapping[str, float]
) -> Iterator[Promise]:
    """Compare when the newest line is on the screen, and when a key is answered."""
    seen = side_by_side(tools, rounds, lambda tool: log_tools.opened(tool, file, environ))
    for other in tools[1:]:
        for words, part in (("newest line on screen", "shown"), ("keys answered", "answered")):
            mine, theirs = ([getattr(one, part) for one in seen[tool.name]] for tool in (tools[0], other))
            name = f"{words}, {file.stem}, over {other.name}"
            yield compared(name, mine, theirs, goal=goals.get(other.name))


def keys(tools: Sequence[Tool], file: Path, environ: Mapping[str, str], rounds: int) -> Iterator[Promise]:
    """Tell how long a key takes to the first change of the screen, at rest and in a flood of new lines."""
    for words, rate in (("key to paint", 0), (f"key to paint at {FLOOD:,} lines/s", FLOOD)):
        taken = side_by_side(tools, 2, lambda tool: log_tools.keys(tool, file, environ, rounds, rate))  # noqa: B023 - called at once
        seen = {name: _flat(values) for name, values in taken.items()}
        mine = seen[tools[0].name]
        note = f"median of {len(mine)}, worst {max(mine, default=0) * 1000:.0f} ms"
        yield Promise(words, median(mine) * 1000, KEY * 1000, "ms", note)
        for other in tools[1:]:
            goal = 0.3 if other.name == "toolong" else None
            yield compared(f"{words}, over {other.name}", mine, seen[other.name], goal=goal)


def following(
    tools: Sequence[Tool], file: Path, environ: Mapping[str, str], rounds: int
) -> Iterator[Promise]:
    """Compare what it costs to follow a file that grows."""
    for rate in (1_000, 10_000):
        seen = side_by_side(tools, rounds, lambda tool: log_tools.following(tool, file, environ, rate, 5.0))  # noqa: B023 - called at once
        name = f"CPU following {rate:,} lines/s"
        yield Promise(name, median(seen[tools[0].name]) * 100, unit="% of a core")
        for other in tools[1:]:
            goal = 0.4 if other.name == "toolong" else None
            yield compared(f"{name}, over {other.name}", seen[tools[0].name], seen[other.name], goal=goal)


def memory(ours: Tool, file: Path, empty: Path, environ: Mapping[str, str], count: int) -> Iterator[Promise]:
    """Tell what a million lines take, above an app that shows one line; and as log entries that are kept."""
    whole, nothing = (log_tools.opened(ours, one, environ).memory for one in (file, empty))
    goal = 60 * max(1.0, count / 1_000_000)
    note = f"{whole:.0f} MiB, and {nothing:.0f} MiB with one line"
    yield Promise(f"memory for {count:,} lines of a file", whole - nothing, goal, "MiB", note)
    yield Promise(
        f"memory for {count:,} entries kept", log_inside.memory(file), goal, "MiB", "in a process of its own"
    )


def _flat(values: Sequence[Sequence[float]]) -> list[float]:
    return [one for some in values for one in some if not isnan(one)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lines", type=int, default=1_000_000, help="of the large file")
    parser.add_argument("--only", default="", help="openings, keys, following, memory or inside")
    chosen = parser.parse_args()
    tools, rounds = list(log_tools.tools()), chosen.rounds
    with TemporaryDirectory() as folder:
        large = _written(folder, f"{chosen.lines:,} lines", chosen.lines)
        small, empty = _written(folder, "100,000 lines", 100_000), _written(folder, "one line", 2)
        environ = compiling({**os.environ, "HOME": folder}, f"{folder}/compiled")
        log_tools.opened(tools[0], empty, environ)  # compiles, and does not count
        goals = {"lnav": 0.7, "toolong": 0.4} if chosen.lines >= 1_000_000 else {}
        parts: dict[str, Callable[[], Iterator[Promise]]] = {
            "inside": lambda: log_inside.promises(large),
            "memory": lambda: memory(tools[0], large, empty, environ, chosen.lines),
            "openings": lambda: _both(
                openings(tools, rounds, small, environ, {}), openings(tools, rounds, large, environ, goals)
            ),
            "keys": lambda: keys(tools, large, environ, rounds),
            "following": lambda: following(tools, small, environ, max(1, rounds // 2)),
        }
        wanted = [make for name, make in parts.items() if chosen.only in {"", name}]
        promises = [promise for make in wanted for promise in make()]
    show(f"Logs, {chosen.lines:,} lines", promises)


def _both(first: Iterator[Promise], second: Iterator[Promise]) -> Iterator[Promise]:
    yield from first
    yield from second


def _written(folder: str, stem: str, count: int) -> Path:
    file = Path(folder, f"{stem}.log")
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines(count))
    return file


if __name__ == "__main__":
    main()
