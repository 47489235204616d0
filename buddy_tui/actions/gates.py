"""actions: the gates that a candidate must pass to get more traffic: what was measured -> verdicts. Pure.

A failure beats inconclusive beats pass. Without data a gate is inconclusive, and holds. The gates are looked at again
and again, so that what fails a candidate must be surer than 95 %: a good one is looked at a hundred times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil, exp, fsum, lgamma, log

from buddy_tui.actions.measured import Sample
from buddy_tui.actions.values import Gate, Standing
from buddy_tui.probes.measure import bound, failing, percentile
from buddy_tui.probes.values import Cell, Matrix, Verdict

PASS, FAIL, INCONCLUSIVE = Standing.PASS, Standing.FAIL, Standing.INCONCLUSIVE
_GOOD = {Verdict.PASS, Verdict.NOT_OFFERED}
# What would happen by chance less often than that, at one look, is no chance.
_BY_CHANCE = 0.001


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


def gates(candidate: Sample, baseline: Sample, lately: Sample, limits: Limits) -> tuple[Gate, ...]:
    """Judge what was measured of a candidate beside the baseline, and beside what that did `lately`.

    Lately means since the candidate's sample begins.
    """
    if candidate.trouble:
        said = f"It could not be looked at: {candidate.trouble}"
        return tuple(_gate(name, INCONCLUSIVE, said) for name in _MEASURED)
    return (
        _enough(candidate, limits),
        _errors(candidate, baseline, limits),
        latency(candidate, baseline, lately, limits),
        _crashes(candidate, lately),
    )


def reaching(judged: Sequence[Gate], until: datetime | None, wanted: datetime) -> tuple[Gate, ...]:
    """Let no gate pass on logs that end (at `until`) before `wanted`."""
    if until and until >= wanted:
        return tuple(judged)
    told = f"the logs reach to {until:%H:%M:%S} UTC only" if until else "the logs tell nothing so far"
    return tuple(
        replace(gate, standing=INCONCLUSIVE, seen=f"{gate.seen}; {told}") if gate.standing is PASS else gate
        for gate in judged
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
    if standing is PASS:
        return Gate("probes", "Probes at its own address", PASS, ", ".join(cell.question for cell in cells))
    told = dict.fromkeys(
        f"{cell.question}: {' '.join(filter(None, (cell.reason or cell.bound, cell.fix)))}".rstrip(": ")
        for cell in cells
    )
    seen = "; ".join(told) or "No critical probe has an answer so far."
    return Gate("probes", "Probes at its own address", standing, seen)


def _enough(candidate: Sample, limits: Limits) -> Gate:
    standing = PASS if candidate.total >= limits.least else INCONCLUSIVE
    seen = f"{candidate.total:,} of at least {limits.least:,} requests"
    return _gate("requests", standing, seen, (float(candidate.total),))


def _errors(candidate: Sample, baseline: Sample, limits: Limits) -> Gate:
    """Fail when so many answers are 5xx as chance does not make of what is borne, or of what the baseline may have."""
    seen = [_shares(one) for one in (candidate, baseline) if one.revision]
    allowed, usual = limits.borne, limits.borne
    if baseline.total >= limits.least:
        allowed = max(allowed, failing(baseline.total - baseline.failed, baseline.total)[1])
        usual = max(usual, baseline.failed / baseline.total)
    standing = INCONCLUSIVE
    if candidate.total:
        if _chance(candidate.failed, candidate.total, allowed) < _BY_CHANCE:
            standing = FAIL
        elif candidate.failed <= usual * candidate.total:
            standing = PASS
    return _gate("errors", standing, "; ".join(seen), _numbers(candidate), _numbers(baseline))


def _chance(failed: int, total: int, share: float) -> float:
    """Return how likely it is that so many of `total` fail, or more, where each does with probability `share` (0..1)."""
    if not failed or share >= 1:
        return 1.0
    whole, good, bad = lgamma(total + 1), log(1 - share), log(share)
    return fsum(
        exp(whole - lgamma(some + 1) - lgamma(total - some + 1) + some * bad + (total - some) * good)
        for some in range(failed, total + 1)
    )


def _shares(one: Sample) -> str:
    return f"{one.revision} {bound(one.total - one.failed, one.total) or 'had no request'}"


def _numbers(one: Sample) -> tuple[float, ...]:
    """Return the share of 5xx answers and its bounds, none without requests."""
    return (one.failed / one.total, *failing(one.total - one.failed, one.total)) if one.total else ()


def latency(candidate: Sample, baseline: Sample, lately: Sample, limits: Limits) -> Gate:
    """Fail when the slowest twentieth is slower, with 95 % confidence, than the baseline's may be.

    It is compared with what the baseline did `lately`, if that was enough: a slow hour is nobody's fault.
    """
    beside = lately if lately.total >= limits.least else baseline
    mine, usual = _slowest(candidate), _slowest(beside)
    seen = "; ".join(_milliseconds(one) for one in (candidate, beside) if one.revision)
    standing = INCONCLUSIVE
    if not mine or not usual or min(candidate.total, beside.total) < limits.least:
        seen = f"{seen}; each needs {limits.least:,}"
    else:
        most = max(usual[2] * limits.slower, usual[2] + limits.slack)
        standing = FAIL if mine[1] > most else PASS if mine[0] <= most else INCONCLUSIVE
        seen = f"{seen}; at most {most:,.0f} ms"
    return _gate("latency", standing, seen, mine, usual)


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


def _crashes(candidate: Sample, lately: Sample) -> Gate:
    """Fail on any crash, unless the baseline crashes as often now: then nobody knows whose fault it is."""
    mine, usual = len(candidate.crashes), len(lately.crashes)
    standing = PASS if not mine else FAIL if mine > usual else INCONCLUSIVE
    seen = f"{candidate.revision} {_times(mine)}{f' ({candidate.crashes[-1]})' if mine else ''}"
    if lately.revision:
        seen = f"{seen}; {lately.revision} {_times(usual)}"
    return _gate("crashes", standing, seen, (float(mine),), (float(usual),))


def _times(count: int) -> str:
    return {0: "never crashed", 1: "crashed once"}.get(count, f"crashed {count:,} times")


def _gate(
    name: str,
    standing: Standing,
    seen: str,
    candidate: tuple[float, ...] = (),
    baseline: tuple[float, ...] = (),
) -> Gate:
    return Gate(name, _MEASURED[name], standing, seen, candidate, baseline)


_MEASURED = {
    "requests": "Enough requests",
    "errors": "5xx answers",
    "latency": "95th percentile of latency",
    "crashes": "Crashes and restarts",
}
