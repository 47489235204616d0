"""Setting folders aside and bringing them back: whatever fails, whenever it dies, no file is lost."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.actions.reconcile import unfinished
from buddy_tui.actions.values import Ending
from buddy_tui.aside.doing import bring_back, places, set_aside
from buddy_tui.aside.past import pasts
from buddy_tui.errors import Refused, Unwritable
from buddy_tui.journal.values import Kind
from tests.core.aside.stage import DyingJournal, Killed, Project, snapshot

DEVICES = pytest.mark.parametrize("apart", [False, True], ids=["one device", "two devices"])


@pytest.fixture(autouse=True)
def _power_stays_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk: the hundreds of deaths here are of the program, not of the machine."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


async def fine() -> str:
    return ""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@DEVICES
async def test_folders_go_as_a_whole_and_come_back_exactly(project: Project, *, apart: bool) -> None:
    disk = project.breaking(apart=apart)

    done = await set_aside(project.plan, project.outside(disk), fine)

    assert (done.ending, done.moved) == (Ending.DONE, ("Back-End", "old/backend"))
    assert sorted(project.now) == ["Back_End", "Back_End/main.py", "old"]
    assert (project.aside.home / "1" / "Back-End" / "shared").is_symlink()
    assert (project.aside.home.stat().st_mode & 0o777) == 0o700
    (past,) = pasts(project.journal.read().records, project.root)
    assert not past.open

    back = await bring_back(past.aside, project.outside(disk))

    assert (back.ending, back.moved) == (Ending.DONE, ("Back-End", "old/backend"))
    assert project.now == project.before
    assert project.leftovers == []
    assert pasts(project.journal.read().records, project.root) == ()


@DEVICES
async def test_killed_at_any_call_everything_is_back_after_the_next_start(
    tmp_path: Path, *, apart: bool
) -> None:
    whole = Project(tmp_path / "whole")
    counting = whole.breaking(apart=apart)
    await set_aside(whole.plan, whole.outside(counting), fine)
    assert counting.calls > (40 if apart else 8)

    for at in range(1, counting.calls + 1):
        project = Project(tmp_path / str(at))
        disk = project.breaking(apart=apart, at=at, error=Killed())
        with pytest.raises(Killed):
            await set_aside(project.plan, project.outside(disk), fine)
        (past,) = pasts(project.journal.read().records, project.root)
        assert past.open
        assert not [said for said in places(past.aside) if "neither" in said]

        back = await bring_back(past.aside, project.outside(project.breaking(apart=apart)))

        assert (at, back.ending, project.now == project.before) == (at, Ending.DONE, True)
        assert project.leftovers == []


@DEVICES
async def test_killed_while_it_brings_back_the_next_start_goes_on(tmp_path: Path, *, apart: bool) -> None:
    at, calls = 1, 2
    while at <= calls:
        project = Project(tmp_path / str(at))
        await set_aside(project.plan, project.outside(project.breaking(apart=apart)), fine)
        disk = project.breaking(apart=apart, at=at, error=Killed())
        try:
            await bring_back(project.aside, project.outside(disk))
        except Killed:
            calls = at + 1
        (past,) = pasts(project.journal.read().records, project.root) or (None,)
        assert (past is not None) == (at < calls)
        if past:
            assert past.open
            await bring_back(past.aside, project.outside(project.breaking(apart=apart)))

        assert (at, project.now == project.before) == (at, True)
        assert project.leftovers == []
        at += 1
    assert at > (40 if apart else 6)


@DEVICES
async def test_an_error_at_any_call_loses_nothing_and_says_where_everything_is(
    tmp_path: Path, *, apart: bool
) -> None:
    at, ending = 0, Ending.NOT_DONE
    while ending is not Ending.DONE:
        at += 1
        project = Project(tmp_path / str(at))
        error = OSError(errno.ENOSPC, "no", str(project.root / "Back-End"))
        disk = project.breaking(apart=apart, at=at, error=error)

        done = await set_aside(project.plan, project.outside(disk), fine)

        ending = done.ending
        if disk.calls < at or ending is Ending.DONE:
            break
        assert (at, ending, project.now == project.before) == (at, Ending.PUT_BACK, True)
        assert done.sentence.startswith(f"{project.root}/Back-End: no.")
        assert project.leftovers == []
        assert pasts(project.journal.read().records, project.root) == ()
    assert at > (40 if apart else 8)


@DEVICES
async def test_a_disk_that_breaks_for_good_loses_nothing_and_the_next_start_ends_it(
    tmp_path: Path, *, apart: bool
) -> None:
    at, done = 0, None
    while done is None or done.ending is not Ending.DONE:
        at += 1
        project = Project(tmp_path / str(at))
        disk = project.breaking(apart=apart, at=at, error=OSError(errno.EIO, "broken"), for_good=True)

        done = await set_aside(project.plan, project.outside(disk), fine)

        kept = {content for _, _, content in (*project.now.values(), *snapshot(project.state).values())}
        assert kept >= {content for _, _, content in project.before.values()}
        for past in pasts(project.journal.read().records, project.root):
            await bring_back(past.aside, project.outside(project.breaking(apart=apart)))
        assert (at, project.now == project.before) == (at, True)
        assert not any(content for _, _, content in snapshot(project.state / "set-aside").values())
    assert at > (40 if apart else 8)


@pytest.mark.parametrize("after", [False, True], ids=["before it is written", "after"])
@pytest.mark.parametrize("line", [1, 2])
async def test_killed_at_a_line_of_the_journal_the_next_start_knows(
    project: Project, line: int, *, after: bool
) -> None:
    journal = DyingJournal(project.journal.path, line, after=after)

    with pytest.raises(Killed):
        await set_aside(project.plan, project.outside(journal=journal), fine)

    known = pasts(project.journal.read().records, project.root)
    if (line, after) == (1, False):
        assert known == ()
    else:
        assert known[0].open == ((line, after) != (2, True))
        await bring_back(known[0].aside, project.outside())
    assert project.now == project.before


async def test_what_is_worse_without_them_puts_them_back(project: Project) -> None:
    async def broken() -> str:
        assert not (project.root / "Back-End").exists()
        return "Without these folders the preflight fails (root): not found."

    done = await set_aside(project.plan, project.outside(), broken)

    assert done.ending is Ending.PUT_BACK
    assert done.sentence.endswith("not found. Everything is where it was.")
    assert project.now == project.before
    assert project.journal.read().records[-1].outcome == "put_back"


@pytest.mark.parametrize("way", ["folder", "file", "link to nowhere"])
async def test_nothing_that_is_in_the_way_is_written_over(project: Project, way: str) -> None:
    await set_aside(project.plan, project.outside(), fine)
    place = project.root / "old/backend"
    if way == "folder":
        place.mkdir()
    elif way == "file":
        place.write_text("mine\n")
    else:
        place.symlink_to("nowhere")
    lines = len(project.journal.read().records)

    with pytest.raises(Refused, match="old/backend is in the way"):
        await bring_back(project.aside, project.outside())

    assert not (project.root / "Back-End").exists()
    assert (project.aside.home / "2/backend/main.py").exists()
    assert len(project.journal.read().records) == lines


async def test_a_link_on_the_way_back_is_not_followed(project: Project, tmp_path: Path) -> None:
    await set_aside(project.plan, project.outside(), fine)
    (project.root / "old").rmdir()
    (tmp_path / "outside").mkdir()
    (project.root / "old").symlink_to(tmp_path / "outside")

    with pytest.raises(Refused, match="leads elsewhere"):
        await bring_back(project.aside, project.outside())

    assert list((tmp_path / "outside").iterdir()) == []


async def test_a_folder_above_that_is_gone_is_made_again(project: Project) -> None:
    await set_aside(project.plan, project.outside(), fine)
    (project.root / "old").rmdir()

    await bring_back(project.aside, project.outside())

    assert (project.root / "old/backend/main.py").read_text() == "older = 1\n"


async def test_what_was_written_while_it_was_copied_is_not_lost(project: Project) -> None:
    disk = project.breaking(apart=True)
    copy = disk.copy_file

    def late(source: Path, target: Path) -> None:
        copy(source, target)
        source.write_text("written meanwhile\n")

    disk.copy_file = late  # type: ignore[method-assign]

    done = await set_aside(project.plan, project.outside(disk), fine)

    assert done.ending is Ending.PUT_BACK
    assert "it was changed while it was copied" in done.sentence
    assert (project.root / "Back-End/main.py").read_text() == "written meanwhile\n"
    assert project.leftovers == []


async def test_a_folder_that_was_exchanged_after_the_plan_is_refused(project: Project) -> None:
    plan = project.plan
    (project.root / "Back-End").rename(project.root / "kept")
    (project.root / "Back-End").mkdir()

    with pytest.raises(Refused, match="another than it was"):
        await set_aside(plan, project.outside(), fine)

    assert project.journal.read().records == ()


async def test_without_a_line_in_the_journal_nothing_is_moved(project: Project) -> None:
    project.journal.path.mkdir(parents=True)

    with pytest.raises(Unwritable):
        await set_aside(project.plan, project.outside(), fine)

    assert project.now == project.before


async def test_folders_that_another_program_moves_are_left_alone(project: Project) -> None:
    held = project.journal.hold("c0ffee")
    assert held

    with pytest.raises(Refused, match="Another program"):
        await bring_back(project.aside, project.outside())

    held.release()


async def test_what_was_deleted_meanwhile_is_said_once(project: Project) -> None:
    await set_aside(project.plan, project.outside(), fine)
    (project.aside.home / "2/backend/main.py").unlink()
    (project.aside.home / "2/backend").rmdir()

    done = await bring_back(project.aside, project.outside())

    assert done.ending is Ending.UNKNOWN
    assert "old/backend/ is in neither place." in done.sentence
    assert done.moved == ("Back-End",)
    assert pasts(project.journal.read().records, project.root) == ()


async def test_of_two_programs_at_once_only_one_has_the_folders(project: Project) -> None:
    first, second = project.plan, project.plan
    second = replace(
        second, aside=replace(second.aside, id="beef", home=project.aside.home.with_name("beef"))
    )

    async def meanwhile() -> str:
        with pytest.raises(Refused):
            await set_aside(second, project.outside(), fine)
        return ""

    done = await set_aside(first, project.outside(), meanwhile)

    assert done.ending is Ending.DONE
    assert [one.aside.id for one in pasts(project.journal.read().records, project.root)] == ["c0ffee"]


async def test_names_that_a_file_system_takes_for_one_get_places_of_their_own(project: Project) -> None:
    aside = type(project.aside)(
        "id", project.root, project.aside.home, ("Back-End", "back-end", "a/Back-End")
    )

    kept = {str(place).casefold() for _, place in aside.pairs()}

    assert len(kept) == 3


async def test_traffic_is_not_reconciled_with_what_was_done_to_files(project: Project) -> None:
    with pytest.raises(Killed):
        await set_aside(project.plan, project.outside(project.breaking(at=1, error=Killed())), fine)

    records = project.journal.read().records

    assert [one.kind for one in records] == [Kind.INTENT]
    assert unfinished(records) == ()


async def test_it_is_said_what_is_where(project: Project) -> None:
    disk = project.breaking(at=7, error=Killed())
    with pytest.raises(Killed):
        await set_aside(project.plan, project.outside(disk), fine)

    said = list(places(project.aside))

    assert said[0] == f"Back-End/ is in {project.aside.home}/1/Back-End."
    assert said[1] == f"old/backend/ is in {project.root}/old/backend."
