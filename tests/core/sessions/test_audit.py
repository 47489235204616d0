"""The session audit: who wrote what is there, what it cost to read, and what cannot be known."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.errors import BuddyError, Denied, NotFound, Unreachable
from buddy_tui.gateway import Document, Place
from buddy_tui.model import Revision
from buddy_tui.question import SessionPlan
from buddy_tui.sessions.audit import NOBODY, OTHERS, audit, kept_in_words
from buddy_tui.sessions.values import Audit, Kept
from tests import make
from tests.fakes import FakeReads, FakeTime

PLACE = Place("acme-prod")
PLAN = SessionPlan()
OLD = make.revision("api-00001-aaa", created=make.NOW - timedelta(days=10))
BEGUN = make.NOW - timedelta(hours=6)
NEW = make.revision("api-00002-bbb", created=BEGUN)
MINUTE = timedelta(minutes=1)


def session(number: int, at: object, revision: object = OLD.name, **fields: object) -> Document:
    told = {"created": at, "revision": revision} | fields
    kept = {name: value for name, value in told.items() if value is not None}
    return Document(PLACE, f"sessions/s{number:05d}", kept)


async def audited(
    *documents: Document,
    revisions: Sequence[Revision] = (NEW, OLD),
    plan: SessionPlan = PLAN,
    most: int = 2000,
    cloud: FakeReads | None = None,
) -> Audit:
    reads = cloud or FakeReads()
    for document in documents:
        reads.keep(document)
    return await audit(reads, make.service(), revisions, plan, clock=FakeTime(), most=most)


async def test_sessions_are_counted_by_revision_and_hour() -> None:
    hour = make.NOW - timedelta(hours=2)

    told = await audited(
        session(1, hour),
        session(2, hour + 59 * MINUTE),
        session(3, hour + 60 * MINUTE),
        session(4, hour + MINUTE, NEW.name),
    )

    assert [(one.start, one.revision, one.count) for one in told.hours] == [
        (hour, OLD.name, 2),
        (hour, NEW.name, 1),
        (hour + 60 * MINUTE, OLD.name, 1),
    ]
    assert told.kept == (
        Kept(OLD.name, 3, hour, hour + 60 * MINUTE),
        Kept(NEW.name, 1, hour + MINUTE, hour + MINUTE),
    )
    assert (told.place, told.attributed, told.trouble) == ("acme-prod/(default)/sessions", "field", None)


async def test_what_was_read_and_what_it_costs_is_told() -> None:
    cloud = FakeReads()

    told = await audited(
        *(session(number, make.NOW - number * MINUTE) for number in range(1500)), most=400, cloud=cloud
    )

    assert (told.total, told.read, told.cut) == (1500, 400, True)
    assert told.cost == 2 + 400
    assert told.since == make.NOW - 399 * MINUTE
    assert [method for method, _ in cloud.calls] == ["count_documents", "documents"]


async def test_only_the_fields_that_are_counted_by_are_fetched() -> None:
    class Asked(FakeReads):
        fields: Sequence[str] = ()
        order = ""

        async def documents(
            self, place: Place, collection: str, *, equals: tuple[str, object] | None = None,
            newest_by: str = "", most: int = 100, fields: Sequence[str] = (),
        ) -> tuple[Document, ...]:  # fmt: skip
            self.fields, self.order = fields, newest_by
            return ()

    cloud = Asked()
    await audited(cloud=cloud)

    assert (cloud.fields, cloud.order) == (("revision", "created", "probe"), "created")


async def test_an_empty_collection_costs_two_reads_and_claims_nothing() -> None:
    told = await audited()

    assert (told.total, told.read, told.cost, told.kept, told.attributed) == (0, 0, 2, (), "")
    assert (told.fell, told.notes, told.since) == ((), (), None)


async def test_a_session_without_a_revision_is_given_to_whoever_could_serve_then_and_called_a_guess() -> None:
    broken = make.failed("api-00003-ccc", created=make.NOW - timedelta(hours=3))

    told = await audited(
        session(1, make.NOW - timedelta(hours=7), None),
        session(2, make.NOW - timedelta(hours=1), None),
        session(3, make.NOW - timedelta(days=20), None),
        revisions=(broken, NEW, OLD),
    )

    assert {one.revision: one.count for one in told.kept} == {NEW.name: 1, OLD.name: 1, NOBODY: 1}
    assert told.attributed == "time"
    assert any("guess" in note for note in told.notes)


async def test_where_some_name_their_revision_the_others_are_guessed_and_counted() -> None:
    told = await audited(
        session(1, make.NOW - MINUTE), session(2, make.NOW - MINUTE, None), session(3, make.NOW - MINUTE, 5)
    )

    assert told.attributed == "field"
    assert {one.revision: one.count for one in told.kept} == {OLD.name: 1, NEW.name: 2}
    assert any(note.startswith("2 sessions without the name") for note in told.notes)


@pytest.mark.parametrize(
    "ours",
    [
        Document(PLACE, "sessions/buddy-probe-1f", {"created": make.NOW, "revision": OLD.name}),
        session(2, make.NOW, probe="buddy-probe-1f"),
    ],
    ids=["by its id", "by its mark"],
)
async def test_sessions_of_our_own_probes_are_not_counted(ours: Document) -> None:
    told = await audited(ours, session(1, make.NOW - MINUTE, probe="a field of their own"))

    assert [(one.revision, one.count) for one in told.kept] == [(OLD.name, 1)]
    assert told.read == 2
    assert "1 session of our own probes: not counted." in told.notes


async def test_documents_that_an_ordered_query_does_not_find_are_told() -> None:
    told = await audited(session(1, make.NOW), session(2, None), session(3, None))

    assert (told.total, told.read, told.cut) == (3, 1, False)
    assert any(note.startswith("2 of 3 documents have no field created") for note in told.notes)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T10:30:00Z",
        "2026-11-23T12:30:00+02:00",
        1795429800,
        1795429800000,
        "1795429800.5",
        datetime(2026, 11, 23, 10, 30, tzinfo=UTC),
    ],
    ids=str,
)
async def test_times_are_read_in_whatever_form_they_were_written(written: object) -> None:
    told = await audited(session(1, written))

    assert [one.start for one in told.hours] == [datetime(2026, 11, 23, 10, tzinfo=UTC)]


async def test_where_the_field_is_no_time_firestores_own_counts() -> None:
    odd = replace(session(1, "yesterday"), created=make.NOW - MINUTE)
    lost = session(2, {"seconds": 5})

    first, second = await audited(odd), await audited(lost)

    assert first.kept[0].newest == make.NOW - MINUTE
    assert any("no time" in note for note in first.notes)
    assert (second.hours, second.kept[0].newest) == ((), None)
    assert any("without a time" in note for note in second.notes)


async def test_without_a_field_of_creation_nothing_is_ordered_and_that_is_said() -> None:
    plan = replace(PLAN, created="", revision="")

    told = await audited(
        *(replace(session(at, None, None), created=make.NOW - at * MINUTE) for at in range(5)),
        plan=plan,
        most=3,
    )

    assert (told.read, told.cut, told.attributed) == (3, True, "time")
    assert any("there is no order" in note for note in told.notes)


async def test_where_times_are_of_several_types_newer_ones_may_be_unread_and_no_fall_is_claimed() -> None:
    """Given times as text before a rollout and as numbers after it: Firestore puts all text before all numbers."""

    class Mixed(FakeReads):
        async def documents(
            self, place: Place, collection: str, *, equals: tuple[str, object] | None = None,
            newest_by: str = "", most: int = 100, fields: Sequence[str] = (),
        ) -> tuple[Document, ...]:  # fmt: skip
            texts = [session(at, (BEGUN - at * 2 * MINUTE).isoformat()) for at in range(1, most)]
            return (*texts, session(0, (BEGUN + MINUTE).timestamp()))

    cloud = Mixed()
    for number in range(400):
        cloud.keep(session(number, make.NOW))

    told = await audited(cloud=cloud, most=200)
    alone = await audited(cloud=cloud, most=400)

    assert (told.cut, told.fell) == (True, ())
    assert any("of several types" in note for note in told.notes)
    assert (alone.cut, len(alone.fell)) == (False, 1)


async def test_sessions_that_were_not_found_may_be_the_missing_ones() -> None:
    """Given a revision that writes no time any more, what an ordered query finds is no fall."""
    before = [session(at, BEGUN - at * 2 * MINUTE) for at in range(1, 181)]
    unseen = [session(1000 + at, None) for at in range(150)]

    assert len((await audited(*before, *unseen[:5])).fell) == 1
    assert (await audited(*before, *unseen)).fell == ()


async def test_hostile_names_are_cleaned_and_bounded() -> None:
    told = await audited(
        session(1, make.NOW, "\x1b]52;c;aGk=\x07evil\u202e" + "x" * 5000),
        session(2, make.NOW, "two\nlines"),
        session(3, make.NOW, " \t "),
    )

    names = [one.revision for one in told.kept]
    assert all(name.isprintable() and len(name) <= 63 for name in names)
    assert "two lines" in names


async def test_too_many_names_are_told_as_others() -> None:
    told = await audited(*(session(number, make.NOW, f"name-{number}") for number in range(200)))

    assert len(told.kept) == 51
    assert sum(one.count for one in told.kept) == 200
    assert {one.revision: one.count for one in told.kept}[OTHERS] == 150
    assert any("rarer names" in note for note in told.notes)


@pytest.mark.parametrize("method", ["count_documents", "documents"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Denied("You may not read Firestore.", "roles/datastore.viewer"), 4),
        (NotFound("There is no database (default)."), 2),
        (Unreachable("Firestore does not answer."), 3),
    ],
)
async def test_trouble_is_data(method: str, error: BuddyError, code: int) -> None:
    cloud = FakeReads()
    cloud.fail(method, error)

    told = await audited(session(1, make.NOW), cloud=cloud)

    assert told.trouble is not None
    assert (told.trouble.sentence, told.trouble.exit_code) == (str(error), code)
    assert (told.total, told.kept) == (-1, ())


async def test_the_plans_own_project_and_database_are_asked() -> None:
    plan = replace(PLAN, project="acme-data", database="eu", document="tenants/t1/sessions/{id}")
    there = Document(
        Place("acme-data", "eu"), "tenants/t1/sessions/1", {"created": make.NOW, "revision": OLD.name}
    )

    told = await audited(there, session(1, make.NOW), plan=plan)

    assert (told.place, told.read) == ("acme-data/eu/tenants/t1/sessions", 1)


async def test_fields_inside_a_map_are_found() -> None:
    plan = replace(PLAN, revision="meta.revision")

    told = await audited(session(1, make.NOW, None, meta={"revision": "api-00009-zzz"}), plan=plan)

    assert [one.revision for one in told.kept] == ["api-00009-zzz"]


async def test_sessions_dated_ahead_are_told_and_are_no_evidence() -> None:
    told = await audited(session(1, make.NOW + timedelta(days=1)), session(2, make.NOW - MINUTE))

    assert any(note.startswith("1 session dated later than now") for note in told.notes)
    assert told.fell == ()


async def test_a_rollout_after_which_fewer_are_written_is_told() -> None:
    often = [session(at, BEGUN - at * 2 * MINUTE) for at in range(1, 181)]
    seldom = [session(1000 + at, make.NOW - at * 120 * MINUTE, NEW.name) for at in range(1, 3)]

    told = await audited(*often, *seldom)

    assert told.rollouts == ((BEGUN, NEW.name),)
    assert len(told.fell) == 1
    assert told.fell[0].startswith(
        "After api-00002-bbb began (2026-11-23 06:00) 0.3 sessions an hour, before 30"
    )


async def test_a_revision_that_was_never_seen_to_serve_is_no_rollout() -> None:
    steadily = [session(at, make.NOW - at * 2 * MINUTE) for at in range(1, 181)]
    tried = make.revision("api-00003-ccc", created=make.NOW - 10 * MINUTE)

    told = await audited(*steadily, revisions=(tried, NEW, OLD))
    wrote = await audited(*steadily, session(999, make.NOW, tried.name), revisions=(tried, NEW, OLD))

    assert tried.name not in [name for _, name in told.rollouts]
    assert not any(tried.name in note for note in told.notes)
    assert tried.name in [name for _, name in wrote.rollouts]
    assert any(f"since {tried.name}" in note for note in wrote.notes)


def test_kept_sessions_are_told_in_a_sentence() -> None:
    kept = Kept("api-00028-bsx", 128, make.NOW - timedelta(days=18), make.NOW)

    assert kept_in_words(kept) == (
        "Sessions of api-00028-bsx: 128 are there, oldest 2026-11-05 12:00, newest 2026-11-23 12:00 (UTC)."
    )
    assert kept_in_words(Kept("x", 1)) == "Sessions of x: 1 is there, of unknown age."


MOMENTS = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=30),
    st.none(),
    st.booleans(),
    st.datetimes().map(datetime.isoformat),
)


class _Given(FakeReads):
    """Firestore sorts values of any types; the plain fake does not."""

    async def documents(
        self, place: Place, collection: str, *, equals: tuple[str, object] | None = None,
        newest_by: str = "", most: int = 100, fields: Sequence[str] = (),
    ) -> tuple[Document, ...]:  # fmt: skip
        return tuple(self._of(place, collection)[:most])


@given(st.lists(st.tuples(MOMENTS, st.one_of(st.none(), st.text(max_size=80), st.integers())), max_size=80))
async def test_whatever_is_stored_the_sums_agree(stored: list[tuple[object, object]]) -> None:
    documents = [session(at, made, revision) for at, (made, revision) in enumerate(stored)]

    told = await audited(*documents, cloud=_Given())

    hourly: Counter[str] = Counter()
    for hour in told.hours:
        hourly[hour.revision] += hour.count
        assert (hour.start.minute, hour.start.second, hour.start.microsecond) == (0, 0, 0)
    assert sum(one.count for one in told.kept) == len(documents) == told.read
    for kept in told.kept:
        assert hourly[kept.revision] <= kept.count
        assert kept.revision.isprintable()
    undated = sum(kept.count for kept in told.kept) - sum(hourly.values())
    assert bool(undated) == any("without a time of creation" in note for note in told.notes)
