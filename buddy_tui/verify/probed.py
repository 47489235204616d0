"""verify: what the health probes answer, from the matrix. Pure."""

from collections.abc import Iterator
from datetime import datetime

from buddy_tui.errors import ExitCode
from buddy_tui.model import Trouble
from buddy_tui.probes.values import Cell, Matrix, Verdict
from buddy_tui.question import Question
from buddy_tui.verify.plan import answer
from buddy_tui.verify.values import Answered, Line

PROBED = ("endpoints", "system-health", "test-flow")
_PATHS = (("system-health", "/system/health"), ("test-flow", "/system/test-flow"))
_ANSWERED = {Verdict.PASS: Answered.YES, Verdict.FAIL: Answered.NO}


def from_matrix(matrix: Matrix, revision: str) -> Iterator[Line]:
    """Yield the lines of PROBED, as far as the row of `revision` tells; pending while it may change."""
    row = list(_row(matrix, revision))
    if not row and matrix.done:
        why = matrix.trouble.sentence if matrix.trouble else f"{revision} was not asked."
        yield from (answer(identity, Answered.UNKNOWN, why, "probe", matrix.as_of) for identity in PROBED)
        return
    if not matrix.done:
        asked = sum(cell.tried for _, cell in row)
        seen = f"{asked} of {len(row) * matrix.attempts} requests were answered."
        yield from (answer(identity, Answered.PENDING, seen, "probe", matrix.as_of) for identity in PROBED)
        return
    yield _endpoints(row, matrix)
    for identity, path in _PATHS:
        yield _endpoint(identity, path, row, matrix.as_of)


def refused(matrix: Matrix, revision: str, now: datetime) -> Trouble | None:
    """Return why nobody could ask, and the way out: the first refusal, a missing permission before others."""
    found = [(cell, cell.refusal) for _, cell in _row(matrix, revision) if cell.refusal]
    for cell, refusal in sorted(found, key=lambda one: not one[1].is_permission)[:1]:
        code = ExitCode.NOT_ALLOWED if refusal.is_permission else ExitCode.RETRYABLE
        return Trouble(cell.reason, cell.fix, code, now)
    return None


def _row(matrix: Matrix, revision: str) -> Iterator[tuple[Question, Cell]]:
    for target, cells in zip(matrix.targets, matrix.cells, strict=False):
        if target.revision == revision:
            yield from zip(matrix.questions, cells, strict=False)


def _endpoints(row: list[tuple[Question, Cell]], matrix: Matrix) -> Line:
    """Only critical questions decide, if there are any; what fails is told of all."""
    deciding = {cell.verdict for _, cell in row if cell.critical} or {cell.verdict for _, cell in row}
    words = _together(row)
    answered = Answered.UNKNOWN
    if Verdict.FAIL in deciding:
        answered = Answered.NO
    elif Verdict.PASS in deciding and deciding <= {Verdict.PASS, Verdict.NOT_OFFERED}:
        answered = Answered.YES
    return answer("endpoints", answered, words, "probe", matrix.as_of)


def _endpoint(identity: str, path: str, row: list[tuple[Question, Cell]], at: datetime | None) -> Line:
    for question, cell in row:
        if question.ask.path.partition("?")[0] == path:
            answered = _ANSWERED.get(cell.verdict, Answered.UNKNOWN) if cell.verdict else Answered.UNKNOWN
            return answer(identity, answered, f"{_name(question)}: {_in_words(cell)}", "probe", at)
    nobody = f'No probe asks for {path}. A [[probe]] of buddy.toml would, with path = "{path}".'
    return answer(identity, Answered.UNKNOWN, nobody, "probe", at)


def _together(row: list[tuple[Question, Cell]]) -> str:
    """Say what became of all questions; those that went the same way are named together."""
    same: dict[str, list[str]] = {}
    for question, cell in row:
        same.setdefault(_in_words(cell), []).append(_name(question))
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in same.items())


def _name(question: Question) -> str:
    return f"{question.ask.method} {question.ask.path.partition('?')[0]}"


def _in_words(cell: Cell) -> str:
    if cell.verdict is Verdict.PASS:
        return cell.bound or f"{cell.passed} of {cell.tried}"
    if cell.verdict is Verdict.NOT_OFFERED:
        return "not offered"
    verdict = cell.verdict.value if cell.verdict else "not asked"
    reason = cell.reason.rstrip(".")
    return f"{verdict}, {reason}" if reason else verdict
