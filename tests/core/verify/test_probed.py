"""What the matrix of probes and the ladder of the session probe answer of the plan."""

from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui.probes.values import Cell, Matrix, Refusal, Target, Verdict
from buddy_tui.question import DEFAULT_QUESTIONS, Ask, Question
from buddy_tui.sessions.climb import RUNGS
from buddy_tui.sessions.values import Ladder, Step, Survival
from buddy_tui.verify.persisted import PERSISTED, from_ladder
from buddy_tui.verify.probed import PROBED, from_matrix, refused
from buddy_tui.verify.values import Answered
from tests import make

YES, NO, UNKNOWN, PENDING = Answered.YES, Answered.NO, Answered.UNKNOWN, Answered.PENDING
REVISION = "api-00002-bbb"
QUESTIONS = DEFAULT_QUESTIONS[:3]


def cell(question: Question, verdict: Verdict | None = Verdict.PASS, **over: object) -> Cell:
    told = Cell(REVISION, question.name, verdict, 8, 8, "8 of 8: fewer than 32 % fail")
    return replace(told, **over)  # type: ignore[arg-type]


def matrix(*cells: Cell, done: bool = True, questions: tuple[Question, ...] = QUESTIONS) -> Matrix:
    return Matrix(
        make.NAME, (Target("api-00001-aaa"), Target(REVISION)), questions, ((), cells), "api-00001-aaa",
        attempts=8, as_of=make.NOW, done=done,
    )  # fmt: skip


def answers(told: Matrix) -> dict[str, Answered]:
    return {line.id: line.answered for line in from_matrix(told, REVISION)}


def test_every_line_of_the_probes_is_answered() -> None:
    told = matrix(*(cell(one) for one in QUESTIONS))

    assert answers(told) == dict.fromkeys(PROBED, YES)
    endpoints = next(from_matrix(told, REVISION))
    assert endpoints.evidence.startswith(
        "GET /health, GET /system/health, GET /system/test-flow: 8 of 8: fewer than 32 % fail"
    )
    assert (endpoints.source, endpoints.at) == ("probe", make.NOW)


def test_nothing_is_answered_while_answers_still_come() -> None:
    told = matrix(*(cell(one) for one in QUESTIONS), done=False)

    assert answers(told) == dict.fromkeys(PROBED, PENDING)
    assert next(from_matrix(told, REVISION)).evidence == "24 of 24 requests were answered."


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((Verdict.PASS, Verdict.FAIL, Verdict.PASS), (NO, NO, YES)),
        ((Verdict.PASS, Verdict.NOT_OFFERED, Verdict.PASS), (YES, UNKNOWN, YES)),
        ((Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.PASS), (UNKNOWN, UNKNOWN, YES)),
        ((Verdict.REFUSED,) * 3, (UNKNOWN,) * 3),
        ((Verdict.NOT_OFFERED,) * 3, (UNKNOWN,) * 3),
        ((None,) * 3, (UNKNOWN,) * 3),
    ],
)
def test_only_a_pass_is_yes_and_only_a_failure_is_no(
    verdicts: tuple[Verdict | None, ...], expected: tuple[Answered, ...]
) -> None:
    told = matrix(
        *(cell(one, verdict, reason="Why.") for one, verdict in zip(QUESTIONS, verdicts, strict=True))
    )

    assert tuple(answers(told).values()) == expected


def test_what_is_not_critical_is_told_and_does_not_decide() -> None:
    told = matrix(
        cell(QUESTIONS[0]), cell(QUESTIONS[1], Verdict.FAIL, critical=False, reason="503"), cell(QUESTIONS[2])
    )

    line = next(from_matrix(told, REVISION))

    assert line.answered is YES
    assert "GET /system/health: fail, 503" in line.evidence


def test_where_nothing_is_critical_all_questions_decide() -> None:
    good, bad = cell(QUESTIONS[0], critical=False), cell(QUESTIONS[1], Verdict.FAIL, critical=False)

    assert next(from_matrix(matrix(good), REVISION)).answered is YES
    assert next(from_matrix(matrix(good, bad), REVISION)).answered is NO


def test_a_failure_that_the_serving_revision_shares_is_told_so() -> None:
    reason = "Answers 503; /health fails on both: not this release"
    told = matrix(cell(QUESTIONS[0], Verdict.FAIL, reason=reason, compared="same"))

    assert next(from_matrix(told, REVISION)).evidence == f"GET /health: fail, {reason}"


def test_where_nobody_asks_for_a_path_the_line_says_so() -> None:
    questions = (Question("home", Ask("GET", "/?secret=1")),)
    lines = {line.id: line for line in from_matrix(matrix(cell(questions[0]), questions=questions), REVISION)}

    assert lines["system-health"].answered is UNKNOWN
    assert lines["system-health"].evidence == (
        'No probe asks for /system/health. A [[probe]] of buddy.toml would, with path = "/system/health".'
    )
    assert "secret" not in lines["endpoints"].evidence


