"""What was seen of a session, and the verdict that it makes: every combination that matters."""

from dataclasses import replace
from itertools import combinations_with_replacement, product

import pytest

from buddy_tui.gateway import Place
from buddy_tui.sessions.judge import judge
from buddy_tui.sessions.seen import Created, Look, Reading, Seen, Sight, Stored
from buddy_tui.sessions.values import Survival

FOUND, MISSING, FAILED, UNASKED = Sight.FOUND, Sight.MISSING, Sight.FAILED, Sight.UNASKED
YES, NO, DENIED, UNKNOWN, FOREIGN = Stored.YES, Stored.NO, Stored.DENIED, Stored.UNKNOWN, Stored.FOREIGN
WORDS = {FOUND: "it answers 200", MISSING: "it answers 404", FAILED: "it answers 500", UNASKED: "no route"}


def reads(told: str) -> tuple[Reading, ...]:
    """Return reads as `a+` (instance a finds it), `b-` (does not), `!` (fails), `?` (was not asked), `+` (no instance)."""
    signs = {"+": FOUND, "-": MISSING, "!": FAILED, "?": UNASKED}
    return tuple(
        Reading(signs[word[-1]], WORDS[signs[word[-1]]], word[:-1], after=0.5 * at)
        for at, word in enumerate(told.split())
    )


def seen(
    stored: Stored, early: str, many: str, across: str = "s+", further: str = "o+", **over: object
) -> Seen:
    base = Seen(
        revision="new",
        place=Place("acme-prod"),
        path="sessions/1",
        maker="a",
        early=reads(early),
        many=reads(many),
        look=Look(stored, words="Firestore says no.", hint="grant it"),
        serving="serves",
        across=reads(across)[0] if across else None,
        unserved="" if across not in {"", "?"} else "It was not read through another revision.",
        other="older",
        further=reads(further)[0] if further else None,
        patience=5.0,
    )
    return replace(base, **over)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stored", "early", "many", "across", "further", "survival"),
    [
        (YES, "a+", "a+ b+", "s+", "o+", Survival.PERSISTED),
        (YES, "a+", "a+ a+", "s+", "o+", Survival.PERSISTED),
        (YES, "+", "+ +", "s+", "o+", Survival.PERSISTED),
        (YES, "a+", "a+ b+", "", "", Survival.PERSISTED),
        (YES, "a+", "a+ b+", "?", "?", Survival.PERSISTED),
        (YES, "a+", "a+ b+", "s!", "o+", Survival.PERSISTED),
        (YES, "a+", "a+ b+", "s+", "o-", Survival.PERSISTED),
        (YES, "a+", "a+ b+ ?", "s+", "o+", Survival.PERSISTED),
        (YES, "a+", "a+ b-", "s+", "o+", Survival.MEMORY_OF_ONE_INSTANCE),
        (YES, "a+", "a+ b-", "s-", "o-", Survival.MEMORY_OF_ONE_INSTANCE),
        (YES, "b- a+", "a+ b+", "s+", "o+", Survival.NOT_READ_BACK_IN_TIME),
        (YES, "b- a+", "a+ a+", "s+", "o+", Survival.NOT_READ_BACK_IN_TIME),
        (YES, "a+", "a+ a- b+", "s+", "o+", Survival.NOT_READ_BACK_IN_TIME),
        (YES, "a-", "a- b-", "s+", "o+", Survival.NOT_READ_BACK_IN_TIME),
        (YES, "a-", "a- b-", "s-", "o-", Survival.NOT_READ_BACK_IN_TIME),
        (YES, "!", "! !", "s+", "o+", Survival.NOT_READ_BACK_IN_TIME),
        (YES, "a+", "a+ !", "s+", "o+", Survival.NOT_READ_BACK_IN_TIME),
        (YES, "?", "? ?", "s+", "o+", Survival.INCONCLUSIVE),
        (YES, "a+", "a+ b+", "s-", "o+", Survival.LOST_BETWEEN_REVISIONS),
        (YES, "a+", "a+ b+", "s-", "o-", Survival.LOST_BETWEEN_REVISIONS),
        (NO, "a+", "a+ b-", "s-", "o-", Survival.MEMORY_OF_ONE_INSTANCE),
        (NO, "b- a+", "a+ a+", "s-", "o-", Survival.MEMORY_OF_ONE_INSTANCE),
        (NO, "+", "+ -", "s-", "o-", Survival.MEMORY_OF_ONE_INSTANCE),
        (NO, "a+", "a+ b+", "s-", "o-", Survival.WRONG_PROJECT_OR_DATABASE),
        (NO, "a+", "a+ b+", "s+", "o+", Survival.WRONG_PROJECT_OR_DATABASE),
        (NO, "b+", "b+ b+", "s-", "o-", Survival.WRONG_PROJECT_OR_DATABASE),
        (NO, "a+", "a+ a+", "s+", "o-", Survival.WRONG_PROJECT_OR_DATABASE),
        (NO, "+", "+ +", "s-", "o+", Survival.WRONG_PROJECT_OR_DATABASE),
        (NO, "a-", "a- b-", "s+", "o-", Survival.WRONG_PROJECT_OR_DATABASE),
        (NO, "a+", "a+ a+", "s-", "o-", Survival.LOST_BETWEEN_REVISIONS),
        (NO, "a+", "a+ a+", "", "o-", Survival.INCONCLUSIVE),
        (NO, "+", "+ +", "?", "", Survival.INCONCLUSIVE),
        (NO, "a-", "a- b-", "s-", "o-", Survival.NOT_STORED),
        (NO, "b-", "b- !", "s-", "o-", Survival.NOT_STORED),
        (NO, "!", "! !", "s!", "o!", Survival.INCONCLUSIVE),
        (NO, "?", "? ?", "", "", Survival.INCONCLUSIVE),
        (DENIED, "a+", "a+ b+", "s+", "o+", Survival.PERMISSION_DENIED),
        (DENIED, "a+", "a+ b-", "s-", "o-", Survival.MEMORY_OF_ONE_INSTANCE),
        (DENIED, "a+", "a+ b+", "s-", "o-", Survival.LOST_BETWEEN_REVISIONS),
        (DENIED, "a-", "a- b-", "s-", "o-", Survival.PERMISSION_DENIED),
        (UNKNOWN, "a+", "a+ b+", "s+", "o+", Survival.INCONCLUSIVE),
        (UNKNOWN, "a+", "a+ b-", "s-", "o-", Survival.MEMORY_OF_ONE_INSTANCE),
        (UNKNOWN, "a+", "a+ b+", "s-", "o-", Survival.LOST_BETWEEN_REVISIONS),
        (UNKNOWN, "a-", "a- b-", "s-", "o-", Survival.NOT_READ_BACK_IN_TIME),
        (UNKNOWN, "?", "? ?", "", "", Survival.INCONCLUSIVE),
        (FOREIGN, "a+", "a+ b+", "s+", "o+", Survival.INCONCLUSIVE),
    ],
)
def test_what_was_seen_makes_the_verdict(
    stored: Stored, early: str, many: str, across: str, further: str, survival: Survival
) -> None:
    verdict = judge(seen(stored, early, many, across, further))

    assert verdict.survival is survival
    assert verdict.reason.endswith(".")


