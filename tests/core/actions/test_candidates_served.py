"""Who served how much, as the audit log, the journal and the present tell it; nothing beyond what they tell."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.actions.served import Span, Witness, served, taken_back
from buddy_tui.actions.values import Ending, Targets
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import Revision, Service
from tests import make
from tests.core.actions.histories.build import (
    LATEST,
    MINUTE,
    ago,
    asked,
    bad,
    done,
    good,
    name,
    on_latest,
    split,
    to,
)

REVISIONS = (good(4, 2), good(3, 5), good(2, 20))


def _spans(
    serving: Targets,
    changes: tuple[TrafficChange, ...] = (),
    records: tuple[Record, ...] = (),
    revisions: tuple[Revision, ...] = REVISIONS,
) -> tuple[Span, ...]:
    return served(_service(serving), revisions, changes, records, make.NOW)


def _service(serving: Targets) -> Service:
    return make.service(desired=serving, effective=serving)


def _span(number: int, percent: int, since: datetime | None, until: datetime | None, witness: str) -> Span:
    return Span(name(number), percent, since, until, Witness(witness))


def test_before_the_first_known_change_nothing_is_known() -> None:
    assert _spans(to(3)) == (_span(3, 100, None, make.NOW, "now"),)


def test_what_serves_now_did_so_since_the_last_change() -> None:
    spans = _spans(to(3), (asked(1, to(3)), asked(9, to(2))))

    assert spans == (_span(3, 100, ago(1), make.NOW, "audit log"), _span(2, 100, ago(9), ago(1), "audit log"))


def test_latest_means_whoever_was_ready_then() -> None:
    spans = _spans(on_latest(4), (asked(10, LATEST),))

    assert spans == (
        _span(4, 100, ago(2 - MINUTE), make.NOW, "audit log"),
        _span(3, 100, ago(5 - MINUTE), ago(2 - MINUTE), "audit log"),
        _span(2, 100, ago(10), ago(5 - MINUTE), "audit log"),
    )


def test_deployments_that_change_no_share_do_not_cut_a_span() -> None:
    spans = _spans(to(2, 4), (asked(1, to(2, 4)), asked(5, to(2, 3)), asked(9, to(2))))

    assert spans == (_span(2, 100, ago(9), make.NOW, "audit log"),)


def test_a_split_is_told_for_each_and_a_new_share_begins_a_new_span() -> None:
    spans = _spans(to(3), (asked(1, to(3)), asked(2, split({2: 90, 3: 10})), asked(9, to(2))))

    assert set(spans) == {
        _span(3, 100, ago(1), make.NOW, "audit log"),
        _span(2, 90, ago(2), ago(1), "audit log"),
        _span(3, 10, ago(2), ago(1), "audit log"),
        _span(2, 100, ago(9), ago(2), "audit log"),
    }


def test_an_end_that_nobody_told_stays_open() -> None:
    spans = _spans(to(4), (asked(9, to(2)),))

    assert spans == (_span(4, 100, None, make.NOW, "now"), _span(2, 100, ago(9), None, "audit log"))


def test_the_journal_tells_what_it_found_and_what_it_left() -> None:
    spans = _spans(to(3), records=(done(1, to(2), to(3)),))

    assert spans == (_span(3, 100, ago(1), make.NOW, "journal"), _span(2, 100, None, ago(1), "journal"))


def test_a_list_that_the_journal_found_changed_was_changed_by_others_at_some_time() -> None:
    spans = _spans(to(4), records=(done(9, to(4), to(2)), done(1, to(3), to(4))))

    assert set(spans) == {
        _span(4, 100, ago(1), make.NOW, "journal"),
        _span(3, 100, None, ago(1), "journal"),
        _span(2, 100, ago(9), None, "journal"),
        _span(4, 100, None, ago(9), "journal"),
    }


def test_an_outcome_without_lists_takes_those_of_its_intent() -> None:
    intent = done(1, to(2), to(3), kind=Kind.INTENT, outcome="", id="one")
    outcome = done(1 - MINUTE, (), (), id="one")

    assert _spans(to(3), records=(intent, outcome))[1] == _span(2, 100, None, ago(1), "journal")


def test_an_outcome_that_was_found_out_days_later_is_of_the_time_of_its_intent() -> None:
    intent = done(6, to(2), to(3), kind=Kind.INTENT, outcome="", id="one")
    outcome = done(1, to(2), to(3), id="one")

    assert _spans(to(3), records=(intent, outcome)) == (
        _span(3, 100, ago(6), make.NOW, "journal"),
        _span(2, 100, None, ago(6), "journal"),
    )


def test_only_what_was_proved_counts() -> None:
    endings = (one for one in Ending if one not in {Ending.DONE, Ending.PUT_BACK})
    records = tuple(done(1, to(2), to(4), outcome=one, id=one.value) for one in endings)

    assert _spans(to(3), records=records) == (_span(3, 100, None, make.NOW, "now"),)


def test_what_both_witnesses_tell_is_told_once_at_googles_time() -> None:
    changes = (asked(1, to(3)), asked(9, to(2)))
    records = (done(1 - MINUTE, to(2), to(3)),)

    assert _spans(to(3), changes, records) == _spans(to(3), changes)


def test_traffic_does_not_move_to_one_that_failed() -> None:
    spans = _spans(
        to(2), (asked(1, split({2: 90, 5: 10})), asked(9, to(2))), revisions=(bad(5, 1), *REVISIONS)
    )

    assert spans == (_span(2, 100, ago(9), make.NOW, "audit log"),)


def test_who_was_deleted_since_is_still_told_of() -> None:
    spans = _spans(to(3), (asked(1, to(3)), asked(4, to(1)), asked(9, to(2))))

    assert _span(1, 100, ago(4), ago(1), "audit log") in spans


def test_taken_back_is_who_lost_its_traffic_to_an_older_one() -> None:
    spans = _spans(to(2), (asked(1, to(2)), asked(2, to(3)), asked(9, to(2))))

    assert {one: back.to for one, back in taken_back(spans, REVISIONS).items()} == {name(3): name(2)}


def test_who_served_again_is_forgiven() -> None:
    spans = _spans(to(4), (asked(0.5, to(4)), asked(1, to(3)), asked(2, to(2)), asked(4, to(3))))

    assert taken_back(spans, REVISIONS) == {}


_LISTS = st.sampled_from([LATEST, (), to(2), to(3, 4), split({2: 90, 3: 10}), split({3: 50, 0: 50})])
_CHANGES = st.lists(st.builds(asked, st.floats(0.001, 19), st.one_of(st.none(), _LISTS)), max_size=6)
_RECORDS = st.lists(
    st.builds(done, st.floats(-1, 19), _LISTS, _LISTS, outcome=st.sampled_from(list(Ending))), max_size=6
)


@given(_CHANGES, _RECORDS, st.sampled_from([on_latest(4), to(2), split({2: 90, 3: 10})]))
def test_spans_are_bounded_and_never_more_than_everything(
    changes: list[TrafficChange], records: list[Record], serving: Targets
) -> None:
    spans = _spans(serving, tuple(changes), tuple(records))

    assert all(one.since is None or one.until is None or one.since < one.until for one in spans)
    assert all(1 <= one.percent <= 100 and one.last <= make.NOW for one in spans)
    for moment in {one.since for one in spans if one.since}:
        there = (one for one in spans if one.since and one.until and one.since <= moment < one.until)
        assert sum(one.percent for one in there) <= 100
