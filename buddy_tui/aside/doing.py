"""aside: sets folders aside, brings them back, and writes both into the journal, before and after."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from buddy_tui.actions.recording import Author
from buddy_tui.actions.values import Ending
from buddy_tui.aside.carrying import carry, rest_of, there, tidy
from buddy_tui.aside.disk import Disk
from buddy_tui.aside.past import dumped
from buddy_tui.aside.values import BRING_BACK, NO_SERVICE, SET_ASIDE, Aside, Done, Plan, undo_of
from buddy_tui.clean import clean_line
from buddy_tui.errors import Refused
from buddy_tui.journal.keep import Held, Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.watch import Clock

# Looks at the tree again, and says what is worse than it was; empty where nothing is.
Look = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Outside:
    """The journal, the clock, the disk, and who wants it."""

    journal: Journal
    clock: Clock
    author: Author = field(default_factory=Author)
    disk: Disk = field(default_factory=Disk)


async def set_aside(plan: Plan, the: Outside, look: Look) -> Done:
    """Move the folders of a plan, look whether all else still resolves, and put them back where it does not.

    Raises Refused when a folder is another than was planned for, Unwritable when the journal cannot be written; after
    the latter `bring_back` finds what is where.
    """
    if gone := [one.path for one in plan.folders if _identity(plan.aside.root / one.path) != one.identity]:
        raise Refused(f"{clean_line(gone[0])}/ is another than it was a moment ago.", "Look at it again.")
    held = _hold(the.journal, plan.aside)
    try:
        await _write(the, plan.aside, SET_ASIDE, plan=plan.hash, undo=plan.undo_command)
        trouble = await asyncio.to_thread(_move, plan.aside, the.disk) or await look()
        done = (
            await asyncio.to_thread(_taken_back, plan.aside, the.disk, trouble) if trouble else _moved(plan)
        )
        await _write(the, plan.aside, SET_ASIDE, done)
    finally:
        held.release()
    return done


async def bring_back(aside: Aside, the: Outside) -> Done:
    """Put folders back where they were, also those of a change that was cut off anywhere.

    Raises Refused when something is in the way, or they are being moved by another program; Unwritable.
    """
    held = _hold(the.journal, aside)
    try:
        await asyncio.to_thread(check_way, aside)
        await _write(the, aside, BRING_BACK)
        done = await asyncio.to_thread(_brought_back, aside, the.disk)
        await _write(the, aside, BRING_BACK, done)
    finally:
        held.release()
    return done


def check_way(aside: Aside) -> None:
    """See whether everything can go back to its place. Raises Refused, which says what is in the way."""
    if not aside.root.is_dir():
        raise Refused(f"{clean_line(str(aside.root))} is not there any more.")
    for here, kept in aside.pairs():
        if there(kept) and there(here):
            raise Refused(
                f"{clean_line(str(here))} is in the way.", f"What was set aside is in {clean_line(str(kept))}"
            )
        if os.path.realpath(here.parent) != str(here.parent):
            raise Refused(f"{clean_line(str(here.parent))} leads elsewhere now: there is a link on its way.")


def places(aside: Aside) -> Iterator[str]:
    """Yield where each folder is, a sentence each."""
    for number, (path, (here, kept)) in enumerate(zip(aside.folders, aside.pairs(), strict=True), 1):
        mark = f"{aside.id}-{number}"
        on_its_way = (rest_of(here, mark), rest_of(kept, mark))
        where = " and ".join(clean_line(str(place)) for place in (here, kept, *on_its_way) if there(place))
        yield f"{clean_line(path)}/ is in {where}." if where else f"{clean_line(path)}/ is in neither place."


def _hold(journal: Journal, aside: Aside) -> Held:
    if held := journal.hold(aside.id):
        return held
    raise Refused("Another program is moving these folders.", "Wait for its end.")


def _move(aside: Aside, disk: Disk) -> str:
    """Set all aside; return what went wrong, in a sentence."""
    try:
        _make_home(disk, aside.home)
        for number, (here, kept) in enumerate(aside.pairs(), 1):
            _make(disk, kept.parent)
            carry(disk, here, kept, f"{aside.id}-{number}")
    except OSError as error:
        return _in_words(error)
    return ""


def _moved(plan: Plan) -> Done:
    count = len(plan.folders)
    return Done(
        Ending.DONE,
        f"{count} {'folder' if count == 1 else 'folders'} set aside in {clean_line(str(plan.aside.home))}; "
        "everything else resolves as before.",
        plan.aside.folders,
        plan.undo_command,
    )


def _taken_back(aside: Aside, disk: Disk, trouble: str) -> Done:
    done = _brought_back(aside, disk)
    if done.ending is Ending.DONE:
        return Done(Ending.PUT_BACK, f"{trouble} Everything is where it was.")
    return Done(done.ending, f"{trouble} {done.sentence}", done.moved, done.hint)


def _brought_back(aside: Aside, disk: Disk) -> Done:
    moved: list[str] = []
    troubles = []
    for number, (path, (here, kept)) in enumerate(zip(aside.folders, aside.pairs(), strict=True), 1):
        try:
            if _carried_back(disk, here, kept, f"{aside.id}-{number}"):
                moved.append(path)
        except OSError as error:
            troubles.append(_in_words(error))
    if troubles:
        return Done(Ending.NOT_DONE, " ".join((*troubles, *places(aside))), tuple(moved), undo_of(aside))
    with suppress(OSError):  # what is left are empty folders
        _clear(disk, aside)
    if not all(there(here) for here, _ in aside.pairs()):
        # Somebody took it from there. Nothing can be done about it, and nothing more has to wait for it.
        return Done(Ending.UNKNOWN, " ".join(places(aside)), tuple(moved))
    count = len(aside.folders)
    said = "folder is" if count == 1 else "folders are"
    return Done(Ending.DONE, f"{count} {said} back in {clean_line(str(aside.root))}.", tuple(moved))


def _carried_back(disk: Disk, here: Path, kept: Path, mark: str) -> bool:
    tidy(disk, here, kept, mark)
    tidy(disk, kept, here, mark)
    if not there(kept):
        return False
    for folder in reversed(here.parents):
        _make(disk, folder, 0o777)
    carry(disk, kept, here, mark)
    return True


def _make_home(disk: Disk, home: Path) -> None:
    home.parent.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _make(disk, home.parent)
    disk.make_folder(home)


def _make(disk: Disk, folder: Path, mode: int = 0o700) -> None:
    if not there(folder):
        disk.make_folder(folder, mode)


def _clear(disk: Disk, aside: Aside) -> None:
    for _, kept in aside.pairs():
        if there(kept.parent):
            disk.remove_folder(kept.parent)
    if there(aside.home):
        disk.remove_folder(aside.home)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _in_words(error: OSError) -> str:
    where = clean_line(os.fsdecode(error.filename)) if error.filename else "the disk"
    return f"{where}: {error.strerror or 'it does not work'}."


async def _write(
    the: Outside, aside: Aside, verb: str, done: Done | None = None, *, plan: str = "", undo: str = ""
) -> None:
    author = the.author
    record = Record(
        the.clock(),
        Kind.OUTCOME if done else Kind.INTENT,
        aside.id,
        NO_SERVICE,
        verb=verb,
        who=author.who,
        acting=author.acting,
        reason=author.reason,
        plan=plan,
        undo_command=undo,
        evidence=tuple(
            f"{clean_line(str(here))} and {clean_line(str(kept))}" for here, kept in aside.pairs()
        ),
        outcome=done.ending.value if done else "",
        sentence=done.sentence if done else "",
        data=dumped(aside),
    )
    await asyncio.to_thread(the.journal.write, record)