@pytest.mark.parametrize(
    ("created", "survival"),
    [
        (Created.REFUSED, Survival.REFUSED),
        (Created.UNASKED, Survival.INCONCLUSIVE),
        (Created.NOT_OFFERED, Survival.NOT_OFFERED),
        (Created.FAILED, Survival.CREATE_FAILED),
        (Created.MEANINGLESS, Survival.INCONCLUSIVE),
    ],
)
def test_a_session_that_was_not_made_is_told_in_the_words_of_the_answer(
    created: Created, survival: Survival
) -> None:
    verdict = judge(replace(seen(UNKNOWN, "", ""), created=created, words="It said no.", fix="Ask again."))

    assert (verdict.survival, verdict.reason, verdict.fix) == (survival, "It said no.", "Ask again.")


@pytest.mark.parametrize(
    ("over", "survival", "said"),
    [
        ({"late": True}, Survival.NOT_READ_BACK_IN_TIME, "5 s were allowed"),
        ({"disagree": ("x is not y", "z is not y")}, Survival.FIELDS_DISAGREE, "x is not y, and 1 more"),
        ({"leaked": "sessions/1"}, Survival.LEAKED, "still there: sessions/1"),
        (
            {"skew": "Clocks differ: a is 5 min ahead of b."},
            Survival.CLOCK_SKEW,
            "stored, but clocks differ: a is",
        ),
        ({"denied": True, "account": "me@x"}, Survival.PERMISSION_DENIED, "me@x"),
        ({"undeleted": "it answers 405"}, Survival.PERSISTED, "did not delete it: it answers 405"),
    ],
)
def test_what_else_was_wrong_takes_a_session_from_the_good_ones(
    over: dict[str, object], survival: Survival, said: str
) -> None:
    verdict = judge(seen(YES, "a+", "a+ b+", **over))  # type: ignore[arg-type]

    assert verdict.survival is survival
    assert said in verdict.reason


def test_two_faults_are_both_told_the_graver_one_first() -> None:
    faults = {"disagree": ("x is not y",), "leaked": "sessions/1", "skew": "Clocks differ: much."}

    verdict = judge(seen(YES, "a+", "a+ b+", **faults))  # type: ignore[arg-type]

    assert verdict.survival is Survival.FIELDS_DISAGREE
    assert "Also: The service said that it was deleted" in verdict.reason
    assert "clocks differ: much." in verdict.reason


def test_a_lost_session_names_who_lost_it_and_where_it_is() -> None:
    verdict = judge(seen(YES, "a+", "a+ b+", "s-"))

    assert verdict.reason == (
        "new finds it, and serves, which serves, does not. It is in the default database of acme-prod, "
        "so serves reads elsewhere."
    )


def test_an_instance_that_keeps_silent_may_have_it_in_its_memory() -> None:
    verdict = judge(seen(NO, "b-", "b- c-", "s-", "o-"))

    assert "The instance that made it did not answer again" in verdict.reason


def test_persisted_is_never_said_without_firestore_and_a_read_that_finds_it() -> None:
    signs = ["a+", "b+", "a-", "b-", "!", "?", "+", "-"]
    pairs = combinations_with_replacement(signs, 2)
    for stored, early, many, across, further in product(
        Stored, signs, map(" ".join, pairs), ["", "s+", "s-", "!", "?"], ["", "o+", "o-"]
    ):
        verdict = judge(seen(stored, early, many, across, further))

        assert verdict.reason
        if verdict.survival is Survival.PERSISTED:
            assert stored is YES
            assert "+" in early + many
            assert "-" not in early + many + across
            assert "!" not in early + many


def test_that_we_may_not_read_firestore_is_told_once() -> None:
    verdict = judge(seen(DENIED, "a+", "a+ b-"))

    assert verdict.survival is Survival.MEMORY_OF_ONE_INSTANCE
    assert verdict.reason.count("Firestore") == 2
    assert "Also:" not in verdict.reason
