"""The gates of a promotion: both revisions side by side in numbers, and each gate's verdict with what was seen. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from textual.content import Content

from buddy_tui.actions.values import Gate, Promotion, Standing
from buddy_tui.clean import clean_line
from buddy_tui.traffic import shares
from screens.theme import toned
from screens.widgets.spark import spark
from screens.words import NONE, Cell

_STANDINGS = {
    Standing.PASS: ("✓ pass", "ok"),
    Standing.FAIL: ("✗ FAIL", "bad"),
    Standing.INCONCLUSIVE: ("? unknown", "warn"),
}
# The gates that are numbers, and how these are told.
_NUMBERS = {"requests": "requests", "errors": "5xx answers", "latency": "slowest 5 %", "crashes": "crashes"}
_NAME, _SIDE, _SPARK = 13, 27, 16

Trend = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Sides:
    """Who is compared: short names of the candidate, and of who served most before; empty where nobody did."""

    candidate: str
    baseline: str = ""


def sides(promotion: Promotion) -> Sides:
    """Return the two revisions of a promotion by their short names."""
    plan = promotion.plan
    others = (one.revision for one in shares(plan.before) if one.percent and one.revision != plan.revision)
    prefix = f"{plan.name.service}-"
    baseline = next(others, "")
    return Sides(clean_line(plan.revision.removeprefix(prefix)), clean_line(baseline.removeprefix(prefix)))


def side_by_side(promotion: Promotion, trend: Trend, width: int) -> Content:
    """Draw what was measured of both, with its bounds, and how the candidate went; `width` is in cells."""
    told = sides(promotion)
    wide = width >= _NAME + 2 * _SIDE + _SPARK
    side = _SIDE if wide else (width - _NAME) // 2
    head = f"{'':<{_NAME}}{told.baseline or 'nobody before':<{side}}{told.candidate:<{side}}"
    cells = [Cell(head.rstrip(), "dim")]
    for gate in promotion.gates:
        if gate.name in _NUMBERS:
            cells.append(Cell(f"\n{_NUMBERS[gate.name]:<{_NAME}}", "dim"))
            cells.append(Cell(f"{_number(gate.name, gate.baseline):<{side}}"))
            tone = "bad" if gate.standing is Standing.FAIL else "strong"
            cells.append(Cell(f"{_number(gate.name, gate.candidate):<{side}}", tone))
            if wide:
                cells.append(Cell(spark(trend.get(gate.name, ()), _SPARK), "info"))
    return Content.assemble(*toned(*cells))


def verdicts(gates: Sequence[Gate], width: int) -> Content:
    """Return each gate's standing, with what was seen below it; those that hold it up come first.

    `width` is in cells.
    """
    if not gates:
        return Content.assemble(*toned(Cell("No gate was looked at so far.", "dim")))
    return Content("\n").join(_verdict(gate, width) for gate in sorted(gates, key=_gravity))


def _gravity(gate: Gate) -> int:
    return (Standing.FAIL, Standing.INCONCLUSIVE, Standing.PASS).index(gate.standing)


def _verdict(gate: Gate, width: int) -> Content:
    word, tone = _STANDINGS[gate.standing]
    lines = wrap(clean_line(gate.seen), max(20, width - _NAME))
    seen = "".join(f"\n{'':{_NAME}}{line}" for line in lines)
    return Content.assemble(
        *toned(Cell(f"{word:<{_NAME}}", tone), Cell(clean_line(gate.title)), Cell(seen, "dim"))
    )


def _number(name: str, values: Sequence[float]) -> str:
    """Tell a value with its bounds where it has any."""
    if not values:
        return NONE
    unit = {"errors": " %", "latency": " ms"}.get(name, "")
    texts = [f"{100 * value:.1f}" if name == "errors" else f"{value:,.0f}" for value in values]
    return f"{texts[0]}{unit} ({texts[1]} to {texts[2]})" if len(texts) == 3 else f"{texts[0]}{unit}"
