"""actions: the gates that a candidate must pass to get more traffic: what was measured -> verdicts. Pure.

A failure beats inconclusive beats pass. Without data a gate is inconclusive, and holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from buddy_tui.actions.measured import Sample
from buddy_tui.actions.values import Gate, Standing
from buddy_tui.probes.measure import bound, failing, percentile
from buddy_tui.probes.values import Cell, Matrix, Verdict

PASS, FAIL, INCONCLUSIVE = Standing.PASS, Standing.FAIL, Standing.INCONCLUSIVE
_GOOD = {Verdict.PASS, Verdict.NOT_OFFERED}


@dataclass(frozen=True, slots=True)
class Limits:
    """What is borne with.

    - `least`: fewer requests than these prove nothing, of either revision
    - `borne`: the share of 5xx answers that is fine whatever the baseline does
    - `slower`, `slack`: the 95th percentile may be so many times the baseline's, and so many milliseconds more
    """

    least: int = 20
    borne: float = 0.01
    slower: float = 1.5
    slack: float = 100.0


def gates(candidate: Sample, baseline: Sample, probes: Sequence[Cell], limits: Limits) -> tuple[Gate, ...]:
    """Judge a candidate; `probes` are the cells of its row."""
    return (
        probed(probes),
        *(
            _unread(name, title, candidate.trouble)
            if candidate.trouble
            else judge(candidate, baseline, limits)
            for name, title, judge in _MEASURED
        ),
    )


def together(judged: Iterable[Gate]) -> Standing:
    """Return what all gates say together; nothing is inconclusive."""
    said = {gate.standing for gate in judged}
    if FAIL in said:
        return FAIL
    return PASS if said == {PASS} else INCONCLUSIVE


def row_of(matrix: Matrix | None, revision: str) -> tuple[Cell, ...]:
    """Return the cells of a revision; none where it was not asked (yet)."""
    if matrix is None:
        return ()
    rows = zip(matrix.targets, matrix.cells, strict=False)
    return next((cells for target, cells in rows if target.revision == revision), ())


def probed(cells: Sequence[Cell]) -> Gate:
    """Judge by the critical probes; one that fails on the baseline as well is not this release's fault."""
    critical = [cell for cell in cells if cell.critical and cell.compared != "same"]
    failed = [cell for cell in critical if cell.verdict is Verdict.FAIL]
    unknown = [cell for cell in critical if cell.verdict not in {*_GOOD, Verdict.FAIL}]
    passed = [cell for cell in critical if cell.verdict is Verdict.PASS]
    if failed:
        return _probed(FAIL, failed)
    if unknown or not passed:
        return _probed(INCONCLUSIVE, unknown)
    return _probed(PASS, passed)


def _probed(standing: Standing, cells: Sequence[Cell]) -> Gate:
    told = dict.fromkeys(
        f"{cell.question}: {' '.join(filter(None, (cell.reason or cell.bound, cell.fix)))}".rstrip(": ")
        for cell in cells
    )
    seen = "; ".join(told) or "No critical probe has an answer so far."
    return Gate("probes", "Probes at its own address", standing, seen)


def _unread(name: str, title: str, trouble: str) -> Gate:
    return Gate(name, title, INCONCLUSIVE, f"It could not be looked at: {trouble}")


def _enough(candidate: Sample, _: Sample, limits: Limits) -> Gate:
    standing = PASS if candidate.total >= limits.least else INCONCLUSIVE
    seen = f"{candidate.total:,} of at least {limits.least:,} requests"
    return Gate("requests", "Enough requests", standing, seen, (float(candidate.total),))


def _errors(candidate: Sample, baseline: Sample, limits: Limits) -> Gate:
    """Fail when more answers are 5xx, with 95 % confidence, than is borne or than the baseline may have."""
    seen = [_shares(one) for one in (candidate, baseline) if one.revision]
    allowed, usual = limits.borne, limits.borne
    if baseline.total >= limits.least:
        allowed = max(allowed, failing(baseline.total - baseline.failed, baseline.total)[1])
        usual = max(usual, baseline.failed / baseline.total)
    standing = INCONCLUSIVE
    if candidate.total:
        low, _ = failing(candidate.total - candidate.failed, candidate.total)
        if low > allowed:
            standing = FAIL
        elif candidate.failed <= usual * candidate.total:
            standing = PASS
    return Gate("errors", "5xx answers", standing, "; ".join(seen), _numbers(candidate), _numbers(baseline))


def _shares(one: Sample) -> str:
    return f"{one.revision} {bound(one.total - one.failed, one.total) or 'had no request'}"


def _numbers(one: Sample) -> tuple[float, ...]:
    """Return the share of 5xx answers and its bounds, none without requests."""
    return (one.failed / one.total, *failing(one.total - one.failed, one.total)) if one.total else ()


def _latency(candidate: Sample, baseline: Sample, limits: Limits) -> Gate:
    """Fail when the slowest twentieth is slower, with 95 % confidence, than the baseline's may be."""
    title = "95th percentile of latency"
    mine, usual = _slowest(candidate), _slowest(baseline)
    seen = "; ".join(_milliseconds(one) for one in (candidate, baseline) if one.revision)
    standing = INCONCLUSIVE
    if not mine or not usual or min(candidate.total, baseline.total) < limits.least:
        seen = f"{seen}; each needs {limits.least:,}"
    else:
        most = max(usual[0] * limits.slower, usual[0] + limits.slack)
        standing = FAIL if mine[1] > most else PASS if mine[0] <= most else INCONCLUSIVE
        seen = f"{seen}; at most {most:,.0f} ms"
    return Gate("latency", title, standing, seen, mine, usual)


def _slowest(one: Sample) -> tuple[float, ...]:
    """Return the 95th percentile in milliseconds and its bounds, of 95 % confidence; none without requests.

    The bounds are the values at the ends of the score interval of the share that is faster.
    """
    if not one.took:
        return ()
    low, high = failing(one.total - ceil(0.95 * one.total), one.total)
    ranks = (0.95, low, high)
    return tuple(float(percentile(one.took, ceil(100 * rank)) or 0) for rank in ranks)


def _milliseconds(one: Sample) -> str:
    if not (told := _slowest(one)):
        return f"{one.revision} had no request"
    middle, low, high = told
    return f"{one.revision} {middle:,.0f} ms, between {low:,.0f} and {high:,.0f}, of {one.total:,}"


def _crashes(candidate: Sample, baseline: Sample, _: Limits) -> Gate:
    """Fail on any crash, unless the baseline crashes as often: then nobody knows whose fault it is."""
    mine, usual = len(candidate.crashes), len(baseline.crashes)
    standing = PASS if not mine else FAIL if mine > usual else INCONCLUSIVE
    seen = f"{candidate.revision} {_times(mine)}{f' ({candidate.crashes[-1]})' if mine else ''}"
    if baseline.revision:
        seen = f"{seen}; {baseline.revision} {_times(usual)}"
    return Gate("crashes", "Crashes and restarts", standing, seen, (float(mine),), (float(usual),))


def _times(count: int) -> str:
    return {0: "never crashed", 1: "crashed once"}.get(count, f"crashed {count:,} times")


_MEASURED = (
    ("requests", "Enough requests", _enough),
    ("errors", "5xx answers", _errors),
    ("latency", "95th percentile of latency", _latency),
    ("crashes", "Crashes and restarts", _crashes),
)
