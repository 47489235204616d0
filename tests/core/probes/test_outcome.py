"""What a script learns from a matrix."""

import pytest

from buddy_tui.errors import ExitCode
from buddy_tui.probes import outcome
from buddy_tui.probes.values import Cell, Matrix, Refusal, Target, Verdict
from tests import make

PASS = Cell("new", "q", Verdict.PASS)
FAIL = Cell("new", "q", Verdict.FAIL, compared="worse")
SAME = Cell("new", "q", Verdict.FAIL, compared="same")
MINOR = Cell("new", "q", Verdict.FAIL, critical=False)
VAGUE = Cell("new", "q", Verdict.INCONCLUSIVE)
MINOR_VAGUE = Cell("new", "q", Verdict.INCONCLUSIVE, critical=False)
OPEN = Cell("new", "q")
ABSENT = Cell("new", "q", Verdict.NOT_OFFERED)
NO_TAG = Cell("new", "q", Verdict.REFUSED, refusal=Refusal.NO_ADDRESS)
DENIED = Cell("new", "q", Verdict.REFUSED, refusal=Refusal.NOT_INVOKER)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ((PASS, PASS), ExitCode.OK),
        ((PASS, ABSENT), ExitCode.OK),
        ((PASS, MINOR), ExitCode.OK),
        ((PASS, MINOR_VAGUE), ExitCode.OK),
        ((PASS, SAME), ExitCode.OK),
        ((SAME, SAME), ExitCode.PROBLEM_FOUND),
        ((PASS, FAIL), ExitCode.PROBLEM_FOUND),
        ((FAIL, DENIED, VAGUE), ExitCode.PROBLEM_FOUND),
        ((PASS, DENIED, NO_TAG), ExitCode.NOT_ALLOWED),
        ((PASS, NO_TAG), ExitCode.RETRYABLE),
        ((PASS, VAGUE), ExitCode.RETRYABLE),
        ((PASS, OPEN), ExitCode.RETRYABLE),
        ((ABSENT, ABSENT), ExitCode.RETRYABLE),
        ((MINOR,), ExitCode.RETRYABLE),
        ((), ExitCode.RETRYABLE),
    ],
)
def test_the_worst_of_what_counts_decides(cells: tuple[Cell, ...], code: ExitCode) -> None:
    matrix = Matrix(make.NAME, (Target("new"),), cells=(cells,), done=True)

    assert outcome(matrix) is code


def test_a_revision_that_nobody_wanted_does_not_count() -> None:
    matrix = Matrix(make.NAME, (Target("old"), Target("new")), cells=((FAIL,), (PASS,)), done=True)

    assert outcome(matrix, ["new"]) is ExitCode.OK
    assert outcome(matrix) is ExitCode.PROBLEM_FOUND


def test_trouble_has_an_exit_code_of_its_own() -> None:
    assert outcome(Matrix(make.NAME, trouble=make.trouble())) is ExitCode.RETRYABLE