def test_where_nothing_could_be_asked_the_reason_is_told() -> None:
    told = replace(matrix(), cells=(), targets=(), trouble=make.trouble("Cloud Run does not answer."))

    assert {(line.answered, line.evidence) for line in from_matrix(told, REVISION)} == {
        (UNKNOWN, "Cloud Run does not answer.")
    }
    assert {line.evidence for line in from_matrix(replace(told, trouble=None), REVISION)} == {
        "api-00002-bbb was not asked."
    }


@pytest.mark.parametrize(
    ("refusal", "code"),
    [(Refusal.NOT_INVOKER, 4), (Refusal.NO_TOKEN, 4), (Refusal.NO_ADDRESS, 3), (None, None)],
)
def test_a_missing_permission_is_told_apart_from_what_is_not_there(
    refusal: Refusal | None, code: int | None
) -> None:
    told = matrix(
        cell(QUESTIONS[0], Verdict.REFUSED, refusal=refusal, reason="Not an invoker.", fix="gcloud …")
    )

    trouble = refused(told, REVISION, make.NOW)

    assert (trouble.exit_code if trouble else None) == code
    assert refused(told, "api-00001-aaa", make.NOW) is None


def ladder(survival: Survival | None, *verdicts: Verdict | None) -> Ladder:
    began = make.NOW
    steps = tuple(
        Step(name, name, verdict, began, 0.5, f"{name} said so.") if verdict else Step(name, name)
        for (name, _), verdict in zip(RUNGS, (*verdicts, *[None] * len(RUNGS)), strict=False)
    )
    return Ladder(make.NAME, REVISION, steps=steps, survival=survival, reason="The verdict.", as_of=make.NOW)


P, F, I = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE  # noqa: E741 - a table's letters


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (ladder(None), (PENDING, PENDING, PENDING, PENDING)),
        (ladder(None, P, P, P), (YES, YES, YES, PENDING)),
        (ladder(Survival.PERSISTED, *(P,) * 8), (YES, YES, YES, YES)),
        (ladder(Survival.MEMORY_OF_ONE_INSTANCE, P, P, F, F), (YES, YES, YES, NO)),
        (ladder(Survival.MEMORY_OF_ONE_INSTANCE, P, P, P, F), (YES, YES, YES, NO)),
        (ladder(Survival.LOST_BETWEEN_REVISIONS, P, P, P, P, F), (YES, YES, YES, NO)),
        (ladder(Survival.NOT_STORED, P, F, F), (YES, YES, NO, NO)),
        (ladder(Survival.LEAKED, P, P, P, P, P, P, F, F), (YES, YES, YES, YES)),
        (ladder(Survival.CLOCK_SKEW, P, P, P), (YES, YES, YES, YES)),
        (ladder(Survival.PERMISSION_DENIED, F), (NO, UNKNOWN, UNKNOWN, UNKNOWN)),
        (ladder(Survival.PERMISSION_DENIED, P, P, I), (YES, YES, YES, UNKNOWN)),
        (ladder(Survival.REFUSED), (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)),
        (ladder(Survival.NOT_OFFERED, Verdict.NOT_OFFERED), (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)),
    ],
)
def test_the_ladder_answers_what_it_has_climbed_to(told: Ladder, expected: tuple[Answered, ...]) -> None:
    lines = {line.id: line.answered for line in from_ladder(told)}

    assert tuple(lines[one] for one in PERSISTED) == expected


def test_a_step_has_its_own_reason_and_time_and_what_was_never_tried_has_the_verdicts() -> None:
    lines = {line.id: line for line in from_ladder(ladder(Survival.CREATE_FAILED, F))}

    assert lines["creates-session"].evidence == "Create said so."
    assert lines["creates-session"].at == make.NOW + timedelta(seconds=0.5)
    assert lines["reopens"].evidence == lines["in-firestore"].evidence == "The verdict."


def test_trouble_is_told_where_nothing_was_tried() -> None:
    told = replace(ladder(None), trouble=make.trouble("There is no room."))

    assert {(line.answered, line.evidence) for line in from_ladder(told)} == {(UNKNOWN, "There is no room.")}


def test_a_revision_is_never_written_with_a_capital_of_ours() -> None:
    told = ladder(Survival.NOT_OFFERED, Verdict.NOT_OFFERED)
    step = replace(told.steps[0], reason=f"{REVISION} has no POST /sessions.")

    lines = {line.id: line for line in from_ladder(replace(told, steps=(step, *told.steps[1:])))}

    assert lines["creates-session"].evidence == f"{REVISION} has no POST /sessions."
