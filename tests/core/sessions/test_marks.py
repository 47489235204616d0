"""What is written down before a session is made, and what a sweep makes of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from buddy_tui.errors import Denied, Unwritable
from buddy_tui.gateway import Document
from buddy_tui.probes.targets import targets_of
from buddy_tui.probes.values import Target
from buddy_tui.question import Ask, SessionPlan
from buddy_tui.sessions.marks import Marker, deserted, hold, with_secrets
from buddy_tui.sessions.sweep import sweep
from tests import make
from tests.core.sessions.application import CANDIDATE, ELSEWHERE, HERE, REVISIONS, SERVICE, Store, everywhere
from tests.core.sessions.climbing import World

MARK = f"buddy-probe-{'0a' * 16}"
TARGET = next(one for one in targets_of(SERVICE, REVISIONS) if one.revision == CANDIDATE)


def marker(**over: object) -> Marker:
    base = Marker(
        service=make.NAME,
        place=HERE,
        document="sessions/{id}",
        mark=MARK,
        mark_field="probe",
        target=TARGET,
        delete=Ask("DELETE", "/sessions/{id}"),
        timeout=10.0,
        begun=make.NOW,
        deadline=make.NOW + timedelta(seconds=70),
        id=MARK,
    )
    return replace(base, **over)  # type: ignore[arg-type]


def left_behind(folder: Path, wanted: Marker | None = None) -> Path:
    """Leave a marker as a probe does that was killed."""
    wanted = wanted or marker()
    held = hold(folder, wanted.mark)
    held.write(wanted)
    held.release()
    return folder / f"{wanted.mark}.json"


def kept(**over: object) -> Document:
    fields = {"id": MARK, "probe": MARK, "created": make.NOW}
    return replace(Document(HERE, f"sessions/{MARK}", fields, make.NOW, make.NOW, 1), **over)  # type: ignore[arg-type]


async def swept(world: World, plan: SessionPlan | None = None) -> str:
    return await sweep(
        world.cloud, world.cloud, world.door, clock=world.time, name=make.NAME, plan=plan, marks=world.marks
    )


def test_a_marker_is_read_as_it_was_written(tmp_path: Path) -> None:
    left_behind(tmp_path)

    read = [held.read() for _, held in deserted(tmp_path)]

    assert read == [marker(target=replace(TARGET, service=None))]


def test_a_marker_is_its_owners_alone_and_has_no_secret_in_it(tmp_path: Path) -> None:
    secret = Ask("DELETE", "/sessions/{id}", headers=(("X-Api-Key", "hunter2"),))

    path = left_behind(tmp_path, marker(delete=secret))

    assert path.stat().st_mode & 0o077 == 0
    assert "hunter2" not in path.read_text()
    assert "X-Api-Key" in path.read_text()


def test_a_marker_that_is_held_is_nobody_elses(tmp_path: Path) -> None:
    held = hold(tmp_path, MARK)
    held.write(marker())

    assert list(deserted(tmp_path)) == []
    held.release()
    assert [name for name, _ in deserted(tmp_path)] == [f"{MARK}.json"]


def test_a_marker_and_its_lock_go_together(tmp_path: Path) -> None:
    held = hold(tmp_path, MARK)
    held.write(marker())

    held.remove()
    held.release()
    held.release()

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Unwritable, match="cannot be kept"):
        hold(tmp_path / "file", MARK)


def test_header_values_come_from_the_plan_of_today() -> None:
    ask = Ask("DELETE", "/", headers=(("X-Api-Key", ""), ("X-Other", "")))

    full = with_secrets(ask, Ask(headers=(("x-api-key", "new"), ("X-More", "more"))))

    assert full.headers == (("X-Api-Key", "new"), ("X-Other", ""))


async def test_a_document_of_a_killed_probe_is_removed(tmp_path: Path) -> None:
    world = World(everywhere(leaks=True), tmp_path)
    left_behind(tmp_path)
    world.cloud.keep(kept())

    said = await swept(world)

    assert said == (
        f"An earlier session probe of {CANDIDATE} had left sessions/{MARK} in the default database of acme-prod: "
        "removed."
    )
    assert (world.documents, world.markers) == ([], [])


async def test_a_session_elsewhere_is_removed_through_its_service(tmp_path: Path) -> None:
    world = World(everywhere(place=ELSEWHERE), tmp_path)
    left_behind(tmp_path)
    world.cloud.keep(kept(place=ELSEWHERE))

    said = await swept(world)

    assert "its service says that its session is deleted, but what it sent may still land" in said
    assert world.documents == []
    assert await world.later() == ""
    assert world.markers == []


async def test_a_session_that_was_left_long_ago_is_deleted_once_and_for_all(tmp_path: Path) -> None:
    world = World(everywhere(place=ELSEWHERE), tmp_path)
    left_behind(tmp_path)
    world.cloud.keep(kept(place=ELSEWHERE))

    said = await world.later()

    assert said.endswith("its service says that its session is deleted.")
    assert (world.documents, world.markers) == ([], [])


async def test_a_memory_is_asked_until_the_right_instance_answers(tmp_path: Path) -> None:
    world = World(everywhere(place=None), tmp_path, seed=3)
    left_behind(tmp_path)
    world.application.memories[CANDIDATE, 0] = {MARK: {"id": MARK}}

    await swept(world)

    assert world.application.memories[CANDIDATE, 0] == {}


async def test_a_document_is_found_by_its_mark_when_its_id_is_not_known(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    left_behind(tmp_path, marker(id=""))
    world.cloud.keep(kept(path="sessions/own-1"))
    world.cloud.keep(kept(path="sessions/own-2", fields={"probe": "another"}))

    await swept(world)

    assert world.documents == ["sessions/own-2"]
    assert world.application.asked == []


async def test_a_document_at_the_path_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    left_behind(tmp_path, marker(id="victim"))
    world.cloud.keep(kept(path="sessions/victim", fields={"probe": "another"}))

    await world.later()

    assert world.documents == ["sessions/victim"]
    assert world.application.asked == []


async def test_what_was_sent_just_now_may_still_land(tmp_path: Path) -> None:
    world = World(everywhere(place=ELSEWHERE), tmp_path)
    left_behind(tmp_path)

    said = await swept(world)
    world.cloud.keep(kept(place=ELSEWHERE))

    assert "nothing of it can be seen, but what it sent may still land; a later start looks again." in said
    assert "its service says that its session is deleted." in await world.later()
    assert (world.documents, world.markers) == ([], [])


async def test_a_probe_that_came_to_its_end_waits_in_silence_for_what_may_still_be_written(
    tmp_path: Path,
) -> None:
    world = World(everywhere(leaks=True), tmp_path)
    left_behind(tmp_path, marker(waits=True))
    world.cloud.keep(kept())

    assert await swept(world) == ""
    assert world.application.asked == []
    assert "removed" in await world.later()
    assert (world.documents, world.markers) == ([], [])


async def test_what_cannot_be_seen_stays_noted_for_a_week(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    left_behind(tmp_path)
    world.cloud.keep(kept())
    world.cloud.down(Denied("You lack datastore.entities.get."))

    said = await world.later()

    assert "cannot be seen now: You lack datastore.entities.get; a later start" in said
    assert world.markers != []
    assert "is not any more" in await world.later(minutes=8 * 24 * 60)
    assert world.markers == []


async def test_a_service_that_cannot_be_asked_is_asked_again_later(tmp_path: Path) -> None:
    world = World(everywhere(refuses=("DELETE",)), tmp_path)
    left_behind(tmp_path)

    assert "its service did not delete its session" in await world.later()
    assert world.markers != []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "{",
        lambda _: "",
        lambda _: "[]",
        lambda _: "\x00" * 70_000,
        lambda told: told | {"version": 2},
        lambda told: told | {"marker": told["marker"] | {"mark": "sessions"}},
        lambda told: told | {"marker": told["marker"] | {"id": "../users"}},
        lambda told: told | {"marker": told["marker"] | {"document": "users/alice"}},
        lambda told: told | {"marker": told["marker"] | {"target": told["marker"]["target"] | {"base": "https://evil.example"}}},
    ],
)  # fmt: skip
async def test_a_marker_that_cannot_be_understood_is_kept_and_told(
    spoil: Callable[[object], object], tmp_path: Path
) -> None:
    world = World(everywhere(), tmp_path)
    path = left_behind(tmp_path)
    told = spoil(json.loads(path.read_text()))
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    world.cloud.keep(kept())

    said = await swept(world)

    assert "is no note of ours" in said
    assert path.exists()
    assert world.documents == [f"sessions/{MARK}"]
    assert world.application.asked == []


async def test_the_plan_of_today_gives_the_sweep_its_header(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    left_behind(tmp_path, marker(delete=Ask("DELETE", "/sessions/{id}", headers=(("X-Api-Key", "old"),))))

    await swept(world, SessionPlan(delete=Ask("DELETE", "/x", headers=(("X-Api-Key", "new"),))))

    assert next(ask.headers for _, _, ask in world.door.asked) == (("X-Api-Key", "new"),)
    assert {ask.path for _, _, ask in world.door.asked} == {f"/sessions/{MARK}"}


async def test_header_values_of_one_service_never_go_to_another(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    ask = Ask("DELETE", "/sessions/{id}", headers=(("X-Api-Key", ""),))
    left_behind(tmp_path, marker(delete=ask, service=make.name("shop")))

    await swept(world, SessionPlan(delete=Ask("DELETE", "/x", headers=(("X-Api-Key", "new"),))))

    assert {ask.headers for _, _, ask in world.door.asked} == {(("X-Api-Key", ""),)}


async def test_a_climb_tells_what_it_swept(tmp_path: Path) -> None:
    world = World({**everywhere(), CANDIDATE: Store()}, tmp_path)
    left_behind(tmp_path)
    world.cloud.keep(kept())

    ladder = await world.top()

    assert "An earlier session probe" in ladder.swept
    assert world.documents == []


async def test_a_document_that_somebody_keeps_changing_is_said_to_be_left(tmp_path: Path) -> None:
    world = World(everywhere(leaks=True), tmp_path)
    left_behind(tmp_path)
    world.cloud.keep(kept())
    plain = world.cloud.delete_document

    async def late(document: Document) -> None:
        world.cloud.keep(kept(version=object()))
        await plain(document)

    world.cloud.delete_document = late  # type: ignore[method-assign]

    assert "Somebody keeps writing" in await swept(world)
    assert world.markers != []


def test_a_target_of_a_marker_brings_no_words_along(tmp_path: Path) -> None:
    left_behind(tmp_path, marker(target=replace(TARGET, reason="x", fix="y", percent=3)))

    (read,) = (held.read() for _, held in deserted(tmp_path))

    assert read is not None
    assert read.target == Target(TARGET.revision, TARGET.base, TARGET.audience, TARGET.origins)
