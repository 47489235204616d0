"""probes: attempts -> cells, and cells beside those of the serving revision. Pure."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from buddy_tui.probes.measure import bound, failing, percentile
from buddy_tui.probes.values import Attempt, Cell, Refusal, Target, Verdict
from buddy_tui.question import Question

WINDOW = 120
"""How many counted attempts a cell keeps at least; what is older is forgotten."""

_COUNTED = {Verdict.PASS, Verdict.FAIL}
_NOT_THERE = {404, 405}
# Of a single answer there is no saying how slow the slowest are.
_FEWEST_FOR_P95 = 2


@dataclass(slots=True)
class Tally:
    """What came back so far for one question put to one revision. `asked` is how many counted attempts it takes.

    `over` says that what was wanted was asked, once at least; `made` counts all attempts ever. `fix` is the way out of the last refusal.
    """

    target: Target
    question: Question
    asked: int
    over: bool = False
    made: int = 0
    fix: str = ""
    rinse: Attempt | None = None
    attempts: deque[Attempt] = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = deque(maxlen=max(WINDOW, self.asked))

    def add(self, attempt: Attempt, fix: str) -> None:
        """Take the next attempt."""
        self.attempts.append(attempt)
        self.made += 1
        self.fix = fix

    def cell(self) -> Cell:
        """Return what can be said now."""
        counted = [one for one in self.attempts if one.verdict in _COUNTED]
        passed = sum(one.verdict is Verdict.PASS for one in counted)
        took = [one.took * 1000 for one in counted if one.status]
        verdict = self._verdict(len(counted), passed)
        return Cell(
            revision=self.target.revision,
            question=self.question.name,
            verdict=verdict,
            passed=passed,
            tried=len(counted),
            bound=bound(passed, len(counted)),
            p50_ms=percentile(took, 50),
            p95_ms=percentile(took, 95) if len(took) >= _FEWEST_FOR_P95 else None,
            reason=self._reason(verdict, len(counted)),
            fix=(self.target.fix or self.fix) if verdict is Verdict.REFUSED else "",
            refusal=self._refusal() if verdict is Verdict.REFUSED else None,
            critical=self.question.critical,
            attempts=(*([self.rinse] if self.rinse else ()), *self.attempts),
        )

    def _refusal(self) -> Refusal | None:
        return self.target.refusal or (self.attempts[-1].refusal if self.attempts else None)

    def _verdict(self, counted: int, passed: int) -> Verdict | None:
        if passed < counted:
            return Verdict.FAIL
        if self._refusal():
            return Verdict.REFUSED
        if counted >= self.asked > 0:
            return Verdict.PASS
        return Verdict.INCONCLUSIVE if self.over else None

    def _reason(self, verdict: Verdict | None, counted: int) -> str:
        if verdict is Verdict.REFUSED:
            return self.target.reason or self.attempts[-1].reason
        if verdict is Verdict.FAIL:
            return _usual(self.attempts, Verdict.FAIL)
        if verdict is Verdict.INCONCLUSIVE:
            why = _usual(self.attempts, Verdict.INCONCLUSIVE)
            return f"only {counted} of {self.asked} attempts count{f': {why}' if why else ''}"
        if self.rinse and self.rinse.verdict is Verdict.FAIL:
            return f"the first request, which is not counted, failed: {self.rinse.reason}"
        return ""


def beside(
    rows: Sequence[Sequence[Cell]], questions: Sequence[Question], baseline: str
) -> tuple[tuple[Cell, ...], ...]:
    """Return the rows with what only their columns tell: what is not offered, and what the serving revision does too."""
    columns = [
        tuple(_compared(_offered([row[at] for row in rows], question), question, baseline))
        for at, question in enumerate(questions)
    ]
    return tuple(zip(*columns, strict=True)) if columns else tuple(() for _ in rows)


def _usual(attempts: Sequence[Attempt] | deque[Attempt], verdict: Verdict) -> str:
    """Return the reason that came most often, with how often where there were others."""
    of_it = [one.reason for one in attempts if one.verdict is verdict]
    if not of_it:
        return ""
    reason, times = Counter(of_it).most_common(1)[0]
    return reason if times == len(attempts) else f"{reason} ({times} of {len(attempts)})"


def _offered(column: list[Cell], question: Question) -> list[Cell]:
    """Turn 404 everywhere into "not offered", where nobody but we said that there is such a path."""
    absent = [_is_absent(cell) for cell in column] if question.assumed else []
    if not any(absent):
        return column
    if any(cell.tried and not gone for cell, gone in zip(column, absent, strict=True)):
        return column
    # While others have not answered, a 404 is not yet a failure.
    waiting = any(cell.verdict is None and not cell.tried for cell in column)
    verdict = None if waiting else Verdict.NOT_OFFERED
    reason = "" if waiting else f"{question.ask.path} is not offered"
    return [
        replace(cell, verdict=verdict, bound="", reason=reason) if gone else cell
        for cell, gone in zip(column, absent, strict=True)
    ]


def _is_absent(cell: Cell) -> bool:
    return cell.verdict is Verdict.FAIL and all(
        one.status in _NOT_THERE for one in cell.attempts if one.number and one.verdict in _COUNTED
    )


def _compared(column: list[Cell], question: Question, baseline: str) -> Iterator[Cell]:
    serving = next((cell for cell in column if cell.revision == baseline), None)
    for cell in column:
        if serving is None or cell is serving or cell.verdict is not Verdict.FAIL:
            yield cell
        elif serving.verdict is Verdict.PASS:
            yield replace(cell, compared="worse")
        elif serving.verdict is Verdict.FAIL and serving.tried:
            yield _both_fail(cell, serving, question)
        else:
            yield cell


def _both_fail(cell: Cell, serving: Cell, question: Question) -> Cell:
    """Where both fail, it is not this release, unless it fails more often than what the serving one showed allows."""
    _, most = failing(serving.passed, serving.tried)
    if 1 - cell.passed / cell.tried > most:
        return replace(cell, compared="worse", reason=f"{cell.reason}; {serving.revision} fails less often")
    path = question.ask.path.partition("?")[0]
    return replace(cell, compared="same", reason=f"{cell.reason}; {path} fails on both: not this release")
