"""Every screen of a change, and every state of it, at both sizes, as text."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.marks import Lock, RolledBack, lock_values, rolled_back_values
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.values import Ending, Plan, Progress, Step, StepState, Verb
from buddy_tui.actions.wishes import Wish
from buddy_tui.app import BuddyApp
from buddy_tui.config import Settings
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import Condition, ConditionState
from screens.progress import ProgressScreen
from tests import make
from tests.fakes import FakeReads
from tests.screens.change_stage import (
    BAD,
    GOOD,
    NAME,
    OLD,
    PRODUCTION,
    READ_ONLY,
    STAGING,
    cloud,
    on_changes,
    seen,
    service,
)
from tests.screens.stage import SIZES, Script, settings

ALL = settings(service="")
PINNED = (make.target(GOOD, 100), make.target(OLD, tag="old"))
MARK = RolledBack(BAD, GOOD, make.NOW - timedelta(minutes=4), "dana@example.com")
LOCK = Lock(Verb.PROMOTE, "dana@example.com", make.NOW + timedelta(minutes=3), "0123456789ab")


def annotated(values: dict[str, str | None]) -> tuple[tuple[str, str], ...]:
    """Return what the annotations of a service are then."""
    return tuple((key, value or "") for key, value in values.items())


def with_service(**over: object) -> FakeReads:
    """Return the Cloud Run of the stage, whose service differs in that."""
    fake = cloud()
    fake.put(service(**over), *fake._revisions[NAME])
    return fake


ROLLED_BACK = {"desired": PINNED, "effective": PINNED, "annotations": annotated(rolled_back_values(MARK))}
DECIDED = {**ROLLED_BACK, "annotations": annotated(rolled_back_values(replace(MARK, decided=True)))}
# Accepted six minutes ago, under way, and not effective.
STUCK = {
    "desired": PINNED,
    "reconciling": True,
    "updated": make.NOW - timedelta(minutes=6),
    "conditions": (
        Condition("RoutesReady", ConditionState.RECONCILING, since=make.NOW - timedelta(minutes=6)),
    ),
}
# Accepted and, as Cloud Run says, done: and not effective.
IGNORED = {"desired": PINNED, "updated": make.NOW - timedelta(minutes=9)}


@dataclass(frozen=True)
class Look:
    """One frame: the service, whose settings, and which keys are pressed."""

    keys: tuple[str, ...] = ()
    over: tuple[tuple[str, object], ...] = ()
    of: Settings = PRODUCTION


LOOKS = {
    "rollback": Look(("R",)),
    "rollback-read-only": Look(("R",), of=READ_ONLY),
    "confirm": Look(("R", "enter")),
    "confirm-typed": Look(("R", "enter", "shift+tab", "shift+tab", *"api", "tab", *"errors", "tab", "tab")),
    "confirm-staging": Look(("R", "enter"), of=STAGING),
    "confirm-undo": Look(("U",)),
    "confirm-latest": Look(("L",)),
    "confirm-refused": Look(("L",), (("desired", ()), ("effective", (make.latest(100, revision=BAD),)))),
    "confirm-locked": Look(("L",), (("annotations", annotated(lock_values(LOCK))),)),
    "confirm-stay-pinned": Look(("K",), tuple(ROLLED_BACK.items())),
    "confirm-help": Look(("U", "question_mark")),
    "split": Look(("S", "tab", "4", "0")),
    "tag": Look(("j", "j", "T")),
    "history-nothing": Look(("H",)),
    "service-changes": Look(),
    "service-read-only": Look(of=READ_ONLY),
    "service-rolled-back": Look(over=tuple(ROLLED_BACK.items())),
    "service-decided": Look(over=tuple(DECIDED.items())),
    "service-stuck": Look(over=tuple(STUCK.items())),
    "service-ignored": Look(over=tuple(IGNORED.items())),
    "services-rolled-back": Look(over=tuple(ROLLED_BACK.items()), of=ALL),
    "services-stuck": Look(over=tuple(STUCK.items()), of=ALL),
}


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", LOOKS)
async def test_changes_look_as_they_were_reviewed(
    name: str, size: tuple[int, int], tmp_path: Path, matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    look = LOOKS[name]
    fake = with_service(**dict(look.over))

    async with on_changes(tmp_path / "journal.jsonl", *look.keys, of=look.of, size=size, fake=fake) as (
        app,
        _,
    ):
        matches_frame(app, name)


async def test_what_moved_meanwhile_stands_over_the_diff(
    tmp_path: Path, matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with on_changes(tmp_path / "journal.jsonl", "L") as (app, pilot):
        app.moves()
        await app.look_again()
        await seen(pilot)

        matches_frame(app, "confirm-moved")


def plan() -> Plan:
    """Return the plan of a roll-back."""
    fake = cloud()
    return roll_back(service(), fake._revisions[NAME], GOOD, Terms(make.NOW, production=True))


def steps(*states: StepState, said: str = "") -> tuple[Step, ...]:
    """Return four steps in these states; the last one that is over says something."""
    titles = (
        ("check", "Look whether the service is as it was planned for"),
        ("write", "Ask Cloud Run for the traffic"),
        ("settle", "Read back until it is effective"),
        ("record", "Write into the journal what became of it"),
    )
    return tuple(
        Step(
            name, title, state, make.NOW, 1.5, said if state in {StepState.RUNNING, StepState.FAILED} else ""
        )
        for (name, title), state in zip(titles, states, strict=True)
    )


DONE, FAILED, SKIPPED = StepState.DONE, StepState.FAILED, StepState.SKIPPED
APART = "Effective is api-00042-xez 100 %, and Cloud Run is still at work."
PROGRESSES = {
    "running": Progress(
        plan(),
        steps(DONE, DONE, StepState.RUNNING, StepState.PENDING, said=APART),
        service().effective,
        as_of=make.NOW,
    ),
    "done": Progress(
        plan(),
        steps(DONE, DONE, DONE, DONE),
        PINNED,
        Ending.DONE,
        "Effective: api-00041-kub 100 %.",
        as_of=make.NOW,
    ),
    "not-done": Progress(
        plan(),
        steps(DONE, DONE, FAILED, DONE, said=APART),
        service().effective,
        Ending.NOT_DONE,
        f"NOT DONE: Cloud Run accepted it, and it is not effective. {APART}",
        "Undo it, or wait and look again: it may still move.",
        as_of=make.NOW,
    ),
    "conflict": Progress(
        plan(),
        steps(FAILED, SKIPPED, SKIPPED, SKIPPED, said="The service was changed since this was planned."),
        service().effective,
        Ending.CONFLICT,
        "The service was changed since this was planned, so nothing was done.",
        "Look at what moved, and plan anew.",
        (
            "Asked for was api-00042-xez 100 %, and now is api-00040-wam 100 %.",
            "The audit log has it: dana@example.com at 2026-11-23 11:59:48 UTC, with gcloud.",
        ),
        make.NOW,
    ),
    "denied": Progress(
        plan(),
        steps(DONE, FAILED, SKIPPED, DONE, said="Permission run.services.update is missing."),
        service().effective,
        Ending.DENIED,
        "Permission run.services.update is missing on api.",
        "Ask for roles/run.developer.",
        as_of=make.NOW,
    ),
}


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", PROGRESSES)
async def test_a_change_under_way_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], tmp_path: Path, matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with on_changes(tmp_path / "journal.jsonl", size=size) as (app, pilot):
        wish = Wish(NAME, Verb.ROLL_BACK, GOOD)
        app.push_screen(ProgressScreen(PRODUCTION, Script(PROGRESSES[name]), app.clock, plan(), wish))
        await seen(pilot)

        matches_frame(app, f"progress-{name}")


def told(journal: Path) -> None:
    """Write a past into the journal."""
    keep, ago = Journal(journal), make.NOW - timedelta(hours=3)
    first = Record(
        ago,
        Kind.INTENT,
        "00000000000000a1",
        NAME,
        Verb.SPLIT,
        who="alice@example.com",
        reason="a tenth first",
        plan="0123456789ab",
        before=PINNED,
        after=(make.target(GOOD, 90), make.target(BAD, 10)),
        command="gcloud run services update-traffic api --to-revisions=api-00042-xez=10",
    )
    keep.write(first)
    done = {"kind": Kind.OUTCOME, "at": ago + timedelta(seconds=4)}
    keep.write(replace(first, **done, outcome="done", sentence="Effective: 90 and 10 %."))  # type: ignore[arg-type]
    second = replace(
        first, at=ago + timedelta(hours=2), id="00000000000000a2", verb=Verb.ROLL_BACK, reason="errors"
    )
    keep.write(replace(second, revision=GOOD))
    note = replace(first, at=ago + timedelta(minutes=150), id="00000000000000a3", kind=Kind.NOTE)
    keep.write(
        replace(note, verb="unlock", reason="", sentence="Its name is not asked for until 11:35:00 UTC.")
    )


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize(("name", "keys"), [("history", ("H",)), ("history-describe", ("H", "G", "d"))])
async def test_the_history_looks_as_it_was_reviewed(
    name: str,
    keys: tuple[str, ...],
    size: tuple[int, int],
    tmp_path: Path,
    matches_frame: Callable[[BuddyApp, str], None],
) -> None:
    told(tmp_path / "journal.jsonl")

    async with on_changes(tmp_path / "journal.jsonl", *keys, of=READ_ONLY, size=size) as (app, _):
        matches_frame(app, name)


@pytest.mark.parametrize("size", [(60, 16), (40, 8)], ids=["small", "tiny"])
@pytest.mark.parametrize(("name", "keys"), [("rollback", ("R",)), ("confirm", ("R", "enter"))])
async def test_below_80x24_the_way_back_can_still_be_seen(
    name: str,
    keys: tuple[str, ...],
    size: tuple[int, int],
    tmp_path: Path,
    matches_frame: Callable[[BuddyApp, str], None],
) -> None:
    async with on_changes(tmp_path / "journal.jsonl", *keys, size=size) as (app, _):
        matches_frame(app, name)
