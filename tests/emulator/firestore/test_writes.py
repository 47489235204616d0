"""Writes through Google's own client: masks, transforms, preconditions, batches, times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import ArrayRemove, ArrayUnion, Increment, Maximum, Minimum
from google.cloud.firestore_v1.transforms import DELETE_FIELD, SERVER_TIMESTAMP

from tests.emulator.firestore.conftest import PROJECT, Served

NAN = float("nan")


@pytest.fixture
def document(served: Served) -> Any:  # noqa: ANN401
    return served.db.collection("c").document("d")


async def test_a_document_comes_back_as_it_was_written(document: Any) -> None:  # noqa: ANN401
    held = {"a": [1, {"b": None}], "when": datetime(2026, 2, 10, 8, 0, 0, 123456, tzinfo=UTC), "ö ": b"\x00"}

    await document.set(held)

    assert (await document.get()).to_dict() == held


@pytest.mark.parametrize(
    ("change", "merge", "after"),
    [
        ({"x": 1}, False, {"x": 1}),
        ({"x": 1}, True, {"a": {"b": 1, "c": 2}, "z": 3, "x": 1}),
        ({"a": {"b": 9}}, True, {"a": {"b": 9, "c": 2}, "z": 3}),
        ({"a": {"b": 9}, "z": 8}, ["a.b"], {"a": {"b": 9, "c": 2}, "z": 3}),
        ({"a": {"b": DELETE_FIELD}}, True, {"a": {"c": 2}, "z": 3}),
        ({}, True, {"a": {"b": 1, "c": 2}, "z": 3}),
    ],
)
async def test_a_set_replaces_or_merges(
    document: Any,  # noqa: ANN401
    change: dict[str, object],
    merge: bool | list[str],  # noqa: FBT001 - as the client has it
    after: dict[str, object],
) -> None:
    await document.set({"a": {"b": 1, "c": 2}, "z": 3})

    await document.set(change, merge=merge)

    assert (await document.get()).to_dict() == after


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"a.b": 9}, {"a": {"b": 9, "c": 2}, "z": 3}),
        ({"a": 9}, {"a": 9, "z": 3}),
        ({"z.deep": 1}, {"a": {"b": 1, "c": 2}, "z": {"deep": 1}}),
        ({"z": DELETE_FIELD, "a.none": DELETE_FIELD}, {"a": {"b": 1, "c": 2}}),
        ({"`odd.name`": 1}, {"a": {"b": 1, "c": 2}, "z": 3, "odd.name": 1}),
    ],
)
async def test_an_update_changes_what_it_names(
    document: Any,  # noqa: ANN401
    change: dict[str, object],
    after: dict[str, object],
) -> None:
    await document.set({"a": {"b": 1, "c": 2}, "z": 3})

    await document.update(change)

    assert (await document.get()).to_dict() == after


@pytest.mark.parametrize(
    ("before", "transform", "after"),
    [
        (1, Increment(2), 3),
        (1, Increment(0.5), 1.5),
        ("text", Increment(2), 2),
        (2**63 - 1, Increment(1), 2**63 - 1),
        (-(2**63), Increment(-1), -(2**63)),
        (3, Maximum(5), 5),
        (3, Maximum(3.0), 3),
        (3, Minimum(5), 3),
        (0, Minimum(-0.0), 0),
        ("text", Minimum(1), 1),
        ([1, 2], ArrayUnion([2.0, 3, 3]), [1, 2, 3]),
        (None, ArrayUnion([1]), [1]),
        ([1, 2, 2, 3], ArrayRemove([2.0]), [1, 3]),
        (7, ArrayRemove([2]), []),
        (1, SERVER_TIMESTAMP, datetime(2026, 2, 10, 8, tzinfo=UTC)),
    ],
)
async def test_the_server_itself_transforms_a_field(
    document: Any,  # noqa: ANN401
    before: object,
    transform: object,
    after: object,
) -> None:
    await document.set({"in": {"v": before}, "kept": 1})

    await document.update({"in.v": transform})
    found = (await document.get()).to_dict()

    assert found == {"in": {"v": after}, "kept": 1}
    assert type(found["in"]["v"]) is type(after) or isinstance(after, datetime)


async def test_a_number_that_is_none_makes_the_greatest_and_the_least_none_too(document: Any) -> None:  # noqa: ANN401
    await document.set({"a": NAN, "b": 1})

    await document.update({"a": Maximum(1), "b": Minimum(NAN)})
    found = (await document.get()).to_dict()

    assert found["a"] != found["a"]
    assert found["b"] != found["b"]


async def test_the_time_of_the_server_has_milliseconds(served: Served, document: Any) -> None:  # noqa: ANN401
    served.wall.time += timedelta(microseconds=1999)

    await document.set({"at": SERVER_TIMESTAMP})

    assert (await document.get()).get("at") == datetime(2026, 2, 10, 8, 0, 0, 1000, tzinfo=UTC)


async def test_what_is_there_cannot_be_created_and_what_is_not_cannot_be_updated(document: Any) -> None:  # noqa: ANN401
    with pytest.raises(exceptions.NotFound, match="No document to update: projects/acme"):
        await document.update({"a": 1})
    await document.create({"a": 1})
    with pytest.raises(exceptions.AlreadyExists, match="Document already exists: projects/acme"):
        await document.create({"a": 2})

    assert (await document.get()).to_dict() == {"a": 1}


async def test_a_write_can_insist_on_the_version_that_was_read(served: Served, document: Any) -> None:  # noqa: ANN401
    await document.set({"a": 1})
    stale = served.db.write_option(last_update_time=(await document.get()).update_time)
    await document.set({"a": 2})

    with pytest.raises(exceptions.FailedPrecondition, match="does not match the required base version"):
        await document.update({"a": 3}, option=stale)
    with pytest.raises(exceptions.FailedPrecondition):
        await document.delete(option=stale)
    fresh = served.db.write_option(last_update_time=(await document.get()).update_time)
    await document.update({"a": 4}, option=fresh)

    assert (await document.get()).to_dict() == {"a": 4}


async def test_a_batch_is_written_as_a_whole_or_not_at_all(served: Served) -> None:
    batch = served.db.batch()
    batch.set(served.db.document("c/a"), {"n": 1})
    batch.update(served.db.document("c/none"), {"n": 1})

    with pytest.raises(exceptions.NotFound):
        await batch.commit()

    assert served.paths() == []


async def test_writes_of_a_batch_build_on_each_other(served: Served) -> None:
    document, batch = served.db.document("c/a"), served.db.batch()
    batch.create(document, {"n": 1})
    batch.update(document, {"n": Increment(1)})
    batch.update(document, {"n": Increment(1), "m": 1})

    results = await batch.commit()

    assert (await document.get()).to_dict() == {"n": 3, "m": 1}
    assert len({result.update_time for result in results}) == 1


@pytest.mark.parametrize(("first", "second"), [("create", "create"), ("set", "create"), ("delete", "update")])
async def test_a_batch_may_not_make_its_own_conditions(served: Served, first: str, second: str) -> None:
    document, batch = served.db.document("c/a"), served.db.batch()
    for name in (first, second):
        getattr(batch, name)(document, *([] if name == "delete" else [{"n": 1}]))

    with pytest.raises(exceptions.InvalidArgument, match="in the same request"):
        await batch.commit()


async def test_many_writes_can_fail_each_on_its_own(served: Served) -> None:
    names = [f"projects/{PROJECT}/databases/(default)/documents/c/{name}" for name in ("a", "none", "b")]
    writes: list[dict[str, object]] = [{"update": {"name": name}} for name in names]
    writes[1]["current_document"] = {"exists": True}

    request = {"database": f"projects/{PROJECT}/databases/(default)", "writes": writes}
    answer = await served.db._firestore_api.batch_write(request=request)

    assert [status.code for status in answer.status] == [0, 5, 0]
    assert served.paths() == ["c/a", "c/b"]


async def test_a_bad_value_stops_many_writes_before_the_first(served: Served) -> None:
    root = f"projects/{PROJECT}/databases/(default)"
    writes = [
        {"update": {"name": f"{root}/documents/c/a"}},
        {"update": {"name": f"{root}/documents/c/b", "fields": {"v": {}}}},
    ]

    with pytest.raises(exceptions.InvalidArgument):
        await served.db._firestore_api.batch_write(request={"database": root, "writes": writes})

    assert served.paths() == []


async def test_versions_strictly_increase_though_the_clock_stands_still_or_goes_back(
    served: Served,
    document: Any,  # noqa: ANN401
) -> None:
    times = []
    for n in range(3):
        times.append((await document.set({"n": n})).update_time)
        served.clock.travel(datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=n))

    assert times == sorted(set(times))
    found = await document.get()
    assert (found.create_time, found.update_time) == (times[0], times[-1])


async def test_a_write_that_changes_nothing_makes_no_version(document: Any) -> None:  # noqa: ANN401
    first = await document.set({"n": 1})
    second = await document.set({"n": 1})

    assert second.update_time == first.update_time


async def test_a_document_that_is_made_again_is_new(document: Any) -> None:  # noqa: ANN401
    await document.set({"n": 1})
    first = (await document.get()).create_time
    await document.delete()
    await document.set({"n": 1})

    assert (await document.get()).create_time > first
