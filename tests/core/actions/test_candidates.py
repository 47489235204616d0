"""The way back that is offered first: right in every history, and never by age."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.actions.candidates import default_of, ranked, without_default
from buddy_tui.actions.evidence import Boots, Errors, Evidence, Known
from buddy_tui.actions.served import Span, TakenBack, Witness, now_served
from buddy_tui.actions.values import Candidate
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.model import Container, RevisionState
from tests import make
from tests.core.actions.histories import HISTORIES
from tests.core.actions.histories.build import History, ago, bad, good, name, retired, to

_IDS = [one.about for one in HISTORIES]


def _ranked(history: History) -> tuple[Candidate, ...]:
    return ranked(history.service, history.revisions, history.known)


@pytest.mark.parametrize("history", HISTORIES, ids=_IDS)
def test_the_default_is_right_in_every_history(history: History) -> None:
    candidates = _ranked(history)

    default = default_of(candidates)

    assert (default.revision if default else "") == (name(history.default) if history.default else ""), (
        history.why
    )


@pytest.mark.parametrize("history", HISTORIES, ids=_IDS)
def test_who_is_not_the_default_is_refused_or_stands_behind_it(history: History) -> None:
    told = {one.revision: one for one in _ranked(history)}

    assert all(told[name(one)].refusal for one in history.refused)
    assert all(told[name(one)].rank > 0 and told[name(one)].bad for one in history.behind)
    assert {one for one in told if told[one].refusal} >= {name(one) for one in history.refused}


@pytest.mark.parametrize("history", HISTORIES, ids=_IDS)
def test_the_default_tells_how_it_served_and_who_witnessed_it(history: History) -> None:
    default = default_of(_ranked(history))

    if default:
        assert default.good[0].startswith("served ")
        assert default.good[0].endswith(("(audit log)", "(journal)"))
    else:
        assert without_default(_ranked(history), history.known)


def test_the_newest_that_could_serve_would_often_be_wrong() -> None:
    def newest(history: History) -> str:
        able = (one.revision for one in _ranked(history) if not one.refusal)
        return max(able, default="")

    wrong = [one for one in HISTORIES if one.default and newest(one) != name(one.default)]

    assert len(wrong) >= 20


def test_there_are_histories_enough_and_each_is_another() -> None:
    assert len(HISTORIES) >= 24
    assert len(set(_IDS)) == len(HISTORIES)


SPAN = Span(name(2), 100, ago(10), ago(4), Witness.AUDIT)
SERVICE = make.service(desired=to(9), effective=to(9))


def _one(evidence: Evidence) -> Candidate:
    (candidate,) = ranked(SERVICE, (evidence.revision,), Known((evidence,)))
    return candidate


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (Evidence(good(2, 10), (SPAN,)), "served 100 % for 6 days until 2026-11-19 12:00 (audit log)"),
        (
            Evidence(good(2, 10), (replace(SPAN, since=None, witness=Witness.JOURNAL),)),
            "served 100 % until 2026-11-19 12:00, nobody knows since when (journal)",
        ),
        (
            Evidence(good(2, 10), (replace(SPAN, until=None),)),
            "served 100 % from 2026-11-13 12:00, nobody knows until when (audit log)",
        ),
        (Evidence(good(2, 10), (SPAN,), errors=Errors(0, 1000)), "no request failed then (1,000 seen)"),
        (Evidence(good(2, 10), (SPAN,), errors=Errors(1, 200)), "0.5 % of 200 requests failed then"),
        (Evidence(good(2, 10), boots=Boots(answers=True, at=ago(0))), "answers at its tag (12:00)"),
        (Evidence(good(2, 10), image=True), "its image is there"),
        (Evidence(good(2, 10)), "is ready"),
        (Evidence(retired(2, 10)), "is retired: it wakes up with the first request"),
        (Evidence(good(2, 10), percent=90), "has 90 % now"),
    ],
)
def test_what_speaks_for_a_revision_is_said_in_one_sentence_each(evidence: Evidence, sentence: str) -> None:
    assert sentence in _one(evidence).good


_KEY = Container(secret_names=("key",))
_KEYS = Container(secret_names=("key", "password"))


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (Evidence(good(2, 10), (SPAN,)), "whether requests failed then is not known"),
        (Evidence(good(2, 10), (SPAN,), errors=Errors(400, 1000)), "40.0 % of 1,000 requests failed then"),
        (Evidence(good(2, 10)), "is not known to have served"),
        (Evidence(good(2, 10)), "whether its image is still there is not known"),
        (Evidence(good(2, 10), (replace(SPAN, percent=60),)), "is not known to have had all traffic"),
        (
            Evidence(good(2, 10), (replace(SPAN, until=ago(10) + timedelta(minutes=2)),)),
            "had all traffic for a short time only",
        ),
        (
            Evidence(good(2, 10), taken_back=TakenBack(name(1), ago(3), "bob@example.com")),
            f"traffic was taken from it by bob@example.com on 2026-11-20 12:00, back to {name(1)}",
        ),
        (
            Evidence(good(2, 10), boots=Boots(answers=False, at=ago(0), said="503 Service Unavailable")),
            "does not answer at its tag (12:00): 503 Service Unavailable",
        ),
        (Evidence(good(2, 10), crossed=name(5)), f"{name(5)} came after it and is marked irreversible"),
        (
            Evidence(good(2, 10, containers=(_KEY,))),
            "1 secret is read when it starts, and may have moved since",
        ),
        (
            Evidence(good(2, 10, containers=(_KEYS,))),
            "2 secrets are read when it starts, and may have moved since",
        ),
    ],
)
def test_what_speaks_against_a_revision_is_said_in_one_sentence_each(
    evidence: Evidence, sentence: str
) -> None:
    assert sentence in _one(evidence).bad


def test_settings_that_moved_are_told_against_what_serves_now() -> None:
    serves, older = good(9, 1), good(2, 10)
    known = Known((Evidence(serves), Evidence(older, moved=("concurrency 80 instead of 8",))))

    (candidate,) = ranked(SERVICE, (serves, older), known)

    assert f"other settings than {name(9)}: concurrency 80 instead of 8" in candidate.bad


_FINDING = Finding(
    Cause.LOCAL_MODULE_MISSING, Confidence.CERTAIN, boots=False, summary="", short="No module named x"
)


@pytest.mark.parametrize(
    ("evidence", "refusal"),
    [
        (Evidence(bad(2, 10)), "it failed: did not start"),
        (Evidence(bad(2, 10), finding=_FINDING), "it failed: No module named x"),
        (Evidence(replace(bad(2, 10), reason="")), "it failed"),
        (Evidence(good(2, 10, state=RevisionState.PENDING)), "it is not ready yet"),
        (Evidence(good(2, 10), image=False), "its image is gone: it cannot start"),
    ],
)
def test_who_cannot_serve_is_refused_with_the_cause(evidence: Evidence, refusal: str) -> None:
    assert _one(evidence).refusal == refusal


@pytest.mark.parametrize(
    ("evidence", "silent", "sentence"),
    [
        ((Evidence(good(2, 10), (SPAN,)),), (), ""),
        ((), (), "There is no revision to go back to: none but what serves now could serve."),
        (
            (Evidence(bad(2, 10)),),
            (),
            "There is no revision to go back to: none but what serves now could serve.",
        ),
        (
            (Evidence(good(2, 10)),),
            ("The audit log cannot be read: ask for roles/logging.viewer.",),
            (
                "Nobody else is known to have served: choose one yourself. "
                "The audit log cannot be read: ask for roles/logging.viewer."
            ),
        ),
        (
            (Evidence(good(2, 10), (SPAN,), errors=Errors(400, 1000)),),
            (),
            "Nobody else is known to have served well: choose one yourself.",
        ),
    ],
)
def test_why_there_is_no_default_is_said(
    evidence: tuple[Evidence, ...], silent: tuple[str, ...], sentence: str
) -> None:
    known = Known(evidence, silent=silent)

    candidates = ranked(SERVICE, [one.revision for one in evidence], known)

    assert without_default(candidates, known) == sentence


def test_without_a_default_ranks_begin_at_one() -> None:
    revisions = good(3, 1), good(2, 10)

    assert [one.rank for one in ranked(SERVICE, revisions, Known())] == [1, 2]


_STATES = st.sampled_from(
    [RevisionState.READY, RevisionState.RETIRED, RevisionState.FAILED, RevisionState.PENDING]
)
_DAYS = st.floats(0.01, 60, allow_nan=False)


@st.composite
def _spans(draw: st.DrawFn, number: int) -> Span:
    since = draw(_DAYS)
    until = draw(st.floats(0.001, since))
    ends = draw(st.sampled_from([(True, True), (True, False), (False, True)]))
    return Span(
        name(number),
        draw(st.integers(1, 100)),
        ago(since) if ends[0] else None,
        ago(until) if ends[1] else None,
        draw(st.sampled_from(list(Witness))),
    )


@st.composite
def _evidence(draw: st.DrawFn, number: int) -> Evidence:
    failed = draw(st.integers(0, 50))
    return Evidence(
        good(number, 70 - number, state=draw(_STATES)),
        tuple(draw(st.lists(_spans(number), max_size=3))),
        errors=draw(st.sampled_from([None, Errors(0, 500), Errors(failed, 500)])),
        image=draw(st.sampled_from([True, True, None, False])),
        boots=draw(st.sampled_from([None, Boots(answers=True, at=ago(0)), Boots(answers=False, at=ago(0))])),
        same=draw(st.booleans()),
        taken_back=draw(st.sampled_from([None, None, TakenBack(name(1), ago(1))])),
        crossed=draw(st.sampled_from(["", "", name(40)])),
    )


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[Evidence, ...]:
    numbers = draw(st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True))
    return tuple(draw(_evidence(number)) for number in sorted(numbers, reverse=True))


def _in(world: tuple[Evidence, ...]) -> tuple[Candidate, ...]:
    return ranked(SERVICE, [one.revision for one in world], Known(world))


@given(_worlds())
def test_the_default_could_serve_was_witnessed_and_does_not_serve_now(world: tuple[Evidence, ...]) -> None:
    candidates = _in(world)

    default = default_of(candidates)

    assert not now_served(SERVICE).keys() & {one.revision for one in candidates}
    assert all(not one.refusal for one in candidates if one.rank == 0)
    if default:
        told = next(one for one in world if one.revision.name == default.revision)
        assert told.spans
        assert told.revision.state in {RevisionState.READY, RevisionState.RETIRED}
        assert told.image is not False
        assert told.taken_back is None


@given(_worlds())
def test_everybody_else_is_ranked_once_the_refused_last(world: tuple[Evidence, ...]) -> None:
    candidates = _in(world)
    refused = [bool(one.refusal) for one in candidates]

    assert refused == sorted(refused)
    assert len({one.revision for one in candidates}) == len(candidates)
    assert [one.rank - candidates[0].rank for one in candidates] == list(range(len(candidates)))


_BETTER = st.sampled_from(["image", "boots", "errors", "back", "crossed", "span"])


@given(_worlds(), _BETTER, st.data())
def test_evidence_in_favour_never_lowers_a_rank(
    world: tuple[Evidence, ...], what: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(world) - 1))
    one = world[at]
    number = int(one.revision.name.split("-")[1])
    better = {
        "image": replace(one, image=True),
        "boots": replace(one, boots=Boots(answers=True, at=ago(0))),
        "errors": replace(one, errors=Errors(0, 500)),
        "back": replace(one, taken_back=None),
        "crossed": replace(one, crossed=""),
        "span": replace(one, spans=(*one.spans, data.draw(_spans(number)))),
    }[what]

    before, after = (_place(_in(told), one) for told in (world, (*world[:at], better, *world[at + 1 :])))

    assert after <= before


def _place(candidates: tuple[Candidate, ...], one: Evidence) -> int:
    """Return how many stand before it; none where it serves now."""
    names = [candidate.revision for candidate in candidates]
    return names.index(one.revision.name) if one.revision.name in names else 0
