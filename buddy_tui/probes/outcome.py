"""probes: a matrix -> an exit code. Pure."""

from collections.abc import Collection

from buddy_tui.errors import ExitCode
from buddy_tui.probes.values import Cell, Matrix, Verdict


def outcome(matrix: Matrix, wanted: Collection[str] = ()) -> ExitCode:
    """Return what a script should know: a critical failure, else what was not allowed, else what could not be tried.

    Only revisions that are `wanted` count, all without any. What fails on the serving revision too is not held
    against this one, and neither is what is not critical; but something must pass: no data is never healthy.
    """
    if matrix.trouble:
        return ExitCode(matrix.trouble.exit_code)
    rows = (
        row for one, row in zip(matrix.targets, matrix.cells, strict=True) if _counts(one.revision, wanted)
    )
    cells = [cell for row in rows for cell in row]
    passed = any(cell.verdict is Verdict.PASS for cell in cells)
    critical = [cell for cell in cells if cell.critical]
    failed = [cell for cell in critical if cell.verdict is Verdict.FAIL]
    if any(cell.compared != "same" for cell in failed) or (failed and not passed):
        return ExitCode.PROBLEM_FOUND
    if any(cell.refusal and cell.refusal.is_permission for cell in critical):
        return ExitCode.NOT_ALLOWED
    return ExitCode.OK if passed and not any(map(_is_open, critical)) else ExitCode.RETRYABLE


def _counts(revision: str, wanted: Collection[str]) -> bool:
    return not wanted or revision in wanted


def _is_open(cell: Cell) -> bool:
    return cell.verdict in {None, Verdict.INCONCLUSIVE, Verdict.REFUSED}
