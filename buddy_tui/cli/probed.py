"""cli: probes in print: `buddy.probe/1` for scripts, a table and a ladder for people."""

import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from buddy_tui.model import ServiceName
from buddy_tui.probes.values import Cell, Matrix, Target, Verdict
from buddy_tui.sessions.values import Ladder, Step

_NO_TERMINAL = (100, 24)
# What is said beside a row needs so much room, else it goes below.
_LEAST_ROOM = 24
# Said once, above all of them.
_CONFIDENCE = ", 95 % confidence"
_MARKS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "FAIL",
    Verdict.INCONCLUSIVE: "unsure",
    Verdict.REFUSED: "refused",
    Verdict.NOT_OFFERED: "not offered",
    None: "...",
}


@dataclass(frozen=True, slots=True)
class Probed:
    """One run of `buddy-tui probe`: the matrix, where questions were asked, and the session probes, if any."""

    name: ServiceName
    at: datetime
    matrix: Matrix | None = None
    ladders: tuple[Ladder, ...] = ()


def as_json(probed: Probed, *, indent: int | None = 2) -> str:
    """Return the document `buddy.probe/1`, on one line without `indent`. What is not known is null; times are UTC.

    `session` is the first session probe that did not end well, else the first; `sessions` are all of them.
    """
    matrix, name = probed.matrix, probed.name
    ladders = [_ladder(one) for one in probed.ladders]
    worst = next((one for one in ladders if one["verdict"] != "persisted"), None)
    document = {
        "schema": "buddy.probe/1",
        "project": name.project,
        "region": name.region,
        "service": name.service,
        "at": _time(probed.at),
        "baseline": (matrix.baseline or None) if matrix else None,
        "results": [_result(cell) for row in matrix.cells for cell in row] if matrix else [],
        "session": worst or next(iter(ladders), None),
        "sessions": ladders,
    }
    return json.dumps(document, indent=indent, ensure_ascii=False) + "\n"


def as_text(probed: Probed) -> str:
    """Return the page for people, as wide as the terminal."""
    columns = max(60, shutil.get_terminal_size(_NO_TERMINAL).columns)
    lines = list(_table(probed.matrix, columns)) if probed.matrix else []
    for ladder in probed.ladders:
        lines += ["", *_rungs(ladder, columns)] if lines else _rungs(ladder, columns)
    return "\n".join(lines) + "\n"


def as_round(probed: Probed) -> str:
    """Return one round of many for people: when it was, the page, an empty line."""
    number = probed.matrix.round if probed.matrix else 0
    return f"Round {number:,}, {probed.at:%H:%M:%S} (UTC)\n{as_text(probed)}\n"


def _result(cell: Cell) -> dict[str, Any]:
    return {
        "revision": cell.revision,
        "probe": cell.question,
        "verdict": cell.verdict.value if cell.verdict else None,
        "attempts": cell.tried,
        "passed": cell.passed,
        "bound": cell.bound or None,
        "p50_ms": _milliseconds(cell.p50_ms),
        "p95_ms": _milliseconds(cell.p95_ms),
        "reason": cell.reason or None,
        "fix": cell.fix or None,
        "refusal": cell.refusal.value if cell.refusal else None,
        "compared": cell.compared or None,
        "critical": cell.critical,
    }


def _ladder(ladder: Ladder) -> dict[str, Any]:
    return {
        "revision": ladder.revision,
        "verdict": ladder.survival.value if ladder.survival else None,
        "reason": ladder.reason or None,
        "fix": ladder.fix or None,
        "serving": ladder.serving or None,
        "other": ladder.other or None,
        "left": ladder.left or None,
        "swept": ladder.swept or None,
        "steps": [_step(step) for step in ladder.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "verdict": step.verdict.value if step.verdict else None,
        "at": _time(step.began) if step.began else None,
        "took_ms": round(step.took * 1000, 1),
        "reason": step.reason or None,
        "traces": list(step.traces),
    }


def _table(matrix: Matrix, columns: int) -> Iterator[str]:
    against = f"Compared with {matrix.baseline}, which serves. " if matrix.baseline else ""
    yield from _wrapped("", f"{against}Times are p50 and p95, bounds hold with 95 % confidence.", columns)
    if matrix.trouble:
        yield from _wrapped("", f"{matrix.trouble.sentence} {matrix.trouble.hint}".strip(), columns)
    for target, row in zip(matrix.targets, matrix.cells, strict=True):
        share = f"{target.percent} % of traffic" if target.percent else "no traffic"
        yield from _beside(f"{target.revision}  ({share})", target.base, columns)
        if refused := _refused(target, row):
            reason, fix = refused
            yield from _wrapped("  refused: ", reason, columns)
            yield from _fix(fix)
            continue
        for cell in row:
            yield from _row(cell, columns)
    if {cell.verdict for row in matrix.cells for cell in row} == {Verdict.NOT_OFFERED}:
        nothing = "Nothing that was asked is offered, so nothing is known."
        yield from _wrapped("", f"{nothing} [[probe]] in buddy.toml says what to ask instead.", columns)


def _refused(target: Target, row: tuple[Cell, ...]) -> tuple[str, str] | None:
    """Return why a revision was never reached, and the way out, where it is the same for all questions."""
    if target.refusal:
        return target.reason, target.fix
    told = {(cell.reason, cell.fix) if cell.refusal else None for cell in row}
    return told.pop() if len(told) == 1 else None


def _beside(head: str, address: str, columns: int) -> tuple[str, ...]:
    """Put an address, which is never cut, behind the name where there is room, else below."""
    whole = f"{head}  {address}".rstrip()
    return (whole,) if len(whole) <= columns else (head, f"  {address}")


def _row(cell: Cell, columns: int) -> Iterator[str]:
    times = " ".join(f"{_took(value):>8}" for value in (cell.p50_ms, cell.p95_ms))
    head = f"  {_MARKS[cell.verdict]:<12}{cell.question:<15} {times}  "
    bound = cell.bound.removesuffix(_CONFIDENCE)
    if columns - len(head) < _LEAST_ROOM:
        yield head.rstrip()
        head = " " * 14
    yield from _wrapped(head, bound or cell.reason, columns)
    if cell.verdict is not Verdict.PASS:
        yield from _wrapped(" " * len(head), cell.reason if bound else "", columns)
        yield from _fix(cell.fix)


def _took(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.0f} ms"


def _rungs(ladder: Ladder, columns: int) -> Iterator[str]:
    verdict = ladder.survival.value.replace("_", " ") if ladder.survival else "not finished"
    yield f"Session through {ladder.revision}: {verdict}"
    yield from _wrapped("  ", ladder.reason, columns)
    yield from _fix(ladder.fix)
    for step in ladder.steps:
        if step.began is None:
            yield from _wrapped(f"  {'-':<12}{' ' * 10}  ", f"{step.title}: not tried", columns)
            continue
        took = f"{step.took * 1000:7.0f} ms" if step.verdict else " " * 10
        said = f"{step.title}: {step.reason}".removesuffix(": ")
        yield from _wrapped(f"  {_MARKS[step.verdict]:<12}{took}  ", said, columns)
    for told in (ladder.left, ladder.swept):
        yield from _wrapped("  ", told, columns)


def _fix(fix: str) -> Sequence[str]:
    """Keep a command whole: what is copied must not have line breaks of ours."""
    return (f"  fix: {fix}",) if fix else ()


def _wrapped(first: str, text: str, columns: int) -> list[str]:
    if not text:
        return [first.rstrip()] if first.strip() else []
    return textwrap.wrap(
        text, columns, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
    )


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
