"""What every benchmark here prints: a table of promises, and one line about the machine."""

import math
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise. `goal` is the most that `measured` may be; None where there is none. A NaN was not measured."""

    name: str
    measured: float
    goal: float | None = None
    unit: str = "x"
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return the table's row."""
        if math.isnan(self.measured):
            return self.name, "not measured", self._limit(), "-", self.note
        met = "-" if self.goal is None else "met" if self.measured <= self.goal else "NOT met"
        return self.name, f"{self.measured:.2f} {self.unit}", self._limit(), met, self.note

    def _limit(self) -> str:
        return "-" if self.goal is None else f"<= {self.goal:g} {self.unit}"


def interleaved(rounds: int, measures: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure A, B, A, B …, so that neighbours in time share the machine's noise; return each one's values.

    A first round warms the caches and does not count.
    """
    values: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(1 + rounds):
        for name, measure in measures.items():
            values[name].append(measure())
    return {name: measured[1:] for name, measured in values.items()}


def compiling(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return an environment in which Python keeps compiled modules, as an installed program has them, in `folder`."""
    kept = {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": folder}


def compared(
    name: str, over: Sequence[float], under: Sequence[float], *, goal: float | None, unit: str = "ms"
) -> Promise:
    """Return the ratio of two medians as a promise; times are in seconds, memory in MiB."""
    factor = 1000 if unit == "ms" else 1
    first, second = (statistics.median(values) * factor if values else math.nan for values in (over, under))
    note = f"{first:.1f} over {second:.1f} {unit}, medians of {len(over)}"
    return Promise(name, first / second if second else math.nan, goal, note=note)


def show(title: str, promises: Sequence[Promise]) -> None:
    """Print the table and what it was measured on."""
    rows = [("promise", "measured", "goal", "", "how"), *(promise.cells() for promise in promises)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(title)
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    machine = f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
